#include "benchmark/measure.hpp"

#include <mw/error.hpp>

#include "benchmark/socket_farm.hpp"
#include "benchmark/tls_farm.hpp"
#include "benchmark/toolkit.hpp"

namespace mw::benchmark {
namespace {

constexpr std::size_t payload = 1 << 20;
constexpr std::size_t table = 40'000'000;
constexpr unsigned outstanding = 16;

double measure_toolkit(const Request& r) {
  const toolkit::Farm farm{r.peer, r.workers};
  if (r.workload == "W1a") return toolkit::single_tasks_per_second(farm, r.tasks);
  if (r.workload == "W1p") return toolkit::pipelined_tasks_per_second(farm, r.tasks);
  if (r.workload == "W1b") return toolkit::mapped_elements_per_second(farm, r.tasks);
  if (r.workload == "W2") return toolkit::mib_per_second(farm, r.tasks, payload);
  if (r.workload == "W4") return static_cast<double>(toolkit::first_result_ns(farm));
  if (r.workload == "W5") return toolkit::bytes_per_queued_task(farm, r.tasks);
  if (r.workload == "W6") return toolkit::round_trip_us(farm, static_cast<unsigned>(r.tasks));
  if (r.workload == "W7") return toolkit::shared_ms(farm, r.tasks, table);
  if (r.workload == "W8") return toolkit::sent_ms(farm, r.tasks, table);
  if (r.workload == "W9") return toolkit::long_tasks_at_the_end(farm, r.tasks);
  if (r.workload == "W10") return toolkit::long_inputs_at_the_end(farm, r.tasks);
  throw mw::UsageError{"no workload " + r.workload};
}

double measure_socket_farm(const Request& r) {
  if (r.workload == "W1a") return socket_farm::tasks_per_second(r.workers, r.tasks, 1);
  if (r.workload == "W1p") return socket_farm::tasks_per_second(r.workers, r.tasks, outstanding);
  if (r.workload == "W1b") return socket_farm::elements_per_second(r.workers, r.tasks);
  if (r.workload == "W2") return socket_farm::mib_per_second(r.workers, r.tasks, payload);
  if (r.workload == "W4") return static_cast<double>(socket_farm::first_result_ns(r.workers));
  if (r.workload == "W6") return socket_farm::round_trip_us(static_cast<unsigned>(r.tasks));
  throw mw::UsageError{"no workload " + r.workload + " on the socket-pair farm"};
}

double measure_tcp_farm(const Request& r) {
  constexpr auto tcp = socket_farm::Link::tcp;
  if (r.workload == "W1a") return socket_farm::tasks_per_second(r.workers, r.tasks, 1, tcp);
  if (r.workload == "W1p") return socket_farm::tasks_per_second(r.workers, r.tasks, outstanding, tcp);
  if (r.workload == "W2") return socket_farm::mib_per_second(r.workers, r.tasks, payload, tcp);
  if (r.workload == "W6") return socket_farm::round_trip_us(static_cast<unsigned>(r.tasks), tcp);
  throw mw::UsageError{"no workload " + r.workload + " on the bare TCP farm"};
}

double measure_tls_farm(const Request& r) {
  if (r.workload == "W2") return tls_farm::mib_per_second(r.workers, r.tasks, payload);
  if (r.workload == "W6") return tls_farm::round_trip_us(static_cast<unsigned>(r.tasks));
  throw mw::UsageError{"no workload " + r.workload + " on the bare TLS farm"};
}

}  // namespace

double measure(const Request& request) {
  if (request.peer == "tcpfarm") return measure_tcp_farm(request);
  if (request.peer == "tlsfarm") return measure_tls_farm(request);
  if (request.peer == "multicore" || request.peer == "mpi" || request.peer == "tcp") return measure_toolkit(request);
  if (request.peer == "sock") return measure_socket_farm(request);
  throw mw::UsageError{"no peer " + request.peer};
}

}  // namespace mw::benchmark

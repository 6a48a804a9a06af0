#include "boinc/volunteer/host_facts.hpp"

#include <sys/sysinfo.h>
#include <sys/utsname.h>

#include <chrono>
#include <fstream>

#include <fmt/format.h>

#include "process/cores.hpp"
#include "process/place.hpp"
#include "process/room.hpp"
#include "process/thread_time.hpp"

namespace mw::boinc {
namespace {

/// The first line "key : value" of /proc/cpuinfo.
std::string cpu_fact(const std::string& key) {
  std::ifstream file{"/proc/cpuinfo"};
  for (std::string line; std::getline(file, line);) {
    const auto colon = line.find(':');
    if (colon == std::string::npos || !line.starts_with(key) || line.find_first_not_of(" \t", key.size()) != colon) continue;
    return line.size() > colon + 2 ? line.substr(colon + 2) : std::string{};
  }
  return {};
}

}  // namespace

HostInfo host_facts(const std::string& folder) {
  HostInfo host;
  host.name = process::host_name();
  utsname system = {};
  ::uname(&system);
  host.os_name = system.sysname;
  host.os_version = system.release;
  host.cpu_vendor = cpu_fact("vendor_id");
  if (host.cpu_vendor.empty()) host.cpu_vendor = cpu_fact("CPU implementer") == "0x41" ? "ARM" : "unknown";
  host.cpu_model = fmt::format("{} [Family {} Model {} Stepping {}]", cpu_fact("model name"), cpu_fact("cpu family"),
                               cpu_fact("model"), cpu_fact("stepping"));
  host.ncpus = process::available_cores();
  host.memory = static_cast<double>(machine_memory());
  host.disk_free = static_cast<double>(process::disk_room(folder).free);
  return host;
}

std::uint64_t machine_memory() noexcept {
  struct sysinfo memory = {};
  return ::sysinfo(&memory) == 0 ? std::uint64_t{memory.totalram} * memory.mem_unit : 0;
}

std::string own_platform() {
  utsname system = {};
  ::uname(&system);
  const std::string machine = system.machine;
  if (machine == "x86_64") return "x86_64-pc-linux-gnu";
  if (machine == "aarch64") return "aarch64-unknown-linux-gnu";
  if (machine.starts_with("arm")) return "arm-unknown-linux-gnueabihf";
  return machine + "-linux-gnu";
}

double measure_fpops() {
  constexpr std::chrono::nanoseconds length = std::chrono::milliseconds{20};
  constexpr int batch = 10'000, operations_a_turn = 4;
  volatile double seed = 1.0000001;
  double a = seed, b = 0.5;
  std::uint64_t turns = 0;
  const auto begin = process::thread_time();
  std::chrono::nanoseconds spent{0};
  for (; spent < length; spent = process::thread_time() - begin) {
    for (int i = 0; i < batch; ++i) {
      a = a * 1.0000001 + b;
      b = b * 0.9999999 - 1e-9;
    }
    turns += batch;
  }
  seed = a + b;
  return static_cast<double>(turns) * operations_a_turn / std::chrono::duration<double>(spent).count();
}

}  // namespace mw::boinc

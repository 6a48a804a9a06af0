#include "mpi/spec.hpp"

#include <algorithm>
#include <fstream>
#include <optional>
#include <sstream>

#include <fmt/format.h>

#include "mpi/slurm.hpp"
#include "parse/number.hpp"
#include "process/cores.hpp"
#include "spec/spec.hpp"

namespace mw::mpi {
namespace {

constexpr std::string_view form =
    "mpi[:N][?hosts=a,b:4][&hostfile=FILE][&launcher=ssh|fork|slurm|…][&mpiexec=PATH][&manager=HOST][&rank_program=PATH]"
    "[&memory=on|off][&start_limit_s=X][&lost_after_s=X][&restarts=K][&threads=T]";

/// Letters, digits, '.', '-', '_': what a host is called; nothing that a shell or mpiexec takes for something else.
bool is_host_name(std::string_view name) {
  const auto is_fine = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_';
  };
  return !name.empty() && name.size() <= 255 && name.front() != '-' && std::all_of(name.begin(), name.end(), is_fine);
}

unsigned slots_of(std::string_view text, std::string_view all, const std::string& where) {
  const auto slots = parse::number<unsigned>(text, 1, MpiInterface::max_workers);
  if (!slots)
    throw UsageError{fmt::format("mpi: \"{}\" in {}: \"{}\" is not how many workers the host takes, 1 to {}", all, where, text,
                                 MpiInterface::max_workers)};
  return *slots;
}

/// [USER@]NAME[:SLOTS]
HostSlots host_of(std::string_view text, const std::string& where) {
  HostSlots host;
  std::string_view rest = text;
  if (const auto at = rest.find('@'); at != std::string_view::npos) {
    host.user = rest.substr(0, at);
    rest.remove_prefix(at + 1);
    if (!is_host_name(host.user)) throw UsageError{fmt::format("mpi: \"{}\" in {}: what precedes the '@' is no user", text, where)};
  }
  if (rest.starts_with('[') || std::count(rest.begin(), rest.end(), ':') > 1)
    throw UsageError{
        fmt::format("mpi: \"{}\" in {} is an IPv6 address, which MPICH's mpiexec takes for something else: write a name that "
                    "/etc/hosts has, and "
                    "that has an IPv4 address",
                    text, where)};
  const auto colon = rest.find(':');
  host.name = rest.substr(0, colon);
  if (!is_host_name(host.name)) throw UsageError{fmt::format("mpi: \"{}\" in {} is no host name", host.name, where)};
  if (colon != std::string_view::npos) host.slots = slots_of(rest.substr(colon + 1), text, where);
  return host;
}

/// What may follow a host in a file, Open MPI's form and MPICH's: "slots=4", "user=pi".
void set_host(HostSlots& host, std::string_view word, const std::string& line, const std::string& where) {
  const auto equals = word.find('=');
  const auto key = word.substr(0, equals);
  const auto value = equals == std::string_view::npos ? std::string_view{} : word.substr(equals + 1);
  if (key == "slots")
    host.slots = slots_of(value, line, where);
  else if (key == "user" && is_host_name(value))
    host.user = value;
  else
    throw UsageError{
        fmt::format("mpi: \"{}\" in {}: \"{}\" is not understood; a line is NAME, NAME:SLOTS, NAME slots=N, each with USER@ in "
                    "front or user=USER behind",
                    line, where, word)};
}

/// A host that comes twice becomes one: mpiexec would take it for two.
void add_host(std::vector<HostSlots>& hosts, HostSlots host) {
  const auto known = std::find_if(hosts.begin(), hosts.end(), [&](const HostSlots& one) { return one.name == host.name; });
  if (known == hosts.end()) {
    hosts.push_back(std::move(host));
    return;
  }
  if (known->user != host.user)
    throw UsageError{fmt::format("mpi: the host {} is named for two users, \"{}\" and \"{}\"", host.name, known->user, host.user)};
  known->slots += host.slots;
}

bool set_hosts(MpiOptions& options, std::string_view value) {
  for (std::string& host : spec::list_in(value)) options.hosts.push_back(std::move(host));
  return true;
}

const spec::Table<MpiOptions>& options_table() {
  using Options = MpiOptions;
  constexpr double least_s = 0.1, most_s = 1e6;
  constexpr unsigned most_restarts = 1'000, most_threads = 65'536;
  static const spec::Table<Options> table{
      {"hosts", "hosts with ',' between them", set_hosts},
      spec::text<&Options::hostfile>("hostfile", "a file"),
      spec::text<&Options::launcher>("launcher", "one of mpiexec's launchers"),
      spec::text<&Options::mpiexec>("mpiexec", "a program"),
      spec::text<&Options::manager>("manager", "a host"),
      spec::text<&Options::rank_program>("rank_program", "a program"),
      spec::one_of<&Options::local_memory>("memory", {{"on", true}, {"off", false}}),
      spec::seconds<&Options::start_limit>("start_limit_s", least_s, most_s),
      spec::seconds<&Options::lost_after>("lost_after_s", least_s, most_s),
      spec::number<&Options::restarts>("restarts", 0, most_restarts),
      spec::number<&Options::threads>("threads", 1, most_threads),
  };
  return table;
}

unsigned slots_of(const std::vector<HostSlots>& hosts) {
  unsigned slots = 0;
  for (const HostSlots& host : hosts) slots += host.slots;
  return slots;
}

}  // namespace

MpiOptions options_of(std::string_view text) {
  MpiOptions options;
  const spec::Spec given{"mpi", text, form};
  if (given.number() && given.number()->empty() && !given.options()) given.refuse("a number of workers is missing behind the ':'");
  if (given.options() && given.options()->empty()) given.refuse("nothing follows the '?'");
  if (const auto workers = given.count(MpiInterface::max_workers)) options.workers = *workers;
  given.read(options, options_table());
  return options;
}

std::vector<HostSlots> hosts_of(const MpiOptions& options) {
  std::vector<HostSlots> hosts;
  for (const std::string& host : options.hosts) add_host(hosts, host_of(host, "hosts"));
  if (options.hostfile.empty()) return hosts;
  if (!hosts.empty()) throw UsageError{"mpi: hosts and hostfile are both given: one of them is enough"};
  std::ifstream file{options.hostfile};
  if (!file) throw UsageError{fmt::format("mpi: the host file \"{}\" cannot be read", options.hostfile)};
  for (std::string line; std::getline(file, line);) {
    line.erase(std::min(line.find('#'), line.size()));
    std::istringstream words{line};
    std::string word;
    if (!(words >> word)) continue;
    HostSlots host = host_of(word, options.hostfile);
    while (words >> word) set_host(host, word, line, options.hostfile);
    add_host(hosts, std::move(host));
  }
  if (hosts.empty()) throw UsageError{fmt::format("mpi: the host file \"{}\" names no host", options.hostfile)};
  return hosts;
}

unsigned workers_on(const std::vector<HostSlots>& rest, const std::vector<HostSlots>& before, unsigned workers) {
  const unsigned left = slots_of(rest);
  const unsigned all = slots_of(before);
  if (left == all) return workers;
  return workers <= all ? std::min(workers, left) : std::max(workers * left / all, 1u);
}

unsigned workers_of(const MpiOptions& options, const std::vector<HostSlots>& hosts) {
  if (options.workers > MpiInterface::max_workers)
    throw UsageError{fmt::format("mpi: {} workers are more than {}", options.workers, MpiInterface::max_workers)};
  if (options.workers > 0) return options.workers;
  const unsigned slots = slots_of(hosts);
  if (slots > 0) return std::min(slots, MpiInterface::max_workers);
  if (is_in_slurm() && options.launcher != "fork")
    if (const unsigned tasks = slurm_allocation().tasks; tasks > 0)
      return std::min(std::max(tasks, 2u) - 1, MpiInterface::max_workers);
  return process::available_cores();
}

}  // namespace mw::mpi

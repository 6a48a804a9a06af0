#include "mpi/spec.hpp"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <optional>
#include <sstream>

#include <fmt/format.h>

#include "mpi/slurm.hpp"
#include "process/cores.hpp"

namespace mw::mpi {
namespace {

constexpr std::string_view form =
    "mpi[:N][?hosts=a,b:4][&hostfile=FILE][&launcher=ssh|fork|slurm|…][&mpiexec=PATH][&manager=HOST][&rank_program=PATH]"
    "[&memory=on|off][&start_limit_s=X][&lost_after_s=X][&restarts=K]";

[[noreturn]] void refuse(std::string_view text, std::string_view why) {
  throw UsageError{fmt::format("interface \"mpi{}\": {}; the form is {}", text, why, form)};
}

std::optional<unsigned> number_of(std::string_view text, unsigned most) {
  unsigned number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size() || number == 0 || number > most) return std::nullopt;
  return number;
}

std::optional<std::chrono::milliseconds> seconds_of(std::string_view text) {
  double seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (error != std::errc{} || end != text.data() + text.size() || !(seconds >= 0.1 && seconds <= 1e6)) return std::nullopt;
  return std::chrono::milliseconds{static_cast<std::int64_t>(seconds * 1000)};
}

/// Letters, digits, '.', '-', '_': what a host is called; nothing that a shell or mpiexec takes for something else.
bool is_host_name(std::string_view name) {
  const auto is_fine = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_';
  };
  return !name.empty() && name.size() <= 255 && name.front() != '-' && std::all_of(name.begin(), name.end(), is_fine);
}

unsigned slots_of(std::string_view text, std::string_view all, const std::string& where) {
  const auto slots = number_of(text, MpiInterface::max_workers);
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

void set(MpiOptions& options, std::string_view key, std::string_view value, std::string_view text) {
  if (value.empty()) refuse(text, fmt::format("\"{}\" has no value", key));
  const auto take_time = [&](std::chrono::milliseconds& to) {
    const auto time = seconds_of(value);
    if (!time) refuse(text, fmt::format("\"{}\" is not a number of seconds, 0.1 or more", value));
    to = *time;
  };
  if (key == "hosts") {
    std::istringstream list{std::string{value}};
    for (std::string host; std::getline(list, host, ',');) options.hosts.push_back(host);
  } else if (key == "hostfile") {
    options.hostfile = value;
  } else if (key == "launcher") {
    options.launcher = value;
  } else if (key == "mpiexec") {
    options.mpiexec = value;
  } else if (key == "manager") {
    options.manager = value;
  } else if (key == "rank_program") {
    options.rank_program = value;
  } else if (key == "memory") {
    if (value != "on" && value != "off") refuse(text, fmt::format("memory is on or off, not \"{}\"", value));
    options.local_memory = value == "on";
  } else if (key == "start_limit_s") {
    take_time(options.start_limit);
  } else if (key == "lost_after_s") {
    take_time(options.lost_after);
  } else if (key == "restarts") {
    if (value != "0" && !number_of(value, 1'000)) refuse(text, fmt::format("restarts is a number, 0 to 1000, not \"{}\"", value));
    options.restarts = number_of(value, 1'000).value_or(0);
  } else {
    refuse(text, fmt::format("there is no \"{}\"", key));
  }
}

unsigned slots_of(const std::vector<HostSlots>& hosts) {
  unsigned slots = 0;
  for (const HostSlots& host : hosts) slots += host.slots;
  return slots;
}

}  // namespace

MpiOptions options_of(std::string_view text) {
  MpiOptions options;
  const auto question = text.find('?');
  std::string_view number = text.substr(0, question);
  if (!number.empty() && number != ":") {
    const auto workers = number.front() == ':' ? number_of(number.substr(1), MpiInterface::max_workers) : std::nullopt;
    if (!workers) refuse(text, fmt::format("what follows the ':' is the number of workers, 1 to {}", MpiInterface::max_workers));
    options.workers = *workers;
  } else if (number == ":" && question == std::string_view::npos) {
    refuse(text, "a number of workers is missing behind the ':'");
  }
  if (question == std::string_view::npos) return options;
  auto rest = text.substr(question + 1);
  if (rest.empty()) refuse(text, "nothing follows the '?'");
  while (true) {
    const auto end = rest.find('&');
    const auto pair = rest.substr(0, end);
    const auto equals = pair.find('=');
    if (equals == std::string_view::npos) refuse(text, fmt::format("\"{}\" is no key=value", pair));
    set(options, pair.substr(0, equals), pair.substr(equals + 1), text);
    if (end == std::string_view::npos) return options;
    rest.remove_prefix(end + 1);
  }
}

std::vector<HostSlots> hosts_of(const MpiOptions& options) {
  std::vector<HostSlots> hosts;
  for (const std::string& host : options.hosts) add_host(hosts, host_of(host, "hosts"));
  if (options.hostfile.empty()) return hosts;
  if (!hosts.empty()) throw UsageError{"mpi: hosts and hostfile are both given: one of them is enough"};
  std::ifstream file{options.hostfile};
  if (!file) throw UsageError{fmt::format("mpi: the host file \"{}\" can not be read", options.hostfile)};
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

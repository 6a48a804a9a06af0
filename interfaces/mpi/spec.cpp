#include "mpi/spec.hpp"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <fstream>
#include <optional>
#include <sstream>

#include <fmt/format.h>

#include "process/cores.hpp"

namespace mw::mpi {
namespace {

constexpr std::string_view form =
    "mpi[:N][?hosts=a,b:4][&hostfile=FILE][&launcher=ssh|fork|slurm|…][&mpiexec=PATH][&manager=HOST][&rank_program=PATH]"
    "[&memory=on|off][&start_limit_s=X][&lost_after_s=X]";

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

HostSlots host_of(const std::string& text, const std::string& where) {
  const auto colon = text.find(':');
  HostSlots host{text.substr(0, colon), 1};
  if (!is_host_name(host.name)) throw UsageError{fmt::format("mpi: \"{}\" in {} is no host name", host.name, where)};
  if (colon == std::string::npos) return host;
  const auto slots = number_of(std::string_view{text}.substr(colon + 1), MpiInterface::max_workers);
  if (!slots)
    throw UsageError{fmt::format("mpi: \"{}\" in {}: what follows the ':' is how many workers it takes, 1 to {}", text, where,
                                 MpiInterface::max_workers)};
  host.slots = *slots;
  return host;
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
  } else {
    refuse(text, fmt::format("there is no \"{}\"", key));
  }
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
  for (const std::string& host : options.hosts) hosts.push_back(host_of(host, "hosts"));
  if (options.hostfile.empty()) return hosts;
  if (!hosts.empty()) throw UsageError{"mpi: hosts and hostfile are both given: one of them is enough"};
  std::ifstream file{options.hostfile};
  if (!file) throw UsageError{fmt::format("mpi: the host file \"{}\" can not be read", options.hostfile)};
  for (std::string line; std::getline(file, line);) {
    std::istringstream words{line.substr(0, line.find('#'))};
    if (std::string word; words >> word) hosts.push_back(host_of(word, options.hostfile));
  }
  if (hosts.empty()) throw UsageError{fmt::format("mpi: the host file \"{}\" names no host", options.hostfile)};
  return hosts;
}

bool is_in_slurm() { return std::getenv("SLURM_JOB_ID") != nullptr; }

unsigned workers_of(const MpiOptions& options, const std::vector<HostSlots>& hosts) {
  if (options.workers > MpiInterface::max_workers)
    throw UsageError{fmt::format("mpi: {} workers are more than {}", options.workers, MpiInterface::max_workers)};
  if (options.workers > 0) return options.workers;
  unsigned slots = 0;
  for (const HostSlots& host : hosts) slots += host.slots;
  if (slots > 0) return std::min(slots, MpiInterface::max_workers);
  const char* tasks = is_in_slurm() ? std::getenv("SLURM_NTASKS") : nullptr;
  if (const auto count = number_of(tasks ? tasks : "", MpiInterface::max_workers)) return std::max(*count, 2u) - 1;
  return process::available_cores();
}

}  // namespace mw::mpi

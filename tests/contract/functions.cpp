#include "contract/functions.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <sstream>
#include <stdexcept>
#include <thread>

extern char** environ;

namespace contract {

std::vector<std::string> names() {
  std::vector<std::string> names = mw::interface_names();
#ifndef MW_HAVE_BOINC
  std::erase(names, "boinc");
#endif
#ifndef MW_HAVE_MPI
  std::erase(names, "mpi");  // this build has no ranks
#endif
#ifdef __SANITIZE_THREAD__
  // Their masters' threads are in every case, whatever it asks: a part of the suite runs on them (CMakeLists.txt).
  std::erase(names, "tcp");
  std::erase(names, "boinc");
#endif
  return names;
}

std::vector<std::string> specs() {
  std::vector<std::string> specs;
  // Another list from outside: the same suite on other numbers of workers.
  if (const char* list = std::getenv("CPPMW_TEST_SPECS")) {
    std::istringstream words{list};
    for (std::string word; words >> word;) specs.push_back(word);
    return specs;
  }
  for (const std::string& name : names()) {
    if (name == "serial")
      specs.push_back(name);
    else if (name == "boinc")
      specs.emplace_back("boinc:2?state=temporary&listen=127.0.0.1:0&poll_s=0.02");
    else
      specs.push_back(name + ":2");
  }
  return specs;
}

bool is_pool(const std::string& spec) { return spec.find('+') != std::string::npos; }

std::vector<std::string> members_of(const std::string& spec) {
  std::vector<std::string> members;
  std::istringstream rest{spec};
  for (std::string member; std::getline(rest, member, '+');) members.push_back(member);
  return members;
}

int workers_of(const std::string& spec) {
  int sum = 0;
  for (const std::string& member : members_of(spec))
    sum += member == "serial" && is_pool(spec) ? 1 : std::atoi(member.substr(member.find(':') + 1).c_str());
  return sum;
}

std::string name_of(const std::string& spec) {
  std::string name;
  std::map<std::string, int> seen;
  for (const std::string& member : members_of(spec)) {
    const std::string own = member.substr(0, member.find(':'));
    const int number = ++seen[own];
    name += (name.empty() ? "" : "+") + own + (number > 1 ? "_" + std::to_string(number) : "");
  }
  return name;
}

bool is_worker_of(const std::string& interface, const std::string& name) {
  const auto end = name.find(" worker");
  return end != std::string::npos && ("+" + interface + "+").find("+" + name.substr(0, end) + "+") != std::string::npos;
}

std::string with_workers(const std::string& spec, int workers) {
  if (is_pool(spec)) {
    const auto members = members_of(spec);
    const std::string first = with_workers(members[0], std::max(workers - 1, 1));
    return workers == 1 ? first : first + "+" + with_workers(members[1], 1);
  }
  // An existing project has as many as it has.
  if (spec.find("project=") != std::string::npos || spec.find("auth=") != std::string::npos) return spec;
  const auto more = spec.find('?');
  return spec.substr(0, spec.find(':') + 1) + std::to_string(workers) + (more == std::string::npos ? "" : spec.substr(more));
}

std::vector<std::string> specs_with_processes() {
  std::vector<std::string> specs;
  for (const std::string& spec : contract::specs())
    if (spec != "serial") specs.push_back(spec);
  if (specs.empty()) specs.emplace_back("multicore:2");  // a list from outside may have none
  return specs;
}

bool is_volunteer(const std::string& spec) { return spec.starts_with("boinc"); }

std::vector<std::string> specs_with_lasting_workers() {
  std::vector<std::string> specs = specs_with_processes();
  std::erase_if(specs, is_volunteer);
  if (specs.empty()) specs.emplace_back("multicore:2");  // a list from outside may have none
  return specs;
}

std::vector<std::string> specs_scheduled_by_master() {
  std::vector<std::string> specs = contract::specs();
  std::erase_if(specs, is_volunteer);
  if (specs.empty()) specs.emplace_back("serial");
  return specs;
}

std::int64_t add(std::int64_t a, std::int64_t b) { return a + b; }

std::int64_t add_slowly(std::int64_t a, std::int64_t b, std::uint32_t ms) {
  if (ms != 0) std::this_thread::sleep_for(std::chrono::milliseconds{ms});
  return a + b;
}

void nothing() {}

std::string throw_runtime_error(const std::string& text) { throw std::runtime_error{text}; }
int throw_int() { throw 42; }

std::string print(const std::string& out, const std::string& err) {
  std::cout << out << " by cout\n";
  std::printf("%s by printf\n", out.c_str());
  std::cerr << err << " by cerr\n";
  std::fprintf(stderr, "%s by fprintf\n", err.c_str());
  return out + err;
}

std::vector<double> twice(const std::vector<double>& values) {
  std::vector<double> result;
  for (const double value : values) result.push_back(2 * value);
  return result;
}

bool wait_for_file(const std::string& path) {
  mw::set_progress(0.25);
  while (!std::filesystem::exists(path)) std::this_thread::sleep_for(std::chrono::milliseconds{2});
  return true;
}

int crash_by_signal(int signal) {
  std::cerr << "about to raise " << signal << std::endl;
  std::signal(signal, SIG_DFL);  // a sanitizer's handler would turn it into an exit
  std::raise(signal);
  return 0;
}

int leave(int exit_status) {
  std::cerr << "leaving with " << exit_status << std::endl;
  ::_exit(exit_status);
}

int allocate_everything() {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  throw std::bad_alloc{};  // the sanitizers' own allocators end the process instead
#endif
  std::vector<std::vector<char>> all;
  while (true) all.emplace_back(std::size_t{1} << 46);  // more than any machine has
}

std::vector<std::string> environment() {
  std::vector<std::string> lines;
  for (char** line = environ; *line; ++line) lines.emplace_back(*line);
  return lines;
}

std::string command_line() {
  std::ifstream file{"/proc/self/cmdline", std::ios::binary};
  return {std::istreambuf_iterator<char>{file}, {}};
}

int process_id() { return ::getpid(); }

int crash_once(const std::string& path) {
  if (std::filesystem::exists(path)) return 7;
  std::ofstream{path} << "x";
  std::raise(SIGKILL);
  return 0;
}

int crash_times(const std::string& path, int times) {
  std::error_code is_missing;
  const auto before = std::filesystem::file_size(path, is_missing);
  if (!is_missing && before >= static_cast<std::uintmax_t>(times)) return times;
  std::ofstream{path, std::ios::app} << "x";
  std::raise(SIGKILL);
  return 0;
}

}  // namespace contract

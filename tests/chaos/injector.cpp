#include "chaos/injector.hpp"

#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <map>
#include <string_view>

#include "support/processes.hpp"

namespace chaos {
namespace {

using namespace std::chrono_literals;

bool is_of(std::string_view name, Target target) {
  switch (target) {
    case Target::worker: return name.starts_with("mw:");
    case Target::rank: return name.starts_with("mw-mpi-rank");
    case Target::mpiexec: return name.starts_with("mpiexec");
    case Target::volunteer:
    case Target::node: return name == "mw";
  }
  return false;
}

const char* name_of(Target target) {
  switch (target) {
    case Target::worker: return "worker";
    case Target::rank: return "rank";
    case Target::mpiexec: return "mpiexec";
    case Target::volunteer: return "volunteer";
    case Target::node: return "node";
  }
  return "";
}

bool descends_from(pid_t pid, pid_t ancestor, const std::map<pid_t, pid_t>& parents) {
  for (int depth = 0; pid > 1 && depth < 20; ++depth) {
    if (pid == ancestor) return true;
    const auto place = parents.find(pid);
    if (place == parents.end()) return false;
    pid = place->second;
  }
  return false;
}

std::string process_name(pid_t pid) {
  std::string name = test::file_text("/proc/" + std::to_string(pid) + "/comm");
  while (!name.empty() && name.back() == '\n') name.pop_back();
  return name;
}

}  // namespace

std::vector<int> processes_of(Target target) {
  std::map<pid_t, pid_t> parents;
  for (const pid_t pid : test::all_processes()) parents[pid] = test::parent_of(pid);
  std::vector<int> found;
  for (const auto& [pid, parent] : parents) {
    if (pid == ::getpid() || !descends_from(parent, ::getpid(), parents)) continue;
    // A child that a worker has just forked still has the worker's name.
    if (!is_of(process_name(pid), target) || is_of(process_name(parent), Target::worker)) continue;
    const char state = test::state_of(pid);
    if (state != 'Z' && state != '\0') found.push_back(pid);
  }
  return found;
}

Injector::Injector(std::vector<Fault> faults, std::vector<Target> targets, std::uint64_t seed, Tally& tally)
    : faults_{std::move(faults)}, targets_{std::move(targets)}, random_{seed}, tally_{tally}, thread_{[this] { run(); }} {}

Injector::~Injector() { finish(); }

void Injector::finish() {
  over_ = true;
  if (thread_.joinable()) thread_.join();
}

/// Paced by tasks that end, and not by a clock alone: a machine too slow for a worker to get ready between two strikes
/// would be right to give up.
void Injector::run() {
  std::uint64_t next = 10;
  while (!over_) {
    std::this_thread::sleep_for(std::chrono::milliseconds{2 + random_() % 40});
    if (tally_.ended() < next) continue;
    strike();
    next = tally_.ended() + 1 + random_() % 60;
  }
}

/// Workers mostly: what is dearer to replace is struck seldom.
Target Injector::choose_target() {
  if (random_() % 20 != 0) return targets_.front();
  return targets_[random_() % targets_.size()];
}

void Injector::strike() {
  const Target target = choose_target();
  const auto candidates = processes_of(target);
  if (candidates.empty()) return;
  const int pid = candidates[random_() % candidates.size()];
  switch (faults_[random_() % faults_.size()]) {
    case Fault::kill:
      if (::kill(pid, SIGKILL) == 0) tally_.struck(std::string{name_of(target)} + " kills");
      return;
    case Fault::segv:
      if (::kill(pid, SIGSEGV) == 0) tally_.struck(std::string{name_of(target)} + " crashes");
      return;
    case Fault::stop:
      if (::kill(pid, SIGSTOP) != 0) return;
      tally_.struck(std::string{name_of(target)} + " stops");
      for (std::uint64_t ms = random_() % 300; ms > 0 && !over_; --ms) std::this_thread::sleep_for(1ms);
      ::kill(pid, SIGCONT);
      return;
  }
}

}  // namespace chaos

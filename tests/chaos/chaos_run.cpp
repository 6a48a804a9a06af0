// Looks for wrong, lost and doubled results, and for processes left behind, while its workers are killed, crashed and
// stopped.
//
//     chaos_run --interface multicore:4 --seconds 60 --targets worker --faults kill,stop,segv
//
// It prints its seed, which gives the same load again (not the same schedule: processes are real). Ends with 1 if
// anything was wrong.
#include <CLI/CLI.hpp>
#include <mw/mw.hpp>

#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <random>
#include <thread>

#include "chaos/chaos_run.hpp"
#include "chaos/injector.hpp"
#include "chaos/rounds.hpp"
#include "chaos/tally.hpp"
#include "chaos/world.hpp"
#include "support/processes.hpp"
#include "support/temporary.hpp"

namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

struct Options {
  std::string interface = "multicore:4";
  std::vector<std::string> faults{"kill", "stop", "segv"};
  std::vector<std::string> targets{"worker"};
  double seconds = 20;
  double patience_s = 120;
  std::uint64_t seed = std::random_device{}();
  unsigned masters = 2;
  unsigned threads = 2;
  std::size_t scale = 100;
  bool interface_may_fail = false;
};

template <class T>
std::vector<T> chosen(const std::vector<std::string>& names, const std::map<std::string, T>& all) {
  std::vector<T> list;
  for (const std::string& name : names) list.push_back(all.at(name));
  return list;
}

/// Ends this process when nothing has ended for so long: a task is stuck, or a master.
class Watch {
 public:
  Watch(const std::vector<std::unique_ptr<chaos::World>>& worlds, const chaos::Tally& tally, std::chrono::duration<double> patience)
      : thread_{[this, &worlds, &tally, patience] { run(worlds, tally, patience); }} {}
  ~Watch() {
    over_ = true;
    thread_.join();
  }

 private:
  void run(const std::vector<std::unique_ptr<chaos::World>>& worlds, const chaos::Tally& tally,
           std::chrono::duration<double> patience) {
    std::uint64_t last = 0;
    auto since = Clock::now();
    while (!over_) {
      std::this_thread::sleep_for(100ms);
      if (const auto ended = tally.ended(); ended != last) {
        last = ended;
        since = Clock::now();
      }
      if (Clock::now() - since < patience) continue;
      std::fprintf(stderr, "WRONG: nothing has ended for %g s\n", patience.count());
      for (const auto& world : worlds) std::fprintf(stderr, "%s\n", world->master().get_status().to_json().c_str());
      std::_Exit(1);
    }
  }

  std::atomic<bool> over_{false};
  std::thread thread_;
};

/// Every second master chooses by itself which worker gets a task, where it may.
mw::MasterOptions master_options(const std::string& interface, unsigned number) {
  mw::MasterOptions options;
  if (number % 2 == 1 && !interface.starts_with("boinc"))
    options.scheduler_func = [choice = std::size_t{0}](const mw::TaskHandle&, std::span<const mw::WorkerView> free) mutable {
      return std::optional<std::size_t>{++choice % free.size()};
    };
  return options;
}

void check_books(chaos::World& world, chaos::Tally& tally) {
  const auto status = world.master().get_status();
  if (status.submitted + status.running != 0) tally.wrong("tasks that never ended: " + status.to_json());
  if (status.finished + status.errors + status.cancelled != status.tasks)
    tally.wrong("the books do not add up: " + status.to_json());
}

void run(const Options& options, chaos::Tally& tally) {
  const test::TemporaryFolder folder;
  std::ofstream{folder.path("input.txt")} << "a line\n";
  const auto targets = chosen<chaos::Target>(options.targets, {{"worker", chaos::Target::worker},
                                                               {"rank", chaos::Target::rank},
                                                               {"mpiexec", chaos::Target::mpiexec},
                                                               {"volunteer", chaos::Target::volunteer},
                                                               {"node", chaos::Target::node}});
  const auto faults = chosen<chaos::Fault>(
      options.faults, {{"kill", chaos::Fault::kill}, {"stop", chaos::Fault::stop}, {"segv", chaos::Fault::segv}});
  const bool may_fail = options.interface_may_fail || (options.interface.starts_with("mpi") && targets.size() > 1);
  std::vector<std::unique_ptr<chaos::World>> worlds;
  for (unsigned i = 0; i < options.masters; ++i)
    worlds.push_back(std::make_unique<chaos::World>(options.interface, master_options(options.interface, i), may_fail, tally));
  {
    const Watch watch{worlds, tally, std::chrono::duration<double>{options.patience_s}};
    chaos::Injector injector{faults, targets, options.seed, tally};
    const auto end = Clock::now() + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>{options.seconds});
    std::vector<std::thread> threads;
    for (unsigned i = 0; i < options.masters * options.threads; ++i)
      threads.emplace_back([&, i] {
        chaos::Rounds{*worlds[i % options.masters], chaos::mix(options.seed + i), options.scale, folder.path("input.txt"), tally}
            .run_until(end);
      });
    for (auto& thread : threads) thread.join();
    injector.finish();
    for (const auto& world : worlds) check_books(*world, tally);
  }
  worlds.clear();
}

void check_nothing_left(const std::string& tag, chaos::Tally& tally) {
  std::vector<pid_t> left;
  const auto none = [&] {
    left = test::processes_with(tag);
    std::erase(left, ::getpid());
    return left.empty();
  };
  if (test::eventually(none, 20s)) return;
  for (const pid_t pid : left)
    tally.wrong("left: " + std::to_string(pid) + " " + test::file_text("/proc/" + std::to_string(pid) + "/comm"));
}

}  // namespace

int chaos::run_from(int argc, char** argv) {
  Options options;
  CLI::App app{"Random work under random faults; checks that each task ends exactly once, and rightly."};
  app.add_option("-i,--interface", options.interface, "what runs the tasks")->capture_default_str();
  app.add_option("--faults", options.faults, "kill, stop, segv")->delimiter(',')->check(CLI::IsMember({"kill", "stop", "segv"}));
  app.add_option("--targets", options.targets, "worker first, then rank, mpiexec, volunteer, node")
      ->delimiter(',')
      ->check(CLI::IsMember({"worker", "rank", "mpiexec", "volunteer", "node"}));
  app.add_option("--seconds", options.seconds, "how long")->capture_default_str();
  app.add_option("--patience", options.patience_s, "seconds without any task's end that count as a hang")->capture_default_str();
  app.add_option("--seed", options.seed, "of the load; a new one unless given");
  app.add_option("--masters", options.masters, "masters in this process")->capture_default_str()->check(CLI::Range(1, 16));
  app.add_option("--threads", options.threads, "threads a master")->capture_default_str()->check(CLI::Range(1, 16));
  app.add_option("--scale", options.scale, "tasks a round, at most")->capture_default_str()->check(CLI::Range(1, 100'000));
  app.add_flag("--interface-may-fail", options.interface_may_fail,
               "somebody else strikes, too: a failed interface gets a successor");
  CLI11_PARSE(app, argc, argv);
  const std::string tag = "CPPMW_CHAOS=" + std::to_string(::getpid());
  ::setenv("CPPMW_CHAOS", std::to_string(::getpid()).c_str(), 1);
  std::printf("seed %llu\n", static_cast<unsigned long long>(options.seed));
  std::fflush(stdout);
  chaos::Tally tally;
  const auto start = Clock::now();
  run(options, tally);
  check_nothing_left(tag + '\0', tally);
  std::printf(
      "%s, seed %llu: %.0f s, %llu rounds, %llu right, %llu failed as they should, %llu cancelled; strikes: %s; "
      "%llu interfaces renewed; %llu wrong\n",
      options.interface.c_str(), static_cast<unsigned long long>(options.seed),
      std::chrono::duration<double>(Clock::now() - start).count(), static_cast<unsigned long long>(tally.rounds),
      static_cast<unsigned long long>(tally.right), static_cast<unsigned long long>(tally.failed),
      static_cast<unsigned long long>(tally.cancelled), tally.strikes().c_str(), static_cast<unsigned long long>(tally.renewed),
      static_cast<unsigned long long>(tally.wrongs()));
  return tally.wrongs() == 0 ? 0 : 1;
}

// A master under backends whose workers come and go in every order, by the hands of several threads.
#include <catch2/catch.hpp>

#include <algorithm>
#include <atomic>
#include <map>
#include <mutex>
#include <random>
#include <thread>
#include <vector>

#include <mw/mw.hpp>

#include "master/core.hpp"
#include "support/processes.hpp"

namespace {

std::int64_t twice(std::int64_t value) { return 2 * value; }

/// The least of a backend whose workers the master chooses among.
struct ByMaster : mw::Interface {
  mw::Scheduling scheduling() const override { return mw::Scheduling::by_master; }
  void execute_task(const mw::TaskRef& task, mw::WorkerId) override { host().task_finished(task, mw::run_here(task)); }
};

std::vector<mw::Task<std::int64_t>> submit(mw::Master& master, int count) {
  mw::TaskOptions options;
  options.max_losses = 62;
  std::vector<mw::Task<std::int64_t>> tasks;
  for (int i = 0; i < count; ++i) tasks.push_back(master.submit_task<twice>(options, i));
  return tasks;
}

void check_all(mw::Master& master, const std::vector<mw::Task<std::int64_t>>& tasks) {
  for (std::size_t i = 0; i < tasks.size(); ++i) CHECK(master.get_result(tasks[i]) == 2 * static_cast<std::int64_t>(i));
  const auto status = master.get_status();
  CHECK(status.finished == tasks.size());
  CHECK(status.submitted + status.running + status.errors == 0);
}

/// Several threads make workers join, leave, finish tasks and lose them, in any order, from there or on the master's
/// loop, for as many steps as they are given. It knows its workers: a task for another one is refused.
class Unruly final : public mw::Interface {
 public:
  Unruly(unsigned seed, int steps) : seed_{seed}, steps_{steps} {}
  ~Unruly() override { wait(); }

  mw::Scheduling scheduling() const override { return mw::Scheduling::by_master; }
  void start() override {
    for (unsigned hand = 0; hand < 3; ++hand)
      hands_.emplace_back([this, hand] {
        std::mt19937 random{seed_ + hand};
        for (int i = 0; i < steps_; ++i) step(random);
      });
  }

  void execute_task(const mw::TaskRef& task, mw::WorkerId worker) override {
    std::lock_guard lock{mutex_};
    const auto place = workers_.find(worker);
    if (place == workers_.end()) throw mw::UnknownWorker{"unruly: no worker " + std::to_string(mw::index_of(worker))};
    if (worker == calm_)
      finish(task);
    else
      place->second.push_back(task);
  }

  bool revoke_task(const mw::TaskRef& task, mw::WorkerId worker) override {
    std::lock_guard lock{mutex_};
    const auto place = workers_.find(worker);
    if (place == workers_.end()) return false;
    const auto is_it = [&](const mw::TaskRef& one) { return one == task; };
    return std::erase_if(place->second, is_it) != 0;
  }

  /// Until its threads have come to rest.
  void wait() {
    for (auto& hand : hands_)
      if (hand.joinable()) hand.join();
  }
  /// Then all workers leave, and one of three slots comes and stays.
  void calm_down() {
    wait();
    std::lock_guard lock{mutex_};
    while (!workers_.empty()) leave(workers_.begin()->first, false);
    calm_ = join(3);
  }

 private:
  mw::WorkerId join(std::uint32_t slots) {
    const mw::WorkerId worker = host().worker_joined({"unruly worker", "here", slots, 2});
    workers_[worker];
    return worker;
  }
  void leave(mw::WorkerId worker, bool loses) {
    const auto place = workers_.find(worker);
    if (place == workers_.end()) return;
    std::vector<mw::LostTask> lost;
    if (loses && !place->second.empty()) {
      mw::Outcome outcome;
      outcome.failure.emplace();
      outcome.failure->cause = mw::Cause::worker_lost;
      lost.push_back({place->second.front(), std::move(outcome)});
    }
    workers_.erase(place);
    host().worker_left(worker, std::move(lost));
  }
  void finish(const mw::TaskRef& task) { host().task_finished(task, mw::run_here(task)); }
  void on_loop_leave(mw::WorkerId worker) {
    host().post([this, worker] {
      std::lock_guard lock{mutex_};
      leave(worker, false);
    });
  }

  void step(std::mt19937& random) {
    std::unique_lock lock{mutex_};
    const auto what = random() % 12;
    if (what < 2) return static_cast<void>(join(static_cast<std::uint32_t>(1 + random() % 3)));
    if (what == 2) return leave(join(1), false);
    if (what == 3) return on_loop_leave(join(2));
    if (what == 4) return host().worker_left(mw::WorkerId{1'000'000}, {});  // nobody's
    if (workers_.empty()) return;
    const auto some = std::next(workers_.begin(), static_cast<std::ptrdiff_t>(random() % workers_.size()));
    const mw::WorkerId worker = some->first;
    if (what == 5) return leave(worker, random() % 8 == 0);
    if (what == 6) return on_loop_leave(worker);
    if (what == 7) {
      leave(worker, false);
      return host().worker_left(worker, {});  // and once more
    }
    if (some->second.empty()) return;
    const mw::TaskRef task = some->second.front();
    some->second.erase(some->second.begin());
    finish(task);
  }

  const unsigned seed_;
  const int steps_;
  std::mutex mutex_;  ///< guards what follows; held over worker_joined(), since a task may come with the number before that returns
  std::map<mw::WorkerId, std::vector<mw::TaskRef>> workers_;
  mw::WorkerId calm_ = mw::any_worker;
  std::vector<std::thread> hands_;
};

}  // namespace

TEST_CASE("a worker that leaves in the same breath as it joins is no worker afterwards", "[master][workers]") {
  struct Hasty : ByMaster {
    std::vector<mw::WorkerId> gone;
    void start() override {
      for (int i = 0; i < 20; ++i) leave(host().worker_joined({"hasty worker", "here", 2}));
      for (int i = 0; i < 20; ++i) {
        // It joins elsewhere, and the loop hears of its end before it has come to hear of its beginning.
        mw::WorkerId worker{};
        std::thread{[&] { worker = host().worker_joined({"hasty worker", "here", 2}); }}.join();
        leave(worker);
      }
      host().worker_joined({"steady worker", "here", 1});
    }
    void leave(mw::WorkerId worker) {
      gone.push_back(worker);
      host().worker_left(worker, {});
    }
    void execute_task(const mw::TaskRef& task, mw::WorkerId worker) override {
      if (std::find(gone.begin(), gone.end(), worker) != gone.end()) throw std::out_of_range{"a worker that has left"};
      ByMaster::execute_task(task, worker);
    }
  };
  mw::Master master{std::make_unique<Hasty>()};
  const auto tasks = submit(master, 100);
  check_all(master, tasks);
  CHECK(master.slots() == 1);
}

TEST_CASE("a worker that its interface does not know costs no task anything", "[master][workers]") {
  struct Forgetful : ByMaster {
    mw::WorkerId known{};
    int refused = 0;
    void start() override {
      known = host().worker_joined({"known worker", "here", 1});
      for (int i = 0; i < 3; ++i) host().worker_joined({"forgotten worker", "here", 2});
    }
    void execute_task(const mw::TaskRef& task, mw::WorkerId worker) override {
      if (worker == known) return ByMaster::execute_task(task, worker);
      ++refused;
      throw mw::UnknownWorker{"forgetful: who is that?"};
    }
    mw::StatusMap get_status() override { return {{"refused", std::int64_t{refused}}}; }
  };
  mw::MasterOptions options;
  if (GENERATE(false, true))
    options.scheduler_func = [](const mw::TaskHandle&, std::span<const mw::WorkerView> free) {
      const auto place = std::find_if(free.begin(), free.end(), [](const auto& one) { return one.name == "forgotten worker"; });
      return std::optional{place == free.end() ? 0 : static_cast<std::size_t>(place - free.begin())};
    };
  mw::Master master{std::make_unique<Forgetful>(), options};
  const auto tasks = submit(master, 100);
  check_all(master, tasks);
  for (const auto& task : tasks) CHECK((task.faults() == 0 && task.losses() == 0));
  CHECK(std::get<std::int64_t>(master.get_status().interface.at("refused")) == 3);  // each of them once
  CHECK(master.slots() == 1);
}

TEST_CASE("an interface that reserves a worker and then does not know it says so in the task's error", "[master][workers]") {
  struct Confused : mw::Interface {
    std::optional<mw::WorkerId> reserve_worker(const mw::TaskRef&) override { return mw::WorkerId{77}; }
    void execute_task(const mw::TaskRef&, mw::WorkerId) override { throw mw::UnknownWorker{"confused: no worker 77"}; }
  };
  mw::Master master{std::make_unique<Confused>()};
  const auto task = master.submit_task<twice>(1);
  CHECK_THROWS_WITH(master.get_result(task), Catch::Contains("confused: no worker 77"));
}

TEST_CASE("no ghost and no lost task, whatever the order in which workers join, leave and lose tasks, from whatever thread",
          "[master][workers]") {
  const unsigned seed = GENERATE(1u, 20u, 300u, 4000u);
  INFO("seed " << seed);
  auto interface = std::make_unique<Unruly>(seed, 1500);
  Unruly& unruly = *interface;
  mw::Master master{std::move(interface)};
  const auto tasks = submit(master, 1500);
  unruly.calm_down();
  check_all(master, tasks);
  CHECK(master.slots() == 3);
}

TEST_CASE("an interface that was replaced and goes on calling leaves no worker behind", "[master][workers]") {
  const unsigned seed = GENERATE(5u, 60u);
  INFO("seed " << seed);
  mw::Master master{std::make_unique<Unruly>(seed, 4000)};
  const auto tasks = submit(master, 500);
  auto interface = std::make_unique<Unruly>(seed + 10, 500);
  Unruly& second = *interface;
  master.set_interface(std::move(interface));  // the first one's threads go on until it is destroyed
  second.calm_down();
  check_all(master, tasks);
  CHECK(master.slots() == 3);
}

TEST_CASE("arguments that no worker would take are refused with their size and the limit", "[master][P32]") {
  const auto& function = mw::detail::Registered<twice>::checked();
  constexpr std::uint64_t limit = (std::uint64_t{64} << 30) - (std::uint64_t{80} << 20);
  CHECK_NOTHROW(mw::detail::check_size(function, limit));
  CHECK_THROWS_WITH(mw::detail::check_size(function, limit + 1),
                    Catch::Contains("twice(long)") && Catch::Contains("68635590657 bytes; the limit is 68635590656"));
}

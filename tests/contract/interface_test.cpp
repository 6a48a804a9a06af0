// The seam from the other side: interfaces of a user's own, good ones and broken ones. The master outlives them all.
#include <catch2/catch.hpp>

#include <thread>

#include <mw/detail/task_access.hpp>

#include "contract/functions.hpp"
#include "support/errors.hpp"
#include "support/processes.hpp"
#include "support/temporary.hpp"

using namespace contract;
using test::error_of;

namespace {

/// The least a backend can be.
struct Direct : mw::Interface {
  void execute_task(const mw::TaskRef& task, mw::WorkerId) override { host().task_finished(task, mw::run_here(task)); }
};

template <class I>
mw::Master master_on() {
  return mw::Master{std::make_unique<I>()};
}

}  // namespace

TEST_CASE("an interface of the user's own needs execute_task only", "[seam]") {
  auto master = master_on<Direct>();
  std::vector<mw::Task<std::int64_t>> tasks;
  for (int i = 0; i < 1000; ++i) tasks.push_back(master.submit_task<add>(i, 1));
  for (int i = 0; i < 1000; ++i) CHECK(master.get_result(tasks[static_cast<std::size_t>(i)]) == i + 1);
  CHECK(master.get_status().interface_name == "custom");
  CHECK(master.get_status().interface_status == "ok");
}

TEST_CASE("an interface goes into the constructor by value, too", "[seam]") {
  mw::Master master{mw::MulticoreInterface{2}};
  CHECK(master.get_result(master.submit_task<add>(1, 2)) == 3);
  mw::Master serial{mw::SerialInterface{}};
  CHECK(serial.get_result(serial.submit_task<add>(1, 2)) == 3);
}

TEST_CASE("an interface whose execute_task throws ends the task with what it threw", "[seam]") {
  struct Throws : mw::Interface {
    void execute_task(const mw::TaskRef&, mw::WorkerId) override { throw std::runtime_error{"the cluster is on strike"}; }
  };
  auto master = master_on<Throws>();
  for (int i = 0; i < 3; ++i) {
    const auto e = error_of(master, master.submit_task<add>(1, 1));
    CHECK(e.cause() == mw::Cause::interface_error);
    CHECK(e.message().find("the cluster is on strike") != std::string::npos);
  }
  CHECK(master.get_status().errors == 3);
}

TEST_CASE("an interface whose reserve_worker throws ends the task with what it threw", "[seam]") {
  struct Throws : Direct {
    std::optional<mw::WorkerId> reserve_worker(const mw::TaskRef&) override { throw 5; }
  };
  auto master = master_on<Throws>();
  CHECK(error_of(master, master.submit_task<add>(1, 1)).cause() == mw::Cause::interface_error);
}

TEST_CASE("an interface whose worker functions throw gives a TaskError for each", "[seam]") {
  auto master = master_on<Direct>();
  CHECK_THROWS_AS(master.get_result(master.submit_task<throw_int>()), mw::TaskError);
  CHECK_THROWS_AS(master.get_result(master.submit_task<throw_runtime_error>("x")), mw::TaskError);
  CHECK(master.get_result(master.submit_task<add>(1, 1)) == 2);
}

TEST_CASE("an interface that cannot start is an error of the constructor", "[seam]") {
  struct Ours : Direct {
    void start() override { throw mw::InterfaceError{"no port"}; }
  };
  struct Theirs : Direct {
    void start() override { throw std::runtime_error{"no licence"}; }
  };
  CHECK_THROWS_WITH(master_on<Ours>(), "no port");
  CHECK_THROWS_AS(master_on<Theirs>(), mw::InterfaceError);
  CHECK_THROWS_AS(mw::Master{std::unique_ptr<mw::Interface>{}}, mw::UsageError);
}

TEST_CASE("an interface whose status throws or is rubbish shows as interface_status error", "[seam][P10]") {
  struct Rubbish : Direct {
    int mode = 0;
    mw::StatusMap get_status() override {
      switch (mode++) {
        case 0: throw std::runtime_error{"who asks?"};
        case 1: throw 7;
        case 2: return {{"Not Snake", true}};
        case 3: return {{"load", std::numeric_limits<double>::quiet_NaN()}};
        case 4: return {{"text", std::string{"\xff\xfe"}}};
        case 5: return {{"", true}};
        default: return {{"hosts", std::int64_t{2}}, {"load", 0.5}, {"text", std::string{"é"}}};
      }
    }
  };
  auto master = master_on<Rubbish>();
  for (int mode = 0; mode < 6; ++mode) {
    const auto status = master.get_status();
    INFO(mode << ' ' << status.interface_error);
    CHECK(status.interface_status == "error");
    CHECK_FALSE(status.interface_error.empty());
    CHECK(status.interface.empty());
    CHECK_FALSE(status.to_json().empty());
    CHECK(master.get_result(master.submit_task<add>(1, mode)) == 1 + mode);
  }
  CHECK(master.get_status().interface_status == "ok");
}

TEST_CASE("an interface that blocks its loop does not block get_status", "[seam][P39]") {
  struct Blocks : Direct {
    mw::StatusMap get_status() override {
      std::this_thread::sleep_for(std::chrono::milliseconds{2500});
      return {};
    }
  };
  auto master = master_on<Blocks>();
  const auto status = master.get_status();
  CHECK(status.interface_status == "error");
  CHECK(status.interface_error.find("no answer") != std::string::npos);
}

TEST_CASE("an interface may finish tasks from threads of its own, twice, or late: each counts once", "[seam][P30]") {
  struct Echoing : mw::Interface {
    std::vector<std::thread> threads;
    ~Echoing() override {
      for (auto& thread : threads) thread.join();
    }
    void execute_task(const mw::TaskRef& task, mw::WorkerId) override {
      threads.emplace_back([this, task] {
        const auto earlier = mw::TaskAccess::make(mw::TaskAccess::record(task), task.attempt() - 1);
        mw::Outcome wrong;
        wrong.value = mw::encode(std::int64_t{-1});
        host().task_finished(earlier, std::move(wrong));  // of an attempt that is over
        host().task_finished(task, mw::run_here(task));
        mw::Outcome again;
        again.value = mw::encode(std::int64_t{-2});
        host().task_finished(task, std::move(again));
      });
    }
  };
  auto master = master_on<Echoing>();
  std::vector<mw::Task<std::int64_t>> tasks;
  for (int i = 0; i < 50; ++i) tasks.push_back(master.submit_task<add>(i, 0));
  for (int i = 0; i < 50; ++i) CHECK(master.get_result(tasks[static_cast<std::size_t>(i)]) == i);
  CHECK(master.get_status().finished == 50);
}

TEST_CASE("an interface without room is asked again when a task has finished, or when it says so", "[seam]") {
  struct OneAtATime : mw::Interface {
    bool busy = false;
    int refused = 0;
    std::optional<mw::WorkerId> reserve_worker(const mw::TaskRef&) override {
      if (!busy) return mw::any_worker;
      ++refused;
      return std::nullopt;
    }
    void execute_task(const mw::TaskRef& task, mw::WorkerId) override {
      if (busy) throw std::logic_error{"two at a time"};
      busy = true;
      host().post([this, task] {
        busy = false;
        host().task_finished(task, mw::run_here(task));
      });
    }
    mw::StatusMap get_status() override { return {{"refused", std::int64_t{refused}}}; }
  };
  auto master = master_on<OneAtATime>();
  std::vector<mw::Task<std::int64_t>> tasks;
  for (int i = 0; i < 100; ++i) tasks.push_back(master.submit_task<add_slowly>(i, 0, i == 0 ? 100 : 0));  // so that others wait
  for (int i = 0; i < 100; ++i) CHECK(master.get_result(tasks[static_cast<std::size_t>(i)]) == i);
  CHECK(std::get<std::int64_t>(master.get_status().interface.at("refused")) > 0);
}

TEST_CASE("a task lost again and again ends with the last cause", "[seam][P20]") {
  struct Lossy : mw::Interface {
    void execute_task(const mw::TaskRef& task, mw::WorkerId) override {
      mw::Outcome outcome;
      outcome.failure.emplace();
      outcome.failure->cause = mw::Cause::worker_lost;
      outcome.failure->message = "the cable, attempt " + std::to_string(task.attempt());
      host().task_lost(task, std::move(outcome));
    }
  };
  auto master = master_on<Lossy>();
  const auto e = error_of(master, master.submit_task<add>(1, 1));
  CHECK(e.cause() == mw::Cause::worker_lost);
  CHECK(e.message() == "the cable, attempt 4");
}

TEST_CASE("when no worker is possible, waiting tasks and later ones end with the reason", "[seam][P28]") {
  struct Hopeless : mw::Interface {
    mw::Scheduling scheduling() const override { return mw::Scheduling::by_master; }
    void execute_task(const mw::TaskRef&, mw::WorkerId) override {}
    void start() override {
      host().post([this] { host().no_worker_possible("all hosts are down"); });
    }
  };
  auto master = master_on<Hopeless>();
  for (int i = 0; i < 2; ++i) {
    const auto e = error_of(master, master.submit_task<add>(1, 1));
    CHECK(e.cause() == mw::Cause::no_worker);
    CHECK(e.message() == "all hosts are down");
  }
}

TEST_CASE("P9: the contract suite runs on every interface of the table", "[seam][P9]") {
  const auto names = contract::names();
  CHECK(names.size() >= 2);
  if (std::getenv("CPPMW_TEST_SPECS")) return;  // this run is of chosen ones
  const auto tested = specs();
  REQUIRE(tested.size() == names.size());
  for (std::size_t i = 0; i < names.size(); ++i) {
    CHECK(tested[i].substr(0, tested[i].find(':')) == names[i]);
    CHECK(mw::interface(names[i])->name() == names[i]);
  }
}

TEST_CASE("interface specs that make no sense are usage errors that say what would be right", "[seam]") {
  const auto spec =
      GENERATE(as<std::string>{}, "nonsense", "", "multicore:", "multicore:x", "multicore:0", "multicore:-3",
               "multicore:99999999999999999999", "multicore:1.5", "multicore:2,", "multicore:2?threads=0", "multicore:2?threads=x",
               "multicore:2?thread=1", "multicore?threads=70000", "mpi:2?threads=0", "serial:1", ":", "Multicore");
  INFO(spec);
  CHECK_THROWS_AS(mw::interface(spec), mw::UsageError);
}

namespace {

std::int64_t negative(std::int64_t value) { return -value; }

/// Runs a few tasks, then breaks.
struct Fragile : Direct {
  int left = 3;
  void execute_task(const mw::TaskRef& task, mw::WorkerId worker) override {
    if (left-- > 0) return Direct::execute_task(task, worker);
    if (left == -1) host().interface_failed("the cable is cut");
  }
};

struct NeverStarts : Direct {
  void start() override { throw mw::InterfaceError{"no port"}; }
};

}  // namespace

TEST_CASE("slots() counts the workers that are still being started, and those of the interface that came after", "[seam]") {
  mw::Master master{mw::MulticoreInterface{3}};
  CHECK(master.slots() == 3);  // at once
  master.set_interface(mw::interface("multicore:5"));
  CHECK(master.slots() == 5);
  master.set_interface(mw::interface("serial"));
  CHECK(master.slots() == 1);
}

TEST_CASE("an interface that fails: who waits gets an InterfaceError, and every task goes on with another one", "[seam]") {
  auto master = master_on<Fragile>();
  std::vector<mw::Task<std::int64_t>> tasks;
  for (int i = 0; i < 100; ++i) tasks.push_back(master.submit_task<add>(i, 1));
  for (int i = 0; i < 3; ++i) CHECK(master.get_result(tasks[static_cast<std::size_t>(i)]) == i + 1);
  CHECK_THROWS_WITH(master.get_result(tasks[50]), "the interface \"custom\" failed: the cable is cut");
  CHECK_THROWS_AS(master.get_result(std::span<const mw::Task<std::int64_t>>{tasks}.subspan(3)), mw::InterfaceError);
  CHECK_THROWS_AS(
      [&] {
        for (const auto value : master.map<negative>(std::vector<std::int64_t>{1, 2, 3})) static_cast<void>(value);
      }(),
      mw::InterfaceError);
  CHECK(master.get_result(tasks[0]) == 1);  // what is done stays readable
  const auto broken = master.get_status();
  CHECK(broken.interface_status == "error");
  CHECK(broken.interface_error.find("the cable is cut") != std::string::npos);
  CHECK(broken.finished == 3);
  CHECK(broken.running + broken.errors == 0);

  CHECK_THROWS_WITH(master.set_interface(std::make_unique<NeverStarts>()), "no port");
  CHECK_THROWS_AS(master.get_result(tasks[50]), mw::InterfaceError);
  CHECK_THROWS_AS(master.set_interface(nullptr), mw::UsageError);
  CHECK(master.cancel(tasks[99]));

  master.set_interface(mw::interface("multicore:2"));
  for (int i = 0; i < 99; ++i) CHECK(master.get_result(tasks[static_cast<std::size_t>(i)]) == i + 1);
  CHECK(tasks[50].attempts() <= 2);  // one there, if it came so far, and one here
  const auto status = master.get_status();
  CHECK(status.interface_status == "ok");
  CHECK(status.interface_name == "multicore");
  CHECK(status.cancelled >= 1);
}

TEST_CASE("a master whose interface has failed can end, and its tasks are cancelled", "[seam]") {
  mw::Task<std::int64_t> task;
  {
    auto master = master_on<Fragile>();
    for (int i = 0; i < 10; ++i) task = master.submit_task<add>(i, 1);
    CHECK_THROWS_AS(master.get_result(task), mw::InterfaceError);
  }
  CHECK(task.state() == mw::TaskState::cancelled);
}

TEST_CASE("a master moves from one interface to another in mid-run: each task ends once", "[seam][P20]") {
  mw::Master master{mw::interface("multicore:2")};
  std::vector<mw::Task<std::int64_t>> tasks;
  for (int i = 0; i < 300; ++i) tasks.push_back(master.submit_task<add_slowly>(i, 1, 1));
  for (const char* next : {"serial", "multicore:3", "serial", "multicore:1"}) {
    std::this_thread::sleep_for(std::chrono::milliseconds{20});
    master.set_interface(mw::interface(next));
  }
  std::int64_t sum = 0;
  for (int i = 0; i < 300; ++i) sum += master.get_result().result<std::int64_t>();
  CHECK(sum == 300 * 301 / 2);
  CHECK(master.get_status().finished == 300);
  CHECK(master.get_status().lost == 0);
}

TEST_CASE("an interface may give a task back later: it never was given out", "[seam]") {
  struct GivesBack : mw::Interface {
    int given = 0;
    void execute_task(const mw::TaskRef& task, mw::WorkerId) override {
      host().post([this, task] {
        if (given++ % 2 == 0) return host().task_returned(task);
        host().task_returned(
            mw::TaskAccess::make(mw::TaskAccess::record(task), task.attempt() + 7));  // of no attempt that there is
        host().task_finished(task, mw::run_here(task));
        host().task_returned(task);  // too late
      });
    }
  };
  auto master = master_on<GivesBack>();
  std::vector<mw::Task<std::int64_t>> tasks;
  for (int i = 0; i < 50; ++i) tasks.push_back(master.submit_task<add>(i, 1));
  for (int i = 0; i < 50; ++i) {
    CHECK(master.get_result(tasks[static_cast<std::size_t>(i)]) == i + 1);
    CHECK(tasks[static_cast<std::size_t>(i)].attempts() == 1);
  }
  CHECK(master.get_status().attempts == 50);
}

#ifdef MW_HAVE_BOINC
TEST_CASE("a worker build that was made of other sources is given to nobody", "[boinc]") {
  namespace fs = std::filesystem;
  const test::TemporaryFolder folder;
  const fs::path self = fs::read_symlink("/proc/self/exe");
  fs::create_directories(folder.path("workers/x"));
  fs::copy_file("/bin/true", folder.path("workers/x/") + self.filename().string());
  CHECK_THROWS_WITH(mw::Master{mw::interface("boinc:?listen=127.0.0.1:0&state=temporary&workers=" + folder.path("workers"))},
                    Catch::Contains("same sources"));
}
#endif

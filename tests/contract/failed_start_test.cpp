// The contract of every interface: one that fails while it starts is stopped, goes, and takes nothing with it.
#include <catch2/catch.hpp>

#include <sys/resource.h>

#include <memory>
#include <thread>

#include "contract/functions.hpp"
#include "support/errors.hpp"
#include "support/forked.hpp"

using namespace contract;

namespace {

struct Life {
  int stops = 0;
  bool is_gone = false;
};

/// Announces workers, and fails then. It goes on calling until it is stopped.
struct HalfStarted : mw::Interface {
  explicit HalfStarted(Life& life) : life_{life} {}
  ~HalfStarted() override {
    if (thread_.joinable()) thread_.join();
    life_.is_gone = true;
  }
  mw::Scheduling scheduling() const override { return mw::Scheduling::by_master; }
  std::uint32_t expected_slots() const noexcept override { return 50; }
  void execute_task(const mw::TaskRef&, mw::WorkerId) override {
    throw std::logic_error{"a task for an interface that did not start"};
  }
  mw::StatusMap get_status() override { throw std::logic_error{"a question to an interface that did not start"}; }
  void start() override {
    host().worker_joined({"half a worker", "here", 7});
    thread_ = std::thread{[this] {
      for (int i = 0; i < 100; ++i) host().worker_left(host().worker_joined({"half a worker", "here", 7}), {});
      host().worker_joined({"half a worker", "here", 7});
    }};
    throw mw::InterfaceError{"no port"};
  }
  void stop(std::function<void()> stopped) override {
    ++life_.stops;
    thread_.join();
    stopped();
  }

 private:
  Life& life_;
  std::thread thread_;
};

struct FailsAtOnce : mw::Interface {
  void execute_task(const mw::TaskRef& task, mw::WorkerId) override { host().task_finished(task, mw::run_here(task)); }
  void start() override { host().interface_failed("the switch is off"); }
};

struct HasNoName : FailsAtOnce {
  std::string name() const override { throw mw::InterfaceError{"no name"}; }
};

}  // namespace

TEST_CASE("an interface that fails while it starts is stopped before it goes", "[seam][start]") {
  Life life;
  CHECK_THROWS_WITH(mw::Master{std::make_unique<HalfStarted>(life)}, "no port");
  CHECK(life.stops == 1);
  CHECK(life.is_gone);
}

TEST_CASE("after interfaces that fail while they start, another goes on with every task", "[seam][start]") {
  mw::Master master{mw::interface("serial")};
  std::vector<mw::Task<std::int64_t>> tasks;
  for (int i = 0; i < 50; ++i) tasks.push_back(master.submit_task<add_slowly>(i, 1, 1));
  for (int i = 0; i < 3; ++i) {
    Life life;
    CHECK_THROWS_WITH(master.set_interface(std::make_unique<HalfStarted>(life)), "no port");
    CHECK(life.stops == 1);
    CHECK(life.is_gone);
    const auto status = master.get_status();
    CHECK(status.interface_status == "error");
    CHECK(status.interface_error.find("no port") != std::string::npos);
    CHECK(status.running == 0);
    CHECK_THROWS_WITH(master.get_result(tasks[49]), Catch::Contains("no port"));
  }
  tasks.push_back(master.submit_task<add>(50, 1));
  CHECK(master.cancel(master.submit_task<add>(1, 1)));
  master.set_interface(mw::interface("serial"));
  CHECK(master.slots() == 1);
  for (std::size_t i = 0; i < tasks.size(); ++i) CHECK(master.get_result(tasks[i]) == static_cast<std::int64_t>(i) + 1);
  CHECK(master.get_status().errors == 0);
}

TEST_CASE("a master may end after a set_interface that failed", "[seam][start]") {
  mw::Task<std::int64_t> task;
  Life life;
  {
    mw::Master master{mw::interface("serial")};
    CHECK_THROWS_WITH(master.set_interface(std::make_unique<HalfStarted>(life)), "no port");
    task = master.submit_task<add>(1, 1);
  }
  CHECK(life.stops == 1);
  CHECK(task.state() == mw::TaskState::cancelled);
}

TEST_CASE("an interface that says in start() that it has failed is heard, in set_interface, too", "[seam][start]") {
  mw::Master first{std::make_unique<FailsAtOnce>()};
  CHECK_THROWS_WITH(first.get_result(first.submit_task<add>(1, 1)), Catch::Contains("the switch is off"));
  mw::Master second{mw::interface("serial")};
  second.set_interface(std::make_unique<FailsAtOnce>());
  const auto task = second.submit_task<add>(1, 1);
  CHECK_THROWS_WITH(second.get_result(task), Catch::Contains("the switch is off"));
  second.set_interface(mw::interface("serial"));
  CHECK(second.get_result(task) == 2);
}

TEST_CASE("an interface that is refused before it starts leaves the one that was there", "[seam][start]") {
  mw::Master master{mw::interface("serial")};
  CHECK_THROWS_WITH(master.set_interface(std::make_unique<HasNoName>()), "no name");
  CHECK(master.get_result(master.submit_task<add>(1, 1)) == 2);
}

TEST_CASE("multicore without descriptors for its workers, then others: every task has its result", "[seam][start]") {
  CHECK(test::exit_status_of([] {
          const rlimit few{64, 64};
          ::setrlimit(RLIMIT_NOFILE, &few);
          mw::Master master{mw::interface("serial")};
          const auto task = master.submit_task<add_slowly>(1, 1, 20);
          for (int i = 0; i < 2; ++i) {
            try {
              master.set_interface(mw::interface("multicore:40"));
            } catch (const mw::InterfaceError&) {  // the others of its workers are ended
            }
          }
          master.set_interface(mw::interface("multicore:2"));
          return master.get_result(task) == 2 && master.get_result(master.submit_task<add>(1, 2)) == 3 ? 0 : 1;
        }) == 0);
}

#ifdef MW_HAVE_MPI
TEST_CASE("mpi without its mpiexec fails at once, and another interface goes on", "[seam][start]") {
  mw::MpiOptions options;
  options.workers = 2;
  options.mpiexec = "/there/is/no/mpiexec";
  CHECK_THROWS_AS(mw::Master{mw::MpiInterface{options}}, mw::InterfaceError);
  mw::Master master{mw::interface("serial")};
  const auto task = master.submit_task<add_slowly>(1, 1, 20);
  for (int i = 0; i < 2; ++i)
    CHECK_THROWS_AS(master.set_interface(std::make_unique<mw::MpiInterface>(options)), mw::InterfaceError);
  master.set_interface(mw::interface("mpi:1"));
  CHECK(master.get_result(task) == 2);
}
#endif

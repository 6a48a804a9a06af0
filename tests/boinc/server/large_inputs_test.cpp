// Arguments and data files that take long to write and to read: the server does everything else meanwhile.
#include <catch2/catch.hpp>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>
#include <optional>
#include <thread>

#include "boinc/pool.hpp"
#include "support/raw_connection.hpp"

using test::EmulatedVolunteer;
using test::Pool;
using test::status_of;

namespace {

std::string same_text(const std::string& text) { return text; }

std::size_t file_count_in(const std::string& folder) {
  std::size_t count = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator{folder}) ++count;
  return count;
}

/// Asks the server for something small, again and again: the longest answer took as long as the server stood still.
class Prober {
 public:
  explicit Prober(const std::string& url) : connection_{url}, thread_{[this] { run(); }} {}
  ~Prober() {
    is_over_ = true;
    thread_.join();
  }
  Prober(const Prober&) = delete;
  Prober& operator=(const Prober&) = delete;
  /// Milliseconds, since the last call.
  double longest() { return static_cast<double>(longest_us_.exchange(0)) / 1000; }

 private:
  void run() {
    while (!is_over_) {
      const auto start = std::chrono::steady_clock::now();
      connection_.send("GET /get_project_config.php HTTP/1.1\r\nHost: x\r\n\r\n");
      if (connection_.receive_answer().empty()) return;
      const auto taken = std::chrono::steady_clock::now() - start;
      longest_us_ = std::max<std::int64_t>(longest_us_, std::chrono::duration_cast<std::chrono::microseconds>(taken).count());
    }
  }
  test::RawConnection connection_;
  std::atomic<std::int64_t> longest_us_{0};
  std::atomic<bool> is_over_{false};
  std::thread thread_;
};

}  // namespace

TEST_CASE("a task with large arguments travels alone, and the others of its function do not wait for it", "[boinc][server]") {
  Pool pool{"&tasks_per_workunit=0"};
  const std::string large(2'000'000, 'x');
  const auto a = pool.master.submit_task<same_text>(large);
  std::vector<mw::Task<std::string>> others;
  for (const char* text : {"b", "c", "d"}) others.push_back(pool.master.submit_task<same_text>(text));
  REQUIRE(pool.waits_for(4));
  auto volunteer = pool.volunteer("v");
  while (status_of(pool.master, "tasks_waiting") > 0) volunteer.work(test::work_for(volunteer));
  CHECK(pool.master.get_result(a) == large);
  for (std::size_t i = 0; i < others.size(); ++i)
    CHECK(pool.master.get_result(others[i]) == std::string(1, static_cast<char>('b' + i)));
  CHECK(status_of(pool.master, "workunits") >= 2);
  CHECK(test::eventually([&] { return file_count_in(pool.folders.path("state/download")) == 0; }));
}

TEST_CASE("a task with large arguments that is cancelled leaves no file, whenever that is", "[boinc][server]") {
  Pool pool;
  const std::string large(2'000'000, 'x');
  const auto none_left = [&] { return file_count_in(pool.folders.path("state/download")) == 0; };
  {
    const auto at_once = pool.master.submit_task<same_text>(large);
    CHECK(pool.master.cancel(at_once));
    const auto waiting = pool.master.submit_task<same_text>(large);
    REQUIRE(pool.waits_for(1));
    CHECK(pool.master.cancel(waiting));
    CHECK(test::eventually(none_left));
  }
  const auto sent = pool.master.submit_task<same_text>(large);
  REQUIRE(pool.waits_for(1));
  auto volunteer = pool.volunteer("v");
  const auto work = test::work_for(volunteer);
  CHECK(file_count_in(pool.folders.path("state/download")) == 1);
  CHECK(pool.master.cancel(sent));
  volunteer.fail(work, 0, 203);  // it has heard of that, and gives it up
  volunteer.send();
  CHECK(test::eventually(none_left));
}

TEST_CASE("a run that goes on finds its large arguments again, and their results", "[boinc][server]") {
  const test::ProjectFolders folders;
  const std::string large(2'000'000, 'x'), other(2'000'000, 'y');
  std::ofstream{folders.path("data")} << "data";
  const auto submit = [&](mw::Master& master, const std::string& text) {
    return master.submit_task<same_text>({.files = {{folders.path("data"), "a"}, {folders.path("data"), "b"}}}, text);
  };
  std::optional<mw::Master> master{mw::interface(folders.spec())};
  {
    const auto done = submit(*master, large), waiting = submit(*master, other);
    REQUIRE(test::eventually([&] { return status_of(*master, "tasks_waiting") == 2; }));
    EmulatedVolunteer volunteer{test::url_of(*master), folders.key(), "v"};
    volunteer.work(test::work_for(volunteer));
    CHECK(master->get_result(done) == large);
    master.reset();
  }
  master.emplace(mw::interface(folders.spec()));
  const auto done = submit(*master, large), waiting = submit(*master, other);
  CHECK(master->get_result(done) == large);  // nobody has computed it again
  REQUIRE(test::eventually([&] { return status_of(*master, "tasks_waiting") == 1; }));
  EmulatedVolunteer volunteer{test::url_of(*master), folders.key(), "w"};
  const auto work = test::work_for(volunteer);
  CHECK(work.workunits.at(0).files.size() == 2);  // its arguments, and the data file once
  volunteer.work(work);
  CHECK(master->get_result(waiting) == other);
}

TEST_CASE("a large result that was changed since is computed again after a restart", "[boinc][server]") {
  const test::ProjectFolders folders;
  const std::string large(2'000'000, 'x');
  std::optional<mw::Master> master{mw::interface(folders.spec())};
  {
    const auto open = master->submit_task<same_text>("open"), task = master->submit_task<same_text>(large);
    REQUIRE(test::eventually([&] { return status_of(*master, "tasks_waiting") == 2; }));
    EmulatedVolunteer volunteer{test::url_of(*master), folders.key(), "v"};
    auto work = test::work_for(volunteer);
    for (std::size_t i = 0; work.workunits.at(0).files.size() > 0 && i < 2; ++i, work = test::work_for(volunteer)) {
      if (volunteer.input_of(work).size() > large.size()) break;  // the other one stays with its host
    }
    volunteer.work(work);
    CHECK(master->get_result(task) == large);
    master.reset();
  }
  for (const auto& entry : std::filesystem::directory_iterator{folders.path("state/upload")})
    std::ofstream{entry.path(), std::ios::app} << "more";
  master.emplace(mw::interface(folders.spec()));
  const auto task = master->submit_task<same_text>(large);
  REQUIRE(test::eventually([&] { return status_of(*master, "tasks_waiting") == 1; }));
  EmulatedVolunteer volunteer{test::url_of(*master), folders.key(), "w"};
  volunteer.work(test::work_for(volunteer));
  CHECK(master->get_result(task) == large);
}

TEST_CASE("a data file that is gone ends its task, beside the loop too", "[boinc][server]") {
  Pool pool;
  const std::string path = pool.folders.path("data");
  std::ofstream{path} << "data";
  // Taken away between submit_task, which looks at it, and the copy.
  std::vector<mw::Task<std::string>> before;
  for (int i = 0; i < 50; ++i)
    before.push_back(pool.master.submit_task<same_text>({.files = {{path, "a"}}}, std::string(1'500'000, 'x')));
  const auto task = pool.master.submit_task<same_text>({.files = {{path, "a"}}}, "small");
  std::filesystem::remove(path);
  CHECK_THROWS_WITH(pool.master.get_result(task), Catch::Contains("the data file " + path));
}

// By hand: boinc_tests "[measure]"
TEST_CASE("how long the server stands still for large arguments, data files and results", "[.][measure]") {
  constexpr std::size_t size = 200'000'000;
  const std::string text(size, 'x');
  const test::ProjectFolders folders;
  std::optional<mw::Master> master{mw::interface(folders.spec())};
  std::optional<Prober> prober{test::url_of(*master)};
  const auto say = [&](const char* what) { std::cout << what << ": " << prober->longest() << " ms\n"; };
  std::this_thread::sleep_for(std::chrono::seconds{1});
  say("nothing");
  auto task = std::make_unique<mw::Task<std::string>>(master->submit_task<same_text>(text));
  constexpr std::chrono::seconds limit{120};
  REQUIRE(test::eventually([&] { return status_of(*master, "tasks_waiting") == 1; }, limit));
  say("arguments submitted");
  EmulatedVolunteer a{test::url_of(*master), folders.key(), "a"};
  const auto reply = test::work_for(a);
  say("arguments put into a workunit");
  const std::string content = test::text_of(test::answer_to(a.input_of(reply).span()));
  say("arguments downloaded");
  a.upload(EmulatedVolunteer::head_of(EmulatedVolunteer::output_of(reply), content), content);
  say("result uploaded");
  a.finish(reply, 0, content);
  const auto other = master->submit_task<same_text>("other");  // open at the end
  a.send();
  REQUIRE(test::eventually([&] { return status_of(*master, "results_valid") == 1; }, limit));
  REQUIRE(master->get_result(*task).size() == size);
  say("result reported");
  prober.reset();
  task.reset();
  master.reset();
  master.emplace(mw::interface(folders.spec()));
  prober.emplace(test::url_of(*master));
  REQUIRE(master->get_result(master->submit_task<same_text>(text)).size() == size);
  say("result read back after a restart");
  std::ofstream{folders.path("data")} << text;
  const auto with_file = master->submit_task<same_text>({.files = {{folders.path("data"), "data"}}}, "with a file");
  REQUIRE(test::eventually([&] { return status_of(*master, "tasks_waiting") == 1; }, limit));
  say("data file copied");
}

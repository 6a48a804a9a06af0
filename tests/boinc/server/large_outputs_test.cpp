// Outputs that take long to read and compare: the server does everything else meanwhile.
#include <catch2/catch.hpp>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <mutex>
#include <optional>
#include <thread>

#include "boinc/pool.hpp"
#include "registry/registry.hpp"
#include "support/raw_connection.hpp"

using test::EmulatedVolunteer;
using test::Pool;
using test::status_of;

namespace {

/// Where whoever looks into an output waits until the test lets him go on.
class Gate {
 public:
  /// False if nobody opened it.
  bool pass() {
    std::unique_lock lock{mutex_};
    ++waiting_;
    const bool is_open = opened_.wait_for(lock, std::chrono::seconds{30}, [this] { return is_open_; });
    --waiting_;
    return is_open;
  }
  void close() { set(false); }
  void open() { set(true); }
  int waiting() {
    std::lock_guard lock{mutex_};
    return waiting_;
  }

 private:
  void set(bool is_open) {
    std::lock_guard lock{mutex_};
    is_open_ = is_open;
    opened_.notify_all();
  }

  std::mutex mutex_;
  std::condition_variable opened_;
  bool is_open_ = true;
  int waiting_ = 0;
};

Gate gate;

/// Open again, whatever becomes of the test.
struct Closed {
  Closed() { gate.close(); }
  ~Closed() { gate.open(); }
};

/// A value that takes as long to decode as the test wants.
struct Heavy {
  std::string text;
  template <class Archive>
  void save(Archive& archive) const {
    archive(text);
  }
  template <class Archive>
  void load(Archive& archive) {
    if (!gate.pass()) throw std::runtime_error{"nobody opened the gate"};
    archive(text);
  }
};

constexpr std::uint64_t large_size = 1'100'000;
Heavy heavy(std::uint64_t size) { return {std::string(size, 'x')}; }
std::string long_text(std::uint64_t size) { return std::string(size, 'x'); }
std::int64_t twofold(std::int64_t x) { return 2 * x; }

bool is_being_compared() {
  return test::eventually([] { return gate.waiting() > 0; });
}

/// Computes and uploads what it was given; the next request reports it.
void prepare(EmulatedVolunteer& volunteer, const mw::boinc::SchedulerReply& reply) {
  const std::string content = test::text_of(test::answer_to(volunteer.input_of(reply).span()));
  if (volunteer.upload(EmulatedVolunteer::head_of(EmulatedVolunteer::output_of(reply), content), content).status !=
      mw::boinc::UploadStatus::done)
    throw std::runtime_error{"an upload was refused"};
  volunteer.finish(reply, 0, content);
}

bool is_listening(const std::string& url) {
  try {
    test::RawConnection{url};
    return true;
  } catch (const std::runtime_error&) {
    return false;
  }
}

}  // namespace

TEST_CASE("while a large output is compared, other volunteers are served", "[boinc][server]") {
  Pool pool;
  const auto task = pool.master.submit_task<heavy>(large_size);
  REQUIRE(pool.waits_for(1));
  auto a = pool.volunteer("a"), b = pool.volunteer("b");
  const auto reply = a.ask_for_work();
  prepare(a, reply);
  const Closed closed;
  CHECK(a.send().acknowledged.size() == 1);
  REQUIRE(is_being_compared());
  const auto other = pool.master.submit_task<twofold>(21);
  REQUIRE(pool.waits_for(1));
  CHECK(b.work() == 1);
  CHECK(pool.master.get_result(other) == 42);
  CHECK(gate.waiting() == 1);
  // What comes again meanwhile is known.
  a.finish(reply, 0, "anything");
  CHECK(a.send().acknowledged.size() == 1);
  gate.open();
  CHECK(pool.master.get_result(task).text.size() == large_size);
  CHECK(test::eventually([&] { return status_of(pool.master, "results_valid") == 2; }));
  CHECK(test::eventually([&] { return status_of(pool.master, "instances_reported") == 2; }));
}

TEST_CASE("a copy that comes while the others are compared is compared, too", "[boinc][server]") {
  Pool pool{"&quorum=2&target=3"};
  const auto task = pool.master.submit_task<heavy>(large_size);
  REQUIRE(pool.waits_for(1));
  auto a = pool.volunteer("a"), b = pool.volunteer("b"), c = pool.volunteer("c");
  for (EmulatedVolunteer* one : {&a, &b, &c}) prepare(*one, test::work_for(*one));
  const Closed closed;
  a.send();
  b.send();
  REQUIRE(is_being_compared());
  CHECK(c.send().acknowledged.size() == 1);
  gate.open();
  CHECK(pool.master.get_result(task).text.size() == large_size);
  CHECK(test::eventually([&] { return status_of(pool.master, "results_valid") == 3; }));
}

TEST_CASE("deadlines are kept while outputs are compared", "[boinc][server]") {
  Pool pool{"&quorum=2&target=3&delay_bound_s=1"};
  const auto task = pool.master.submit_task<heavy>(large_size);
  REQUIRE(pool.waits_for(1));
  auto a = pool.volunteer("a"), b = pool.volunteer("b"), silent = pool.volunteer("silent");
  for (EmulatedVolunteer* one : {&a, &b}) prepare(*one, test::work_for(*one));
  test::work_for(silent);
  const Closed closed;
  a.send();
  b.send();
  REQUIRE(is_being_compared());
  CHECK(test::eventually([&] { return status_of(pool.master, "results_timed_out") > 0; }));
  CHECK(gate.waiting() == 1);
  gate.open();
  CHECK(pool.master.get_result(task).text.size() == large_size);
}

TEST_CASE("a task that is cancelled while its output is compared leaves nothing", "[boinc][server]") {
  Pool pool;
  const auto task = pool.master.submit_task<heavy>(large_size);
  REQUIRE(pool.waits_for(1));
  auto a = pool.volunteer("a");
  prepare(a, a.ask_for_work());
  const Closed closed;
  a.send();
  REQUIRE(is_being_compared());
  CHECK(pool.master.cancel(task));
  CHECK(test::eventually([&] { return std::filesystem::is_empty(pool.folders.path("state/upload")); }));
  CHECK(gate.waiting() == 1);
  gate.open();
  // Its verdict comes to nothing, and the server goes on.
  const auto next = pool.master.submit_task<heavy>(large_size + 1);
  REQUIRE(pool.waits_for(1));
  CHECK(a.work() == 1);
  CHECK(pool.master.get_result(next).text.size() == large_size + 1);
  CHECK(test::eventually([&] { return status_of(pool.master, "results_valid") == 1; }));
}

TEST_CASE("an output that was being compared when the program ended counts in its next run", "[boinc][server]") {
  const test::ProjectFolders folders;
  std::optional<mw::Master> master{mw::interface(folders.spec())};
  static_cast<void>(master->submit_task<heavy>(large_size));
  REQUIRE(test::eventually([&] { return status_of(*master, "tasks_waiting") == 1; }));
  const std::string url = test::url_of(*master);
  EmulatedVolunteer a{url, folders.key(), "a"};
  prepare(a, a.ask_for_work());
  {
    const Closed closed;
    a.send();
    REQUIRE(is_being_compared());
    std::thread end{[&] { master.reset(); }};
    const bool has_ended = test::eventually([&] { return !is_listening(url); });
    gate.open();
    end.join();
    CHECK(has_ended);
  }
  master.emplace(mw::interface(folders.spec()));
  const auto task = master->submit_task<heavy>(large_size);
  CHECK(master->get_result(task).text.size() == large_size);  // there is no volunteer
}

TEST_CASE("an output that decodes to no result is an error of its host's, however large_size it is", "[boinc][server]") {
  Pool pool{"&max_error=1"};
  const auto task = pool.master.submit_task<heavy>(large_size);
  REQUIRE(pool.waits_for(1));
  auto liar = pool.volunteer("liar"), honest = pool.volunteer("honest");
  const auto reply = liar.ask_for_work();
  const std::string noise(2 * large_size, 'y');
  mw::Bytes answer;
  mw::wire::append(answer, mw::wire::Result{1, 0, 1, {}, {}, std::as_bytes(std::span{noise})});
  mw::wire::append(answer, mw::wire::Bye{});
  const std::string content = test::text_of(answer);
  CHECK(liar.upload(EmulatedVolunteer::head_of(EmulatedVolunteer::output_of(reply), content), content).status ==
        mw::boinc::UploadStatus::done);
  liar.finish(reply, 0, content);
  liar.send();
  CHECK(test::eventually([&] { return status_of(pool.master, "results_error") == 1; }));
  honest.work(test::work_for(honest));
  CHECK(pool.master.get_result(task).text.size() == large_size);
}

TEST_CASE("a validator of the user's is called once at a time", "[boinc][server]") {
  static std::atomic<int> inside{0}, most_inside{0};
  const test::ProjectFolders folders;
  mw::BoincOptions options{.listen = "127.0.0.1:0", .state = folders.path("state"), .workers = folders.path("workers")};
  options.quorum = 2;
  options.tasks_per_workunit = 1;
  options.one_vote = mw::OneVote::host;
  options.validator = [](const mw::ResultPair& pair) {
    most_inside = std::max(most_inside.load(), ++inside);
    if (pair.first.size() > large_size) gate.pass();
    --inside;
    return pair.first.size() == pair.second.size();
  };
  mw::Master master{mw::BoincInterface{options}};
  const auto slow = master.submit_task<long_text>(large_size);
  REQUIRE(test::eventually([&] { return status_of(master, "tasks_waiting") == 1; }));
  EmulatedVolunteer a{test::url_of(master), folders.key(), "a"}, b{test::url_of(master), folders.key(), "b"};
  // Two answers that say the same in other words: with equal ones nobody would ask the validator.
  const auto answer = [](EmulatedVolunteer& volunteer, const mw::boinc::SchedulerReply& reply, std::uint64_t run_ns) {
    const mw::Bytes input = volunteer.input_of(reply);
    const auto task = mw::wire::parse_bundle(input.span()).tasks.at(0);
    const mw::Bytes value = mw::registry::find(task.function)->call(task.arguments);
    mw::Bytes bytes;
    mw::wire::append(bytes, mw::wire::Result{task.id, task.attempt, run_ns, {}, {}, value.span()});
    mw::wire::append(bytes, mw::wire::Bye{});
    const std::string content = test::text_of(bytes);
    volunteer.upload(EmulatedVolunteer::head_of(EmulatedVolunteer::output_of(reply), content), content);
    volunteer.finish(reply, 0, content);
    volunteer.send();
  };
  const auto first = test::work_for(a), second = test::work_for(b);
  const Closed closed;
  answer(a, first, 1);
  answer(b, second, 2);
  REQUIRE(is_being_compared());
  const auto quick = master.submit_task<twofold>(4);
  REQUIRE(test::eventually([&] { return status_of(master, "tasks_waiting") == 1; }));
  answer(a, test::work_for(a), 1);
  answer(b, test::work_for(b), 2);
  CHECK(gate.waiting() == 1);
  gate.open();
  CHECK(master.get_result(slow).size() == large_size);
  CHECK(master.get_result(quick) == 8);
  CHECK(most_inside == 1);
}

// Who a volunteer's host is, what it may have, and what its word is worth: over HTTP, and the policy behind it.
#include <catch2/catch.hpp>

#include <cmath>

#include "boinc/key_ring.hpp"
#include "boinc/policy/estimate.hpp"
#include "boinc/policy/trust.hpp"
#include "boinc/policy/voter.hpp"
#include "boinc/pool.hpp"
#include "sqlite/database.hpp"
#include "support/captured_stderr.hpp"

using namespace std::chrono_literals;
using namespace mw::boinc;
using test::EmulatedVolunteer;
using test::status_of;

namespace {

std::int64_t third_power(std::int64_t x) { return x * x * x; }
std::vector<std::int64_t> two_of(std::int64_t x) { return {x, x}; }

struct PowersPool : test::Pool {
  using test::Pool::Pool;
  std::vector<mw::Task<std::int64_t>> submit(std::int64_t count) {
    std::vector<mw::Task<std::int64_t>> tasks;
    for (std::int64_t i = 0; i < count; ++i) tasks.push_back(master.submit_task<third_power>(i));
    if (!waits_for(count)) throw std::runtime_error{"nothing waits"};
    return tasks;
  }
  void all_right(const std::vector<mw::Task<std::int64_t>>& tasks) {
    for (std::size_t i = 0; i < tasks.size(); ++i) {
      const auto x = static_cast<std::int64_t>(i);
      CHECK(master.get_result(tasks[i]) == x * x * x);
    }
  }
};

/// An output whose tasks all have this value.
std::string answer_with(const mw::Bytes& input, std::span<const std::byte> value, std::uint64_t run_ns) {
  mw::Bytes answer;
  for (const mw::wire::Task& task : mw::wire::parse_bundle(input.span()).tasks)
    mw::wire::append(answer, mw::wire::Result{task.id, task.attempt, run_ns, {}, {}, value});
  mw::wire::append(answer, mw::wire::Bye{});
  return test::text_of(answer);
}

void send(EmulatedVolunteer& volunteer, const SchedulerReply& reply, const std::string& content, std::size_t index = 0) {
  const auto& file = EmulatedVolunteer::output_of(reply, index);
  REQUIRE(volunteer.upload(EmulatedVolunteer::head_of(file, content), content).status == UploadStatus::done);
  volunteer.finish(reply, index, content);
}

}  // namespace

TEST_CASE("a host is its number and what only it was told: another one gets neither its work nor its trust", "[boinc][server]") {
  PowersPool pool;
  const auto tasks = pool.submit(1);
  auto honest = pool.volunteer("honest");
  const auto work = honest.ask_for_work();
  REQUIRE(work.instances.size() == 1);
  auto thief = pool.volunteer("thief");
  thief.request.host_id = honest.request.host_id;
  thief.request.rpc_seqno = 1'000'000;
  thief.request.cross_project_id = "0123456789abcdef0123456789abcdef";
  const auto stolen = thief.ask_for_work();
  CHECK(stolen.instances.empty());
  CHECK(stolen.host_id != honest.request.host_id);
  CHECK(stolen.host_id != 0);
  // What it reports as that host's does not count, and that host goes on as before.
  thief.request.host_id = honest.request.host_id;
  thief.fail(work, 0, 1);
  thief.send();
  const std::int64_t number = honest.request.host_id;
  honest.work(work);
  CHECK(honest.request.host_id == number);
  pool.all_right(tasks);
}

TEST_CASE("a client whose state was set back is a new host, and what it has lost is done all the same", "[boinc][server][P20]") {
  PowersPool pool;
  const auto tasks = pool.submit(3);
  auto volunteer = pool.volunteer("a");
  volunteer.send();
  const SchedulerRequest before = volunteer.request;
  for (int i = 0; i < 3; ++i) REQUIRE(volunteer.ask_for_work().instances.size() == 1);
  volunteer.request = before;
  std::size_t done = 0;
  REQUIRE(test::eventually([&] { return (done += volunteer.work()) == 3; }));
  CHECK(volunteer.request.host_id != before.host_id);
  pool.all_right(tasks);
}

TEST_CASE("a client that attaches anew is not waited for under its old number", "[boinc][server][P20]") {
  PowersPool pool;
  const auto tasks = pool.submit(2);
  auto first = pool.volunteer("a");
  REQUIRE(first.ask_for_work().instances.size() == 1);
  auto again = pool.volunteer("a");
  std::size_t done = 0;
  REQUIRE(test::eventually([&] { return (done += again.work()) == 2; }));
  pool.all_right(tasks);
}

TEST_CASE("what a host computed under its old number still counts", "[boinc][server]") {
  PowersPool pool;
  const auto tasks = pool.submit(1);
  auto volunteer = pool.volunteer("a");
  volunteer.send();
  const auto work = volunteer.ask_for_work();
  REQUIRE(work.instances.size() == 1);
  volunteer.request.rpc_seqno = -1;
  const auto reply = volunteer.send();
  CHECK(reply.host_id != 0);
  CHECK(reply.aborted.empty());
  volunteer.work(work);
  pool.all_right(tasks);
}

TEST_CASE("hosts behind one range of addresses have one vote", "[boinc][server]") {
  PowersPool pool{"&quorum=2&one_vote=addresses"};
  const auto tasks = pool.submit(1);
  auto first = pool.volunteer("a"), second = pool.volunteer("b");
  CHECK(first.work() == 1);
  CHECK(second.work() == 0);
  CHECK(second.work() == 0);
  CHECK(!tasks.front().done());
}

TEST_CASE("one who keeps two numbers of one machine has one vote", "[boinc][server]") {
  PowersPool pool{"&quorum=2&one_vote=addresses"};
  const auto tasks = pool.submit(1);
  auto first = pool.volunteer("a");
  const auto kept = first.ask_for_work();
  REQUIRE(kept.instances.size() == 1);
  auto again = pool.volunteer("a");  // attached anew: what the first one has is given up
  const auto own = test::work_for(again);
  CHECK(own.workunits[0].name == kept.workunits[0].name);
  const bool is_late = GENERATE(true, false);
  is_late ? again.work(own) : first.work(kept);
  is_late ? first.work(kept) : again.work(own);
  CHECK(test::eventually([&] { return status_of(pool.master, "instances_reported") == 2; }));
  CHECK(status_of(pool.master, "results_valid") == 0);
  CHECK(!tasks.front().done());
}

TEST_CASE("a quorum that the hosts' votes cannot fill is told", "[boinc][server]") {
  const std::string said = test::stderr_of([] {
    PowersPool pool{"&quorum=2&one_vote=addresses"};
    const auto tasks = pool.submit(1);
    auto first = pool.volunteer("a"), second = pool.volunteer("b");
    CHECK(first.work() == 1);
    CHECK(second.work() == 0);
  });
  CHECK_THAT(said, Catch::Contains("2 must agree, and the 2 hosts that were here in the last hour have 1 vote(s)"));
  CHECK_THAT(said, Catch::Contains("one_vote=host"));
}

TEST_CASE("with keys of their own volunteers have a vote each, and the shared key opens nothing", "[boinc][server]") {
  PowersPool pool{"&quorum=2&keys=each&one_vote=account"};
  const auto tasks = pool.submit(1);
  const auto key_for = [&](const std::string& name) {
    std::string key;
    std::ifstream{KeyRing::add(pool.folders.path("state/keys"), name)} >> key;
    return key;
  };
  CHECK(pool.volunteer("shared").work() == 0);
  const std::string alice = key_for("alice"), bob = key_for("bob");
  EmulatedVolunteer first{test::url_of(pool.master), alice, "a"}, sybil{test::url_of(pool.master), alice, "b"},
      second{test::url_of(pool.master), bob, "c"};
  CHECK(first.work() == 1);
  CHECK(sybil.work() == 0);
  CHECK(second.work() == 1);
  pool.all_right(tasks);
  std::filesystem::remove(pool.folders.path("state/keys/bob"));
  CHECK(second.send().messages.front().text.find("account key") != std::string::npos);
  CHECK(test::eventually([&] { return first.send().user.name == "alice"; }));
}

TEST_CASE("whatever a host says of its processors, it gets what it has shown it can do", "[boinc][server]") {
  PowersPool pool{"&workunits_per_processor=1000"};
  const auto tasks = pool.submit(300);
  auto volunteer = pool.volunteer("boaster");
  volunteer.request.host.ncpus = 1'000'000;
  volunteer.request.cpu_req_instances = 1e6;
  auto reply = volunteer.ask_for_work(1e9);
  CHECK(reply.instances.size() == HostRecord::newcomers_share);
  CHECK(volunteer.ask_for_work(1e9).instances.empty());
  std::size_t done = volunteer.work(reply);
  reply = volunteer.ask_for_work(1e9);
  CHECK(reply.instances.size() > HostRecord::newcomers_share);
  while (done < 300) {
    done += volunteer.work(reply);
    reply = volunteer.ask_for_work(1e9);
    REQUIRE(reply.instances.size() <= 64);
  }
  pool.all_right(tasks);
}

TEST_CASE("new hosts of one voter do not have all the work, however many they are", "[boinc][server]") {
  PowersPool pool{"&keys=each&one_vote=account&workunits_per_processor=1000"};
  const auto key_for = [&](const std::string& name) {
    std::string key;
    std::ifstream{KeyRing::add(pool.folders.path("state/keys"), name)} >> key;
    return key;
  };
  const auto tasks = pool.submit(90);
  const std::string hoarder = key_for("hoarder"), honest = key_for("honest");
  std::vector<std::pair<EmulatedVolunteer, SchedulerReply>> hosts;
  std::size_t held = 0;
  for (int i = 0; i < 15; ++i) {
    EmulatedVolunteer host{test::url_of(pool.master), hoarder, "hoarder " + std::to_string(i)};
    host.request.host.ncpus = 100;
    auto reply = host.ask_for_work(1e9);
    held += reply.instances.size();
    hosts.emplace_back(std::move(host), std::move(reply));
  }
  CHECK(held == HostRecord::newcomers_together);
  CHECK(hosts.back().second.messages.front().text.find("as many tasks as they may") != std::string::npos);
  EmulatedVolunteer other{test::url_of(pool.master), honest, "other"};
  std::size_t done = 0;
  CHECK(test::eventually([&] { return (done += other.work()) == tasks.size() - held; }));
  // What is done makes room for more of theirs.
  for (auto& [host, reply] : hosts) host.work(reply);
  pool.all_right(tasks);
}

TEST_CASE("numbers that cannot be are cut where they enter, and end nothing", "[boinc][server]") {
  PowersPool pool;
  const auto tasks = pool.submit(4);
  auto liar = pool.volunteer("liar");
  liar.request.host.fpops = 1.7e308;
  liar.request.host.memory = 1e308;
  for (int i = 0; i < 2; ++i) {
    const auto reply = liar.ask_for_work();
    REQUIRE(reply.instances.size() == 1);
    const std::int64_t x = i;
    send(liar, reply, answer_with(liar.input_of(reply), mw::encode(x * x * x).span(), std::uint64_t{1} << 63));
    liar.request.results.back().elapsed_seconds = 1e300;
    liar.request.results.back().cpu_seconds = -1e300;
    liar.send();
  }
  auto honest = pool.volunteer("honest");
  std::size_t done = 0;
  REQUIRE(test::eventually([&] { return (done += honest.work()) == 2; }));
  pool.all_right(tasks);
  CHECK(tasks.front().run_time() < 60s);
  const auto shown = liar.send().user;
  CHECK(std::isfinite(shown.host_total_credit));
  CHECK(shown.host_total_credit < 1e6);
  CHECK(honest.send().user.host_total_credit > 0);
}

TEST_CASE("what does not decode to the function's result is the host's error, not the program's", "[boinc][server]") {
  PowersPool pool;
  const auto task = pool.master.submit_task<two_of>(7);
  REQUIRE(test::eventually([&] { return status_of(pool.master, "tasks_waiting") == 1; }));
  auto liar = pool.volunteer("liar");
  const auto reply = liar.ask_for_work();
  // A list that says it has more than there is.
  send(liar, reply, answer_with(liar.input_of(reply), mw::encode(std::uint64_t{1} << 60).span(), 5));
  liar.send();
  CHECK(status_of(pool.master, "results_valid") == 0);
  CHECK(test::eventually([&] { return status_of(pool.master, "results_error") == 1; }));
  auto honest = pool.volunteer("honest");
  CHECK(honest.work() == 1);
  CHECK(pool.master.get_result(task) == std::vector<std::int64_t>{7, 7});
}

TEST_CASE("one who comes again and again under new names does not use up a task's attempts", "[boinc][server][P37]") {
  PowersPool pool{"&one_vote=addresses&max_error=1"};
  const auto tasks = pool.submit(20);
  std::size_t failed = 0;
  for (int i = 0; i < 30; ++i) {
    auto sybil = pool.volunteer("sybil " + std::to_string(i));
    sybil.request.host.ncpus = 100;
    const auto reply = sybil.ask_for_work(1e9);
    for (std::size_t k = 0; k < reply.instances.size(); ++k) sybil.fail(reply, k, 1);
    failed += reply.instances.size();
    sybil.send();
  }
  CHECK(failed > 0);
  CHECK(failed < 40);  // of the 600 that there could have been: newcomers from there get no work for a while
  for (const auto& task : tasks) CHECK(!task.done());
}

TEST_CASE("a stock client's manager is told the user's name and the credit that is recorded", "[boinc][server]") {
  PowersPool pool;
  const auto tasks = pool.submit(1);
  auto volunteer = pool.volunteer("a");
  CHECK(volunteer.work() == 1);
  pool.all_right(tasks);
  const auto user = volunteer.send().user;
  CHECK(user.name == "volunteer");
  CHECK(user.created_s > 1'500'000'000);
  CHECK(user.total_credit > 0);
  CHECK(user.host_total_credit == Approx(user.total_credit));
}

TEST_CASE("what goes wrong with one request is that request's error, and the project goes on", "[boinc][server]") {
  PowersPool pool;
  const auto tasks = pool.submit(3);
  // A host that the database does not take stands for every mistake of ours.
  mw::sqlite::Database{pool.folders.path("state/project.db")}.execute(
      "CREATE TRIGGER cursed BEFORE INSERT ON host WHEN NEW.name = 'cursed' BEGIN SELECT RAISE(ABORT, 'cursed'); END");
  auto honest = pool.volunteer("honest");
  CHECK(honest.work() == 1);
  auto cursed = pool.volunteer("cursed");
  const auto reply = cursed.ask_for_work();
  CHECK(reply.host_id == 0);
  CHECK(reply.instances.empty());
  CHECK(reply.request_delay_s > 0);
  CHECK(honest.work() == 1);
  CHECK(honest.work() == 1);
  pool.all_right(tasks);
}

TEST_CASE("an agreed result that is changed on the disk is computed again, not believed", "[boinc][server]") {
  PowersPool pool{"&quorum=2"};
  const auto tasks = pool.submit(1);
  auto first = pool.volunteer("a"), second = pool.volunteer("b"), third = pool.volunteer("c"), fourth = pool.volunteer("d");
  CHECK(first.work() == 1);
  mw::sqlite::Database{pool.folders.path("state/project.db")}.execute(
      "UPDATE output SET bytes = zeroblob(length(bytes)) WHERE instance = 1");
  CHECK(second.work() == 1);
  // What the first one sent cannot be read any more: it is an error, and another is asked.
  CHECK(third.work() == 1);
  pool.all_right(tasks);
  CHECK(fourth.work() == 0);
}

TEST_CASE("near the end an idle host gets a copy of what is out for too long, and the first valid answer wins",
          "[boinc][server][P23]") {
  PowersPool pool{"&another_after_s=0.2"};
  const auto tasks = pool.submit(1);
  auto silent = pool.volunteer("silent"), idle = pool.volunteer("idle"), third = pool.volunteer("third");
  const auto kept = silent.ask_for_work();
  REQUIRE(kept.instances.size() == 1);
  CHECK(test::eventually([&] { return status_of(pool.master, "instances_in_progress") == 1; }));
  CHECK(status_of(pool.master, "instances_until") == kept.instances[0].deadline_s);
  SchedulerReply another;
  REQUIRE(test::eventually([&] { return !(another = idle.ask_for_work()).instances.empty(); }));
  CHECK(another.workunits[0].name == kept.workunits[0].name);
  CHECK(third.ask_for_work().instances.empty());
  CHECK(idle.work(another) == 1);
  pool.all_right(tasks);
  silent.work(kept);  // too late, and no harm
  CHECK(test::eventually([&] { return status_of(pool.master, "instances_another") == 1; }));
  CHECK(test::eventually([&] { return status_of(pool.master, "results_valid") == 2; }));
}

TEST_CASE("ranges of addresses are what one person can have all of", "[boinc][policy]") {
  const auto range = [](const char* address) { return address_range(boost::asio::ip::make_address(address)); };
  CHECK(range("203.0.113.7") == range("203.0.113.200"));
  CHECK(range("203.0.113.7") != range("203.0.114.7"));
  CHECK(range("::ffff:203.0.113.7") == range("203.0.113.7"));
  CHECK(range("192.168.1.7") != range("192.168.1.8"));
  CHECK(range("127.0.0.1") == range("127.9.9.9"));
  CHECK(range("::1") == range("127.0.0.1"));
  CHECK(range("2001:db8:1:2::3") == range("2001:db8:1:ffff::9"));
  CHECK(range("2001:db8:1::3") != range("2001:db8:2::3"));
  CHECK(range("fd00::1") != range("fd00::2"));
}

TEST_CASE("one voter moves an estimate by a bounded factor, however often it speaks", "[boinc][policy]") {
  const double lie = GENERATE(1e300, 0.0, 1e21, -1.0, std::nan(""));
  Estimate estimate;
  for (const char* honest : {"a", "b"}) estimate.learn(honest, 1e9);
  for (int i = 0; i < 1000; ++i) estimate.learn("liar", lie);
  CHECK(estimate.value() <= 8e9);
  CHECK(estimate.value() >= 1e9 / 8);
  Estimate alone{1e9};
  CHECK(alone.value() == 1e9);
  for (int i = 0; i < 1000; ++i) alone.learn("liar", 1e300);
  CHECK(alone.value() == 8e9);
  for (int i = 0; i < 30; ++i)
    for (const char* honest : {"a", "b", "c"}) alone.learn(honest, 1e9);
  CHECK(alone.value() == Approx(1e9).epsilon(0.5));
}

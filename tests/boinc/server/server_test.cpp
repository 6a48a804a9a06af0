// The project server, over HTTP on loopback: what volunteers do, what hostile ones try, and what must not be lost.
#include <catch2/catch.hpp>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmath>
#include <thread>

#include "boinc/pool.hpp"
#include "support/errors.hpp"

using namespace std::chrono_literals;
using test::EmulatedVolunteer;
using test::Pool;
using test::status_of;
using test::url_of;

namespace {

std::int64_t square(std::int64_t x) { return x * x; }
double root(double x) { return std::sqrt(x); }
std::string text_of_size(std::uint64_t size) { return std::string(size, 'x'); }
int throw_here(int x) { throw std::runtime_error{"no " + std::to_string(x)}; }

}  // namespace

TEST_CASE("a volunteer that asks, uploads and reports gives the master its results", "[boinc][server]") {
  Pool pool;
  std::vector<mw::Task<std::int64_t>> tasks;
  for (std::int64_t i = 0; i < 10; ++i) tasks.push_back(pool.master.submit_task<square>(i));
  const auto fails = pool.master.submit_task<throw_here>(7);
  REQUIRE(pool.waits_for(11));
  auto volunteer = pool.volunteer("a");
  std::size_t done = 0;
  while (done < 11) done += volunteer.work();
  for (std::int64_t i = 0; i < 10; ++i) CHECK(pool.master.get_result(tasks[static_cast<std::size_t>(i)]) == i * i);
  const auto e = test::error_of(pool.master, fails);
  CHECK(e.exception_type() == "std::runtime_error");
  CHECK(e.message() == "no 7");
  CHECK(e.host() == "a");
  CHECK(test::eventually([&] { return status_of(pool.master, "results_valid") == 11; }));
}

TEST_CASE("tasks travel together where they are short", "[boinc][server]") {
  Pool pool{"&tasks_per_workunit=5"};
  std::vector<mw::Task<std::int64_t>> tasks;
  for (std::int64_t i = 0; i < 12; ++i) tasks.push_back(pool.master.submit_task<square>(i));
  REQUIRE(pool.waits_for(12));
  auto volunteer = pool.volunteer("a");
  CHECK(volunteer.work() == 1);
  CHECK(volunteer.work() == 1);
  CHECK(volunteer.work() == 1);
  CHECK(volunteer.work() == 0);
  for (std::int64_t i = 0; i < 12; ++i) CHECK(pool.master.get_result(tasks[static_cast<std::size_t>(i)]) == i * i);
}

TEST_CASE("P20: a reply that was lost is given again, and nothing is given out twice", "[boinc][server][P20]") {
  Pool pool;
  const auto task = pool.master.submit_task<square>(3);
  REQUIRE(pool.waits_for(1));
  auto volunteer = pool.volunteer("a");
  const auto lost = volunteer.ask_for_work();
  REQUIRE(lost.instances.size() == 1);
  volunteer.request.other_results.clear();  // it never arrived
  const auto again = volunteer.ask_for_work();
  REQUIRE(again.instances.size() == 1);
  CHECK(again.instances[0].name == lost.instances[0].name);
  CHECK(volunteer.ask_for_work().instances.empty());
  volunteer.work(again);
  CHECK(pool.master.get_result(task) == 9);
  CHECK(test::eventually([&] { return status_of(pool.master, "instances_sent") == 1; }));
}

TEST_CASE("a report that comes again is acknowledged again, and counts once", "[boinc][server]") {
  Pool pool;
  const auto task = pool.master.submit_task<square>(4);
  REQUIRE(pool.waits_for(1));
  auto volunteer = pool.volunteer("a");
  const auto reply = volunteer.ask_for_work();
  const std::string content = test::text_of(test::answer_to(volunteer.input_of(reply).span()));
  volunteer.upload(EmulatedVolunteer::head_of(EmulatedVolunteer::output_of(reply), content), content);
  for (int i = 0; i < 3; ++i) {
    volunteer.finish(reply, 0, content);
    CHECK(volunteer.send().acknowledged == std::vector<std::string>{reply.instances[0].name});
  }
  CHECK(pool.master.get_result(task) == 16);
  CHECK(test::eventually([&] { return status_of(pool.master, "instances_reported") == 1; }));
  // … as is one that nobody knows.
  volunteer.request.results.push_back({});
  volunteer.request.results.back().name = "of_another_time_1_0";
  CHECK(volunteer.send().acknowledged == std::vector<std::string>{"of_another_time_1_0"});
}

TEST_CASE("P8: the report's word is not enough: without its output a task is not done", "[boinc][server][P8]") {
  Pool pool{"&max_error=2"};
  const auto task = pool.master.submit_task<square>({.max_losses = 0}, 5);
  REQUIRE(pool.waits_for(1));
  for (const char* name : {"a", "b", "c"}) {
    auto volunteer = pool.volunteer(name);
    const auto reply = volunteer.ask_for_work();
    REQUIRE(reply.instances.size() == 1);
    volunteer.finish(reply, 0, "never uploaded");
    volunteer.send();
  }
  const auto e = test::error_of(pool.master, task);
  CHECK(e.cause() == mw::Cause::worker_lost);
  CHECK(e.message().find("more copies of it failed than the project allows") != std::string::npos);
  CHECK(e.message().find("its output is not here") != std::string::npos);
}

TEST_CASE("a task that one host cannot compute goes to another", "[boinc][server]") {
  Pool pool;
  const auto task = pool.master.submit_task<square>(6);
  REQUIRE(pool.waits_for(1));
  auto bad = pool.volunteer("bad"), good = pool.volunteer("good");
  bad.fail(bad.ask_for_work(), 0, 7);
  bad.send();
  CHECK(good.work() == 1);
  CHECK(pool.master.get_result(task) == 36);
  CHECK(task.attempts() == 1);
}

TEST_CASE("a host cannot report what another one was given", "[boinc][server][S5]") {
  Pool pool;
  const auto task = pool.master.submit_task<square>(7);
  REQUIRE(pool.waits_for(1));
  auto owner = pool.volunteer("owner"), thief = pool.volunteer("thief");
  const auto reply = owner.ask_for_work();
  thief.send();
  thief.fail(reply, 0, 1);
  thief.send();
  CHECK(test::eventually([&] { return status_of(pool.master, "requests_refused") == 1; }));
  owner.work(reply);
  CHECK(pool.master.get_result(task) == 49);
}

TEST_CASE("hostile uploads are refused, and the right one counts", "[boinc][server][S5][S6]") {
  Pool pool{"&max_output_mb=1"};
  const auto task = pool.master.submit_task<square>(8);
  REQUIRE(pool.waits_for(1));
  auto volunteer = pool.volunteer("a");
  const auto reply = volunteer.ask_for_work();
  const auto& file = EmulatedVolunteer::output_of(reply);
  const std::string content = test::text_of(test::answer_to(volunteer.input_of(reply).span()));
  const auto good = EmulatedVolunteer::head_of(file, content);
  using mw::boinc::UploadStatus;

  auto head = good;
  head.permission.assign(256, '0').append("\n.\n");
  CHECK(volunteer.upload(head, content).status == UploadStatus::permanent);
  head = good;
  head.max_nbytes *= 1000;  // a larger limit than was signed
  CHECK(volunteer.upload(head, content).status == UploadStatus::permanent);
  head = good;
  head.name.replace(head.name.find("_r") + 2, 4, "0000");  // the part that nobody can guess
  CHECK(volunteer.upload(head, content).status == UploadStatus::permanent);
  const std::string large(2'000'000, 'x');
  CHECK(volunteer.upload(EmulatedVolunteer::head_of(file, large), large).status == UploadStatus::permanent);
  head = good;
  head.md5 = mw::boinc::md5_hex("something else");
  CHECK(volunteer.upload(head, content).status == UploadStatus::transient);
  head = good;
  head.offset = 5;  // of which nothing is here
  CHECK(volunteer.upload(head, content.substr(5)).status == UploadStatus::transient);
  CHECK(volunteer.upload(good, content.substr(0, 10)).status == UploadStatus::transient);  // torn
  CHECK(volunteer.upload(good, content + "and more").status == UploadStatus::permanent);   // more than it says
  CHECK(test::eventually([&] { return status_of(pool.master, "uploads_refused") == 8; }));

  CHECK(volunteer.upload(good, content).status == UploadStatus::done);
  CHECK(volunteer.upload(good, content).status == UploadStatus::done);  // its reply was lost
  volunteer.finish(reply, 0, content);
  volunteer.send();
  CHECK(pool.master.get_result(task) == 64);
}

TEST_CASE("an upload that broke off goes on where it was", "[boinc][server]") {
  Pool pool;
  const auto task = pool.master.submit_task<text_of_size>(3'000'000);
  REQUIRE(pool.waits_for(1));
  auto volunteer = pool.volunteer("a");
  const auto reply = volunteer.ask_for_work();
  const std::string content = test::text_of(test::answer_to(volunteer.input_of(reply).span()));
  auto head = EmulatedVolunteer::head_of(EmulatedVolunteer::output_of(reply), content);
  CHECK(volunteer.upload(head, content.substr(0, 1'000'000)).status == mw::boinc::UploadStatus::transient);
  const auto here = volunteer.upload({.name = head.name, .asks_size = true, .permission = {}, .md5 = {}}, "");
  CHECK(here.file_size == 1'000'000);
  head.offset = 1'000'000;
  CHECK(volunteer.upload(head, content.substr(1'000'000)).status == mw::boinc::UploadStatus::done);
  volunteer.finish(reply, 0, content);
  volunteer.send();
  CHECK(pool.master.get_result(task).size() == 3'000'000);
}

TEST_CASE("with a quorum of two a lie is never accepted, and the liar is known", "[boinc][server][P8]") {
  Pool pool{"&quorum=2"};
  const auto task = pool.master.submit_task<square>(9);
  REQUIRE(pool.waits_for(1));
  auto liar = pool.volunteer("liar"), first = pool.volunteer("first"), second = pool.volunteer("second");
  const auto reply = liar.ask_for_work();
  REQUIRE(reply.instances.size() == 1);
  CHECK(liar.ask_for_work().instances.empty());  // S5: one copy a host
  std::string lie = test::text_of(test::answer_to(liar.input_of(reply).span()));
  lie[lie.size() - mw::wire::header_size - 1] ^= 1;
  REQUIRE(liar.upload(EmulatedVolunteer::head_of(EmulatedVolunteer::output_of(reply), lie), lie).status ==
          mw::boinc::UploadStatus::done);
  liar.finish(reply, 0, lie);
  liar.send();
  CHECK_FALSE(task.done());
  CHECK(first.work() == 1);
  CHECK_FALSE(task.done());  // one against one
  CHECK(second.work() == 1);
  CHECK(pool.master.get_result(task) == 81);
  CHECK(test::eventually([&] { return status_of(pool.master, "results_invalid") == 1; }));
  CHECK(test::eventually([&] { return status_of(pool.master, "results_valid") == 2; }));
}

TEST_CASE("a host that was right ten times runs alone, until it fails", "[boinc][server]") {
  Pool pool{"&quorum=2&adaptive=on"};
  auto first = pool.volunteer("first"), second = pool.volunteer("second");
  constexpr std::int64_t proof = 10, alone = 40;
  for (std::int64_t i = 0; i < proof; ++i) std::ignore = pool.master.submit_task<square>(i);
  REQUIRE(pool.waits_for(proof));
  for (int i = 0; i < proof; ++i) {
    CHECK(first.work() == 1);
    CHECK(second.work() == 1);
  }
  CHECK(test::eventually([&] { return status_of(pool.master, "results_valid") == 2 * proof; }));
  // Now and then a second host is to check on it; mostly not.
  for (std::int64_t i = 0; i < alone; ++i) std::ignore = pool.master.submit_task<square>(1000 + i);
  REQUIRE(pool.waits_for(alone));
  for (int i = 0; i < alone; ++i) CHECK(first.work() == 1);
  CHECK(test::eventually([&] { return status_of(pool.master, "results_valid") >= 2 * proof + alone / 2; }));
  while (second.work() == 1) {
  }
  CHECK(test::eventually([&] { return status_of(pool.master, "tasks_open") == 0; }));

  // One that it cannot compute: that copy goes to another host.
  std::ignore = pool.master.submit_task<square>(5);
  REQUIRE(pool.waits_for(1));
  first.fail(first.ask_for_work(), 0, 7);
  first.send();
  auto third = pool.volunteer("third");
  while (second.work() == 1 || third.work() == 1) {
  }
  REQUIRE(test::eventually([&] { return status_of(pool.master, "tasks_open") == 0; }));
  // From then on it takes two again.
  const auto checked = pool.master.submit_task<square>(7);
  REQUIRE(pool.waits_for(1));
  CHECK(first.work() == 1);
  CHECK_FALSE(checked.done());
  CHECK(second.work() == 1);
  CHECK(pool.master.get_result(checked) == 49);
}

TEST_CASE("what cannot be read is an error, not a result", "[boinc][server]") {
  Pool pool;
  const auto task = pool.master.submit_task<square>(10);
  REQUIRE(pool.waits_for(1));
  auto broken = pool.volunteer("broken"), good = pool.volunteer("good");
  const auto reply = broken.ask_for_work();
  const std::string rubbish = "this is no answer";
  REQUIRE(broken.upload(EmulatedVolunteer::head_of(EmulatedVolunteer::output_of(reply), rubbish), rubbish).status ==
          mw::boinc::UploadStatus::done);
  broken.finish(reply, 0, rubbish);
  broken.send();
  CHECK_FALSE(task.done());
  CHECK(good.work() == 1);
  CHECK(pool.master.get_result(task) == 100);
}

TEST_CASE("P36: past its deadline a task goes to another host, and a late result still counts", "[boinc][server][P36]") {
  Pool pool{"&delay_bound_s=1"};
  const auto task = pool.master.submit_task<square>(11);
  REQUIRE(pool.waits_for(1));
  auto slow = pool.volunteer("slow"), other = pool.volunteer("other");
  const auto reply = slow.ask_for_work();
  REQUIRE(reply.instances.size() == 1);
  CHECK(other.ask_for_work().instances.empty());
  REQUIRE(test::eventually([&] { return status_of(pool.master, "results_timed_out") == 1; }));
  const auto second = other.ask_for_work();
  CHECK(second.instances.size() == 1);
  slow.work(reply);
  CHECK(pool.master.get_result(task) == 121);
  other.work(second);
  CHECK(test::eventually([&] { return status_of(pool.master, "results_valid") == 2; }));
}

TEST_CASE("numbers may differ by a tolerance, and what else differs does not agree", "[boinc][server]") {
  Pool pool{"&quorum=2&validator=numeric:1e-9"};
  const auto task = pool.master.submit_task<root>(2.0);
  REQUIRE(pool.waits_for(1));
  auto first = pool.volunteer("first"), second = pool.volunteer("second"), third = pool.volunteer("third");
  const auto off_by = [&](EmulatedVolunteer& volunteer, double error) {
    const auto reply = volunteer.ask_for_work();
    REQUIRE(reply.instances.size() == 1);
    mw::Bytes answer;
    const mw::Bytes value = mw::encode(std::sqrt(2.0) + error);
    mw::wire::append(answer, mw::wire::Result{1, 1, 1, {}, {}, value.span()});
    mw::wire::append(answer, mw::wire::Bye{});
    const std::string content = test::text_of(answer);
    volunteer.upload(EmulatedVolunteer::head_of(EmulatedVolunteer::output_of(reply), content), content);
    volunteer.finish(reply, 0, content);
    volunteer.send();
  };
  off_by(first, 0);
  off_by(second, 1e-6);
  CHECK_FALSE(task.done());
  off_by(third, 1e-15);
  CHECK(pool.master.get_result(task) == Approx(std::sqrt(2.0)).epsilon(1e-12));
  CHECK(test::eventually([&] { return status_of(pool.master, "results_invalid") == 1; }));
}

TEST_CASE("a validator of the user's decides what agrees, and one that throws says no", "[boinc][server]") {
  test::ProjectFolders folders;
  mw::BoincOptions options;
  options.listen = "127.0.0.1:0";
  options.state = folders.path("state");
  options.workers = folders.path("workers");
  options.quorum = 2;
  options.one_vote = mw::OneVote::host;
  int calls = 0;
  options.validator = [&](const mw::ResultPair& pair) {
    if (++calls == 1) throw std::runtime_error{"not this time"};
    return pair.first_as<std::int64_t>() % 10 == pair.second_as<std::int64_t>() % 10;
  };
  mw::Master master{mw::BoincInterface{options}};
  const auto task = master.submit_task<square>(12);
  REQUIRE(test::eventually([&] { return status_of(master, "tasks_waiting") == 1; }));
  for (const char* name : {"a", "b", "c"}) EmulatedVolunteer{url_of(master), folders.key(), name}.work();
  CHECK(master.get_result(task) == 144);
  CHECK(calls >= 2);
}

TEST_CASE("homogeneous redundancy: the copies of a workunit go to alike hosts", "[boinc][server]") {
  Pool pool{"&quorum=2&hosts=coarse"};
  const auto task = pool.master.submit_task<square>(13);
  REQUIRE(pool.waits_for(1));
  auto first = pool.volunteer("first"), arm = pool.volunteer("arm"), second = pool.volunteer("second");
  arm.request.host.cpu_vendor = "ARM";
  CHECK(first.work() == 1);
  CHECK(arm.work() == 0);
  CHECK(second.work() == 1);
  CHECK(pool.master.get_result(task) == 169);
}

TEST_CASE("P37: a host in quarantine gets no work, and is told why", "[boinc][server][P37]") {
  Pool pool{"&max_error=50&max_total=100"};
  std::vector<mw::Task<std::int64_t>> tasks;
  for (std::int64_t i = 0; i < 4; ++i) tasks.push_back(pool.master.submit_task<square>(i));
  REQUIRE(pool.waits_for(4));
  auto bad = pool.volunteer("bad"), good = pool.volunteer("good");
  for (int i = 0; i < 3; ++i) {
    bad.fail(bad.ask_for_work(), 0, 1);
    bad.send();
  }
  const auto reply = bad.ask_for_work();
  CHECK(reply.instances.empty());
  REQUIRE(reply.messages.size() == 1);
  CHECK(reply.messages[0].text.find("errors") != std::string::npos);
  while (good.work() > 0) {
  }
  for (std::int64_t i = 0; i < 4; ++i) CHECK(pool.master.get_result(tasks[static_cast<std::size_t>(i)]) == i * i);
}

TEST_CASE("a volunteer of the project's own gets what failed there again, and is never in quarantine: nobody else may be there",
          "[boinc][server]") {
  Pool pool{"&max_error=50&max_total=100"};
  const auto task = pool.master.submit_task<square>(13);
  REQUIRE(pool.waits_for(1));
  std::string own_key = test::file_text(pool.folders.path("state/own_key"));
  while (!own_key.empty() && own_key.back() == '\n') own_key.pop_back();
  EmulatedVolunteer own{url_of(pool.master), own_key, "own"};
  for (int i = 0; i < 8; ++i) {
    own.fail(test::work_for(own), 0, 1);
    own.send();
  }
  CHECK(own.work() == 1);
  CHECK(pool.master.get_result(task) == 169);
}

TEST_CASE("S1: without the account key there is no work", "[boinc][server][S1]") {
  Pool pool;
  const auto task = pool.master.submit_task<square>(1);
  REQUIRE(pool.waits_for(1));
  EmulatedVolunteer stranger{url_of(pool.master), std::string(32, '0'), "stranger"};
  const auto reply = stranger.ask_for_work();
  CHECK(reply.instances.empty());
  CHECK(reply.host_id == 0);
  REQUIRE(reply.messages.size() == 1);
  CHECK(reply.messages[0].is_notice);
  CHECK(reply.request_delay_s > 60);
}

TEST_CASE("accounts by e-mail are made only where the owner allows it", "[boinc][server]") {
  const std::string query = "?email_addr=me%40x%2Eorg&passwd_hash=" + mw::boinc::md5_hex("pass123me@x.org") + "&user_name=Me";
  {
    Pool closed;
    CHECK(closed.volunteer("a").get("create_account.php" + query).find("-208") != std::string::npos);
  }
  Pool open{"&accounts=open"};
  auto volunteer = open.volunteer("a");
  const std::string made = volunteer.get("create_account.php" + query);
  const auto begin = made.find("<authenticator>");
  REQUIRE(begin != std::string::npos);
  const std::string authenticator = made.substr(begin + 15, 32);
  CHECK(volunteer.get("lookup_account.php" + query).find(authenticator) != std::string::npos);
  CHECK(volunteer.get("create_account.php" + query).find(authenticator) != std::string::npos);
  CHECK(volunteer.get("lookup_account.php?email_addr=me@x.org&passwd_hash=" + mw::boinc::md5_hex("wrong")).find("-206") !=
        std::string::npos);
  CHECK(volunteer.get("lookup_account.php?email_addr=you@x.org&passwd_hash=" + mw::boinc::md5_hex("x")).find("-136") !=
        std::string::npos);
  CHECK(volunteer.get("create_account.php?email_addr=nonsense").find("error") != std::string::npos);
  const auto task = open.master.submit_task<square>(14);
  REQUIRE(open.waits_for(1));
  EmulatedVolunteer member{url_of(open.master), authenticator, "member"};
  CHECK(member.work() == 1);
  CHECK(open.master.get_result(task) == 196);
}

TEST_CASE("the master page tells clients where the scheduler is, each tag on a short line", "[boinc][server]") {
  Pool pool;
  auto volunteer = pool.volunteer("<script>");
  volunteer.send();
  const std::string page = volunteer.get("");
  std::istringstream lines{page};
  bool has_link = false, has_comment = false;
  for (std::string line; std::getline(lines, line);) {
    has_link |= line.size() < 256 &&
                line.find("rel=\"boinc_scheduler\" href=\"" + url_of(pool.master) + "scheduler\"") != std::string::npos;
    has_comment |=
        line.size() < 256 && line.find("<scheduler>" + url_of(pool.master) + "scheduler</scheduler>") != std::string::npos;
  }
  CHECK(has_link);
  CHECK(has_comment);
  CHECK(page.find("<script>") == std::string::npos);
  CHECK(page.find(pool.folders.key()) == std::string::npos);  // S8
  CHECK(volunteer.get("get_project_config.php").find("<master_url>") != std::string::npos);
  CHECK_THROWS_AS(volunteer.get("download/../project.db"), mw::http::TransferError);
  CHECK_THROWS_AS(volunteer.get("nothing"), mw::http::TransferError);
}

TEST_CASE("P21: a master that is started again on the same folder goes on, with what is done and what is under way",
          "[boinc][server][P21]") {
  test::ProjectFolders folders;
  std::optional<EmulatedVolunteer> volunteer;
  mw::boinc::SchedulerReply under_way;
  const auto submit = [](mw::Master& master) {
    std::vector<mw::Task<std::int64_t>> tasks;
    for (std::int64_t i = 0; i < 6; ++i) tasks.push_back(master.submit_task<square>(i % 5));  // 0 comes twice
    return tasks;
  };
  std::string listen;
  {
    mw::Master master{mw::interface(folders.spec())};
    listen = url_of(master);
    const auto tasks = submit(master);
    REQUIRE(test::eventually([&] { return status_of(master, "tasks_waiting") == 6; }));
    volunteer.emplace(listen, folders.key(), "a");
    for (int i = 0; i < 3; ++i) CHECK(volunteer->work() == 1);
    CHECK(master.get_result(tasks[2]) == 4);
    under_way = volunteer->ask_for_work();
    REQUIRE(under_way.instances.size() == 1);
  }
  const std::string port = listen.substr(listen.rfind(':') + 1);
  mw::Master master{mw::interface(folders.spec("&listen=127.0.0.1:" + port.substr(0, port.size() - 1)))};
  const auto tasks = submit(master);
  for (std::int64_t i = 0; i < 3; ++i)
    CHECK(master.get_result(tasks[static_cast<std::size_t>(i)]) == i * i);  // nobody computes them again
  CHECK(test::eventually([&] { return status_of(master, "instances_sent") == 0; }));
  volunteer->work(under_way);
  CHECK(master.get_result(tasks[3]) == 9);
  while (volunteer->work() > 0) {
  }
  CHECK(master.get_result(tasks[4]) == 16);
  CHECK(master.get_result(tasks[5]) == 0);
}

TEST_CASE("a run that has ended is forgotten: the next one computes anew", "[boinc][server]") {
  test::ProjectFolders folders;
  for (int run = 0; run < 2; ++run) {
    mw::Master master{mw::interface(folders.spec())};
    const auto task = master.submit_task<square>(5);
    REQUIRE(test::eventually([&] { return status_of(master, "tasks_waiting") == 1; }));
    EmulatedVolunteer volunteer{url_of(master), folders.key(), "a"};
    CHECK(volunteer.work() == 1);
    CHECK(master.get_result(task) == 25);
    REQUIRE(test::eventually([&] { return status_of(master, "tasks_open") == 0; }));
  }
}

TEST_CASE("volunteers get the worker build that the run began with, even if another is put in its place", "[boinc][server]") {
  namespace fs = std::filesystem;
  Pool pool;
  const auto task = pool.master.submit_task<square>(3);
  REQUIRE(pool.waits_for(1));
  const fs::path build = fs::path{pool.folders.path("workers/x")} / fs::read_symlink("/proc/self/exe").filename();
  fs::copy_file("/bin/false", build.string() + ".new");
  fs::rename(build.string() + ".new", build);
  auto volunteer = pool.volunteer("a");
  const auto reply = volunteer.ask_for_work();
  REQUIRE(reply.app_versions.size() == 1);
  const std::string& name = reply.app_versions[0].files.at(0).file_name;
  CHECK(mw::boinc::md5_hex(volunteer.get("download/" + name)) == EmulatedVolunteer::file_in(reply, name).md5);
}

TEST_CASE("two programs do not share a project's folder", "[boinc][server]") {
  test::ProjectFolders folders;
  mw::Master master{mw::interface(folders.spec())};
  CHECK_THROWS_AS(mw::Master{mw::interface(folders.spec())}, mw::InterfaceError);
}

TEST_CASE("S8: a key file that others can read is refused", "[boinc][server][S8]") {
  test::ProjectFolders folders;
  { mw::Master master{mw::interface(folders.spec())}; }
  for (const char* name : {"account_key", "code_sign_private", "upload_private", "secret"}) {
    const std::string path = folders.path("state/") + name;
    CHECK((std::filesystem::status(path).permissions() & std::filesystem::perms::mask) ==
          (std::filesystem::perms::owner_read | std::filesystem::perms::owner_write));
    std::filesystem::permissions(path, std::filesystem::perms::others_read, std::filesystem::perm_options::add);
    CHECK_THROWS_AS(mw::Master{mw::interface(folders.spec())}, mw::InterfaceError);
    std::filesystem::permissions(path, std::filesystem::perms::others_read, std::filesystem::perm_options::remove);
  }
}

TEST_CASE("S7: connections that say nothing do not keep others out", "[boinc][server][S7]") {
  Pool pool;
  const auto task = pool.master.submit_task<square>(15);
  REQUIRE(pool.waits_for(1));
  const std::string url = url_of(pool.master);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(std::stoi(url.substr(url.rfind(':') + 1))));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  rlimit limit = {};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  // Both ends are in this process; the server may have as many as are left, and turns the longest idle away.
  const std::size_t count = std::min<std::size_t>(limit.rlim_cur, 10'000) / 2 + 200;
  std::vector<int> sockets;
  for (std::size_t i = 0; i < count; ++i) {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || ::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
      if (fd >= 0) ::close(fd);
      break;
    }
    const std::string slow = "POST /scheduler HTTP/1.1\r\nHo";
    CHECK(::send(fd, slow.data(), slow.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(slow.size()));
    sockets.push_back(fd);
  }
  CHECK(sockets.size() > 300);
  for (std::size_t i = 0; i < 50; ++i) ::close(sockets[i]);
  auto volunteer = pool.volunteer("a");
  CHECK(volunteer.work() == 1);
  CHECK(pool.master.get_result(task) == 225);
  for (std::size_t i = 50; i < sockets.size(); ++i) ::close(sockets[i]);
}

TEST_CASE("S7: a client that sends a byte now and then is cut off", "[.][slow][S7]") {
  Pool pool;
  const std::string url = url_of(pool.master);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(std::stoi(url.substr(url.rfind(':') + 1))));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  // One in the head of its request, one in the body, one in an upload.
  const std::vector<std::string> beginnings{
      "POST /scheduler HTTP/1.1\r\nHo", "POST /scheduler HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n<scheduler",
      "POST /file_upload_handler HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n<data_server_request>\n"};
  std::vector<int> sockets;
  for (const std::string& beginning : beginnings) {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    REQUIRE(::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
    REQUIRE(::send(fd, beginning.data(), beginning.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(beginning.size()));
    sockets.push_back(fd);
  }
  const auto start = std::chrono::steady_clock::now();
  for (const int fd : sockets) {
    char byte = 'x';
    const auto is_closed = [&] {
      // Whether it was closed, or reset because we went on; a byte more meanwhile.
      char answer[4096];
      const ssize_t got = ::recv(fd, answer, sizeof answer, MSG_DONTWAIT);
      if (got == 0 || (got < 0 && errno != EAGAIN)) return true;
      for (const int one : sockets) static_cast<void>(::send(one, &byte, 1, MSG_NOSIGNAL));
      std::this_thread::sleep_for(1s);
      return false;
    };
    CHECK(test::eventually(is_closed, 120s));
  }
  CHECK(std::chrono::steady_clock::now() - start > 20s);  // an honest slow one has its time
  for (const int fd : sockets) ::close(fd);
  const auto task = pool.master.submit_task<square>(15);
  REQUIRE(pool.waits_for(1));
  auto volunteer = pool.volunteer("a");
  CHECK(volunteer.work() == 1);
  CHECK(pool.master.get_result(task) == 225);
}

TEST_CASE("rubbish over HTTP is answered or cut off, and nothing is lost", "[boinc][server]") {
  Pool pool;
  const auto task = pool.master.submit_task<square>(16);
  REQUIRE(pool.waits_for(1));
  const std::string url = url_of(pool.master);
  const auto rubbish =
      GENERATE(as<std::string>{}, "", "\r\n\r\n", "GET", "nonsense\r\n\r\n", "GET / HTTP/9.9\r\n\r\n",
               "POST /scheduler HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n",
               "POST /scheduler HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello",
               "POST /file_upload_handler HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello",
               "POST /scheduler HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
               "POST /file_upload_handler HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 4000000000\r\n\r\nabc");
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(std::stoi(url.substr(url.rfind(':') + 1))));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  REQUIRE(::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
  CHECK(::send(fd, rubbish.data(), rubbish.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(rubbish.size()));
  ::shutdown(fd, SHUT_WR);
  char buffer[4096];
  while (::recv(fd, buffer, sizeof buffer, 0) > 0) {
  }
  ::close(fd);
  auto volunteer = pool.volunteer("a");
  CHECK(volunteer.work() == 1);
  CHECK(pool.master.get_result(task) == 256);
}

TEST_CASE("cancel takes a task off its volunteer", "[boinc][server][P22]") {
  Pool pool;
  const auto task = pool.master.submit_task<square>(17);
  const auto waiting = pool.master.submit_task<square>(18);
  REQUIRE(pool.waits_for(2));
  auto volunteer = pool.volunteer("a");
  const auto reply = volunteer.ask_for_work();
  CHECK(pool.master.cancel(task));
  CHECK(pool.master.cancel(waiting));
  CHECK(test::eventually([&] {
    const auto aborted = volunteer.send().aborted;
    return aborted == std::vector<std::string>{reply.instances[0].name};
  }));
  CHECK(volunteer.ask_for_work().instances.empty());
}

TEST_CASE("boinc specs that make no sense are usage errors", "[boinc]") {
  const auto spec = GENERATE(as<std::string>{}, "boinc:0", "boinc:x", "boinc:?quorum=0", "boinc:?quorum=x", "boinc:?nonsense=1",
                             "boinc:?listen=1", "boinc:?listen=:80", "boinc:?url=example.org", "boinc:?quorum=5&max_total=3",
                             "boinc:?validator=numeric:x", "boinc:?hosts=some", "boinc:?delay_bound_s=0", "boinc:257");
  CHECK_THROWS_AS(mw::interface(spec), mw::UsageError);
}

TEST_CASE("times that no clock can add up are usage errors", "[boinc]") {
  for (const auto seconds : {std::chrono::seconds::max(), std::chrono::seconds{-1}}) {
    CHECK_THROWS_AS(mw::BoincInterface{mw::BoincOptions{.delay_bound = seconds}}, mw::UsageError);
    CHECK_THROWS_AS(mw::BoincInterface{mw::BoincOptions{.workunit_time = seconds}}, mw::UsageError);
    CHECK_THROWS_AS((mw::BoincProjectInterface{mw::BoincProjectOptions{.folder = "/tmp", .delay_bound = seconds}}), mw::UsageError);
  }
  CHECK_THROWS_AS(mw::BoincInterface{mw::BoincOptions{.poll = std::chrono::milliseconds::max()}}, mw::UsageError);
}

// Workunits that a volunteer gives back, and volunteers that leave.
#include <catch2/catch.hpp>

#include "boinc/pool.hpp"

using test::Pool;
using test::status_of;

namespace {

std::int64_t cube(std::int64_t x) { return x * x * x; }

/// The next request gives it back.
void give_back(test::EmulatedVolunteer& volunteer, const mw::boinc::SchedulerReply& reply) {
  volunteer.fail(reply, 0, mw::boinc::exit_status::aborted_by_user);
  volunteer.request.results.back().state = mw::boinc::ClientState::aborted;
}

}  // namespace

TEST_CASE("a workunit that is given back goes to the next who asks, and is nobody's fault", "[boinc][server]") {
  Pool pool{"&max_error=0"};
  const auto task = pool.master.submit_task<cube>(3);
  REQUIRE(pool.waits_for(1));
  auto leaver = pool.volunteer("a"), other = pool.volunteer("b");
  const auto given = leaver.ask_for_work();
  REQUIRE(given.instances.size() == 1);
  CHECK(other.ask_for_work().instances.empty());
  give_back(leaver, given);
  leaver.send();
  CHECK(other.work() == 1);
  CHECK(pool.master.get_result(task) == 27);
  // It is no host that fails: it gets work again.
  const auto next = pool.master.submit_task<cube>(2);
  REQUIRE(pool.waits_for(1));
  CHECK(leaver.work() == 1);
  CHECK(pool.master.get_result(next) == 8);
}

TEST_CASE("a volunteer that gave its workunit back may have it again, when it is the only one", "[boinc][server]") {
  Pool pool{"&max_error=0"};
  const auto task = pool.master.submit_task<cube>(3);
  REQUIRE(pool.waits_for(1));
  auto only = pool.volunteer("a");
  give_back(only, only.ask_for_work());
  only.send();
  CHECK(only.work() == 1);
  CHECK(pool.master.get_result(task) == 27);
}

TEST_CASE("what a volunteer that leaves does not say that it keeps goes to others", "[boinc][server]") {
  Pool pool{"&max_error=0"};
  const auto first = pool.master.submit_task<cube>(3), second = pool.master.submit_task<cube>(4);
  REQUIRE(pool.waits_for(2));
  auto leaver = pool.volunteer("a"), other = pool.volunteer("b");
  const auto lost = leaver.ask_for_work();
  REQUIRE(lost.instances.size() == 1);
  leaver.request.other_results.clear();  // the reply did not arrive
  leaver.request.is_leaving = true;
  CHECK(leaver.send().instances.empty());
  CHECK(other.work() == 1);
  CHECK(other.work() == 1);
  CHECK(pool.master.get_result(first) == 27);
  CHECK(pool.master.get_result(second) == 64);
}

TEST_CASE("what is given back uses up none of the copies that a workunit may have", "[boinc][server]") {
  Pool pool{"&max_error=0&max_total=2&max_success=1"};
  const auto task = pool.master.submit_task<cube>({.max_losses = 0}, 3);
  REQUIRE(pool.waits_for(1));
  for (const char* name : {"a", "b", "c", "d", "e"}) {
    auto leaver = pool.volunteer(name);
    give_back(leaver, test::work_for(leaver));
    // One that we are said to have asked for is no other.
    if (*name > 'c') leaver.request.results.back().exit_status = mw::boinc::exit_status::aborted_by_project;
    leaver.send();
  }
  auto last = pool.volunteer("last");
  last.work(test::work_for(last));
  CHECK(pool.master.get_result(task) == 27);
}

TEST_CASE("whoever begins anew again and again uses up one copy of a workunit", "[boinc][server]") {
  Pool pool{"&max_total=2&max_success=1&max_error=1&one_vote=addresses"};
  const auto task = pool.master.submit_task<cube>({.max_losses = 0}, 3);
  REQUIRE(pool.waits_for(1));
  for (int i = 0; i < 4; ++i) {
    auto forgetful = pool.volunteer("forgetful");
    test::work_for(forgetful);
  }
  CHECK(test::eventually([&] { return status_of(pool.master, "results_timed_out") == 3; }));
  auto last = pool.volunteer("forgetful");
  last.work(test::work_for(last));
  CHECK(pool.master.get_result(task) == 27);
}

TEST_CASE("newcomers that may be one person fail a workunit once, with what cannot be read as with an error", "[boinc][server]") {
  Pool pool{"&max_total=2&max_success=1&max_error=1&one_vote=addresses"};
  const auto task = pool.master.submit_task<cube>({.max_losses = 0}, 3);
  REQUIRE(pool.waits_for(1));
  for (const char* name : {"a", "b"}) {
    auto liar = pool.volunteer(name);
    const auto reply = test::work_for(liar);
    const std::string noise = "no answer";
    CHECK(liar.upload(test::EmulatedVolunteer::head_of(test::EmulatedVolunteer::output_of(reply), noise), noise).status ==
          mw::boinc::UploadStatus::done);
    liar.finish(reply, 0, noise);
    liar.send();
  }
  auto honest = pool.volunteer("honest");
  honest.work(test::work_for(honest));
  CHECK(pool.master.get_result(task) == 27);
}

TEST_CASE("one copy more, near the end, is no attempt that counts when it fails", "[boinc][server]") {
  Pool pool{"&max_error=0&max_total=1&max_success=1&another_after_s=0.001"};
  const auto task = pool.master.submit_task<cube>({.max_losses = 0}, 3);
  REQUIRE(pool.waits_for(1));
  auto first = pool.volunteer("first"), second = pool.volunteer("second");
  const auto given = test::work_for(first);
  second.fail(test::work_for(second), 0, 1);
  second.send();
  first.work(given);
  CHECK(pool.master.get_result(task) == 27);
}

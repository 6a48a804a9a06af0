// The end of a run: who has asked something is answered before the server goes.
#include <catch2/catch.hpp>

#include <future>

#include "boinc/pool.hpp"

namespace {

int plus_one(int x) { return x + 1; }

}  // namespace

TEST_CASE("whoever reports the last result of a run hears that it came", "[boinc]") {
  for (int run = 0; run < 5; ++run) {
    auto pool = std::make_unique<test::Pool>();
    const auto task = pool->master.submit_task<plus_one>(run);
    test::EmulatedVolunteer volunteer = pool->volunteer("a");
    const auto work = test::work_for(volunteer);
    const std::string content = test::text_of(test::answer_to(volunteer.input_of(work).span()));
    volunteer.upload(volunteer.head_of(volunteer.output_of(work), content), content);
    volunteer.finish(work, 0, content);
    auto reply = std::async(std::launch::async, [&] { return volunteer.send(); });
    REQUIRE(pool->master.get_result(task) == run + 1);
    pool.reset();
    CHECK(reply.get().acknowledged.size() == 1);
  }
}

TEST_CASE("who waits for work when a run ends is told that there is none", "[boinc]") {
  auto pool = std::make_unique<test::Pool>();
  std::vector<test::EmulatedVolunteer> volunteers;
  std::vector<std::future<mw::boinc::SchedulerReply>> replies;
  for (const char* name : {"a", "b", "c"}) volunteers.push_back(pool->volunteer(name));
  for (test::EmulatedVolunteer& one : volunteers) {
    one.send();  // it has a name then
    one.request.wait_s = 20;
    replies.push_back(std::async(std::launch::async, [&one] { return one.ask_for_work(); }));
  }
  int others = 0;
  REQUIRE(test::eventually([&] {
    pool->volunteer("other" + std::to_string(++others)).send();  // the status is told with what it writes
    return test::status_of(pool->master, "requests_waiting") == 3;
  }));
  pool.reset();
  for (auto& reply : replies) CHECK(reply.get().instances.empty());
}

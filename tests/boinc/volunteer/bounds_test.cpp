// What a volunteer takes from a project, and when it asks again.
#include <catch2/catch.hpp>

#include <limits>

#include "boinc/protocol/md5.hpp"
#include "boinc/protocol/signing.hpp"
#include "boinc/protocol/xml.hpp"
#include "boinc/volunteer/bounds.hpp"
#include "boinc/volunteer/request_times.hpp"

using namespace mw::boinc;
using namespace std::chrono_literals;

namespace {

const RequestTimes::Time start{1000s};
using Outcome = RequestTimes::Outcome;

double seconds_until(RequestTimes::Time then) { return std::chrono::duration<double>(then - start).count(); }

SchedulerReply good_reply() {
  SchedulerReply reply;
  const std::string md5 = md5_hex(std::string_view{"x"});
  reply.files = {{.name = "program", .url = "http://a/p", .nbytes = 1, .md5 = md5, .is_executable = true, .signature = "ab\n."},
                 {.name = "input", .url = "http://a/i", .nbytes = 1, .md5 = md5},
                 {.name = "output", .url = "http://a/u", .is_upload = true, .max_nbytes = 10}};
  reply.app_versions = {{"app", 1, "", 1e9, {{"program", "", true}}}};
  reply.workunits = {{.name = "wu", .app_name = "app", .command_line = {}, .files = {{"input", "in", false}}}};
  reply.instances = {{.name = "job", .workunit = "wu", .platform = {}, .version_num = 1, .files = {{"output", "out", false}}}};
  return reply;
}

}  // namespace

TEST_CASE("a project's delays are obeyed from 0 to a day", "[boinc][volunteer]") {
  SchedulerReply reply;
  const auto bounded = [&](double seconds) {
    reply.request_delay_s = reply.next_rpc_delay_s = seconds;
    const SchedulerReply result = within_bounds(reply);
    CHECK(result.request_delay_s == result.next_rpc_delay_s);
    return result.request_delay_s;
  };
  CHECK(bounded(30) == 30);
  CHECK(bounded(1e9) == 86'400);
  CHECK(bounded(1e10) == 86'400);
  CHECK(bounded(std::numeric_limits<double>::infinity()) == 86'400);
  CHECK(bounded(std::numeric_limits<double>::quiet_NaN()) == 0);
  CHECK(bounded(-1e300) == 0);
}

TEST_CASE("a key that is none is no reply", "[boinc][volunteer]") {
  SchedulerReply reply;
  reply.code_sign_key = "1024\nno key\n.\n";
  CHECK_THROWS_AS(within_bounds(reply), BadMessage);
  reply.code_sign_key = SigningKey::generate().public_text();
  CHECK_NOTHROW(within_bounds(reply));
}

TEST_CASE("a task that is not wholly described, or as it cannot be, is refused", "[boinc][volunteer]") {
  SchedulerReply reply = good_reply();
  const auto refused = [&] {
    try {
      task_of(reply.instances.front(), reply);
      return false;
    } catch (const BadMessage&) {
      return true;
    }
  };
  REQUIRE_FALSE(refused());
  FileInfo& program = reply.files[0];
  FileInfo& input = reply.files[1];
  FileInfo& output = reply.files[2];
  SECTION("a program without a signature") { program.signature.clear(); }
  SECTION("a program that is no program") { program.is_executable = false; }
  SECTION("a size of 0 for what is not empty") { input.nbytes = 0; }
  SECTION("a negative size") { program.nbytes = -1; }
  SECTION("a size beyond all disks") { input.nbytes = bounds::largest_file + 1; }
  SECTION("no MD5") { input.md5.clear(); }
  SECTION("no output allowed") { output.max_nbytes = 0; }
  SECTION("an output of no number of bytes") { output.max_nbytes = std::numeric_limits<double>::quiet_NaN(); }
  SECTION("a file that leaves its folder") { input.name = reply.workunits[0].files[0].file_name = "../input"; }
  SECTION("a task that does") { reply.instances[0].name = "a/b"; }
  SECTION("an input that is the client's own file") { reply.workunits[0].files[0].open_name = "boinc_finish_called"; }
  SECTION("an input without a name") { reply.workunits[0].files[0].open_name.clear(); }
  SECTION("two files of one name") { reply.instances[0].files[0].open_name = "in"; }
  SECTION("no such workunit") { reply.instances[0].workunit = "other"; }
  SECTION("no such version") { reply.instances[0].version_num = 2; }
  CHECK(refused());
}

TEST_CASE("an empty file is a file", "[boinc][volunteer]") {
  SchedulerReply reply = good_reply();
  reply.files[1].nbytes = 0;
  reply.files[1].md5 = md5_hex(std::string_view{});
  CHECK(task_of(reply.instances.front(), reply).inputs.size() == 1);
}

TEST_CASE("a project says so much to people, and no more", "[boinc][volunteer]") {
  SchedulerReply reply;
  reply.messages.resize(bounds::most_messages + 1);
  reply.messages[0].text = std::string(5000, 'x');
  reply.messages[1].text = "hello";
  reply = within_bounds(std::move(reply));
  CHECK(reply.messages.size() == bounds::most_messages);
  CHECK(reply.messages[0].text.size() == bounds::longest_message + std::string_view{" …"}.size());
  CHECK_THAT(reply.messages[0].text, Catch::EndsWith("xx …"));
  CHECK(reply.messages[1].text == "hello");
}

TEST_CASE("a project without work is asked after a minute, then less and less often, up to an hour", "[boinc][volunteer]") {
  RequestTimes times{std::nullopt};
  std::vector<double> pauses;
  for (int i = 0; i < 9; ++i) {
    times.answered(start, {}, Outcome::no_work, 1);
    pauses.push_back(seconds_until(times.next_request()));
  }
  CHECK(pauses == std::vector<double>{60, 120, 240, 480, 960, 1920, 3600, 3600, 3600});
  times.answered(start, {}, Outcome::work, 1);
  CHECK(seconds_until(times.next_request()) == 5);
  times.answered(start, {}, Outcome::no_work, 0);  // as chance will have it, half of it
  CHECK(seconds_until(times.next_request()) == 30);
}

TEST_CASE("a project that wants to be asked is asked when it wants, and not earlier than it wants", "[boinc][volunteer]") {
  RequestTimes times{std::nullopt};
  for (int i = 0; i < 9; ++i) times.answered(start, {.request_delay_s = 7, .next_rpc_delay_s = 90}, Outcome::no_work, 1);
  CHECK(seconds_until(times.next_request()) == 90);
  CHECK(seconds_until(times.next_contact()) == 90);
  times.answered(start, {.request_delay_s = 700, .next_rpc_delay_s = 90}, Outcome::work, 1);
  CHECK(seconds_until(times.next_request()) == 700);
  RequestTimes own_pace{0.01};
  own_pace.answered(start, {.request_delay_s = 2}, Outcome::no_work, 1);
  CHECK(seconds_until(own_pace.next_request()) == 2);
  own_pace.answered(start, {}, Outcome::no_work, 1);
  CHECK(seconds_until(own_pace.next_request()) == Approx(0.01));
}

TEST_CASE("a project that does not answer is asked again after a second, then less and less often", "[boinc][volunteer]") {
  RequestTimes times{std::nullopt};
  CHECK(times.failed(start, 1) == 1);
  CHECK(times.failed(start, 1) == 2);
  for (int i = 0; i < 40; ++i) times.failed(start, 1);
  CHECK(times.failed(start, 1) == 3600);
  times.answered(start, {}, Outcome::work, 1);
  CHECK(times.failed(start, 1) == 1);
}

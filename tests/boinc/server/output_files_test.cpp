// Files that come back from volunteers: they are part of what a quorum agrees on, and of what a host is judged by.
#include <catch2/catch.hpp>

#include <string>
#include <vector>

#include "boinc/pool.hpp"
#include "support/processes.hpp"
#include "support/temporary.hpp"
#include "wire/output_list.hpp"

using test::EmulatedVolunteer;
using test::Pool;
using test::status_of;

namespace {

double about_one() { return 1; }

using Files = std::vector<std::pair<std::string, std::string>>;

/// What a host sends for the one task that it was given.
std::string answer_with(const Files& files, double value) {
  mw::Bytes all;
  mw::wire::begin_output_list(all, static_cast<std::uint32_t>(files.size()));
  for (const auto& [path, text] : files) {
    mw::wire::append(all, mw::wire::OutputEntry{path, false, false, text.size()});
    all.append(text.data(), text.size());
  }
  const mw::Bytes encoded = mw::encode(value);
  all.append(encoded.data(), encoded.size());
  mw::Bytes answer;
  mw::wire::append(answer, mw::wire::Result{1, 1, 1000, {}, {}, all.span()});
  mw::wire::append(answer, mw::wire::Bye{});
  return test::text_of(answer);
}

void send(EmulatedVolunteer& volunteer, const std::string& content) {
  const auto reply = test::work_for(volunteer);
  if (volunteer.upload(EmulatedVolunteer::head_of(EmulatedVolunteer::output_of(reply), content), content).status !=
      mw::boinc::UploadStatus::done)
    throw std::runtime_error{"an upload was refused"};
  volunteer.finish(reply, 0, content);
  volunteer.send();
}

}  // namespace

TEST_CASE("hosts whose files differ do not agree, whatever the validator thinks of their results", "[boinc][server][outputs]") {
  const test::TemporaryFolder here;
  Pool pool{"&quorum=2&validator=numeric:0.5"};
  const auto task = pool.master.submit_task<about_one>({.outputs = {{"a", here.path("a")}}});
  REQUIRE(pool.waits_for(1));
  auto a = pool.volunteer("a"), b = pool.volunteer("b"), c = pool.volunteer("c");
  send(a, answer_with({{"a", "right"}}, 1.0));
  send(b, answer_with({{"a", "wrong"}}, 1.0));
  CHECK_FALSE(task.done());
  send(c, answer_with({{"a", "right"}}, 1.1));
  CHECK(pool.master.get_result(task) == Approx(1).margin(0.2));
  CHECK(test::file_text(here.path("a")) == "right");
  CHECK(test::eventually([&] { return status_of(pool.master, "results_invalid") == 1; }));
}

TEST_CASE("a host that sends no files, or none that may be written, is replaced by another", "[boinc][server][outputs]") {
  const test::TemporaryFolder here;
  const std::string spoilt = GENERATE(as<std::string>{}, "none", "../a", "/tmp/a", "a/");
  INFO(spoilt);
  Pool pool;
  const auto task = pool.master.submit_task<about_one>({.outputs = {{"*", here.path("")}}});
  REQUIRE(pool.waits_for(1));
  auto a = pool.volunteer("a"), b = pool.volunteer("b");
  if (spoilt == "none") {
    mw::Bytes plain;
    mw::wire::append(plain, mw::wire::Result{1, 1, 1000, {}, {}, mw::encode(1.0).span()});
    mw::wire::append(plain, mw::wire::Bye{});
    send(a, test::text_of(plain));
  } else {
    send(a, answer_with({{spoilt, "evil"}}, 1.0));
  }
  CHECK_FALSE(task.done());
  send(b, answer_with({{"a", "right"}}, 1.0));
  CHECK(pool.master.get_result(task) == 1);
  CHECK(test::file_text(here.path("a")) == "right");
}

TEST_CASE("a task's files have room in the answer of its workunit", "[boinc][server][outputs]") {
  const test::TemporaryFolder here;
  Pool pool{"&max_output_mb=1"};
  const auto task = pool.master.submit_task<about_one>({.outputs = {{"a", here.path("a")}}});
  REQUIRE(pool.waits_for(1));
  auto a = pool.volunteer("a");
  const mw::Bytes input = a.input_of(test::work_for(a));
  const auto bundle = mw::wire::parse_bundle(input.span());
  REQUIRE(bundle.tasks.size() == 1);
  CHECK(bundle.tasks[0].terms.outputs == std::vector<std::string>{"a"});
  CHECK(bundle.tasks[0].terms.outputs_limit == 3 << 18);
  CHECK(bundle.tasks[0].terms.outputs_folder.empty());
}

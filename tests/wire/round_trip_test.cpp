// Messages and bundles of random content: they come back as they were, and no change of their bytes is more than a
// refusal.
#include <catch2/catch.hpp>

#include <algorithm>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include "support/text.hpp"
#include "wire/bundle.hpp"
#include "wire/messages.hpp"
#include "wire/mux.hpp"
#include "wire/payload_of.hpp"

using namespace mw::wire;
using Catch::Contains;
using mw::Bytes;
using mw::Cause;
using mw::DataFile;
using mw::Failure;

using test::bytes_of;
using test::payload_of;
using test::text_of;

namespace {

using Random = std::mt19937_64;

/// Of any length below `most`, short ones more often than long ones.
std::string any_text(Random& random, std::size_t most) {
  std::string text(random() % (random() % most + 1), '\0');
  for (char& c : text) c = static_cast<char>(random());
  return text;
}
/// Numbers near 0, near the end, and in between.
template <class Number>
Number any_number(Random& random) {
  const auto number = static_cast<Number>(random() >> random() % 64);
  return random() % 2 == 0 ? number : static_cast<Number>(~number);
}

/// Texts that messages refer to.
struct Texts {
  explicit Texts(Random& random) : out{any_text(random, 50)}, err{any_text(random, 50)}, value{any_text(random, 500)} {}
  std::string out, err, value;
};

Task any_task(Random& random, const Texts& texts) {
  Task task{.id = any_number<std::uint64_t>(random),
            .function = any_number<std::uint64_t>(random),
            .attempt = any_number<std::uint32_t>(random),
            .terms = {},
            .arguments = bytes_of(texts.value)};
  if (random() % 2 == 0) return task;
  task.terms.soft_limit_ns = any_number<std::uint64_t>(random) >> 2;
  task.terms.hard_limit_ns = any_number<std::uint64_t>(random) >> 2;
  task.terms.memory_limit = any_number<std::uint64_t>(random);
  for (std::size_t i = random() % 5; i > 0; --i) task.terms.files.emplace_back(any_text(random, 200), any_text(random, 20));
  task.terms.own_folder = random() % 2 == 0;
  for (std::size_t i = random() % 3; i > 0; --i) task.terms.outputs.push_back(any_text(random, 50));
  task.terms.outputs_limit = any_number<std::uint64_t>(random);
  task.terms.outputs_folder = any_text(random, 50);
  for (std::size_t i = random() % 3; i > 0; --i)
    task.terms.shared.push_back({any_number<std::uint64_t>(random), any_number<std::uint64_t>(random) % (Limits{}.max_frame + 1),
                                 any_number<std::uint64_t>(random), any_text(random, 200)});
  task.terms.start_values = static_cast<std::uint32_t>(random() % (task.terms.shared.size() + 1));
  task.terms.emit_stdout = random() % 4 == 0;
  task.terms.is_start = task.terms.start_values != 0 && random() % 2 == 0;
  return task;
}

Failure any_failure(Random& random) {
  Failure failure;
  failure.cause = static_cast<Cause>(random() % (static_cast<unsigned>(mw::last_cause) + 1));
  failure.type = any_text(random, 60);
  failure.message = any_text(random, 300);
  failure.exit_status = any_number<std::int32_t>(random);
  failure.signal = any_number<std::int32_t>(random);
  failure.out_of_memory = random() % 2 == 0;
  return failure;
}

/// Changes some of the bytes, or how many there are.
void spoil(Bytes& bytes, Random& random) {
  if (bytes.empty()) return;
  if (random() % 4 == 0) {
    bytes = Bytes{bytes.span().first(random() % bytes.size())};
    return;
  }
  for (std::size_t i = random() % 4 + 1; i > 0; --i) bytes.data()[random() % bytes.size()] = static_cast<std::byte>(random());
}

bool is_same(const Task& a, const Task& b) {
  const auto same_file = [](const DataFile& x, const DataFile& y) { return x.from == y.from && x.to == y.to; };
  return a.id == b.id && a.function == b.function && a.attempt == b.attempt && text_of(a.arguments) == text_of(b.arguments) &&
         a.terms.soft_limit_ns == b.terms.soft_limit_ns && a.terms.hard_limit_ns == b.terms.hard_limit_ns &&
         a.terms.memory_limit == b.terms.memory_limit && a.terms.shared == b.terms.shared &&
         a.terms.start_values == b.terms.start_values && a.terms.is_start == b.terms.is_start &&
         a.terms.emit_stdout == b.terms.emit_stdout &&
         std::equal(a.terms.files.begin(), a.terms.files.end(), b.terms.files.begin(), b.terms.files.end(), same_file) &&
         a.terms.own_folder == b.terms.own_folder && a.terms.outputs == b.terms.outputs &&
         a.terms.outputs_limit == b.terms.outputs_limit && a.terms.outputs_folder == b.terms.outputs_folder;
}
bool is_same(const Failure& a, const Failure& b) {
  return a.cause == b.cause && a.type == b.type && a.message == b.message && a.exit_status == b.exit_status &&
         a.signal == b.signal && a.out_of_memory == b.out_of_memory;
}

/// Two tasks and their answer: a result and a failure.
Bytes bundle_of_two() {
  Bytes bundle;
  append(bundle, BundleHead{.identity = 5, .tasks = 2, .is_compared = true});
  append(bundle, Task{1, 10, 1, {}, bytes_of("one")});
  append(bundle, Task{2, 10, 1, {}, bytes_of("two")});
  return bundle;
}
void append_result_of(Bytes& out, std::uint64_t id) {
  append(out, Result{.id = id, .attempt = 1, .run_ns = 3, .out = {}, .err = {}, .value = bytes_of("value")});
}
void append_failure_of(Bytes& out, std::uint64_t id, bool is_gone = false) {
  FailureMessage message{.id = id, .attempt = 1, .run_ns = 0, .out = bytes_of("o"), .err = {}, .failure = {}};
  message.failure.message = "why";
  is_gone ? append_gone(out, message) : append(out, message);
}
Bytes answer_of_two() {
  Bytes answer;
  append_failure_of(answer, 2);
  append_result_of(answer, 1);
  append(answer, Bye{});
  return answer;
}

}  // namespace

TEST_CASE("tasks, results and failures of any content come back as they were", "[wire]") {
  Random random{1};
  for (int i = 0; i < 500; ++i) {
    const Texts texts{random};
    const Task task = any_task(random, texts);
    const Bytes task_bytes = payload_of(task);
    REQUIRE(is_same(parse_task(task_bytes.span()), task));
    const Result result{any_number<std::uint64_t>(random),
                        any_number<std::uint32_t>(random),
                        any_number<std::uint64_t>(random),
                        bytes_of(texts.out),
                        bytes_of(texts.err),
                        bytes_of(texts.value)};
    const Bytes result_bytes = payload_of(result);
    const Result back = parse_result(result_bytes.span());
    REQUIRE((back.id == result.id && back.attempt == result.attempt && back.run_ns == result.run_ns));
    REQUIRE((text_of(back.out) == texts.out && text_of(back.err) == texts.err && text_of(back.value) == texts.value));
    const TaskOf which = parse_task_of(result_bytes.span());
    REQUIRE((which.id == result.id && which.attempt == result.attempt));
    const FailureMessage failure{result.id, result.attempt, result.run_ns, result.out, result.err, any_failure(random)};
    const Bytes failure_bytes = payload_of(failure);
    const FailureMessage failed = parse_failure(failure_bytes.span());
    REQUIRE(is_same(failed.failure, failure.failure));
    REQUIRE((failed.id == failure.id && text_of(failed.err) == texts.err));
  }
}

TEST_CASE("a task in shared memory is the same task, with the place of its arguments", "[wire]") {
  Random random{2};
  for (int i = 0; i < 300; ++i) {
    const Texts texts{random};
    Task task = any_task(random, texts);
    task.arguments = {};
    const MemoryPlace place{any_number<std::uint32_t>(random), any_number<std::uint32_t>(random), any_number<std::uint64_t>(random),
                            any_number<std::uint64_t>(random) % (Limits{}.max_frame + 1)};
    Bytes in_memory, apart;
    append_task_in_memory(in_memory, task, place);
    append_task_apart(apart, task, place.size);
    Task there = parse_task(in_memory.span().subspan(header_size));
    const MemoryPlace back = parse_memory_place(there.arguments);
    REQUIRE((back.pid == place.pid && back.descriptor == place.descriptor && back.inode == place.inode && back.size == place.size));
    there.arguments = {};
    REQUIRE(is_same(there, task));
    REQUIRE(parse_size_apart(parse_task(apart.span().subspan(header_size)).arguments) == place.size);
  }
}

TEST_CASE("messages whose bytes were changed are refused or are others, and are never read beyond their end", "[wire][S7]") {
  Random random{3};
  int refused = 0;
  const auto parse = [&](const auto& call) {
    try {
      call();
    } catch (const ProtocolError&) {
      ++refused;
    }
  };
  for (int i = 0; i < 1'000; ++i) {
    const Texts texts{random};
    // In memory of just that size, so that a sanitizer sees a byte too many.
    Bytes task = payload_of(any_task(random, texts));
    Bytes failure = payload_of(FailureMessage{1, 1, 1, bytes_of(texts.out), bytes_of(texts.err), any_failure(random)});
    Bytes hello = payload_of(Hello{.platform = any_text(random, 20), .host = any_text(random, 20)});
    Bytes ranks = payload_of(Ranks{{{1, any_text(random, 9), any_text(random, 9), 4, 5}, {2, "host", "", 0, 0}}});
    for (Bytes* const bytes : {&task, &failure, &hello, &ranks}) spoil(*bytes, random);
    const auto exact = [](const Bytes& bytes) { return std::vector<std::byte>(bytes.span().begin(), bytes.span().end()); };
    parse([bytes = exact(task)] { parse_task(bytes); });
    parse([bytes = exact(task)] { parse_result(bytes); });
    parse([bytes = exact(failure)] { parse_failure(bytes); });
    parse([bytes = exact(failure)] { parse_memory_place(parse_result(bytes).value); });
    parse([bytes = exact(hello)] { parse_hello(bytes); });
    parse([bytes = exact(ranks)] { parse_ranks(bytes); });
  }
  CHECK(refused > 1'000);
}

TEST_CASE("a bundle and its answer come back, the answer in the order of the tasks", "[wire]") {
  const Bytes bytes = bundle_of_two();
  const Bundle bundle = parse_bundle(bytes.span());
  CHECK(bundle.head.identity == 5);
  CHECK(bundle.head.is_compared);
  REQUIRE(bundle.tasks.size() == 2);
  CHECK(text_of(bundle.tasks[1].arguments) == "two");
  const Bytes answer = answer_of_two();
  const auto endings = parse_answer(answer.span(), 2);
  CHECK_FALSE(endings[0].failure);
  CHECK(text_of(endings[0].result.value) == "value");
  CHECK(endings[0].result.run_ns == 3);
  REQUIRE(endings[1].failure);
  CHECK(endings[1].failure->message == "why");
  CHECK(text_of(endings[1].result.out) == "o");
  CHECK_FALSE(endings[1].is_gone);
  Bytes gone;
  append_failure_of(gone, 1, true);
  append(gone, Bye{});
  CHECK(parse_answer(gone.span(), 1).at(0).is_gone);
  Bytes nothing;
  append(nothing, Bye{});
  CHECK(parse_answer(nothing.span(), 0).empty());
}

TEST_CASE("a bundle or an answer that is torn anywhere is refused", "[wire]") {
  const Bytes bundle = bundle_of_two(), answer = answer_of_two();
  for (std::size_t size = 0; size < bundle.size(); ++size) CHECK_THROWS_AS(parse_bundle(bundle.span().first(size)), ProtocolError);
  for (std::size_t size = 0; size < answer.size(); ++size)
    CHECK_THROWS_AS(parse_answer(answer.span().first(size), 2), ProtocolError);
}

TEST_CASE("a bundle says what is wrong with it", "[wire][S7]") {
  Bytes without_head;
  append(without_head, Task{1, 1, 1});
  CHECK_THROWS_WITH(parse_bundle(without_head.span()), "a bundle without its head");
  Bytes more = bundle_of_two();
  append(more, Bye{});
  CHECK_THROWS_WITH(parse_bundle(more.span()), "a bundle with more behind its tasks");
  Bytes out_of_order;
  append(out_of_order, BundleHead{.tasks = 1});
  append(out_of_order, Task{2, 1, 1});
  CHECK_THROWS_WITH(parse_bundle(out_of_order.span()), "a bundle whose tasks are not in order");
  Bytes too_many;
  append(too_many, BundleHead{.tasks = most_tasks_in_bundle + 1});
  CHECK_THROWS_WITH(parse_bundle(too_many.span()), Contains("a bundle of 1000001 tasks; the limit is 1000000"));
  Bytes few;
  append(few, BundleHead{.tasks = 3});
  append(few, Task{1, 1, 1});
  CHECK_THROWS_WITH(parse_bundle(few.span()), "a bundle of 3 tasks ends after 1");
  Bytes newer;
  append(newer, BundleHead{.version = protocol_version + 1, .tasks = 9});
  const Bundle skipped = parse_bundle(newer.span());
  CHECK(skipped.head.version == protocol_version + 1);
  CHECK(skipped.tasks.empty());
}

TEST_CASE("an answer says what is wrong with it", "[wire][S7]") {
  Bytes twice;
  append_result_of(twice, 1);
  append_failure_of(twice, 1);
  CHECK_THROWS_WITH(parse_answer(twice.span(), 2), "an answer has task 1 twice");
  for (const std::uint64_t id : {std::uint64_t{0}, std::uint64_t{3}, ~std::uint64_t{0}}) {
    Bytes foreign;
    append_result_of(foreign, id);
    CHECK_THROWS_WITH(parse_answer(foreign.span(), 2), Contains("an answer to 2 tasks has one to task"));
  }
  Bytes missing;
  append_result_of(missing, 1);
  append(missing, Bye{});
  CHECK_THROWS_WITH(parse_answer(missing.span(), 2), Contains("is torn, or not all of them are in it"));
  Bytes more = answer_of_two();
  append_result_of(more, 1);
  CHECK_THROWS_AS(parse_answer(more.span(), 2), ProtocolError);
  Bytes other_frame;
  append(other_frame, Heartbeat{});
  CHECK_THROWS_WITH(parse_answer(other_frame.span(), 1), Contains("does not hold frames of type 9"));
}

TEST_CASE("an answer has what a task has measured before its ending, and nowhere else", "[wire][measure]") {
  const auto measured = [](Bytes& out, std::uint64_t id, std::string_view text) {
    append(out, Measured{id, 1, std::as_bytes(std::span{text})});
  };
  Bytes answer;
  append(answer, Part{2, 1, bytes_of("one")});
  measured(answer, 2, "eels");
  append_result_of(answer, 2);
  const std::size_t whole = answer.size();
  measured(answer, 1, "crabs");
  CHECK(answer_so_far(answer.span()).bytes == whole);
  append_failure_of(answer, 1);
  append(answer, Bye{});
  const auto endings = parse_answer(answer.span(), 2);
  CHECK(text_of(endings[1].measures) == "eels");
  CHECK(endings[1].parts.size() == 1);
  CHECK(text_of(endings[0].measures) == "crabs");

  Bytes of_another;
  measured(of_another, 2, "x");
  append_result_of(of_another, 1);
  CHECK_THROWS_WITH(parse_answer(of_another.span(), 2), "an answer has parts or measures of task 2 before task 1");
  Bytes without_ending;
  append_result_of(without_ending, 1);
  measured(without_ending, 1, "x");
  append(without_ending, Bye{});
  CHECK_THROWS_AS(parse_answer(without_ending.span(), 1), ProtocolError);
}

TEST_CASE("an answer has the parts of a task before its ending, and nowhere else", "[wire][emit]") {
  const auto part = [](Bytes& out, std::uint64_t id, std::string_view text) {
    append(out, Part{id, 1, std::as_bytes(std::span{text})});
  };
  Bytes answer;
  part(answer, 2, "one");
  part(answer, 2, "");
  append_result_of(answer, 2);
  const std::size_t whole = answer.size();
  part(answer, 1, "three");
  const std::size_t torn = answer.size();
  append_failure_of(answer, 1);
  CHECK(answer_so_far(answer.span().first(torn)).bytes == whole);
  CHECK(answer_so_far(answer.span().first(torn)).tasks == std::vector<std::uint64_t>{2});
  append(answer, Bye{});
  const auto endings = parse_answer(answer.span(), 2);
  REQUIRE(endings[1].parts.size() == 2);
  CHECK(text_of(endings[1].parts[0]) == "one");
  CHECK(endings[1].parts[1].empty());
  REQUIRE(endings[0].parts.size() == 1);
  CHECK(text_of(endings[0].parts[0]) == "three");

  Bytes of_another;
  part(of_another, 2, "x");
  append_result_of(of_another, 1);
  CHECK_THROWS_WITH(parse_answer(of_another.span(), 2), "an answer has parts or measures of task 2 before task 1");
  Bytes mixed;
  part(mixed, 2, "x");
  part(mixed, 1, "y");
  append_result_of(mixed, 1);
  append_result_of(mixed, 2);
  append(mixed, Bye{});
  CHECK_THROWS_AS(parse_answer(mixed.span(), 2), ProtocolError);
  Bytes behind;
  append_result_of(behind, 1);
  part(behind, 1, "x");
  append(behind, Bye{});
  CHECK_THROWS_AS(parse_answer(behind.span(), 1), ProtocolError);
}

TEST_CASE("of a torn answer all that is whole counts, wherever it was torn", "[wire]") {
  const Bytes answer = answer_of_two();
  Bytes first;
  append_failure_of(first, 2);
  const std::size_t after_first = first.size(), before_bye = answer.size() - header_size;
  for (std::size_t size = 0; size <= answer.size(); ++size) {
    const AnswerSoFar so_far = answer_so_far(answer.span().first(size));
    INFO(size);
    CHECK(so_far.is_complete == (size == answer.size()));
    if (size < after_first) CHECK(so_far.bytes == 0);
    if (size >= after_first && size < before_bye)
      CHECK((so_far.bytes == after_first && so_far.tasks == std::vector<std::uint64_t>{2}));
    if (size >= before_bye) CHECK(so_far.tasks == std::vector<std::uint64_t>{2, 1});
  }
  Bytes spoiled = answer.clone();
  spoiled.data()[after_first + 7] = std::byte{99};  // the type of the second frame
  CHECK(answer_so_far(spoiled.span()).bytes == after_first);
}

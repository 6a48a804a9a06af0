// Messages: round trips, and every way to tear them.
#include <catch2/catch.hpp>

#include <cstring>
#include <functional>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "support/text.hpp"
#include "wire/messages.hpp"
#include "wire/mux.hpp"
#include "wire/payload_of.hpp"

using namespace mw::wire;
using mw::Bytes;
using mw::Cause;

using test::bytes_of;
using test::payload_of;
using test::text_of;

namespace {

Hello hello() {
  return {.version = protocol_version,
          .identity = 0x1234'5678'9abc'def0,
          .build = 0xfedc'ba98'7654'3210,
          .slots = 3,
          .pid = 77,
          .platform = "Linux-x86_64",
          .host = "pi7"};
}

Task with_every_term() {
  return {5,
          6,
          7,
          {.soft_limit_ns = 10,
           .hard_limit_ns = 20,
           .memory_limit = 30,
           .files = {{"/a", "a"}, {"/b", "sub/b"}},
           .own_folder = true,
           .outputs = {"c", "d/*"},
           .outputs_limit = 40,
           .outputs_folder = "/tmp/x",
           .shared = {{1, 2, 3, "/proc/4/fd/5"}, {6, 7, 0, "#8"}},
           .start_values = 1,
           .is_start = true,
           .emit_stdout = true,
           .checkpoint_interval_ns = 50,
           .checkpoint = bytes_of("state")},
          bytes_of("args")};
}

FailureMessage failure() {
  FailureMessage message{.id = 9, .attempt = 2, .run_ns = 55, .out = bytes_of("o"), .err = bytes_of("ee"), .failure = {}};
  message.failure = {
      .cause = Cause::signal, .type = "T", .message = "text", .exit_status = -1, .signal = 11, .out_of_memory = true};
  return message;
}

/// Every shorter payload is refused, and so is a longer one.
template <class Parse>
void check_torn(const Bytes& payload, const Parse& parse) {
  CHECK_NOTHROW(parse(payload.span()));
  for (std::size_t size = 0; size < payload.size(); ++size) CHECK_THROWS_AS(parse(payload.span().first(size)), ProtocolError);
  Bytes longer = payload.clone();
  longer.append("x", 1);
  CHECK_THROWS_AS(parse(longer.span()), ProtocolError);
}

}  // namespace

TEST_CASE("messages come back as they were", "[wire]") {
  const Bytes hello_bytes = payload_of(hello());
  const Hello h = parse_hello(hello_bytes.span());
  CHECK(h.identity == hello().identity);
  CHECK(h.build == hello().build);
  CHECK(h.slots == 3);
  CHECK(h.pid == 77);
  CHECK(h.platform == "Linux-x86_64");
  CHECK(h.host == "pi7");

  const Bytes task_bytes = payload_of(Task{5, 6, 7, {}, bytes_of("args")});
  const Task task = parse_task(task_bytes.span());
  CHECK(task.id == 5);
  CHECK(task.function == 6);
  CHECK(task.attempt == 7);
  CHECK(text_of(task.arguments) == "args");
  CHECK(task.terms.empty());

  const Bytes with_terms = payload_of(with_every_term());
  const Task t = parse_task(with_terms.span());
  CHECK(t.terms.soft_limit_ns == 10);
  CHECK(t.terms.hard_limit_ns == 20);
  CHECK(t.terms.memory_limit == 30);
  REQUIRE(t.terms.files.size() == 2);
  CHECK(t.terms.files[1].from == "/b");
  CHECK(t.terms.files[1].to == "sub/b");
  CHECK(t.terms.own_folder);
  CHECK(t.terms.outputs == std::vector<std::string>{"c", "d/*"});
  CHECK(t.terms.outputs_limit == 40);
  CHECK(t.terms.outputs_folder == "/tmp/x");
  CHECK(t.terms.shared == with_every_term().terms.shared);
  CHECK(t.terms.start_values == 1);
  CHECK(t.terms.is_start);
  CHECK(t.terms.emit_stdout);
  CHECK(t.terms.checkpoint_interval_ns == 50);
  CHECK(text_of(t.terms.checkpoint) == "state");
  CHECK(text_of(t.arguments) == "args");

  const Bytes result_bytes = payload_of(Result{5, 7, 99, bytes_of("out"), bytes_of(""), bytes_of("value")});
  const Result result = parse_result(result_bytes.span());
  CHECK(result.run_ns == 99);
  CHECK(text_of(result.out) == "out");
  CHECK(result.err.empty());
  CHECK(text_of(result.value) == "value");

  const Bytes failure_bytes = payload_of(failure());
  const FailureMessage f = parse_failure(failure_bytes.span());
  CHECK(f.failure.cause == Cause::signal);
  CHECK(f.failure.exit_status == -1);
  CHECK(f.failure.signal == 11);
  CHECK(f.failure.out_of_memory);
  CHECK(f.failure.type == "T");
  CHECK(f.failure.message == "text");
  CHECK(text_of(f.err) == "ee");

  CHECK(parse_welcome(payload_of(Welcome{1, 42}).span()).worker == 42);
  CHECK(parse_refuse(payload_of(Refuse{"no"}).span()).reason == "no");
  CHECK(parse_progress(payload_of(Progress{1, 2, 0.25}).span()).fraction == 0.25);
  const Cancel c = parse_cancel(payload_of(Cancel{8, 3, true}).span());
  CHECK(c.id == 8);
  CHECK(c.attempt == 3);
  CHECK(c.end);
  const Returned r = parse_returned(payload_of(Returned{9, 4}).span());
  CHECK(r.id == 9);
  CHECK(r.attempt == 4);
  const Split s = parse_split(payload_of(Split{9, 4, 17}).span());
  CHECK(s.id == 9);
  CHECK(s.attempt == 4);
  CHECK(s.kept == 17);
  CHECK(parse_stopped(payload_of(Stopped{true}).span()).is_stopped);
  CHECK_FALSE(parse_stopped(payload_of(Stopped{}).span()).is_stopped);
  const Bytes written = payload_of(FilePiece{5, true, false, false, bytes_of("abc")});
  const FilePiece piece = parse_file_piece(written.span());
  CHECK_FALSE(piece.is_asked_for);
  CHECK(parse_file_piece(payload_of(FilePiece{.is_asked_for = true, .bytes = {}}).span()).is_asked_for);
  CHECK(parse_file_here(payload_of(FileHere{7, "/tmp/f"}).span()).path == "/tmp/f");
  CHECK(parse_file_link(payload_of(FileLink{7, "/tmp/f"}).span()).file == 7);
  CHECK(parse_file_missing(payload_of(FileMissing{7}).span()).file == 7);
  CHECK(parse_note(payload_of(Note{"it left a thread"}).span()).text == "it left a thread");
  CHECK(piece.file == 5);
  CHECK(piece.is_executable);
  CHECK_FALSE(piece.is_last);
  CHECK(text_of(piece.bytes) == "abc");
  Bytes in_memory;
  append_task_in_memory(in_memory, with_every_term(), {1, 2, 3, 4});
  const Bytes payload{in_memory.span().subspan(header_size)};
  const Task apart = parse_task(payload.span());
  CHECK(apart.terms.files.size() == 2);
  const MemoryPlace place = parse_memory_place(apart.arguments);
  CHECK(place.pid == 1);
  CHECK(place.descriptor == 2);
  CHECK(place.inode == 3);
  CHECK(place.size == 4);
  Bytes gone;
  append_gone(gone, failure());
  CHECK(parse_failure(gone.span().subspan(header_size)).failure.signal == 11);
  CHECK(parse_task_of(payload_of(failure()).span()).id == 9);
  CHECK(parse_task_of(payload_of(failure()).span()).attempt == 2);
}

TEST_CASE("a message that is torn anywhere, or too long, is refused", "[wire]") {
  check_torn(payload_of(hello()), parse_hello);
  check_torn(payload_of(Welcome{}), parse_welcome);
  check_torn(payload_of(Refuse{"reason"}), parse_refuse);
  check_torn(payload_of(failure()), parse_failure);
  check_torn(payload_of(Progress{1, 1, 1}), parse_progress);
  check_torn(payload_of(Cancel{1}), parse_cancel);
  check_torn(payload_of(Returned{1, 1}), parse_returned);
  check_torn(payload_of(Split{1, 1, 1}), parse_split);
  check_torn(payload_of(Stopped{true}), parse_stopped);
  check_torn(payload_of(Credit{1, 2}), parse_credit);
  check_torn(payload_of(RankLost{1, "why"}), parse_rank_lost);
  check_torn(payload_of(Ranks{{{1, "host", "place", 4, 5}, {2, "", "", 0, 0}}}), parse_ranks);
  check_torn(payload_of(Heartbeat{}), parse_heartbeat);
  check_torn(payload_of(Bye{}), parse_bye);
  Task bare = with_every_term();
  bare.arguments = {};
  const Bytes task = payload_of(bare);
  for (std::size_t size = 0; size < task.size(); ++size) CHECK_THROWS_AS(parse_task(task.span().first(size)), ProtocolError);
  const Bytes result = payload_of(Result{1, 2, 3, bytes_of("ab"), bytes_of("c"), {}});
  for (std::size_t size = 0; size < result.size(); ++size) CHECK_THROWS_AS(parse_result(result.span().first(size)), ProtocolError);
}

TEST_CASE("a checkpoint comes back as it was, and one that is empty, torn or too large is refused", "[wire]") {
  const Bytes payload = payload_of(Checkpoint{5, 7, bytes_of("state")});
  const Checkpoint checkpoint = parse_checkpoint(payload.span());
  CHECK(checkpoint.id == 5);
  CHECK(checkpoint.attempt == 7);
  CHECK(text_of(checkpoint.state) == "state");
  for (std::size_t size = 0; size <= 12; ++size) CHECK_THROWS_AS(parse_checkpoint(payload.span().first(size)), ProtocolError);
  Bytes large;
  append_checkpoint_header(large, {5, 7, {}});
  large.extend(longest_checkpoint);
  CHECK_NOTHROW(parse_checkpoint(large.span().subspan(header_size)));
  large.extend(1);
  CHECK_THROWS_AS(parse_checkpoint(large.span().subspan(header_size)), ProtocolError);
  // The terms of a task say how large theirs is.
  Bytes task = payload_of(Task{5, 6, 7, {.checkpoint = bytes_of("state")}, {}});
  CHECK(parse_task(task.span()).terms.is_plain());
  CHECK_FALSE(parse_task(task.span()).terms.empty());
  const std::size_t size_at = task.size() - 5 - 4;
  for (const std::uint32_t size : {std::uint32_t{6}, static_cast<std::uint32_t>(longest_checkpoint) + 1, ~std::uint32_t{0}}) {
    std::memcpy(task.data() + size_at, &size, sizeof size);
    CHECK_THROWS_AS(parse_task(task.span()), ProtocolError);
  }
}

TEST_CASE("sizes inside a message are checked without overflow", "[wire]") {
  Bytes result = payload_of(Result{1, 2, 3, {}, {}, bytes_of("value")});
  std::memset(result.data() + 20, 0xff, 8);  // the size of stdout: 2^64 - 1
  CHECK_THROWS_AS(parse_result(result.span()), ProtocolError);
}

TEST_CASE("values that make no sense are refused", "[wire]") {
  Task endless = with_every_term();
  endless.terms.hard_limit_ns = ~std::uint64_t{0};
  CHECK_THROWS_AS(parse_task(payload_of(endless).span()), ProtocolError);
  Bytes nothing_said = payload_of(with_every_term());
  std::memset(nothing_said.data() + 20, 0, 4);
  constexpr std::size_t least_terms = 8 + 8 + 8 + 4 + 1 + 4 + 8 + 4 + 4 + 4 + 1 + 1 + 8 + 4;
  nothing_said.data()[20] = static_cast<std::byte>(least_terms);
  std::memset(nothing_said.data() + 24, 0, least_terms);
  std::memcpy(nothing_said.data() + 24 + least_terms - 12, &usual_checkpoint_interval_ns, 8);
  CHECK_THROWS_WITH(parse_task(nothing_said.span()), "a task's terms that say nothing");
  Task never_saves = with_every_term();
  never_saves.terms.checkpoint_interval_ns = ~std::uint64_t{0};
  CHECK_THROWS_AS(parse_task(payload_of(never_saves).span()), ProtocolError);
  for (const auto& [values, is_start] : {std::pair{3U, false}, std::pair{0U, true}}) {
    Task start = with_every_term();
    start.terms.start_values = values;
    start.terms.is_start = is_start;
    Bytes bytes;
    append(bytes, start);
    CHECK_THROWS_AS(parse_task(bytes.span().subspan(header_size)), ProtocolError);
  }
  Bytes too_many_files = payload_of(with_every_term());
  std::memset(too_many_files.data() + 48, 0xff, 4);
  CHECK_THROWS_AS(parse_task(too_many_files.span()), ProtocolError);
  const std::uint64_t beyond = ~std::uint64_t{0};
  CHECK_THROWS_AS(parse_size_apart(std::as_bytes(std::span{&beyond, 1})), ProtocolError);
  CHECK_THROWS_AS(parse_size_apart({}), ProtocolError);
  const auto with_fraction = [](double fraction) { return payload_of(Progress{1, 1, fraction}); };
  CHECK_THROWS_AS(parse_progress(with_fraction(1.01).span()), ProtocolError);
  CHECK_THROWS_AS(parse_progress(with_fraction(-0.1).span()), ProtocolError);
  CHECK_THROWS_AS(parse_progress(with_fraction(std::numeric_limits<double>::quiet_NaN()).span()), ProtocolError);
  Hello no_slots = hello();
  no_slots.slots = 0;
  CHECK_THROWS_AS(parse_hello(payload_of(no_slots).span()), ProtocolError);
  auto unknown = failure();
  unknown.failure.cause = static_cast<Cause>(200);
  CHECK_THROWS_AS(parse_failure(payload_of(unknown).span()), ProtocolError);
}

TEST_CASE("long texts are cut when they are written, and refused when they are read", "[wire]") {
  auto message = failure();
  message.failure.message = std::string(2 * longest_text, 'm');
  const auto parsed = parse_failure(payload_of(message).span());
  CHECK(parsed.failure.message.size() == longest_text);
  Bytes lying = payload_of(Refuse{std::string(longest_text, 'r')});
  lying.data()[2] = std::byte{0x11};  // a text of more than 1 MiB
  CHECK_THROWS_AS(parse_refuse(lying.span()), ProtocolError);
}

TEST_CASE("P35: version skew and foreign programs are refused with a reason", "[wire][P35]") {
  CHECK_FALSE(refusal(hello(), hello().identity, hello().build));
  Hello newer = hello();
  newer.version = protocol_version + 1;
  const auto parsed = parse_hello(payload_of(newer).span());  // only as far as the version
  CHECK(parsed.version == protocol_version + 1);
  CHECK(refusal(parsed, 0, 0).value().find(fmt::format("version {}", protocol_version)) != std::string::npos);
  CHECK(refusal(hello(), 1, hello().build).value().find("another program") != std::string::npos);
  const std::string other_build = refusal(hello(), hello().identity, 1).value();
  CHECK(other_build.find("another build of this program") != std::string::npos);
  CHECK(other_build.find("pi7") != std::string::npos);
  Bytes wrong_magic = payload_of(hello());
  wrong_magic.data()[0] = std::byte{'X'};
  CHECK_THROWS_WITH(parse_hello(wrong_magic.span()), Catch::Contains("no CppMW worker"));
}

TEST_CASE("a header and its arguments sent apart are the same bytes", "[wire]") {
  const std::string arguments = "some arguments";
  Bytes whole, apart;
  append(whole, Task{1, 2, 3, {}, bytes_of(arguments)});
  append_task_header(apart, Task{1, 2, 3}, arguments.size());
  apart.append(arguments.data(), arguments.size());
  CHECK(text_of(whole.span()) == text_of(apart.span()));
  Bytes result, result_apart;
  const Result r{1, 2, 3, bytes_of("o"), bytes_of("e"), bytes_of(arguments)};
  append(result, r);
  append_result_header(result_apart, r);
  result_apart.append(arguments.data(), arguments.size());
  CHECK(text_of(result.span()) == text_of(result_apart.span()));
}

TEST_CASE("the bytes of a task frame are pinned", "[wire]") {
  Bytes out;
  append(out, Task{1, 0x0203, 4, {}, bytes_of("A")});
  const unsigned char expected[] = {25, 0, 0, 0, 0, 0, 0, 4, 1, 0, 0, 0, 0, 0, 0, 0,  3,
                                    2,  0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 'A'};
  REQUIRE(out.size() == sizeof expected);
  CHECK(std::memcmp(out.data(), expected, sizeof expected) == 0);
}

TEST_CASE("what a manager and a master say to each other", "[wire]") {
  const Bytes relayed = payload_of(Relay{7, bytes_of("stream")});
  CHECK(parse_relay(relayed.span()).rank == 7);
  CHECK(text_of(parse_relay(relayed.span()).bytes) == "stream");
  CHECK_THROWS_AS(parse_relay(relayed.span().first(3)), ProtocolError);
  const Ranks ranks = parse_ranks(payload_of(Ranks{{{1, "a", "here", 4, 99}, {2, "b", "", 2, 7}}}).span());
  REQUIRE(ranks.list.size() == 2);
  CHECK(ranks.list[1].host == "b");
  CHECK(ranks.list[0].place == "here");
  CHECK(ranks.list[1].cores == 2);
  CHECK(ranks.list[1].memory == 7);
  const Credit credit = parse_credit(payload_of(Credit{3, 1u << 30}).span());
  CHECK(credit.rank == 3);
  CHECK(credit.bytes == 1u << 30);
  CHECK(parse_rank_lost(payload_of(RankLost{2, "signal"}).span()).why == "signal");
  // A count that nothing backs takes no memory.
  Bytes many;
  append(many, Ranks{});
  many.data()[header_size + 3] = std::byte{0x7f};
  CHECK_THROWS_AS(parse_ranks(many.span().subspan(header_size)), ProtocolError);
}

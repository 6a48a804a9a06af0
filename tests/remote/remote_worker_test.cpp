// The master's end of a worker behind an agent: what it tells its host, for everything that an agent may send, in any
// pieces.
#include <catch2/catch.hpp>

#include <unistd.h>

#include <fstream>
#include <string>
#include <vector>

#include "memory/shared_block.hpp"
#include "memory/shared_file.hpp"
#include "process/place.hpp"
#include "remote/remote_bench.hpp"
#include "remote/task_messages.hpp"
#include "support/temporary.hpp"

using namespace test;
using Catch::Contains;

TEST_CASE("a worker joins when it has said hello, and is welcomed under its number", "[remote]") {
  Bench bench;
  CHECK_FALSE(bench.worker.is_ready());
  bench.come(Bench::hello(2));
  CHECK(bench.said() == Words{"joined worker 3 at pi slots 1 ahead 2", "ready"});
  CHECK(bench.worker.is_ready());
  const auto frames = frames_of(bench.output());
  REQUIRE(frames.size() == 1);
  REQUIRE(frames[0].type == wire::FrameType::welcome);
  CHECK(wire::parse_welcome(bytes_of(frames[0].payload)).worker == 1);
}

TEST_CASE("another program, build or version is refused with the reason, and does not join", "[remote]") {
  wire::Hello other = Bench::hello();
  const auto which = GENERATE(0, 1, 2);
  if (which == 0) ++other.identity;
  if (which == 1) ++other.build;
  if (which == 2) ++other.version;
  Bench bench;
  bench.come(other);
  CHECK(bench.said() == Words{"room"});  // so that its master makes a round, with which the answer goes out
  CHECK_FALSE(bench.worker.is_ready());
  const auto frames = frames_of(bench.output());
  REQUIRE(frames.size() == 1);
  REQUIRE(frames[0].type == wire::FrameType::refuse);
  const char* const words[] = {"another program", "another build", "version"};
  CHECK_THAT(wire::parse_refuse(bytes_of(frames[0].payload)).reason, Contains(words[which]));
}

TEST_CASE("the same stream tells the same, wherever it is cut", "[remote]") {
  Bytes stream;
  wire::append(stream, Bench::hello());
  wire::append(stream, wire::Heartbeat{});
  wire::append(stream, wire::Progress{1, 1, 0.5});
  wire::append(stream, wire::Result{1, 1, 7, bytes_of("out"), bytes_of("err"), bytes_of("value")});
  const std::size_t after_hello = [] {
    Bytes first;
    wire::append(first, Bench::hello());
    return first.size();
  }();
  for (std::size_t piece = 1; piece < stream.size(); piece += piece < 40 ? 1 : 17) {
    Bench bench;
    bench.worker.receive(stream.span().first(after_hello));
    bench.worker.send(bench.task());
    static_cast<void>(bench.output());
    for (auto rest = stream.span().subspan(after_hello); !rest.empty(); rest = rest.subspan(std::min(piece, rest.size())))
      bench.worker.receive(rest.first(std::min(piece, rest.size())));
    REQUIRE(bench.said() ==
            Words{"joined worker 3 at pi slots 1 ahead 0", "ready", "started 1 on 1", "progress 1 0.5", "finished 1"});
    REQUIRE(text_of(bench.heard.outcomes[0].value.span()) == "value");
    REQUIRE(bench.heard.outcomes[0].out == "out");
    REQUIRE(bench.heard.outcomes[0].err == "err");
    REQUIRE(bench.heard.outcomes[0].run_time.count() == 7);
  }
}

TEST_CASE("a task goes out with all that it needs, however little is taken at a time", "[remote]") {
  const std::size_t size = GENERATE(std::size_t{3}, copied_up_to, copied_up_to + 1, std::size_t{300'000});
  const std::size_t piece = GENERATE(std::size_t{977}, std::size_t{64 * 1024}, std::size_t{1'000'000});
  Bench bench;
  bench.join(5);
  const std::string large(size, 'L');
  using namespace std::chrono_literals;
  bench.worker.send(bench.task("small"));
  bench.worker.send(bench.task(large, {.soft_limit = 3s, .hard_limit = 4s, .memory_limit = 5}));
  bench.worker.send(bench.task("last"));
  const auto frames = frames_of(bench.output(piece));
  REQUIRE(frames.size() == 3);
  CHECK(text_of(wire::parse_task(bytes_of(frames[0].payload)).arguments) == "small");
  const wire::Task second = wire::parse_task(bytes_of(frames[1].payload));
  CHECK(second.id == 2);
  CHECK(second.attempt == 1);
  CHECK(second.function == detail::Registered<remote_function>::entry.id());
  CHECK(second.terms.soft_limit_ns == 3'000'000'000);
  CHECK(second.terms.hard_limit_ns == 4'000'000'000);
  CHECK(second.terms.memory_limit == 5);
  CHECK(text_of(second.arguments) == large);
  CHECK(text_of(wire::parse_task(bytes_of(frames[2].payload)).arguments) == "last");
}

TEST_CASE("no more tasks go out than the worker takes, and the rest follows as it gets done", "[remote]") {
  Bench bench;
  bench.join(1);
  for (int i = 0; i < 4; ++i) bench.worker.send(bench.task());
  CHECK(frames_of(bench.output()).size() == 2);
  CHECK(bench.said() == Words{"started 1 on 1"});
  bench.result(1);
  CHECK(bench.said() == Words{"started 2 on 1", "finished 1"});
  CHECK(frames_of(bench.output()).size() == 1);
  bench.result(2);
  bench.result(3);
  bench.result(4);
  CHECK(bench.said() == Words{"started 3 on 1", "finished 2", "started 4 on 1", "finished 3", "finished 4"});
  CHECK_FALSE(bench.worker.is_busy());
}

TEST_CASE("a task that has not gone out is taken back at once, one that has is asked back, once", "[remote]") {
  Bench bench;
  bench.join(1);
  std::vector<TaskRef> tasks;
  for (int i = 0; i < 3; ++i) bench.worker.send(tasks.emplace_back(bench.task()));
  static_cast<void>(bench.output());
  CHECK(bench.worker.take_back(tasks[2]));
  CHECK_FALSE(bench.worker.has_output());
  CHECK_FALSE(bench.worker.take_back(tasks[1]));
  CHECK_FALSE(bench.worker.take_back(tasks[1]));
  const auto frames = frames_of(bench.output());
  REQUIRE(frames.size() == 1);
  const wire::Cancel cancel = wire::parse_cancel(bytes_of(frames[0].payload));
  CHECK(cancel.id == 2);
  CHECK_FALSE(cancel.end);
  static_cast<void>(bench.said());
  bench.come(wire::Returned{2, 1});
  CHECK(bench.said() == Words{"returned 2"});
  CHECK_THROWS_WITH(bench.come(wire::Returned{2, 1}), Contains("a task returned that it was not given"));
}

TEST_CASE("a worker is asked for the rest of the chunk that it runs, and the answer is about no other task", "[remote][split]") {
  Bench bench;
  bench.join(1);
  const TaskRef chunk = bench.task(), next = bench.task(), elsewhere = bench.task();
  bench.worker.send(chunk);
  bench.worker.send(next);
  static_cast<void>(bench.output());
  bench.worker.split(elsewhere);
  CHECK_FALSE(bench.worker.has_output());
  bench.worker.split(chunk);
  const auto frames = frames_of(bench.output());
  REQUIRE(frames.size() == 1);
  CHECK(wire::parse_split(bytes_of(frames[0].payload)).id == chunk.id());
  static_cast<void>(bench.said());
  bench.come(wire::Split{chunk.id(), 1, 3});
  CHECK(bench.said() == Words{"split 1, which keeps 3"});
  CHECK_THROWS_AS(bench.come(wire::Split{next.id(), 1, 3}), wire::ProtocolError);
}

TEST_CASE("the one behind a task that returned begins in its place", "[remote]") {
  Bench bench;
  bench.join(1);
  for (int i = 0; i < 3; ++i) bench.worker.send(bench.task());
  static_cast<void>(bench.said());
  bench.come(wire::Returned{1, 1});
  CHECK(bench.said() == Words{"started 2 on 1", "returned 1"});
  CHECK(frames_of(bench.output()).size() == 3);  // the third had a place then
}

TEST_CASE("a worker that was ended to end a task says so, and a task that it does not have ends nobody", "[remote]") {
  Bench bench;
  bench.join();
  const TaskRef mine = bench.task(), foreign = bench.task();
  bench.worker.send(mine);
  static_cast<void>(bench.output());
  bench.worker.abort(foreign);
  CHECK_FALSE(bench.worker.has_output());
  bench.worker.abort(mine);
  const auto frames = frames_of(bench.output());
  REQUIRE(frames.size() == 1);
  CHECK(wire::parse_cancel(bytes_of(frames[0].payload)).end);
  static_cast<void>(bench.said());
  Bytes gone;
  wire::append_gone(gone, {.id = 1, .attempt = 1, .run_ns = 0, .out = {}, .err = {}, .failure = failure("was killed")});
  bench.worker.receive(gone.span());
  CHECK(bench.said() == Words{"started 1 on 1", "left 1 lost 1", "process ended, ready: was killed"});
  CHECK(bench.heard.losses[0][0].outcome.failure->message == "its worker was killed");
}

TEST_CASE("a worker that died outside of any task costs none, and the next one may say hello", "[remote]") {
  Bench bench;
  bench.join(1);
  bench.worker.send(bench.task());
  bench.worker.send(bench.task());
  static_cast<void>(bench.said());
  Bytes gone;
  wire::append_gone(gone, {.id = 0, .attempt = 0, .run_ns = 0, .out = {}, .err = {}, .failure = failure("exit status 1")});
  bench.worker.receive(gone.span());
  CHECK(bench.said() == Words{"left 1 lost 0", "process ended, ready: exit status 1"});
  CHECK_FALSE(bench.worker.is_busy());
  bench.come(Bench::hello());
  CHECK(bench.said() == Words{"joined worker 3 at pi slots 1 ahead 0", "ready"});
  CHECK(index_of(bench.worker.id()) == 2);
  CHECK_THROWS_WITH(bench.result(1), Contains("which it was not given next"));  // the first one's
}

TEST_CASE("an agent that is lost loses the task that ran, and one that left loses none", "[remote]") {
  const bool is_lost = GENERATE(true, false);
  Bench bench;
  bench.join(1);
  bench.worker.send(bench.task(std::string(100'000, 'x')));
  bench.worker.send(bench.task());
  static_cast<void>(bench.said());
  if (is_lost) {
    bench.worker.lost("its host is silent", failure("silence"));
    CHECK(bench.said() == Words{"started 1 on 1", "left 1 lost 1", "process ended, ready: its host is silent"});
    CHECK(bench.heard.losses[0][0].task.id() == 1);
    CHECK(bench.heard.losses[0][0].outcome.failure->cause == Cause::worker_lost);
  } else {
    bench.worker.left("the job is over");
    CHECK(bench.said() == Words{"left 1 lost 0", "process ended, ready: the job is over"});
  }
  CHECK_FALSE(bench.worker.has_output());
  CHECK_FALSE(bench.worker.is_ready());
}

TEST_CASE("one that never joined ends without a word of leaving", "[remote]") {
  Bench bench;
  bench.worker.lost("no answer", {});
  CHECK(bench.said() == Words{"process ended: no answer"});
}

TEST_CASE("results that were not due, or came before their task, break the connection", "[remote][S4]") {
  Bench bench;
  bench.join(1);
  CHECK_THROWS_AS(bench.result(1), wire::ProtocolError);
  bench.worker.send(bench.task());
  bench.worker.send(bench.task());
  static_cast<void>(bench.output());
  CHECK_THROWS_AS(bench.result(2), wire::ProtocolError);
  CHECK_THROWS_AS(bench.come(wire::Result{1, 2, 0, {}, {}, {}}), wire::ProtocolError);  // another attempt
  Bench early;
  early.join();
  early.worker.send(early.task(std::string(100'000, 'x')));
  Bytes some;
  early.worker.take_output(some, 1'000);
  CHECK_THROWS_WITH(early.result(1), Contains("a result before it had the whole task"));
}

TEST_CASE("what no agent sends is refused", "[remote][S4]") {
  Bench bench;
  bench.join();
  CHECK_THROWS_WITH(bench.come(Bench::hello()), Contains("a second hello"));
  for (const auto type : {wire::FrameType::welcome, wire::FrameType::task, wire::FrameType::cancel, wire::FrameType::bye,
                          wire::FrameType::relay, wire::FrameType::bundle}) {
    Bytes frame;
    wire::append_header(frame, type, 0);
    Bench other;
    CHECK_THROWS_WITH(other.worker.receive(frame.span()), Contains("an agent does not send frames of type"));
  }
}

TEST_CASE("progress of another task than the one that runs is nobody's", "[remote]") {
  Bench bench;
  bench.join(1);
  bench.come(wire::Progress{1, 1, 0.5});
  bench.worker.send(bench.task());
  bench.worker.send(bench.task());
  static_cast<void>(bench.said());
  bench.come(wire::Progress{2, 1, 0.5});
  bench.come(wire::Progress{1, 1, 0.25});
  CHECK(bench.said() == Words{"progress 1 0.25"});
}

TEST_CASE("what a task has saved goes to the host, and along with its next attempt", "[remote]") {
  Bench bench;
  bench.join(1);
  const TaskRef task = bench.task();
  bench.worker.send(task);
  bench.worker.send(bench.task());
  static_cast<void>(bench.said());
  bench.come(wire::Checkpoint{1, 1, bytes_of("state")});
  CHECK(bench.said() == Words{"checkpoint of 1: 5 bytes"});
  CHECK_THROWS_AS(bench.come(wire::Checkpoint{1, 2, bytes_of("state")}), wire::ProtocolError);
  CHECK_THROWS_AS(bench.come(wire::Checkpoint{2, 1, bytes_of("state")}), wire::ProtocolError);
  auto& extra = TaskAccess::record(task)->need_extra();
  extra.checkpoint = std::make_shared<const Bytes>(bytes("state"));
  CHECK(text_of(message_of(task, Hears::meanwhile).terms.checkpoint) == "state");
  CHECK(message_of(task).terms.checkpoint.empty());
}

TEST_CASE("what a task elsewhere has measured comes with its end", "[remote][measure]") {
  Bench bench;
  bench.join(1);
  for (int i = 0; i < 2; ++i) bench.worker.send(bench.task());
  CHECK_THROWS_AS(bench.come(wire::Measured{2, 1, bytes_of("eels")}), wire::ProtocolError);
  bench.come(wire::Measured{1, 1, bytes_of("eels")});
  bench.result(1);
  REQUIRE(bench.heard.outcomes.back().measured);
  CHECK(text_of(bench.heard.outcomes.back().measured->span()) == "eels");
  bench.result(2);
  CHECK_FALSE(bench.heard.outcomes.back().measured);
}

TEST_CASE("what is held of one attempt is no other's", "[remote][measure]") {
  HeldMeasures held;
  Outcome outcome;
  held.hold({1, 1, bytes_of("eels")});
  held.give_to(outcome, {1, 2});
  CHECK_FALSE(outcome.measured);
  held.give_to(outcome, {1, 1});  // it was forgotten
  CHECK_FALSE(outcome.measured);
}

TEST_CASE("that a worker is stopped counts while it has work", "[remote]") {
  Bench bench;
  bench.join();
  bench.come(wire::Stopped{true});
  CHECK(bench.said().empty());
  CHECK_FALSE(bench.worker.is_stopped());
  bench.worker.send(bench.task("x", {.name = "the eels"}));
  static_cast<void>(bench.said());
  CHECK(bench.worker.doing() == "task 1 (the eels)");
  bench.come(wire::Stopped{true});
  bench.come(wire::Stopped{false});
  CHECK(bench.said() == Words{"stopped", "goes on"});
}

TEST_CASE("a data file goes along once for all tasks that need it, and again when it has changed", "[remote]") {
  const test::TemporaryFolder folder;
  const std::string path = folder.path("data"), content(300'000, 'd');
  std::ofstream{path} << content;
  Bench bench;
  bench.join(9);
  const TaskOptions options{.files = {{path, "data"}}};
  bench.worker.send(bench.task("a", options));
  bench.worker.send(bench.task("b", options));
  auto frames = frames_of(bench.output(10'000));
  std::string sent;
  std::vector<wire::FrameType> types;
  for (const Frame& frame : frames) {
    types.push_back(frame.type);
    if (frame.type == wire::FrameType::file_piece) sent += text_of(wire::parse_file_piece(bytes_of(frame.payload)).bytes);
  }
  using enum wire::FrameType;
  CHECK(types == std::vector{file_piece, file_piece, task, task});  // it is there before its task
  CHECK(sent == content);
  CHECK(wire::parse_task(bytes_of(frames[3].payload)).terms.files[0].from == "#1");
  std::ofstream{path} << "changed";
  bench.worker.send(bench.task("c", options));
  frames = frames_of(bench.output());
  REQUIRE(frames.size() == 2);
  CHECK(wire::parse_file_piece(bytes_of(frames[0].payload)).file == 2);
  CHECK(wire::parse_task(bytes_of(frames[1].payload)).terms.files[0].from == "#2");
  bench.worker.send(bench.task("d", {.files = {{folder.path("none"), "none"}}}));
  CHECK(wire::parse_task(bytes_of(frames_of(bench.output()).at(0).payload)).terms.files[0].from == folder.path("none"));
}

TEST_CASE("a shared value goes along once, and the agent is told when nobody needs it any more", "[remote][share]") {
  const std::string content(300'000, 's');
  auto value = memory::SharedFile::make(bytes_of(content));
  const std::uint64_t number = value->number();
  Bench bench;
  bench.join(9);
  bench.worker.send(bench.task_with({value}));
  bench.worker.send(bench.task_with({value}));
  auto frames = frames_of(bench.output(10'000));
  std::string sent;
  std::vector<wire::FrameType> types;
  for (const Frame& frame : frames) {
    types.push_back(frame.type);
    if (frame.type == wire::FrameType::file_piece) sent += text_of(wire::parse_file_piece(bytes_of(frame.payload)).bytes);
  }
  using enum wire::FrameType;
  CHECK(types == std::vector{file_piece, file_piece, task, task});
  CHECK(sent == content);
  const auto terms = wire::parse_task(bytes_of(frames.at(3).payload)).terms;
  CHECK(terms.shared == std::vector<SharedInput>{{.number = number, .size = content.size(), .from = "#1"}});
  bench.worker.forget_shared(number + 1);
  CHECK_FALSE(bench.worker.has_output());
  bench.worker.forget_shared(number);
  frames = frames_of(bench.output());
  REQUIRE(frames.size() == 1);
  const auto said = wire::parse_forget(bytes_of(frames[0].payload));
  CHECK((said.number == number && said.file == 1));
  bench.worker.forget_shared(number);
  CHECK_FALSE(bench.worker.has_output());
}

TEST_CASE("where memory is shared, a worker opens a shared value by itself", "[remote][share]") {
  const auto value = memory::SharedFile::make(bytes_of("the table"));
  Bench bench{{.name = "worker 3", .shares_memory = true}};
  bench.join();
  bench.worker.send(bench.task_with({value}));
  auto frames = frames_of(bench.output());
  REQUIRE(frames.size() == 1);
  CHECK(wire::parse_task(bytes_of(frames[0].payload)).terms.shared == std::vector{value->input()});
  bench.worker.forget_shared(value->number());
  frames = frames_of(bench.output());
  REQUIRE(frames.size() == 1);
  CHECK(wire::parse_forget(bytes_of(frames[0].payload)).file == 0);
}

TEST_CASE("where files are shared, tasks name them as they are", "[remote]") {
  const test::TemporaryFolder folder;
  std::ofstream{folder.path("data")} << "d";
  Bench bench{{.name = "worker 3", .shares_files = true}};
  bench.join();
  bench.worker.send(bench.task("a", {.files = {{folder.path("data"), "data"}}}));
  const auto frames = frames_of(bench.output());
  REQUIRE(frames.size() == 1);
  CHECK(wire::parse_task(bytes_of(frames[0].payload)).terms.files[0].from == folder.path("data"));
}

TEST_CASE("where memory is shared, large arguments and results stay where they are", "[remote][memory]") {
  Bench bench{{.name = "worker 3", .shares_memory = true}};
  bench.join();
  const std::string large(400'000, 'L');
  const TaskRef task = bench.task(large);
  REQUIRE(TaskAccess::block(task));
  bench.worker.send(task);
  const auto frames = frames_of(bench.output());
  REQUIRE(frames.size() == 1);
  REQUIRE(frames[0].type == wire::FrameType::task_in_memory);
  CHECK(TaskAccess::block(task)->is_lent());
  const wire::MemoryPlace place = wire::parse_memory_place(wire::parse_task(bytes_of(frames[0].payload)).arguments);
  CHECK(place.size == large.size());
  {
    const Bytes there = memory::receive_block(process::open_descriptor({place.pid, place.descriptor, place.inode}), place.size);
    CHECK(text_of(there.span()) == large);
  }
  CHECK_FALSE(TaskAccess::block(task)->is_lent());
  // The result, in memory of this process that plays the agent.
  Bytes value = bytes(std::string(500'000, 'V'));
  REQUIRE(value.block());
  value.block()->set_lent(true);
  Bytes frame;
  wire::append_result_in_memory(frame, {.id = 1, .attempt = 1, .run_ns = 0, .out = {}, .err = {}, .value = {}},
                                {static_cast<std::uint32_t>(::getpid()), static_cast<std::uint32_t>(value.block()->fd()),
                                 value.block()->inode(), value.size()});
  bench.worker.receive(frame.span());
  REQUIRE(bench.heard.outcomes.size() == 1);
  CHECK_FALSE(bench.heard.outcomes[0].failure);
  CHECK(text_of(bench.heard.outcomes[0].value.span()) == std::string(500'000, 'V'));
}

TEST_CASE("a result in memory that is another file by now breaks the connection, and is not read", "[remote][memory][S4]") {
  Bench bench{{.name = "worker 3", .shares_memory = true}};
  bench.join();
  bench.worker.send(bench.task());
  const Bytes value = bytes(std::string(500'000, 'V'));
  Bytes frame;
  wire::append_result_in_memory(frame, {.id = 1, .attempt = 1, .run_ns = 0, .out = {}, .err = {}, .value = {}},
                                {static_cast<std::uint32_t>(::getpid()), static_cast<std::uint32_t>(value.block()->fd()),
                                 value.block()->inode() + 1, value.size()});
  CHECK_THROWS_WITH(bench.worker.receive(frame.span()), Contains("is not the file that it was"));
  CHECK(bench.heard.outcomes.empty());
}

TEST_CASE("a worker that is about to leave gives back what it has not begun, and finishes the rest", "[remote]") {
  Bench bench;
  bench.worker.leave();  // it has not joined yet
  CHECK(bench.said().empty());
  bench.join(1);
  for (int i = 0; i < 3; ++i) bench.worker.send(bench.task());
  static_cast<void>(bench.output());
  static_cast<void>(bench.said());
  bench.worker.leave();
  CHECK(bench.said() == Words{"leaves 1", "returned 3"});  // which had no place there yet
  const auto frames = frames_of(bench.output());
  REQUIRE(frames.size() == 1);
  REQUIRE(frames[0].type == wire::FrameType::cancel);
  const auto cancel = wire::parse_cancel(bytes_of(frames[0].payload));
  CHECK(cancel.id == 2);
  CHECK_FALSE(cancel.end);
  bench.come(wire::Returned{2, 1});
  CHECK(bench.said() == Words{"returned 2"});
  CHECK(bench.worker.is_busy());
  bench.result(1);
  CHECK(bench.said() == Words{"finished 1"});
  CHECK_FALSE(bench.worker.is_busy());
}

TEST_CASE("a worker that is to rest says so when it joins, and gives back what it has not begun", "[remote]") {
  Bench bench;
  bench.worker.rest(true);
  CHECK(bench.said().empty());
  bench.come(Bench::hello(3));
  CHECK(bench.said() == Words{"joined worker 3 at pi slots 1 ahead 3", "1 rests", "ready"});
  static_cast<void>(bench.output());
  bench.worker.rest(false);
  bench.worker.rest(false);
  CHECK(bench.said() == Words{"1 goes on"});
  const TaskRef first = bench.task(), second = bench.task();
  bench.worker.send(first);
  bench.worker.send(second);
  static_cast<void>(bench.output());
  bench.worker.rest(true);
  CHECK(bench.said() == Words{"started 1 on 1", "1 rests"});
  const auto frames = frames_of(bench.output());
  REQUIRE(frames.size() == 1);
  CHECK(frames[0].type == wire::FrameType::cancel);
  bench.come(wire::Returned{second.id(), 1});
  bench.result(1);
  CHECK(bench.said() == Words{"returned 2", "finished 1"});
  bench.worker.left("bye");
  static_cast<void>(bench.said());
  bench.come(Bench::hello());  // its successor has no slot, either
  CHECK(bench.said() == Words{"joined worker 3 at pi slots 1 ahead 0", "2 rests", "ready"});
}

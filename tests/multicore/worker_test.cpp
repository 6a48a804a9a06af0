// One worker of multicore, before an owner that writes down what it hears: a real process, in whose name the frames are
// given to it by hand. What the process itself says stays unread until the test is over.
#include <catch2/catch.hpp>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "memory/shared_file.hpp"
#include "multicore/multicore_bench.hpp"
#include "multicore/worker.hpp"
#include "process/build.hpp"
#include "registry/registry.hpp"
#include "support/captured_stderr.hpp"
#include "support/text.hpp"
#include "wire/frame.hpp"
#include "wire/messages.hpp"
#include "worker/claim_page.hpp"

using namespace mw;
using Catch::Contains;
using test::bytes_of;
using WorkerWords = std::vector<std::string>;

namespace {

std::string name_of_eel(int number, const std::string& name) { return fmt::format("{} {}", name, number); }

class WorkerBench final : public multicore::WorkerOwner {
 public:
  WorkerBench() { worker->start(); }
  ~WorkerBench() override {
    // Its own hello is its first one, or the second, for which it is killed: before it is told to go, as a process that
    // is killed while LeakSanitizer looks through it may stay.
    static_cast<void>(heard.said());
    heard.run_until([this] { return end || heard.has_heard("ready"); });
    worker->stop();
    heard.run_until([this] { return end.has_value(); });
  }
  WorkerBench(const WorkerBench&) = delete;
  WorkerBench& operator=(const WorkerBench&) = delete;

  InterfaceHost& host() const noexcept override { return heard; }
  const MulticoreOptions& options() const noexcept override { return settings; }
  const std::shared_ptr<const process::Origin>& origin() const noexcept override { return beginning; }
  const Resources& share_of(unsigned) const noexcept override { return share; }
  void worker_ready(multicore::Worker&) override { heard.say("ready"); }
  void worker_has_output(multicore::Worker&) override { ++outputs; }
  void worker_stopped(multicore::Worker& one) override { heard.say("{}", one.is_stopped() ? "stopped" : "goes on"); }
  void worker_ended(multicore::Worker&, const std::string& why) override { end = why; }

  static wire::Hello hello() {
    return {.identity = registry::program_identity(), .build = process::own_build(), .ahead = 9, .pid = 71, .host = "pi"};
  }
  template <class Message>
  void come(const Message& message) {
    Bytes frame;
    wire::append(frame, message);
    wire::FrameReader reader;
    const auto room = reader.prepare();
    REQUIRE(frame.size() <= room.size());
    std::copy(frame.span().begin(), frame.span().end(), room.begin());
    reader.commit(frame.size());
    const auto whole = reader.next();
    REQUIRE(whole);
    worker->frame(*whole);
  }
  void result(std::uint64_t id, std::uint32_t attempt = 1) {
    come(wire::Result{.id = id, .attempt = attempt, .run_ns = 5, .out = {}, .err = {}, .value = bytes_of("v")});
  }
  void failure(std::uint64_t id) {
    wire::FailureMessage message;
    message.id = id;
    message.attempt = 1;
    message.failure.message = "no eel";
    come(message);
  }
  void join() {
    come(hello());
    static_cast<void>(heard.said());
  }
  TaskRef task(std::uint64_t id, const std::string& name = "eel") { return test::numbered_task<name_of_eel>(id, 1, name); }
  TaskRef send(std::uint64_t id, const std::string& name = "eel") {
    const TaskRef one = task(id, name);
    worker->send(one);
    return one;
  }

  mutable test::LoopHost heard;
  int outputs = 0;
  std::optional<std::string> end;
  const MulticoreOptions settings;
  const Resources share{.cores = 3, .gpus = {"1"}};
  const std::shared_ptr<const process::Origin> beginning;
  const std::shared_ptr<multicore::Worker> worker = std::make_shared<multicore::Worker>(*this, 3);
};

}  // namespace

TEST_CASE("a worker joins with its hello, under the name of its slot", "[multicore][worker]") {
  WorkerBench bench;
  CHECK_FALSE(bench.worker->was_ready());
  bench.come(WorkerBench::hello());
  CHECK(bench.heard.said() == WorkerWords{"joined multicore worker 3", "ready"});
  CHECK(bench.worker->was_ready());
  CHECK(bench.worker->id() == WorkerId{1});
  CHECK(bench.worker->text() == fmt::format("multicore worker 3 (process {})", bench.worker->pid()));
  const WorkerInfo& info = bench.heard.joined.at(0);
  CHECK(info.host == "pi");
  CHECK(info.slots == 1);
  CHECK(info.ahead == 9);
  CHECK(info.pid == 71);
  CHECK_THROWS_WITH(bench.come(WorkerBench::hello()), Contains("a second hello"));
  CHECK(bench.heard.said().empty());
}

TEST_CASE("whoever says anything before hello is no worker", "[multicore][worker]") {
  WorkerBench bench;
  const std::string why = "its first words were no hello; does main() call mw::init(argc, argv) first?";
  CHECK_THROWS_WITH(bench.result(1), why);
  CHECK_THROWS_WITH(bench.come(wire::Progress{1, 1, 0.5}), why);
  CHECK_THROWS_WITH(bench.come(wire::Note{"hello"}), why);
  CHECK_THROWS_WITH(bench.come(wire::Heartbeat{}), why);
  CHECK(bench.heard.said().empty());
  CHECK_FALSE(bench.worker->was_ready());
}

TEST_CASE("another program, build or version is refused with the reason, which is why it ends", "[multicore][worker]") {
  const auto [which, word] = GENERATE(table<int, std::string>({{0, "another program"}, {1, "another build"}, {2, "version"}}));
  WorkerBench bench;
  wire::Hello other = WorkerBench::hello();
  if (which == 0) ++other.identity;
  if (which == 1) ++other.build;
  if (which == 2) ++other.version;
  bench.come(other);
  REQUIRE(bench.heard.run_until([&] { return bench.end.has_value(); }));
  CHECK_THAT(*bench.end, Contains(fmt::format("process {} was ended: ", bench.worker->pid())) && Contains(word));
  CHECK(bench.heard.said().empty());
  CHECK_FALSE(bench.worker->was_ready());
}

TEST_CASE("only what the worker was given next can be its result", "[multicore][worker]") {
  WorkerBench bench;
  bench.join();
  CHECK_THROWS_WITH(bench.result(1), Contains("which it was not given next"));
  bench.send(1);
  bench.send(2);
  CHECK(bench.heard.said() == WorkerWords{"started 1 on 1"});
  CHECK_THROWS_WITH(bench.result(2), "a result for task 2, attempt 1, which it was not given next");
  CHECK_THROWS_AS(bench.result(1, 2), wire::ProtocolError);
  CHECK_THROWS_AS(bench.failure(2), wire::ProtocolError);
  CHECK(bench.heard.said().empty());
  bench.result(1);
  CHECK(bench.heard.said() == WorkerWords{"started 2 on 1", "finished 1"});
  bench.failure(2);
  CHECK(bench.heard.said() == WorkerWords{"finished 2"});
  CHECK_FALSE(bench.worker->is_busy());
  CHECK_THROWS_AS(bench.result(2), wire::ProtocolError);
  REQUIRE(bench.heard.outcomes.size() == 2);
  CHECK(test::text_of(bench.heard.outcomes[0].value) == "v");
  CHECK(bench.heard.outcomes[0].run_time.count() == 5);
  REQUIRE(bench.heard.outcomes[1].failure);
  CHECK(bench.heard.outcomes[1].failure->message == "no eel");
}

TEST_CASE("a result for a task that has not gone out whole is a lie", "[multicore][worker]") {
  WorkerBench bench;
  bench.join();
  const TaskRef large = bench.send(1, std::string(50'000, 'l'));
  CHECK_THROWS_WITH(bench.result(1), "a result before it had the whole task");
  CHECK_FALSE(bench.worker->take_back(large));  // half of it may be on the way
  CHECK(bench.heard.said() == WorkerWords{"started 1 on 1"});
}

TEST_CASE("a value that is apart has to come with its descriptor", "[multicore][worker]") {
  WorkerBench bench;
  bench.join();
  bench.send(1);
  Bytes frame;
  wire::append_result_apart(frame, wire::Result{.id = 1, .attempt = 1, .run_ns = 5, .out = {}, .err = {}, .value = {}}, 1'000'000);
  CHECK_THROWS_WITH(bench.worker->frame({wire::FrameType::result_apart, frame.span().subspan(wire::header_size)}),
                    Contains("without its descriptor"));
}

TEST_CASE("progress of another task is not heard, and a part or checkpoint of another is a lie", "[multicore][worker]") {
  WorkerBench bench;
  bench.join();
  bench.come(wire::Progress{1, 1, 0.5});  // of none, as it may be over here already
  bench.send(1);
  bench.send(2);
  bench.come(wire::Progress{2, 1, 0.5});
  bench.come(wire::Progress{1, 1, 0.25});
  bench.come(wire::Part{1, 1, bytes_of("abc")});
  CHECK(bench.heard.said() == WorkerWords{"started 1 on 1", "progress 1 0.25", "part of 1: 3 bytes"});
  CHECK_THROWS_AS(bench.come(wire::Part{2, 1, bytes_of("abc")}), wire::ProtocolError);
  CHECK_THROWS_AS(bench.come(wire::Part{1, 2, bytes_of("abc")}), wire::ProtocolError);
  CHECK(bench.heard.said().empty());
  bench.come(wire::Checkpoint{1, 1, bytes_of("state")});
  CHECK(bench.heard.said() == WorkerWords{"checkpoint of 1: 5 bytes"});
  CHECK_THROWS_AS(bench.come(wire::Checkpoint{2, 1, bytes_of("state")}), wire::ProtocolError);
  CHECK_THROWS_AS(bench.come(wire::Checkpoint{1, 2, bytes_of("state")}), wire::ProtocolError);
  CHECK(bench.heard.said().empty());
}

TEST_CASE("what a task has measured comes with its end, and not with another's", "[multicore][worker][measure]") {
  WorkerBench bench;
  bench.join();
  bench.send(1);
  bench.send(2);
  CHECK_THROWS_AS(bench.come(wire::Measured{2, 1, bytes_of("eels")}), wire::ProtocolError);
  CHECK_THROWS_AS(bench.come(wire::Measured{1, 2, bytes_of("eels")}), wire::ProtocolError);
  bench.come(wire::Measured{1, 1, bytes_of("eels")});
  bench.come(wire::Result{.id = 1, .attempt = 1, .run_ns = 5, .out = {}, .err = {}, .value = {}});
  REQUIRE(bench.heard.outcomes.back().measured);
  CHECK(std::ranges::equal(bench.heard.outcomes.back().measured->span(), bytes_of("eels")));
  bench.come(wire::Result{.id = 2, .attempt = 1, .run_ns = 5, .out = {}, .err = {}, .value = {}});
  CHECK_FALSE(bench.heard.outcomes.back().measured);
}

TEST_CASE("frames that a worker does not send, and payloads that are none, break the protocol", "[multicore][worker]") {
  WorkerBench bench;
  bench.join();
  bench.send(1);
  static_cast<void>(bench.heard.said());
  CHECK_THROWS_WITH(bench.come(wire::Welcome{}), Contains("a worker does not send frames of type"));
  CHECK_THROWS_AS(bench.come(wire::Refuse{"you"}), wire::ProtocolError);
  CHECK_THROWS_AS(bench.come(wire::Task{.id = 1, .function = 1, .attempt = 1}), wire::ProtocolError);
  CHECK_THROWS_AS(bench.come(wire::Returned{1, 1}), wire::ProtocolError);
  CHECK_THROWS_AS(bench.come(wire::FilePiece{}), wire::ProtocolError);
  using enum wire::FrameType;
  for (const wire::FrameType type : {hello, result, failure, result_apart, progress, part, checkpoint, measures, note})
    for (const std::string& payload : {std::string{}, std::string{"\x01"}, std::string(40, '\xff')})
      CHECK_THROWS_AS(bench.worker->frame({type, bytes_of(payload)}), wire::ProtocolError);
  bench.come(wire::Heartbeat{});
  CHECK(bench.heard.said().empty());
  CHECK(bench.worker->is_busy());
}

TEST_CASE("a worker's note is passed on with its name, fit for a terminal", "[multicore][worker]") {
  WorkerBench bench;
  bench.join();
  const std::string said = test::stderr_of([&] { bench.come(wire::Note{"the \x1b[31meels are gone"}); });
  CHECK_THAT(said, Contains("multicore worker 3: the ") && Contains("eels are gone"));
  CHECK(said.find('\x1b') == std::string::npos);
}

TEST_CASE("a worker gives back what it has not begun, once, and the next one is at the front", "[multicore][worker]") {
  WorkerBench bench;
  bench.join();
  const TaskRef first = bench.send(1), second = bench.send(2), third = bench.send(3);
  CHECK(bench.heard.said() == WorkerWords{"started 1 on 1"});
  CHECK_FALSE(bench.worker->take_back(bench.task(4)));
  CHECK(bench.worker->take_back(second));
  CHECK_FALSE(bench.worker->take_back(second));
  CHECK(bench.heard.said().empty());
  CHECK(bench.worker->take_back(first));
  CHECK(bench.heard.said() == WorkerWords{"started 3 on 1"});
  CHECK(bench.worker->doing() == fmt::format("task 3 ({})", third.function_name()));
  bench.result(3);
  CHECK(bench.heard.said() == WorkerWords{"finished 3"});
}

TEST_CASE("more tasks than a worker has places for wait, and can be taken back meanwhile", "[multicore][worker]") {
  constexpr std::uint64_t places = worker::ClaimPage::places;
  WorkerBench bench;
  bench.join();
  for (std::uint64_t id = 1; id <= places; ++id) bench.send(id);
  const int sent = bench.outputs;
  CHECK(sent == static_cast<int>(places));
  const TaskRef held = bench.send(places + 1);
  bench.send(places + 2);
  CHECK(bench.outputs == sent);
  CHECK(bench.worker->take_back(held));
  CHECK(bench.outputs == sent);
  bench.result(1);  // makes room for one
  CHECK(bench.outputs == sent + 1);
  CHECK_FALSE(bench.worker->take_back(held));
  for (std::uint64_t id = 2; id <= places; ++id) bench.result(id);
  bench.result(places + 2);
  CHECK_FALSE(bench.worker->is_busy());
}

TEST_CASE("a task that was ended before it began frees its slot when it comes to the front", "[multicore][worker]") {
  WorkerBench bench;
  bench.join();
  bench.send(1);
  const TaskRef second = bench.send(2);
  bench.send(3);
  static_cast<void>(bench.heard.said());
  bench.worker->abort(bench.task(4));  // that it does not have
  bench.worker->abort(second);
  CHECK(bench.heard.said().empty());
  bench.result(1);
  CHECK(bench.heard.said() == WorkerWords{"finished 2", "started 3 on 1", "finished 1"});
  CHECK(bench.heard.outcomes.at(0).value.empty());
  CHECK_FALSE(bench.heard.outcomes.at(0).failure);
  bench.result(3);
  CHECK_FALSE(bench.worker->is_busy());
  // Nobody has killed the process for that: it comes to say hello, once more.
  REQUIRE(bench.heard.run_until([&] { return bench.end.has_value(); }));
  CHECK_THAT(*bench.end, Contains("a second hello"));
}

TEST_CASE("a worker that is killed to end a task, and had begun none, loses none", "[multicore][worker]") {
  WorkerBench bench;
  bench.join();
  const TaskRef first = bench.send(1);
  bench.send(2);
  bench.worker->abort(first);
  REQUIRE(bench.heard.run_until([&] { return bench.end.has_value(); }));
  CHECK_THAT(*bench.end, Contains("was ended: task 1 was ended"));
  CHECK(bench.heard.said() == WorkerWords{"started 1 on 1", "left 1, lost none"});
}

TEST_CASE("a worker hears once that a shared value is gone, if a task of it took that", "[multicore][worker][share]") {
  WorkerBench bench;
  bench.join();
  const auto value = memory::SharedFile::make(bytes_of("eels"));
  bench.worker->forget_shared(value->number());
  CHECK(bench.outputs == 0);
  test::TaskMaker maker{detail::Registered<name_of_eel>::checked()};
  bench.worker->send(maker.make(encode(1, std::string{"eel"}), {}, 1, {value}));
  CHECK(bench.outputs == 1);
  bench.worker->forget_shared(value->number() + 1);
  CHECK(bench.outputs == 1);
  bench.worker->forget_shared(value->number());
  CHECK(bench.outputs == 2);
  bench.worker->forget_shared(value->number());
  CHECK(bench.outputs == 2);
}

TEST_CASE("a worker whose functions have names is taken where such a program was asked for, and nowhere else",
          "[multicore][worker]") {
  wire::Hello by_name = WorkerBench::hello();
  by_name.identity = detail::by_name_id;
  by_name.build = 0;
  by_name.ahead = 0;
  WorkerBench bench;
  bench.come(by_name);
  REQUIRE(bench.heard.run_until([&] { return bench.end.has_value(); }));
  CHECK_THAT(*bench.end, Contains("a program in another language") && Contains("worker=FILE"));

  CHECK(remote::refusal_of(by_name, remote::Builds::by_name) == std::nullopt);
  CHECK(remote::refusal_of(by_name, remote::Builds::any).has_value());
  by_name.version += 1;
  CHECK_THAT(*remote::refusal_of(by_name, remote::Builds::by_name), Contains("version"));
  by_name.version -= 1;
  by_name.identity += 1;
  CHECK_THAT(*remote::refusal_of(by_name, remote::Builds::by_name), Contains("another program"));
}

TEST_CASE("what a worker that holds one task at a time was sent cannot be taken back", "[multicore][worker]") {
  WorkerBench bench;
  wire::Hello hello = WorkerBench::hello();
  hello.ahead = 0;
  bench.come(hello);
  const TaskRef task = bench.send(1);
  CHECK_FALSE(bench.worker->take_back(task));
  bench.worker->abort(task);
  REQUIRE(bench.heard.run_until([&] { return bench.end.has_value(); }));
  CHECK_THAT(*bench.end, Contains("task 1 was ended"));
}

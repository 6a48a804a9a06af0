// A remote worker on a bench: a host that writes down what it hears, an agent that is played by hand.
#pragma once

#include <catch2/catch.hpp>

#include <cstring>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "process/build.hpp"
#include "registry/registry.hpp"
#include "remote/remote_worker.hpp"
#include "support/task_refs.hpp"
#include "support/text.hpp"

namespace test {

using namespace mw;
using namespace mw::remote;
using Words = std::vector<std::string>;

inline int remote_function(int x) { return x; }

inline Bytes bytes(std::string_view text) { return Bytes{bytes_of(text)}; }

inline Failure failure(std::string message) {
  Failure made;
  made.cause = Cause::worker_lost;
  made.message = std::move(message);
  return made;
}

/// A host that writes down what it hears; where the words come from is what is under test.
class Heard final : public InterfaceHost {
 public:
  Words words;
  std::vector<Outcome> outcomes;
  std::vector<std::vector<LostTask>> losses;

  void task_started(const TaskRef& task, WorkerId worker) override { say("started {} on {}", task.id(), index_of(worker)); }
  void task_progress(const TaskRef& task, double fraction) override { say("progress {} {}", task.id(), fraction); }
  void task_part(const TaskRef& task, Bytes value) override { say("part of {}: {} bytes", task.id(), value.size()); }
  void task_checkpoint(const TaskRef& task, Bytes state) override { say("checkpoint of {}: {} bytes", task.id(), state.size()); }
  void task_finished(const TaskRef& task, Outcome outcome) override {
    say("finished {}", task.id());
    outcomes.push_back(std::move(outcome));
  }
  void task_lost(const TaskRef& task, Outcome) override { say("lost {}", task.id()); }
  void task_returned(const TaskRef& task) override { say("returned {}", task.id()); }
  void task_split(const TaskRef& task, std::uint32_t kept) override { say("split {}, which keeps {}", task.id(), kept); }
  WorkerId worker_joined(WorkerInfo info) override {
    say("joined {} at {} slots {} ahead {}", info.name, info.host, info.slots, info.ahead);
    return WorkerId{++last_};
  }
  void worker_leaves(WorkerId worker) override { say("leaves {}", index_of(worker)); }
  void worker_rests(WorkerId worker, bool rests) override { say("{} {}", index_of(worker), rests ? "rests" : "goes on"); }
  void worker_left(WorkerId worker, std::vector<LostTask> lost) override {
    say("left {} lost {}", index_of(worker), lost.size());
    losses.push_back(std::move(lost));
  }
  void no_worker_possible(std::string) override {}
  void interface_failed(std::string) override {}
  void room_available() override { say("room"); }
  std::size_t tasks_waiting() const override { return 0; }
  bool is_needed(WorkerId) const override { return false; }
  void post(std::function<void()>) override {}
  void post_to_thread(std::function<void()>) override {}
  boost::asio::io_context& io() override { std::abort(); }

  template <class... Values>
  void say(fmt::format_string<Values...> form, Values&&... values) {
    words.push_back(fmt::format(form, std::forward<Values>(values)...));
  }

 private:
  std::uint32_t last_ = 0;
};

class Bench final : public RemoteOwner {
 public:
  explicit Bench(RemoteWorker::Options options = {.name = "worker 3"}) : worker{*this, std::move(options)} {}

  InterfaceHost& host() const noexcept override { return heard; }
  void worker_ready(RemoteWorker&) override { heard.words.emplace_back("ready"); }
  void worker_has_output(RemoteWorker&) override {}
  void worker_stopped(RemoteWorker& one) override { heard.words.emplace_back(one.is_stopped() ? "stopped" : "goes on"); }
  void process_ended(RemoteWorker&, bool was_ready, const std::string& why) override {
    heard.say("process ended{}: {}", was_ready ? ", ready" : "", why);
  }

  static wire::Hello hello(std::uint32_t ahead = 0) {
    return {.identity = registry::program_identity(), .build = process::own_build(), .slots = 1, .ahead = ahead, .host = "pi"};
  }
  template <class Message>
  void come(const Message& message) {
    Bytes frame;
    wire::append(frame, message);
    worker.receive(frame.span());
  }
  void join(std::uint32_t ahead = 0) {
    come(hello(ahead));
    static_cast<void>(output());
    static_cast<void>(said());
  }
  void result(std::uint64_t id, std::string_view value = "v") {
    come(wire::Result{.id = id, .attempt = 1, .run_ns = 5, .out = {}, .err = {}, .value = bytes_of(value)});
  }
  /// All that it wants to send, taken in pieces of so many bytes.
  std::string output(std::size_t piece = 1'000'000) {
    Bytes all;
    while (worker.has_output()) {
      const std::size_t before = all.size(), got = worker.take_output(all, piece);
      REQUIRE(got == all.size() - before);
      REQUIRE(got <= piece);
    }
    return text_of(all.span());
  }
  /// What the host has heard since it was asked the last time.
  Words said() { return std::exchange(heard.words, {}); }
  TaskRef task(std::string_view arguments = "args", TaskOptions options = {}) {
    return maker.make(bytes(arguments), std::move(options));
  }
  TaskRef task_with(detail::SharedList shared) { return maker.make(bytes("args"), {}, 1, std::move(shared)); }

  mutable Heard heard;
  test::TaskMaker maker{detail::Registered<remote_function>::checked()};
  RemoteWorker worker;
};

struct Frame {
  wire::FrameType type;
  std::string payload;
};
inline std::vector<Frame> frames_of(const std::string& stream) {
  std::vector<Frame> frames;
  wire::FrameReader reader;
  auto rest = bytes_of(stream);
  while (!rest.empty()) {
    const auto room = reader.prepare();
    const std::size_t size = std::min(room.size(), rest.size());
    std::memcpy(room.data(), rest.data(), size);
    reader.commit(size);
    rest = rest.subspan(size);
    while (const auto frame = reader.next()) frames.push_back({frame->type, text_of(frame->payload)});
  }
  REQUIRE_FALSE(reader.mid_frame());
  return frames;
}

}  // namespace test

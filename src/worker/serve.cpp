#include "worker/serve.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <deque>
#include <memory>
#include <unordered_map>

#include <fmt/format.h>

#include <mw/detail/shared_value.hpp>

#include "memory/shared_block.hpp"
#include "process/build.hpp"
#include "process/place.hpp"
#include "registry/registry.hpp"
#include "wire/frame.hpp"
#include "wire/local_socket.hpp"
#include "wire/messages.hpp"
#include "worker/checkpoint.hpp"
#include "worker/chunk_claims.hpp"
#include "worker/execute.hpp"
#include "worker/leftovers.hpp"
#include "worker/limits.hpp"
#include "worker/measures.hpp"
#include "worker/outbox.hpp"
#include "worker/printed_output.hpp"
#include "worker/progress_sink.hpp"
#include "worker/run_on_terms.hpp"
#include "worker/shared_values.hpp"
#include "worker/surroundings.hpp"
#include "worker/task_folder.hpp"
#include "worker/worker_start.hpp"

namespace mw::worker {
namespace {

std::span<const std::byte> bytes_of(const std::string& text) { return std::as_bytes(std::span{text}); }

/// A function that this worker has run, and how long it took, about.
struct Known {
  const detail::FunctionEntry* entry = nullptr;
  std::chrono::nanoseconds expected{0};  ///< 0: it has not run
};

class Server final : public ProgressSink {
 public:
  Server(int socket, std::optional<ClaimPage> claims) : socket_{socket}, claims_{std::move(claims)}, outbox_{socket} {}

  int run() {
    say_hello();
    while (true) {
      while (auto frame = reader_.next())
        if (!handle(*frame)) return exit_status_;
      outbox_.flush();
      if (!read_more()) return 0;
    }
  }

  void progress(double fraction) override {
    outbox_.send([&](Bytes& out) { wire::append(out, wire::Progress{task_, attempt_, fraction}); });
  }
  void part(Bytes value) override {
    const wire::Part part{task_, attempt_, value.span()};
    if (value.size() <= copied_up_to) return outbox_.send([&](Bytes& out) { wire::append(out, part); });
    outbox_.send([&](Bytes& out) { wire::append_part_header(out, part); }, -1, part.value);
  }
  void checkpoint(std::span<const std::byte> state) override {
    outbox_.send([&](Bytes& out) { wire::append_checkpoint_header(out, {task_, attempt_, state}); }, -1, state);
  }
  void note(const std::string& text) override {
    outbox_.send([&](Bytes& out) { wire::append(out, wire::Note{fmt::format("task {}: {}", task_.load(), text)}); });
  }

 private:
  void say_hello() {
    wire::Hello hello;
    hello.version = wire::protocol_version;
    hello.identity = registry::program_identity();
    hello.build = process::own_build();
    hello.slots = 1;
    hello.ahead = claims_ ? static_cast<std::uint32_t>(ClaimPage::places - 1) : 0;
    hello.pid = static_cast<std::uint32_t>(::getpid());
    hello.platform = MW_PLATFORM;
    hello.host = process::host_name();
    outbox_.send([&](Bytes& out) { wire::append(out, hello); });
  }

  /// False when this was the last frame to handle.
  bool handle(const wire::Frame& frame) {
    switch (frame.type) {
      case wire::FrameType::welcome:
        wire::parse_welcome(frame.payload);
        take_printed_output(std::chrono::hours{1});  // what was printed before main() is no task's
        return true;
      case wire::FrameType::refuse:
        std::fprintf(stderr, "the master refused this worker: %s\n", wire::parse_refuse(frame.payload).reason.c_str());
        exit_status_ = 1;
        return false;
      case wire::FrameType::task: handle_task(wire::parse_task(frame.payload), {}); return !is_over_;
      case wire::FrameType::task_apart: {
        wire::Task task = wire::parse_task(frame.payload);
        if (descriptors_.empty()) throw wire::ProtocolError{"a task whose arguments are apart, without their descriptor"};
        process::UniqueFd descriptor = std::move(descriptors_.front());
        descriptors_.pop_front();
        handle_task_apart(std::move(task), std::move(descriptor));
        return !is_over_;
      }
      case wire::FrameType::forget: shared_.forget(wire::parse_forget(frame.payload).number); return true;
      case wire::FrameType::heartbeat: return true;
      case wire::FrameType::bye: return false;
      default: throw wire::ProtocolError{fmt::format("a master does not send frames of type {}", static_cast<int>(frame.type))};
    }
  }

  void handle_task_apart(wire::Task&& task, process::UniqueFd descriptor) {
    Bytes arguments;
    try {
      arguments = memory::receive_block(std::move(descriptor), wire::parse_size_apart(task.arguments));
    } catch (const memory::NoRoomError& e) {
      if (claims_ && !claims_->begin(received_++)) return;
      Outcome outcome;
      outcome.failure = memory::no_room_for("arguments", e);
      answer(task, std::move(outcome));
      return;
    }
    handle_task(std::move(task), std::move(arguments));
  }

  /// `apart` holds the arguments where they did not come with the task.
  void handle_task(wire::Task&& task, Bytes apart) {
    if (claims_ && !claims_->begin(received_++)) return;  // it was taken back
    if (!apart.empty()) task.arguments = apart.span();
    task_ = task.id;
    attempt_ = task.attempt;
    const bool is_plain = task.terms.is_plain();
    Known& function = known_[task.function];
    if (!function.entry) function.entry = registry::find(task.function);
    // Results that wait must not wait for a long task.
    if (!is_plain || function.expected.count() == 0 || function.expected > longest_short)
      outbox_.flush();
    else
      outbox_.expect_delay();
    std::optional<CheckpointScope> checkpoints;
    if (has_checkpoint_folder())
      begin_checkpoints(task.id);
    else
      checkpoints.emplace(*this, std::chrono::nanoseconds{task.terms.checkpoint_interval_ns}, task.terms.checkpoint);
    set_progress_sink(this);
    leftovers_.before(task.function);
    const ChunkClaims inputs{claims_ ? &*claims_ : nullptr, received_ - 1};
    Outcome outcome = task.terms.shared.empty() ? call_on_terms(function, task) : call_with_shared(function, task);
    set_progress_sink(nullptr);
    outcome.measured = take_measures([this](const std::string& warning) { note(warning); });
    checkpoints.reset();
    if (const auto left = leftovers_.after(task.function))
      outbox_.send([&](Bytes& out) {
        const std::string_view name = function.entry ? function.entry->name() : std::string_view{};
        wire::append(out, wire::Note{fmt::format("task {} ({}) {}", task.id, name, *left)});
      });
    auto not_put_back = surroundings_->put_back(outcome.run_time);
    apart = Bytes{};  // the master may use its memory again
    learn(function, outcome.run_time);
    answer(task, std::move(outcome));
    if (!not_put_back) not_put_back = lost_output();
    if (!is_plain || not_put_back) outbox_.flush();
    if (not_put_back) leave(*not_put_back);
  }

  /// What comes next is another worker's.
  void leave(const std::string& why) {
    std::fprintf(stderr, "worker %d makes room for another one: %s\n", static_cast<int>(::getpid()), why.c_str());
    is_over_ = true;
  }

  static void learn(Known& function, std::chrono::nanoseconds run_time) {
    function.expected = std::max(function.expected + (run_time - function.expected) / 4, std::chrono::nanoseconds{1});
  }

  static Outcome call(const Known& function, const wire::Task& task) {
    if (function.entry) return execute(*function.entry, task.arguments);
    Outcome outcome;
    outcome.failure.emplace();
    outcome.failure->cause = Cause::unknown_function;
    outcome.failure->message = registry::is_by_name(task.function)
                                   ? registry::refusal_by_name(task.arguments)
                                   : fmt::format("this worker's program has no function of number {:#018x}", task.function);
    return outcome;
  }

  Outcome call_with_shared(const Known& function, const wire::Task& task) {
    try {
      mw::detail::SharedList values = shared_.find(task.terms.shared);
      if (task.terms.start_values != 0) {
        Outcome outcome;
        const auto first = values.end() - static_cast<std::ptrdiff_t>(task.terms.start_values);
        outcome.failure = start(task.terms.shared.back().number, {first, values.end()});
        if (outcome.failure || task.terms.is_start) return outcome;
        values.erase(first, values.end());
      }
      const mw::detail::SharedScope scope{values};
      return call_on_terms(function, task);
    } catch (const InterfaceError& e) {
      Outcome outcome;
      outcome.failure = shared_values_failed(e);
      return outcome;
    }
  }

  /// What a start call changes stays: tasks find it so.
  std::optional<Failure> start(std::uint64_t number, mw::detail::SharedList values) {
    if (start_.was_made(number)) return start_.make(number, {});
    auto failure = start_.make(number, std::move(values));
    before_start_ = std::exchange(surroundings_, std::make_unique<Surroundings>(Scope::process));
    return failure;
  }

  static Outcome call_on_terms(const Known& function, const wire::Task& task) {
    if (task.terms.is_plain()) return call(function, task);
    return run_on_terms(task.terms, Scope::process, [&] { return call(function, task); });
  }

  void answer(const wire::Task& task, Outcome outcome) {
    const PrintedOutput printed = take_printed_output(outcome.run_time);
    const auto run_ns = static_cast<std::uint64_t>(outcome.run_time.count());
    if (outcome.measured)
      outbox_.append([&](Bytes& out) { wire::append(out, wire::Measured{task.id, task.attempt, outcome.measured->span()}); });
    if (outcome.failure) {
      const wire::FailureMessage message{
          task.id, task.attempt, run_ns, bytes_of(printed.out), bytes_of(printed.err), std::move(*outcome.failure)};
      outbox_.append([&](Bytes& out) { wire::append(out, message); });
      return;
    }
    const wire::Result result{task.id, task.attempt, run_ns, bytes_of(printed.out), bytes_of(printed.err), outcome.value.span()};
    if (auto* block = outcome.value.block(); block && block->is_ours()) {
      block->set_lent(true);
      outbox_.send([&](Bytes& out) { wire::append_result_apart(out, result, result.value.size()); }, block->fd());
    } else if (result.value.size() > copied_up_to) {
      outbox_.send([&](Bytes& out) { wire::append_result_header(out, result); }, -1, result.value);
    } else {
      outbox_.append([&](Bytes& out) { wire::append(out, result); });
    }
  }

  /// False at the end of the stream.
  bool read_more() {
    const wire::Transfer got = wire::receive_some(socket_, reader_.prepare(), descriptors_);
    if (got.error != 0 || got.size == 0) return false;
    reader_.commit(got.size);
    return true;
  }

  /// A task is short when the results before it may wait for it.
  static constexpr std::chrono::microseconds longest_short{100};
  static constexpr std::size_t copied_up_to = 64 * 1024;

  const int socket_;
  std::optional<ClaimPage> claims_;
  Outbox outbox_;
  wire::FrameReader reader_;
  std::deque<process::UniqueFd> descriptors_;
  std::unordered_map<std::uint64_t, Known> known_;
  SharedValues shared_;
  std::uint64_t received_ = 0;  ///< tasks, so far
  std::atomic<std::uint64_t> task_{0};
  std::atomic<std::uint32_t> attempt_{0};
  int exit_status_ = 0;
  bool is_over_ = false;
  Leftovers leftovers_;
  WorkerStart start_;
  std::unique_ptr<Surroundings> before_start_;  ///< has the memory that the environment may still be in
  std::unique_ptr<Surroundings> surroundings_ = std::make_unique<Surroundings>(Scope::process);
};

}  // namespace

int serve(int socket, std::optional<ClaimPage> claims) {
  int status = 1;
  try {
    status = Server{socket, std::move(claims)}.run();
    ::close(socket);
  } catch (const Error& e) {
    std::fprintf(stderr, "worker %d: %s\n", static_cast<int>(::getpid()), e.what());
  }
  remove_own_folder();
  return status;
}

}  // namespace mw::worker

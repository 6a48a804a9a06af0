// What the runner of a task keeps for its time: limits, where progress and checkpoints go, and the call itself.
#include <catch2/catch.hpp>

#include <sys/resource.h>
#include <sys/stat.h>

#include <chrono>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <limits>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <mw/checkpoint.hpp>
#include <mw/detail/chunk.hpp>
#include <mw/progress.hpp>

#include "process/job_control.hpp"
#include "support/forked.hpp"
#include "support/temporary.hpp"
#include "wire/frame.hpp"
#include "worker/checkpoint.hpp"
#include "worker/execute.hpp"
#include "worker/limits.hpp"
#include "worker/progress_sink.hpp"
#include "worker/task_folder.hpp"

using namespace mw;
using namespace mw::worker;
using namespace std::chrono_literals;
using Catch::Contains;

namespace {

std::int64_t half(std::int64_t x) {
  if (x % 2 != 0) throw std::invalid_argument{"odd"};
  return x / 2;
}
std::int64_t fails_its_own_way(int status) {
  Failure failure;
  failure.cause = Cause::exit_status;
  failure.exit_status = status;
  throw TaskFailed{failure};
}

rlim_t data_limit() {
  rlimit limit{};
  ::getrlimit(RLIMIT_DATA, &limit);
  return limit.rlim_cur;
}

struct Heard final : ProgressSink {
  std::vector<double> fractions;
  std::vector<std::string> states;  ///< without what is behind them
  std::vector<std::string> notes;
  void part(Bytes) override {}
  void progress(double fraction) override { fractions.push_back(fraction); }
  void checkpoint(std::span<const std::byte> state) override {
    states.emplace_back(reinterpret_cast<const char*>(state.data()), state.size() - sizeof(std::uint64_t));
  }
  void note(const std::string& text) override { notes.push_back(text); }
};

}  // namespace

TEST_CASE("a soft limit is over when its time has come, and gone with its task", "[worker]") {
  const Scope scope = GENERATE(Scope::process, Scope::thread);
  CHECK_FALSE(should_stop());
  {
    const TaskLimits limits{{.soft = 1ns}, scope};
    while (std::chrono::steady_clock::now() - process::time_stopped() < *current_deadlines().soft) continue;
    CHECK(should_stop());
  }
  CHECK_FALSE(should_stop());
  const TaskLimits far{{.soft = 24h}, scope};
  CHECK_FALSE(should_stop());
}

TEST_CASE("a task knows its deadlines, from its beginning on", "[worker]") {
  const Scope scope = GENERATE(Scope::process, Scope::thread);
  const auto before = std::chrono::steady_clock::now() - process::time_stopped();
  {
    const TaskLimits limits{{.soft = 1h, .hard = 2h, .memory = scope == Scope::thread ? 77u : 0u}, scope};
    const Deadlines deadlines = current_deadlines();
    REQUIRE(deadlines.soft);
    REQUIRE(deadlines.hard);
    CHECK(*deadlines.hard - *deadlines.soft == 1h);
    CHECK(*deadlines.soft >= before + 1h);
    CHECK(deadlines.memory == (scope == Scope::thread ? 77 : 0));
  }
  CHECK_FALSE(current_deadlines().soft);
  CHECK_FALSE(current_deadlines().hard);
  CHECK(current_deadlines().memory == 0);
}

TEST_CASE("limits of a thread are no other thread's, and those of a process are all threads'", "[worker]") {
  bool has_deadline = true, is_over = true;
  const auto look = [&] {
    std::thread{[&] {
      has_deadline = current_deadlines().hard.has_value();
      is_over = should_stop();
    }}.join();
  };
  {
    const TaskLimits limits{{.soft = 1ns, .hard = 1h}, Scope::thread};
    look();
    CHECK_FALSE(has_deadline);
    CHECK_FALSE(is_over);
  }
  const TaskLimits limits{{.soft = 1ns, .hard = 1h}, Scope::process};
  look();
  CHECK(has_deadline);
  CHECK(is_over);
}

TEST_CASE("a process's memory is limited for the time of its task, and an allocation that failed is explained", "[worker]") {
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  CHECK(test::exit_status_of([] {
          const rlim_t before = data_limit();
          Outcome outcome;
          {
            const TaskLimits limits{{.memory = 16 << 20}, Scope::process};
            if (data_limit() >= before) return 1;
            Failure failure;
            failure.cause = Cause::exception;
            try {
              const std::vector<char> large(64 << 20);
              return 2;
            } catch (const std::bad_alloc& e) {
              failure.type = "std::bad_alloc";
            }
            outcome.failure = failure;
            limits.explain(outcome);
          }
          if (data_limit() != before) return 3;
          const std::vector<char> large(64 << 20);  // there is room again
          if (outcome.failure->cause != Cause::memory_limit || !outcome.failure->out_of_memory) return 4;
          return outcome.failure->message == "it wanted more memory than its limit of 16777216 bytes" ? 0 : 5;
        }) == 0);
#endif
  Outcome other;
  other.failure.emplace().type = "std::bad_alloc";
  other.failure->cause = Cause::exception;
  TaskLimits{{.hard = 1h}, Scope::process}.explain(other);
  CHECK(other.failure->cause == Cause::exception);  // no limit of ours was in its way
}

TEST_CASE("a memory limit beyond all that the kernel knows is none", "[worker]") {
  const rlim_t before = data_limit();
  const TaskLimits limits{{.memory = std::numeric_limits<std::uint64_t>::max()}, Scope::process};
  CHECK(data_limit() == before);
  CHECK(current_deadlines().memory == std::numeric_limits<std::uint64_t>::max());
}

TEST_CASE("progress reaches the sink, the first word at once, and no more than 20 a second", "[worker]") {
  const bool of_thread = GENERATE(true, false);
  Heard heard;
  set_progress(0.1);  // nobody listens
  const auto set = [&](ProgressSink* sink) { of_thread ? set_thread_progress_sink(sink) : set_progress_sink(sink); };
  set(&heard);
  const auto begin = std::chrono::steady_clock::now();
  set_progress(0.25);
  CHECK(heard.fractions == std::vector{0.25});
  for (int i = 0; i < 1'000; ++i) set_progress(0.5);
  const auto intervals = static_cast<std::size_t>((std::chrono::steady_clock::now() - begin) / 50ms);
  CHECK(heard.fractions.size() <= 2 + intervals);
  set(nullptr);
  const std::size_t before = heard.fractions.size();
  set_progress(0.75);
  CHECK(heard.fractions.size() == before);
  set(&heard);  // the next task's first word is not kept back for the last one's
  set_progress(1);
  CHECK(heard.fractions.back() == 1);
  CHECK(heard.fractions.size() == before + 1);
  set(nullptr);
}

TEST_CASE("a fraction that is none is no progress", "[worker]") {
  Heard heard;
  set_thread_progress_sink(&heard);
  for (const double fraction : {-0.001, 1.001, std::nan(""), HUGE_VAL, -HUGE_VAL}) set_progress(fraction);
  CHECK(heard.fractions.empty());
  set_progress(0);
  CHECK(heard.fractions == std::vector{0.0});
  set_thread_progress_sink(nullptr);
}

TEST_CASE("a sink of a thread hears that thread, and goes before the process's, which hears all others", "[worker]") {
  Heard own, all;
  set_progress_sink(&all);
  set_thread_progress_sink(&own);
  set_progress(0.5);
  std::thread{[] { set_progress(0.75); }}.join();
  set_thread_progress_sink(nullptr);
  set_progress_sink(nullptr);
  CHECK(own.fractions == std::vector{0.5});
  CHECK(all.fractions == std::vector{0.75});
}

TEST_CASE("a checkpoint comes back to its task, and to no other", "[worker]") {
  const test::TemporaryFolder folder;
  set_checkpoint_folder(folder.path("."), 0ms);
  begin_checkpoints(3);
  CHECK(checkpoint_is_due());
  CHECK_FALSE(detail::read_checkpoint());
  detail::write_checkpoint(Bytes{std::as_bytes(std::span{std::string_view{"first"}})});
  detail::write_checkpoint(Bytes{std::as_bytes(std::span{std::string_view{"then"}})});
  const auto state = detail::read_checkpoint();
  REQUIRE(state);
  CHECK(std::string{reinterpret_cast<const char*>(state->data()), state->size()} == "then");
  begin_checkpoints(4);
  CHECK_FALSE(detail::read_checkpoint());
  begin_checkpoints(3);
  CHECK(detail::read_checkpoint());
  CHECK(std::filesystem::exists(checkpoint_path(folder.path("."), 3)));
  set_checkpoint_folder({}, 0ms);
  CHECK_FALSE(checkpoint_is_due());
  CHECK_FALSE(detail::read_checkpoint());
}

TEST_CASE("a checkpoint is due once an interval, and not before", "[worker]") {
  const test::TemporaryFolder folder;
  set_checkpoint_folder(folder.path("."), 24h);
  begin_checkpoints(1);
  CHECK_FALSE(checkpoint_is_due());
  set_checkpoint_folder(folder.path("."), 0ms);
  begin_checkpoints(1);
  CHECK(checkpoint_is_due());
  set_checkpoint_folder(folder.path("."), 24h);
  detail::write_checkpoint({});
  CHECK_FALSE(checkpoint_is_due());
  set_checkpoint_folder({}, 0ms);
}

TEST_CASE("a checkpoint that cannot be written leaves the one before it, and stays due", "[worker]") {
  CHECK(test::exit_status_of([] {
          const test::TemporaryFolder folder;
          ::signal(SIGXFSZ, SIG_IGN);
          set_checkpoint_folder(folder.path("."), 0ms);
          begin_checkpoints(1);
          detail::write_checkpoint(Bytes{std::as_bytes(std::span{std::string_view{"good"}})});
          const rlimit limit{8, 8};
          if (::setrlimit(RLIMIT_FSIZE, &limit) != 0) return 1;
          const std::string large(1'000, 'x');
          detail::write_checkpoint(Bytes{std::as_bytes(std::span{large})});
          const auto state = detail::read_checkpoint();
          if (!state || state->size() != 4) return 2;
          return checkpoint_is_due() ? 0 : 3;
        }) == 0);
}

namespace {

Bytes state_of(std::string_view text) { return Bytes{std::as_bytes(std::span{text})}; }

std::string last_state() {
  const auto state = detail::read_checkpoint();
  return state ? std::string{reinterpret_cast<const char*>(state->data()), state->size()} : "(none)";
}

}  // namespace

TEST_CASE("what a task saves goes to its runner, and it begins with what it was given", "[worker]") {
  Heard heard;
  Bytes kept;
  {
    const CheckpointScope scope{heard, 0ns, {}};
    CHECK(last_state() == "(none)");
    detail::write_checkpoint(state_of("one"));
    CHECK(last_state() == "one");
    kept = state_of("two");
    kept.extend(8);
    std::memset(kept.data() + 3, 0, 8);
  }
  CHECK(heard.states == std::vector<std::string>{"one"});
  CHECK_FALSE(checkpoint_is_due());
  CHECK(last_state() == "(none)");
  const CheckpointScope scope{heard, 0ns, kept.span()};
  CHECK(last_state() == "two");
  {
    const CheckpointScope inner{heard, 0ns, {}};  // of another task that this thread runs
    CHECK(last_state() == "(none)");
    detail::write_checkpoint(state_of("inner"));
  }
  CHECK(last_state() == "two");
  std::uint64_t input = 0;
  const detail::InputPlace place{input};
  detail::write_checkpoint(state_of("of the first input"));
  CHECK(last_state() == "of the first input");
  ++input;
  CHECK(last_state() == "(none)");
}

TEST_CASE("a task saves no more often than it is to, and not at once", "[worker]") {
  Heard heard;
  const CheckpointScope rare{heard, 24h, {}};
  CHECK_FALSE(checkpoint_is_due());
  save_checkpoint(1);
  CHECK(heard.states.empty());
  const CheckpointScope each{heard, 0ns, {}};
  save_checkpoint(1);
  save_checkpoint(2);
  CHECK(heard.states.size() == 2);
  CHECK(load_checkpoint<int>() == 2);
  CHECK_FALSE(load_checkpoint<std::string>());
}

TEST_CASE("a checkpoint that is too large is skipped, with one warning, and the one before it is still there", "[worker]") {
  Heard heard;
  const CheckpointScope scope{heard, 0ns, {}};
  detail::write_checkpoint(state_of("good"));
  for (int i = 0; i < 2; ++i) {
    Bytes large;
    large.extend(wire::longest_checkpoint - 7);
    detail::write_checkpoint(std::move(large));
  }
  CHECK(heard.states == std::vector<std::string>{"good"});
  CHECK(last_state() == "good");
  REQUIRE(heard.notes.size() == 1);
  CHECK_THAT(heard.notes.front(), Catch::Contains("67108864"));
}

TEST_CASE("a call gives its result, and what it throws becomes its failure", "[worker]") {
  const auto& function = detail::Registered<half>::checked();
  const Outcome good = execute(function, encode(std::int64_t{8}).span());
  CHECK_FALSE(good.failure);
  CHECK(decode<std::int64_t>(good.value.span()) == 4);
  CHECK(good.run_time.count() > 0);
  const Outcome odd = execute(function, encode(std::int64_t{7}).span());
  REQUIRE(odd.failure);
  CHECK(odd.failure->cause == Cause::exception);
  CHECK(odd.failure->type == "std::invalid_argument");
  CHECK(odd.failure->message == "odd");
  CHECK(odd.value.empty());
}

TEST_CASE("arguments that are none are a bad message, a task's own failure stays what it is", "[worker][S4]") {
  const Outcome torn = execute(detail::Registered<half>::checked(), encode(std::int8_t{8}).span());
  REQUIRE(torn.failure);
  CHECK(torn.failure->cause == Cause::bad_message);
  CHECK(torn.failure->type.empty());
  CHECK_THAT(torn.failure->message, Contains("the arguments do not decode: ") && Contains("too early"));
  const Outcome own = execute(detail::Registered<fails_its_own_way>::checked(), encode(7).span());
  REQUIRE(own.failure);
  CHECK(own.failure->cause == Cause::exit_status);
  CHECK(own.failure->exit_status == 7);
}

TEST_CASE("a path in a task's folder stays in it", "[worker][S4]") {
  for (const char* good : {"a", "a/b", "a.b", "..a", "a..", "a/..b/c", ".hidden"}) CHECK(path_error(good).empty());
  for (const char* bad : {"", "/a", "..", "../a", "a/..", "a/../b", "a/../../b"}) {
    INFO(bad);
    CHECK_FALSE(path_error(bad).empty());
  }
  CHECK_FALSE(path_error(std::string_view{"a\0b", 3}).empty());
}

TEST_CASE("a task's files are in its folder, read-only for the copy, and gone with it", "[worker]") {
  const test::TemporaryFolder folder;
  std::ofstream{folder.path("data")} << "content";
  std::string place;
  const auto home = std::filesystem::current_path();
  {
    const TaskFolder task{{{folder.path("data"), "sub/data"}, {folder.path("data"), "again"}}};
    place = std::filesystem::current_path();
    CHECK(place != home);
    CHECK(test::file_text("sub/data") == "content");
    CHECK(test::file_text("again") == "content");
    std::ofstream{"written"} << "by the task";
  }
  CHECK(std::filesystem::current_path() == home);
  CHECK_FALSE(std::filesystem::exists(place));
  CHECK(test::file_text(folder.path("data")) == "content");
  remove_own_folder();
}

TEST_CASE("a data file that is no file ends its task with the reason, and keeps nobody waiting", "[worker]") {
  const test::TemporaryFolder folder;
  std::filesystem::create_directory(folder.path("folder"));
  REQUIRE(::mkfifo(folder.path("pipe").c_str(), 0600) == 0);
  CHECK_THROWS_WITH((TaskFolder{{{folder.path("none"), "x"}}}), Contains("none cannot be read: No such file"));
  CHECK_THROWS_WITH((TaskFolder{{{folder.path("folder"), "x"}}}), Contains("is not a regular file"));
  CHECK(test::exit_status_of([&] {
          ::alarm(5);
          try {
            const TaskFolder task{{{folder.path("pipe"), "x"}}};
          } catch (const StagingError& e) {
            return staging_failed(e).failure->cause == Cause::data_file ? 0 : 2;
          }
          return 1;
        }) == 0);
  remove_own_folder();
}

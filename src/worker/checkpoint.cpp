#include "worker/checkpoint.hpp"

#include <fcntl.h>
#include <unistd.h>
#include <mw/checkpoint.hpp>

#include <atomic>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include <mw/detail/chunk.hpp>

#include "process/unique_fd.hpp"
#include "wire/frame.hpp"
#include "wire/little_endian.hpp"
#include "worker/progress_sink.hpp"

namespace mw {
namespace worker {
namespace {

std::string workunit_folder;
std::chrono::milliseconds interval{0};
std::uint64_t task_here = 0;
std::chrono::steady_clock::time_point next_time;

thread_local CheckpointScope* current_scope = nullptr;
thread_local const std::uint64_t* current_input = nullptr;  ///< in the chunk of map() that runs; null: there is none

/// What is behind a state.
std::uint64_t input_number() noexcept { return current_input ? *current_input : 0; }

void write_to_folder(const Bytes& state) {
  const std::string path = checkpoint_path(workunit_folder, task_here), temporary = path + ".new";
  const process::UniqueFd file{::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600)};
  // One that cannot be written is one that is not there: the task goes on.
  if (file.get() < 0 || ::write(file.get(), state.data(), state.size()) != static_cast<ssize_t>(state.size()) ||
      ::fsync(file.get()) != 0)
    return;
  if (::rename(temporary.c_str(), path.c_str()) == 0) next_time = std::chrono::steady_clock::now() + interval;
}

Bytes read_from_folder() {
  std::ifstream file{checkpoint_path(workunit_folder, task_here), std::ios::binary};
  const std::string text{std::istreambuf_iterator<char>{file}, {}};
  return Bytes{std::as_bytes(std::span{text})};
}

/// Without the number behind it; nothing if that is another input's.
std::optional<Bytes> state_in(std::span<const std::byte> saved) {
  if (saved.size() < sizeof(std::uint64_t)) return std::nullopt;
  const auto state = saved.first(saved.size() - sizeof(std::uint64_t));
  if (wire::load<std::uint64_t>(saved.data() + state.size()) != input_number()) return std::nullopt;
  return Bytes{state};
}

}  // namespace

std::string checkpoint_path(const std::string& in, std::uint64_t number) { return in + "/checkpoint_" + std::to_string(number); }

void set_checkpoint_folder(std::string path, std::chrono::milliseconds between) {
  workunit_folder = std::move(path);
  interval = between;
}

void begin_checkpoints(std::uint64_t number) {
  task_here = number;
  next_time = std::chrono::steady_clock::now() + interval;
}

bool has_checkpoint_folder() noexcept { return !workunit_folder.empty(); }

CheckpointScope::CheckpointScope(ProgressSink& sink, std::chrono::nanoseconds between, std::span<const std::byte> last)
    : sink_{sink}, interval_{between}, first_{last}, outer_{std::exchange(current_scope, this)} {}

CheckpointScope::~CheckpointScope() { current_scope = outer_; }

/// One that is too large is not tried again before its time.
void CheckpointScope::save(Bytes state) {
  static std::atomic<bool> has_warned{false};
  if (state.size() <= wire::longest_checkpoint) {
    sink_.checkpoint(state.span());
    saved_ = std::move(state);
  } else if (!has_warned.exchange(true)) {
    sink_.note(fmt::format("a checkpoint of {} bytes is skipped, as the limit is {}; so are others that are too large",
                           state.size(), wire::longest_checkpoint));
  }
  last_time_ = std::chrono::steady_clock::now();
}

}  // namespace worker

bool checkpoint_is_due() noexcept {
  if (worker::current_scope) return worker::current_scope->is_due();
  return worker::has_checkpoint_folder() && std::chrono::steady_clock::now() >= worker::next_time;
}

namespace detail {

InputPlace::InputPlace(const std::uint64_t& number) noexcept : outer_{std::exchange(worker::current_input, &number)} {}
InputPlace::~InputPlace() { worker::current_input = outer_; }

void write_checkpoint(Bytes state) {
  wire::store(state.extend(sizeof(std::uint64_t)), worker::input_number());
  if (worker::current_scope)
    worker::current_scope->save(std::move(state));
  else if (worker::has_checkpoint_folder())
    worker::write_to_folder(state);
}

std::optional<Bytes> read_checkpoint() {
  if (worker::current_scope) return worker::state_in(worker::current_scope->last());
  return worker::has_checkpoint_folder() ? worker::state_in(worker::read_from_folder().span()) : std::nullopt;
}

}  // namespace detail
}  // namespace mw

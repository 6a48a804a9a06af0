#include "worker/checkpoint.hpp"

#include <fcntl.h>
#include <unistd.h>
#include <mw/checkpoint.hpp>

#include <cstdio>
#include <fstream>
#include <iterator>
#include <optional>

#include "process/unique_fd.hpp"

namespace mw {
namespace worker {
namespace {

std::string workunit_folder;
std::chrono::milliseconds interval{0};
std::uint64_t task_here = 0;
std::chrono::steady_clock::time_point next_time;

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

}  // namespace worker

bool checkpoint_is_due() noexcept {
  return !worker::workunit_folder.empty() && std::chrono::steady_clock::now() >= worker::next_time;
}

namespace detail {

void write_checkpoint(const Bytes& state) {
  const std::string path = worker::checkpoint_path(worker::workunit_folder, worker::task_here), temporary = path + ".new";
  const process::UniqueFd file{::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600)};
  // One that cannot be written is one that is not there: the task goes on.
  if (file.get() < 0 || ::write(file.get(), state.data(), state.size()) != static_cast<ssize_t>(state.size()) ||
      ::fsync(file.get()) != 0)
    return;
  if (::rename(temporary.c_str(), path.c_str()) == 0) worker::next_time = std::chrono::steady_clock::now() + worker::interval;
}

std::optional<Bytes> read_checkpoint() {
  if (worker::workunit_folder.empty()) return std::nullopt;
  std::ifstream file{worker::checkpoint_path(worker::workunit_folder, worker::task_here), std::ios::binary};
  if (!file) return std::nullopt;
  const std::string text{std::istreambuf_iterator<char>{file}, {}};
  return Bytes{std::as_bytes(std::span{text})};
}

}  // namespace detail
}  // namespace mw

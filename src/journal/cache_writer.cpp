#include "journal/cache_writer.hpp"

#include <chrono>
#include <exception>
#include <utility>

#include <fmt/format.h>

#include "core/record.hpp"
#include "log/log.hpp"

namespace mw::journal {
namespace {

constexpr std::chrono::milliseconds time_for_others{50};
/// More than that waits only where the disk is too slow.
constexpr std::uint64_t most_bytes_waiting = std::uint64_t{256} << 20;

std::uint64_t size_of(const CacheWriter::Finished& call) noexcept {
  return call.record->payload.size() + call.out.size() + call.err.size();
}

}  // namespace

CacheWriter::CacheWriter(const std::string& path, const CacheLimits& limits)
    : file_{path}, limits_{limits}, thread_{[this] { run(); }} {}

CacheWriter::~CacheWriter() {
  {
    std::lock_guard lock{mutex_};
    is_ending_ = true;
  }
  woken_.notify_one();
  thread_.join();
}

void CacheWriter::keep(Finished call) {
  const std::uint64_t size = size_of(call);
  if (size > CacheFile::longest) return;
  std::lock_guard lock{mutex_};
  if (waiting_bytes_ + size > most_bytes_waiting) return;
  waiting_bytes_ += size;
  calls_.push_back(std::move(call));
  if (calls_.size() == 1) woken_.notify_one();
}

void CacheWriter::used(const Digest& digest) {
  std::lock_guard lock{mutex_};
  used_.push_back(digest);
  if (used_.size() == 1) woken_.notify_one();
}

void CacheWriter::run() {
  const auto has_work = [this] { return !calls_.empty() || !used_.empty(); };
  std::unique_lock lock{mutex_};
  while (true) {
    woken_.wait(lock, [&] { return has_work() || is_ending_; });
    if (!has_work()) return;
    woken_.wait_for(lock, time_for_others, [this] { return is_ending_; });
    const auto calls = std::exchange(calls_, {});
    const auto used = std::exchange(used_, {});
    lock.unlock();
    write(calls, used);
    lock.lock();
    for (const Finished& call : calls) waiting_bytes_ -= size_of(call);
  }
}

void CacheWriter::write(const std::vector<Finished>& calls, const std::vector<Digest>& used) {
  try {
    {
      JournalFile::Commit commit{file_.file()};
      for (const Finished& call : calls)
        file_.keep({call.digest, call.build, call.function, call.run_ns, call.record->payload.span(), call.out, call.err});
      for (const Digest& digest : used) file_.used(digest);
      commit.done();
    }
    for (const Finished& call : calls) bytes_ += size_of(call);
    look_at_limits();
  } catch (const std::exception& e) {
    if (!std::exchange(has_warned_, true))
      log::warn(fmt::format("the cache {} cannot be written, and keeps nothing new: {}", file_.path(), e.what()));
  }
}

/// What other programs write meanwhile is seen when this one has added a tenth of what there may be.
void CacheWriter::look_at_limits() {
  if (bytes_ != 0 && bytes_ < limits_.bytes / 10) return;
  bytes_ = 0;
  JournalFile::Commit commit{file_.file()};
  file_.prune(limits_);
  commit.done();
}

}  // namespace mw::journal

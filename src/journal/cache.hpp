// Results that are kept across runs, for calls that are made again.
//
// What:    a call of the same function, of the same build, with the same arguments, is not made again. A cache is asked
//          for each new task, as a journal is, and told of each that has finished. It is in a file of its own, or in a
//          journal's; several programs may use one at the same time. What is over its limits goes, what was used
//          longest ago first. A cache is never in the way: what cannot be written is left out, with a warning.
// Owner:   owns two connections to the file, and a thread that writes.
// Threads: the machine's, but for found(), which any thread may call.
// Use:
//     Cache cache{{.path = "results.mwc"}, options.start};
//     machine.ask_first(cache);  machine.add_observer(cache);
// (joblib's Memory.)
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include <mw/detail/start_call.hpp>

#include "core/known_results.hpp"
#include "core/observer.hpp"
#include "journal/cache_file.hpp"
#include "journal/cache_writer.hpp"
#include "journal/digest.hpp"

namespace mw::journal {

struct CacheOptions {
  std::string path;
  CacheLimits limits = {};
  std::vector<std::uint64_t> functions = {};  ///< their ids; empty: all
};

class Cache final : public core::Observer, public core::KnownResults {
 public:
  /// Throws JournalError.
  Cache(const CacheOptions& options, const detail::StartCall& start);

  // As the machine asks and tells
  Known find(const detail::TaskRecord& task) noexcept override;
  void ended(const detail::TaskRecord& task, TaskState state, const core::Moment& now) noexcept override;

  /// How many tasks were answered from it.
  std::uint64_t found() const noexcept { return found_.load(std::memory_order_relaxed); }

 private:
  bool is_wanted(const detail::TaskRecord& task) const noexcept;

  const std::vector<std::uint64_t> functions_;
  const std::uint64_t build_;
  CacheFile file_;  ///< to read from
  Digester digester_;
  CacheWriter writer_;
  std::unordered_map<std::uint64_t, Digest> running_;  ///< by id: what to keep when it is done
  std::atomic<std::uint64_t> found_{0};
  bool has_warned_ = false;
};

}  // namespace mw::journal

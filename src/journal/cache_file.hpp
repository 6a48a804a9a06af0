// The table of a cache, in a journal's file or one of its own.
//
// What:    results by digest and build, with the time of their last use; what is over the limits can be taken out.
// Owner:   a connection to the file.
// Threads: one at a time a connection; a file may have several, of several programs.
// Use:
//     CacheFile file{"results.mwc"};
//     if (auto kept = file.find(digest, build)) return kept->outcome;
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <mw/interface.hpp>

#include "journal/digest.hpp"
#include "journal/file.hpp"

namespace mw::journal {

struct CacheLimits {
  std::uint64_t bytes = std::uint64_t{1} << 30;           ///< of results together
  std::chrono::seconds age{std::chrono::hours{24 * 90}};  ///< since the last use
};

/// What is kept of a call.
struct CachedCall {
  Digest digest;
  std::uint64_t build = 0;
  std::string_view function;
  std::uint64_t run_ns = 0;
  std::span<const std::byte> value;
  std::string_view out, err;
};

class CacheFile {
 public:
  /// Longer results are not kept.
  static constexpr std::uint64_t longest = std::uint64_t{256} << 20;

  /// Makes it if it is not there. Throws JournalError.
  explicit CacheFile(const std::string& path);

  const std::string& path() const noexcept { return file_.path(); }
  const Secret& secret() const noexcept { return file_.secret(); }

  struct Kept {
    Outcome outcome;
    bool is_old = false;  ///< its last use is to be written down
  };
  /// These throw sqlite::DatabaseError. What is damaged is not found.
  std::optional<Kept> find(const Digest& digest, std::uint64_t build);
  void keep(const CachedCall& call);
  void used(const Digest& digest);
  /// Takes out what is over the limits, or, with a name, all of a function. Returns how many.
  std::uint64_t prune(const CacheLimits& limits);
  std::uint64_t prune(std::string_view function);
  std::uint64_t bytes();
  std::uint64_t count();

  JournalFile& file() noexcept { return file_; }

 private:
  JournalFile file_;
  sqlite::Statement select_, insert_, touch_;
};

}  // namespace mw::journal

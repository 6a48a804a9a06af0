#include "journal/cache_file.hpp"

#include <ctime>

namespace mw::journal {
namespace {

/// A use that is older is written down: not each one, which would be a write for each read.
constexpr std::int64_t old_use_s = 3600;

constexpr const char* table = R"(
  CREATE TABLE IF NOT EXISTS cached(number INTEGER PRIMARY KEY, digest BLOB NOT NULL UNIQUE, build INTEGER, function TEXT, used INTEGER,
                                    size INTEGER, run_ns INTEGER, checksum INTEGER, value BLOB, out BLOB, err BLOB);
  CREATE INDEX IF NOT EXISTS cached_by_use ON cached(used, size);
)";

/// Of all that a call gives back.
std::int64_t checksum_of(sqlite::Blob value, sqlite::Blob out, sqlite::Blob err) noexcept {
  return static_cast<std::int64_t>(checksum(err, checksum(out, checksum(value))));
}

sqlite::Blob key_of(const Digest& digest) noexcept { return std::as_bytes(std::span{&digest, 1}); }
sqlite::Blob blob_of(std::string_view text) noexcept { return std::as_bytes(std::span{text.data(), text.size()}); }
std::string text_of(sqlite::Blob bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }
std::int64_t now_s() noexcept { return static_cast<std::int64_t>(std::time(nullptr)); }

}  // namespace

CacheFile::CacheFile(const std::string& path) : file_{path} {
  try {
    sqlite::Database& database = file_.database();
    database.execute(table);
    select_ = database.prepare("SELECT build, used, run_ns, checksum, value, out, err FROM cached WHERE digest = ?");
    insert_ = database.prepare(
        "INSERT OR REPLACE INTO cached(digest, build, function, used, size, run_ns, checksum, value, out, err) VALUES (?, ?, ?, ?, "
        "?, ?, ?, ?, ?, ?)");
    touch_ = database.prepare("UPDATE cached SET used = ? WHERE digest = ?");
  } catch (const sqlite::DatabaseError& e) {
    throw JournalError{std::string{"the cache cannot be used: "} + e.what()};
  }
}

std::optional<CacheFile::Kept> CacheFile::find(const Digest& digest, std::uint64_t build) {
  if (!select_.bind(key_of(digest)).step()) return std::nullopt;
  std::optional<Kept> kept;
  const sqlite::Blob value = select_.blob(4), out = select_.blob(5), err = select_.blob(6);
  if (select_.integer(0) == static_cast<std::int64_t>(build) && select_.integer(3) == checksum_of(value, out, err)) {
    kept.emplace();
    kept->outcome.value = Bytes{value};
    kept->outcome.out = text_of(out);
    kept->outcome.err = text_of(err);
    kept->outcome.run_time = std::chrono::nanoseconds{select_.integer(2)};
    kept->is_old = now_s() - select_.integer(1) > old_use_s;
  }
  select_.reset();
  return kept;
}

void CacheFile::keep(const CachedCall& call) {
  const std::uint64_t size = call.value.size() + call.out.size() + call.err.size();
  insert_.run(key_of(call.digest), call.build, call.function, now_s(), size, call.run_ns,
              checksum_of(call.value, blob_of(call.out), blob_of(call.err)), call.value, blob_of(call.out), blob_of(call.err));
}

void CacheFile::used(const Digest& digest) { touch_.run(now_s(), key_of(digest)); }

std::uint64_t CacheFile::bytes() { return static_cast<std::uint64_t>(file_.database().integer("SELECT sum(size) FROM cached")); }
std::uint64_t CacheFile::count() { return static_cast<std::uint64_t>(file_.database().integer("SELECT count(*) FROM cached")); }

std::uint64_t CacheFile::prune(std::string_view function) {
  const std::uint64_t before = count();
  file_.database().prepare("DELETE FROM cached WHERE function = ?").run(function);
  return before - count();
}

std::uint64_t CacheFile::prune(const CacheLimits& limits) {
  sqlite::Database& database = file_.database();
  const std::uint64_t before = count();
  database.prepare("DELETE FROM cached WHERE used < ?").run(now_s() - limits.age.count());
  std::uint64_t left = bytes();
  // Up to the one with which enough has gone.
  sqlite::Statement oldest = database.prepare("SELECT number, size FROM cached ORDER BY used, number");
  std::vector<std::int64_t> numbers;
  while (left > limits.bytes && oldest.step()) {
    numbers.push_back(oldest.integer(0));
    left -= static_cast<std::uint64_t>(oldest.integer(1));
  }
  oldest.reset();
  sqlite::Statement remove = database.prepare("DELETE FROM cached WHERE number = ?");
  for (const std::int64_t number : numbers) remove.run(number);
  return before - count();
}

}  // namespace mw::journal

// Transactions shared by all that happens at about the same time.
//
// What:    the first write opens a transaction; it is committed when everything that was ready to run has run, so that
//          many requests share one wait for the disk. Replies wait for it; what they set in motion happens after it.
// Owner:   refers to the database and the io_context.
// Threads: the server's.
// Use:
//     committer.begin(Durability::machine);  …writes…
//     co_await committer.committed();                       // throws if it did not come to that
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>

#include "process/timer.hpp"
#include "sqlite/database.hpp"

namespace mw::boinc {

/// What a commit survives.
enum class Durability : std::uint8_t {
  process,  ///< the death of this process
  machine   ///< the loss of power
};

class Committer {
 public:
  /// `after` runs after each commit, `failed` once when one fails: then nothing more is written.
  Committer(boost::asio::io_context& io, sqlite::Database& database, std::function<void()> after,
            std::function<void(const std::string&)> failed)
      : io_{io}, database_{database}, after_{std::move(after)}, failed_{std::move(failed)} {}

  /// Opens a transaction if none is open. Throws DatabaseError.
  void begin(Durability durability);
  /// Returns when the open transaction is committed; at once if there is none. Throws DatabaseError if it failed.
  boost::asio::awaitable<void> committed();
  /// Whether anything can still be written.
  bool is_usable() const noexcept { return broken_.empty(); }
  bool is_open() const noexcept { return batch_ != nullptr; }
  /// Commits what is open.
  void finish();
  /// What was written since the last commit is undone, and nothing is written any more.
  void fail(const std::string& why);

 private:
  struct Batch {
    explicit Batch(boost::asio::io_context& io, sqlite::Database& database) : done{io}, transaction{std::in_place, database} {}
    process::Timer done;  ///< never expires; its waiters are woken
    std::optional<sqlite::Transaction> transaction;
    Durability durability = Durability::process;
    std::string error;
  };

  void commit();

  boost::asio::io_context& io_;
  sqlite::Database& database_;
  const std::function<void()> after_;
  const std::function<void(const std::string&)> failed_;
  std::shared_ptr<Batch> batch_;
  std::string broken_;
};

}  // namespace mw::boinc

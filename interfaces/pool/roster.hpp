// Which member of a pool a worker is of, and how the members are.
//
// What:    workers have the numbers that the master gives them, which differ in all its interfaces: there is nothing to
//          map, only to look up. And it decides what a member's bad news means for the pool.
// Owner:   the pool.
// Threads: any, except for member_of(), which is the loop's alone, and takes no lock but for a worker's first task.
// Use:
//     const WorkerId worker = roster.join(member, name, host, [&] { return master.worker_joined(info); });
//     if (const auto member = roster.member_of(worker)) …                          // later, for each task
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <mw/interface.hpp>

namespace mw::pool {

/// What becomes of the pool.
enum class Outlook : std::uint8_t {
  unchanged,  ///< this is no news
  goes_on,    ///< other members may have workers
  no_worker,  ///< no member will have one
  failed,     ///< all members have failed
};

class Roster {
 public:
  explicit Roster(std::size_t members) : members_(members) {}

  /// A worker of this member: `announce` tells the master, and returns the number that it has there. No task comes with
  /// that number before member_of() finds it. For a member that has failed nothing is announced, and the number is
  /// nobody's.
  template <class Announce>
  WorkerId join(std::size_t member, std::string name, std::string host, const Announce& announce) {
    std::lock_guard lock{mutex_};
    Member& one = members_[member];
    if (one.has_failed) return WorkerId{std::numeric_limits<std::uint32_t>::max() - ghosts_++};
    const WorkerId worker = announce();
    one.no_worker.reset();
    one.there.emplace(worker, std::pair{std::move(name), std::move(host)});
    joined_.emplace_back(worker, member);
    return worker;
  }
  /// False if the member has failed: its workers have left with it.
  bool leave(std::size_t member, WorkerId worker);

  /// The member, if there is or was such a worker.
  std::optional<std::size_t> member_of(WorkerId worker) {
    const std::size_t number = index_of(worker);
    if (number < members_by_worker_.size() && members_by_worker_[number] != nobody) return members_by_worker_[number];
    return look_again(number);
  }

  /// No worker of this member will run anything. Goes on, unless that is so for all.
  Outlook no_worker(std::size_t member, std::string why);
  /// This member is broken for good. Those workers that had not left are in `lost` once, for the master to be told.
  Outlook fail(std::size_t member, std::string why, std::vector<WorkerId>& lost);
  /// Nothing is news any more.
  void end();

  /// Why it failed, or why it has no worker; empty if it is well.
  std::string failure(std::size_t member) const;
  std::string absence(std::size_t member) const;
  /// Name, host and reason of the workers that have gone with their member.
  std::vector<WorkerReport> reports(std::size_t member) const;

 private:
  struct Member {
    std::map<WorkerId, std::pair<std::string, std::string>> there;  ///< name and host
    std::vector<WorkerReport> lost;
    std::optional<std::string> no_worker;
    std::string failure;
    bool has_failed = false;
  };
  static constexpr std::size_t nobody = std::numeric_limits<std::size_t>::max();

  std::optional<std::size_t> look_again(std::size_t number);
  Outlook outlook() const;

  mutable std::mutex mutex_;
  std::vector<Member> members_;
  std::vector<std::pair<WorkerId, std::size_t>> joined_;  ///< since look_again() was called the last time
  std::uint32_t ghosts_ = 0;
  bool has_ended_ = false;
  std::vector<std::size_t> members_by_worker_;  ///< the loop's
};

}  // namespace mw::pool

// What the rooms of the server have in common: the project's settings, keys and stores, and what they tell the master.
//
// What:    a struct of parts; it does nothing by itself.
// Owner:   owns the parts.
// Threads: the server's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include <mw/interface.hpp>

#include "boinc/key_ring.hpp"
#include "boinc/server/app_versions.hpp"
#include "boinc/server/keys.hpp"
#include "boinc/server/names.hpp"
#include "boinc/server/reputation.hpp"
#include "boinc/server/settings.hpp"
#include "boinc/store/accounts.hpp"
#include "boinc/store/hosts.hpp"
#include "boinc/store/tasks.hpp"
#include "boinc/store/work.hpp"
#include "log/log.hpp"

namespace mw::boinc {

/// A task's end, for the master. Told once what it stands on is committed.
struct TaskEnd {
  std::int64_t task = 0;
  std::int64_t host = 0;  ///< 0: no host in particular
  Outcome outcome;
  bool is_lost = false;  ///< nobody computed it; it may be tried again
};

/// A task that runs on a host now, as that host says.
struct TaskRuns {
  std::int64_t task = 0;
  std::int64_t host = 0;
  double fraction = 0;
};

struct Counts {
  std::uint64_t workunits = 0;  ///< of this run, as are all
  std::uint64_t workunits_over = 0;
  std::uint64_t sent = 0;     ///< instances
  std::uint64_t another = 0;  ///< of those, beyond what there had to be
  std::uint64_t reported = 0;
  std::uint64_t valid = 0;
  std::uint64_t invalid = 0;
  std::uint64_t errors = 0;
  std::uint64_t timed_out = 0;
  std::uint64_t refused_uploads = 0;
  std::uint64_t bad_requests = 0;
  std::uint64_t tasks_done = 0;
  std::int64_t in_progress = 0;  ///< instances, now
  Time first_sent{};             ///< when the first instance was sent
  Time last_deadline{};          ///< of all that were sent
};

struct Project {
  Project(Settings set, sqlite::Database opened, Keys with)
      : settings{std::move(set)},
        database{std::move(opened)},
        keys{std::move(with)},
        names{settings.app, keys.secret},
        tasks{database},
        work{database},
        hosts{database},
        accounts{database},
        reputation{settings, hosts, accounts},
        ring{keys_folder(settings), [](const std::string& why) { log::warn("boinc: " + why); }} {}

  Time now() const { return settings.now(); }
  /// The account behind a key that opens it; one of the key ring's is made when it first comes.
  std::optional<std::int64_t> user_of(std::string_view key) {
    if (!opens(key)) return std::nullopt;
    const auto account = accounts.find(key);
    return account ? account : accounts.create(key, std::nullopt, "", ring.owner_of(key).value_or("volunteer"), now());
  }
  /// Whether there is one.
  bool opens(std::string_view key) {
    if (!settings.keys_for_each || key == keys.own) return accounts.find(key).has_value();
    if (key == keys.account) return false;
    if (ring.owner_of(key)) return true;
    // Of an e-mail address, where anybody may make such an account; not one whose key was taken back.
    const auto account = settings.open_accounts ? accounts.find(key) : std::nullopt;
    return account && accounts.has_email(*account);
  }
  /// How much was to be told to the master.
  struct Mark {
    std::size_t ends = 0;
    std::size_t running = 0;
  };
  Mark mark() const noexcept { return {ends.size(), running.size()}; }
  /// What was written to the database since then was undone: what is in memory is read anew.
  void go_back_to(const Mark& before) {
    ends.erase(ends.begin() + static_cast<std::ptrdiff_t>(before.ends), ends.end());
    running.erase(running.begin() + static_cast<std::ptrdiff_t>(before.running), running.end());
    hosts.forget();
    accounts.forget();
    tasks.count_again();
    counts.in_progress = work.count_in_progress();
  }
  /// Whether some host could be given something.
  bool has_work() { return gives_out && (tasks.waiting_count() > 0 || !work.unsent(0, 1).empty()); }

  const Settings settings;
  sqlite::Database database;
  const Keys keys;
  const Names names;
  AppVersions versions;
  Tasks tasks;
  Work work;
  Hosts hosts;
  Accounts accounts;
  Reputation reputation;
  KeyRing ring;
  Counts counts;
  bool gives_out = true;                             ///< false: no host gets anything more
  std::unordered_set<std::int64_t> checked_outputs;  ///< files whose MD5 was seen to be right in this run, by instance
  std::vector<TaskEnd> ends;                         ///< for the master, after the commit
  std::vector<TaskRuns> running;
};

}  // namespace mw::boinc

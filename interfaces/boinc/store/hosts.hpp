// Volunteers' hosts, as the server keeps them.
//
// What:    a host is created at its first request and looked up at each later one; what changes with every request is
//          written now and then, what must not be lost at once.
// Owner:   keeps the hosts that were asked for in memory; refers to the database.
// Threads: the server's.
// Use:
//     Host& host = hosts.find(id) …;  host.record.ended_well();  hosts.write(host);
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <unordered_set>

#include "boinc/policy/credit.hpp"
#include "boinc/policy/states.hpp"
#include "boinc/policy/trust.hpp"
#include "boinc/protocol/scheduler_request.hpp"
#include "sqlite/database.hpp"

namespace mw::boinc {

struct Host {
  std::int64_t id = 0;
  std::int64_t user = 0;
  HostInfo info;
  std::string platform;  ///< its own
  std::int64_t rpc_seqno = 0;
  std::string range;  ///< of addresses, in which it was seen last
  Time created{};
  Time last_rpc{};
  HostRecord record;
  Credit credit;

  // Of this run only:
  std::string secret;            ///< that it was told with its number; empty until somebody asks as this host
  Time no_other_before{};        ///< when it may look again for what is out for too long
  std::int64_t formerly = 0;     ///< the host that it was before its state was set back; 0: none
  std::int64_t seen_unsent = 0;  ///< unsent instances up to this id are not for it

  /// Operations a second of one processor; a plain guess where the host has not said it.
  double fpops() const noexcept { return info.fpops >= 1e6 ? info.fpops : 1e9; }
};

class Hosts {
 public:
  explicit Hosts(sqlite::Database& database);

  /// Null if there is none.
  Host* find(std::int64_t id);
  /// The last one of this user with this cross-project id; null if there is none.
  Host* find(std::int64_t user, const std::string& cpid);
  Host& create(std::int64_t user, const HostInfo& info, const std::string& platform, Time now);
  /// At once, in the caller's transaction.
  void write(const Host& host);
  /// With the next write_touched().
  void touch(const Host& host) { touched_.insert(host.id); }
  bool has_touched() const noexcept { return !touched_.empty(); }
  void write_touched();
  /// How many processors those have that asked since then.
  std::size_t active_processors(Time since) const;
  std::size_t active(Time since) const;
  const std::unordered_map<std::int64_t, Host>& known() const noexcept { return hosts_; }
  /// What is in memory is read anew when it is asked for: after what was written was undone.
  void forget() noexcept {
    hosts_.clear();
    touched_.clear();
  }

 private:
  Host* keep(sqlite::Statement& select);

  sqlite::Database& database_;
  sqlite::Statement select_, select_by_cpid_, insert_, update_;
  std::unordered_map<std::int64_t, Host> hosts_;
  std::unordered_set<std::int64_t> touched_;
};

}  // namespace mw::boinc

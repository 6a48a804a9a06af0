// A running master, as other programs talk to it.
//
// What:    finds a master with a dashboard, and asks it: JSON-RPC over HTTP. Those of this user on this machine are
//          found by themselves; others by the address that they have said at their start, with or without its key.
// Owner:   owns the connection.
// Threads: one; each call blocks.
// Use:
//     MasterLink master{find_master(""), alive};
//     const boost::json::object status = master.call("status");
#pragma once

#include <functional>
#include <string>

#include <boost/json/object.hpp>

#include "dashboard/announce.hpp"
#include "http/transfer.hpp"

namespace mw::tool {

/// `which`: a process number, a program's name, or an address ("http://host:4711/#key=…", "host:4711"); empty: the only
/// one that runs. Without a key in the address, MW_DASHBOARD_KEY has it. Throws UsageError if there is none, or more.
dashboard::Announced find_master(const std::string& which);

class MasterLink {
 public:
  /// Asked about once a second while it waits; false ends the call.
  MasterLink(dashboard::Announced where, std::function<bool()> alive);

  /// Throws InterfaceError: what the master says, or why there is no answer. Without an answer that is a
  /// http::TransferError.
  boost::json::object call(const std::string& method, boost::json::object parameters = {});
  /// All that a dashboard shows.
  boost::json::object picture();

 private:
  const std::string url_;
  http::Transfer transfer_;
};

}  // namespace mw::tool

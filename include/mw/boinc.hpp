// The boinc interface: a volunteer pool.
//
// What:    this program becomes a BOINC project: a server in it gives out workunits to the stock boinc-client, or to
//          `mw volunteer`, on any number of strangers' machines, compares what they send back, and hands the agreed
//          results to the master. What is computed there is the worker build of this program (mw_add_app makes it).
// Owner:   the master that it is given to.
// Threads: the master's loop. The server has threads of its own; a validator of the user's runs in one of them, once at
//          a time.
// Use:
//     mw::Master master{mw::interface("boinc:?listen=0.0.0.0:8931&url=http://example.org:8931/&quorum=2")};
//     mw::Master master{mw::BoincInterface{{.quorum = 2, .validator = mw::numeric_validator(1e-9)}}};
//     mw::Master master{mw::interface("boinc:4")};          // with four volunteers on this machine: to try it out
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <mw/codec.hpp>
#include <mw/interface.hpp>

namespace mw {

/// Two results of one task, from two hosts. Valid during the validator's call.
struct ResultPair {
  std::uint64_t function_id = 0;      ///< FunctionEntry::id() of the task's function
  std::string_view function;          ///< its qualified name, with parameter types
  std::span<const std::byte> first;   ///< one result, encoded
  std::span<const std::byte> second;  ///< the other one

  /// One of them, decoded. Throws CodecError if it is no R; thrown on, that means that the results do not agree.
  template <class R>
  R first_as() const {
    return decode<R>(first);
  }
  /// The same for the other one.
  template <class R>
  R second_as() const {
    return decode<R>(second);
  }
};

/// Whether two results say the same. What it throws counts as no. It is called in a thread of the server's, once at a
/// time.
using Validator = std::function<bool(const ResultPair&)>;

/// Byte by byte: for integers, texts, and floating-point numbers that every host computes alike.
Validator bitwise_validator();
/// Floating-point numbers may differ by `relative` times the larger one (1e-9, say), or by `absolute`; everything else
/// must be equal. A NaN agrees with a NaN only. A Program's output is compared word by word.
Validator numeric_validator(double relative, double absolute = 0);

/// Which hosts' results may be compared (BOINC's homogeneous redundancy).
enum class HostMix : std::uint8_t {
  any,     ///< all hosts
  coarse,  ///< of one operating system and processor vendor, Intel and AMD being one
  fine     ///< of one operating system, vendor and processor family
};

/// What has one vote in a quorum: copies of a workunit go to different voters.
enum class OneVote : std::uint8_t {
  automatic,  ///< `account` with keys_for_each, else `addresses`
  host,       ///< every host: where no volunteer would pretend to be several
  addresses,  ///< all hosts behind one range of addresses: an IPv4 /24, an IPv6 /48, one address of a private network
  account     ///< all hosts of one account
};

/// What a BoincInterface may be told. interfaces/boinc/README.md explains quorums, copies and voters.
struct BoincOptions {
  /// "ADDRESS:PORT" to listen at; port 0: any that is free.
  std::string listen = "127.0.0.1:8931";
  /// What volunteers attach to; empty: http:// and the address above.
  std::string url = {};
  /// What is computed, in a sentence: for the volunteers' page.
  std::string description = {};
  /// The folder in which the project lives: keys, database, files. Empty: ~/.local/state/cppmw/boinc/NAME of this
  /// program. "temporary": a new one, removed at the end.
  std::string state = {};
  /// The folder with the worker builds, one for each platform; empty: "workers" beside this program.
  std::string workers = {};
  /// How many results must agree (BOINC's min_quorum), 1 to 100.
  unsigned quorum = 1;
  /// How many copies of a workunit are sent at once (target_nresults); 0: as many as the quorum.
  unsigned target = 0;
  /// How many copies of a workunit may end in an error (max_error_results) …
  unsigned max_errors = 3;
  /// … how many may be made at all (max_total_results) …
  unsigned max_total = 10;
  /// … and how many may succeed without agreement (max_success_results), before its tasks count as lost.
  unsigned max_success = 6;
  /// How long a host may keep a workunit; then another host gets a copy.
  std::chrono::seconds delay_bound{7 * 86'400};
  /// How long a workunit should run, about: so many tasks are put into one.
  std::chrono::seconds workunit_time{600};
  /// How many tasks a workunit carries; 0: as many as workunit_time asks for.
  unsigned tasks_per_workunit = 0;
  /// How many workunits a host may have, for each of its processors.
  unsigned workunits_per_processor = 4;
  /// How often an idle client is told to look for work.
  std::chrono::milliseconds poll{60'000};
  /// Near the end, when nothing else is left, an idle host gets one more copy of what has been out for this long and
  /// for twice as long as it should take; the first valid answer counts. 0: never.
  std::chrono::milliseconds another_after{120'000};
  /// Hosts that have proven reliable run most workunits alone (BOINC's adaptive replication).
  bool adaptive_replication = false;
  /// Which hosts' results may be compared.
  HostMix host_mix = HostMix::any;
  /// What agreement means; empty: bitwise_validator().
  Validator validator = {};
  /// How many bytes a workunit's results may have together.
  std::uint64_t max_output = std::uint64_t{512} << 20;
  /// Whether anyone may make an account with an e-mail address; otherwise a volunteer needs the project's key.
  bool open_accounts = false;
  /// Addresses of reverse proxies before the server, which say in X-Forwarded-For whom a request comes from. Nobody
  /// else is believed.
  std::vector<std::string> proxies = {};
  /// Whether each volunteer has a key of their own, made with `mw boinc-key`; then the project's own key opens nothing.
  bool keys_for_each = false;
  /// What has one vote in a quorum.
  OneVote one_vote = OneVote::automatic;
  /// How many volunteers of our own run on this machine, for as long as the master does; 0 to 256.
  unsigned local_volunteers = 0;
};

/// Tasks are rows in the project's database from the moment they are submitted; a program that was killed and is
/// started again with the same tasks continues with them. start() throws InterfaceError if the state folder, the port
/// or the worker builds cannot be used. A pool without local volunteers counts as 16 slots, as nobody knows how large
/// it will be.
class BoincInterface : public InterfaceHandle {
 public:
  /// How many there may be.
  static constexpr unsigned max_local_volunteers = 256;

  /// Throws UsageError for options that make no sense.
  explicit BoincInterface(BoincOptions options = {});
  /// From what follows "boinc" in an interface's name: ":", ":4", ":?quorum=2&listen=0.0.0.0:8931". Keys are listed in
  /// interfaces/boinc/README.md. Throws UsageError, which says what would be right.
  static BoincInterface from_text(std::string_view text);
};

}  // namespace mw

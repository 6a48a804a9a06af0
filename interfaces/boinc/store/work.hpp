// Workunits and their instances, as the server keeps them.
//
// What:    rows in, rows out; what they mean is the policy's business.
// Owner:   refers to the database.
// Threads: the server's; inside a transaction.
// Use:
//     WorkunitRow workunit = work.workunit(id).value();
//     for (const InstanceRow& one : work.instances(id)) …
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <mw/bytes.hpp>

#include "boinc/policy/states.hpp"
#include "sqlite/database.hpp"

namespace mw::boinc {

struct WorkunitRow {
  std::int64_t id = 0;
  std::vector<std::int64_t> tasks;
  std::uint64_t function = 0;
  double operations = 0;       ///< of all its tasks; 0: unknown
  WorkunitState state;         ///< has_canonical follows `canonical`
  std::int64_t canonical = 0;  ///< an instance; 0: none
  std::int64_t host_class = 0;
  std::int64_t next_number = 0;
  std::int64_t input_nbytes = 0;
  std::string input_md5;
  std::string files;
};

struct InstanceRow {
  std::int64_t id = 0;
  std::int64_t workunit = 0;
  std::int64_t number = 0;
  InstanceState state;
  std::int64_t host = 0;
  std::int64_t user = 0;
  std::string voter;  ///< the host's, when it was sent
  std::string platform;
  std::int64_t version_num = 0;
  Time sent{};
  Time received{};
  double elapsed = 0;
  std::int64_t exit_status = 0;
  double claimed_credit = 0;
  std::string why;
};

/// An uploaded file. Its bytes are in the database, or in a file of its own where it is large.
struct OutputRow {
  std::int64_t nbytes = 0;
  std::string md5;
  std::optional<Bytes> bytes;
};

class Work {
 public:
  explicit Work(sqlite::Database& database);

  /// Makes the row; gives it its id.
  void add(WorkunitRow& workunit);
  /// Unless it is a file.
  void add_input(std::int64_t workunit, sqlite::Blob bytes);
  std::optional<WorkunitRow> workunit(std::int64_t id);
  /// All but tasks, function, input and files.
  void update(const WorkunitRow& workunit, std::optional<Time> transition_time);
  /// Ids of those whose time has come, the earliest first.
  std::vector<std::int64_t> due(Time now, std::size_t most);
  std::optional<Time> next_due();
  /// The workunits with successes that nobody has compared yet.
  void make_unchecked_due(Time now);

  /// A new unsent one.
  InstanceRow add_instance(WorkunitRow& workunit);
  std::optional<InstanceRow> instance(std::int64_t workunit, std::int64_t number);
  std::vector<InstanceRow> instances(std::int64_t workunit);
  /// Unsent ones with larger ids, in the order of their ids.
  std::vector<InstanceRow> unsent(std::int64_t after, std::size_t most);
  std::int64_t count_in_progress() { return database_.integer("SELECT count(*) FROM instance WHERE server_state = 4"); }
  /// The workunits of which hosts have an instance.
  std::vector<std::int64_t> in_progress();
  std::vector<InstanceRow> in_progress_on(std::int64_t host);
  /// How many the voter's hosts have that have fewer valid results than so many; at most `most` of them are counted.
  std::int64_t in_progress_of_newcomers(const std::string& voter, std::int64_t valid, std::int64_t most);
  void update(const InstanceRow& instance);

  std::optional<Bytes> input(std::int64_t workunit);
  void drop_input(std::int64_t workunit);
  void set_output(std::int64_t instance, const OutputRow& output);
  std::optional<OutputRow> output(std::int64_t instance);
  /// Size and MD5 only.
  std::optional<OutputRow> output_facts(std::int64_t instance);
  void drop_output(std::int64_t instance);

 private:
  std::vector<InstanceRow> read_instances(sqlite::Statement& select);

  sqlite::Database& database_;
  sqlite::Statement add_, add_input_, workunit_, update_, due_, next_due_;
  sqlite::Statement add_instance_, bump_, instance_, instances_, unsent_, on_host_, of_newcomers_;
  sqlite::Statement update_instance_;
  sqlite::Statement input_, drop_input_, set_output_, output_, output_facts_, drop_output_;
};

/// Milliseconds since 1970.
inline std::int64_t to_ms(Time time) noexcept { return time.time_since_epoch().count(); }
inline Time from_ms(std::int64_t ms) noexcept { return Time{std::chrono::milliseconds{ms}}; }

}  // namespace mw::boinc

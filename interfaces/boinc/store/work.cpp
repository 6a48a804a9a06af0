#include "boinc/store/work.hpp"

#include <cstring>

namespace mw::boinc {
namespace {

#define MW_INSTANCE_COLUMNS                                                                                                    \
  "id, workunit, number, server_state, outcome, validate_state, host, user, platform, version_num, sent, deadline, received, " \
  "elapsed, exit_status, claimed_credit, why, voter, excused"

std::vector<std::int64_t> ids_in(sqlite::Blob blob) {
  std::vector<std::int64_t> ids(blob.size() / sizeof(std::int64_t));
  if (!ids.empty()) std::memcpy(ids.data(), blob.data(), ids.size() * sizeof(std::int64_t));
  return ids;
}

std::optional<Time> read_time(sqlite::Statement& select) {
  std::optional<Time> time;
  if (select.bind().step() && !select.is_null(0)) time = from_ms(select.integer(0));
  select.reset();
  return time;
}

std::optional<std::int64_t> ms_or_null(Time time) { return time == Time{} ? std::nullopt : std::optional{to_ms(time)}; }

}  // namespace

Work::Work(sqlite::Database& database)
    : database_{database},
      add_{database.prepare("INSERT INTO workunit(tasks, function, operations, quorum, target, max_errors, max_total, max_success, "
                            "host_class, input_nbytes, input_md5, files) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")},
      add_input_{database.prepare("INSERT INTO input(workunit, bytes) VALUES (?, ?)")},
      workunit_{database.prepare("SELECT tasks, function, operations, quorum, target, max_errors, max_total, max_success, "
                                 "error_mask, canonical, assimilated, "
                                 "host_class, next_number, input_nbytes, input_md5, files FROM workunit WHERE id = ?")},
      update_{database.prepare("UPDATE workunit SET quorum = ?, target = ?, error_mask = ?, canonical = ?, assimilated = ?, "
                               "host_class = ?, transition_time = ? WHERE id = ?")},
      due_{database.prepare("SELECT id FROM workunit WHERE transition_time IS NOT NULL AND transition_time <= ? "
                            "ORDER BY transition_time LIMIT ?")},
      next_due_{database.prepare("SELECT min(transition_time) FROM workunit WHERE transition_time IS NOT NULL")},
      add_instance_{database.prepare("INSERT INTO instance(workunit, number, server_state) VALUES (?, ?, 2)")},
      bump_{database.prepare("UPDATE workunit SET next_number = ? WHERE id = ?")},
      instance_{database.prepare("SELECT " MW_INSTANCE_COLUMNS " FROM instance WHERE workunit = ? AND number = ?")},
      instances_{database.prepare("SELECT " MW_INSTANCE_COLUMNS " FROM instance WHERE workunit = ? ORDER BY number")},
      unsent_{
          database.prepare("SELECT " MW_INSTANCE_COLUMNS " FROM instance WHERE server_state = 2 AND id > ? ORDER BY id LIMIT ?")},
      on_host_{database.prepare("SELECT " MW_INSTANCE_COLUMNS " FROM instance WHERE server_state = 4 AND host = ? ORDER BY id")},
      of_newcomers_{database.prepare("SELECT count(*) FROM (SELECT 1 FROM instance JOIN host ON host.id = instance.host WHERE "
                                     "server_state = 4 AND voter = ? AND host.valid < ? LIMIT ?)")},
      update_instance_{database.prepare(
          "UPDATE instance SET server_state = ?, outcome = ?, validate_state = ?, host = ?, user = ?, platform = ?, version_num = "
          "?, "
          "sent = ?, deadline = ?, received = ?, elapsed = ?, exit_status = ?, claimed_credit = ?, why = ?, voter = ?, excused = ? "
          "WHERE id = ?")},
      input_{database.prepare("SELECT bytes FROM input WHERE workunit = ?")},
      drop_input_{database.prepare("DELETE FROM input WHERE workunit = ?")},
      set_output_{database.prepare("INSERT OR REPLACE INTO output(instance, nbytes, md5, bytes) VALUES (?, ?, ?, ?)")},
      output_{database.prepare("SELECT nbytes, md5, bytes FROM output WHERE instance = ?")},
      output_facts_{database.prepare("SELECT nbytes, md5 FROM output WHERE instance = ?")},
      drop_output_{database.prepare("DELETE FROM output WHERE instance = ?")} {}

void Work::add(WorkunitRow& workunit) {
  const WorkunitState& state = workunit.state;
  add_.run(std::as_bytes(std::span{workunit.tasks}), static_cast<std::int64_t>(workunit.function), workunit.operations,
           state.quorum, state.target, state.max_errors, state.max_total, state.max_success, workunit.host_class,
           workunit.input_nbytes, workunit.input_md5, workunit.files);
  workunit.id = database_.last_id();
}

void Work::add_input(std::int64_t workunit, sqlite::Blob bytes) { add_input_.run(workunit, bytes); }

std::optional<WorkunitRow> Work::workunit(std::int64_t id) {
  if (!workunit_.bind(id).step()) return std::nullopt;
  WorkunitRow row;
  row.id = id;
  row.tasks = ids_in(workunit_.blob(0));
  row.function = static_cast<std::uint64_t>(workunit_.integer(1));
  row.operations = workunit_.real(2);
  row.state.quorum = workunit_.integer(3);
  row.state.target = workunit_.integer(4);
  row.state.max_errors = workunit_.integer(5);
  row.state.max_total = workunit_.integer(6);
  row.state.max_success = workunit_.integer(7);
  row.state.error_mask = workunit_.integer(8);
  row.canonical = workunit_.integer(9);
  row.state.has_canonical = row.canonical != 0;
  row.state.is_assimilated = workunit_.integer(10) != 0;
  row.host_class = workunit_.integer(11);
  row.next_number = workunit_.integer(12);
  row.input_nbytes = workunit_.integer(13);
  row.input_md5 = workunit_.text(14);
  row.files = workunit_.text(15);
  workunit_.reset();
  return row;
}

void Work::update(const WorkunitRow& row, std::optional<Time> transition_time) {
  update_.run(row.state.quorum, row.state.target, row.state.error_mask, row.canonical, row.state.is_assimilated, row.host_class,
              transition_time ? std::optional{to_ms(*transition_time)} : std::nullopt, row.id);
}

std::vector<std::int64_t> Work::due(Time now, std::size_t most) {
  std::vector<std::int64_t> ids;
  for (due_.bind(to_ms(now), most); due_.step();) ids.push_back(due_.integer(0));
  return ids;
}

std::vector<std::int64_t> Work::in_progress() {
  std::vector<std::int64_t> ids;
  auto select = database_.prepare("SELECT DISTINCT workunit FROM instance WHERE server_state = 4");
  while (select.step()) ids.push_back(select.integer(0));
  return ids;
}

std::optional<Time> Work::next_due() { return read_time(next_due_); }

void Work::make_unchecked_due(Time now) {
  database_
      .prepare(
          "UPDATE workunit SET transition_time = ? WHERE error_mask = 0 AND id IN (SELECT workunit FROM output JOIN instance "
          "ON instance.id = output.instance WHERE outcome = 1 AND validate_state = 0)")
      .run(to_ms(now));
}

InstanceRow Work::add_instance(WorkunitRow& workunit) {
  InstanceRow row;
  row.workunit = workunit.id;
  row.number = workunit.next_number++;
  add_instance_.run(workunit.id, row.number);
  row.id = database_.last_id();
  bump_.run(workunit.next_number, workunit.id);
  return row;
}

std::vector<InstanceRow> Work::read_instances(sqlite::Statement& select) {
  std::vector<InstanceRow> rows;
  while (select.step()) {
    InstanceRow row;
    row.id = select.integer(0);
    row.workunit = select.integer(1);
    row.number = select.integer(2);
    row.state.server_state = static_cast<ServerState>(select.integer(3));
    row.state.outcome = static_cast<InstanceOutcome>(select.integer(4));
    row.state.validate_state = static_cast<ValidateState>(select.integer(5));
    row.host = select.integer(6);
    row.user = select.integer(7);
    row.platform = select.text(8);
    row.version_num = select.integer(9);
    row.sent = from_ms(select.integer(10));
    row.state.deadline = from_ms(select.integer(11));
    row.received = from_ms(select.integer(12));
    row.elapsed = select.real(13);
    row.exit_status = select.integer(14);
    row.claimed_credit = select.real(15);
    row.why = select.text(16);
    row.voter = select.text(17);
    row.state.is_excused = select.integer(18) != 0;
    rows.push_back(std::move(row));
  }
  return rows;
}

std::optional<InstanceRow> Work::instance(std::int64_t workunit, std::int64_t number) {
  instance_.bind(workunit, number);
  auto rows = read_instances(instance_);
  return rows.empty() ? std::nullopt : std::optional{std::move(rows.front())};
}

std::vector<InstanceRow> Work::instances(std::int64_t workunit) {
  instances_.bind(workunit);
  return read_instances(instances_);
}

std::vector<InstanceRow> Work::unsent(std::int64_t after, std::size_t most) {
  unsent_.bind(after, most);
  return read_instances(unsent_);
}

std::vector<InstanceRow> Work::in_progress_on(std::int64_t host) {
  on_host_.bind(host);
  return read_instances(on_host_);
}

std::int64_t Work::in_progress_of_newcomers(const std::string& voter, std::int64_t valid, std::int64_t most) {
  of_newcomers_.bind(voter, valid, most).step();
  const std::int64_t count = of_newcomers_.integer(0);
  of_newcomers_.reset();
  return count;
}

void Work::update(const InstanceRow& row) {
  const InstanceState& state = row.state;
  update_instance_.run(state.server_state, state.outcome, state.validate_state, row.host, row.user, row.platform, row.version_num,
                       ms_or_null(row.sent), ms_or_null(state.deadline), ms_or_null(row.received), row.elapsed, row.exit_status,
                       row.claimed_credit,
                       row.why.empty() ? std::optional<std::string_view>{} : std::optional<std::string_view>{row.why}, row.voter,
                       state.is_excused, row.id);
}

std::optional<Bytes> Work::input(std::int64_t workunit) {
  if (!input_.bind(workunit).step()) return std::nullopt;
  std::optional<Bytes> bytes{Bytes{input_.blob(0)}};
  input_.reset();
  return bytes;
}

void Work::drop_input(std::int64_t workunit) { drop_input_.run(workunit); }

void Work::set_output(std::int64_t instance, const OutputRow& output) {
  const auto bytes = output.bytes ? std::optional{output.bytes->span()} : std::nullopt;
  set_output_.run(instance, output.nbytes, output.md5, bytes);
}

std::optional<OutputRow> Work::output(std::int64_t instance) {
  if (!output_.bind(instance).step()) return std::nullopt;
  OutputRow row;
  row.nbytes = output_.integer(0);
  row.md5 = output_.text(1);
  if (!output_.is_null(2)) row.bytes.emplace(output_.blob(2));
  output_.reset();
  return row;
}

std::optional<OutputRow> Work::output_facts(std::int64_t instance) {
  if (!output_facts_.bind(instance).step()) return std::nullopt;
  OutputRow row;
  row.nbytes = output_facts_.integer(0);
  row.md5 = output_facts_.text(1);
  output_facts_.reset();
  return row;
}

void Work::drop_output(std::int64_t instance) { drop_output_.run(instance); }

}  // namespace mw::boinc

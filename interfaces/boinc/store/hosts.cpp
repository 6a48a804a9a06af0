#include "boinc/store/hosts.hpp"

#include "boinc/store/work.hpp"

namespace mw::boinc {
namespace {

#define MW_HOST_COLUMNS                                                                                                  \
  "id, user, cpid, name, platform, os_name, cpu_vendor, cpu_model, ncpus, fpops, memory, rpc_seqno, created, last_rpc, " \
  "valid_in_row, faults, quarantines, quarantined_until, credit, average_credit, average_time, range, valid"

}  // namespace

Hosts::Hosts(sqlite::Database& database)
    : database_{database},
      select_{database.prepare("SELECT " MW_HOST_COLUMNS " FROM host WHERE id = ?")},
      select_by_cpid_{
          database.prepare("SELECT " MW_HOST_COLUMNS " FROM host WHERE user = ? AND cpid = ? ORDER BY id DESC LIMIT 1")},
      insert_{database.prepare(
          "INSERT INTO host(user, cpid, name, platform, os_name, cpu_vendor, cpu_model, ncpus, fpops, memory, rpc_seqno, "
          "created, last_rpc) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, ?, ?)")},
      update_{database.prepare(
          "UPDATE host SET name = ?, platform = ?, os_name = ?, cpu_vendor = ?, cpu_model = ?, ncpus = ?, fpops = ?, memory = ?, "
          "rpc_seqno = ?, last_rpc = ?, valid_in_row = ?, faults = ?, quarantines = ?, quarantined_until = ?, credit = ?, "
          "average_credit = ?, average_time = ?, range = ?, valid = ? WHERE id = ?")} {}

Host* Hosts::keep(sqlite::Statement& select) {
  if (!select.step()) return nullptr;
  const std::int64_t id = select.integer(0);
  if (const auto place = hosts_.find(id); place != hosts_.end()) {
    select.reset();
    return &place->second;
  }
  Host& host = hosts_[id];
  host.id = id;
  host.user = select.integer(1);
  host.info.cpid = select.text(2);
  host.info.name = select.text(3);
  host.platform = select.text(4);
  host.info.os_name = select.text(5);
  host.info.cpu_vendor = select.text(6);
  host.info.cpu_model = select.text(7);
  host.info.ncpus = select.integer(8);
  host.info.fpops = select.real(9);
  host.info.memory = select.real(10);
  host.rpc_seqno = select.integer(11);
  host.created = from_ms(select.integer(12));
  host.last_rpc = from_ms(select.integer(13));
  host.record = {select.integer(14), select.real(15), select.integer(16), from_ms(select.integer(17)), select.integer(22)};
  host.credit = {select.real(18), select.real(19), from_ms(select.integer(20))};
  host.range = select.text(21);
  select.reset();
  return &host;
}

Host* Hosts::find(std::int64_t id) {
  if (const auto place = hosts_.find(id); place != hosts_.end()) return &place->second;
  return keep(select_.bind(id));
}

Host* Hosts::find(std::int64_t user, const std::string& cpid) {
  return cpid.empty() ? nullptr : keep(select_by_cpid_.bind(user, cpid));
}

Host& Hosts::create(std::int64_t user, const HostInfo& info, const std::string& platform, Time now) {
  insert_.run(user, info.cpid, info.name, platform, info.os_name, info.cpu_vendor, info.cpu_model, info.ncpus, info.fpops,
              info.memory, to_ms(now), to_ms(now));
  const std::int64_t id = database_.last_id();
  Host& host = hosts_[id];
  host.id = id;
  host.user = user;
  host.info = info;
  host.platform = platform;
  host.created = host.last_rpc = now;
  return host;
}

void Hosts::write(const Host& host) {
  const HostRecord& record = host.record;
  update_.run(host.info.name, host.platform, host.info.os_name, host.info.cpu_vendor, host.info.cpu_model, host.info.ncpus,
              host.info.fpops, host.info.memory, host.rpc_seqno, to_ms(host.last_rpc), record.valid_in_row, record.faults,
              record.quarantines, to_ms(record.quarantined_until), host.credit.total, host.credit.average,
              to_ms(host.credit.average_time), host.range, record.valid, host.id);
  touched_.erase(host.id);
}

void Hosts::write_touched() {
  while (!touched_.empty()) write(hosts_.at(*touched_.begin()));
}

std::size_t Hosts::active_processors(Time since) const {
  std::size_t processors = 0;
  for (const auto& [id, host] : hosts_)
    if (host.last_rpc >= since) processors += static_cast<std::size_t>(host.info.ncpus);
  return processors;
}

std::size_t Hosts::active(Time since) const {
  std::size_t count = 0;
  for (const auto& [id, host] : hosts_) count += host.last_rpc >= since;
  return count;
}

}  // namespace mw::boinc

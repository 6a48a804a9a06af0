#include "boinc/server/admission.hpp"

#include <span>

#include <fmt/format.h>

#include "boinc/policy/voter.hpp"
#include "crypto/secrets.hpp"
#include "log/escaped.hpp"
#include "log/log.hpp"

namespace mw::boinc {
namespace {

constexpr double come_again_s = 60;
constexpr std::size_t longest_text = 200;

std::string cut(const std::string& text) { return log::escaped(text.substr(0, longest_text)); }

HostInfo cut(const HostInfo& info) {
  HostInfo host = info;
  for (std::string* text : {&host.cpid, &host.name, &host.os_name, &host.os_version, &host.cpu_vendor, &host.cpu_model})
    *text = cut(*text);
  return host;
}

bool is_same_secret(const std::string& told, const std::string& said) {
  return crypto::is_same(std::as_bytes(std::span{told}), std::as_bytes(std::span{said}));
}

const std::string& secret_of(const Project& project, Host& host) {
  if (host.secret.empty()) host.secret = project.keys.told(fmt::format("host {}", host.id));
  return host.secret;
}

}  // namespace

Host* Admission::find_proven(const SchedulerRequest& request) const {
  Host* host = request.host_id != 0 ? project_.hosts.find(request.host_id) : nullptr;
  return host && is_same_secret(secret_of(project_, *host), request.cross_project_id) ? host : nullptr;
}

Host* Admission::find(const SchedulerRequest& request) const {
  Host* host = find_proven(request);
  return host && request.rpc_seqno >= host->rpc_seqno ? host : nullptr;
}

Admitted Admission::admit(const SchedulerRequest& request, std::int64_t user, const boost::asio::ip::address& address,
                          SchedulerReply& reply) {
  const Time now = project_.now();
  const std::string range = address_range(address);
  Admitted who;
  who.host = find(request);
  if (who.host && who.host->user != user) who.host = nullptr;
  if (who.host) {
    who.host->rpc_seqno = request.rpc_seqno;
  } else {
    if (!new_hosts_.take(range, std::chrono::steady_clock::now())) {
      reply.request_delay_s = come_again_s;
      reply.messages.push_back({"Too many new hosts come from your network; ask again later", false});
      ++project_.counts.bad_requests;
      return {};
    }
    // A counter that went back is that of a copy of the host, or of one whose state was set back: as for BOINC, another
    // host.
    const Host* proven = find_proven(request);
    if (proven && proven->user != user) proven = nullptr;
    const std::int64_t formerly = proven ? proven->id : 0;
    const Host* before = proven ? proven : project_.hosts.find(user, cut(request.host.cpid));
    if (before) who.lost_host = before->id;
    who.host =
        &project_.hosts.create(user, cut(request.host), request.platforms.empty() ? "" : cut(request.platforms.front()), now);
    who.host->formerly = formerly;
    log::info(fmt::format("boinc: new host {} ({}), {} processors", who.host->id, who.host->info.name, who.host->info.ncpus));
    reply.host_id = who.host->id;
    reply.cross_project_id = secret_of(project_, *who.host);
    reply.email_hash = project_.keys.told(fmt::format("e-mail {}", who.host->id));
  }
  Host& host = *who.host;
  host.info = cut(request.host);
  if (!request.platforms.empty()) host.platform = cut(request.platforms.front());
  if (host.range != range) host.seen_unsent = 0;  // it may be another voter now
  host.range = range;
  host.last_rpc = now;
  project_.hosts.touch(host);
  return who;
}

}  // namespace mw::boinc

#include "boinc/server/scheduler.hpp"

#include <algorithm>
#include <unordered_set>

#include <fmt/format.h>

#include "boinc/policy/credit.hpp"
#include "boinc/server/excuses.hpp"
#include "log/escaped.hpp"
#include "log/log.hpp"

namespace mw::boinc {
namespace {

constexpr double refusal_delay_s = 3600;
constexpr std::size_t longest_reason = 2000;
constexpr std::chrono::milliseconds longest_answer{30};
constexpr double soon_s = 1;

/// What went wrong, for people: the client's words, cut.
std::string reason_of(const ReportedResult& result) {
  std::string text = fmt::format("exit status {}, client state {}", result.exit_status, static_cast<std::int64_t>(result.state));
  if (!result.stderr_text.empty())
    text +=
        ", stderr: " + result.stderr_text.substr(result.stderr_text.size() - std::min(result.stderr_text.size(), longest_reason));
  return text;
}

double seconds_between(Time from, Time to) { return std::max(std::chrono::duration<double>(to - from).count(), 0.0); }

}  // namespace

std::optional<Durability> Scheduler::writes(const SchedulerRequest& request) const {
  const Host* const host = admission_.find(request);
  const bool gives_work = request.wants_work() && (project_.has_work() || (host && dispatcher_.may_have_another(*host)));
  if (!request.results.empty() || request.is_leaving || gives_work || !host) return Durability::machine;
  return request.running.empty() ? std::nullopt : std::optional{Durability::process};
}

SchedulerReply Scheduler::answer(const SchedulerRequest& request, const boost::asio::ip::address& address) {
  const Turn turn{longest_answer};
  SchedulerReply reply;
  reply.knows_wait = true;
  reply.master_url = project_.settings.url;
  reply.project_name = project_.settings.title;
  reply.next_rpc_delay_s = project_.settings.poll_s;
  const auto user = project_.user_of(request.authenticator);
  if (!user) {
    reply.messages.push_back({"The account key is not one of this project's: attach again with the right one", true});
    reply.request_delay_s = refusal_delay_s;
    ++project_.counts.bad_requests;
    return reply;
  }
  const Admitted who = admission_.admit(request, *user, address, reply);
  if (!who.host) return reply;
  Host* const host = who.host;
  if (who.lost_host != 0) give_up(who.lost_host);
  // A client that has a key asks for proof before it takes another.
  if (request.code_sign_key.empty()) reply.code_sign_key = project_.keys.code_sign_public;
  take_results(request, *host, turn, reply);
  describe_user(*host, reply);  // with the credit for these
  reply.acknowledges_messages = !request.messages.empty();
  note_running(request, *host, turn);
  abort_unneeded(request, *host, turn, reply);
  if (request.is_leaving) {
    take_back(request, *host);
    return reply;
  }
  dispatcher_.send_again(request, *host, turn, reply);
  if (request.wants_work()) dispatcher_.send_work(request, *host, turn, reply);
  return reply;
}

/// What the client's manager shows.
void Scheduler::describe_user(const Host& host, SchedulerReply& reply) {
  const Account* account = project_.accounts.find(host.user);
  if (!account) return;
  reply.user = {
      account->name,       to_ms(account->created) / 1000, account->credit.total, account->credit.average, host.credit.total,
      host.credit.average, to_ms(host.created) / 1000};
}

/// What a host has under way that will not come back: others get it. Should it come back, it still counts.
void Scheduler::give_up(std::int64_t lost_host) {
  auto lost = project_.work.in_progress_on(lost_host);
  if (lost.empty()) return;
  for (InstanceRow& one : lost) transitioner_.give_up(one);
  if (Host* host = project_.hosts.find(lost_host)) project_.reputation.failed(*host, Fault::no_reply, project_.now());
}

void Scheduler::take_results(const SchedulerRequest& request, Host& host, const Turn& turn, SchedulerReply& reply) {
  for (const ReportedResult& result : request.results) {
    if (turn.is_over() && !reply.acknowledged.empty()) {
      reply.next_rpc_delay_s = std::min(reply.next_rpc_delay_s, soon_s);
      break;  // what is not acknowledged comes again
    }
    reply.acknowledged.push_back(result.name);  // whatever it is: else it comes again and again
    const auto number = project_.names.find_instance(result.name);
    auto instance = number ? project_.work.instance(number->workunit, number->number) : std::nullopt;
    if (!instance) continue;  // of an earlier run
    if (instance->host != host.id && instance->host != host.formerly) {
      const auto line = repeated_.line("others",
                                       fmt::format("boinc: host {} ({}) reported {}, which is host {}'s; it does not count",
                                                   host.id, host.info.name, result.name, instance->host),
                                       std::chrono::steady_clock::now());
      if (line) log::warn(*line);
      ++project_.counts.bad_requests;
      continue;
    }
    const bool is_open =
        instance->state.server_state == ServerState::in_progress ||
        ((instance->state.outcome == InstanceOutcome::no_reply || instance->state.outcome == InstanceOutcome::detached) &&
         instance->received == Time{});
    if (!is_open) continue;  // it was reported before
    take_result(result, *instance, host);
    project_.work.update(*instance);
    ++project_.counts.reported;
    transitioner_.run(instance->workunit);
  }
}

/// What a host that leaves has not reported, others are to have.
void Scheduler::take_back(const SchedulerRequest& request, Host& host) {
  const std::unordered_set<std::string_view> kept{request.other_results.begin(), request.other_results.end()};
  for (InstanceRow instance : project_.work.in_progress_on(host.id)) {
    const std::string name = project_.names.instance({instance.workunit, instance.number});
    if (kept.contains(name)) continue;
    take_result(
        {.name = name, .exit_status = exit_status::aborted_by_user, .state = ClientState::aborted, .stderr_text = {}, .files = {}},
        instance, host);
    project_.work.update(instance);
    transitioner_.run(instance.workunit);
  }
}

void Scheduler::take_result(const ReportedResult& result, InstanceRow& instance, Host& host) {
  instance.received = project_.now();
  // No longer than it had it.
  instance.elapsed = std::clamp(result.elapsed_seconds, 0.0, seconds_between(instance.sent, instance.received));
  instance.exit_status = result.exit_status;
  instance.claimed_credit = credit_of(instance.elapsed, host.fpops());
  if (instance.state.server_state == ServerState::in_progress) --project_.counts.in_progress;
  instance.state.server_state = ServerState::over;
  if (result.state == ClientState::uploaded && result.exit_status == 0) {
    if (has_output(result, instance)) {
      instance.state.outcome = InstanceOutcome::success;
      return;
    }
    instance.why = "it was reported as done, but its output is not here";
  } else {
    instance.why = reason_of(result);
  }
  instance.state.outcome = InstanceOutcome::client_error;
  ++project_.counts.errors;
  // What we, or the volunteer, asked for is no fault.
  const bool is_given_back =
      result.exit_status == exit_status::aborted_by_user || result.exit_status == exit_status::aborted_by_project;
  instance.state.is_excused |= is_given_back || is_excused(project_, instance, project_.work.instances(instance.workunit));
  if (is_given_back) return;
  project_.reputation.failed(host, Fault::error, project_.now());
  log::warn(fmt::format("boinc: {} failed on host {} ({}): {}", result.name, host.id, host.info.name, instance.why));
}

/// The stored file counts, not what the report says of it.
bool Scheduler::has_output(const ReportedResult& result, InstanceRow& instance) const {
  const std::string name = project_.names.output({instance.workunit, instance.number});
  const auto stored = project_.work.output_facts(instance.id);
  if (!stored) return false;
  const auto said =
      std::find_if(result.files.begin(), result.files.end(), [&](const ReportedFile& file) { return file.name == name; });
  return said != result.files.end() && said->md5 == stored->md5 && said->nbytes == static_cast<double>(stored->nbytes);
}

void Scheduler::note_running(const SchedulerRequest& request, const Host& host, const Turn& turn) {
  for (const RunningTask& running : request.running) {
    if (turn.is_over()) return;
    const auto number = project_.names.find_instance(running.name);
    if (!number || running.position < 0) continue;
    const auto instance = project_.work.instance(number->workunit, number->number);
    if (!instance || instance->host != host.id || instance->state.server_state != ServerState::in_progress) continue;
    const auto workunit = project_.work.workunit(number->workunit);
    const auto position = static_cast<std::size_t>(running.position);
    if (workunit && position < workunit->tasks.size())
      project_.running.push_back({workunit->tasks[position], host.id, std::clamp(running.fraction, 0.0, 1.0)});
  }
}

void Scheduler::abort_unneeded(const SchedulerRequest& request, const Host& host, const Turn& turn, SchedulerReply& reply) {
  for (const std::string& name : request.other_results) {
    if (turn.is_over()) return;
    const auto number = project_.names.find_instance(name);
    if (!number) continue;
    const auto instance = project_.work.instance(number->workunit, number->number);
    const auto workunit = instance ? project_.work.workunit(number->workunit) : std::nullopt;
    if (!workunit || (instance->host != host.id && instance->host != host.formerly) || workunit->state.error_mask != 0)
      reply.aborted.push_back(name);
  }
}

}  // namespace mw::boinc

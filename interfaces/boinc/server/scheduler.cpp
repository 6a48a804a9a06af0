#include "boinc/server/scheduler.hpp"

#include <algorithm>
#include <unordered_set>

#include <fmt/format.h>

#include "boinc/policy/credit.hpp"
#include "boinc/policy/work_size.hpp"
#include "boinc/server/descriptions.hpp"
#include "log/escaped.hpp"
#include "log/log.hpp"

namespace mw::boinc {
namespace {

constexpr double refusal_delay_s = 3600;
constexpr std::size_t longest_reason = 2000;
constexpr std::size_t most_a_reply = 64;  // instances
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

bool Scheduler::is_late() const { return std::chrono::steady_clock::now() >= deadline_; }

double Scheduler::draw() { return std::uniform_real_distribution<double>{0, 1}(random_); }

std::optional<Durability> Scheduler::writes(const SchedulerRequest& request) const {
  const bool gives_work = request.wants_work() && project_.has_work();
  if (!request.results.empty() || request.is_leaving || gives_work || !admission_.is_known(request)) return Durability::machine;
  return request.running.empty() ? std::nullopt : std::optional{Durability::process};
}

SchedulerReply Scheduler::answer(const SchedulerRequest& request, std::string_view address) {
  deadline_ = std::chrono::steady_clock::now() + longest_answer;
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
  // Not while a host is in mid-sentence: its records of other hosts stay where they are.
  if (who.lost_host != 0) give_up(who.lost_host);
  describe_user(*host, reply);
  // A client that has a key asks for proof before it takes another.
  if (request.code_sign_key.empty()) reply.code_sign_key = project_.keys.code_sign_public;
  take_results(request, *host, reply);
  reply.acknowledges_messages = !request.messages.empty();
  note_running(request, *host);
  abort_unneeded(request, *host, reply);
  if (request.is_leaving) {
    take_back(request, *host);
    return reply;
  }
  send_again(request, *host, reply);
  if (request.wants_work()) send_work(request, *host, reply);
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
  for (InstanceRow& one : project_.work.in_progress_on(lost_host)) transitioner_.give_up(one);
}

void Scheduler::take_results(const SchedulerRequest& request, Host& host, SchedulerReply& reply) {
  for (const ReportedResult& result : request.results) {
    if (is_late() && !reply.acknowledged.empty()) {
      reply.next_rpc_delay_s = std::min(reply.next_rpc_delay_s, soon_s);
      break;  // what is not acknowledged comes again
    }
    reply.acknowledged.push_back(result.name);  // whatever it is: else it comes again and again
    const auto number = project_.names.find_instance(result.name);
    auto instance = number ? project_.work.instance(number->workunit, number->number) : std::nullopt;
    if (!instance) continue;  // of an earlier run
    if (instance->host != host.id && instance->host != host.formerly) {
      log::warn(fmt::format("boinc: host {} ({}) reported {}, which is host {}'s; it does not count", host.id, host.info.name,
                            result.name, instance->host));
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
  if (result.exit_status == exit_status::aborted_by_project) return;
  instance.state.is_excused = result.exit_status == exit_status::aborted_by_user || is_excused(instance, host);
  if (result.exit_status == exit_status::aborted_by_user) return;
  project_.reputation.failed(host, Fault::error, project_.now());
  log::warn(fmt::format("boinc: {} failed on host {} ({}): {}", result.name, host.id, host.info.name, instance.why));
}

/// Of newcomers that may be one person, the first failure counts, and no other.
bool Scheduler::is_excused(const InstanceRow& instance, const Host& host) {
  if (!project_.reputation.is_on_probation(host)) return false;
  const auto others = project_.work.instances(instance.workunit);
  return std::any_of(others.begin(), others.end(), [&](const InstanceRow& other) {
    return other.id != instance.id && other.voter == instance.voter && other.state.outcome == InstanceOutcome::client_error &&
           !other.state.is_excused;
  });
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

void Scheduler::note_running(const SchedulerRequest& request, const Host& host) {
  for (const RunningTask& running : request.running) {
    if (is_late()) return;
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

void Scheduler::abort_unneeded(const SchedulerRequest& request, const Host& host, SchedulerReply& reply) {
  for (const std::string& name : request.other_results) {
    if (is_late()) return;
    const auto number = project_.names.find_instance(name);
    if (!number) continue;
    const auto instance = project_.work.instance(number->workunit, number->number);
    const auto workunit = instance ? project_.work.workunit(number->workunit) : std::nullopt;
    if (!workunit || (instance->host != host.id && instance->host != host.formerly) || workunit->state.error_mask != 0)
      reply.aborted.push_back(name);
  }
}

/// What was given out and has not arrived: the reply was lost.
void Scheduler::send_again(const SchedulerRequest& request, Host& host, SchedulerReply& reply) {
  if (!request.lists_other_results) return;
  std::unordered_set<std::string_view> known{request.other_results.begin(), request.other_results.end()};
  for (const ReportedResult& result : request.results) known.insert(result.name);
  const WorkerBuild* build = project_.versions.for_platforms(request.platforms);
  for (const InstanceRow& one : project_.work.in_progress_on(host.id)) {
    const std::string name = project_.names.instance({one.workunit, one.number});
    if (known.contains(name) || !build) continue;
    if (reply.instances.size() >= most_a_reply || is_late()) return;
    const auto workunit = project_.work.workunit(one.workunit);
    if (!workunit || workunit->state.error_mask != 0) continue;
    describe(project_, *build, reply);
    describe(project_, {one, *workunit, *build, host, generator_.expected_s(*workunit, host)}, reply);
  }
}

void Scheduler::send_work(const SchedulerRequest& request, Host& host, SchedulerReply& reply) {
  const WorkerBuild* build = project_.versions.for_platforms(request.platforms);
  const auto in_progress = static_cast<std::int64_t>(project_.work.in_progress_on(host.id).size());
  const std::int64_t most = project_.settings.workunits_per_processor;
  AmountQuestion question{.seconds = std::max(request.work_req_seconds, request.cpu_req_seconds),
                          .instances = request.cpu_req_instances,
                          .processors = host.info.ncpus,
                          .workunit_s = 0,
                          .in_progress = in_progress,
                          .most_a_processor = most,
                          .most = project_.reputation.most_in_progress(host)};
  std::int64_t sent = 0;
  if (build && project_.reputation.gets_work(host, project_.now())) {
    while (sent < workunits_to_send(question) && reply.instances.size() < most_a_reply && !is_late()) {
      if (!send_unsent(*build, host, reply) && !send_new(*build, host, reply)) break;
      ++sent;
      const double operations = reply.workunits.back().fpops_est;
      question.workunit_s = std::max(operations / host.fpops(), 1.0);
    }
  }
  if (sent > 0) {
    describe(project_, *build, reply);
    return;
  }
  if (reply.instances.empty()) reply.messages.push_back({why_no_work(host, build), build == nullptr});
}

std::string Scheduler::why_no_work(const Host& host, const WorkerBuild* build) const {
  if (!build) return "This project has no application for your platform (" + host.platform + ")";
  if (!project_.reputation.gets_work(host, project_.now()))
    return "This host has returned too many errors or wrong results lately; it gets work again later";
  return "Project has no tasks available";
}

/// A copy of a workunit that others have, too.
bool Scheduler::send_unsent(const WorkerBuild& build, Host& host, SchedulerReply& reply) {
  constexpr std::size_t page = 100;
  while (true) {
    const auto candidates = project_.work.unsent(host.seen_unsent, page);
    for (InstanceRow instance : candidates) {
      auto workunit = project_.work.workunit(instance.workunit);
      if (workunit && may_have(*workunit, host)) {
        send(instance, *workunit, build, host, reply);
        return true;
      }
      // It has a copy, or is of another class: that stays so, and it is not looked at again.
      host.seen_unsent = instance.id;
    }
    if (candidates.size() < page) return false;
  }
}

bool Scheduler::send_new(const WorkerBuild& build, Host& host, SchedulerReply& reply) {
  auto workunit = generator_.make(host);
  if (!workunit) return false;
  if (project_.settings.adaptive && host.record.may_run_alone(draw())) workunit->state.quorum = workunit->state.target = 1;
  project_.work.update(*workunit, std::nullopt);
  transitioner_.run(workunit->id);  // makes its instances
  workunit = project_.work.workunit(workunit->id);
  auto instances = project_.work.instances(workunit->id);
  if (instances.empty()) return false;
  send(instances.front(), *workunit, build, host, reply);
  return true;
}

/// One copy a host (S5), one vote a voter, and alike hosts where that matters. A host that gave its copy back has said nothing of it,
/// and may have another, a few times.
bool Scheduler::may_have(const WorkunitRow& workunit, const Host& host) const {
  if (workunit.host_class != 0 &&
      workunit.host_class != host_class(project_.settings.redundancy, host.info.os_name, host.info.cpu_vendor, host.info.cpu_model))
    return false;
  const auto instances = project_.work.instances(workunit.id);
  const std::string voter = project_.reputation.voter(host);
  constexpr int most_given_back = 3;
  int given_back = 0;
  return std::none_of(instances.begin(), instances.end(), [&](const InstanceRow& one) {
    const bool is_given_back = one.exit_status == exit_status::aborted_by_user;
    if (one.host == host.id) return !is_given_back || ++given_back >= most_given_back;
    // What failed is no vote, and where one result is enough there are none.
    const bool is_vote = one.state.server_state == ServerState::in_progress || one.state.outcome == InstanceOutcome::success ||
                         one.state.outcome == InstanceOutcome::no_reply;
    return workunit.state.quorum > 1 && is_vote && one.voter == voter;
  });
}

void Scheduler::send(InstanceRow& instance, WorkunitRow& workunit, const WorkerBuild& build, Host& host, SchedulerReply& reply) {
  const Time now = project_.now();
  instance.state.server_state = ServerState::in_progress;
  instance.state.deadline = now + project_.settings.delay_bound;
  instance.host = host.id;
  instance.user = host.user;
  instance.voter = project_.reputation.voter(host);
  instance.platform = build.platform;
  instance.version_num = build.version_num;
  instance.sent = now;
  project_.work.update(instance);
  if (workunit.host_class == 0)
    workunit.host_class = host_class(project_.settings.redundancy, host.info.os_name, host.info.cpu_vendor, host.info.cpu_model);
  // A host that is not trusted does not run alone what a trusted one would have.
  if (project_.settings.adaptive && workunit.state.quorum < project_.settings.limits.quorum && !host.record.may_run_alone(draw())) {
    workunit.state.quorum = project_.settings.limits.quorum;
    workunit.state.target = std::max(workunit.state.target, project_.settings.limits.target);
  }
  project_.work.update(workunit, instance.state.deadline);
  ++project_.counts.sent;
  ++project_.counts.in_progress;
  describe(project_, {instance, workunit, build, host, generator_.expected_s(workunit, host)}, reply);
}

}  // namespace mw::boinc

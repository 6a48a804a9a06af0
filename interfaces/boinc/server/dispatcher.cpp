#include "boinc/server/dispatcher.hpp"

#include <algorithm>
#include <unordered_set>

#include <fmt/format.h>

#include "boinc/policy/work_size.hpp"
#include "boinc/server/descriptions.hpp"
#include "log/log.hpp"

namespace mw::boinc {
namespace {

constexpr std::size_t most_a_reply = 64;  // instances

}  // namespace

double Dispatcher::draw() { return std::uniform_real_distribution<double>{0, 1}(random_); }

/// What was given out and has not arrived: the reply was lost.
void Dispatcher::send_again(const SchedulerRequest& request, Host& host, const Turn& turn, SchedulerReply& reply) {
  if (!request.lists_other_results || !project_.gives_out) return;
  std::unordered_set<std::string_view> known{request.other_results.begin(), request.other_results.end()};
  for (const ReportedResult& result : request.results) known.insert(result.name);
  const WorkerBuild* build = project_.versions.for_platforms(request.platforms);
  for (const InstanceRow& one : project_.work.in_progress_on(host.id)) {
    const std::string name = project_.names.instance({one.workunit, one.number});
    if (known.contains(name) || !build) continue;
    if (reply.instances.size() >= most_a_reply || turn.is_over()) return;
    const auto workunit = project_.work.workunit(one.workunit);
    if (!workunit || workunit->state.error_mask != 0) continue;
    describe(project_, *build, reply);
    describe(project_, {one, *workunit, *build, host, generator_.expected_s(*workunit, host)}, reply);
  }
}

void Dispatcher::send_work(const SchedulerRequest& request, Host& host, const Turn& turn, SchedulerReply& reply) {
  const WorkerBuild* build = project_.versions.for_platforms(request.platforms);
  const auto in_progress = static_cast<std::int64_t>(project_.work.in_progress_on(host.id).size());
  const std::int64_t most = project_.settings.workunits_per_processor;
  AmountQuestion question{.seconds = std::max(request.work_req_seconds, request.cpu_req_seconds),
                          .instances = request.cpu_req_instances,
                          .processors = host.info.ncpus,
                          .workunit_s = 0,
                          .in_progress = in_progress,
                          .most_a_processor = most,
                          .most = most_for(host, in_progress)};
  std::int64_t sent = 0;
  if (build && project_.gives_out && project_.reputation.gets_work(host, project_.now())) {
    while (sent < workunits_to_send(question) && reply.instances.size() < most_a_reply && !turn.is_over()) {
      if (!send_unsent(*build, host, turn, reply) && !send_new(*build, host, reply) && !send_another(*build, host, turn, reply))
        break;
      ++sent;
      const double operations = reply.workunits.back().fpops_est;
      question.workunit_s = std::max(operations / host.fpops(), 1.0);
    }
  }
  if (sent > 0) {
    describe(project_, *build, reply);
    return;
  }
  const bool has_all = question.most <= in_progress;
  if (reply.instances.empty()) reply.messages.push_back({why_no_work(host, build, has_all), build == nullptr});
}

/// Who comes under many names is to leave something for others.
std::int64_t Dispatcher::most_for(const Host& host, std::int64_t in_progress) const {
  const std::int64_t own = project_.reputation.most_in_progress(host);
  if (!project_.reputation.is_on_probation(host)) return own;
  constexpr std::int64_t together = HostRecord::newcomers_together;
  const std::string voter = project_.reputation.voter(host);
  return std::min(own, in_progress + together - project_.work.in_progress_of_newcomers(voter, HostRecord::probation, together));
}

std::string Dispatcher::why_no_work(const Host& host, const WorkerBuild* build, bool has_all) const {
  if (!build) return "This project has no application for your platform (" + host.platform + ")";
  if (!project_.reputation.gets_work(host, project_.now()))
    return "This host has returned too many errors or wrong results lately; it gets work again later";
  if (has_all) return "This host, or new hosts like it, have as many tasks as they may until some are done";
  return "Project has no tasks available";
}

/// A copy of a workunit that others have, too.
bool Dispatcher::send_unsent(const WorkerBuild& build, Host& host, const Turn& turn, SchedulerReply& reply) {
  constexpr std::size_t page = 100;
  while (!turn.is_over()) {
    const auto candidates = project_.work.unsent(host.seen_unsent, page);
    for (InstanceRow instance : candidates) {
      auto workunit = project_.work.workunit(instance.workunit);
      if (workunit && workunit->state.quorum > 1) note_voters(workunit->state.quorum);
      if (workunit && may_have(*workunit, host)) {
        send(instance, *workunit, build, host, reply);
        return true;
      }
      // It has a copy, or is of another class: that stays so, and it is not looked at again.
      host.seen_unsent = instance.id;
    }
    if (candidates.size() < page) return false;
  }
  return false;
}

bool Dispatcher::may_have_another(const Host& host) const {
  const Time now = project_.now();
  if (!project_.gives_out || !project_.settings.another_after || now < host.no_other_before) return false;
  const auto first = project_.work.next_due();  // the first deadline
  return first && *first - project_.settings.delay_bound + another_after(0) <= now;
}

std::chrono::milliseconds Dispatcher::another_after(double expected_s) const {
  constexpr double most_s = 1e8;
  const auto usual = std::chrono::milliseconds{static_cast<std::int64_t>(2000 * std::min(expected_s, most_s))};
  return std::max(*project_.settings.another_after, usual);
}

/// Near the end, when nothing else is left for it: one more copy of what is out for longer than it should be. The first
/// valid answer wins, or the first ones, as many as the quorum.
bool Dispatcher::send_another(const WorkerBuild& build, Host& host, const Turn& turn, SchedulerReply& reply) {
  if (!may_have_another(host)) return false;
  const Time now = project_.now();
  constexpr std::chrono::seconds pause{1};
  host.no_other_before = now + pause;  // a look in vain costs as much as one that finds something
  constexpr std::size_t most_looked_at = 200;
  // By their first deadlines: in the order in which their first copies were sent.
  for (const std::int64_t id : project_.work.due(Time::max(), most_looked_at)) {
    if (turn.is_over()) return false;
    auto workunit = project_.work.workunit(id);
    if (!workunit || workunit->state.has_canonical || workunit->state.error_mask != 0) continue;
    const auto instances = project_.work.instances(workunit->id);
    const auto is_out = [](const InstanceRow& one) { return one.state.server_state != ServerState::over; };
    const auto is_good = [](const InstanceRow& one) {
      return one.state.outcome == InstanceOutcome::success && one.state.validate_state != ValidateState::invalid;
    };
    const auto under_way = std::count_if(instances.begin(), instances.end(), is_out);
    const auto good = std::count_if(instances.begin(), instances.end(), is_good);
    if (under_way == 0 || under_way > workunit->state.target - good || !may_have(*workunit, host)) continue;
    const bool is_overdue = std::any_of(instances.begin(), instances.end(), [&](const InstanceRow& one) {
      const Host* const holder = is_out(one) ? project_.hosts.find(one.host) : nullptr;
      return holder && one.sent + another_after(generator_.expected_s(*workunit, *holder)) <= now;
    });
    if (!is_overdue) continue;
    InstanceRow another = project_.work.add_instance(*workunit);
    another.state.is_excused = true;  // it is one more than there must be
    send(another, *workunit, build, host, reply);
    ++project_.counts.another;
    host.no_other_before = now;
    return true;
  }
  return false;
}

bool Dispatcher::send_new(const WorkerBuild& build, Host& host, SchedulerReply& reply) {
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

/// One copy a host (S5), one vote a voter, and alike hosts where that matters. A host that gave its copy back has said
/// nothing of it, and may have another, a few times. What failed or was lost on a machine of the project's own may run
/// there again, as nobody else may be there; `max_error` bounds that.
bool Dispatcher::may_have(const WorkunitRow& workunit, const Host& host) const {
  if (workunit.host_class != 0 &&
      workunit.host_class != host_class(project_.settings.redundancy, host.info.os_name, host.info.cpu_vendor, host.info.cpu_model))
    return false;
  const auto instances = project_.work.instances(workunit.id);
  const std::string voter = project_.reputation.voter(host);
  constexpr int most_given_back = 3;
  int given_back = 0;
  const auto may_have_again = [&](const InstanceRow& one) {
    if (one.exit_status == exit_status::aborted_by_user) return ++given_back < most_given_back;
    return project_.reputation.is_own(host) && one.state.server_state == ServerState::over &&
           one.state.outcome != InstanceOutcome::success;
  };
  return std::none_of(instances.begin(), instances.end(), [&](const InstanceRow& one) {
    if (one.host == host.id) return !may_have_again(one);
    // What failed or was lost is no vote, and where one result is enough there are none.
    const bool is_vote = one.state.server_state == ServerState::in_progress || one.state.outcome == InstanceOutcome::success;
    return workunit.state.quorum > 1 && is_vote && one.voter == voter;
  });
}

/// A quorum that nobody can fill is told, once in a while.
void Dispatcher::note_voters(std::int64_t quorum) {
  constexpr std::chrono::seconds look{10};
  constexpr std::chrono::minutes pause{10};
  constexpr std::chrono::hours active_within{1};
  const Time now = project_.now();
  if (now < no_look_at_voters_before_) return;
  std::unordered_set<std::string> voters;
  std::size_t hosts = 0;
  for (const auto& [id, host] : project_.hosts.known()) {
    if (host.last_rpc + active_within < now) continue;
    ++hosts;
    voters.insert(project_.reputation.voter(host));
  }
  const bool is_short = hosts > 1 && voters.size() < static_cast<std::size_t>(quorum);
  no_look_at_voters_before_ = hosts < 2 ? now : is_short ? now + pause : now + look;
  if (!is_short) return;
  log::warn(
      fmt::format("boinc: {} must agree, and the {} hosts that were here in the last hour have {} vote(s): hosts behind one "
                  "range of addresses, or with one key of their own, count as one. one_vote=host gives each a vote, where no "
                  "volunteer would pretend to be several; keys=each tells volunteers apart",
                  quorum, hosts, voters.size()));
}

void Dispatcher::send(InstanceRow& instance, WorkunitRow& workunit, const WorkerBuild& build, Host& host, SchedulerReply& reply) {
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
  if (project_.counts.sent++ == 0) project_.counts.first_sent = now;
  ++project_.counts.in_progress;
  project_.counts.last_deadline = std::max(project_.counts.last_deadline, instance.state.deadline);
  describe(project_, {instance, workunit, build, host, generator_.expected_s(workunit, host)}, reply);
}

}  // namespace mw::boinc

#include "boinc/volunteer/contact.hpp"

#include <cstring>

#include "boinc/protocol/xml.hpp"
#include "boinc/volunteer/bounds.hpp"
#include "boinc/volunteer/host_facts.hpp"
#include "http/origin.hpp"

namespace mw::boinc {
namespace {

constexpr double longest_wait_s = 10;
constexpr int often = 10;  // failures, after which the scheduler is looked for anew

/// <link rel="boinc_scheduler" href="…"> or <scheduler>…</scheduler>, as BOINC's client looks for them.
std::string scheduler_in(const std::string& page) {
  for (const auto& [mark, end] : {std::pair{"<scheduler>", "</scheduler>"}, std::pair{"rel=\"boinc_scheduler\" href=\"", "\""}}) {
    const auto begin = page.find(mark);
    const auto stop = begin == std::string::npos ? begin : page.find(end, begin + std::strlen(mark));
    if (stop != std::string::npos) return page.substr(begin + std::strlen(mark), stop - begin - std::strlen(mark));
  }
  return {};
}

}  // namespace

Contact::Contact(Session& session, Workshop& workshop)
    : session_{session}, workshop_{workshop}, facts_{host_facts(session.home.path().string())}, times_{session.options.poll_s} {
  if (!session.options.name.empty()) facts_.name = session.options.name;
  facts_.cpid = session.state.cpid;
  facts_.fpops = session.state.fpops;
  facts_.ncpus = session.options.slots;
}

bool Contact::wants_work() const { return takes_work_ && workshop_.unfinished() < session_.options.slots; }
bool Contact::wants_request() const { return workshop_.has_reports() || wants_work(); }

Contact::Clock::time_point Contact::next() const { return wants_request() ? times_.next_request() : times_.next_contact(); }
bool Contact::is_time() const { return Clock::now() >= next(); }

bool Contact::request() {
  bool is_answered = false;
  try {
    ask();
    trouble.answered();
    failures_ = 0;
    is_unheard_ = false;
    is_answered = true;
  } catch (const Error& e) {
    if (session_.is_broken_off()) {
      is_unheard_ = is_unheard_ || wants_work();
      return false;
    }
    trouble.failed(Clock::now(), e.what());
    const double pause = times_.failed(Clock::now(), session_.draw());
    session_.say("{}; next try in {:.0f} s", e.what(), pause);
    if (++failures_ % often == 0) session_.state.scheduler_url.clear();  // it may have moved
  }
  session_.save();
  return is_answered;
}

void Contact::ask() {
  std::string& scheduler = session_.state.scheduler_url;
  if (scheduler.empty()) scheduler = find_scheduler();
  const SchedulerRequest asked = make_request();
  trouble.asks(Clock::now() + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>{asked.wait_s}));
  take_reply(asked, within_bounds(parse_scheduler_reply(session_.transfer.post(scheduler, to_text(asked), bounds::longest_reply))));
}

/// The account key goes there: not in the clear, if it would not have been.
std::string Contact::find_scheduler() {
  trouble.asks(Clock::now());
  const std::string& url = session_.options.url;
  std::string found = scheduler_in(session_.transfer.get(url, bounds::longest_page));
  if (found.empty() || found.size() > bounds::longest_url)
    throw http::TransferError{fmt::format("{} is no page of a BOINC project", url), false};
  if (http::Origin{url}.scheme == "https" && http::Origin{found}.scheme != "https")
    throw http::TransferError{
        fmt::format("{} has its scheduler at {}, without encryption: the account key is not sent there", url, found), false};
  return found;
}

SchedulerRequest Contact::make_request() {
  VolunteerState& state = session_.state;
  const VolunteerOptions& options = session_.options;
  SchedulerRequest asked;
  asked.authenticator = options.key;
  asked.host_id = state.host_id;
  asked.cross_project_id = state.cross_project_id;
  asked.rpc_seqno = state.rpc_seqno++;
  asked.client_version = "7.20.5";  // the dialect, not the program
  asked.platforms = {options.platform.empty() ? own_platform() : options.platform};
  asked.code_sign_key = state.code_sign_key;
  asked.host = facts_;
  asked.lists_other_results = true;
  asked.is_leaving = is_leaving_;
  if (wants_work()) {
    asked.work_req_seconds = asked.cpu_req_seconds = 1;
    // With nothing else to do, and where requests may come often, it rather waits than asks again: of a server that
    // knows that.
    if (options.poll_s && state.tasks.empty() && server_knows_wait_) asked.wait_s = longest_wait_s;
    asked.cpu_req_instances = static_cast<double>(options.slots - workshop_.unfinished());
  }
  for (const VolunteerTask& task : state.tasks) {
    if (task.stage == Stage::ended)
      asked.results.push_back(task.report);
    else
      asked.other_results.push_back(task.name);
  }
  asked.running = workshop_.positions();
  return asked;
}

void Contact::take_reply(const SchedulerRequest& asked, const SchedulerReply& reply) {
  VolunteerState& state = session_.state;
  if (reply.host_id != 0) {
    state.host_id = reply.host_id;
    state.rpc_seqno = 1;
    state.cross_project_id = reply.cross_project_id;
  }
  server_knows_wait_ = reply.knows_wait;
  for (const auto& message : reply.messages)
    if (message.is_notice || !session_.options.poll_s) session_.say("{}", message.text);
  if (!reply.code_sign_key.empty() && state.code_sign_key.empty()) state.code_sign_key = reply.code_sign_key;
  workshop_.forget(reply.acknowledged);
  for (const std::string& name : reply.aborted) workshop_.abort(name);
  const bool got_work = take_instances(reply);
  if (asked.wants_work()) asked_in_vain_ = !got_work;
  using Outcome = RequestTimes::Outcome;
  const Outcome outcome = got_work ? Outcome::work : asked.wants_work() ? Outcome::no_work : Outcome::no_work_wanted;
  times_.answered(Clock::now(), {reply.request_delay_s, reply.next_rpc_delay_s}, outcome, session_.draw());
}

/// One that cannot be taken says nothing about the others.
bool Contact::take_instances(const SchedulerReply& reply) {
  bool is_any = false;
  for (const InstanceInfo& instance : reply.instances) {
    if (workshop_.has(instance.name)) continue;
    if (session_.state.tasks.size() >= bounds::most_tasks) {
      session_.say("the project gives out more than {} tasks; the rest is left", bounds::most_tasks);
      break;
    }
    try {
      workshop_.take(task_of(instance, reply));
      is_any = true;
    } catch (const BadMessage& e) {
      workshop_.refuse(instance.name, e.what());
    }
  }
  if (!takes_work_) workshop_.give_back_waiting();
  return is_any;
}

}  // namespace mw::boinc

#include "tcp/launch/fleet.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace mw::tcp {
namespace {

using namespace std::chrono_literals;

/// A node that was there for so long was of use, however its job ends.
constexpr auto proven_after = 30s;
/// In a row, with none that was ever of use: what they run is wrong, or where they run.
constexpr unsigned most_failures = 6;
/// A moment's queue is no reason for a machine.
constexpr auto grow_after = 1s;
/// The controller is one process for a whole cluster: it is asked less often while nothing happens.
constexpr auto longest_list_gap = 15s;
constexpr auto calm_list_gap = 30s;
constexpr auto after_a_node_left = 200ms;
constexpr std::size_t most_remembered = 8;
constexpr std::size_t most_named = 3;

bool by_number(const std::string& one, const std::string& other) {
  return one.size() != other.size() ? one.size() < other.size() : one < other;
}

/// "Slurm's job 12_0", "Slurm's jobs 12_0, 12_1 and 7 more"
std::string names_of(std::vector<std::string> jobs) {
  std::sort(jobs.begin(), jobs.end(), by_number);
  std::string text = fmt::format("Slurm's job{} ", jobs.size() == 1 ? "" : "s");
  for (std::size_t i = 0; i < std::min(jobs.size(), most_named); ++i) text += (i == 0 ? "" : ", ") + jobs[i];
  return jobs.size() > most_named ? fmt::format("{} and {} more", text, jobs.size() - most_named) : text;
}

}  // namespace

std::size_t Fleet::live_count() const {
  return static_cast<std::size_t>(std::count_if(jobs_.begin(), jobs_.end(), [](const auto& one) { return one.second.is_live(); }));
}

std::size_t Fleet::on_their_way() const {
  return static_cast<std::size_t>(
      std::count_if(jobs_.begin(), jobs_.end(), [](const auto& one) { return one.second.is_on_its_way(); }));
}

std::size_t Fleet::pending_count() const {
  return static_cast<std::size_t>(std::count_if(jobs_.begin(), jobs_.end(), [](const auto& one) {
    return !one.second.is_over && !one.second.has_node && one.second.said.phase == slurm::Phase::pending;
  }));
}

std::size_t Fleet::running_count() const {
  return static_cast<std::size_t>(std::count_if(jobs_.begin(), jobs_.end(), [](const auto& one) {
    return !one.second.is_over && (one.second.has_node || one.second.said.phase == slurm::Phase::running);
  }));
}

Fleet::Step Fleet::next(std::size_t tasks_waiting, Time now) {
  note_waiting(tasks_waiting, now);
  note_use(now);
  const bool is_list_due = list_at_ && now >= *list_at_;
  if (is_unsure_) return {is_list_due ? Step::Kind::list : Step::Kind::nothing};
  if (auto jobs = surplus(tasks_waiting, now); !jobs.empty()) return {Step::Kind::cancel, 0, std::move(jobs)};
  if (const unsigned count = wanted(tasks_waiting, now); count > 0) return {Step::Kind::submit, count};
  return {is_list_due ? Step::Kind::list : Step::Kind::nothing};
}

void Fleet::note_waiting(std::size_t tasks_waiting, Time now) {
  (tasks_waiting > 0 ? calm_since_ : waiting_since_).reset();
  auto& since = tasks_waiting > 0 ? waiting_since_ : calm_since_;
  if (!since) since = now;
}

void Fleet::note_use(Time now) {
  for (auto& [id, job] : jobs_) {
    if (!job.has_node || job.was_of_use || now - job.joined < proven_after) continue;
    job.was_of_use = was_ever_of_use_ = true;
    resubmits_.reset();
    has_given_up_ = false;
  }
}

unsigned Fleet::wanted(std::size_t tasks_waiting, Time now) const {
  if (has_given_up_ || now < submit_not_before_) return 0;
  const std::size_t live = live_count(), coming = on_their_way();
  if (resubmits_.failures() > 0 && coming > 0) return 0;
  std::size_t count = 0;
  if (live < terms_.least) {
    count = terms_.least - live;
  } else if (live < terms_.most && coming == 0 && waiting_since_ && now - *waiting_since_ >= grow_after) {
    // Twice as many, if there is so much to do.
    count = std::min({terms_.most - live, std::max<std::size_t>(live, 1), (tasks_waiting + slots_ - 1) / slots_});
  }
  return static_cast<unsigned>(std::min<std::size_t>(count, resubmits_.failures() > 0 ? 1 : most_at_once));
}

/// Jobs that wait and are not needed any more, and those of a submission that was thought to have failed.
std::vector<std::string> Fleet::surplus(std::size_t tasks_waiting, Time now) {
  const std::size_t live = live_count();
  const bool is_calm = tasks_waiting == 0 && calm_since_ && now - *calm_since_ >= terms_.idle;
  const std::size_t wanted = is_calm ? terms_.least : terms_.most;
  std::vector<std::string> jobs;
  for (auto one = jobs_.rbegin(); one != jobs_.rend() && live - jobs.size() > wanted; ++one)
    if (one->second.is_on_its_way() && one->second.said.phase == slurm::Phase::pending) jobs.push_back(one->first);
  for (const std::string& id : jobs) jobs_.at(id).is_released = true;
  return jobs;
}

std::vector<std::string> Fleet::take_unneeded(std::size_t tasks_waiting, Time now) {
  std::vector<std::pair<Time, std::string>> idle;
  for (const auto& [id, job] : jobs_)
    if (job.is_live() && job.has_node && job.idle_since && now - *job.idle_since >= terms_.idle)
      idle.emplace_back(*job.idle_since, id);
  const std::size_t live = live_count();
  if (tasks_waiting > 0 || live <= terms_.least || idle.empty()) return {};
  std::sort(idle.begin(), idle.end());
  idle.resize(std::min(idle.size(), live - terms_.least));
  std::vector<std::string> jobs;
  for (auto& [since, id] : idle) {
    jobs_.at(id).is_released = true;
    jobs.push_back(std::move(id));
  }
  return jobs;
}

void Fleet::submitted(std::uint64_t array, unsigned count, Time now) {
  for (unsigned i = 0; i < count; ++i) {
    const std::string id = fmt::format("{}_{}", array, i);
    jobs_[id].said.id = id;
  }
  submitted_ += count;
  submits_.reset();
  list_soon(now);
}

void Fleet::submit_failed(Time now) {
  is_unsure_ = true;
  submit_not_before_ = std::max(submit_not_before_, now + std::chrono::duration_cast<Time::duration>(submits_.next()));
  list_soon(now);
}

void Fleet::listed(const std::vector<slurm::Job>& jobs, Time now) {
  is_unsure_ = false;
  lists_.reset();
  for (auto& [id, job] : jobs_) job.is_listed = false;
  bool is_bad = false;
  const auto note_end = [&](const std::string& id, Job& job) {
    const bool counts = !job.is_released && !job.was_of_use;
    ended(id, job);
    is_bad = is_bad || counts;
  };
  for (const slurm::Job& said : jobs) {
    const auto [place, is_new] = jobs_.try_emplace(said.id);
    Job& job = place->second;
    submitted_ += is_new ? 1 : 0;
    job.said = said;
    job.is_listed = true;
    if (said.phase == slurm::Phase::over && !job.is_over) note_end(said.id, job);
    // Slurm itself has put it into the queue again.
    if (said.phase != slurm::Phase::over && job.is_over) job = {.said = said, .is_listed = true};
  }
  std::erase_if(jobs_, [](const auto& one) { return one.second.is_over && !one.second.is_listed; });
  for (auto& [id, job] : jobs_) {
    if (job.is_listed) continue;
    job.said.state = "gone";
    note_end(id, job);
  }
  if (is_bad) failed(now);
  plan_list(now);
}

void Fleet::ended(const std::string& id, Job& job) {
  job.is_over = true;
  job.has_node = false;
  if (job.is_released || job.was_of_use) return;
  ended_early_.emplace_back(id, fate_of(job));
  if (ended_early_.size() > most_remembered) ended_early_.pop_front();
  last_failure_ = untold_failure_.emplace(fmt::format("{}: {}", names_of({id}), fate_of(job)));
}

/// A round in which some did: they may have ended for one reason.
void Fleet::failed(Time now) {
  submit_not_before_ = std::max(submit_not_before_, now + std::chrono::duration_cast<Time::duration>(resubmits_.next()));
  has_given_up_ = !was_ever_of_use_ && resubmits_.failures() >= most_failures;
}

void Fleet::list_failed(Time now) { list_at_ = now + std::chrono::duration_cast<Time::duration>(lists_.next()); }

void Fleet::cancel_failed(const std::vector<std::string>& jobs, Time now) {
  for (const std::string& id : jobs)
    if (const auto place = jobs_.find(id); place != jobs_.end()) place->second.is_released = false;
  calm_since_ = now;  // it is tried again when they would be cancelled by now
}

void Fleet::note_nodes(const std::vector<Node>& nodes, Time now) {
  std::map<std::string, const Node*> there;
  for (const Node& node : nodes) there.emplace(node.job, &node);
  for (auto& [id, job] : jobs_) {
    const auto place = there.find(id);
    const bool has_node = place != there.end() && !job.is_over;
    if (has_node && !job.has_node) {
      job.joined = now;
      job.was_joined = true;
      if (waiting_since_) waiting_since_ = now;  // it takes its part of what waits first
    }
    if (!has_node && job.has_node) {
      list_gap_ = first_pause;
      list_at_ = now + after_a_node_left;
    }
    job.has_node = has_node;
    if (has_node) slots_ = std::max(place->second->slots, 1U);
    if (!has_node || !place->second->is_idle)
      job.idle_since.reset();
    else if (!job.idle_since)
      job.idle_since = now;
  }
}

void Fleet::list_soon(Time now) {
  list_gap_ = first_pause;
  list_at_ = now + first_pause;
}

/// Nobody asks for nothing.
void Fleet::plan_list(Time now) {
  const auto is_waited_for = [](const auto& one) { return !one.second.is_over && !one.second.has_node; };
  const bool is_expecting = std::any_of(jobs_.begin(), jobs_.end(), is_waited_for);
  const bool is_empty = std::all_of(jobs_.begin(), jobs_.end(), [](const auto& one) { return one.second.is_over; });
  list_at_.reset();
  if (is_expecting) {
    list_at_ = now + list_gap_;
    list_gap_ = std::min<std::chrono::milliseconds>(2 * list_gap_, longest_list_gap);
  } else if (!is_empty) {
    list_at_ = now + calm_list_gap;
  }
}

std::string Fleet::fate_of(const Job& job) const {
  const std::string reason = job.said.reason.empty() ? "" : fmt::format(" ({})", job.said.reason);
  const std::string where = job.said.node.empty() ? "" : " on " + job.said.node;
  if (job.is_over)
    return fmt::format("{}{}{}, {}", job.said.state == "gone" ? "it is gone from the queue" : "it ended as " + job.said.state,
                       reason, where, job.was_joined ? "soon after its node had joined" : "and its node had not joined");
  if (job.was_joined) return fmt::format("its node{} is gone", where);
  if (job.said.phase == slurm::Phase::running) return fmt::format("it runs{}, and its node has not joined", where);
  if (job.said.state.empty()) return "it was submitted, and Slurm has not told of it since";
  return fmt::format("it is {}{}", job.said.state, reason);
}

std::vector<std::pair<std::string, std::string>> Fleet::missing() const {
  std::map<std::string, std::vector<std::string>> by_fate;
  for (const auto& [id, job] : jobs_)
    if (job.is_live() && !job.has_node) by_fate[fate_of(job)].push_back(id);
  for (const auto& [id, fate] : ended_early_) by_fate[fate].push_back(id);
  std::vector<std::pair<std::string, std::string>> list;
  for (auto& [fate, jobs] : by_fate) list.emplace_back(names_of(std::move(jobs)), fate);
  return list;
}

}  // namespace mw::tcp

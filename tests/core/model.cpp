#include "core/model.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include <fmt/format.h>

#include <mw/detail/task_access.hpp>

namespace mw::core::model {
namespace {

int function_of_tasks(int x) { return x; }

const detail::FunctionEntry& function() { return detail::Registered<function_of_tasks>::checked(); }

TaskRecord& record_of(const TaskRef& task) { return *TaskAccess::record(task); }

}  // namespace

World::World(std::uint64_t seed)
    : seed_{seed},
      random_{seed},
      way_{static_cast<Way>(seed % 3)},
      has_little_to_do_{seed % 6 == 0},  // the master chooses its workers there
      directory_{new detail::WorkerDirectory{{"worker", "host"}}},
      machine_{*directory_, {.placement = seed % 7 == 0 ? Placement::round_robin : Placement::by_speed}},
      may_stop_{seed % 5 == 0} {
  machine_.add_observer(*this);
  machine_.copy_stragglers(seed % 4 != 0);
  machine_.interface_started(way_ != Way::by_interface);
}

World::~World() {
  machine_.end_all("the world ends", now_);
  while (machine_.take_ended()) continue;
  old_.clear();
  in_hand_.clear();
  records_.clear();
}

void World::run() {
  const std::size_t length = 20 + below(200);
  for (std::size_t i = 0; i < length; ++i) event();
  bring_to_an_end();
}

// What the machine says

World::Account& World::account_of(const TaskRecord& task) { return accounts_.at(&task); }

/// An observer cannot throw.
void World::note(const char* what) noexcept {
  if (!first_wrong_) first_wrong_ = what;
}

void World::submitted(const TaskRecord& task) noexcept {
  if (accounts_.contains(&task) && accounts_.at(&task).task != nullptr) note("a task is submitted twice");
}

void World::assigned(const TaskRecord& task, WorkerId worker, const Moment&) noexcept {
  Account& account = account_of(task);
  if (!account.is_queued || account.is_over) note("a task is given out that does not wait");
  if (is_stopping_) note("a task is given out after the stop");
  if (machine_.is_paused()) note("a task is given out in a pause");
  account.is_queued = false;
  account.began_ns.reset();
  const TaskOptions& options = task.options();
  if (++account.assigned == 1 && !account.was_given_back && way_ != Way::by_choice && options.worker.empty() &&
      options.needs.empty()) {
    std::uint64_t& last = last_first_[{task.priority, task.kind}];
    if (task.id < last) note("a task overtakes an older one of its priority and kind");
    last = std::max(last, task.id);
  }
  if (way_ == Way::by_interface) return;
  if (!is_there(worker)) return note("a task is given to a ghost");
  const Worker& taker = workers_.at(index_of(worker));
  if (taker.rests) note("a task is given to a worker that rests");
  if (!may_take(task, worker, taker)) note("a task goes to another worker than the one that it is for");
}

void World::started(const TaskRecord& task, WorkerId, const Moment& now) noexcept {
  Account& account = account_of(task);
  account.began_ns = now.clock_ns;
  if (account.is_queued || account.is_over || std::exchange(account.is_running, true)) note("a task begins that nobody has");
}

bool World::is_there(WorkerId worker) const {
  const auto place = workers_.find(index_of(worker));
  return place != workers_.end() && place->second.is_joined && !place->second.has_left;
}

void World::copy_assigned(const TaskRecord& copy, WorkerId worker, const Moment&) noexcept {
  ++copies_made_;
  if (!is_there(worker)) note("a copy is given to a ghost");
  if (machine_.waiting_count() != 0) note("a copy is made while tasks wait");
  if (is_stopping_) note("a copy is made after the stop");
  if (machine_.is_paused()) note("a copy is made in a pause");
  for (const auto& [other, id] : copies_)
    if (other == &copy || id == copy.id) note("a task has two copies");
  copies_[&copy] = copy.id;
  const auto task = std::find_if(accounts_.begin(), accounts_.end(), [&](const auto& one) { return one.first->id == copy.id; });
  if (task == accounts_.end() || task->second.is_over || task->second.is_queued)
    return note("a copy is made of a task that is nowhere");
  if (task->first->worker == worker) note("a copy is made for the worker that the task is on");
  if (!copy.options().worker.empty()) note("a copy is made of a task that is for one worker");
}

void World::copy_started(const TaskRecord& copy, WorkerId, const Moment&) noexcept {
  if (!copies_.contains(&copy)) note("a copy begins that is none");
}

void World::copy_ended(const TaskRecord& copy, CopyEnd end, const Outcome* how, const Moment&) noexcept {
  if (copies_.erase(&copy) == 0) note("a copy ends twice");
  copies_won_ += end == CopyEnd::done && !how->failure;
}

void World::lost(const TaskRecord& task, const Outcome&, const Moment&) noexcept {
  Account& account = account_of(task);
  if (account.is_queued || account.is_over) note("a task is lost that nobody has");
  if (++account.losses > task.options().max_losses + 1) note("a task runs on after too many losses");
}

void World::queued_again(const TaskRecord& task, Again why, bool was_running, const Moment&) noexcept {
  Account& account = account_of(task);
  if (account.is_queued || account.is_over) note("a task is queued twice");
  if (was_running != account.is_running) note("it is wrong whether a task was running");
  account.is_queued = account.was_given_back = true;
  account.is_running = false;
  if (why == Again::fault && ++account.faults > task.options().retries) note("a task has more tries than it may have");
}

void World::ended(const TaskRecord& task, TaskState state, const Moment&) noexcept {
  Account& account = account_of(task);
  if (std::exchange(account.is_over, true)) note("a task ends twice");
  account.is_queued = account.is_running = false;
  if (account.is_cancelled != (state == TaskState::cancelled) && !machine_.is_ending())
    note("a task ends in another way than it should");
  if (account.waits_for && !account.is_cancelled) note("a task ends before the one whose result it takes");
  for (const auto& [copy, id] : copies_)
    if (id == task.id) note("a task ends, and a copy of it does not");
  --open_;
  for (auto& [other, waiting] : accounts_) {
    if (waiting.waits_for != &task) continue;
    waiting.waits_for = nullptr;
    waiting.is_queued = state == TaskState::finished && !waiting.is_over;
    waiting.is_cancelled = waiting.is_cancelled || state == TaskState::cancelled;
  }
}

void World::worker_joined(WorkerId worker, const WorkerInfo& info, const Moment&) noexcept {
  const auto place = workers_.find(index_of(worker));
  if (place == workers_.end() || place->second.has_left) return note("a ghost joins");
  if (std::exchange(place->second.is_joined, true)) note("a worker joins twice");
  if (info.slots != place->second.slots) note("a worker has other slots than it said");
}

void World::worker_left(WorkerId worker, const Moment&) noexcept {
  const auto place = workers_.find(index_of(worker));
  if (place == workers_.end() || !place->second.is_joined) return note("a worker leaves that was not there");
  place->second.has_left = true;
}

// What the world does

void World::event() {
  ++events_;
  now_.clock_ns += static_cast<std::int64_t>(below(1'000'000));
  now_.time = Time{now_.clock_ns};
  struct Kind {
    unsigned weight;
    void (World::*happens)();
  };
  static constexpr Kind kinds[] = {{20, &World::submit},
                                   {4, &World::announce},
                                   {4, &World::join},
                                   {3, &World::leave},
                                   {2, &World::be_about_to_leave},
                                   {4, &World::rest},
                                   {14, &World::begin},
                                   {18, &World::finish},
                                   {5, &World::lose},
                                   {4, &World::give_back},
                                   {4, &World::cancel},
                                   {6, &World::pass_time},
                                   {1, &World::change_interface},
                                   {1, &World::stop},
                                   {2, &World::pause},
                                   {4, &World::resume},
                                   {4, &World::say_something_old},
                                   {2, &World::refuse_missing}};
  unsigned all = 0;
  for (const Kind& kind : kinds) all += kind.weight;
  auto drawn = static_cast<unsigned>(below(all));
  for (const Kind& kind : kinds) {
    if (drawn < kind.weight) {
      (this->*kind.happens)();
      break;
    }
    drawn -= kind.weight;
  }
  settle();
  // Several events may come before the next round.
  if (machine_.wants_round() && chance(80)) round();
  check();
}

void World::submit(bool may_follow) {
  auto record = RecordPtr{new TaskRecord{function(), Bytes{}, *directory_}, false};
  record->id = accounts_.size() + 1;
  auto extra = std::make_unique<detail::TaskExtra>();
  extra->options.priority = static_cast<std::int32_t>(below(3));
  extra->options.retries = static_cast<std::uint32_t>(below(3));
  extra->options.max_losses = static_cast<std::uint32_t>(below(3));
  if (!is_calm_ && chance(20)) extra->options.worker = some_name(below(5)) + (chance(20) ? " (process 2)" : "");
  if (!is_calm_ && chance(40)) extra->options.needs = some_needs();
  if (chance(30)) extra->options.hard_limit = std::chrono::milliseconds{1 + below(5)};
  record->priority = extra->options.priority;
  record->kind = static_cast<std::uint16_t>(below(2));
  if (chance(80))
    record->extra.store(extra.release());
  else
    record->priority = 0;
  Account& account = accounts_[record.get()] = {};
  const RecordPtr first = may_follow && !records_.empty() ? records_[below(records_.size())] : RecordPtr{};
  records_.push_back(record);
  ++open_;
  if (first) {
    const Account& other = account_of(*first);
    if (!other.is_over) account.waits_for = first.get();
    account.was_given_back = true;  // it may be younger than those in front of which it waits
    account.is_queued = other.is_over && first->state == TaskState::finished;
    account.is_cancelled = first->state == TaskState::cancelled;
    machine_.submit_after(*RecordPtr{record}.detach(), *first, now_);
    demand(!other.is_over || account.is_over == !account.is_queued, "a task that cannot follow is open");
  } else {
    machine_.submit(*RecordPtr{record}.detach(), now_);
  }
  account.task = record.get();
}

/// A number is given; whether its joining or its leaving is heard first is open.
void World::announce() {
  if (workers_.size() > 12 || way_ == Way::by_interface) return;
  Worker coming{.slots = 1 + static_cast<std::uint32_t>(below(3)), .ahead = static_cast<std::uint32_t>(below(3)), .name = {}};
  if (chance(50)) coming.slots = 1, coming.round_trip = std::chrono::microseconds{100};
  coming.resources = some_resources();
  coming.name = some_name(below(4));
  workers_[index_of(directory_->add({coming.name, "host"}))] = std::move(coming);
}

/// Several workers may have one; the last but one is nobody's.
std::string World::some_name(std::size_t which) { return fmt::format("worker {}", which); }

Needs World::some_needs() {
  Needs needs;
  if (chance(50)) needs.gpus = static_cast<std::uint32_t>(1 + below(2));
  if (chance(30)) needs.cores = static_cast<std::uint32_t>(1 + below(3));
  if (chance(30)) needs.memory = 1 + below(3);
  if (chance(20)) needs.labels = {chance(70) ? "big" : "host=host"};
  return needs;
}

Resources World::some_resources() {
  Resources has{.cores = static_cast<std::uint32_t>(1 + below(3)), .memory = below(4)};
  if (chance(40)) has.gpus.assign(1 + below(2), "a GPU");
  if (chance(30)) has.labels = {"big"};
  return has;
}

bool World::may_take(const TaskRecord& task, WorkerId number, const Worker& worker) const {
  const TaskOptions& options = task.options();
  Resources has = worker.resources;
  has.labels.push_back("host=host");
  return meets(has, options.needs) &&
         (options.worker.empty() || options.worker == worker.name || options.worker == directory_->find(number).name);
}

void World::join() {
  if (workers_.empty()) return;
  auto place = std::next(workers_.begin(), static_cast<std::ptrdiff_t>(below(workers_.size())));
  const Worker& worker = place->second;
  machine_.worker_joined(WorkerId{place->first},
                         {.name = worker.name,
                          .host = "host",
                          .slots = worker.slots,
                          .ahead = worker.ahead,
                          .round_trip = Time{worker.round_trip},
                          .resources = worker.resources},
                         now_);
  // One that comes while nothing may be given out is sent away.
  if (!place->second.is_joined && !machine_.has_interface()) place->second.has_left = true;
}

void World::leave() {
  if (chance(5)) return machine_.worker_left(WorkerId{1'000'000}, {}, now_);  // nobody has that number
  if (workers_.empty() || (has_little_to_do_ && chance(80))) return;
  leave(std::next(workers_.begin(), static_cast<std::ptrdiff_t>(below(workers_.size())))->first);
}

/// It takes nothing more from now on, and leaves later. Nothing is known of one that has not joined yet.
void World::be_about_to_leave() {
  if (chance(5)) return machine_.worker_leaves(WorkerId{1'000'000});
  if (workers_.empty() || (has_little_to_do_ && chance(80))) return;
  auto place = std::next(workers_.begin(), static_cast<std::ptrdiff_t>(below(workers_.size())));
  machine_.worker_leaves(WorkerId{place->first});
  place->second.leaves = place->second.leaves || (place->second.is_joined && !place->second.has_left);
}

/// Its slot is somebody else's for a while.
void World::rest() {
  if (chance(5)) return machine_.worker_rests(WorkerId{1'000'000}, true);
  if (workers_.empty()) return;
  auto place = std::next(workers_.begin(), static_cast<std::ptrdiff_t>(below(workers_.size())));
  if (!place->second.is_joined || place->second.has_left) return;
  place->second.rests = chance(50);
  machine_.worker_rests(WorkerId{place->first}, place->second.rests);
}

void World::leave(std::uint32_t number) {
  const auto place = workers_.find(number);
  const WorkerId worker{number};
  std::vector<LostTask> lost;
  for (const InHand& one : in_hand_)
    if (one.handed.worker == worker && one.has_begun && chance(80)) lost.push_back({one.handed.task, some_outcome(false)});
  if (const TaskRef* old = chance(20) ? something_old() : nullptr) lost.push_back({*old, some_outcome(false)});
  // Another thread's word: the directory may know before the machine does.
  if (chance(30)) directory_->left(worker);
  machine_.worker_left(worker, std::move(lost), now_);
  place->second.has_left = true;
  forget_all_of(worker);
}

void World::begin() {
  if (in_hand_.empty()) return;
  InHand& one = in_hand_[below(in_hand_.size())];
  if (one.has_arrived) return;
  one.has_begun = true;
  machine_.started(one.handed.task, one.handed.worker, now_);
  if (chance(30)) machine_.progressed(one.handed.task, chance(10) ? 2.0 : 0.5);
}

void World::finish() {
  if (in_hand_.empty()) return;
  const std::size_t which = below(in_hand_.size());
  InHand& one = in_hand_[which];
  const TaskRef task = one.handed.task;
  if (!copies_.contains(&record_of(task)) && chance(20) && !std::exchange(one.has_arrived, true)) {
    one.handed.worker = any_worker;
    return machine_.is_current(task) ? machine_.arrived(task, now_) : machine_.stopped(task);
  }
  forget(which);
  machine_.finished(task, some_outcome(chance(70)), now_);
}

/// An attempt that is over. One that was taken back may have been given out anew, under its number.
const TaskRef* World::something_old() {
  const TaskRef* const task = old_.empty() ? nullptr : &old_[below(old_.size())];
  const auto is_it = [&](const InHand& one) { return one.handed.task == *task; };
  return task && std::none_of(in_hand_.begin(), in_hand_.end(), is_it) ? task : nullptr;
}

void World::say_something_old() {
  const TaskRef* const old = something_old();
  if (!old) return;
  const TaskRef task = *old;
  switch (below(4)) {
    case 0: return machine_.finished(task, some_outcome(chance(50)), now_);
    case 1: return machine_.lost(task, some_outcome(false), now_);
    case 2: return machine_.returned(task, now_);
    default: return machine_.started(task, WorkerId{1}, now_);
  }
}

void World::lose() {
  if (in_hand_.empty()) return;
  const std::size_t which = below(in_hand_.size());
  if (in_hand_[which].has_arrived) return;
  const TaskRef task = in_hand_[which].handed.task;
  forget(which);
  machine_.lost(task, some_outcome(false), now_);
}

void World::give_back() {
  for (std::size_t i = 0; i < in_hand_.size(); ++i) {
    if (in_hand_[i].has_begun || in_hand_[i].has_arrived || !chance(50)) continue;
    const TaskRef task = in_hand_[i].handed.task;
    forget(i);
    return machine_.returned(task, now_);
  }
}

void World::cancel() {
  if (records_.empty()) return;
  TaskRecord& record = *records_[below(records_.size())];
  Account& account = account_of(record);
  const bool was_open = !account.is_over;
  account.is_cancelled = account.is_cancelled || was_open;
  demand(machine_.cancel(record, now_) == was_open, "cancel() says something else than is so");
  demand(account.is_over, "a task that was cancelled is open");
}

void World::pass_time() {
  if (const auto when = machine_.wake_at(now_.time); when && chance(70)) now_.clock_ns = std::max(now_.clock_ns, when->count());
  if (has_little_to_do_ && chance(50)) now_.clock_ns += static_cast<std::int64_t>(below(800'000'000));
  now_.time = Time{now_.clock_ns};
  const auto late = machine_.time_passed(now_);
  settle();
  ask_back(late);
}

void World::change_interface() {
  if (chance(20) && machine_.has_interface()) {
    is_no_worker_possible_ = true;
    return machine_.no_worker_possible("there is none");
  }
  if (machine_.has_interface()) {
    machine_.interface_gone(now_);
    in_hand_.clear();
    demand(machine_.slots() == 0 && machine_.handed_out_count() == 0, "something is left of an interface that is gone");
  } else {
    is_no_worker_possible_ = false;
    machine_.interface_started(way_ != Way::by_interface);
  }
}

/// What was given to a worker and has begun goes on; the rest is asked back.
void World::stop() {
  if (!may_stop_ || !chance(50)) return;
  is_stopping_ = true;
  ask_back_unbegun(machine_.stop());
}

/// The same for a while; perhaps again, or after a stop.
void World::pause() {
  if (has_little_to_do_ && chance(90)) return;
  ask_back_unbegun(machine_.pause());
}

void World::resume() { machine_.resume(); }

void World::ask_back_unbegun(const std::vector<Handed>& unbegun) {
  for (const Handed& one : unbegun) {
    demand(machine_.is_current(one.task), "an attempt is asked back that is over");
    demand(record_of(one.task).state != TaskState::running, "a task is asked back that runs");
  }
  ask_back(unbegun);
}

/// Whoever has something brings it to its end, and gives back what has not begun: then nothing is anywhere, and what is
/// open waits.
void World::come_to_rest() {
  ask_back(machine_.stop());
  while (!in_hand_.empty()) {
    const bool is_any_out =
        std::any_of(in_hand_.begin(), in_hand_.end(), [&](const InHand& one) { return machine_.is_current(one.handed.task); });
    demand(machine_.has_stopped() != is_any_out, "it says wrongly whether something is out");
    const InHand one = in_hand_.front();
    forget(0);
    if (!one.has_begun && !one.has_arrived && chance(50))
      machine_.returned(one.handed.task, now_);
    else
      machine_.finished(one.handed.task, some_outcome(chance(60)), now_);
    settle();
    machine_.want_round();
    round();
    check();
  }
  demand(machine_.has_stopped(), "nothing is out, and it has not stopped");
  demand(machine_.handed_out_count() == 0, "a task is never heard of again");
  submit(false);
  machine_.want_round();
  round();
  check();
}

/// Those who wait for a worker that will not come.
void World::refuse_missing() {
  for (const scheduler::LaneKey& lane : machine_.missing_workers()) {
    const Needs& needs = machine_.needs_of(lane);
    for (const auto& [number, worker] : workers_) {
      if (!worker.is_joined || worker.has_left || (worker.leaves && lane.name.empty())) continue;
      Resources has = worker.resources;
      has.labels.push_back("host=host");
      const bool is_it = lane.name.empty() || worker.name == lane.name || directory_->find(WorkerId{number}).name == lane.name;
      demand(!is_it || !meets(has, needs), "a worker is missing that is there");
    }
    if (is_calm_ || chance(50)) machine_.refuse_those_for(lane, "it is not there", now_);
  }
}

// How the master serves the machine

void World::round() {
  if (!machine_.begin_round(now_)) return settle();
  switch (way_) {
    case Way::by_master: round_by_master(); break;
    case Way::by_choice: {
      while (const auto next = machine_.next_named(now_)) hand(*next);
      std::vector<WorkerId> free = machine_.free_workers();
      auto waiting = machine_.waiting_tasks();
      for (TaskRecord* task = waiting.next(); task && !free.empty(); task = waiting.next()) {
        if (chance(5)) {
          machine_.refuse(*task, some_outcome(false), now_);
        } else if (chance(80)) {
          const std::size_t which = below(free.size());
          const WorkerId worker = free[which];
          if (!machine_.may_run_at(*task, worker)) continue;
          free.erase(free.begin() + static_cast<std::ptrdiff_t>(which));
          hand(machine_.assign(*task, worker, now_));
        }
      }
      break;
    }
    case Way::by_interface:
      while (TaskRecord* task = chance(85) ? machine_.first_waiting() : nullptr) hand(machine_.assign(*task, any_worker, now_));
  }
  settle();
}

void World::round_by_master() {
  while (const auto next = machine_.next(now_)) {
    for (TaskRecord* other = machine_.first_waiting(); other && record_of(next->task).options().worker.empty(); other = nullptr)
      // One that waits for a faster worker lets others have the slow one, which may be the only one they can run on.
      demand(other->priority <= record_of(next->task).priority || machine_.holds_back(),
             "a task goes before one of a higher priority");
    if (!is_calm_ && chance(3)) {  // the interface does not know that worker
      workers_.at(index_of(next->worker)).has_left = true;
      forget_all_of(next->worker);
      machine_.worker_left(next->worker, {}, now_);
      continue;
    }
    hand(*next);
    if (chance(10)) {  // it ends inside execute_task()
      forget(in_hand_.size() - 1);
      machine_.finished(next->task, some_outcome(true), now_);
    }
  }
  while (const auto copy = machine_.next_copy(now_)) hand(*copy);
  // One that is a round trip away may be known to be slow, and is left alone then.
  if (machine_.first_waiting())
    for (const WorkerId free : machine_.free_workers())
      demand(workers_.at(index_of(free)).round_trip != Time{0}, "a task waits beside a worker that has nothing to do");
  for (const WorkerId free : machine_.free_workers())
    for (const auto& [task, account] : accounts_)
      demand(!account.is_queued || !may_take(*task, free, workers_.at(index_of(free))) ||
                 (workers_.at(index_of(free)).round_trip != Time{0} && task->options().worker.empty()),
             "a task waits beside its own worker");
  ask_back(machine_.surplus());
}

void World::settle() {
  for (const Stop& stop : machine_.take_stops()) {
    if (!stop.may_be_unbegun) {
      const Account& account = account_of(record_of(stop.task));
      demand(account.began_ns && Time{now_.clock_ns - *account.began_ns} >= stop.task.options().hard_limit,
             "a task is ended that is not out of time");
    }
    if (stop.may_be_unbegun && revoke(stop.task))
      machine_.stopped(stop.task);
    else if (chance(50))  // it is stopped, and says so soon; else it runs on and says so later
      for (std::size_t i = 0; i < in_hand_.size(); ++i) {
        if (in_hand_[i].handed.task != stop.task) continue;
        forget(i);
        machine_.finished(stop.task, some_outcome(false), now_);
        break;
      }
  }
  while (const RecordPtr record = machine_.take_ended()) {
    ++published_;
    demand(detail::is_done(record->state), "a task is published that is not done");
  }
}

void World::hand(const Handed& handed) {
  const auto place = workers_.find(index_of(handed.worker));
  demand(place == workers_.end() || !place->second.leaves, "a worker that is about to leave gets a task");
  in_hand_.push_back({handed});
}

void World::ask_back(const std::vector<Handed>& list) {
  std::vector<TaskRef> back;
  for (const Handed& one : list)
    if (revoke(one.task)) back.push_back(one.task);
  machine_.returned(back, now_);
}

/// A worker gives back what it has not begun, unless it does not hear.
bool World::revoke(const TaskRef& task) {
  for (std::size_t i = 0; i < in_hand_.size(); ++i) {
    if (in_hand_[i].handed.task != task || in_hand_[i].has_begun || in_hand_[i].has_arrived || chance(20)) continue;
    forget(i);
    return true;
  }
  return false;
}

void World::forget(std::size_t in_hand) {
  old_.push_back(in_hand_[in_hand].handed.task);
  in_hand_.erase(in_hand_.begin() + static_cast<std::ptrdiff_t>(in_hand));
}

void World::forget_all_of(WorkerId worker) {
  for (std::size_t i = in_hand_.size(); i-- > 0;)
    if (in_hand_[i].handed.worker == worker) forget(i);
}

Outcome World::some_outcome(bool is_good) {
  Outcome outcome;
  outcome.run_time = Time{1 + below(3'000'000)};
  if (is_good) return outcome;
  static constexpr Cause causes[] = {Cause::exception, Cause::exit_status, Cause::signal, Cause::worker_lost, Cause::bad_message};
  return failed(causes[below(std::size(causes))], "it failed");
}

// What must hold

void World::demand(bool holds, const char* what) const {
  if (!holds) throw Broken{fmt::format("seed {}, event {}: {}", seed_, events_, what)};
}

void World::check() {
  demand(!first_wrong_, first_wrong_ ? first_wrong_ : "");
  std::size_t waiting = 0, open = 0, current = 0, following = 0;
  for (const auto& [task, account] : accounts_) {
    open += !account.is_over;
    waiting += account.is_queued;
    following += account.waits_for && !account.is_over;
    demand(account.is_queued == (task->schedule == scheduler::ItemState::queued),
           "a task is in the queue, or not, against its account");
    current += task->schedule == scheduler::ItemState::assigned;
    const TaskState state = task->state;
    demand(detail::is_done(state) == account.is_over, "a task's state does not say whether it is over");
    demand((state == TaskState::running) == account.is_running, "a task's state does not say whether it runs");
  }
  demand(open == open_ && published_ == accounts_.size() - open, "a task was not published, or twice");
  demand(waiting == machine_.waiting_count(), "the queue has another length than its account");
  demand(waiting + current + following == open, "a task is nowhere");
  std::uint32_t slots = 0;
  for (const auto& [number, worker] : workers_)
    if (worker.is_joined && !worker.has_left) slots += worker.slots;
  demand(slots == machine_.slots(), "there are other slots than those of the workers that are there");
  std::map<std::uint32_t, std::uint32_t> held;
  std::size_t is_current = 0;
  for (const InHand& one : in_hand_) {
    ++held[index_of(one.handed.worker)];
    is_current += machine_.is_current(one.handed.task);
  }
  for (const auto& [copy, id] : copies_) demand(copy->schedule == scheduler::ItemState::assigned, "a copy is nowhere");
  demand(is_current == current + copies_.size(), "a task is given out that no worker has");
  for (const auto& [number, worker] : workers_)
    demand(held[number] <= worker.slots + worker.ahead, "a worker has more tasks than it takes");
}

/// With one more worker, and no more trouble, all that is open ends; where a stop was asked for, only what has begun.
void World::bring_to_an_end() {
  is_calm_ = true;
  if (!is_stopping_ || chance(50)) machine_.resume();
  if (is_stopping_) return come_to_rest();
  const auto before = workers_;
  for (const auto& [number, worker] : before)
    if (worker.leaves && !worker.has_left) leave(number);
  settle();
  if (is_no_worker_possible_ && machine_.has_interface()) machine_.interface_gone(now_), in_hand_.clear();
  if (!machine_.has_interface()) machine_.interface_started(way_ != Way::by_interface);
  is_no_worker_possible_ = false;
  for (auto& [number, worker] : workers_)
    if (std::exchange(worker.rests, false)) machine_.worker_rests(WorkerId{number}, false);
  if (way_ != Way::by_interface) {
    announce();
    const WorkerId worker = directory_->add({"the last worker", "host"});
    workers_[index_of(worker)] = {.slots = 1, .ahead = 0, .name = "the last worker"};
    machine_.worker_joined(worker, {.name = "the last worker", .host = "host", .slots = 1}, now_);
  }
  const std::size_t most = 100 * (accounts_.size() + 1);
  for (std::size_t i = 0; open_ != 0; ++i) {
    demand(i < most, "a task is stuck");
    refuse_missing();
    machine_.want_round();
    round();
    if (!in_hand_.empty()) {
      const TaskRef task = in_hand_.front().handed.task;
      forget(0);
      machine_.started(task, WorkerId{1}, now_);
      machine_.finished(task, some_outcome(true), now_);
    }
    settle();
    check();
  }
  while (!in_hand_.empty()) {  // what ended here and ran on there
    const TaskRef task = in_hand_.front().handed.task;
    forget(0);
    machine_.finished(task, some_outcome(true), now_);
  }
  check();
  demand(machine_.handed_out_count() == 0, "a task is never heard of again");
  if (way_ != Way::by_interface) fill_all_slots();
}

/// Every slot that is there takes a task.
void World::fill_all_slots() {
  for (std::uint32_t i = 0; i < machine_.slots(); ++i) submit(false);
  std::size_t taken = 0;
  if (machine_.begin_round(now_))
    for (; TaskRecord* const task = machine_.first_waiting(); ++taken) {
      const std::vector<WorkerId> free = machine_.free_workers();
      if (free.empty()) break;
      hand(machine_.assign(*task, free.front(), now_));
    }
  demand(taken == machine_.slots(), "a slot is never free again");
}

}  // namespace mw::core::model

// One interface in a pool.
//
// What:    the interface, and what it sees of the master: a host that passes on what is said of tasks, and hands to the
//          pool what concerns workers, or the interface as a whole.
// Owner:   the pool; it owns the interface.
// Threads: what the interface says comes from any thread; all else is the loop's.
// Use:
//     Member member{pool, number, label, std::move(interface)};
//     member.start();
//     member.execute_task(task, worker);   member.flush();
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <mw/interface.hpp>

#include "pool/ends.hpp"
#include "pool/label.hpp"

namespace mw::pool {

class Member;

/// Who is told what a member says of itself. Any thread.
class MemberOwner {
 public:
  virtual ~MemberOwner() = default;
  /// The master.
  virtual InterfaceHost& host() const noexcept = 0;
  virtual WorkerId joined(const Member& member, WorkerInfo info) = 0;
  virtual void left(const Member& member, WorkerId worker, std::vector<LostTask> lost) = 0;
  virtual void has_no_worker(const Member& member, std::string why) = 0;
  virtual void has_failed(Member& member, std::string why) = 0;
};

class Member final : public InterfaceHost {
 public:
  /// `number`: its place in the pool.
  Member(MemberOwner& owner, std::size_t number, Label label, std::unique_ptr<Interface> interface)
      : owner_{owner}, number_{number}, label_{std::move(label)}, interface_{std::move(interface)} {
    interface_->set_host(*this);
  }

  std::size_t number() const noexcept { return number_; }
  const Label& label() const noexcept { return label_; }
  /// It is asked nothing any more.
  bool is_over() const noexcept { return was_told_to_stop_; }

  /// Throws UsageError or InterfaceError, with its name in the text.
  void start(const std::shared_ptr<Ends>& ends);
  /// If it was started, and was not told before.
  void stop();
  void execute_task(const TaskRef& task, WorkerId worker) { interface_->execute_task(task, worker); }
  bool revoke_task(const TaskRef& task, WorkerId worker) { return interface_->revoke_task(task, worker); }
  void split_task(const TaskRef& task, WorkerId worker) { interface_->split_task(task, worker); }
  void abort_task(const TaskRef& task, WorkerId worker) { interface_->abort_task(task, worker); }
  void forget_shared(std::uint64_t value) { interface_->forget_shared(value); }
  void tasks_wait(std::size_t tasks, WorkerId resting) { interface_->tasks_wait(tasks, resting); }
  void begin_no_more() { interface_->begin_no_more(); }
  void flush() { interface_->flush(); }
  bool can_scale() const noexcept { return interface_->can_scale(); }
  void scale(std::uint32_t workers) { interface_->scale(workers); }
  std::uint32_t expected_slots() const noexcept { return interface_->expected_slots(); }
  bool others_may_join() const { return interface_->others_may_join(); }
  /// Under its own keys; what is wrong with them is under "error".
  StatusMap get_status();
  /// With its workers' names as they are in the pool.
  std::vector<WorkerReport> report_workers();

  // InterfaceHost. What is said of a task needs no gate: the attempt tells whether it still counts.
  void task_started(const TaskRef& task, WorkerId worker) override { owner_.host().task_started(task, worker); }
  void task_progress(const TaskRef& task, double fraction) override { owner_.host().task_progress(task, fraction); }
  void task_part(const TaskRef& task, Bytes value) override { owner_.host().task_part(task, std::move(value)); }
  void task_checkpoint(const TaskRef& task, Bytes state) override { owner_.host().task_checkpoint(task, std::move(state)); }
  void task_finished(const TaskRef& task, Outcome outcome) override { owner_.host().task_finished(task, std::move(outcome)); }
  void task_lost(const TaskRef& task, Outcome outcome) override { owner_.host().task_lost(task, std::move(outcome)); }
  void task_returned(const TaskRef& task) override { owner_.host().task_returned(task); }
  void task_split(const TaskRef& task, std::uint32_t kept) override { owner_.host().task_split(task, kept); }
  WorkerId worker_joined(WorkerInfo info) override;
  void worker_leaves(WorkerId worker) override { owner_.host().worker_leaves(worker); }
  void worker_rests(WorkerId worker, bool rests) override { owner_.host().worker_rests(worker, rests); }
  void worker_left(WorkerId worker, std::vector<LostTask> lost) override { owner_.left(*this, worker, std::move(lost)); }
  void no_worker_possible(std::string why) override { owner_.has_no_worker(*this, std::move(why)); }
  void interface_failed(std::string why) override { owner_.has_failed(*this, std::move(why)); }
  void room_available() override { owner_.host().room_available(); }
  std::size_t tasks_waiting() const override { return owner_.host().tasks_waiting(); }
  bool is_needed(WorkerId worker) const override { return owner_.host().is_needed(worker); }
  void post(std::function<void()> call) override { owner_.host().post(std::move(call)); }
  void post_to_thread(std::function<void()> call) override { owner_.host().post_to_thread(std::move(call)); }
  boost::asio::io_context& io() override { return owner_.host().io(); }

 private:
  MemberOwner& owner_;
  const std::size_t number_;
  const Label label_;
  std::shared_ptr<Ends> ends_;  ///< null until it is started
  bool was_told_to_stop_ = false;
  const std::unique_ptr<Interface> interface_;  ///< goes first: the rest is what it sees
};

}  // namespace mw::pool

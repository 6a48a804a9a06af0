// What one interface sees of its master.
//
// What:    Seat is the InterfaceHost of one interface. Its number tells that interface's words from those of the one
//          before it, whose threads may still have something to say.
// Owner:   the master; it outlives its interface.
// Threads: any.
// Use:     internal; see core.hpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include <mw/interface.hpp>

#include "master/core.hpp"

namespace mw::detail {

class Seat final : public InterfaceHost {
 public:
  Seat(MasterCore& core, std::uint32_t number) : core_{core}, number_{number} {}

  std::uint32_t number() const noexcept { return number_; }

  // A task has the number of the attempt, and a worker one of its own: these need no other.
  void task_started(const TaskRef& task, WorkerId worker) override { core_.task_started(task, worker); }
  void task_progress(const TaskRef& task, double fraction) override { core_.task_progress(task, fraction); }
  void task_part(const TaskRef& task, Bytes value) override { core_.task_part(task, std::move(value)); }
  void task_checkpoint(const TaskRef& task, Bytes state) override { core_.task_checkpoint(task, std::move(state)); }
  void task_finished(const TaskRef& task, Outcome outcome) override { core_.task_finished(task, std::move(outcome)); }
  void task_lost(const TaskRef& task, Outcome outcome) override { core_.task_lost(task, std::move(outcome)); }
  void task_returned(const TaskRef& task) override { core_.task_returned(task); }
  void task_split(const TaskRef& task, std::uint32_t kept) override { core_.task_split(task, kept); }
  void worker_leaves(WorkerId worker) override { core_.worker_leaves(worker); }
  void worker_rests(WorkerId worker, bool rests) override { core_.worker_rests(worker, rests); }
  void worker_left(WorkerId worker, std::vector<LostTask> lost) override { core_.worker_left(worker, std::move(lost)); }

  WorkerId worker_joined(WorkerInfo info) override { return core_.worker_joined(std::move(info), number_); }
  void no_worker_possible(std::string why) override { core_.no_worker_possible(std::move(why), number_); }
  void interface_failed(std::string why) override { core_.interface_failed(std::move(why), number_); }
  void room_available() override { core_.room_available(); }
  std::size_t tasks_waiting() const override { return core_.tasks_waiting(); }
  bool is_needed(WorkerId worker) const override { return core_.is_needed(worker); }

  void post(std::function<void()> call) override { core_.loop_.post(while_seated(std::move(call))); }
  void post_to_thread(std::function<void()> call) override { core_.loop_.post_to_thread(while_seated(std::move(call))); }
  boost::asio::io_context& io() override { return core_.loop_.io(); }

 private:
  /// The call is of no use, and may be of something that is gone, when the interface has been replaced.
  std::function<void()> while_seated(std::function<void()> call) const {
    return [&core = core_, number = number_, call = std::move(call)] {
      if (core.seat_->number() == number) call();
    };
  }

  MasterCore& core_;
  const std::uint32_t number_;
};

}  // namespace mw::detail

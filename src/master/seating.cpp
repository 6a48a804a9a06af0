// MasterCore: how an interface comes and goes.
#include <condition_variable>
#include <mutex>

#include <fmt/format.h>

#include "log/log.hpp"
#include "master/core.hpp"
#include "master/core_helpers.hpp"
#include "master/seat.hpp"

namespace mw::detail {
namespace {

/// In the place of an interface that could not start, until there is another.
struct NoInterface final : Interface {
  void execute_task(const TaskRef&, WorkerId) override { throw InterfaceError{"the master has no interface"}; }
};

}  // namespace

/// Passes the exception being handled on, as one of ours.
void MasterCore::throw_start_error() const {
  try {
    throw;
  } catch (const Error&) {
    throw;
  } catch (...) {
    throw InterfaceError{fmt::format("the interface \"{}\" could not start: {}", interface_name_, current_exception_text())};
  }
}

/// Returns when nothing of the interface runs any more, and what it left on the loop has run.
void MasterCore::stop_interface() {
  struct End {
    std::mutex mutex;
    std::condition_variable woken;
    bool has_come = false;
  };
  const auto end = std::make_shared<End>();  // an interface may say it twice
  // Handlers of what was closed or cancelled are before this one.
  const auto on_stopped = [this, end] {
    loop_.post([end] {
      std::lock_guard lock{end->mutex};
      end->has_come = true;
      end->woken.notify_all();
    });
  };
  loop_.post([&] {
    try {
      interface_->stop(on_stopped);
    } catch (...) {
      log::warn(fmt::format("the interface \"{}\" did not stop: {}", interface_name_, current_exception_text()));
      on_stopped();
    }
  });
  std::unique_lock lock{end->mutex};
  end->woken.wait(lock, [&] { return end->has_come; });
}

/// In the loop's own thread. What it throws is the failure of this interface from then on.
void MasterCore::start_interface() {
  interface_failure_.clear();
  completions_.fail({});
  machine_.interface_started(chooses_);  // it may announce workers while it starts
  try {
    interface_->start();
    statistics_.expect(interface_->expected_slots(), machine_.slots());
  } catch (...) {
    interface_gone();
    interface_failure_ = fmt::format("the interface \"{}\" could not start: {}", interface_name_, current_exception_text());
    completions_.fail(interface_failure_);
    notices_.fail();
    throw;
  }
}

void MasterCore::interface_gone() {
  machine_.interface_gone(moment());
  starts_.clear();
}

/// Gives the place of the interface to this one, and gives the one that had it back.
void MasterCore::seat(std::unique_ptr<Interface>& interface, std::unique_ptr<Seat>& seat) {
  interface->set_host(*seat);
  loop_.call([&] {
    std::swap(interface_, interface);
    std::swap(seat_, seat);
    interface_gone();  // what the old one said since it was asked to stop
  });
}

bool MasterCore::is_seated(std::uint32_t seat) const noexcept { return seat == seat_->number(); }

void MasterCore::set_interface(std::unique_ptr<Interface> interface) {
  refuse_in_forked_process();
  if (is_stopping_) throw Stopped{"set_interface: this master was asked to stop"};
  std::string name = interface->name();
  const bool chooses = interface->scheduling() == Scheduling::by_master;
  loop_.call([this] {
    take_submitted();
    interface_gone();
  });
  stop_interface();
  auto seat_of_it = std::make_unique<Seat>(*this, seat_->number() + 1);  // goes after the interface that it is of
  auto old_or_failed = std::move(interface);
  seat(old_or_failed, seat_of_it);
  old_or_failed.reset();
  try {
    loop_.call_in_thread([&] {
      chooses_ = chooses;
      {
        std::lock_guard lock{name_mutex_};
        interface_name_ = std::move(name);
      }
      start_interface();
    });
  } catch (...) {
    stop_interface();
    auto seat_of_none = std::make_unique<Seat>(*this, seat_->number() + 1);
    std::unique_ptr<Interface> failed = std::make_unique<NoInterface>();
    seat(failed, seat_of_none);
    failed.reset();
    throw_start_error();
  }
}

}  // namespace mw::detail

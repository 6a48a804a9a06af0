// What coroutines and futures ask of a master.
#include <mw/async.hpp>

#include <fmt/format.h>

#include "error/exception_text.hpp"
#include "log/log.hpp"
#include "master/core.hpp"
#include "master/notices.hpp"

namespace mw::detail {

void when_done(MasterCore& core, const TaskHandle& task, std::function<void()> call) {
  core.check_owner(task.record().get());
  core.when_done(task.record(), std::move(call));
}

void hand_out(MasterCore& core, const TaskHandle& task) {
  core.check_owner(task.record().get());
  if (core.completions().wait(*task.record(), deadline_after(Timeout{0}))) return;
  throw InterfaceError{fmt::format("the interface failed while task {} ({}) was waited for; it is queued again: wait once more",
                                   task.id(), task.name())};
}

void refuse_to_wait_in_notice() {
  if (Notices::is_here())
    throw UsageError{
        "mw::Async::get was called in a coroutine, whose thread would wait for itself: write co_await std::move(other)"};
}

void note_unread(const std::exception_ptr& error) noexcept {
  try {
    try {
      std::rethrow_exception(error);
    } catch (...) {
      log::warn(fmt::format("a coroutine (mw::Async) failed and nobody asked for its result: {}", exception_text()));
    }
  } catch (...) {  // there is no memory to say it
  }
}

}  // namespace mw::detail

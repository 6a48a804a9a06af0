// A task that runs in a slot.
//
// What:    lays the slot folder out as BOINC's client does, starts the worker build in it, tells it what to do, and
//          says how it ended. The task may have put anything into its slot when it ran before: nothing there is
//          followed or waited for.
// Owner:   owns the process; its end kills it.
// Threads: one: where the io_context runs.
// Use:
//     SlotRun run{io, place, task, options, [](SlotEnd end) { … }};
//     run.status();  run.order(Order::abort);
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>

#include "boinc/slot/client_channel.hpp"
#include "boinc/volunteer/options.hpp"
#include "boinc/volunteer/state.hpp"
#include "sandbox/bubblewrap.hpp"

namespace mw::boinc {

struct SlotEnd {
  bool is_over = false;  ///< else it is to be started again
  std::int64_t exit_status = 0;
  double elapsed_seconds = 0;
  double cpu_seconds = 0;
  std::string stderr_text;
};

struct SlotPlace {
  std::string slot;                 ///< the folder it runs in; its output comes to be there
  std::string program;              ///< the file that is run
  std::vector<std::string> inputs;  ///< the files, in the task's order
  const sandbox::Bubblewrap* sandbox = nullptr;
  sandbox::Limits limits = {};  ///< of a sandbox
};

class SlotRun {
 public:
  /// Throws InterfaceError if it cannot be started. `ended` is called once, not from the constructor.
  SlotRun(boost::asio::io_context& io, const SlotPlace& place, const VolunteerTask& task, const VolunteerOptions& options,
          std::function<void(SlotEnd)> ended);
  ~SlotRun();
  SlotRun(const SlotRun&) = delete;
  SlotRun& operator=(const SlotRun&) = delete;

  /// How far it is, as it last said.
  slot::TaskStatus status();
  /// Tells it so. One that is to quit or abort, and does not within 2 s, is killed.
  void order(slot::Order order);

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace mw::boinc

// The serial interface: tasks one after the other, in the master's own process.
//
// What:    for debugging: breakpoints, sanitizers and profilers see the tasks. What a task prints with C++ or C streams is
//          kept with it; a task that crashes takes the program with it.
// Owner:   the master that it is given to.
// Threads: one thread of its own runs the tasks.
// Use:
//     mw::Master master{mw::SerialInterface{}};            // or mw::interface("serial")
#pragma once

#include <memory>

#include <mw/interface.hpp>

namespace mw {

class SerialInterface : public Interface {
 public:
  SerialInterface();
  SerialInterface(SerialInterface&&) noexcept;
  ~SerialInterface() override;

  void execute_task(const TaskRef& task, WorkerId worker) override;
  StatusMap get_status() override;
  Scheduling scheduling() const override { return Scheduling::by_master; }
  std::string name() const override { return "serial"; }
  void start() override;
  void stop(std::function<void()> stopped) override;

 private:
  struct Runner;
  std::unique_ptr<Runner> runner_;
};

}  // namespace mw

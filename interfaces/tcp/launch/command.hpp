// A command of somebody else's, run beside the master's loop, for so long and no longer.
//
// What:    gives it a text on stdin, takes what it says, kills it when its time is over.
// Owner:   the one who asks keeps it until it has answered, or stops it; it owns the process.
// Threads: the master's loop; the process is started in the thread that lives as long as the master (Child).
// Use:
//     command_ = Command::run(host, {"squeue", {"--noheader"}}, [this](const Command::Answer& answer) { … });
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <mw/interface.hpp>

namespace mw::tcp {

class Command {
 public:
  struct Plan {
    std::string program;
    std::vector<std::string> arguments;
    std::string input = {};
    std::vector<std::string> environment_unset = {};  ///< as process::Command has it
    std::chrono::milliseconds limit{30'000};
  };
  struct Answer {
    bool is_well = false;  ///< it has ended with exit status 0
    std::string out = {};  ///< both up to 16 MiB
    std::string err = {};
    std::string fault = {};  ///< "exit status 1", "it did not answer within 30 s"; empty if all is well
  };

  /// Calls `answered` once, on the loop and not within this call; unless it is stopped before.
  static std::shared_ptr<Command> run(InterfaceHost& host, Plan plan, std::function<void(Answer)> answered);
  virtual ~Command() = default;
  /// Ends the process; nothing is heard of it any more.
  virtual void stop() = 0;
};

}  // namespace mw::tcp

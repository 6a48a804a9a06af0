// mw journal: what a journal tells, and what can be done with it.
//
// What:    ls, show, verify, compact, export, adopt, prune.
// Owner:   nothing.
// Threads: main's.
// Use:
//     JournalCommand command;  add_journal(cli, command);  …  return journal(command);
#pragma once

#include <string>

namespace CLI {
class App;
}

namespace mw::tool {

struct JournalCommand {
  std::string what;  ///< "ls", "show", …
  std::string file;
  std::string task;                  ///< of show: "RUN:TASK", or "TASK" of the last run
  std::string to;                    ///< of compact: the new file; empty: in the place of the old one
  std::string program;               ///< of adopt
  std::string bytes, age, function;  ///< of prune
  bool salvage = false;
  bool tasks = false;  ///< of ls: each of them
  bool raw = false;    ///< of show: the result's bytes alone
  bool csv = false;    ///< of export
};

void add_journal(CLI::App& cli, JournalCommand& command);

/// Returns the exit status. Throws JournalError, UsageError.
int journal(const JournalCommand& command);

}  // namespace mw::tool

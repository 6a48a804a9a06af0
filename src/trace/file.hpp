// A trace's file.
//
// What:    a JSON array of events (the "JSON Array Format" of Chrome's trace viewer), which viewers read without its
//          end, too: what was written before a crash can be looked at. What could not be written whole is not there at
//          all.
// Owner:   owns the file.
// Threads: one at a time.
// Use:
//     File file{"run.json"};                               // throws InterfaceError
//     if (!file.write(events)) count_as_missing();         // whole ones, with commas in front of them
//     file.end();
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "process/unique_fd.hpp"

namespace mw::trace {

class File {
 public:
  /// Makes it anew. Throws InterfaceError if it cannot be opened.
  explicit File(std::string path);

  /// False if it could not: then nothing of it is there. Says so in the log, once.
  bool write(std::string_view events);
  /// No more is written.
  void end();
  const std::string& path() const noexcept { return path_; }

 private:
  bool append(std::string_view bytes);

  const std::string path_;
  const process::UniqueFd file_;
  bool has_begun_ = false;
  bool has_said_so_ = false;
};

}  // namespace mw::trace

// What a workunit's files hold: the tasks' side of src/wire/bundle.hpp.
//
// What:    BundleWriter puts tasks together; their data files are numbered through the whole workunit.
// Owner:   copies what it is given.
// Threads: one at a time.
// Use:
//     BundleWriter bundle{2, false};
//     bundle.add(task, {"file_a", "file_bx"});  …
//     store(bundle.take_bytes());  fetch(bundle.files());
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <mw/bytes.hpp>

#include "wire/messages.hpp"

namespace mw::boinc {

class BundleWriter {
 public:
  /// `is_compared`: answers of two hosts are to be the same bytes (wire::BundleHead).
  BundleWriter(std::size_t tasks, bool is_compared);

  /// `files` are the names of the task's data files, in its own order, then those of its shared values; a name that
  /// ends in 'x' is an executable's. A file of the same name is in the workunit once.
  void add(wire::Task task, const std::vector<std::string>& files);
  Bytes take_bytes() noexcept { return std::move(bytes_); }
  /// Number 0 first.
  const std::vector<std::string>& files() const noexcept { return files_; }

 private:
  Bytes bytes_;
  std::vector<std::string> files_;
  std::uint64_t count_ = 0;
};

}  // namespace mw::boinc

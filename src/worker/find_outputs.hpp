// The files that a task has left in its folder.
//
// What:    finds what the patterns of a task's outputs name, and checks it: regular files only, reached through no
//          link, no more and no larger than they may be.
// Owner:   nothing is kept open.
// Threads: any; the folder is the calling thread's working directory.
// Use:
//     for (const FoundOutput& file : find_outputs(terms)) …                        // throws OutputError
//     const process::UniqueFd fd = open_output(file.path);
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <mw/error.hpp>

#include "process/unique_fd.hpp"
#include "wire/messages.hpp"
#include "wire/output_list.hpp"

namespace mw::worker {

/// A file that was to come back cannot; the text says which, and why.
class OutputError : public Error {
 public:
  using Error::Error;
};

struct FoundOutput {
  std::string path;
  std::uint64_t size = 0;
  bool is_executable = false;
};

/// In the order of their paths, each once; no more than `most`.
std::vector<FoundOutput> find_outputs(const wire::Terms& terms, std::size_t most = wire::most_output_files);

/// The folder of such a path, and the file's name in it. No link on the way is followed.
struct OutputPlace {
  process::UniqueFd folder;
  std::string name;
};
OutputPlace place_of(const std::string& path);
/// To read it. Throws OutputError also if it is not a regular file any more.
process::UniqueFd open_output(const OutputPlace& place, const std::string& path);

}  // namespace mw::worker

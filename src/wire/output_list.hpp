// The files that a task brings back. README.md in this folder is the grammar.
//
// What:    where a task's terms name outputs, the value of its result begins with a list of files: their content, or
//          that they lie in the folder that the terms name, each under its number in the list. Behind it is the value
//          itself. Who reads it knows from the terms that it is there.
// Owner:   what is parsed holds views into the bytes.
// Threads: any.
// Use:
//     append(out, OutputEntry{"a.csv", false, false, content.size()});  …content…     // after begin_output_list()
//     const OutputList list = parse_output_list(result.value);                       // throws ProtocolError
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "wire/frame.hpp"

namespace mw::wire {

/// Files of one task.
inline constexpr std::uint32_t most_output_files = 10'000;

struct OutputEntry {
  std::string path;  ///< in the task's folder; not checked
  bool is_executable = false;
  bool is_in_folder = false;  ///< it lies in Terms::outputs_folder
  std::uint64_t size = 0;
  std::span<const std::byte> content = {};  ///< unless it is in the folder
};

struct OutputList {
  std::vector<OutputEntry> files;
  std::span<const std::byte> value;
};

void begin_output_list(Bytes& out, std::uint32_t files);
/// Without its content, which must follow unless the file is in the folder.
void append(Bytes& out, const OutputEntry& entry);
/// What the two take.
std::size_t size_of_output_list(std::span<const OutputEntry> files);

OutputList parse_output_list(std::span<const std::byte> value);

}  // namespace mw::wire

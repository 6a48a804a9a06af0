#include "wire/output_list.hpp"

#include <utility>

#include "wire/payload.hpp"

namespace mw::wire {
namespace {

constexpr std::uint32_t list_magic = 0x4f574d43;  // "CMWO"
constexpr std::size_t longest_path = 4096;
constexpr std::size_t entry_fixed = 1 + 1 + 8;

}  // namespace

void begin_output_list(Bytes& out, std::uint32_t files) { Writer{out.extend(4 + 4)}.number(list_magic).number(files); }

void append(Bytes& out, const OutputEntry& entry) {
  Writer{out.extend(size_of(entry.path) + entry_fixed)}
      .text(entry.path)
      .number(static_cast<std::uint8_t>(entry.is_executable))
      .number(static_cast<std::uint8_t>(entry.is_in_folder))
      .number(entry.size);
}

std::size_t size_of_output_list(std::span<const OutputEntry> files) {
  std::size_t size = 4 + 4;
  for (const OutputEntry& entry : files) size += size_of(entry.path) + entry_fixed;
  return size;
}

OutputList parse_output_list(std::span<const std::byte> value) {
  Parser parser{"list of output files", value};
  if (parser.number<std::uint32_t>() != list_magic)
    throw ProtocolError{"a result without the list of the task's output files: whoever ran the task does not know of them"};
  const auto count = parser.number<std::uint32_t>();
  if (count > most_output_files)
    throw ProtocolError{fmt::format("a result with {} output files; the limit is {}", count, most_output_files)};
  OutputList list;
  for (std::uint32_t i = 0; i < count; ++i) {
    OutputEntry entry;
    entry.path = parser.text(longest_path);
    const auto is_executable = parser.number<std::uint8_t>();
    const auto is_in_folder = parser.number<std::uint8_t>();
    if (is_executable > 1 || is_in_folder > 1) throw ProtocolError{"an output file with flags that mean nothing"};
    entry.is_executable = is_executable == 1;
    entry.is_in_folder = is_in_folder == 1;
    entry.size = parser.number<std::uint64_t>();
    if (!entry.is_in_folder) entry.content = parser.take(entry.size);
    list.files.push_back(std::move(entry));
  }
  list.value = parser.rest();
  return list;
}

}  // namespace mw::wire

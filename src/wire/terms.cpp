#include "wire/terms.hpp"

#include <string>
#include <utility>

#include <fmt/format.h>

namespace mw::wire {
namespace {

constexpr std::size_t terms_fixed = 8 + 8 + 8 + 4 + 1 + 4 + 8 + 4 + 4 + 1 + 1 + 8 + 4;
constexpr std::uint64_t longest_time_ns = std::uint64_t{1} << 62;

}  // namespace

std::size_t terms_size_of(const Terms& terms) {
  if (terms.empty()) return 0;
  std::size_t size = terms_fixed;
  for (const DataFile& file : terms.files) size += size_of(file.from) + size_of(file.to);
  for (const std::string& output : terms.outputs) size += size_of(output);
  for (const SharedInput& one : terms.shared) size += 8 + 8 + 8 + size_of(one.from);
  return size + size_of(terms.outputs_folder) + terms.checkpoint.size();
}

void write_terms(Writer& writer, const Terms& terms) {
  writer.number(terms.soft_limit_ns).number(terms.hard_limit_ns).number(terms.memory_limit);
  writer.number(static_cast<std::uint32_t>(terms.files.size()));
  for (const DataFile& file : terms.files) writer.text(file.from).text(file.to);
  writer.number(static_cast<std::uint8_t>(terms.own_folder)).number(static_cast<std::uint32_t>(terms.outputs.size()));
  for (const std::string& output : terms.outputs) writer.text(output);
  writer.number(terms.outputs_limit).text(terms.outputs_folder);
  writer.number(static_cast<std::uint32_t>(terms.shared.size()));
  for (const SharedInput& one : terms.shared) writer.number(one.number).number(one.size).number(one.inode).text(one.from);
  writer.number(terms.start_values)
      .number(static_cast<std::uint8_t>(terms.is_start))
      .number(static_cast<std::uint8_t>(terms.emit_stdout))
      .number(terms.checkpoint_interval_ns)
      .number(static_cast<std::uint32_t>(terms.checkpoint.size()))
      .bytes(terms.checkpoint);
}

void check_checkpoint_size(std::uint64_t size) {
  if (size > longest_checkpoint)
    throw ProtocolError{fmt::format("a checkpoint of {} bytes is over the limit of {}", size, longest_checkpoint)};
}

Terms parse_terms(std::span<const std::byte> bytes) {
  Parser parser{"task's terms", bytes};
  Terms terms;
  terms.soft_limit_ns = parser.number<std::uint64_t>();
  terms.hard_limit_ns = parser.number<std::uint64_t>();
  terms.memory_limit = parser.number<std::uint64_t>();
  if (terms.soft_limit_ns > longest_time_ns || terms.hard_limit_ns > longest_time_ns)
    throw ProtocolError{"a task with a time limit beyond all measure"};
  for (auto count = parser.number<std::uint32_t>(); count > 0; --count) {
    std::string from = parser.text(longest_text);
    std::string to = parser.text(longest_text);
    terms.files.emplace_back(std::move(from), std::move(to));
  }
  const auto own_folder = parser.number<std::uint8_t>();
  if (own_folder > 1) throw ProtocolError{fmt::format("a task with a folder of kind {}", own_folder)};
  terms.own_folder = own_folder == 1;
  for (auto count = parser.number<std::uint32_t>(); count > 0; --count) terms.outputs.push_back(parser.text(longest_text));
  terms.outputs_limit = parser.number<std::uint64_t>();
  terms.outputs_folder = parser.text(longest_text);
  for (auto count = parser.number<std::uint32_t>(); count > 0; --count) {
    SharedInput one;
    one.number = parser.number<std::uint64_t>();
    one.size = parser.number<std::uint64_t>();
    one.inode = parser.number<std::uint64_t>();
    one.from = parser.text(longest_text);
    if (one.size > Limits{}.max_frame)
      throw ProtocolError{fmt::format("a shared value of {} bytes is over the limit of {}", one.size, Limits{}.max_frame)};
    terms.shared.push_back(std::move(one));
  }
  terms.start_values = parser.number<std::uint32_t>();
  const auto is_start = parser.number<std::uint8_t>();
  const auto emit_stdout = parser.number<std::uint8_t>();
  terms.checkpoint_interval_ns = parser.number<std::uint64_t>();
  if (terms.checkpoint_interval_ns > longest_time_ns) throw ProtocolError{"a task with checkpoints beyond all measure apart"};
  const auto checkpoint_size = parser.number<std::uint32_t>();
  check_checkpoint_size(checkpoint_size);
  terms.checkpoint = parser.take(checkpoint_size);
  parser.end();
  if (emit_stdout > 1) throw ProtocolError{fmt::format("a task that emits its stdout in way {}", emit_stdout)};
  terms.emit_stdout = emit_stdout == 1;
  if (terms.start_values > terms.shared.size() || is_start > 1 || (is_start == 1 && terms.start_values == 0))
    throw ProtocolError{fmt::format("a task with a start call of kind {} in {} of {} shared values", is_start, terms.start_values,
                                    terms.shared.size())};
  terms.is_start = is_start == 1;
  if (terms.empty()) throw ProtocolError{"a task's terms that say nothing"};
  return terms;
}

Terms terms_of(const TaskOptions& options) {
  Terms terms{.soft_limit_ns = static_cast<std::uint64_t>(options.soft_limit.count()),
              .hard_limit_ns = static_cast<std::uint64_t>(options.hard_limit.count()),
              .memory_limit = options.memory_limit,
              .files = options.files,
              .own_folder = options.own_folder,
              .emit_stdout = options.emit_stdout,
              .checkpoint_interval_ns = static_cast<std::uint64_t>(options.checkpoint_interval.count())};
  for (const OutputFile& output : options.outputs) terms.outputs.push_back(output.from);
  if (!terms.outputs.empty()) terms.outputs_limit = options.outputs_limit;
  return terms;
}

}  // namespace mw::wire

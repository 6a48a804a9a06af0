#include "journal/outputs.hpp"

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "worker/output_pattern.hpp"

namespace mw::journal {

bool are_outputs_there(const detail::TaskRecord& task) {
  const auto is_there = [](const OutputFile& output) {
    std::error_code error;
    return worker::is_pattern(output.from) || std::filesystem::exists(worker::destination(output, output.from), error);
  };
  const auto& outputs = task.options().outputs;
  return std::all_of(outputs.begin(), outputs.end(), is_there);
}

}  // namespace mw::journal

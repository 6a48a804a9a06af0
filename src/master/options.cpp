#include "master/options.hpp"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <set>
#include <system_error>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include <mw/error.hpp>

#include "scheduler/item.hpp"
#include "worker/output_pattern.hpp"
#include "worker/task_folder.hpp"

namespace mw::detail {
namespace {

namespace fs = std::filesystem;

void check_no_zero_byte(const std::string& text, const char* what) {
  if (text.find('\0') != std::string::npos)
    throw UsageError{fmt::format("{} has a zero byte in it, behind \"{}\": no system call takes that", what, text.c_str())};
}

DataFile checked(const DataFile& file) {
  check_no_zero_byte(file.from, "the path of a data file");
  std::error_code error;
  const fs::path from = fs::absolute(file.from, error);
  const auto status = fs::status(from, error);
  if (!fs::exists(status)) throw UsageError{fmt::format("data file \"{}\": there is no such file", file.from)};
  if (!fs::is_regular_file(status)) throw UsageError{fmt::format("data file \"{}\" is not a regular file", file.from)};
  if (::access(from.c_str(), R_OK) != 0) throw UsageError{fmt::format("data file \"{}\" cannot be read", file.from)};
  std::string to = file.to.empty() ? from.filename().string() : file.to;
  if (const std::string why = worker::path_error(to); !why.empty())
    throw UsageError{fmt::format("data file \"{}\": its path in the task's folder, \"{}\", {}", file.from, to, why)};
  return {from.string(), std::move(to)};
}

OutputFile checked(const OutputFile& file) {
  check_no_zero_byte(file.from, "the path of an output");
  check_no_zero_byte(file.to, "the place of an output");
  if (const std::string why = worker::pattern_error(file.from); !why.empty())
    throw UsageError{fmt::format("output \"{}\": its path in the task's folder {}", file.from, why)};
  std::error_code error;
  if (file.to.empty()) return {file.from, fs::absolute(fs::path{"."}, error).lexically_normal().string()};
  const bool is_folder = file.to.back() == '/';
  const fs::path to = fs::absolute(file.to, error);
  if (!is_folder && worker::is_pattern(file.from))
    throw UsageError{
        fmt::format("output \"{}\": it may be many files, so its place is a folder: write \"{}/\"", file.from, file.to)};
  if (!is_folder && fs::is_directory(to, error))
    throw UsageError{
        fmt::format("output \"{}\": its place \"{}\" is a folder: to put it there, write \"{}/\"", file.from, file.to, file.to)};
  return {file.from, to.string()};
}

/// Where the files go to, in full. One with an empty `to` gets the folder that its `from` is in.
void check_outputs(std::vector<OutputFile>& outputs) {
  std::set<std::string> places;
  for (OutputFile& output : outputs) {
    const bool keeps_path = output.to.empty();
    output = checked(output);
    if (keeps_path) {
      if (!output.to.ends_with('/')) output.to += '/';
      output.to += worker::folder_of(output.from);
    }
    if (worker::is_pattern(output.from)) continue;
    const std::string place = fs::path{worker::destination(output, output.from)}.lexically_normal();
    if (!places.insert(place).second) throw UsageError{fmt::format("task options: two outputs are to be \"{}\"", place)};
  }
}

/// A limit that nobody lives to see is none: so it may be as long as it likes, and no sum of times comes near the end
/// of the clock.
std::chrono::nanoseconds checked(const char* name, std::chrono::nanoseconds limit) {
  constexpr std::chrono::hours century{24 * 36'525};
  if (limit.count() < 0) throw UsageError{fmt::format("task options: {} is below 0", name)};
  return limit < century ? limit : std::chrono::nanoseconds{0};
}

}  // namespace

TaskOptions checked(const TaskOptions& options) {
  TaskOptions result = options;
  result.soft_limit = checked("soft_limit", options.soft_limit);
  result.hard_limit = checked("hard_limit", options.hard_limit);
  constexpr std::chrono::hours never{24 * 36'525};
  if (options.checkpoint_interval.count() < 0) throw UsageError{"task options: checkpoint_interval is below 0"};
  result.checkpoint_interval = std::min<std::chrono::nanoseconds>(options.checkpoint_interval, never);
  if (result.soft_limit.count() > 0 && result.hard_limit.count() > 0 && result.soft_limit > result.hard_limit)
    throw UsageError{"task options: soft_limit is after hard_limit"};
  if (options.max_losses >= scheduler::Item::most_losses)
    throw UsageError{fmt::format("task options: max_losses is {}; at most {} is possible", options.max_losses,
                                 scheduler::Item::most_losses - 1)};
  std::vector<std::string>& labels = result.needs.labels;
  std::sort(labels.begin(), labels.end());
  labels.erase(std::unique(labels.begin(), labels.end()), labels.end());
  if (!labels.empty() && labels.front().empty()) throw UsageError{"task options: a label of its needs is empty"};
  std::set<std::string> names;
  for (DataFile& file : result.files) {
    file = checked(file);
    if (!names.insert(file.to).second) throw UsageError{fmt::format("task options: two data files are to be \"{}\"", file.to)};
  }
  check_outputs(result.outputs);
  return result;
}

void check(const Program& program, std::string_view input) {
  check_no_zero_byte(program.path, "a program's path");
  for (const std::string& argument : program.args) check_no_zero_byte(argument, "an argument of a program");
  for (const auto& [name, value] : program.environment) {
    check_no_zero_byte(name, "the name of a program's variable");
    check_no_zero_byte(value, "a program's variable");
    if (name.empty() || name.find('=') != std::string::npos)
      throw UsageError{fmt::format("program \"{}\": no variable can be called \"{}\"", program.path, name)};
  }
  check_no_zero_byte(program.working_directory, "a program's working directory");
  for (const auto& [what, path] : {std::pair{"stdin_file", &program.stdin_file}, std::pair{"stdout_file", &program.stdout_file}}) {
    const std::string why = path->empty() ? std::string{} : worker::path_error(*path);
    if (!why.empty())
      throw UsageError{
          fmt::format("program \"{}\": its {}, \"{}\", {}; it is a path in the task's folder", program.path, what, *path, why)};
  }
  if (!program.stdin_file.empty() && !input.empty())
    throw UsageError{fmt::format("program \"{}\" has two inputs: the file \"{}\", and the one that submit_task was given",
                                 program.path, program.stdin_file)};
}

}  // namespace mw::detail

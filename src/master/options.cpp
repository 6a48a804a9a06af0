#include "master/options.hpp"

#include <unistd.h>

#include <filesystem>
#include <set>
#include <system_error>

#include <fmt/format.h>

#include <mw/error.hpp>

#include "scheduler/item.hpp"
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
  if (result.soft_limit.count() > 0 && result.hard_limit.count() > 0 && result.soft_limit > result.hard_limit)
    throw UsageError{"task options: soft_limit is after hard_limit"};
  if (options.max_losses >= scheduler::Item::most_losses)
    throw UsageError{fmt::format("task options: max_losses is {}; at most {} is possible", options.max_losses,
                                 scheduler::Item::most_losses - 1)};
  std::set<std::string> names;
  for (DataFile& file : result.files) {
    file = checked(file);
    if (!names.insert(file.to).second) throw UsageError{fmt::format("task options: two data files are to be \"{}\"", file.to)};
  }
  return result;
}

void check(const Program& program) {
  check_no_zero_byte(program.path, "a program's path");
  for (const std::string& argument : program.args) check_no_zero_byte(argument, "an argument of a program");
}

}  // namespace mw::detail

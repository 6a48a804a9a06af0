#include "boinc/server/preparation.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <exception>

#include <fmt/format.h>

#include "boinc/jobs/bundles.hpp"
#include "boinc/protocol/md5.hpp"
#include "process/file.hpp"
#include "process/unique_fd.hpp"
#include "remote/task_messages.hpp"
#include "worker/task_folder.hpp"

namespace mw::boinc {
namespace {

constexpr std::size_t longest_arguments = std::size_t{900} << 20;

/// What a data file is known by, wherever it lies.
std::string known_as(const CopiedFile& copy) { return copy.md5 + (copy.is_executable ? "x" : ""); }

/// Of what the task is, and of nothing that differs from run to run.
std::string digest_of(wire::Task message, const std::vector<std::string>& files, std::span<const std::byte> arguments) {
  auto& named = message.terms.files;
  auto& shared = message.terms.shared;
  for (std::size_t i = 0; i < named.size(); ++i) named[i].from = "#" + files[i];
  for (std::size_t i = 0; i < shared.size(); ++i) shared[i] = {.size = shared[i].size, .from = "#" + files[named.size() + i]};
  message.arguments = {};
  Bytes head;
  wire::append(head, message);
  Md5 sum;
  sum.update(head.span());
  sum.update(arguments);
  return fmt::format("large {} {}", arguments.size(), sum.hex());
}

PreparedInput write_input(const TaskRef& task, const Prepared& ready, const std::string& path, std::uint64_t most_outputs) {
  wire::Task message = remote::message_of(task);
  message.id = 0;
  message.attempt = 0;
  limit_outputs(message, most_outputs);
  std::vector<std::string> files;
  for (const PreparedFile& one : ready.files) files.push_back(known_as(one.copy));
  for (const auto& one : ready.shared) files.push_back(known_as(one->file.copy));
  PreparedInput input{path, 0, {}, digest_of(message, files, task.arguments())};
  message.arguments = task.arguments();
  BundleWriter bundle{1, false};  // the validator here compares endings, not bytes
  bundle.add(std::move(message), files);
  const Bytes bytes = bundle.take_bytes();
  input.nbytes = static_cast<std::int64_t>(bytes.size());
  input.md5 = md5_hex(bytes.span());
  const process::UniqueFd file{::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600)};
  if (file.get() < 0) throw worker::StagingError{fmt::format("{} cannot be written: {}", path, std::strerror(errno))};
  process::write_all(file.get(), bytes.span(), path);
  // What the database says of it is to be true after a loss of power, too.
  if (::fdatasync(file.get()) != 0) throw worker::StagingError{fmt::format("{} cannot be written: {}", path, std::strerror(errno))};
  return input;
}

}  // namespace

std::vector<std::string> Prepared::paths() const {
  std::vector<std::string> paths;
  for (const PreparedFile& one : files) paths.push_back(one.path);
  if (input) paths.push_back(input->path);
  return paths;
}

std::uint64_t outputs_limit(const Settings& settings) noexcept { return static_cast<std::uint64_t>(settings.max_output) / 4 * 3; }

void limit_outputs(wire::Task& message, std::uint64_t most_outputs) noexcept {
  message.terms.outputs_limit = std::min(message.terms.outputs_limit, most_outputs);
}

bool takes_long_to_prepare(const TaskRef& task) noexcept {
  return task.arguments().size() > large_arguments || !task.options().files.empty();
}

Prepared prepare(const TaskRef& task, const std::string& stem, std::uint64_t most_outputs,
                 std::vector<std::shared_ptr<const SharedCopy>> shared) {
  Prepared ready;
  ready.shared = std::move(shared);
  const std::string input = stem + "_arguments";
  try {
    if (task.arguments().size() > longest_arguments)
      throw worker::StagingError{fmt::format("its arguments have {} bytes; over boinc they may have {}: send them as a data file",
                                             task.arguments().size(), longest_arguments)};
    for (const auto& one : ready.shared)
      if (!one->error.empty()) throw worker::StagingError{one->error};
    for (const DataFile& file : task.options().files) {
      const std::string path = fmt::format("{}_{}", stem, ready.files.size());
      ready.files.push_back({path, copy_file(file.from, path)});
    }
    if (task.arguments().size() > large_arguments) ready.input = write_input(task, ready, input, most_outputs);
  } catch (const std::exception& e) {
    for (const std::string& path : ready.paths()) ::unlink(path.c_str());
    ::unlink(input.c_str());  // on a full disk, its room is needed
    ready = {};
    ready.failure = worker::staging_failed(worker::StagingError{e.what()}).failure;
  }
  return ready;
}

}  // namespace mw::boinc

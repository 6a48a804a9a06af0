#include "run/run_journal.hpp"

#include <algorithm>
#include <exception>
#include <filesystem>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include <mw/codec.hpp>
#include <mw/error.hpp>

#include "log/log.hpp"
#include "process/file.hpp"

namespace mw::run {
namespace {

using journal::JournalFile;

/// All jobs are of this one.
constexpr std::uint64_t function = 1;
constexpr const char* function_name = "mw run";
constexpr std::uintmax_t most_output = std::uintmax_t{64} << 20;

/// What a job's result depends on.
Bytes key_of(const Job& job) {
  auto environment = job.environment;
  std::erase_if(environment, [](const auto& variable) { return variable.first == "MW_RUN_SEQ"; });
  return encode(job.words, job.places, job.for_shell, job.input, job.folder, environment);
}

/// With what is in its files; nothing if that is too much.
std::optional<Ran> whole(const Ran& ran) {
  Ran copy = ran;
  for (const auto& [file, text] : {std::pair{&copy.out_file, &copy.out}, std::pair{&copy.err_file, &copy.err}}) {
    if (file->empty()) continue;
    std::error_code error;
    if (std::filesystem::file_size(*file, error) > most_output || error) return std::nullopt;
    *text += process::read_text_file(*file);
    file->clear();
  }
  return copy;
}

journal::Index index_of(JournalFile& file) {
  journal::IndexBuilder builder;
  std::uint64_t damaged = 0;
  file.each_block([&](const journal::Block& block) { builder.add(block); }, [&](std::uint64_t, const std::string&) { ++damaged; });
  if (damaged != 0)
    log::warn(fmt::format("the journal {} is damaged: {} of its blocks are not whole, and the jobs that they had run again",
                          file.path(), damaged));
  return builder.finish();
}

}  // namespace

RunJournal::RunJournal(const std::string& path)
    : lock_{path},
      file_{std::make_unique<JournalFile>(journal::real_path(std::filesystem::absolute(path)))},
      index_{index_of(*file_)} {
  const auto functions = file_->functions();
  if (std::any_of(functions.begin(), functions.end(), [](const auto& one) { return one.second != function_name; }))
    throw JournalError{fmt::format("{} is the journal of another program: give mw run one of its own", path)};
  auto file = std::make_unique<JournalFile>(file_->path(), false);
  const std::uint64_t run = file->begin_run(journal::run_of_this_process(function_name));
  writer_ = std::make_unique<journal::Writer>(std::move(file), run, journal::Writer::Terms{});
  if (functions.empty()) writer_->add_function(function, function_name);
}

std::optional<Ran> RunJournal::find(std::uint64_t number, const Job& job, const std::vector<std::string>& outputs) {
  const Bytes key = key_of(job);
  const journal::Digest digest = journal::digest_of(file_->secret(), key.span());
  const journal::Index::Taken taken = index_.take(digest);
  const auto is_there = [](const std::string& path) {
    std::error_code error;
    return path.find_first_of("*?[") != std::string::npos || std::filesystem::exists(path, error);
  };
  if (taken.position && std::all_of(outputs.begin(), outputs.end(), is_there))
    if (auto ran = read(*taken.position)) return ran;
  writer_->submitted({.id = number, .function = function, .digest = digest, .occurrence = taken.occurrence});
  return std::nullopt;
}

std::optional<Ran> RunJournal::read(const journal::Position& position) {
  try {
    const auto block = file_->block(position.block);
    const journal::Entry entry = journal::entry_at(block, position.offset);
    if (const auto* const finished = std::get_if<journal::Finished>(&entry))
      return decode<Ran>(file_->read(finished->value).span());
  } catch (const std::exception& e) {
    log::warn(fmt::format("the journal {} is damaged, and a job runs again: {}", file_->path(), e.what()));
  }
  return std::nullopt;
}

void RunJournal::ended(std::uint64_t number, const Ran& ran) {
  const auto copy = whole(ran);
  if (!copy) return;
  const auto bytes = std::make_shared<Bytes>(encode(*copy));
  writer_->finished(number, static_cast<std::uint64_t>(std::max<std::int64_t>(ran.ran_ns, 0)), bytes->span(), {}, {}, bytes);
}

}  // namespace mw::run

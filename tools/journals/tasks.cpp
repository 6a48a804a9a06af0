#include "journals/tasks.hpp"

#include <unordered_map>
#include <utility>

#include <mw/error.hpp>

namespace mw::tool {
namespace {

class Walk {
 public:
  explicit Walk(const std::function<void(const TaskOfRun&)>& call) : call_{call} {}

  void add(const journal::Block& block) {
    if (block.run != run_) end_run();
    run_ = block.run;
    journal::each(block.bytes, block.base, [&](const journal::Entry& entry, std::size_t offset) {
      note(entry, {block.number, offset});
    });
  }
  void end_run() {
    for (const auto& [id, submitted] : open_) call_({.run = run_, .submitted = submitted});
    open_.clear();
  }

 private:
  void note(const journal::Entry& entry, const journal::Position& position) {
    if (const auto* const submitted = std::get_if<journal::Submitted>(&entry)) {
      open_[submitted->id] = *submitted;
      return;
    }
    TaskOfRun task{.run = run_, .submitted = {}, .position = position};
    if (const auto* const finished = std::get_if<journal::Finished>(&entry)) {
      task.end = End::finished;
      task.finished = *finished;
      task.submitted = take(finished->id);
    } else {
      task.end = End::failed;
      task.failed = std::get<journal::Failed>(entry);
      task.submitted = take(task.failed.id);
    }
    call_(task);
  }
  journal::Submitted take(std::uint64_t id) {
    auto node = open_.extract(id);
    return node ? std::move(node.mapped()) : journal::Submitted{.id = id};
  }

  const std::function<void(const TaskOfRun&)>& call_;
  std::uint64_t run_ = 0;
  std::unordered_map<std::uint64_t, journal::Submitted> open_;
};

}  // namespace

std::string_view to_string(End end) noexcept {
  switch (end) {
    case End::finished: return "finished";
    case End::failed: return "failed";
    default: return "open";
  }
}

void walk(journal::JournalFile& file, const std::function<void(const TaskOfRun&)>& call, const Damaged& damaged, bool is_damaged) {
  Walk walk{call};
  const auto add = [&](const journal::Block& block) { walk.add(block); };
  if (is_damaged)
    file.each_block_left(add, damaged);
  else
    file.each_block(add, damaged);
  walk.end_run();
}

std::map<std::uint64_t, std::string> functions_of(journal::JournalFile& file) {
  std::map<std::uint64_t, std::string> names;
  for (auto& [number, name] : file.functions()) names.emplace(number, std::move(name));
  return names;
}

}  // namespace mw::tool

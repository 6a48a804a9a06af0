#include <mw/detail/task_group.hpp>

#include <unordered_map>

#include <fmt/format.h>

#include "master/core.hpp"
#include "master/options.hpp"

namespace mw::detail {

struct TaskGroup::Inside {
  explicit Inside(MasterCore& master) : core{master} {}
  ~Inside() {
    if (core.is_in_forked_process()) return;
    std::vector<RecordPtr> open;
    for (auto& [index, record] : members) open.push_back(record);
    core.completions().leave(group, open);
    for (auto& [index, record] : submitted) core.cancel(*record);
  }
  Inside(const Inside&) = delete;
  Inside& operator=(const Inside&) = delete;

  std::optional<Entry> given(CompletionGroup::Entry entry) {
    if (!entry.record) return std::nullopt;
    members.erase(entry.index);
    submitted.erase(entry.index);
    return Entry{std::move(entry.record), entry.index};
  }

  MasterCore& core;
  CompletionGroup group;
  std::unordered_map<std::size_t, RecordPtr> members;
  std::unordered_map<std::size_t, RecordPtr> submitted;
};

TaskGroup::TaskGroup(MasterCore& core) : inside_{std::make_unique<Inside>(core)} {}
TaskGroup::~TaskGroup() = default;
TaskGroup::TaskGroup(TaskGroup&&) noexcept = default;
TaskGroup& TaskGroup::operator=(TaskGroup&&) noexcept = default;

void TaskGroup::join(const RecordPtr& record, std::size_t index) {
  inside_->core.check_owner(record.get());
  if (!inside_->core.completions().join(inside_->group, record, index))
    throw UsageError{
        fmt::format("as_completed: task {} ({}) is in another as_completed that is not over", record->id, record->name())};
  inside_->members.emplace(index, record);
}

void TaskGroup::submit(const FunctionEntry& function, Bytes arguments, const TaskOptions& options, std::size_t index) {
  auto extra = std::make_unique<TaskExtra>();
  extra->options = checked(options);
  RecordPtr record = inside_->core.submit(function, std::move(arguments), std::move(extra), Listing::hidden);
  inside_->core.completions().join(inside_->group, record, index);
  inside_->members.emplace(index, record);
  inside_->submitted.emplace(index, std::move(record));
}

std::optional<TaskGroup::Entry> TaskGroup::next() {
  auto entry = inside_->given(inside_->core.completions().wait_for_next(inside_->group));
  if (!entry && !inside_->members.empty())
    throw Error{fmt::format("{} tasks of a list were not done, and none of them is on its way: that is an error of CppMW",
                            inside_->members.size())};
  return entry;
}

std::optional<TaskGroup::Entry> TaskGroup::try_next() {
  return inside_->given(inside_->core.completions().try_next(inside_->group));
}

std::size_t TaskGroup::slots() const { return std::max<std::size_t>(inside_->core.slots(), 1); }

}  // namespace mw::detail

#include <mw/detail/task_group.hpp>

#include <unordered_map>

#include <fmt/format.h>

#include "master/core.hpp"
#include "master/options.hpp"

namespace mw::detail {

struct TaskGroup::Impl {
  explicit Impl(MasterCore& master) : core{master} {}
  ~Impl() {
    if (core.is_in_forked_process()) return;
    std::vector<RecordPtr> open;
    for (auto& [index, record] : members) open.push_back(record);
    core.completions().leave(group, open);
    for (auto& [index, record] : submitted) core.cancel(*record);
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  std::optional<Entry> given(CompletionGroup::Entry entry) {
    if (!entry.record) return std::nullopt;
    members.erase(entry.index);
    submitted.erase(entry.index);
    return Entry{std::move(entry.record), entry.index};
  }

  /// Which map() this group is for the journal.
  std::uint64_t map_of(const FunctionEntry& function) {
    if (!map) map = core.map_number(function);
    return *map;
  }

  MasterCore& core;
  CompletionGroup group;
  std::optional<std::uint64_t> map;
  std::unordered_map<std::size_t, RecordPtr> members;
  std::unordered_map<std::size_t, RecordPtr> submitted;
};

TaskGroup::TaskGroup(MasterCore& core) : impl_{std::make_unique<Impl>(core)} {}
TaskGroup::~TaskGroup() = default;
TaskGroup::TaskGroup(TaskGroup&&) noexcept = default;
TaskGroup& TaskGroup::operator=(TaskGroup&&) noexcept = default;

void TaskGroup::join(const RecordPtr& record, std::size_t index) {
  impl_->core.check_owner(record.get());
  if (!impl_->core.completions().join(impl_->group, record, index))
    throw UsageError{
        fmt::format("as_completed: task {} ({}) is in another as_completed that is not over", record->id, record->name())};
  impl_->members.emplace(index, record);
}

void TaskGroup::submit(const FunctionEntry& function, EncodedArguments arguments, const TaskOptions& options, std::size_t index,
                       std::uint64_t first, std::uint64_t inputs) {
  auto extra = std::make_unique<TaskExtra>();
  extra->options = checked(options);
  if (inputs != 0 && impl_->core.has_journal()) {
    extra->map = impl_->map_of(function);
    extra->first_input = first;
    extra->inputs = inputs;
  }
  RecordPtr record = impl_->core.submit(function, std::move(arguments), std::move(extra), Listing::hidden);
  impl_->core.completions().join(impl_->group, record, index);
  impl_->members.emplace(index, record);
  impl_->submitted.emplace(index, std::move(record));
}

std::optional<TaskGroup::Entry> TaskGroup::next(const Deadline& deadline) {
  auto entry = impl_->given(impl_->core.completions().wait_for_next(impl_->group, deadline));
  if (!entry && !impl_->members.empty())
    throw Error{fmt::format("{} tasks of a list were not done, and none of them is on its way: that is an error of CppMW",
                            impl_->members.size())};
  return entry;
}

std::optional<TaskGroup::Entry> TaskGroup::try_next() { return impl_->given(impl_->core.completions().try_next(impl_->group)); }

bool TaskGroup::wait(const Deadline& deadline) { return impl_->core.completions().wait(impl_->group, deadline); }

std::optional<std::chrono::steady_clock::time_point> TaskGroup::start_time(std::size_t index) const {
  const auto place = impl_->submitted.find(index);
  if (place == impl_->submitted.end() || place->second->state.load(std::memory_order_acquire) != TaskState::running)
    return std::nullopt;
  return std::chrono::steady_clock::time_point{std::chrono::nanoseconds{place->second->start_ns.load(std::memory_order_acquire)}};
}

void TaskGroup::split(std::size_t index) {
  if (const auto place = impl_->submitted.find(index); place != impl_->submitted.end()) impl_->core.split(*place->second);
}

std::optional<TaskGroup::Split> TaskGroup::take_split() {
  const auto split = impl_->core.completions().take_split(impl_->group);
  return split ? std::optional{Split{split->index, split->kept}} : std::nullopt;
}

std::uint64_t TaskGroup::inputs_before(const FunctionEntry& function, std::uint64_t first) {
  return impl_->core.has_journal() ? impl_->core.inputs_at(function, impl_->map_of(function), first) : 0;
}

std::size_t TaskGroup::slots() const { return std::max<std::size_t>(impl_->core.slots(), 1); }

}  // namespace mw::detail

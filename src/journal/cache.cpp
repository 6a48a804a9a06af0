#include "journal/cache.hpp"

#include <algorithm>
#include <exception>
#include <utility>

#include <fmt/format.h>

#include "journal/outputs.hpp"
#include "log/log.hpp"
#include "process/build.hpp"

namespace mw::journal {

using detail::TaskRecord;

Cache::Cache(const CacheOptions& options, const detail::StartCall& start)
    : functions_{options.functions},
      build_{process::own_build()},
      file_{options.path},
      digester_{file_.secret(), start},
      writer_{options.path, options.limits} {}

bool Cache::is_wanted(const TaskRecord& task) const noexcept {
  if (!task.options().remember || task.find_parts()) return false;
  return functions_.empty() || std::find(functions_.begin(), functions_.end(), task.function->id()) != functions_.end();
}

core::KnownResults::Known Cache::find(const TaskRecord& task) noexcept {
  if (!is_wanted(task)) return {};
  try {
    const Digest digest = digester_.of(task);
    auto kept = file_.find(digest, build_);
    if (kept && are_outputs_there(task)) {
      if (kept->is_old) writer_.used(digest);
      found_.fetch_add(1, std::memory_order_relaxed);
      return {.outcome = std::move(kept->outcome)};
    }
    running_.insert_or_assign(task.id, digest);
  } catch (const std::exception& e) {
    if (!std::exchange(has_warned_, true))
      log::warn(fmt::format("the cache {} cannot be read, and what it may know runs: {}", file_.path(), e.what()));
  }
  return {};
}

void Cache::ended(const TaskRecord& task, TaskState state, const core::Moment&) noexcept {
  const auto node = running_.extract(task.id);
  if (!node || state != TaskState::finished || task.find_parts()) return;
  const detail::TaskExtra* const extra = task.find_extra();
  writer_.keep({node.mapped(), build_, std::string{task.function->name()}, static_cast<std::uint64_t>(task.run_ns),
                extra ? extra->out : std::string{}, extra ? extra->err : std::string{}, RecordPtr{const_cast<TaskRecord*>(&task)}});
}

}  // namespace mw::journal

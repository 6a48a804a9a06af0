#include "worker/run_on_terms.hpp"

#include <chrono>
#include <new>
#include <optional>

#include "worker/find_outputs.hpp"
#include "worker/live_output.hpp"
#include "worker/take_outputs.hpp"
#include "worker/task_folder.hpp"

namespace mw::worker {
namespace {

Limits limits_of(const wire::Terms& terms) {
  return {std::chrono::nanoseconds{static_cast<std::int64_t>(terms.soft_limit_ns)},
          std::chrono::nanoseconds{static_cast<std::int64_t>(terms.hard_limit_ns)}, terms.memory_limit};
}

Outcome limited(const Limits& terms, bool emits_stdout, Scope scope, const std::function<Outcome()>& call) {
  const TaskLimits limits{terms, scope};
  std::optional<LiveOutput> live;
  if (emits_stdout) live.emplace(scope);
  Outcome outcome = call();
  live.reset();
  limits.explain(outcome);
  return outcome;
}

/// In place of a result: a task has its files and its value, or neither.
void fail(Outcome& outcome, std::string why) {
  outcome.value = Bytes{};
  outcome.failure.emplace();
  outcome.failure->cause = Cause::output_file;
  outcome.failure->message = std::move(why);
}

}  // namespace

Outcome run_on_terms(const wire::Terms& terms, Scope scope, const std::function<Outcome()>& call) {
  try {
    std::optional<TaskFolder> folder;
    if (terms.has_folder()) folder.emplace(terms.files);
    Outcome outcome = limited(limits_of(terms), terms.emit_stdout, scope, call);
    if (terms.outputs.empty() || outcome.failure) return outcome;
    try {
      folder->enter_again();
      take_outputs(terms, outcome.value);
    } catch (const OutputError& e) {
      fail(outcome, e.what());
    } catch (const std::bad_alloc&) {
      fail(outcome, "its output files do not fit into the worker's memory");
    }
    return outcome;
  } catch (const StagingError& e) {
    return staging_failed(e);
  }
}

}  // namespace mw::worker

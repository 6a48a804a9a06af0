// What the tests of multicore have in common: a host that has the loop, and writes down what it hears.
#pragma once

#include <catch2/catch.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include <mw/detail/task_access.hpp>
#include <mw/multicore.hpp>
#include <mw/mw.hpp>

#include "support/task_refs.hpp"

namespace test {

/// A host whose loop runs only while a test waits for something.
class LoopHost final : public mw::InterfaceHost {
 public:
  void task_started(const mw::TaskRef& task, mw::WorkerId worker) override { say("started {} on {}", task.id(), index_of(worker)); }
  void task_progress(const mw::TaskRef& task, double fraction) override { say("progress {} {}", task.id(), fraction); }
  void task_part(const mw::TaskRef& task, mw::Bytes value) override { say("part of {}: {} bytes", task.id(), value.size()); }
  void task_checkpoint(const mw::TaskRef& task, mw::Bytes state) override {
    say("checkpoint of {}: {} bytes", task.id(), state.size());
  }
  void task_finished(const mw::TaskRef& task, mw::Outcome outcome) override {
    say("finished {}", task.id());
    outcomes.push_back(std::move(outcome));
  }
  void task_lost(const mw::TaskRef& task, mw::Outcome) override { say("lost {}", task.id()); }
  void task_returned(const mw::TaskRef& task) override { say("returned {}", task.id()); }
  void task_split(const mw::TaskRef& task, std::uint32_t kept) override { say("split {}, which keeps {}", task.id(), kept); }
  mw::WorkerId worker_joined(mw::WorkerInfo info) override {
    say("joined {}", info.name);
    joined.push_back(std::move(info));
    return mw::WorkerId{static_cast<std::uint32_t>(joined.size())};
  }
  void worker_leaves(mw::WorkerId) override {}
  void worker_rests(mw::WorkerId, bool) override {}
  void worker_left(mw::WorkerId worker, std::vector<mw::LostTask> lost) override {
    std::string ids;
    for (const mw::LostTask& one : lost) ids += fmt::format(" {}", one.task.id());
    say("left {}, lost{}", index_of(worker), ids.empty() ? " none" : ids);
    for (mw::LostTask& one : lost) losses.push_back(std::move(one.outcome));
  }
  void no_worker_possible(std::string why) override { say("no worker possible: {}", why); }
  void interface_failed(std::string why) override { say("failed: {}", why); }
  void room_available() override { say("room"); }
  std::size_t tasks_waiting() const override { return 0; }
  bool is_needed(mw::WorkerId) const override { return false; }
  void post(std::function<void()> call) override { boost::asio::post(loop, std::move(call)); }
  void post_to_thread(std::function<void()> call) override {
    ++calls_in_thread;
    boost::asio::post(loop, std::move(call));
  }
  boost::asio::io_context& io() override { return loop; }

  template <class... Values>
  void say(fmt::format_string<Values...> form, Values&&... values) {
    words.push_back(fmt::format(form, std::forward<Values>(values)...));
  }
  /// What it has heard since it was asked the last time.
  std::vector<std::string> said() { return std::exchange(words, {}); }
  bool has_heard(const std::string& word) const { return std::find(words.begin(), words.end(), word) != words.end(); }

  /// Runs the loop until it is so; false if it does not come to that.
  bool run_until(const std::function<bool()>& condition) {
    const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds{20};
    while (!condition() && std::chrono::steady_clock::now() < limit) {
      loop.restart();
      loop.run_one_for(std::chrono::milliseconds{10});
    }
    return condition();
  }
  bool hears(const std::string& word) {
    return run_until([&] { return has_heard(word); });
  }

  boost::asio::io_context loop;
  std::vector<std::string> words;
  std::vector<mw::WorkerInfo> joined;  ///< worker N is N - 1 here
  std::vector<mw::Outcome> outcomes;   ///< of tasks that have finished, in this order
  std::vector<mw::Outcome> losses;
  int calls_in_thread = 0;
};

/// A task of this function, with a number of the test's own.
template <auto F, class... Arguments>
mw::TaskRef numbered_task(std::uint64_t id, const Arguments&... arguments) {
  const mw::TaskRef task = TaskMaker{mw::detail::Registered<F>::checked()}.make(mw::encode(arguments...));
  mw::TaskAccess::record(task)->id = id;
  return task;
}

}  // namespace test

// What the tests of the pool have in common: members that do what a test tells them.
#pragma once

#include <catch2/catch.hpp>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <mw/mw.hpp>

#include "support/processes.hpp"

namespace test {

/// What a test sees of a member, which the pool owns; it outlives both.
struct Controls {
  explicit Controls(std::string its_name = "eel") : name{std::move(its_name)} {}

  std::string name;
  unsigned workers = 1;       ///< that it announces when it starts
  bool finishes = true;       ///< what it is given it runs at once; else it keeps it
  std::string fails_with;     ///< what start() throws
  bool stops_at_once = true;  ///< else when a test calls `stopped`
  mw::StatusMap status;
  std::string status_throws;
  std::vector<mw::WorkerReport> reports;
  std::uint32_t expected = 1;

  mw::InterfaceHost* host = nullptr;
  std::function<void()> stopped;
  mutable std::mutex mutex;
  std::vector<mw::WorkerId> ids;
  std::vector<mw::TaskRef> held;
  std::map<std::string, int> calls;

  void count(const std::string& call) {
    std::lock_guard lock{mutex};
    ++calls[call];
  }
  int calls_of(const std::string& call) const {
    std::lock_guard lock{mutex};
    const auto place = calls.find(call);
    return place == calls.end() ? 0 : place->second;
  }
  mw::WorkerId join() {
    std::lock_guard lock{mutex};  // as an interface does that announces workers in a thread of its own
    const std::string number = std::to_string(ids.size() + 1);
    ids.push_back(host->worker_joined({.name = name + " worker " + number, .host = "reef"}));
    return ids.back();
  }
  bool has(mw::WorkerId worker) const {
    std::lock_guard lock{mutex};
    return std::find(ids.begin(), ids.end(), worker) != ids.end();
  }
  std::vector<mw::TaskRef> tasks() const {
    std::lock_guard lock{mutex};
    return held;
  }
};
using ControlsPtr = std::shared_ptr<Controls>;

class FakeMember final : public mw::Interface {
 public:
  explicit FakeMember(ControlsPtr controls) : its_{std::move(controls)} {}

  mw::Scheduling scheduling() const override { return mw::Scheduling::by_master; }
  std::string name() const override { return its_->name; }
  std::uint32_t expected_slots() const noexcept override { return its_->expected; }
  void start() override {
    its_->count("start");
    its_->host = &host();
    for (unsigned i = 0; i < its_->workers; ++i) its_->join();
    if (!its_->fails_with.empty()) throw mw::InterfaceError{its_->fails_with};
  }
  void execute_task(const mw::TaskRef& task, mw::WorkerId worker) override {
    its_->count("execute");
    if (!its_->has(worker)) throw std::logic_error{"a worker of another member"};
    host().task_started(task, worker);
    if (its_->finishes) return host().task_finished(task, mw::run_here(task));
    std::lock_guard lock{its_->mutex};
    its_->held.push_back(task);
  }
  bool revoke_task(const mw::TaskRef&, mw::WorkerId worker) override {
    its_->count(its_->has(worker) ? "revoke" : "wrong");
    return false;
  }
  void abort_task(const mw::TaskRef& task, mw::WorkerId worker) override {
    its_->count(its_->has(worker) ? "abort" : "wrong");
    host().task_finished(task, {});
  }
  void forget_shared(std::uint64_t) override { its_->count("forget"); }
  void flush() override { its_->count("flush"); }
  mw::StatusMap get_status() override {
    if (!its_->status_throws.empty()) throw std::runtime_error{its_->status_throws};
    return its_->status;
  }
  std::vector<mw::WorkerReport> report_workers() override { return its_->reports; }
  void stop(std::function<void()> stopped) override {
    its_->count("stop");
    its_->stopped = stopped;
    if (its_->stops_at_once) stopped();
  }

 private:
  ControlsPtr its_;
};

inline ControlsPtr controls(const std::string& name) { return std::make_shared<Controls>(name); }

/// A pool of such members.
inline std::unique_ptr<mw::Interface> pool_of(const std::vector<ControlsPtr>& members) {
  std::vector<std::unique_ptr<mw::Interface>> list;
  for (const ControlsPtr& one : members) list.push_back(std::make_unique<FakeMember>(one));
  return std::make_unique<mw::PoolInterface>(std::move(list));
}

}  // namespace test

// What the numbers in records stand for.
//
// What:    names of tasks, and what is known of workers. They are few: told once, and asked for once.
// Owner:   copies.
// Threads: one tells, another asks; at the same time.
// Use:
//     const std::string name = names.tasks.name(number);
#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <unordered_map>
#include <utility>

#include "core/task_names.hpp"

namespace mw::trace {

struct Worker {
  std::string name;
  std::string host;
  std::uint32_t slots = 1;
};

class Names {
 public:
  core::TaskNames tasks;

  void add_worker(std::uint32_t number, Worker worker) {
    const std::lock_guard lock{mutex_};
    workers_[number] = std::move(worker);
  }

  Worker worker(std::uint32_t number) const {
    const std::lock_guard lock{mutex_};
    const auto place = workers_.find(number);
    return place == workers_.end() ? Worker{} : place->second;
  }
  /// Nothing more is asked of it.
  void forget_worker(std::uint32_t number) {
    const std::lock_guard lock{mutex_};
    workers_.erase(number);
  }

 private:
  mutable std::mutex mutex_;
  std::unordered_map<std::uint32_t, Worker> workers_;
};

}  // namespace mw::trace

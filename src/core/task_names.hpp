// What tasks are called, by number: for records that have no room for a name.
//
// What:    a task's own name, if it has one and there are not too many of them, else its function's. Each is told once.
// Owner:   copies.
// Threads: number_of() and add() are the machine's; another thread may ask at the same time.
// Use:
//     record.name = names.number_of(task);                   // the machine's
//     text += names.name(record.name);                       // whoever reads the record
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/record.hpp"

namespace mw::core {

class TaskNames {
 public:
  /// Own names beyond are those of the functions.
  static constexpr std::size_t most_own = 1'000;

  std::uint32_t number_of(const detail::TaskRecord& task) {
    const std::string& own = task.options().name;
    if (own.empty()) return number_of_function(task);
    if (const auto place = own_.find(own); place != own_.end()) return place->second;
    return own_.size() < most_own ? own_[own] = add(own) : number_of_function(task);
  }
  std::uint32_t add(std::string name) {
    const std::lock_guard lock{mutex_};
    names_.push_back(std::move(name));
    return static_cast<std::uint32_t>(names_.size() - 1);
  }

  /// Empty if there is none.
  std::string name(std::uint32_t number) const {
    const std::lock_guard lock{mutex_};
    return number < names_.size() ? names_[number] : std::string{};
  }
  /// All from this number on.
  std::vector<std::string> from(std::size_t number) const {
    const std::lock_guard lock{mutex_};
    if (number >= names_.size()) return {};
    return {names_.begin() + static_cast<std::ptrdiff_t>(number), names_.end()};
  }

 private:
  struct Known {
    const detail::FunctionEntry* function = nullptr;
    std::uint32_t number = 0;
  };

  /// From the 65,536th on, functions share a kind.
  std::uint32_t number_of_function(const detail::TaskRecord& task) {
    if (by_kind_.size() <= task.kind) by_kind_.resize(task.kind + std::size_t{1});
    Known& known = by_kind_[task.kind];
    if (known.function == task.function) return known.number;
    if (!known.function) return (known = {task.function, add(std::string{task.function->name()})}).number;
    const auto [place, is_new] = others_.try_emplace(task.function);
    if (is_new) place->second = add(std::string{task.function->name()});
    return place->second;
  }

  std::vector<Known> by_kind_;
  std::unordered_map<const detail::FunctionEntry*, std::uint32_t> others_;
  std::unordered_map<std::string, std::uint32_t> own_;
  mutable std::mutex mutex_;
  std::deque<std::string> names_;
};

}  // namespace mw::core

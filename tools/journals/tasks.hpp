// The tasks that a journal tells of.
//
// What:    walk() goes through a journal and calls with each task when it has come to its end there, or, if it has not,
//          at the end of its run. It holds only those in between.
// Owner:   what is given refers to the block that is read.
// Threads: one at a time.
// Use:
//     walk(file, [&](const TaskOfRun& task) { … }, damaged);
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "journal/file.hpp"
#include "journal/index.hpp"

namespace mw::tool {

enum class End : std::uint8_t { finished, failed, open };

std::string_view to_string(End end) noexcept;

struct TaskOfRun {
  std::uint64_t run = 0;
  journal::Submitted submitted;  ///< function 0 where the block with its submission is damaged
  End end = End::open;
  journal::Finished finished = {};
  journal::Failed failed = {};
  journal::Position position = {};  ///< of the entry that ends it
};

using Damaged = std::function<void(std::uint64_t block, const std::string& why)>;

/// `is_damaged`: the database itself is; blocks are read one by one. Throws JournalError.
void walk(journal::JournalFile& file, const std::function<void(const TaskOfRun&)>& call, const Damaged& damaged,
          bool is_damaged = false);

/// Names by number.
std::map<std::uint64_t, std::string> functions_of(journal::JournalFile& file);

}  // namespace mw::tool

// The shared values that this worker process has.
//
// What:    opens a value with the first task that takes it, and keeps it, with the object that it decodes to, until the
//          master says that nobody needs it any more.
// Owner:   a value that a task has kept a handle to lives on with that.
// Threads: one at a time.
// Use:
//     const detail::SharedList values = shared.find(task.terms.shared);           // throws InterfaceError
//     detail::SharedScope scope{values};  outcome = execute(…);
//     shared.forget(number);
#pragma once

#include <cstdint>
#include <memory>
#include <unordered_map>
#include <vector>

#include <mw/detail/archive.hpp>
#include <mw/error.hpp>
#include <mw/shared_input.hpp>

namespace mw::memory {
class SharedFile;
}

namespace mw::worker {

class SharedValues {
 public:
  /// In the order in which they are named. Throws as memory::SharedFile::open().
  detail::SharedList find(const std::vector<SharedInput>& inputs);
  void forget(std::uint64_t number) noexcept { values_.erase(number); }

 private:
  std::unordered_map<std::uint64_t, std::shared_ptr<memory::SharedFile>> values_;
};

/// How a task ended whose shared values are not to be had.
Failure shared_values_failed(const InterfaceError& error);

}  // namespace mw::worker

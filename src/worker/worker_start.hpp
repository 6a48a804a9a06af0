// The call that each new worker makes before its tasks: MasterOptions::worker_start.
//
// What:    a task that brings a start call names it as the last of its shared values, behind the shared values of that
//          call's own arguments. A process makes each such call once.
// Owner:   nothing but what it remembers of the calls.
// Threads: any; who comes while the call is being made waits for its end.
// Use:
//     if (const auto failure = starts.make(number_of_call, own_values)) report(*failure);
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>

#include <mw/detail/archive.hpp>
#include <mw/error.hpp>

namespace mw::worker {

class WorkerStart {
 public:
  /// `values`: those of its arguments, then the call itself, whose number it is known by. How it failed, also when it
  /// was made before; nothing if it went well.
  std::optional<Failure> make(std::uint64_t number, mw::detail::SharedList values);
  bool was_made(std::uint64_t number) const;

 private:
  mutable std::mutex mutex_;
  std::map<std::uint64_t, std::optional<Failure>> made_;
};

}  // namespace mw::worker

// Copies of shared values, for volunteers.
//
// What:    a shared value becomes a data file of the project, once, however many tasks take it.
// Owner:   the file is the caller's when it was made.
// Threads: the server's. Copies are made in the side thread, in the order in which they were asked for, so that what is
//          done there afterwards finds them.
// Use:
//     const std::vector<std::shared_ptr<const SharedCopy>> copies = shared.of(task);
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <mw/detail/archive.hpp>
#include <mw/interface.hpp>

#include "boinc/server/preparation.hpp"
#include "boinc/server/side_thread.hpp"

namespace mw::boinc {

class SharedCopies {
 public:
  /// `stem` is what the files' names begin with. `store` is called for each copy on the loop, and returns its number in
  /// the project; it sees to a transaction, if there is none (`in_one`).
  using Store = std::function<std::string(const PreparedFile& file, bool in_one)>;
  SharedCopies(SideThread& side, std::string stem, Store store) : side_{side}, stem_{std::move(stem)}, store_{std::move(store)} {}

  /// Those of the task's shared values, in its order; they may be on their way. To be called inside a transaction.
  std::vector<std::shared_ptr<const SharedCopy>> of(const TaskRef& task);

 private:
  std::shared_ptr<SharedCopy> make(const mw::detail::SharedPtr& value, const SharedInput& input);
  void drop_gone();

  struct Known {
    std::weak_ptr<const mw::detail::SharedValue> value;
    std::shared_ptr<SharedCopy> copy;
  };

  SideThread& side_;
  const std::string stem_;
  const Store store_;
  std::map<std::uint64_t, Known> known_;  ///< by the value's number
  std::size_t looked_at_from_ = 64;
  std::uint64_t made_ = 0;
};

}  // namespace mw::boinc

// Tasks as backends see them, without a master.
#pragma once

#include <memory>
#include <utility>

#include <mw/detail/task_access.hpp>
#include <mw/interface.hpp>

#include "core/record.hpp"

namespace test {

/// Makes tasks of one function, numbered from 1.
class TaskMaker {
 public:
  explicit TaskMaker(const mw::detail::FunctionEntry& function) : function_{function} {}

  mw::TaskRef make(mw::Bytes arguments, mw::TaskOptions options = {}, std::uint32_t attempt = 1,
                   mw::detail::SharedList shared = {}) {
    auto record = mw::RecordPtr{new mw::detail::TaskRecord{function_, std::move(arguments), *directory_}, false};
    record->id = ++last_;
    auto extra = std::make_unique<mw::detail::TaskExtra>();
    extra->options = std::move(options);
    extra->shared = std::move(shared);
    record->extra = extra.release();
    return mw::TaskAccess::make(std::move(record), attempt);
  }
  /// For the names of workers.
  mw::detail::WorkerDirectory& directory() noexcept { return *directory_; }

 private:
  const mw::detail::FunctionEntry& function_;
  const boost::intrusive_ptr<mw::detail::WorkerDirectory> directory_{new mw::detail::WorkerDirectory{{"worker", "host"}}};
  std::uint64_t last_ = 0;
};

}  // namespace test

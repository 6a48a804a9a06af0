// A counted reference to a task's record.
//
// What:    the record is the master's; handles and backends share it by this pointer.
// Owner:   the last RecordPtr frees the record.
// Threads: the count is atomic; a RecordPtr itself belongs to one thread at a time.
// Use:     internal.
#pragma once

#include <boost/smart_ptr/intrusive_ptr.hpp>

namespace mw {

namespace detail {
struct TaskRecord;
/// Any thread. The last intrusive_ptr_release() deletes the record.
void intrusive_ptr_add_ref(TaskRecord* record) noexcept;
void intrusive_ptr_release(TaskRecord* record) noexcept;
}  // namespace detail

/// Null, or one reference.
using RecordPtr = boost::intrusive_ptr<detail::TaskRecord>;

}  // namespace mw

// A counted reference to a task's record.
//
// What:    the record is the master's; handles and backends share it by this pointer.
// Owner:   the last RecordPtr frees the record.
// Threads: the count is atomic; a RecordPtr itself belongs to one thread at a time.
// Use:     internal.
#pragma once

#include <utility>

namespace mw::detail {

struct TaskRecord;
/// Any thread. The last release_reference() deletes the record.
void add_reference(TaskRecord* record) noexcept;
void release_reference(TaskRecord* record) noexcept;

/// Null, or one reference.
class RecordPtr {
 public:
  RecordPtr() = default;
  /// Takes over one reference that the caller holds.
  static RecordPtr adopt(TaskRecord* record) noexcept {
    RecordPtr pointer;
    pointer.record_ = record;
    return pointer;
  }
  /// Adds a reference.
  static RecordPtr share(TaskRecord* record) noexcept {
    if (record) add_reference(record);
    return adopt(record);
  }
  RecordPtr(const RecordPtr& other) noexcept : record_{other.record_} {
    if (record_) add_reference(record_);
  }
  RecordPtr(RecordPtr&& other) noexcept : record_{std::exchange(other.record_, nullptr)} {}
  RecordPtr& operator=(RecordPtr other) noexcept {
    std::swap(record_, other.record_);
    return *this;
  }
  ~RecordPtr() {
    if (record_) release_reference(record_);
  }

  TaskRecord* get() const noexcept { return record_; }
  TaskRecord& operator*() const noexcept { return *record_; }
  TaskRecord* operator->() const noexcept { return record_; }
  explicit operator bool() const noexcept { return record_ != nullptr; }
  /// Gives the reference to the caller, and is null then.
  TaskRecord* detach() noexcept { return std::exchange(record_, nullptr); }
  bool operator==(const RecordPtr&) const = default;

 private:
  TaskRecord* record_ = nullptr;
};

}  // namespace mw::detail

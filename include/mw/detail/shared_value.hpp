// A value that is given once: its bytes in this process, and the object that they decode to.
//
// What:    SharedValue is what all handles (mw::Shared) to one value refer to, in the master and in a worker. In
//          encoded arguments a handle is a place in a list; the list goes beside the bytes.
// Owner:   counted. A value lives as long as a handle, or a task that takes it, does.
// Threads: any; a value is decoded once, by whoever asks first.
// Use:     internal: share.hpp. src/memory has the values, src/worker those of a worker process.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <type_traits>
#include <typeinfo>

#include <mw/codec.hpp>
#include <mw/detail/archive.hpp>

namespace mw::detail {

/// How a T lies in shared memory: as it is encoded.
template <class T>
struct SharedForm {
  /// Throws as encode().
  static Bytes bytes_of(const T& value) { return encode(value); }
  /// Throws as decode().
  static std::shared_ptr<const void> object_of(std::span<const std::byte> bytes) {
    return std::make_shared<const T>(decode<T>(bytes));
  }
};

/// Numbers lie there as they are used, and nobody copies them.
template <class Number>
struct SharedForm<std::span<const Number>> {
  static_assert(std::is_arithmetic_v<Number> && !std::is_same_v<Number, bool>,
                "CppMW shares spans of numbers only: share a std::vector");
  static_assert(is_the_same_on_wire<Number>,
                "CppMW cannot share a span of these numbers, which have another form in messages than in this machine's memory: "
                "use std::int64_t or std::uint64_t, or share a std::vector");
  static std::span<const std::byte> bytes_of(std::span<const Number> values) noexcept { return std::as_bytes(values); }
  static std::shared_ptr<const void> object_of(std::span<const std::byte> bytes) {
    if (bytes.size() % sizeof(Number) != 0) throw_bad_shared_size(bytes.size(), sizeof(Number));
    return std::make_shared<const std::span<const Number>>(reinterpret_cast<const Number*>(bytes.data()),
                                                           bytes.size() / sizeof(Number));
  }
};

class SharedValue {
 public:
  SharedValue() = default;
  virtual ~SharedValue() = default;
  SharedValue(const SharedValue&) = delete;
  SharedValue& operator=(const SharedValue&) = delete;

  /// They lie at the beginning of a page, and stay there. Throws InterfaceError if there is no room to map them.
  virtual std::span<const std::byte> bytes() const = 0;
  virtual std::size_t size() const noexcept = 0;

  /// The object; decoded when it is asked for first. Throws CodecError if the bytes are of another type, and as
  /// bytes().
  template <class T>
  const T& as() const {
    const void* found = found_.load(std::memory_order_acquire);
    if (!found) {
      std::lock_guard lock{mutex_};
      if (!object_) {
        object_ = SharedForm<T>::object_of(bytes());
        type_ = &typeid(T);
        found_.store(object_.get(), std::memory_order_release);
      }
      found = object_.get();
    }
    if (*type_ != typeid(T)) throw_other_shared_type();
    return *static_cast<const T*>(found);
  }

 private:
  mutable std::mutex mutex_;
  mutable std::shared_ptr<const void> object_;
  mutable const std::type_info* type_ = nullptr;
  mutable std::atomic<const void*> found_{nullptr};
};

/// While it exists, handles in arguments that this thread decodes refer to these values.
class SharedScope {
 public:
  explicit SharedScope(const SharedList& values) noexcept;
  ~SharedScope();
  SharedScope(const SharedScope&) = delete;
  SharedScope& operator=(const SharedScope&) = delete;

 private:
  const SharedList* outer_;
};

/// The value in this place. Throws CodecError if the task brought none.
const SharedPtr& shared_argument(std::uint32_t place);

}  // namespace mw::detail

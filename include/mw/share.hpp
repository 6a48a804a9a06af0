// Data that many tasks read, given once.
//
// What:    Master::share(value) gives a handle, Shared<T>, that tasks take as an argument. The value is encoded once,
//          goes to each worker process once, and is decoded there once. On the master's machine it lies in memory that
//          all workers map; a std::span of numbers is read there in place, so that it takes memory once a machine.
// Owner:   the value lives as long as a handle to it, or a task that takes it and is not done, here and in the workers.
//          It cannot be changed.
// Threads: handles may be copied and read by any thread, one thread at a time each.
// Use:
//     double row(const mw::Shared<Table>& table, int i) { return table->sum(i); }         // or: const Table& table
//     const auto table = master.share(read_table("table.csv"));
//     for (int i = 0; i < 1000; ++i) tasks.push_back(master.submit_task<row>(table, i));
//
//     double part(const mw::Shared<std::span<const double>>& all, std::size_t begin, std::size_t end);
//     const auto all = master.share(std::span{numbers});                                 // no copy in any worker
//
// A handle may lie in a struct or a container; a result has none. The elements of map()'s range may have handles.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>
#include <utility>

#include <mw/detail/shared_value.hpp>
#include <mw/detail/travels.hpp>

namespace mw {

/// A handle to a value that was given once. Cheap to copy; a copy keeps the value alive.
template <class T>
class Shared {
 public:
  using Value = T;

  /// Of no value; get() is then a UsageError.
  Shared() noexcept = default;

  /// The value. In the master it is decoded by the first call, which throws InterfaceError if there is no room for
  /// that; in a task it is there.
  const T& get() const {
    if (object_) return *object_;
    if (!value_) detail::throw_empty_shared();
    return value_->as<T>();
  }
  const T& operator*() const { return get(); }
  const T* operator->() const { return &get(); }

  /// Whether it has a value.
  explicit operator bool() const noexcept { return static_cast<bool>(value_); }
  /// Whether both are handles to one value.
  bool operator==(const Shared& other) const noexcept { return value_ == other.value_; }

  /// Internal, as the next two.
  explicit Shared(detail::SharedPtr value) noexcept : value_{std::move(value)} {}
  const detail::SharedPtr& value() const noexcept { return value_; }
  /// From here on get() has nothing to do. Throws CodecError if the value is no T.
  void decode() { object_ = &value_->as<T>(); }

 private:
  detail::SharedPtr value_;
  const T* object_ = nullptr;  ///< the value's
};

namespace detail {

/// What share() makes of a value: of a span one that cannot be written to.
template <class T>
struct SharedAs {
  using type = T;
};
template <class Number, std::size_t N>
struct SharedAs<std::span<Number, N>> {
  using type = std::span<const std::remove_const_t<Number>>;
};

template <class T>
struct PartsOf<Shared<T>> {
  using Types = TypeList<T>;
};
template <class Number>
struct PartsOf<Shared<std::span<const Number>>> {
  using Types = TypeList<Number>;
};

}  // namespace detail
}  // namespace mw

namespace cereal {

template <class T>
void CEREAL_SAVE_FUNCTION_NAME(mw::detail::OutputArchive& archive, const mw::Shared<T>& shared) {
  archive.write(shared ? mw::detail::note_shared(archive.shared(), shared.value()) + 1 : std::uint32_t{0});
}
template <class T>
void CEREAL_LOAD_FUNCTION_NAME(mw::detail::InputArchive& archive, mw::Shared<T>& shared) {
  const auto place = archive.template read<std::uint32_t>();
  shared = place == 0 ? mw::Shared<T>{} : mw::Shared<T>{mw::detail::shared_argument(place - 1)};
  if (shared) shared.decode();
}

}  // namespace cereal

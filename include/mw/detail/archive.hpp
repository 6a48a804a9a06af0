// The archives behind encode() and decode().
//
// What:    cereal archives that write and read a portable little-endian form: integers and floats at their fixed widths
//          (long, unsigned long and their like always at 64 bit), sizes as 64 bit, bool as a byte.
// Owner:   an OutputArchive writes into the caller's Bytes; an InputArchive reads from a view of the caller's.
// Threads: one at a time.
// Use:     through mw/codec.hpp. Types of your own need a cereal serialize() only if they are no plain aggregates.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include <boost/pfr/core.hpp>
#include <cereal/cereal.hpp>
#include <cereal/types/array.hpp>
#include <cereal/types/chrono.hpp>
#include <cereal/types/complex.hpp>
#include <cereal/types/map.hpp>
#include <cereal/types/optional.hpp>
#include <cereal/types/set.hpp>
#include <cereal/types/string.hpp>
#include <cereal/types/tuple.hpp>
#include <cereal/types/unordered_map.hpp>
#include <cereal/types/unordered_set.hpp>
#include <cereal/types/utility.hpp>
#include <cereal/types/variant.hpp>
#include <cereal/types/vector.hpp>

#include <mw/bytes.hpp>
#include <mw/error.hpp>

namespace mw {
template <class T>
class Shared;
}

namespace mw::detail {

/// What mw::Shared refers to: see shared_value.hpp.
class SharedValue;
using SharedPtr = std::shared_ptr<const SharedValue>;
/// The values that a task's arguments refer to, each once.
using SharedList = std::vector<SharedPtr>;

// Each throws CodecError; sizes are in bytes.
[[noreturn]] void throw_too_short(std::uint64_t wanted, std::size_t left);
[[noreturn]] void throw_too_long(std::size_t left);
[[noreturn]] void throw_bad_bool(unsigned value);
[[noreturn]] void throw_bad_size(std::uint64_t size, std::size_t left);
[[noreturn]] void throw_out_of_range();
[[noreturn]] void throw_too_deep();
[[noreturn]] void throw_bad_shared_size(std::size_t size, std::size_t of_each);
[[noreturn]] void throw_other_shared_type();
/// Throws UsageError.
[[noreturn]] void throw_empty_shared();
/// The value's place in the list, where it is put if it is not there. Throws CodecError if there is no list.
std::uint32_t note_shared(SharedList* list, const SharedPtr& value);

/// How many values are in the middle of being encoded, or decoded, each a part of the one before. Each takes some of
/// the stack, and bytes from outside must not decide how much.
class Depth {
 public:
  void enter() {
    if (++levels_ > most) throw_too_deep();
  }
  void leave() noexcept { --levels_; }

 private:
  static constexpr int most = 2000;  // a tree in a vector in a tree has two a level
  int levels_ = 0;
};

/// The type that stands for T on the wire: of the same width on every platform.
template <class T>
struct OnWire {
  static_assert(!std::is_same_v<T, long double>,
                "CppMW cannot encode a long double: its form differs from machine to machine. Use double.");
  static_assert(sizeof(T) <= 8, "CppMW cannot encode this arithmetic type");
  using type = T;
};
template <>
struct OnWire<long> {
  using type = std::int64_t;
};
template <>
struct OnWire<unsigned long> {
  using type = std::uint64_t;
};

/// Whether a T's bytes in memory are those on the wire, so that many can be copied at once.
template <class T>
inline constexpr bool is_the_same_on_wire = std::endian::native == std::endian::little &&
                                            sizeof(T) == sizeof(typename OnWire<T>::type) && !std::is_same_v<T, bool>;

template <std::size_t Size>
void reverse_if_big(std::byte (&bytes)[Size]) noexcept {
  if constexpr (std::endian::native != std::endian::little) std::reverse(bytes, bytes + Size);
}

/// Appends to the caller's Bytes. Throws std::bad_alloc.
class OutputArchive : public cereal::OutputArchive<OutputArchive> {
 public:
  explicit OutputArchive(Bytes& out) : cereal::OutputArchive<OutputArchive>{this}, out_{out} {}

  template <class T>
  void write(T value) {
    const auto wire = static_cast<typename OnWire<T>::type>(value);
    std::byte bytes[sizeof wire];
    std::memcpy(bytes, &wire, sizeof wire);
    reverse_if_big(bytes);
    out_.append(bytes, sizeof bytes);
  }
  template <class T>
  void write_all(const T* values, std::size_t count) {
    if constexpr (is_the_same_on_wire<T>)
      out_.append(values, count * sizeof(T));
    else
      for (std::size_t i = 0; i < count; ++i) write(values[i]);
  }
  void write_bytes(const void* bytes, std::size_t size) { out_.append(bytes, size); }

  /// Handles to shared values are allowed from now on, and their values noted in `list`.
  void note_shared_in(SharedList& list) noexcept { shared_ = &list; }
  /// Null where there may be none.
  SharedList* shared() const noexcept { return shared_; }

  Depth depth;

 private:
  Bytes& out_;
  SharedList* shared_ = nullptr;
};

/// Where floating-point numbers lie in encoded bytes.
struct FloatRun {
  std::size_t offset = 0;  ///< of the first one, in bytes
  std::size_t width = 0;   ///< 4 or 8 bytes each
  std::size_t count = 0;   ///< how many follow each other
  bool operator==(const FloatRun&) const = default;
};

/// Reads from a view of the caller's, never beyond it. Throws CodecError.
class InputArchive : public cereal::InputArchive<InputArchive> {
 public:
  explicit InputArchive(std::span<const std::byte> in) : cereal::InputArchive<InputArchive>{this}, rest_{in}, size_{in.size()} {}

  /// From now on every floating-point number that is read is noted in `runs`.
  void note_floats(std::vector<FloatRun>& runs) noexcept { floats_ = &runs; }

  template <class T>
  T read() {
    using Wire = typename OnWire<T>::type;
    if constexpr (std::is_floating_point_v<T>) note<T>(1);
    std::byte bytes[sizeof(Wire)];
    std::memcpy(bytes, take(sizeof bytes).data(), sizeof bytes);
    reverse_if_big(bytes);
    if constexpr (std::is_same_v<T, bool>) {
      if (std::to_integer<unsigned>(bytes[0]) > 1) throw_bad_bool(std::to_integer<unsigned>(bytes[0]));
      return bytes[0] == std::byte{1};
    } else {
      Wire wire;
      std::memcpy(&wire, bytes, sizeof wire);
      if constexpr (sizeof(T) < sizeof(Wire))
        if (static_cast<Wire>(static_cast<T>(wire)) != wire) throw_out_of_range();
      return static_cast<T>(wire);
    }
  }
  template <class T>
  void read_all(T* values, std::size_t count) {
    if constexpr (is_the_same_on_wire<T>) {
      if (count > left() / sizeof(T)) throw_too_short(std::uint64_t{count} * sizeof(T), left());
      if constexpr (std::is_floating_point_v<T>) note<T>(count);
      if (count != 0) std::memcpy(values, take(count * sizeof(T)).data(), count * sizeof(T));
    } else {
      for (std::size_t i = 0; i < count; ++i) values[i] = read<T>();
    }
  }
  void read_bytes(void* bytes, std::size_t size) {
    const auto taken = take(size);
    if (size != 0) std::memcpy(bytes, taken.data(), size);
  }

  /// A number of elements, each of at least `bytes_each` bytes: there cannot be more of them than the rest has room
  /// for.
  std::size_t read_size(std::size_t bytes_each = 1) {
    const auto size = read<std::uint64_t>();
    if (size > left() / bytes_each) throw_bad_size(size, left());
    return static_cast<std::size_t>(size);
  }

  /// How many bytes are not read yet.
  std::size_t left() const noexcept { return rest_.size(); }
  /// Throws CodecError if any are left.
  void end() const {
    if (!rest_.empty()) throw_too_long(rest_.size());
  }

  Depth depth;

 private:
  std::span<const std::byte> take(std::size_t size) {
    if (size > rest_.size()) throw_too_short(size, rest_.size());
    const auto taken = rest_.first(size);
    rest_ = rest_.subspan(size);
    return taken;
  }

  template <class T>
  void note(std::size_t count) {
    if (floats_) floats_->push_back({size_ - left(), sizeof(T), count});
  }

  std::span<const std::byte> rest_;
  std::size_t size_;
  std::vector<FloatRun>* floats_ = nullptr;
};

template <class Archive>
concept OurArchive = std::is_same_v<Archive, OutputArchive> || std::is_same_v<Archive, InputArchive>;

// cereal calls these before and after each value; what throws in between is not used again.
template <OurArchive Archive, class T>
  requires std::is_class_v<T>
void prologue(Archive& archive, const T&) { archive.depth.enter(); }
template <OurArchive Archive, class T>
  requires std::is_class_v<T>
void epilogue(Archive& archive, const T&) { archive.depth.leave(); }

/// A plain aggregate that has no cereal functions of its own: its members travel one after the other.
template <class T>
concept PlainAggregate =
    std::is_class_v<T> && std::is_aggregate_v<T> && !cereal::traits::has_member_serialize<T, OutputArchive>::value &&
    !cereal::traits::has_member_save<T, OutputArchive>::value && !cereal::traits::has_non_member_save<T, OutputArchive>::value &&
    !cereal::traits::has_member_save_minimal<T, OutputArchive>::value &&
    !cereal::traits::has_non_member_save_minimal<T, OutputArchive>::value;

}  // namespace mw::detail

CEREAL_REGISTER_ARCHIVE(mw::detail::OutputArchive)
CEREAL_REGISTER_ARCHIVE(mw::detail::InputArchive)
CEREAL_SETUP_ARCHIVE_TRAITS(mw::detail::InputArchive, mw::detail::OutputArchive)

// cereal finds what follows by its own namespace.
namespace cereal {

template <class T>
  requires std::is_arithmetic_v<T>
void CEREAL_SAVE_FUNCTION_NAME(mw::detail::OutputArchive& archive, const T& value) { archive.write(value); }
template <class T>
  requires std::is_arithmetic_v<T>
void CEREAL_LOAD_FUNCTION_NAME(mw::detail::InputArchive& archive, T& value) { value = archive.template read<T>(); }

template <class T>
void CEREAL_SAVE_FUNCTION_NAME(mw::detail::OutputArchive& archive, const NameValuePair<T>& pair) {
  archive(pair.value);
}
template <class T>
void CEREAL_LOAD_FUNCTION_NAME(mw::detail::InputArchive& archive, NameValuePair<T>& pair) {
  archive(pair.value);
}

template <class T>
void CEREAL_SAVE_FUNCTION_NAME(mw::detail::OutputArchive& archive, const SizeTag<T>& tag) {
  archive.write(static_cast<std::uint64_t>(tag.size));
}
template <class T>
void CEREAL_LOAD_FUNCTION_NAME(mw::detail::InputArchive& archive, SizeTag<T>& tag) {
  tag.size = static_cast<std::decay_t<T>>(archive.read_size());
}

template <class T>
void CEREAL_SAVE_FUNCTION_NAME(mw::detail::OutputArchive& archive, const BinaryData<T>& data) {
  using Element = std::remove_const_t<std::remove_pointer_t<std::decay_t<T>>>;
  if constexpr (std::is_void_v<Element>)
    archive.write_bytes(data.data, static_cast<std::size_t>(data.size));
  else
    archive.write_all(static_cast<const Element*>(data.data), static_cast<std::size_t>(data.size) / sizeof(Element));
}
template <class T>
void CEREAL_LOAD_FUNCTION_NAME(mw::detail::InputArchive& archive, BinaryData<T>& data) {
  using Element = std::remove_pointer_t<std::decay_t<T>>;
  if constexpr (std::is_void_v<Element>)
    archive.read_bytes(data.data, static_cast<std::size_t>(data.size));
  else
    archive.read_all(static_cast<Element*>(data.data), static_cast<std::size_t>(data.size) / sizeof(Element));
}

// Vectors: numbers in one piece; everything else element by element as it really comes, so that a false size takes no
// memory.
template <class T, class A>
void CEREAL_SAVE_FUNCTION_NAME(mw::detail::OutputArchive& archive, const std::vector<T, A>& values) {
  archive.write(static_cast<std::uint64_t>(values.size()));
  if constexpr (std::is_same_v<T, std::byte>)
    archive.write_bytes(values.data(), values.size());
  else if constexpr (std::is_arithmetic_v<T>)
    archive.write_all(values.data(), values.size());
  else
    for (const auto& value : values) archive(value);
}
template <class T, class A>
void CEREAL_LOAD_FUNCTION_NAME(mw::detail::InputArchive& archive, std::vector<T, A>& values) {
  values.clear();
  if constexpr (std::is_same_v<T, std::byte>) {
    values.resize(archive.read_size());
    archive.read_bytes(values.data(), values.size());
  } else if constexpr (std::is_arithmetic_v<T>) {
    values.resize(archive.read_size(sizeof(typename mw::detail::OnWire<T>::type)));
    archive.read_all(values.data(), values.size());
  } else {
    const std::size_t size = archive.read_size();
    for (std::size_t i = 0; i < size; ++i) archive(values.emplace_back());
  }
}

template <class A>
void CEREAL_SAVE_FUNCTION_NAME(mw::detail::OutputArchive& archive, const std::vector<bool, A>& values) {
  archive.write(static_cast<std::uint64_t>(values.size()));
  for (const bool value : values) archive.write(value);
}
template <class A>
void CEREAL_LOAD_FUNCTION_NAME(mw::detail::InputArchive& archive, std::vector<bool, A>& values) {
  values.clear();
  const std::size_t size = archive.read_size();
  for (std::size_t i = 0; i < size; ++i) values.push_back(archive.template read<bool>());
}

template <mw::detail::OurArchive Archive, mw::detail::PlainAggregate T>
void CEREAL_SERIALIZE_FUNCTION_NAME(Archive& archive, T& value) {
  if constexpr (boost::pfr::tuple_size_v<T> == 0) {
    std::uint8_t nothing = 0;  // every element takes a byte at least
    archive(nothing);
  } else {
    boost::pfr::for_each_field(value, [&archive](auto& field) { archive(field); });
  }
}

}  // namespace cereal

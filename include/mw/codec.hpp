// Values to bytes and back.
//
// What:    encode() and decode() in a form that is the same on x86-64, arm64 and 32-bit Arm. It knows arithmetic types
//          except long double, enumerations, strings, the standard containers, optional, variant, tuple, pair, complex,
//          chrono, bitset, filesystem::path, unique_ptr, plain aggregates (up to 100 members, no code needed), and
//          whatever has a cereal serialize(). Types may hold themselves, a tree in a vector of trees, up to a thousand
//          levels deep; what is deeper is a CodecError, before it takes the whole stack.
// Owner:   the results own their bytes and values.
// Threads: any.
// Use:
//     mw::Bytes bytes = mw::encode(hits);
//     Hits again = mw::decode<Hits>(bytes.span());         // throws mw::CodecError
//
// Bytes may come from anywhere: decoding never reads beyond them, never takes memory for more than they hold, and ends
// in a value or a CodecError.
#pragma once

#include <exception>
#include <new>
#include <span>
#include <stdexcept>
#include <string>
#include <tuple>
#include <utility>

#include <mw/bytes.hpp>
#include <mw/detail/archive.hpp>
#include <mw/detail/standard_types.hpp>
#include <mw/detail/travels.hpp>
#include <mw/error.hpp>

namespace mw {

namespace detail {

/// Throws CodecError.
[[noreturn]] void throw_codec_error(const char* why);

template <class... Ts>
void write_all_to(OutputArchive& archive, const Ts&... values) {
  static_assert((can_travel<Ts> && ...),
                "CppMW cannot encode this type: it is no plain aggregate of types that can be encoded, and has no cereal "
                "serialize() (pointers, references and string_view cannot travel)");
  if constexpr ((can_travel<Ts> && ...)) (archive(values), ...);
}

/// Reads with `read`, and checks that nothing is left. What the archive throws comes out as CodecError.
template <class Read>
auto decode_with(std::span<const std::byte> bytes, const Read& read) {
  InputArchive archive{bytes};
  try {
    auto value = read(archive);
    archive.end();
    return value;
  } catch (const CodecError&) {
    throw;
  } catch (const std::bad_alloc&) {
    throw;
  } catch (const std::exception& e) {
    throw_codec_error(e.what());
  }
}

}  // namespace detail

/// The values' bytes, one after the other. Throws std::bad_alloc, and CodecError or what a serialize() of yours throws.
/// What has no encoded form does not compile.
template <class... Ts>
Bytes encode(const Ts&... values) {
  Bytes bytes;
  detail::OutputArchive archive{bytes};
  detail::write_all_to(archive, values...);
  return bytes;
}

namespace detail {

/// A task's arguments: their bytes, and the shared values that these refer to.
struct EncodedArguments {
  Bytes bytes;
  SharedList shared = {};
};

/// As encode(); the values may have handles to shared ones in them.
template <class... Ts>
EncodedArguments encode_arguments(const Ts&... values) {
  EncodedArguments arguments;
  OutputArchive archive{arguments.bytes};
  archive.note_shared_in(arguments.shared);
  write_all_to(archive, values...);
  return arguments;
}

}  // namespace detail

/// The value that encode(value) gave these bytes. Throws CodecError if they are too short, too long, or not of a T;
/// std::bad_alloc.
template <class T>
T decode(std::span<const std::byte> bytes) {
  static_assert(detail::can_travel<T>, "CppMW cannot decode this type: see encode()");
  return detail::decode_with(bytes, [](detail::InputArchive& archive) {
    T value{};
    archive(value);
    return value;
  });
}

/// The same for several values: a std::tuple of what encode(a, b, …) was given, in that order.
template <class Tuple>
Tuple decode_tuple(std::span<const std::byte> bytes) {
  return detail::decode_with(bytes, [](detail::InputArchive& archive) {
    Tuple values{};
    std::apply([&archive](auto&... value) { (archive(value), ...); }, values);
    return values;
  });
}

}  // namespace mw

// More of the standard library, as encode() and decode() have it.
//
// What:    std::deque, list, forward_list, bitset, filesystem::path, and unique_ptr to what can travel itself. A path
//          travels as its bytes; it names the same file only where there is the same file.
// Owner:   none.
// Threads: one at a time.
// Use:     through mw/codec.hpp.
#pragma once

#include <bitset>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <forward_list>
#include <list>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>

#include <mw/detail/archive.hpp>

namespace mw::detail {

template <class Sequence>
void save_each(OutputArchive& archive, const Sequence& values, std::size_t size) {
  archive.write(std::uint64_t{size});
  for (const auto& value : values) archive(value);
}

/// Element by element as it really comes, so that a false size takes no memory.
template <class Sequence>
void load_each(InputArchive& archive, Sequence& values) {
  values.clear();
  const std::size_t size = archive.read_size();
  for (std::size_t i = 0; i < size; ++i) archive(values.emplace_back());
}

/// What a pointer may refer to: an object of exactly this type, which is all that is sent.
template <class T>
concept Pointee = !std::is_polymorphic_v<T> && !std::is_array_v<T>;

}  // namespace mw::detail

namespace cereal {

template <class T, class A>
void CEREAL_SAVE_FUNCTION_NAME(mw::detail::OutputArchive& archive, const std::deque<T, A>& values) {
  mw::detail::save_each(archive, values, values.size());
}
template <class T, class A>
void CEREAL_LOAD_FUNCTION_NAME(mw::detail::InputArchive& archive, std::deque<T, A>& values) {
  mw::detail::load_each(archive, values);
}

template <class T, class A>
void CEREAL_SAVE_FUNCTION_NAME(mw::detail::OutputArchive& archive, const std::list<T, A>& values) {
  mw::detail::save_each(archive, values, values.size());
}
template <class T, class A>
void CEREAL_LOAD_FUNCTION_NAME(mw::detail::InputArchive& archive, std::list<T, A>& values) {
  mw::detail::load_each(archive, values);
}

template <class T, class A>
void CEREAL_SAVE_FUNCTION_NAME(mw::detail::OutputArchive& archive, const std::forward_list<T, A>& values) {
  mw::detail::save_each(archive, values, static_cast<std::size_t>(std::distance(values.begin(), values.end())));
}
template <class T, class A>
void CEREAL_LOAD_FUNCTION_NAME(mw::detail::InputArchive& archive, std::forward_list<T, A>& values) {
  values.clear();
  const std::size_t size = archive.read_size();
  auto last = values.before_begin();
  for (std::size_t i = 0; i < size; ++i) archive(*(last = values.emplace_after(last)));
}

// Eight to a byte, the first one in the lowest bit.
template <std::size_t N>
void CEREAL_SAVE_FUNCTION_NAME(mw::detail::OutputArchive& archive, const std::bitset<N>& bits) {
  for (std::size_t begin = 0; begin < N; begin += 8) {
    unsigned byte = 0;
    for (std::size_t i = begin; i < N && i < begin + 8; ++i) byte |= static_cast<unsigned>(bits[i]) << (i - begin);
    archive.write(static_cast<std::uint8_t>(byte));
  }
}
template <std::size_t N>
void CEREAL_LOAD_FUNCTION_NAME(mw::detail::InputArchive& archive, std::bitset<N>& bits) {
  for (std::size_t begin = 0; begin < N; begin += 8) {
    const unsigned byte = archive.template read<std::uint8_t>();
    if (begin + 8 > N && (byte >> (N - begin)) != 0) mw::detail::throw_out_of_range();
    for (std::size_t i = begin; i < N && i < begin + 8; ++i) bits[i] = ((byte >> (i - begin)) & 1) != 0;
  }
}

inline void CEREAL_SAVE_FUNCTION_NAME(mw::detail::OutputArchive& archive, const std::filesystem::path& path) {
  archive(path.native());
}
inline void CEREAL_LOAD_FUNCTION_NAME(mw::detail::InputArchive& archive, std::filesystem::path& path) {
  std::string text;
  archive(text);
  path = std::move(text);
}

template <mw::detail::Pointee T>
void CEREAL_SAVE_FUNCTION_NAME(mw::detail::OutputArchive& archive, const std::unique_ptr<T>& pointer) {
  archive.write(static_cast<bool>(pointer));
  if (pointer) archive(*pointer);
}
template <mw::detail::Pointee T>
void CEREAL_LOAD_FUNCTION_NAME(mw::detail::InputArchive& archive, std::unique_ptr<T>& pointer) {
  pointer.reset();
  if (!archive.template read<bool>()) return;
  pointer = std::make_unique<T>();
  archive(*pointer);
}

}  // namespace cereal

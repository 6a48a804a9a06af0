#include <mw/detail/archive.hpp>

#include <fmt/format.h>

#include <mw/codec.hpp>

namespace mw::detail {

void throw_too_short(std::uint64_t wanted, std::size_t left) {
  throw CodecError{fmt::format("the bytes end too early: {} are needed, {} are left", wanted, left)};
}
void throw_too_long(std::size_t left) { throw CodecError{fmt::format("{} bytes are left over: they are of another type", left)}; }
void throw_bad_bool(unsigned value) { throw CodecError{fmt::format("a bool is 0 or 1, not {}", value)}; }
void throw_bad_size(std::uint64_t size, std::size_t left) {
  throw CodecError{fmt::format("a size of {} elements, with {} bytes left", size, left)};
}
void throw_out_of_range() { throw CodecError{"a number does not fit into this machine's type"}; }
void throw_too_deep() { throw CodecError{"the value is nested too deeply: more than a thousand values lie one in the other"}; }
void throw_codec_error(const char* why) { throw CodecError{why ? why : "an exception whose what() is null"}; }

}  // namespace mw::detail

// Any bytes decode to a value or to a CodecError, and so does any text as JSON; a value encodes to bytes that decode to
// the same value.
#include <array>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include <mw/codec.hpp>
#include <mw/value.hpp>

namespace {

struct Leaf {
  std::uint8_t kind;
  std::string text;
  std::vector<bool> bits;
};
struct Tree {
  std::vector<Leaf> leaves;
  std::map<std::string, std::vector<std::int16_t>> table;
  std::variant<std::monostate, std::uint32_t, std::string> choice;
  std::optional<std::array<std::uint16_t, 2>> pair;
  std::set<std::uint8_t> set;
  std::vector<std::vector<std::byte>> blobs;
};

template <class T>
void try_one(std::span<const std::byte> bytes) {
  try {
    const T value = mw::decode<T>(bytes);
    const mw::Bytes once = mw::encode(value);
    const mw::Bytes twice = mw::encode(mw::decode<T>(once.span()));
    if (once.size() != twice.size() || std::memcmp(once.data(), twice.data(), once.size()) != 0) std::abort();
  } catch (const mw::CodecError&) {
  }
}

/// A text is a value or a CodecError; a value's own text is that value's.
void try_json(std::span<const std::byte> bytes) {
  try {
    const std::string once = mw::Value::from_json({reinterpret_cast<const char*>(bytes.data()), bytes.size()}).to_json();
    if (mw::Value::from_json(once).to_json() != once) std::abort();
  } catch (const mw::CodecError&) {
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const auto bytes = std::as_bytes(std::span{data + 1, size - 1});
  switch (data[0] % 8) {
    case 0: try_one<Tree>(bytes); break;
    case 1: try_one<std::vector<Leaf>>(bytes); break;
    case 2: try_one<std::string>(bytes); break;
    case 3: try_one<std::vector<double>>(bytes); break;
    case 4: try_one<std::map<std::uint8_t, Leaf>>(bytes); break;
    case 5: try_json(bytes); break;
    case 6: try_one<mw::Value>(bytes); break;
    default: try_one<std::tuple<bool, std::int64_t, float, std::vector<std::string>>>(bytes); break;
  }
  return 0;
}

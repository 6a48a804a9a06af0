// Fuzzes the relay of an agent: it never reads outside its input, and what it passes on are bytes of its input.
#include <cstdint>
#include <cstdlib>
#include <span>

#include "wire/frame_relay.hpp"
#include "wire/messages.hpp"

namespace {

struct Target : mw::wire::FrameRelay::Target {
  std::size_t passed = 0;
  std::uint64_t sum = 0;
  bool plain_task(std::uint64_t id, std::uint32_t attempt) override { return (id + attempt) % 3 != 0; }
  void pass(std::span<const std::byte> bytes) override {
    passed += bytes.size();
    for (const std::byte byte : bytes) sum += static_cast<std::uint64_t>(byte);
  }
  void whole(const mw::wire::Frame& frame) override {
    for (const std::byte byte : frame.payload) sum += static_cast<std::uint64_t>(byte);
    if (frame.type == mw::wire::FrameType::task) mw::wire::parse_task(frame.payload);
  }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::size_t step = data[0] % 64 + 1;
  auto bytes = std::as_bytes(std::span{data + 1, size - 1});
  mw::wire::FrameRelay relay;
  Target target;
  try {
    while (!bytes.empty()) {
      const std::size_t count = std::min(step, bytes.size());
      relay.receive(bytes.first(count), target);
      bytes = bytes.subspan(count);
    }
  } catch (const mw::wire::ProtocolError&) {
  }
  if (target.passed > size) std::abort();
  return 0;
}

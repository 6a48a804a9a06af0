#include "wire/frame_relay.hpp"

#include <algorithm>
#include <cstring>

#include <fmt/format.h>

#include "wire/little_endian.hpp"

namespace mw::wire {
namespace {

std::uint64_t id_in(std::span<const std::byte> head) { return load<std::uint64_t>(head.data() + header_size); }
std::uint32_t attempt_in(std::span<const std::byte> head) { return load<std::uint32_t>(head.data() + header_size + 16); }

}  // namespace

FrameRelay::Head FrameRelay::read_header(std::span<const std::byte> bytes) {
  const auto header = load<std::uint64_t>(bytes.data());
  const std::uint64_t length = header & length_mask;
  if (length > Limits{}.max_frame)
    throw ProtocolError{fmt::format("a frame of {} bytes is over the limit of {}", length, Limits{}.max_frame)};
  const bool is_task = header >> 56 == static_cast<std::uint64_t>(FrameType::task);
  return {header_size + length, is_task && header_size + length >= head_size};
}

/// Of a task: whether it has no terms.
bool FrameRelay::is_plain(std::span<const std::byte> head) {
  return load<std::uint32_t>(head.data() + head_size - sizeof(std::uint32_t)) == 0;
}

void FrameRelay::receive(std::span<const std::byte> bytes, Target& target) {
  while (!bytes.empty()) {
    if (whole_rest_ > 0)
      bytes = take_whole(bytes, target);
    else if (head_filled_ > 0 || (plain_rest_ == 0 && bytes.size() < head_size))
      bytes = take_head(bytes, target);
    else
      bytes = take_plain_run(bytes, target);
  }
}

/// As many plain tasks as lie here one behind the other go on in one piece.
std::span<const std::byte> FrameRelay::take_plain_run(std::span<const std::byte> bytes, Target& target) {
  const std::byte* run = bytes.data();
  std::size_t run_size = 0;
  const auto end_run = [&] {
    if (run_size > 0) target.pass({run, run_size});
    run_size = 0;
  };
  while (true) {
    const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(plain_rest_, bytes.size()));
    if (dropping_) {
      end_run();
      run = bytes.data() + size;
    } else {
      run_size += size;
    }
    bytes = bytes.subspan(size);
    plain_rest_ -= size;
    if (bytes.size() < head_size) break;
    const Head head = read_header(bytes);
    if (!head.may_be_plain || !is_plain(bytes)) {
      end_run();
      begin_whole({}, head.total);
      break;
    }
    dropping_ = !target.plain_task(id_in(bytes), attempt_in(bytes));
    plain_rest_ = head.total;
  }
  end_run();
  return bytes;
}

/// The beginning of a frame that does not come in one piece.
std::span<const std::byte> FrameRelay::take_head(std::span<const std::byte> bytes, Target& target) {
  const auto fill_up_to = [&](std::size_t size) {
    const std::size_t more = std::min(size - std::min(size, head_filled_), bytes.size());
    std::memcpy(head_.data() + head_filled_, bytes.data(), more);
    head_filled_ += more;
    bytes = bytes.subspan(more);
    return head_filled_ >= size;
  };
  if (!fill_up_to(header_size)) return bytes;
  const Head head = read_header(head_);
  if (head.may_be_plain && !fill_up_to(head_size)) return bytes;
  const std::span<const std::byte> filled{head_.data(), head_filled_};
  head_filled_ = 0;
  if (!head.may_be_plain || !is_plain(filled)) {
    begin_whole(filled, head.total);
    if (whole_rest_ == 0)
      while (auto frame = whole_.next()) target.whole(*frame);
    return bytes;
  }
  dropping_ = !target.plain_task(id_in(filled), attempt_in(filled));
  if (!dropping_) target.pass(filled);
  plain_rest_ = head.total - filled.size();
  return bytes;
}

void FrameRelay::begin_whole(std::span<const std::byte> bytes, std::uint64_t total) {
  whole_rest_ = total - bytes.size();
  if (bytes.empty()) return;
  std::memcpy(whole_.prepare().data(), bytes.data(), bytes.size());
  whole_.commit(bytes.size());
}

std::span<const std::byte> FrameRelay::take_whole(std::span<const std::byte> bytes, Target& target) {
  const auto room = whole_.prepare();
  const auto size = static_cast<std::size_t>(std::min<std::uint64_t>({whole_rest_, room.size(), bytes.size()}));
  std::memcpy(room.data(), bytes.data(), size);
  whole_.commit(size);
  whole_rest_ -= size;
  if (whole_rest_ == 0)
    while (auto frame = whole_.next()) target.whole(*frame);
  return bytes.subspan(size);
}

}  // namespace mw::wire

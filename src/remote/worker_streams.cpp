#include "remote/worker_streams.hpp"

#include <algorithm>
#include <utility>

#include "wire/mux.hpp"

namespace mw::remote {
namespace {

constexpr std::size_t most_queued = std::size_t{4} << 20;
constexpr std::size_t most_in_piece = std::size_t{256} << 10;

}  // namespace

void WorkerStreams::has_output(std::uint32_t number) {
  const auto place = streams_.find(number);
  if (place == streams_.end() || std::exchange(place->second.is_due, true)) return;
  due_.push_back(number);
}

void WorkerStreams::give_credit(std::uint32_t number, std::uint64_t bytes) {
  const auto place = streams_.find(number);
  if (place == streams_.end()) return;
  Stream& stream = place->second;
  stream.room += std::min(bytes, window - stream.room);
  if (stream.worker->has_output()) has_output(number);
}

void WorkerStreams::fill(wire::Outgoing& outgoing) {
  while (!due_.empty() && outgoing.size() < most_queued) {
    const std::uint32_t number = due_.front();
    due_.pop_front();
    const auto place = streams_.find(number);
    if (place == streams_.end()) continue;
    Stream& stream = place->second;
    stream.is_due = false;
    const auto limit = static_cast<std::size_t>(std::min<std::uint64_t>(stream.room, most_in_piece));
    if (limit == 0 || !stream.worker->has_output()) continue;
    Bytes& tail = outgoing.tail();
    const std::size_t begin = tail.size();
    wire::append_relay_header(tail, number, 0);
    const std::size_t before = tail.size();
    const std::size_t size = stream.worker->take_output(tail, limit);
    wire::write_header(tail.data() + begin, wire::FrameType::relay, before - begin - wire::header_size + size);
    stream.room -= size;
    if (stream.worker->has_output()) has_output(number);
  }
}

}  // namespace mw::remote

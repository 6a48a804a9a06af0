// Any stream of bytes, cut anywhere, gives frames and messages or a ProtocolError; a message that parses is written
// back as the same bytes.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <span>

#include "wire/bundle.hpp"
#include "wire/frame.hpp"
#include "wire/messages.hpp"
#include "wire/mux.hpp"
#include "wire/node_messages.hpp"
#include "wire/output_list.hpp"
#include "worker/output_pattern.hpp"

using namespace mw;
using namespace mw::wire;

namespace {

template <class Parse>
void check_same(std::span<const std::byte> payload, const Parse& parse) {
  Bytes again;
  append(again, parse(payload));
  const auto written = again.span().subspan(header_size);
  if (written.size() != payload.size() || std::memcmp(written.data(), payload.data(), payload.size()) != 0) std::abort();
}

/// The list in front of a value is written back as it was; no path that leads out of a folder matches a pattern.
void check_output_list(std::span<const std::byte> value) {
  OutputList list;
  try {
    list = parse_output_list(value);
  } catch (const ProtocolError&) {
    return;
  }
  Bytes again;
  begin_output_list(again, static_cast<std::uint32_t>(list.files.size()));
  for (const OutputEntry& entry : list.files) {
    append(again, entry);
    again.append(entry.content.data(), entry.content.size());
    const bool may_be_written = worker::matches("**/*", entry.path) || worker::matches("**/.*", entry.path);
    if (may_be_written && (entry.path.starts_with('/') || ("/" + entry.path + "/").find("/../") != std::string::npos)) std::abort();
    if (worker::pattern_error(entry.path).empty()) static_cast<void>(worker::matches(entry.path, "a/b/c"));
  }
  again.append(list.value.data(), list.value.size());
  if (again.size() != value.size() || std::memcmp(again.data(), value.data(), value.size()) != 0) std::abort();
}

void check(const Frame& frame) {
  switch (frame.type) {
    case FrameType::hello: {
      const Hello hello = parse_hello(frame.payload);
      static_cast<void>(refusal(hello, 1, 1));
      if (hello.version == protocol_version) check_same(frame.payload, parse_hello);
      return;
    }
    case FrameType::welcome: return check_same(frame.payload, parse_welcome);
    case FrameType::refuse: return check_same(frame.payload, parse_refuse);
    case FrameType::task: return check_same(frame.payload, parse_task);
    case FrameType::result: check_output_list(parse_result(frame.payload).value); return check_same(frame.payload, parse_result);
    case FrameType::failure: return check_same(frame.payload, parse_failure);
    case FrameType::progress: return check_same(frame.payload, parse_progress);
    case FrameType::part: return check_same(frame.payload, parse_part);
    case FrameType::checkpoint: return check_same(frame.payload, parse_checkpoint);
    case FrameType::measures: return check_same(frame.payload, parse_measured);
    case FrameType::cancel: return check_same(frame.payload, parse_cancel);
    case FrameType::heartbeat: parse_heartbeat(frame.payload); return;
    case FrameType::bye: parse_bye(frame.payload); return;
    case FrameType::task_apart: parse_size_apart(parse_task(frame.payload).arguments); return;
    case FrameType::result_apart: parse_size_apart(parse_result(frame.payload).value); return;
    case FrameType::task_in_memory: parse_memory_place(parse_task(frame.payload).arguments); return;
    case FrameType::result_in_memory: parse_memory_place(parse_result(frame.payload).value); return;
    case FrameType::returned: return check_same(frame.payload, parse_returned);
    case FrameType::split: return check_same(frame.payload, parse_split);
    case FrameType::stopped: return check_same(frame.payload, parse_stopped);
    case FrameType::forget: return check_same(frame.payload, parse_forget);
    case FrameType::gone: parse_failure(frame.payload); return;
    case FrameType::file_piece: return check_same(frame.payload, parse_file_piece);
    case FrameType::note: return check_same(frame.payload, parse_note);
    case FrameType::file_here: return check_same(frame.payload, parse_file_here);
    case FrameType::file_link: return check_same(frame.payload, parse_file_link);
    case FrameType::file_missing: return check_same(frame.payload, parse_file_missing);
    case FrameType::bundle: {
      const BundleHead head = parse_bundle_head(frame.payload);
      if (head.version == protocol_version) check_same(frame.payload, parse_bundle_head);
      return;
    }
    case FrameType::relay: return check_same(frame.payload, parse_relay);
    case FrameType::ranks: return check_same(frame.payload, parse_ranks);
    case FrameType::credit: return check_same(frame.payload, parse_credit);
    case FrameType::rank_lost: return check_same(frame.payload, parse_rank_lost);
    case FrameType::node_hello:
      if (parse_node_hello(frame.payload).version == protocol_version) check_same(frame.payload, parse_node_hello);
      return;
    case FrameType::node_welcome:
      if (parse_node_welcome(frame.payload).version == protocol_version) check_same(frame.payload, parse_node_welcome);
      return;
    case FrameType::build_wanted: return check_same(frame.payload, parse_build_wanted);
    case FrameType::build_piece: return check_same(frame.payload, parse_build_piece);
    case FrameType::slot_lent: return check_same(frame.payload, parse_slot_lent);
    case FrameType::node_shared: return check_same(frame.payload, parse_node_shared);
    case FrameType::slots_wanted: return check_same(frame.payload, parse_slots_wanted);
  }
  std::abort();  // the reader lets no other type through
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::size_t step = data[0] % 64 + 1;
  auto bytes = std::as_bytes(std::span{data + 1, size - 1});
  FrameReader reader{Limits{.max_frame = 1 << 20}};
  try {
    while (!bytes.empty()) {
      const auto room = reader.prepare();
      const std::size_t count = std::min({step, room.size(), bytes.size()});
      std::memcpy(room.data(), bytes.data(), count);
      reader.commit(count);
      bytes = bytes.subspan(count);
      while (const auto frame = reader.next()) {
        try {
          check(*frame);
        } catch (const ProtocolError&) {
        }
      }
    }
  } catch (const ProtocolError&) {
  }
  return 0;
}

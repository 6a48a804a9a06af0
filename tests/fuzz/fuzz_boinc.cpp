// What volunteers and projects send: any bytes give a message, or a BadMessage (a ProtocolError, for bundles); what is understood
// is written and understood again.
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string>
#include <string_view>

#include "boinc/protocol/scheduler_reply.hpp"
#include "boinc/protocol/scheduler_request.hpp"
#include "boinc/protocol/upload.hpp"
#include "boinc/protocol/xml.hpp"
#include "wire/bundle.hpp"

using namespace mw::boinc;

namespace {

/// What was read, written, read and written again is the same.
template <class Parse>
void check_stable(std::string_view text, const Parse& parse) {
  const std::string once = to_text(parse(text));
  if (to_text(parse(once)) != once) std::abort();
}

void check_upload(std::string_view text) {
  const auto end = head_end(text);
  if (!end) return;
  if (*end > text.size()) std::abort();
  const UploadHead head = parse_upload_head(text.substr(0, *end));
  if (!is_file_name(head.name) || head.nbytes < 0 || head.offset < 0 || head.offset > head.nbytes) std::abort();
}

void check_bundle(std::span<const std::byte> bytes) {
  const mw::wire::Bundle bundle = mw::wire::parse_bundle(bytes);
  for (const auto& task : bundle.tasks)
    if (task.id == 0 || task.id > bundle.tasks.size()) std::abort();
}

void check_answer(std::span<const std::byte> bytes) {
  if (mw::wire::answer_so_far(bytes).bytes > bytes.size()) std::abort();
  constexpr std::size_t tasks = 2;
  for (const auto& ending : mw::wire::parse_answer(bytes, tasks))
    if (ending.result.id == 0) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text{reinterpret_cast<const char*>(data) + 1, size - 1};
  const auto bytes = std::as_bytes(std::span{text});
  try {
    switch (data[0] % 6) {
      case 0: static_cast<void>(to_text(parse_scheduler_request(text))); break;
      case 1: check_upload(text); break;
      case 2: check_stable(text, parse_scheduler_reply); break;
      case 3: check_stable(text, parse_upload_reply); break;
      case 4: check_bundle(bytes); break;
      default: check_answer(bytes);
    }
  } catch (const BadMessage&) {
  } catch (const mw::wire::ProtocolError&) {
  }
  return 0;
}

// What volunteers and projects send: any bytes give a message, or a BadMessage (a ProtocolError, for bundles); what is
// understood is written and understood again.
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string>
#include <string_view>

#include "boinc/protocol/scheduler_reply.hpp"
#include "boinc/protocol/scheduler_request.hpp"
#include "boinc/protocol/server_status.hpp"
#include "boinc/protocol/submit_rpc.hpp"
#include "boinc/protocol/upload.hpp"
#include "boinc/protocol/xml.hpp"
#include "boinc/volunteer/bounds.hpp"
#include "log/escaped.hpp"
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

/// What a volunteer makes of a reply.
void check_reply(std::string_view text) {
  check_stable(text, parse_scheduler_reply);
  const SchedulerReply reply = within_bounds(parse_scheduler_reply(text));
  for (const double delay : {reply.request_delay_s, reply.next_rpc_delay_s})
    if (!(delay >= 0 && delay <= bounds::longest_delay_s)) std::abort();
  for (const InstanceInfo& instance : reply.instances) {
    try {
      const VolunteerTask task = task_of(instance, reply);
      if (!is_file_name(task.name) || task.program.info.signature.empty() || task.program.info.nbytes < 0) std::abort();
      for (const VolunteerFile& input : task.inputs)
        if (!is_file_name(input.open_name) || input.info.nbytes < 0 || input.info.nbytes > bounds::largest_file) std::abort();
      if (!(task.output.info.max_nbytes > 0)) std::abort();
    } catch (const BadMessage&) {
    }
  }
  for (const auto& message : reply.messages) {
    if (message.text.size() > bounds::longest_message + std::string_view{" …"}.size()) std::abort();
    for (const char c : mw::log::escaped(message.text))
      if (static_cast<unsigned char>(c) < ' ') std::abort();
  }
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

/// What a project answers to whoever submits jobs.
void check_submission(std::string_view text) {
  const auto ignore_refusal = [](const auto& call) {
    try {
      call();
    } catch (const BadMessage&) {
    } catch (const submit_rpc::Refusal&) {
    }
  };
  ignore_refusal([&] { static_cast<void>(submit_rpc::parse_batch_id(text, "submit_batch")); });
  ignore_refusal([&] { static_cast<void>(submit_rpc::parse_query_batch(text)); });
  ignore_refusal([&] { static_cast<void>(submit_rpc::parse_query_jobs(text)); });
  ignore_refusal([&] { static_cast<void>(submit_rpc::parse_completed_job(text)); });
  ignore_refusal([&] { static_cast<void>(submit_rpc::parse_reply(text, "abort_jobs")); });
  ignore_refusal([&] {
    const auto down = daemons_down(text, "pi");
    if (down.size() > most_daemons_named) std::abort();
    for (const std::string& daemon : down)
      if (daemon.empty() || daemon.size() > longest_daemon_name) std::abort();
  });
  ignore_refusal([&] {
    constexpr std::size_t files = 3;
    for (const std::size_t index : submit_rpc::parse_absent_files(text, files))
      if (index >= files) std::abort();
  });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text{reinterpret_cast<const char*>(data) + 1, size - 1};
  const auto bytes = std::as_bytes(std::span{text});
  try {
    switch (data[0] % 7) {
      case 0: static_cast<void>(to_text(parse_scheduler_request(text))); break;
      case 1: check_upload(text); break;
      case 2: check_reply(text); break;
      case 3: check_stable(text, parse_upload_reply); break;
      case 4: check_bundle(bytes); break;
      case 5: check_submission(text); break;
      default: check_answer(bytes);
    }
  } catch (const BadMessage&) {
  } catch (const mw::wire::ProtocolError&) {
  }
  return 0;
}

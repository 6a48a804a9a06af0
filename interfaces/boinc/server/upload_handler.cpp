#include "boinc/server/upload_handler.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <vector>

#include <fmt/format.h>

namespace mw::boinc {
namespace {

constexpr std::int64_t small_upload = 64 * 1024;
constexpr std::size_t catch_up_step = 1024 * 1024;

}  // namespace

Upload::Upload(Project& project, UploadStore& store, UploadHead head)
    : project_{project}, store_{store}, head_{std::move(head)}, position_{head_.offset} {
  check();
}

void Upload::refuse(UploadStatus status, std::string why) {
  ++project_.counts.refused_uploads;
  answer_ = UploadReply{status, std::move(why), {}};
}

void Upload::check() {
  const auto number = project_.names.find_output(head_.name);
  if (!number) return refuse(UploadStatus::permanent, "it is no file that this project expects");
  const auto max_nbytes = static_cast<double>(project_.settings.max_output);
  if (head_.max_nbytes != max_nbytes ||
      !project_.keys.upload_check.verify(md5_hex(upload_permission_text(head_.name, max_nbytes)), head_.permission))
    return refuse(UploadStatus::permanent, "its permission is not signed by this project");
  is_of_stranger_ = false;
  if (head_.nbytes > project_.settings.max_output)
    return refuse(UploadStatus::permanent,
                  fmt::format("it has {} bytes; the limit is {}", head_.nbytes, project_.settings.max_output));
  instance_ = project_.work.instance(number->workunit, number->number);
  if (!instance_) {
    answer_ = UploadReply{UploadStatus::done, "nobody needs it any more", {}};  // of an earlier run
    return;
  }
  if (instance_->received != Time{} || instance_->state.server_state == ServerState::unsent) {
    answer_ = UploadReply{UploadStatus::done, "it was reported before", {}};
    return;
  }
  const auto stored = project_.work.output_facts(instance_->id);
  if (stored && stored->nbytes == head_.nbytes && stored->md5 == head_.md5) {
    answer_ = UploadReply{UploadStatus::done, {}, {}};
    return;
  }
  if (auto why = store_.refusal(instance_->host, head_.nbytes)) return refuse(UploadStatus::transient, std::move(*why));
  if (head_.offset > 0 || head_.nbytes > small_upload) open_part();
}

void Upload::open_part() {
  try {
    part_ = head_.offset == 0 ? store_.begin(head_.name, head_.md5) : store_.resume(head_.name, head_.md5, head_.offset);
  } catch (const InterfaceError& e) {
    return refuse(UploadStatus::transient, fmt::format("it cannot be stored: {}", e.what()));
  }
  if (!part_)
    refuse(UploadStatus::transient, fmt::format("it goes on at byte {}, but so many of this content are not here", head_.offset));
}

void Upload::write(std::span<const std::byte> bytes) {
  if (static_cast<std::int64_t>(bytes.size()) > missing()) return refuse_rest();
  if (summed_ == position_) {
    md5_.update(bytes);
    summed_ += static_cast<std::int64_t>(bytes.size());
  }
  if (!part_)
    small_.append(bytes.data(), bytes.size());
  else if (auto why = store_.write(*part_, bytes, position_))
    return refuse(UploadStatus::transient, std::move(*why));
  position_ += static_cast<std::int64_t>(bytes.size());
}

bool Upload::catch_up() {
  if (answer_ || summed_ == position_) return true;
  std::vector<std::byte> buffer(std::min(catch_up_step, static_cast<std::size_t>(position_ - summed_)));
  const ssize_t got = ::pread(part_->file.get(), buffer.data(), buffer.size(), summed_);
  if (got <= 0) {
    refuse(UploadStatus::transient, "what is stored cannot be read");
    return true;
  }
  md5_.update({buffer.data(), static_cast<std::size_t>(got)});
  summed_ += got;
  return summed_ == position_;
}

UploadReply Upload::finish() {
  if (answer_) return *answer_;
  if (missing() > 0) {
    refuse(UploadStatus::transient, fmt::format("{} bytes are missing", missing()));
    return *answer_;
  }
  if (const std::string md5 = md5_.hex(); md5 != head_.md5) {
    if (part_) store_.drop(*part_);
    refuse(UploadStatus::transient, fmt::format("its MD5 is {}, not {}", md5, head_.md5));
    return *answer_;
  }
  // It may have been reported, or have come another way, meanwhile.
  const auto now = project_.work.instance(instance_->workunit, instance_->number);
  if (!now || now->received != Time{}) {
    if (part_) store_.drop(*part_);
    return {UploadStatus::done, "nobody needs it any more", {}};
  }
  if (part_ && !store_.is_current(*part_)) {
    refuse(UploadStatus::transient, "another upload of it has begun");
    return *answer_;
  }
  if (part_) {
    store_.keep(*part_);
    project_.checked_outputs.insert(instance_->id);
  }
  OutputRow row{head_.nbytes, head_.md5, std::nullopt};
  if (!part_) row.bytes = std::move(small_);
  project_.work.set_output(instance_->id, row);
  store_.charge(now->host, {now->workunit, now->number}, head_.nbytes);
  return {UploadStatus::done, {}, {}};
}

UploadReply size_here(Project& project, const UploadStore& store, const UploadHead& question) {
  UploadReply reply;
  reply.file_size = 0;
  const auto number = project.names.find_output(question.name);
  const auto instance = number ? project.work.instance(number->workunit, number->number) : std::nullopt;
  if (!instance) return reply;
  const auto stored = project.work.output_facts(instance->id);
  reply.file_size = stored ? stored->nbytes : store.size_of(question.name);
  return reply;
}

}  // namespace mw::boinc

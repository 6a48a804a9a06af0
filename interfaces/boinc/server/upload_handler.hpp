// The upload handler: takes output files, in pieces, and resumes them where they broke off.
//
// What:    Upload is one upload: its head is checked against what we gave out (name, permission, size), its bytes are
//          stored apart, its size and MD5 are checked on what is stored, and if it is still expected then, it becomes
//          the instance's output. Small files go into the database, larger ones into the upload folder.
// Owner:   an Upload owns its part of the store as long as no newer one of the name takes over.
// Threads: the server's; finish() inside a transaction.
// Use:
//     Upload upload{project, store, head};
//     if (upload.answer()) return *upload.answer();
//     upload.write(bytes); …
//     const UploadReply reply = upload.finish();
#pragma once

#include <optional>
#include <string>

#include "boinc/protocol/md5.hpp"
#include "boinc/protocol/upload.hpp"
#include "boinc/server/project.hpp"
#include "boinc/server/upload_store.hpp"

namespace mw::boinc {

class Upload {
 public:
  Upload(Project& project, UploadStore& store, UploadHead head);

  /// The answer, if nothing is to be stored: a refusal, or it is here already.
  const std::optional<UploadReply>& answer() const noexcept { return answer_; }
  /// It has shown no permission of ours.
  bool is_of_stranger() const noexcept { return is_of_stranger_; }
  const std::string& name() const noexcept { return head_.name; }
  /// Bytes of it that are in memory.
  std::size_t held() const noexcept { return small_.capacity(); }
  /// Bytes that are still to come.
  std::int64_t missing() const noexcept { return head_.nbytes - position_; }
  void write(std::span<const std::byte> bytes);
  /// Reads what an earlier upload left, some of it at a time, for the MD5. True when that is done.
  bool catch_up();
  /// There is more than it says.
  void refuse_rest() { refuse(UploadStatus::permanent, "it has more bytes than it says"); }
  /// When all bytes are there, or no more come.
  UploadReply finish();

 private:
  void refuse(UploadStatus status, std::string why);
  void check();
  void open_part();

  Project& project_;
  UploadStore& store_;
  const UploadHead head_;
  std::optional<InstanceRow> instance_;
  std::optional<UploadReply> answer_;
  bool is_of_stranger_ = true;
  std::int64_t position_;
  std::int64_t summed_ = 0;  ///< bytes that are in md5_
  Md5 md5_;
  Bytes small_;
  std::shared_ptr<UploadPart> part_;  ///< null: it is small
};

/// How much of the file is here: the answer to a client's question.
UploadReply size_here(Project& project, const UploadStore& store, const UploadHead& question);

}  // namespace mw::boinc

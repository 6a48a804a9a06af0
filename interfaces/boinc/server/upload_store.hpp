// Where uploads lie until they are whole, and how much room they may take.
//
// What:    a part is a file of its own that one upload at a time writes: the newest for a name, so that one which is
//          held back ends in nothing. Whole and checked it is renamed to the output's name. A host may have so many
//          bytes here that are not validated yet, and some room is left on the disk for everything else.
// Owner:   owns the parts; the folder is the project's.
// Threads: the server's.
// Use:
//     if (const auto why = store.refusal(host, nbytes)) …later…
//     const auto part = store.begin(name, md5, host);  store.write(*part, bytes, position);  store.keep(*part);
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "boinc/server/project.hpp"
#include "boinc/server/side_thread.hpp"
#include "process/unique_fd.hpp"

namespace mw::boinc {

/// A file on its way.
struct UploadPart {
  std::string name;  ///< the output's
  std::string path;
  std::string md5;  ///< what it will have, as the upload says
  process::UniqueFd file;
};

class UploadStore {
 public:
  UploadStore(Project& project, SideThread& side);

  /// Why this host's upload of so many bytes has to come later; nothing if it may come.
  std::optional<std::string> refusal(std::int64_t host, std::int64_t nbytes);

  /// A new part; an earlier one of the name goes, whoever writes it. Throws InterfaceError.
  std::shared_ptr<UploadPart> begin(const std::string& name, const std::string& md5);
  /// The part that an earlier upload of the same content left, cut to `size` bytes; whoever writes it writes no more.
  /// Null if there is none so long, or one much longer: then what is here of the name goes.
  std::shared_ptr<UploadPart> resume(const std::string& name, const std::string& md5, std::int64_t size);
  /// Whether this upload is still the one that writes the name.
  bool is_current(const UploadPart& part) const;
  /// Why they cannot be stored now; nothing if they are.
  std::optional<std::string> write(const UploadPart& part, std::span<const std::byte> bytes, std::int64_t position);
  /// It is whole and right. Throws InterfaceError.
  void keep(const UploadPart& part);
  void drop(const UploadPart& part);

  /// Bytes of the part that is here; 0 if there is none.
  std::int64_t size_of(const std::string& name) const;
  /// The output is stored.
  void charge(std::int64_t host, InstanceNumber instance, std::int64_t nbytes);
  /// Parts that nobody waits for any more go.
  void sweep();

 private:
  struct Stored {
    InstanceNumber instance;
    std::int64_t nbytes = 0;
  };
  /// What a host has stored that is not known to be validated.
  struct Account {
    std::vector<Stored> stored;
    std::int64_t nbytes = 0;
    std::size_t looked_at = 0;  ///< entries that were left after the last look
  };

  std::string path_of(const std::string& name, const std::string& md5) const;
  bool waits(InstanceNumber instance);
  void look_at(Account& account);
  bool is_wanted(const std::string& name);

  Project& project_;
  SideThread& side_;
  std::unordered_map<std::string, std::shared_ptr<UploadPart>> parts_;  ///< by the output's name
  std::unordered_map<std::int64_t, Account> accounts_;                  ///< by host
};

}  // namespace mw::boinc

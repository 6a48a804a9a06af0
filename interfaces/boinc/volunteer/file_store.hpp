// The files of a volunteer's tasks.
//
// What:    programs, inputs and outputs lie in folders of their own, programs and inputs under names made of their
//          content: a file that came as an input is never one that can be run, whatever the project calls it. A file is
//          there when it was whole and was checked, and it is checked again, by content, each time a task that uses it
//          starts; a program that nothing has touched since is not read again.
// Owner:   owns these folders in the volunteer's.
// Threads: one; fetching blocks.
// Use:
//     store.fetch_program(task.program.info, key);          // throws http::TransferError
//     store.check_program(task.program.info, key);          // right before it is run
//     run(store.program(task.program.info));
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "boinc/volunteer/known_sums.hpp"
#include "boinc/volunteer/state.hpp"
#include "http/transfer.hpp"

namespace mw::boinc {

class FileStore {
 public:
  FileStore(std::filesystem::path folder, http::Transfer& transfer);

  std::string program(const FileInfo& file) const;
  std::string input(const FileInfo& file) const;
  std::string output(const FileInfo& file) const;

  /// Fetch what is not here. Throw http::TransferError: permanent, if it is never going to be the file that was
  /// promised and signed.
  void fetch_program(const FileInfo& file, const std::string& code_sign_key);
  void fetch_input(const FileInfo& file);

  /// Throw http::TransferError, and remove the file, if it is not what it was when it came.
  void check_program(const FileInfo& file, const std::string& code_sign_key);
  void check_input(const FileInfo& file);

  /// Removes what none of these tasks needs, but for a few programs.
  void keep_only(const std::vector<VolunteerTask>& tasks);
  /// Removes the folders.
  void remove();

 private:
  void fetch(const FileInfo& file, const std::string& path, const std::string* code_sign_key);
  void check(const FileInfo& file, const std::string& path, const std::string* code_sign_key);
  [[noreturn]] void refuse(const std::string& path, const std::string& why, bool is_final);
  void check_room(const FileInfo& file, std::int64_t here) const;

  const std::filesystem::path folder_;
  http::Transfer& transfer_;
  KnownSums programs_;
  std::map<std::string, int> refused_;  ///< how often, by path
};

}  // namespace mw::boinc

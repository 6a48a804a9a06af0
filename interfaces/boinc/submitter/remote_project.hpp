// The way to a project anywhere: its remote submission RPC.
//
// What:    create_batch, query_files and upload_files, submit_batch, query_batch2, get_output.php, retire_batch
//          (https://github.com/BOINC/boinc/wiki/RemoteJobs); server_status.php, where there is one, for what stands
//          still.
// Owner:   owns its connection.
// Threads: one.
// Use:
//     RemoteProject project{options, "pi", key, [&] { return !is_stopping; }};
//     project.check();
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <mw/boinc_project.hpp>

#include "boinc/protocol/submit_rpc.hpp"
#include "boinc/submitter/route.hpp"
#include "http/transfer.hpp"

namespace mw::boinc {

class RemoteProject final : public Route {
 public:
  /// `alive`: see http::Transfer.
  RemoteProject(const BoincProjectOptions& options, std::string app, std::string key, std::function<bool()> alive);

  void check() override;
  std::string obstacle() override;
  bool has(const std::string& batch) override;
  void submit(const Batch& batch) override;
  void poll(const std::vector<std::string>& batches, PollSink& sink) override;
  void cancel(const std::vector<std::string>& jobs) override;
  void abandon(const std::string& batch, const std::vector<std::string>& jobs) override;
  std::string how_to_abandon(const std::string& batch, const std::vector<std::string>& jobs) const override;
  void retire(const std::string& batch) override;

 private:
  std::string ask(const std::string& request) { return ask_at("submit_rpc_handler.php", request, {}); }
  std::string ask_at(const char* handler, const std::string& request, std::vector<http::FormField> files);
  void say_if_it_hangs();
  [[noreturn]] void refuse_at_start(const Error& e) const;
  /// Nothing if the project has none of that name.
  std::optional<submit_rpc::BatchState> find_batch(const std::string& name);
  void upload(const std::vector<Job>& jobs, const std::string& outbox);
  /// Some that the project does not have. Throws FilesRefused for the one that is too large, RouteError.
  void upload_some(const std::vector<std::string>& names, std::vector<http::FormField> files, std::uintmax_t largest);
  /// Why it could not be fetched now; empty: it is over.
  std::string fetch(const std::string& job, PollSink& sink);
  std::string why(const std::string& job);

  const BoincProjectOptions options_;
  const std::string url_;  ///< ends with '/'
  const std::string app_;
  const std::string key_;
  std::chrono::steady_clock::time_point asked_at_{};  ///< what is not answered yet; never: nothing is, or it was said
  std::chrono::steady_clock::time_point give_up_at_ = std::chrono::steady_clock::time_point::max();  ///< what it is asked for
  bool has_status_page_ = true;  ///< unless it has said that it has none
  http::Transfer transfer_;
  double since_ = 0;                    ///< changes before this have been seen, by the server's clock
  std::set<std::string> seen_batches_;  ///< those that since_ is about
  std::set<std::string> to_fetch_;      ///< done, and their output could not be fetched yet
  std::map<std::string, unsigned> fetch_failures_;
  std::uintmax_t too_large_ = std::numeric_limits<std::uintmax_t>::max();  ///< bytes; a file with so many was not taken
  unsigned polls_ = 0;
};

}  // namespace mw::boinc

// The way to a project anywhere: its remote submission RPC.
//
// What:    create_batch, query_files and upload_files, submit_batch, query_batch2, get_output.php, retire_batch
//          (https://github.com/BOINC/boinc/wiki/RemoteJobs).
// Owner:   owns its connection.
// Threads: one.
// Use:
//     RemoteProject project{options, "pi", key, [&] { return !is_stopping; }};
//     project.check();
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <mw/boinc_project.hpp>

#include "boinc/http/transfer.hpp"
#include "boinc/protocol/submit_rpc.hpp"
#include "boinc/submitter/route.hpp"

namespace mw::boinc {

class RemoteProject final : public Route {
 public:
  /// `alive`: see Transfer.
  RemoteProject(const BoincProjectOptions& options, std::string app, std::string key, std::function<bool()> alive);

  void check() override;
  bool has(const std::string& batch) override;
  void submit(const Batch& batch) override;
  void poll(const std::vector<std::string>& batches, PollSink& sink) override;
  void cancel(const std::vector<std::string>& jobs) override;
  void retire(const std::string& batch) override;

 private:
  std::string ask(const std::string& request) { return ask_at("submit_rpc_handler.php", request, {}); }
  std::string ask_at(const char* handler, const std::string& request, std::vector<FormField> files);
  /// Nothing if the project has none of that name.
  std::optional<submit_rpc::BatchState> find_batch(const std::string& name);
  void upload(const std::vector<Job>& jobs, const std::string& outbox);
  /// Why it could not be fetched now; empty: it is over.
  std::string fetch(const std::string& job, PollSink& sink);
  std::string why(const std::string& job);

  const BoincProjectOptions options_;
  const std::string url_;  ///< ends with '/'
  const std::string app_;
  const std::string key_;
  Transfer transfer_;
  double since_ = 0;                    ///< changes before this have been seen, by the server's clock
  std::set<std::string> seen_batches_;  ///< those that since_ is about
  std::set<std::string> to_fetch_;      ///< done, and their output could not be fetched yet
  std::map<std::string, unsigned> fetch_failures_;
};

}  // namespace mw::boinc

#include "boinc/submitter/make_route.hpp"

#include <cctype>
#include <utility>

#include <fmt/format.h>

#include "boinc/protocol/submit_rpc.hpp"
#include "boinc/submitter/project_folder.hpp"
#include "boinc/submitter/remote_project.hpp"
#include "process/file.hpp"

namespace mw::boinc {
namespace {

std::string read_account_key(const std::string& path) {
  std::string key = process::read_secret_file(path);
  while (!key.empty() && std::isspace(static_cast<unsigned char>(key.back()))) key.pop_back();
  if (!submit_rpc::is_key(key)) throw InterfaceError{fmt::format("{} does not hold an account key: letters, digits and '_'", path)};
  return key;
}

}  // namespace

std::unique_ptr<Route> make_route(const BoincProjectOptions& options, const std::string& app, const std::string& token,
                                  std::function<bool()> alive) {
  if (!options.folder.empty()) return std::make_unique<ProjectFolder>(options, app, token);
  return std::make_unique<RemoteProject>(options, app, read_account_key(options.key_file), std::move(alive));
}

}  // namespace mw::boinc

#include "boinc/setup/project_limits.hpp"

#include <chrono>
#include <filesystem>
#include <map>
#include <set>
#include <sstream>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "boinc/protocol/xml.hpp"
#include "process/file.hpp"
#include "process/run_program.hpp"

namespace mw::boinc {
namespace {

namespace fs = std::filesystem;

Document read_boinc_file(const std::string& path) {
  try {
    return parse_document(process::read_text_file(path), "boinc");
  } catch (const BadMessage& e) {
    throw InterfaceError{fmt::format("{}: {}", path, e.what())};
  }
}

/// Whether each is in use, as the database has it; nothing where it cannot be asked.
std::map<std::string, bool> apps_in_database(const std::string& project) {
  std::map<std::string, bool> apps;
  const Document document = read_boinc_file(project + "/config.xml");
  const pugi::xml_node config = document.root.child("config");
  const std::string name = text_in(config, "db_name"), user = text_in(config, "db_user"), host = text_in(config, "db_host");
  if (name.empty()) return apps;
  std::vector<std::string> arguments{"-c", R"(IFS= read -r MYSQL_PWD; export MYSQL_PWD; exec mysql "$@")", "sh", "-N", "-B"};
  if (!user.empty()) arguments.insert(arguments.end(), {"-u", user});
  if (!host.empty()) arguments.insert(arguments.end(), {"-h", host});
  arguments.insert(arguments.end(), {"-e", "SELECT name, deprecated FROM app", name});
  process::ProgramTerms terms;
  constexpr std::chrono::seconds longest{10};
  terms.kill_at = std::chrono::steady_clock::now() + longest;
  const std::string password = text_in(config, "db_passwd") + "\n";
  const auto run = process::run_program("/bin/sh", arguments, std::as_bytes(std::span{password}), terms);
  if (run.death.signaled || run.death.exit_status != 0) return apps;
  std::istringstream lines{run.out};
  int deprecated = 0;
  for (std::string app; lines >> app >> deprecated;) apps[app] = deprecated == 0;
  return apps;
}

std::set<std::string> apps_in_use(const std::string& project) {
  const auto known = apps_in_database(project);
  std::set<std::string> apps;
  for (const auto& [name, is_used] : known)
    if (is_used) apps.insert(name);
  const Document document = read_boinc_file(project + "/project.xml");
  for (const pugi::xml_node& app : document.root.children("app"))
    if (const std::string name = text_in(app, "name"); !known.contains(name)) apps.insert(name);
  return apps;
}

/// Only the newest version for each platform counts.
std::size_t versions_in_use(const std::string& project) {
  std::set<std::string> versions;
  std::error_code error;
  for (const auto& app : fs::directory_iterator{project + "/apps", error})
    for (const auto& version : fs::directory_iterator{app.path(), error})
      for (const auto& platform : fs::directory_iterator{version.path(), error})
        versions.insert(app.path().filename().string() + "/" + platform.path().filename().string());
  return versions.size();
}

}  // namespace

void refuse_if_full(const std::string& project, const std::string& app, std::size_t new_versions, const FeederLimits& limits) {
  std::set<std::string> apps = apps_in_use(project);
  const bool is_there = !apps.insert(app).second;
  if (!is_there && apps.size() > limits.apps) {
    apps.erase(app);
    throw InterfaceError{fmt::format(
        "{} has {} applications ({}), and BOINC's feeder ends, for all of them, when there are more than {} (MAX_APPS in "
        "sched/sched_shmem.h): retire one of them (deprecated = 1 in the database's table app), or compile BOINC with more room "
        "and "
        "say so with --max-apps. Nothing was changed",
        project, apps.size(), fmt::join(apps, ", "), limits.apps)};
  }
  if (const std::size_t versions = versions_in_use(project) + new_versions; new_versions > 0 && versions > limits.versions)
    throw InterfaceError{fmt::format(
        "{} would have {} versions of applications, and BOINC's feeder ends, for all of them, when there are more than {} "
        "(MAX_APP_VERSIONS in sched/sched_shmem.h): remove what is not used any more from apps/ and the database. Nothing was "
        "changed",
        project, versions, limits.versions)};
}

}  // namespace mw::boinc

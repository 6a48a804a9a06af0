#include "boinc/setup/project_health.hpp"

#include <signal.h>

#include <cerrno>
#include <filesystem>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "boinc/policy/daemons.hpp"
#include "boinc/protocol/xml.hpp"
#include "parse/number.hpp"
#include "process/file.hpp"

namespace mw::boinc {
namespace {

namespace fs = std::filesystem;

/// The application that a daemon is for; empty: all.
std::string app_of(const std::string& command) {
  constexpr std::string_view option = "-app ";
  const auto at = command.find(option);
  if (at == std::string::npos) return {};
  const auto begin = at + option.size();
  return command.substr(begin, command.find(' ', begin) - begin);
}

bool is_alive(const std::string& pid_file) {
  const std::string text = process::read_text_file(pid_file);
  const int pid = parse::leading_number<int>(text).value_or(0);
  return pid > 0 && (::kill(pid, 0) == 0 || errno == EPERM);
}

/// Those whose pid file on this host names no process.
std::vector<std::string> dead_daemons(const fs::path& project, const std::string& app) {
  std::vector<std::string> dead;
  const std::string text = process::read_text_file((project / "config.xml").string());
  const Document document = parse_document(text, "boinc");
  std::error_code error;
  for (const auto& folder : fs::directory_iterator{project, error}) {
    if (!folder.path().filename().string().starts_with("pid_")) continue;
    for (const pugi::xml_node& daemon : document.root.child("daemons").children("daemon")) {
      const std::string command = text_in(daemon, "cmd");
      const std::string program = fs::path{command.substr(0, command.find(' '))}.filename().string();
      if (!needs_daemon(program, app_of(command), app) || flag_in(daemon, "disabled")) continue;
      std::string pid_file = text_in(daemon, "pid_file");
      if (pid_file.empty()) pid_file = program + ".pid";
      const fs::path path = folder.path() / pid_file;
      if (fs::exists(path, error) && !is_alive(path.string())) dead.push_back(program);
    }
  }
  return dead;
}

}  // namespace

std::string what_stands_still(const std::string& project, const std::string& app) {
  const fs::path folder{project};
  std::error_code error;
  for (const char* trigger : {"stop_daemons", "stop_sched"})
    if (fs::exists(folder / trigger, error))
      return fmt::format("the project is stopped ({} is there): bin/start in {} starts it", trigger, project);
  try {
    const std::vector<std::string> dead = dead_daemons(folder, app);
    if (!dead.empty())
      return fmt::format("daemons of the project do not run: {}; bin/start in {} starts them, and log_HOST says why they ended",
                         fmt::join(dead, ", "), project);
  } catch (const Error&) {
    // What cannot be read says nothing.
  }
  return {};
}

}  // namespace mw::boinc

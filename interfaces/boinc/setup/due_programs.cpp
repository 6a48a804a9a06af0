#include "boinc/setup/due_programs.hpp"

#include <algorithm>
#include <filesystem>
#include <sstream>
#include <string_view>

#include "boinc/protocol/xml.hpp"
#include "process/file.hpp"

namespace mw::boinc {
namespace {

namespace fs = std::filesystem;

// Daemons read config.xml when they start.
constexpr std::string_view stop = "bin/stop", start = "bin/start";
constexpr std::string_view order[] = {"bin/xadd", "bin/update_versions", stop, start};

std::vector<std::string> in_order(const std::vector<std::string>& programs) {
  std::vector<std::string> sorted;
  for (const std::string_view program : order)
    if (std::find(programs.begin(), programs.end(), program) != programs.end()) sorted.emplace_back(program);
  return sorted;
}

}  // namespace

DuePrograms::DuePrograms(const std::string& project) : project_{project}, path_{project + "/.mw-boinc-setup"} {
  if (!fs::exists(path_)) return;
  std::istringstream lines{process::read_text_file(path_)};
  for (std::string line; std::getline(lines, line);) programs_.push_back(line);
  programs_ = in_order(programs_);
}

void DuePrograms::add(const std::vector<std::string>& programs) {
  if (programs.empty()) return;
  programs_.insert(programs_.end(), programs.begin(), programs.end());
  programs_ = in_order(programs_);
  save();
}

void DuePrograms::save() const {
  if (programs_.empty()) {
    fs::remove(path_);
    return;
  }
  std::string text;
  for (const std::string& program : programs_) text += program + "\n";
  process::write_file(path_, text, 0600);
}

bool DuePrograms::run(const std::function<void(const std::string&)>& run) {
  // Without bin/stop in the list, it was stopped here.
  const bool stays_stopped = std::find(programs_.begin(), programs_.end(), stop) != programs_.end() && is_stopped(project_);
  if (stays_stopped) std::erase_if(programs_, [](const std::string& program) { return program == stop || program == start; });
  while (!programs_.empty()) {
    const std::string program = programs_.front();
    if (program == stop) {
      programs_.erase(programs_.begin());  // however it ends, the project has to be started
      save();
      run(program);
      continue;
    }
    run(program);
    programs_.erase(programs_.begin());
    save();
  }
  save();
  return stays_stopped;
}

bool is_stopped(const std::string& project) {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator{project, error}) {
    const std::string name = entry.path().filename().string();
    if (!name.starts_with("run_state_") || !name.ends_with(".xml")) continue;
    const std::string text = process::read_text_file(entry.path().string());
    pugi::xml_document document;
    if (!document.load_buffer(text.data(), text.size())) continue;
    const pugi::xml_node enabled = document.document_element().child("enabled");
    if (enabled && !flag_in(document.document_element(), "enabled")) return true;
  }
  return false;
}

}  // namespace mw::boinc

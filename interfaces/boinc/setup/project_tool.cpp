#include "boinc/setup/project_tool.hpp"

#include <cctype>
#include <utility>

namespace mw::boinc {

process::ProgramRun run_project_tool(const std::string& project, const std::string& tool, const std::vector<std::string>& arguments,
                                     const std::string& input) {
  std::vector<std::string> all{"-c", R"(umask 002 && exec "$0" "$@")", project + "/" + tool};
  all.insert(all.end(), arguments.begin(), arguments.end());
  process::ProgramTerms terms;
  terms.working_directory = project;
  return process::run_program("/bin/sh", all, std::as_bytes(std::span{input}), terms);
}

std::string last_words(std::string text) {
  constexpr std::size_t most = 500;
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back()))) text.pop_back();
  if (text.size() > most) text = "… " + text.substr(text.size() - most);
  for (char& c : text)
    if (static_cast<unsigned char>(c) < ' ') c = ' ';
  return text.empty() ? "it said nothing" : text;
}

}  // namespace mw::boinc

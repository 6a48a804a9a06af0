#include "boinc/program_name.hpp"

#include <cctype>
#include <filesystem>

#include "process/child.hpp"

namespace mw::boinc {

std::string program_name() {
  std::string name = std::filesystem::path{process::own_name()}.filename().string();
  return name.empty() ? "application" : name;
}

std::string app_name() {
  constexpr std::size_t longest = 40;
  std::string name = program_name().substr(0, longest);
  for (char& c : name)
    if (!std::isalnum(static_cast<unsigned char>(c)) && c != '-') c = '_';
  return name;
}

}  // namespace mw::boinc

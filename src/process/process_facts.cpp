#include "process/process_facts.hpp"

#include <fstream>
#include <sstream>
#include <string>

#include <fmt/format.h>

namespace mw::process {

std::optional<ProcessFacts> ProcessFacts::of(pid_t pid) {
  std::string stat;
  std::getline(std::ifstream{fmt::format("/proc/{}/stat", pid)}, stat, '\0');
  const auto name_end = stat.rfind(')');  // a name may have anything in it
  if (name_end == std::string::npos) return std::nullopt;
  std::istringstream fields{stat.substr(name_end + 1)};
  ProcessFacts facts;
  fields >> facts.state >> facts.parent >> facts.group >> facts.session;
  constexpr int between = 15;  // fields 7 to 21
  std::string skipped;
  for (int i = 0; i < between; ++i) fields >> skipped;
  fields >> facts.start;
  return fields ? std::optional{facts} : std::nullopt;
}

}  // namespace mw::process

#include "process/origin.hpp"

#include <fcntl.h>

#include <fstream>

#include "parse/number.hpp"

extern char** environ;

namespace mw::process {
namespace {

/// umask(2) tells it only by changing it, which other threads would notice.
std::optional<mode_t> current_umask() {
  std::ifstream status{"/proc/self/status"};
  constexpr std::string_view name = "Umask:\t";
  constexpr int octal = 8;
  for (std::string line; std::getline(status, line);)
    if (line.starts_with(name)) return parse::number<mode_t>(std::string_view{line}.substr(name.size()), octal);
  return std::nullopt;
}

}  // namespace

std::shared_ptr<const Origin> Origin::now() {
  auto origin = std::make_shared<Origin>();
  origin->folder = UniqueFd{::open(".", O_PATH | O_DIRECTORY | O_CLOEXEC)};
  for (char** line = environ; line && *line; ++line) origin->environment.emplace_back(*line);
  origin->umask = current_umask();
  return origin;
}

}  // namespace mw::process

#include "worker/leftovers.hpp"

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <system_error>

#include <fmt/format.h>

namespace mw::worker {
namespace {

bool is_wanted_here() noexcept {
#ifdef NDEBUG
  constexpr bool by_default = false;
#else
  constexpr bool by_default = true;
#endif
  const char* const said = std::getenv("CPPMW_CHECK_TASKS");
  return said && *said ? std::strcmp(said, "0") != 0 : by_default;
}

/// Threads of CppMW's own begin when they are first needed.
bool is_own_thread(const std::filesystem::path& folder) {
  std::ifstream file{folder / "comm"};
  std::string name;
  return std::getline(file, name) && name.starts_with("mw-");
}

/// Large results lie in such.
bool leads_to_memory(const std::filesystem::path& link) {
  std::error_code error;
  return std::filesystem::read_symlink(link, error).string().starts_with("/memfd:");
}

std::string text_of(std::size_t count, const char* one, const char* many) {
  return count == 1 ? std::string{one} : fmt::format(fmt::runtime(many), count);
}

}  // namespace

Leftovers::Leftovers() : is_wanted_{is_wanted_here()} {}

Leftovers::Counts Leftovers::count() {
  Counts counts;
  std::error_code error;
  for (const auto& thread : std::filesystem::directory_iterator{"/proc/self/task", error})
    if (!is_own_thread(thread.path())) ++counts.threads;
  for (const auto& file : std::filesystem::directory_iterator{"/proc/self/fd", error})
    if (!leads_to_memory(file.path())) ++counts.files;
  return counts;
}

void Leftovers::before(std::uint64_t function) {
  if (!is_wanted_) return;
  constexpr std::uint64_t first = 20, one_in = 100;
  const std::uint64_t so_far = tasks_[function]++;
  is_looked_at_ = so_far < first || so_far % one_in == 0;
  if (is_looked_at_) before_ = count();
}

std::optional<std::string> Leftovers::after(std::uint64_t function) {
  if (!is_looked_at_ || named_.contains(function)) return std::nullopt;
  const Counts now = count();
  std::string what;
  if (now.threads > before_.threads) what = text_of(now.threads - before_.threads, "a thread running", "{} threads running");
  if (now.files > before_.files) {
    if (!what.empty()) what += " and ";
    what += text_of(now.files - before_.files, "a file open", "{} files open");
  }
  if (what.empty()) return std::nullopt;
  named_.insert(function);
  return fmt::format(
      "left {}: later tasks of its worker run beside that (said once for each function; CPPMW_CHECK_TASKS=0 turns it off)", what);
}

}  // namespace mw::worker

#include "mpi/death_notice.hpp"

#include <array>

#include <fmt/format.h>

#include "parse/number.hpp"

namespace mw::mpi {
namespace {

constexpr std::string_view mark = "@cppmw-rank-ended";
constexpr std::string_view host_mark = "@cppmw-host-ended";

}  // namespace

std::string DeathNotice::to_text() const { return fmt::format("{} {} {} {} {}", mark, rank, pid, signal, exit_status); }

std::optional<DeathNotice> DeathNotice::of(std::string_view line) {
  const auto begin = line.find(mark);
  if (begin == std::string_view::npos) return std::nullopt;
  line.remove_prefix(begin + mark.size());
  DeathNotice notice;
  for (int* const number : std::array{&notice.rank, &notice.pid, &notice.signal, &notice.exit_status}) {
    if (!line.starts_with(' ')) return std::nullopt;
    line.remove_prefix(1);
    const auto read = parse::take_number<int>(line);
    if (!read) return std::nullopt;
    *number = *read;
  }
  return notice;
}

std::string HostNotice::to_text() const { return fmt::format("{} {} {}", host_mark, exit_status, host); }

std::optional<HostNotice> HostNotice::of(std::string_view line) {
  const auto begin = line.find(host_mark);
  if (begin == std::string_view::npos) return std::nullopt;
  line.remove_prefix(begin + host_mark.size());
  if (!line.starts_with(' ')) return std::nullopt;
  line.remove_prefix(1);
  const auto exit_status = parse::take_number<int>(line);
  if (!exit_status || line.size() < 2 || line.front() != ' ') return std::nullopt;
  return HostNotice{std::string{line.substr(1)}, *exit_status};
}

}  // namespace mw::mpi

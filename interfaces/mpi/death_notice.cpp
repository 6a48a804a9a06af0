#include "mpi/death_notice.hpp"

#include <array>
#include <charconv>

#include <fmt/format.h>

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
    const auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), *number);
    if (error != std::errc{}) return std::nullopt;
    line.remove_prefix(static_cast<std::size_t>(end - line.data()));
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
  HostNotice notice;
  const auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), notice.exit_status);
  line.remove_prefix(static_cast<std::size_t>(end - line.data()));
  if (error != std::errc{} || line.size() < 2 || line.front() != ' ') return std::nullopt;
  notice.host = line.substr(1);
  return notice;
}

}  // namespace mw::mpi

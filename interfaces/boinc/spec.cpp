#include "boinc/spec.hpp"

#include <algorithm>
#include <filesystem>
#include <optional>

#include <fmt/format.h>

#include "boinc/spec_options.hpp"
#include "process/child.hpp"

namespace mw::boinc {
namespace {

constexpr std::string_view form =
    "boinc:[N][?listen=ADDRESS:PORT][&url=URL][&state=DIR][&workers=DIR][&quorum=Q][&target=T][&max_error=E][&max_total=E][&max_"
    "success=E]"
    "[&delay_bound_s=S][&workunit_s=S][&tasks_per_workunit=N][&workunits_per_processor=N][&poll_s=S][&another_after_s=S][&adaptive="
    "on|off]"
    "[&hosts=any|coarse|fine][&validator=bitwise|numeric:R][&max_output_mb=M][&accounts=open|closed][&keys=shared|each]"
    "[&one_vote=host|addresses|account][&proxies=ADDRESS,…]";

constexpr unsigned most_volunteers = BoincInterface::max_local_volunteers;

[[noreturn]] void refuse(std::string_view text, std::string_view why) {
  throw UsageError{fmt::format("interface \"boinc{}\": {}; the form is {}", text, why, form)};
}

bool set_validator(BoincOptions& options, std::string_view value) {
  constexpr std::string_view numeric = "numeric:";
  if (value == "bitwise") {
    options.validator = bitwise_validator();
    return true;
  }
  if (!value.starts_with(numeric)) return false;
  const auto tolerance = number_of(value.substr(numeric.size()), 0.0, 1.0);
  if (tolerance) options.validator = numeric_validator(*tolerance);
  return tolerance.has_value();
}

bool set_mix(BoincOptions& options, std::string_view value) {
  options.host_mix = value == "fine" ? HostMix::fine : value == "coarse" ? HostMix::coarse : HostMix::any;
  return value == "fine" || value == "coarse" || value == "any";
}

bool set_one_vote(BoincOptions& options, std::string_view value) {
  options.one_vote = value == "host" ? OneVote::host : value == "account" ? OneVote::account : OneVote::addresses;
  return value == "host" || value == "account" || value == "addresses";
}

bool set_proxies(BoincOptions& options, std::string_view value) {
  options.proxies.clear();
  while (!value.empty()) {
    const auto comma = value.find(',');
    options.proxies.emplace_back(value.substr(0, comma));
    value = comma == std::string_view::npos ? std::string_view{} : value.substr(comma + 1);
  }
  return !options.proxies.empty();
}

/// 0 is never.
bool set_another_after(BoincOptions& options, std::string_view value) {
  options.another_after = {};
  return value == "0" || set_duration<&BoincOptions::another_after>(options, value);
}

bool set_max_output(BoincOptions& options, std::string_view value) {
  constexpr std::uint64_t most_mb = 1024 * 1024;
  const auto megabytes = number_of<std::uint64_t>(value, 1, most_mb);
  if (megabytes) options.max_output = *megabytes << 20;
  return megabytes.has_value();
}

const SetterTable<BoincOptions>& setters() {
  static const SetterTable<BoincOptions> table{
      {"listen", set_text<&BoincOptions::listen>},
      {"url", set_text<&BoincOptions::url>},
      {"state", set_text<&BoincOptions::state>},
      {"workers", set_text<&BoincOptions::workers>},
      {"quorum", set_number<&BoincOptions::quorum>},
      {"target", set_number<&BoincOptions::target>},
      {"max_error", set_number<&BoincOptions::max_errors, 0>},
      {"max_total", set_number<&BoincOptions::max_total>},
      {"max_success", set_number<&BoincOptions::max_success>},
      {"delay_bound_s", set_duration<&BoincOptions::delay_bound>},
      {"workunit_s", set_duration<&BoincOptions::workunit_time>},
      {"tasks_per_workunit", set_number<&BoincOptions::tasks_per_workunit, 0, 1000>},
      {"workunits_per_processor", set_number<&BoincOptions::workunits_per_processor, 1, 1000>},
      {"poll_s", set_duration<&BoincOptions::poll>},
      {"another_after_s", set_another_after},
      {"adaptive",
       [](BoincOptions& o, std::string_view v) { return set_switch<&BoincOptions::adaptive_replication>(o, v, "on", "off"); }},
      {"hosts", set_mix},
      {"validator", set_validator},
      {"max_output_mb", set_max_output},
      {"one_vote", set_one_vote},
      {"proxies", set_proxies},
      {"keys",
       [](BoincOptions& o, std::string_view v) { return set_switch<&BoincOptions::keys_for_each>(o, v, "each", "shared"); }},
      {"accounts",
       [](BoincOptions& o, std::string_view v) { return set_switch<&BoincOptions::open_accounts>(o, v, "open", "closed"); }},
  };
  return table;
}

/// An account that anybody makes tells nobody apart.
VoteOf one_vote_of(const BoincOptions& options) {
  switch (options.one_vote) {
    case OneVote::host: return VoteOf::host;
    case OneVote::account: return VoteOf::account;
    case OneVote::addresses: return VoteOf::range;
    case OneVote::automatic: break;
  }
  return options.keys_for_each && !options.open_accounts ? VoteOf::account : VoteOf::range;
}

[[noreturn]] void refuse_option(std::string_view why) { throw UsageError{fmt::format("boinc: {}", why)}; }

void check_listen(const std::string& listen) {
  const auto colon = listen.rfind(':');
  if (colon == std::string::npos || colon == 0 || !number_of<unsigned>(std::string_view{listen}.substr(colon + 1), 0, 65'535))
    refuse_option(fmt::format("\"{}\" is no address to listen at; it is ADDRESS:PORT, for example 127.0.0.1:8931", listen));
}

void check_copies(const BoincOptions& options) {
  const unsigned target = std::max(options.target, options.quorum);
  if (options.quorum < 1 || options.quorum > most_copies)
    refuse_option(fmt::format("a quorum of {} makes no sense; it is 1 to {}", options.quorum, most_copies));
  if (options.max_total < target || options.max_success < options.quorum)
    refuse_option(fmt::format("max_total ({}) and max_success ({}) must not be below the {} copies that agree", options.max_total,
                              options.max_success, target));
}

void check_times(const BoincOptions& options) {
  using std::chrono::seconds;
  if (!is_in_measure(options.delay_bound, seconds{1}) || !is_in_measure(options.workunit_time, seconds{1}) ||
      !is_in_measure(options.another_after, std::chrono::milliseconds{0}) ||
      !is_in_measure(options.poll, std::chrono::milliseconds{0}))
    refuse_option(fmt::format("delay_bound and workunit_time are 1 to {} s, poll is 0 to as much", longest_time.count()));
}

}  // namespace

BoincOptions parse_spec(std::string_view text) {
  BoincOptions options;
  const auto question = text.find('?');
  std::string_view plain = text.substr(0, question);
  if (plain.starts_with(':')) plain.remove_prefix(1);
  if (!plain.empty()) {
    const auto volunteers = number_of(plain, 1u, most_volunteers);
    if (!volunteers)
      refuse(text, fmt::format("\"{}\" is no number of volunteers on this machine, 1 to {}", plain, most_volunteers));
    options.local_volunteers = *volunteers;
  }
  if (question == std::string_view::npos) return options;
  read_options(options, text.substr(question + 1), setters(), [&](const std::string& why) { refuse(text, why); });
  return options;
}

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

Settings settings_of(const BoincOptions& options) {
  check_listen(options.listen);
  check_copies(options);
  check_times(options);
  if (!options.url.empty() && !options.url.starts_with("http://") && !options.url.starts_with("https://"))
    refuse_option(fmt::format("\"{}\" is no URL; it begins with http:// or https://", options.url));
  if (options.local_volunteers > most_volunteers)
    refuse_option(fmt::format("{} volunteers on this machine are more than {}", options.local_volunteers, most_volunteers));
  Settings settings;
  settings.title = program_name();
  settings.app = app_name();
  settings.url = options.url;
  settings.limits.quorum = options.quorum;
  settings.limits.target = std::max(options.target, options.quorum);
  settings.limits.max_errors = options.max_errors;
  settings.limits.max_total = options.max_total;
  settings.limits.max_success = options.max_success;
  settings.delay_bound = options.delay_bound;
  settings.workunit_s = static_cast<double>(options.workunit_time.count());
  settings.tasks_per_workunit = options.tasks_per_workunit;
  settings.workunits_per_processor = options.workunits_per_processor;
  settings.another_after = options.another_after.count() > 0 ? std::optional{options.another_after} : std::nullopt;
  settings.poll_s = std::chrono::duration<double>{options.poll}.count();
  settings.adaptive = options.adaptive_replication;
  settings.redundancy = options.host_mix == HostMix::fine     ? Redundancy::fine
                        : options.host_mix == HostMix::coarse ? Redundancy::coarse
                                                              : Redundancy::any;
  settings.validator = options.validator;
  settings.max_output = static_cast<std::int64_t>(std::min<std::uint64_t>(options.max_output, INT64_MAX));
  settings.open_accounts = options.open_accounts;
  settings.keys_for_each = options.keys_for_each;
  for (const std::string& proxy : options.proxies) {
    boost::system::error_code error;
    settings.proxies.push_back(boost::asio::ip::make_address(proxy, error));
    if (error) refuse_option(fmt::format("\"{}\" is no address of a proxy", proxy));
  }
  settings.one_vote = one_vote_of(options);
  return settings;
}

}  // namespace mw::boinc

#include "boinc/spec.hpp"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "boinc/program_name.hpp"
#include "parse/number.hpp"
#include "spec/spec.hpp"

namespace mw::boinc {
namespace {

constexpr std::string_view form =
    "boinc:[N][?listen=ADDRESS:PORT][&url=URL][&state=DIR][&workers=DIR][&quorum=Q][&target=T][&max_error=E][&max_total=E][&max_"
    "success=E]"
    "[&delay_bound_s=S][&workunit_s=S][&tasks_per_workunit=N][&workunits_per_processor=N][&poll_s=S][&another_after_s=S][&adaptive="
    "on|off]"
    "[&hosts=any|coarse|fine][&validator=bitwise|numeric:R][&max_output_mb=M][&accounts=open|closed][&keys=shared|each]"
    "[&one_vote=host|addresses|account][&proxies=ADDRESS,…]";

constexpr unsigned most_copies_of_task = 100;
constexpr unsigned most_volunteers = BoincInterface::max_local_volunteers;

bool set_validator(BoincOptions& options, std::string_view value) {
  constexpr std::string_view numeric = "numeric:";
  if (value == "bitwise") {
    options.validator = bitwise_validator();
    return true;
  }
  if (!value.starts_with(numeric)) return false;
  const auto tolerance = parse::number<double>(value.substr(numeric.size()), 0.0, 1.0);
  if (tolerance) options.validator = numeric_validator(*tolerance);
  return tolerance.has_value();
}

bool set_proxies(BoincOptions& options, std::string_view value) {
  options.proxies = spec::list_in(value);
  return true;
}

/// 0 is never.
spec::Option<BoincOptions> another_after() {
  auto option = spec::seconds<&BoincOptions::another_after>("another_after_s");
  return {option.key, "0 or " + option.takes, [set = option.set](BoincOptions& options, std::string_view value) {
            options.another_after = {};
            return value == "0" || set(options, value);
          }};
}

constexpr std::uint64_t most_output_mb = 1024 * 1024;

bool set_max_output(BoincOptions& options, std::string_view value) {
  const auto megabytes = parse::number<std::uint64_t>(value, 1, most_output_mb);
  if (megabytes) options.max_output = *megabytes << 20;
  return megabytes.has_value();
}

const spec::Table<BoincOptions>& options_table() {
  using Options = BoincOptions;
  static const spec::Table<Options> table{
      spec::text<&Options::listen>("listen", "ADDRESS:PORT"),
      spec::text<&Options::url>("url", "a URL"),
      spec::text<&Options::description>("description", "a text"),
      spec::text<&Options::state>("state", "a folder"),
      spec::text<&Options::workers>("workers", "a folder"),
      spec::number<&Options::quorum>("quorum", 1, most_copies_of_task),
      spec::number<&Options::target>("target", 1, most_copies_of_task),
      spec::number<&Options::max_errors>("max_error", 0, most_copies_of_task),
      spec::number<&Options::max_total>("max_total", 1, most_copies_of_task),
      spec::number<&Options::max_success>("max_success", 1, most_copies_of_task),
      spec::seconds<&Options::delay_bound>("delay_bound_s"),
      spec::seconds<&Options::workunit_time>("workunit_s"),
      spec::number<&Options::tasks_per_workunit>("tasks_per_workunit", 0, 1000),
      spec::number<&Options::workunits_per_processor>("workunits_per_processor", 1, 1000),
      spec::seconds<&Options::poll>("poll_s"),
      another_after(),
      spec::one_of<&Options::adaptive_replication>("adaptive", {{"on", true}, {"off", false}}),
      spec::one_of<&Options::host_mix>("hosts", {{"any", HostMix::any}, {"coarse", HostMix::coarse}, {"fine", HostMix::fine}}),
      {"validator", "bitwise or numeric:R", set_validator},
      {"max_output_mb", fmt::format("a number, 1 to {}", most_output_mb), set_max_output},
      spec::one_of<&Options::one_vote>("one_vote",
                                       {{"host", OneVote::host}, {"addresses", OneVote::addresses}, {"account", OneVote::account}}),
      {"proxies", "addresses with ',' between them", set_proxies},
      spec::one_of<&Options::keys_for_each>("keys", {{"each", true}, {"shared", false}}),
      spec::one_of<&Options::open_accounts>("accounts", {{"open", true}, {"closed", false}}),
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
  if (colon == std::string::npos || colon == 0 || !parse::number<std::uint16_t>(std::string_view{listen}.substr(colon + 1)))
    refuse_option(fmt::format("\"{}\" is no address to listen at; it is ADDRESS:PORT, for example 127.0.0.1:8931", listen));
}

void check_copies(const BoincOptions& options) {
  const unsigned target = std::max(options.target, options.quorum);
  if (options.quorum < 1 || options.quorum > most_copies_of_task)
    refuse_option(fmt::format("a quorum of {} makes no sense; it is 1 to {}", options.quorum, most_copies_of_task));
  if (options.max_total < target || options.max_success < options.quorum)
    refuse_option(fmt::format("max_total ({}) and max_success ({}) must not be below the {} copies that agree", options.max_total,
                              options.max_success, target));
}

void check_times(const BoincOptions& options) {
  using std::chrono::seconds;
  if (!spec::is_in_measure(options.delay_bound, seconds{1}) || !spec::is_in_measure(options.workunit_time, seconds{1}) ||
      !spec::is_in_measure(options.another_after, std::chrono::milliseconds{0}) ||
      !spec::is_in_measure(options.poll, std::chrono::milliseconds{0}))
    refuse_option(fmt::format("delay_bound and workunit_time are 1 to {} s, poll is 0 to as much", spec::longest_time.count()));
}

}  // namespace

BoincOptions parse_spec(std::string_view text) {
  BoincOptions options;
  const spec::Spec given{"boinc", text, form};
  if (const auto volunteers = given.count(most_volunteers, "volunteers on this machine")) options.local_volunteers = *volunteers;
  given.read(options, options_table());
  return options;
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
  settings.description = options.description;
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

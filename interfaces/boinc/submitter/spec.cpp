#include "boinc/submitter/spec.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "boinc/protocol/xml.hpp"
#include "boinc/spec_options.hpp"

namespace mw::boinc {
namespace {

constexpr std::string_view form =
    "boinc:project=DIR[&results=DIR][&quorum=Q][&target=T][&max_error=E][&max_total=E][&max_success=E][&app=NAME][&state=DIR]"
    "[&delay_bound_s=S][&workunit_s=S][&task_s=S][&tasks_per_workunit=N][&poll_s=S], or boinc:url=URL&auth=FILE and the last seven "
    "of these";

const SetterTable<BoincProjectOptions>& setters() {
  using Options = BoincProjectOptions;
  static const SetterTable<Options> table{
      {"project", set_text<&Options::folder>},
      {"url", set_text<&Options::url>},
      {"auth", set_text<&Options::key_file>},
      {"app", set_text<&Options::app>},
      {"state", set_text<&Options::state>},
      {"results", set_text<&Options::results>},
      {"quorum", set_number<&Options::quorum>},
      {"target", set_number<&Options::target>},
      {"max_error", set_number<&Options::max_errors>},
      {"max_total", set_number<&Options::max_total>},
      {"max_success", set_number<&Options::max_success>},
      {"delay_bound_s", set_duration<&Options::delay_bound>},
      {"workunit_s", set_duration<&Options::workunit_time>},
      {"task_s", set_duration<&Options::task_time>},
      {"tasks_per_workunit", set_number<&Options::tasks_per_workunit, 0, 1000>},
      {"poll_s", set_duration<&Options::poll>},
  };
  return table;
}

/// "project=DIR" of ":?project=DIR".
std::string_view options_in(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(":?"), text.size()));
  return text;
}

[[noreturn]] void refuse(std::string_view why) { throw UsageError{fmt::format("boinc: {}", why)}; }

void check_folder(const BoincProjectOptions& options) {
  if (!options.url.empty() || !options.key_file.empty())
    refuse("a project is used through its folder (project=DIR), or over the network (url=URL&auth=FILE), not both ways");
  const unsigned copies = std::max(options.quorum, options.target);
  if ((options.max_total > 0 && options.max_total < copies) || (options.max_success > 0 && options.max_success < options.quorum))
    refuse(fmt::format("max_total ({}) and max_success ({}) must not be below the {} copies that agree", options.max_total,
                       options.max_success, copies));
}

void check_url(const BoincProjectOptions& options) {
  if (!options.url.starts_with("http://") && !options.url.starts_with("https://"))
    refuse(fmt::format("\"{}\" is no project's URL; it begins with http:// or https://", options.url));
  if (options.key_file.empty()) refuse("over the network the account's key is needed: auth=FILE");
  if (!options.results.empty()) refuse("results= is for project=DIR");
  if (options.quorum + options.target + options.max_errors + options.max_total + options.max_success > 0)
    refuse("over the network the project's templates say how many copies of a workunit there are: `mw boinc-setup --quorum` there");
}

}  // namespace

bool is_project_spec(std::string_view text) {
  const auto has = [options = fmt::format("&{}", options_in(text))](std::string_view key) {
    return options.find(key) != std::string::npos;
  };
  return has("&project=") || has("&auth=");
}

BoincProjectOptions parse_project_spec(std::string_view text) {
  BoincProjectOptions options;
  read_options(options, options_in(text), setters(), [&](const std::string& why) {
    throw UsageError{fmt::format("interface \"boinc{}\": {}; the form is {}", text, why, form)};
  });
  return options;
}

void check_options(const BoincProjectOptions& options) {
  using std::chrono::seconds;
  if (!is_in_measure(options.delay_bound, seconds{0}) || !is_in_measure(options.workunit_time, seconds{1}) ||
      !is_in_measure(options.poll, std::chrono::milliseconds{0}) || !is_in_measure(options.task_time, std::chrono::nanoseconds{0}))
    refuse(fmt::format("delay_bound, poll and task_time are 0 to {} s, workunit_time is 1 to as much", longest_time.count()));
  if (options.folder.empty())
    check_url(options);
  else
    check_folder(options);
  if (!options.app.empty() && !is_file_name(options.app)) refuse(fmt::format("\"{}\" is no application's name", options.app));
}

}  // namespace mw::boinc

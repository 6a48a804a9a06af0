#include "boinc/submitter/spec.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "boinc/protocol/xml.hpp"
#include "spec/spec.hpp"

namespace mw::boinc {
namespace {

constexpr std::string_view project_form =
    "boinc:project=DIR[&results=DIR][&quorum=Q][&target=T][&max_error=E][&max_total=E][&max_success=E][&app=NAME][&state=DIR]"
    "[&delay_bound_s=S][&workunit_s=S][&task_s=S][&tasks_per_workunit=N][&poll_s=S], or boinc:url=URL&auth=FILE and the last seven "
    "of these";

const spec::Table<BoincProjectOptions>& project_options_table() {
  using Options = BoincProjectOptions;
  constexpr unsigned most_copies = 100;
  static const spec::Table<Options> table{
      spec::text<&Options::folder>("project", "a folder"),
      spec::text<&Options::url>("url", "a URL"),
      spec::text<&Options::key_file>("auth", "a file"),
      spec::text<&Options::app>("app", "a name"),
      spec::text<&Options::state>("state", "a folder"),
      spec::text<&Options::results>("results", "a folder"),
      spec::number<&Options::quorum>("quorum", 1, most_copies),
      spec::number<&Options::target>("target", 1, most_copies),
      spec::number<&Options::max_errors>("max_error", 1, most_copies),
      spec::number<&Options::max_total>("max_total", 1, most_copies),
      spec::number<&Options::max_success>("max_success", 1, most_copies),
      spec::seconds<&Options::delay_bound>("delay_bound_s"),
      spec::seconds<&Options::workunit_time>("workunit_s"),
      spec::seconds<&Options::task_time>("task_s"),
      spec::number<&Options::tasks_per_workunit>("tasks_per_workunit", 0, 1000),
      spec::seconds<&Options::poll>("poll_s"),
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
  spec::read_options(options, options_in(text), project_options_table(), [&](const std::string& why) {
    spec::Spec{"boinc", text, project_form}.refuse(why);
  });
  return options;
}

void check_options(const BoincProjectOptions& options) {
  using std::chrono::seconds;
  if (!spec::is_in_measure(options.delay_bound, seconds{0}) || !spec::is_in_measure(options.workunit_time, seconds{1}) ||
      !spec::is_in_measure(options.poll, std::chrono::milliseconds{0}) ||
      !spec::is_in_measure(options.task_time, std::chrono::nanoseconds{0}))
    refuse(fmt::format("delay_bound, poll and task_time are 0 to {} s, workunit_time is 1 to as much", spec::longest_time.count()));
  if (options.folder.empty())
    check_url(options);
  else
    check_folder(options);
  if (!options.app.empty() && !is_file_name(options.app)) refuse(fmt::format("\"{}\" is no application's name", options.app));
}

}  // namespace mw::boinc

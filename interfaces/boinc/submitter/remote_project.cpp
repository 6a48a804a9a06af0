#include "boinc/submitter/remote_project.hpp"

#include <algorithm>
#include <chrono>
#include <filesystem>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "boinc/policy/work_size.hpp"
#include "boinc/protocol/server_status.hpp"
#include "boinc/setup/templates.hpp"
#include "log/log.hpp"
#include "wire/bundle.hpp"

namespace mw::boinc {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

// What PHP takes in one request unless it was told otherwise: max_file_uploads, and a little less than post_max_size.
constexpr std::size_t most_files_at_once = 20;
constexpr std::uintmax_t most_bytes_at_once = 6 * 1024 * 1024;
constexpr std::uintmax_t usual_most_bytes = 2 * 1024 * 1024 - 1024;  // of one file (upload_max_filesize)
constexpr std::size_t longest_output = std::size_t{1} << 30;
constexpr std::chrono::hours keep_files{24 * 365};
constexpr double overlap_s = 5;  // a change may carry a time before one that was seen
constexpr unsigned most_fetch_failures = 5;
constexpr std::chrono::seconds long_without_word{30};
constexpr std::chrono::seconds longest_for_status{10};  // a page that nobody depends on

/// There is a web server, and something behind it does not work at the moment.
class SiteFault : public RouteError {
 public:
  using RouteError::RouteError;
};

std::string with_slash(std::string url) {
  if (!url.ends_with('/')) url += '/';
  return url;
}

std::int64_t seconds_from_now(std::chrono::seconds time) {
  return std::chrono::duration_cast<std::chrono::seconds>((std::chrono::system_clock::now() + time).time_since_epoch()).count();
}

/// It is stopped (stop_web), or its database is.
bool is_passing(const submit_rpc::Refusal& refusal) {
  const std::string_view why = refusal.what();
  return why.find("(error -183)") != std::string_view::npos || why.find("(error -138)") != std::string_view::npos;
}

RouteError waited_for(const std::string& url, const Error& why) {
  return RouteError{fmt::format("{} is waited for: {}", url, why.what())};
}

/// What the project says, as the submitter understands it.
template <class Call>
auto talk(const std::string& url, const Call& call) {
  try {
    return call();
  } catch (const submit_rpc::Refusal& e) {
    if (is_passing(e)) throw waited_for(url, e);
    throw RouteRefusal{e.what()};
  } catch (const BadMessage& e) {
    throw RouteError{fmt::format("{}: {}", url, e.what())};
  }
}

}  // namespace

RemoteProject::RemoteProject(const BoincProjectOptions& options, std::string app, std::string key, std::function<bool()> alive)
    : options_{options},
      url_{with_slash(options.url)},
      app_{std::move(app)},
      key_{std::move(key)},
      transfer_{[this, alive = std::move(alive)] {
        say_if_it_hangs();
        return alive() && Clock::now() < give_up_at_;
      }} {}

/// libcurl gives it up only after minutes: what it is asked for may take that long.
void RemoteProject::say_if_it_hangs() {
  if (asked_at_ == Clock::time_point{} || Clock::now() < asked_at_ + long_without_word) return;
  asked_at_ = {};
  log::warn(fmt::format("boinc: {} is waited for: it has not answered for {} s", url_, long_without_word.count()));
}

std::string RemoteProject::ask_at(const char* handler, const std::string& request, std::vector<http::FormField> files) {
  if (files.empty()) asked_at_ = Clock::now();  // files may be long on their way
  const struct Answered {
    Clock::time_point& asked_at;
    ~Answered() { asked_at = {}; }
  } at_end{asked_at_};
  files.insert(files.begin(), http::FormField{"request", request});
  try {
    return transfer_.post_form(url_ + handler, files);
  } catch (const http::ServerFault& e) {
    throw SiteFault{e.what()};
  } catch (const http::TransferError& e) {
    throw RouteError{e.what()};
  }
}

void RemoteProject::check() {
  try {
    const Document document = submit_rpc::parse_reply(ask(submit_rpc::get_templates_request(key_, app_)), "get_templates");
    const pugi::xml_node templates = document.root.child("templates");
    if (!templates) throw BadMessage{"the reply to get_templates has no templates"};
    if (templates.child("input_template") && !templates.child("input_template").child("workunit").child("max_error_results"))
      log::warn(
          fmt::format("boinc: the templates of {} do not say how many copies of a workunit may fail (max_error_results): the first "
                      "that fails ends it. Its owner mends that with `mw boinc-setup PROJECT --app {} --remote --replace`",
                      app_, app_));
  } catch (const submit_rpc::Refusal& e) {
    if (is_passing(e)) throw waited_for(url_, e);
    refuse_at_start(e);
  } catch (const SiteFault& e) {
    throw waited_for(url_, e);
  } catch (const submit_rpc::Breakdown& e) {
    throw waited_for(url_, e);
  } catch (const Error& e) {
    refuse_at_start(e);
  }
}

void RemoteProject::refuse_at_start(const Error& e) const {
  throw InterfaceError{
      fmt::format("boinc: jobs of {} cannot be submitted to {}: {}. Its owner sets it up with `mw boinc-setup PROJECT --app {} "
                  "--remote`, and lets this account submit with `bin/manage_privileges grant USER_ID {}`",
                  app_, url_, e.what(), app_, app_)};
}

std::string RemoteProject::obstacle() {
  if (!has_status_page_) return {};
  give_up_at_ = Clock::now() + longest_for_status;
  const struct Asked {
    Clock::time_point& give_up_at;
    ~Asked() { give_up_at = Clock::time_point::max(); }
  } at_end{give_up_at_};
  try {
    const std::vector<std::string> down =
        daemons_down(transfer_.get(url_ + "server_status.php?xml=1", longest_server_status), app_);
    if (!down.empty())
      return fmt::format("{} is waited for: its daemons {} do not run; its owner starts them with bin/start", url_,
                         fmt::join(down, ", "));
  } catch (const http::TransferError& e) {
    has_status_page_ = !e.is_permanent();
  } catch (const BadMessage&) {
    // Another page than BOINC's says nothing.
  }
  return {};
}

void RemoteProject::upload(const std::vector<Job>& jobs, const std::string& outbox) {
  std::set<std::string> all;
  for (const Job& job : jobs) {
    all.insert(job.input_name());
    all.insert(job.data.begin(), job.data.end());
  }
  const std::vector<std::string> names{all.begin(), all.end()};
  const auto absent =
      submit_rpc::parse_absent_files(ask_at("job_file.php", submit_rpc::query_files_request(key_, names), {}), names.size());
  std::set<std::string> refused;
  std::uintmax_t refused_bytes = 0;
  for (std::size_t at = 0; at < absent.size();) {
    std::vector<std::string> part;
    std::vector<http::FormField> files;
    std::uintmax_t bytes = 0, largest = 0;
    while (at < absent.size() && part.size() < most_files_at_once) {
      const std::string& name = names[absent[at]];
      const std::string path = outbox + "/" + name;
      std::error_code error;
      const std::uintmax_t size = fs::file_size(path, error);
      if (error) throw RouteError{fmt::format("{} cannot be read: {}", path, error.message())};
      // One that may be too large goes alone, so that the answer is about it.
      const bool goes_alone = size > usual_most_bytes;
      if (!files.empty() && (bytes + size > most_bytes_at_once || goes_alone || largest > usual_most_bytes)) break;
      ++at;
      if (size >= too_large_) {
        refused.insert(name);
        refused_bytes = size;
        continue;
      }
      bytes += size;
      largest = std::max(largest, size);
      files.push_back({fmt::format("file_{}", files.size()), {}, path});
      part.push_back(name);
    }
    if (part.empty()) continue;
    try {
      upload_some(part, std::move(files), largest);
    } catch (const FilesRefused&) {
      refused.insert(part.begin(), part.end());
      refused_bytes = largest;
    }
  }
  if (!refused.empty())
    throw FilesRefused{
        std::move(refused),
        fmt::format("the project's web server takes no file of {} bytes: its owner raises PHP's upload_max_filesize (2 MB as "
                    "it comes) and post_max_size (8 MB) in php.ini",
                    refused_bytes)};
}

void RemoteProject::upload_some(const std::vector<std::string>& names, std::vector<http::FormField> files, std::uintmax_t largest) {
  const std::string request = submit_rpc::upload_files_request(key_, names, seconds_from_now(keep_files));
  try {
    submit_rpc::parse_reply(ask_at("job_file.php", request, std::move(files)), "upload_files");
  } catch (const submit_rpc::Refusal& e) {
    const std::string_view why = e.what();
    const auto says = [why](std::string_view part) { return why.find(part) != std::string_view::npos; };
    // Over post_max_size PHP hands nothing of the form to the handler, not even the request.
    if (names.size() == 1 && (says("upload_max_filesize") || says("MAX_FILE_SIZE") || says("can't parse request message"))) {
      too_large_ = std::min(too_large_, largest);
      throw FilesRefused{{names.front()}, e.what()};
    }
    if (!says("permission")) throw;
    throw RouteRefusal{
        fmt::format("{}; its owner opens its download folders to the web server with `mw boinc-setup PROJECT --app {} "
                    "--remote`",
                    e.what(), app_)};
  }
}

void RemoteProject::submit(const Batch& batch) {
  talk(url_, [&] {
    const auto known = batch.is_again ? find_batch(batch.name) : std::nullopt;
    if (known && known->is_submitted) return;
    const std::int64_t id =
        known ? known->id
              : submit_rpc::parse_batch_id(ask(submit_rpc::create_batch_request(key_, app_, batch.name)), "create_batch");
    upload(batch.jobs, batch.outbox);
    const Operations operations = operations_of(
        batch.seconds > 0 ? batch.seconds : static_cast<double>(options_.workunit_time.count()), options_.workunit_time);
    submit_rpc::Submission submission{app_,
                                      id,
                                      input_template_name(app_, batch.data_files),
                                      output_template_name(app_),
                                      operations.expected,
                                      operations.bound,
                                      options_.delay_bound.count()};
    for (const Job& job : batch.jobs) {
      submit_rpc::Job& one = submission.jobs.emplace_back(submit_rpc::Job{job.name, job.priority, {job.input_name()}});
      one.files.insert(one.files.end(), job.data.begin(), job.data.end());
    }
    submit_rpc::parse_batch_id(ask(submit_rpc::submit_batch_request(key_, submission)), "submit_batch");
  });
}

std::optional<submit_rpc::BatchState> RemoteProject::find_batch(const std::string& name) {
  try {
    return submit_rpc::parse_query_batch(ask(submit_rpc::query_batch_request(key_, name)));
  } catch (const submit_rpc::Refusal&) {  // there is none of that name
    return std::nullopt;
  }
}

bool RemoteProject::has(const std::string& batch) {
  return talk(url_, [&] {
    const auto known = find_batch(batch);
    return known && known->is_submitted;
  });
}

void RemoteProject::poll(const std::vector<std::string>& batches, PollSink& sink) {
  // A batch that is new to us may have had its changes before.
  // That a copy was sent to a host does not count as a change.
  constexpr std::size_t few_batches = 2;
  constexpr unsigned every = 10;
  const bool looks_at_all = batches.size() <= few_batches || polls_++ % every == 0;
  const bool all_seen =
      !looks_at_all && std::all_of(batches.begin(), batches.end(), [&](const auto& name) { return seen_batches_.contains(name); });
  const auto states = talk(url_, [&] {
    return submit_rpc::parse_query_jobs(ask(submit_rpc::query_jobs_request(key_, batches, all_seen ? since_ : 0)));
  });
  for (const auto& [job, state] : states.jobs) {
    if (!sink.is_open(job)) continue;
    if (state == submit_rpc::JobState::in_progress) sink.job_runs(job);
    if (state == submit_rpc::JobState::done) to_fetch_.insert(job);
    if (state == submit_rpc::JobState::error) sink.job_ended({job, {}, why(job)});
  }
  since_ = std::max(0.0, states.server_time - overlap_s);
  seen_batches_.insert(batches.begin(), batches.end());
  // One that cannot be fetched does not hold up the others.
  std::string trouble;
  for (const std::string& job : std::set<std::string>{to_fetch_}) {
    const std::string why_not = fetch(job, sink);
    if (trouble.empty() && !why_not.empty()) trouble = fmt::format("workunit {}: {}", job, why_not);
  }
  if (!trouble.empty()) throw RouteError{trouble};
}

std::string RemoteProject::fetch(const std::string& job, PollSink& sink) {
  JobEnd end{job, {}, {}};
  if (sink.is_open(job)) {
    std::string output;
    try {
      output = transfer_.get(fmt::format("{}get_output.php?cmd=workunit_file&auth_str={}&wu_name={}&file_num=0", url_, key_, job),
                             longest_output);
      // The handler reports its errors with HTTP status 200, too.
      if (!wire::answer_so_far(std::as_bytes(std::span{output})).is_complete)
        end.why = fmt::format("its output cannot be used; it begins: {:.200}", output.substr(0, output.find_first_of("\r\n")));
    } catch (const http::TransferError& e) {
      if (!e.is_permanent()) return e.what();
      end.why = e.what();
    }
    if (!end.why.empty() && ++fetch_failures_[job] < most_fetch_failures) return end.why;
    if (end.why.empty()) end.answer = Bytes{std::as_bytes(std::span{output})};
    sink.job_ended(std::move(end));
  }
  fetch_failures_.erase(job);
  to_fetch_.erase(job);
  return {};
}

std::string RemoteProject::why(const std::string& job) {
  try {
    return submit_rpc::parse_completed_job(ask(submit_rpc::query_completed_job_request(key_, job)));
  } catch (const Error& e) {
    return fmt::format("the project gave it up, and does not say why: {}", e.what());
  }
}

void RemoteProject::cancel(const std::vector<std::string>& jobs) {
  talk(url_, [&] { submit_rpc::parse_reply(ask(submit_rpc::abort_jobs_request(key_, jobs)), "abort_jobs"); });
}

void RemoteProject::abandon(const std::string& batch, const std::vector<std::string>&) {
  talk(url_, [&] { submit_rpc::parse_reply(ask(submit_rpc::abort_batch_request(key_, batch)), "abort_batch"); });
  retire(batch);
}

std::string RemoteProject::how_to_abandon(const std::string& batch, const std::vector<std::string>& jobs) const {
  return fmt::format("on the host of {}, in its folder: for job in {}; do bin/cancel_jobs --name $job; done (batch {})", url_,
                     fmt::join(jobs, " "), batch);
}

void RemoteProject::retire(const std::string& batch) {
  talk(url_, [&] { submit_rpc::parse_reply(ask(submit_rpc::retire_batch_request(key_, batch)), "retire_batch"); });
}

}  // namespace mw::boinc

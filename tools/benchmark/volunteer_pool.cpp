// mw_pool_bench: the server of the boinc interface, with emulated volunteers on the same machine.
#include <mw/mw.hpp>

#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "boinc/protocol/md5.hpp"
#include "boinc/protocol/scheduler_reply.hpp"
#include "boinc/protocol/scheduler_request.hpp"
#include "boinc/protocol/upload.hpp"
#include "http/transfer.hpp"
#include "process/standard_streams.hpp"
#include "registry/registry.hpp"
#include "sqlite/database.hpp"
#include "wire/bundle.hpp"
#include "worker/execute.hpp"

namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;
using namespace mw::boinc;

constexpr double seconds_each = 5;

std::uint64_t same(std::uint64_t x) { return x; }

double since(Clock::time_point begin) { return std::chrono::duration<double>(Clock::now() - begin).count(); }

std::uint64_t resident_mib() {
  std::ifstream file{"/proc/self/statm"};
  std::uint64_t pages = 0;
  file >> pages >> pages;
  return pages * 4096 / (1 << 20);
}

/// A project in a folder of its own, with a master on it.
class Project {
 public:
  explicit Project(const std::string& more = "") {
    std::string name = (fs::temp_directory_path() / "cppmw-bench-XXXXXX").string();
    if (!::mkdtemp(name.data())) throw mw::InterfaceError{"no folder can be made for the project"};
    folder_ = name;
    fs::create_directories(folder_ / "workers/x");
    fs::copy_file("/bin/true", folder_ / "workers/x" / fs::read_symlink("/proc/self/exe").filename());
    master_.emplace(mw::interface(
        fmt::format("boinc:?listen=127.0.0.1:0&workunits_per_processor=1000&tasks_per_workunit=1&state={}&workers={}{}",
                    (folder_ / "state").string(), (folder_ / "workers").string(), more)));
    url_ = std::get<std::string>(master_->get_status().interface.at("url"));
    std::ifstream{folder_ / "state/account_key"} >> key_;
  }
  ~Project() {
    master_.reset();
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
  }

  mw::Master& master() { return *master_; }
  const std::string& url() const { return url_; }
  const std::string& key() const { return key_; }
  std::string database() const { return (folder_ / "state/project.db").string(); }

  /// Returns when they are durable and ready to be sent.
  void submit(std::uint64_t count) {
    const auto before = waiting();
    for (std::uint64_t i = 0; i < count; ++i) tasks_.push_back(master_->submit_task<same>(i));
    while (waiting() < before + static_cast<std::int64_t>(count)) std::this_thread::sleep_for(std::chrono::milliseconds{1});
  }
  std::int64_t waiting() const { return std::get<std::int64_t>(master_->get_status().interface.at("tasks_waiting")); }

 private:
  fs::path folder_;
  std::optional<mw::Master> master_;
  std::string url_, key_;
  std::vector<mw::Task<std::uint64_t>> tasks_;
};

class Volunteer {
 public:
  Volunteer(const Project& project, const std::string& name) : url_{project.url()}, transfer_{[] { return true; }} {
    request_.authenticator = project.key();
    request_.client_version = "7.20.5";
    request_.platforms = {"x86_64-pc-linux-gnu"};
    request_.host.name = name;
    request_.host.cpid = md5_hex(name);
    request_.host.ncpus = 16;
    request_.host.fpops = 1e9;
    // What a stock client says of itself besides: a request of its is about 7.5 KB.
    request_.host.os_version = std::string(200, 'x');
    rpc();
  }

  SchedulerReply rpc() {
    ++request_.rpc_seqno;
    std::string text = to_text(request_);
    constexpr std::size_t usual_size = 7'500;
    const std::string filler = "<working_global_preferences>" +
                               std::string(usual_size > text.size() ? usual_size - text.size() : 0, ' ') +
                               "</working_global_preferences>";
    text.insert(text.rfind("</scheduler_request>"), filler);
    const SchedulerReply reply = parse_scheduler_reply(transfer_.post(url_ + "scheduler", text));
    if (reply.host_id != 0) request_.host_id = reply.host_id;
    if (!reply.cross_project_id.empty()) request_.cross_project_id = reply.cross_project_id;
    std::erase_if(request_.results, [&](const ReportedResult& result) {
      return std::find(reply.acknowledged.begin(), reply.acknowledged.end(), result.name) != reply.acknowledged.end();
    });
    return reply;
  }

  /// Asks for work and reports what the last round did; uploads what there is to do. Returns how many were reported.
  std::size_t round(double jobs) {
    request_.work_req_seconds = request_.cpu_req_seconds = 1;
    request_.cpu_req_instances = jobs;
    const SchedulerReply reply = rpc();
    const std::size_t reported = reply.acknowledged.size();
    std::vector<const FileInfo*> outputs;
    for (const FileInfo& file : reply.files)
      if (file.is_upload) outputs.push_back(&file);
    for (std::size_t i = 0; i < reply.instances.size(); ++i) {
      const std::string content = output_of(i);
      UploadHead head{.name = outputs[i]->name,
                      .permission = outputs[i]->upload_permission,
                      .max_nbytes = outputs[i]->max_nbytes,
                      .nbytes = static_cast<std::int64_t>(content.size()),
                      .md5 = md5_hex(content),
                      .offset = 0};
      const UploadReply answer = parse_upload_reply(transfer_.post(outputs[i]->url, to_text(head) + content));
      if (answer.status != UploadStatus::done) throw mw::InterfaceError{"an upload was refused: " + answer.message};
      ReportedResult result;
      result.name = reply.instances[i].name;
      result.state = ClientState::uploaded;
      result.elapsed_seconds = 1;
      result.files.push_back({head.name, static_cast<double>(content.size()), head.md5});
      request_.results.push_back(std::move(result));
    }
    return reported;
  }

 private:
  static std::string output_of(std::size_t number) {
    mw::Bytes answer;
    const mw::Bytes value = mw::encode(std::uint64_t{number});
    mw::wire::append(answer, mw::wire::Result{1, 1, 1'000'000'000, {}, {}, value.span()});
    mw::wire::append(answer, mw::wire::Bye{});
    return {reinterpret_cast<const char*>(answer.data()), answer.size()};
  }

  std::string url_;
  mw::http::Transfer transfer_;
  SchedulerRequest request_;
};

/// Calls a second, by as many threads as there are volunteers, each with its own connection.
double rate(std::vector<Volunteer>& volunteers, const std::function<std::size_t(Volunteer&)>& call) {
  std::atomic<std::size_t> count{0};
  const auto begin = Clock::now();
  std::vector<std::thread> threads;
  for (Volunteer& volunteer : volunteers)
    threads.emplace_back([&] {
      while (since(begin) < seconds_each) count += call(volunteer);
    });
  for (std::thread& thread : threads) thread.join();
  return static_cast<double>(count) / since(begin);
}

std::vector<Volunteer> make_volunteers(const Project& project, unsigned count) {
  std::vector<Volunteer> volunteers;
  for (unsigned i = 0; i < count; ++i) volunteers.emplace_back(project, fmt::format("volunteer {}", i));
  return volunteers;
}

double submit_rate(std::uint64_t tasks) {
  Project project;
  const auto begin = Clock::now();
  project.submit(tasks);
  return static_cast<double>(tasks) / since(begin);
}

double idle_rpc_rate(unsigned count) {
  Project project;
  auto volunteers = make_volunteers(project, count);
  return rate(volunteers, [](Volunteer& volunteer) {
    volunteer.rpc();
    return std::size_t{1};
  });
}

double cycle_rate(Project& project, unsigned count) {
  auto volunteers = make_volunteers(project, count);
  return rate(volunteers, [](Volunteer& volunteer) { return volunteer.round(10); });
}

/// Workunits that are over, as an earlier part of a long run leaves them.
void add_finished_workunits(const Project& project, std::uint64_t count) {
  mw::sqlite::Database database{project.database()};
  constexpr std::uint64_t at_once = 50'000;
  for (std::uint64_t done = 0; done < count; done += at_once) {
    mw::sqlite::Transaction transaction{database};
    database.execute(
        fmt::format(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {}) INSERT INTO workunit(tasks, function, "
            "operations, quorum, "
            "target, max_errors, max_total, max_success, canonical, assimilated, next_number, input_nbytes, input_md5, files) "
            "SELECT x'0000000000000000', 1, 1e9, 1, 1, 3, 10, 6, 1, 1, 1, 100, '0123456789abcdef0123456789abcdef', '' FROM n",
            at_once)
            .c_str());
    database.execute(
        fmt::format("INSERT INTO instance(workunit, number, server_state, outcome, validate_state, host, sent, deadline, received) "
                    "SELECT id, 0, 5, 1, 1, 1, 1, 1, 1 FROM workunit ORDER BY id DESC LIMIT {}",
                    at_once)
            .c_str());
    database.execute(fmt::format("INSERT INTO output SELECT id, 60, '0123456789abcdef0123456789abcdef', zeroblob(60) FROM instance "
                                 "ORDER BY id DESC LIMIT {}",
                                 at_once)
                         .c_str());
    transaction.commit();
  }
}

void say(std::string_view what, double value, const char* unit, double real, const char* peer) {
  mw::process::print(fmt::format("| {} | {:.0f} {} | {:.1f} x {} ({:.0f}) |\n", what, value, unit, value / real, peer, real));
  mw::process::flush_stdout();
}

}  // namespace

int main(int argc, char** argv) {
  mw::init(argc, argv);
  std::uint64_t many = 1'000'000;
  unsigned volunteers = 8;  // few leave the server idle, and then measure how long this machine takes to wake up
  CLI::App app{"Measures the volunteer server of the boinc interface, with emulated volunteers on this machine."};
  app.add_option("--many", many, "workunits that wait, and as many that are over, in the long run's measurement")
      ->capture_default_str();
  app.add_option("--volunteers", volunteers, "emulated volunteers at a time, each with a connection")
      ->check(CLI::Range{1, 1000})
      ->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  try {
    mw::process::print(fmt::format("| measure | here | against a real BOINC server (its rate) |\n| --- | --- | --- |\n"));
    say("10,000 tasks, submitted until ready to send, durable", submit_rate(10'000), "/s", 1450, "create_work and transitioner");
    say(fmt::format("scheduler requests without work, {} connections", volunteers), idle_rpc_rate(volunteers), "/s", 250,
        "plain CGI");
    double fresh = 0;
    {
      Project project;
      project.submit(60'000);
      fresh = cycle_rate(project, volunteers);
    }
    say(fmt::format("whole cycle, {} volunteers x 10 jobs, durable", volunteers), fresh, "jobs/s", 212, "ask, upload, report");
    Project project;
    const auto before = resident_mib();
    const auto begin = Clock::now();
    project.submit(many);
    const double taken = since(begin);
    const auto after = resident_mib();
    add_finished_workunits(project, many);
    const double late = cycle_rate(project, volunteers);
    mw::process::print(
        fmt::format("| the same with {} waiting and {} finished ones | {:.0f} jobs/s | {:.2f} x of the fresh project |\n", many,
                    many, late, late / fresh));
    mw::process::print(fmt::format(
        "| memory of the whole process with {} waiting | {} MiB (before {}; {:.0f} bytes a task, its handle included); submitted "
        "in {:.1f} s | |\n",
        many, after, before, static_cast<double>(after - before) * (1 << 20) / static_cast<double>(many), taken));
    return 0;
  } catch (const std::exception& e) {
    mw::process::tell(fmt::format("mw_pool_bench: {}\n", e.what()));
    return 1;
  }
}

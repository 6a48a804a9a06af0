#include "tcp/launch/slurm.hpp"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <optional>
#include <string_view>
#include <system_error>

#include <fmt/format.h>
#include <boost/asio/io_context.hpp>

#include <mw/error.hpp>

#include "crypto/secrets.hpp"
#include "log/log.hpp"
#include "log/repeated.hpp"
#include "process/file.hpp"
#include "process/launch.hpp"
#include "process/own_programs.hpp"
#include "process/timer.hpp"
#include "tcp/launch/command.hpp"

namespace mw::tcp {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;
using Kind = Fleet::Step::Kind;

constexpr auto tick = 250ms;
/// At the end, whoever waits for this program waits for Slurm no longer than that, for each of two commands.
constexpr std::chrono::milliseconds farewell = 4s;

/// Which no other run has.
std::string own_name() {
  std::string name = "cppmw-";
  for (const std::byte byte : crypto::random_bytes<6>()) name += fmt::format("{:02x}", std::to_integer<unsigned>(byte));
  return name;
}

void check_commands() {
  for (const char* const command : {"sbatch", "squeue", "scancel"})
    if (process::find_program(command).empty())
      throw InterfaceError{fmt::format(
          "tcp: launch=slurm: there is no {} in the PATH: start the program on a machine that submits jobs to Slurm", command)};
}

/// In sbatch's names of files, a '%' begins something else.
std::string as_pattern(const std::string& path) {
  std::string text;
  for (const char c : path) text += c == '%' ? std::string{"%%"} : std::string{c};
  return text;
}

/// A key file that goes with its owner.
class SharedKey {
 public:
  SharedKey(const std::string& folder, const std::string& name, const net::KeyFile& key) {
    if (folder.empty()) return;
    std::error_code error;
    path_ = fs::absolute(folder, error) / (name + ".key");
    process::write_file(path_, net::to_text(key), 0600);
  }
  ~SharedKey() {
    std::error_code ignored;
    if (!path_.empty()) fs::remove(path_, ignored);
  }
  SharedKey(const SharedKey&) = delete;
  SharedKey& operator=(const SharedKey&) = delete;

  const fs::path& path() const noexcept { return path_; }

 private:
  fs::path path_;
};

}  // namespace

struct SlurmJobs::Impl : std::enable_shared_from_this<Impl> {
  Impl(LaunchUser& master, Plan given)
      : user{master},
        plan{std::move(given)},
        name{own_name()},
        shared{plan.folder, name, key},
        fleet{plan.fleet},
        timer{user.host().io()} {}

  void turn() {
    if (stopped) return;
    const auto now = std::chrono::steady_clock::now();
    fleet.note_nodes(take_nodes(), now);
    const std::size_t waiting = user.host().tasks_waiting();
    for (const std::string& job : fleet.take_unneeded(waiting, now)) user.let_go(slurm::node_of_job(job));
    if (!command) take(fleet.next(waiting, now));
    timer.expires_after(tick);
    timer.async_wait([self = shared_from_this()](boost::system::error_code error) {
      if (!error) self->turn();
    });
  }

  std::vector<Fleet::Node> take_nodes() {
    std::vector<Fleet::Node> nodes;
    for (const JoinedNode& node : user.take_joined())
      if (const auto job = slurm::job_of_node(node.name)) nodes.push_back({std::string{*job}, node.slots, node.is_idle});
    return nodes;
  }

  void take(Fleet::Step step) {
    switch (step.kind) {
      case Kind::nothing: return;
      case Kind::submit: return submit(step.count);
      case Kind::list: return list();
      case Kind::cancel: return cancel(std::move(step.jobs));
    }
  }

  void submit(unsigned count) {
    std::vector<std::string> arguments{"--parsable", "--job-name=" + name, fmt::format("--array=0-{}", count - 1), "--nodes=1",
                                       "--ntasks=1"};
    arguments.push_back(plan.folder.empty() ? std::string{"--output=/dev/null"}
                                            : fmt::format("--output={}/node-%A_%a.out", as_pattern(shared.path().parent_path())));
    arguments.insert(arguments.end(), plan.options.begin(), plan.options.end());
    const std::string script =
        slurm::text_of({process::find_own_program("mw", MW_COMMAND_PROGRAM), plan.master, net::to_text(key), shared.path()});
    is_submitting = was_submitted = true;
    run("sbatch", std::move(arguments), script, [this, count](const Command::Answer& answer) {
      is_submitting = false;
      const auto array = answer.is_well ? slurm::submitted_array(answer.out) : std::nullopt;
      const auto now = std::chrono::steady_clock::now();
      if (array) {
        troubles.erase("sbatch");
        return fleet.submitted(*array, count, now);
      }
      fleet.submit_failed(now);
      complain("sbatch", answer, "it said no job's number: ");
    });
  }

  void list() {
    run("squeue",
        {"--noheader", "--array", "--states=all", fmt::format("--user={}", ::getuid()), "--name=" + name,
         fmt::format("--format={}", slurm::list_format)},
        {}, [this](const Command::Answer& answer) { listed(answer); });
  }

  void listed(const Command::Answer& answer) {
    const auto now = std::chrono::steady_clock::now();
    const bool is_none = !answer.is_well && slurm::says_no_such_job(answer.err);
    const auto jobs = is_none ? std::vector<slurm::Job>{} : answer.is_well ? slurm::listed_jobs(answer.out) : std::nullopt;
    if (!jobs) {
      fleet.list_failed(now);
      return complain("squeue", answer, "nobody can read what it said: ");
    }
    troubles.erase("squeue");
    fleet.listed(*jobs, now);
    const auto failure = fleet.take_failure();
    if (fleet.has_given_up() && !std::exchange(has_given_up, true))
      user.gave_up(
          fmt::format("tcp: Slurm's jobs end before their nodes are of use, again and again, and no more are submitted. {}",
                      fleet.last_failure()));
    else if (failure)
      warn("ended", fmt::format("tcp: {}; it is tried again with another", *failure));
  }

  void cancel(std::vector<std::string> jobs) {
    run("scancel", jobs, {}, [this, jobs](const Command::Answer& answer) {
      if (answer.is_well || slurm::says_no_such_job(answer.err)) {
        troubles.erase("scancel");
        return;
      }
      fleet.cancel_failed(jobs, std::chrono::steady_clock::now());
      complain("scancel", answer, "");
    });
  }

  /// Its environment may have other wishes for what it says, and how long it takes.
  void run(const std::string& program, std::vector<std::string> arguments, std::string input,
           std::function<void(const Command::Answer&)> answered, std::optional<std::chrono::milliseconds> limit = {}) {
    Command::Plan what{program, std::move(arguments), std::move(input)};
    what.environment_unset = {"MW_*", "SQUEUE_*", "SCANCEL_*", "SBATCH_WAIT", "SBATCH_ARRAY_INX"};
    what.limit = std::min(limit.value_or(plan.timeout), plan.timeout);
    command = Command::run(user.host(), std::move(what),
                           [weak = weak_from_this(), answered = std::move(answered)](const Command::Answer& answer) {
                             const auto self = weak.lock();
                             if (!self) return;
                             self->command.reset();
                             answered(answer);
                             if (self->stopped && !self->command) self->say_goodbye();
                           });
  }

  /// What was said is kept for whoever asks why nodes are missing, until the command has done what it should.
  void complain(const std::string& program, const Command::Answer& answer, std::string_view where_well) {
    const std::string err = slurm::last_line(answer.err);
    std::string& trouble = troubles[program];
    trouble = answer.is_well ? fmt::format("{}: {}\"{}\"", program, where_well, slurm::last_line(answer.out))
                             : fmt::format("{}: {}{}", program, answer.fault, err.empty() ? "" : ": " + err);
    warn(program, fmt::format("tcp: Slurm: {}; it is tried again", trouble));
  }

  std::string trouble() const {
    std::string text;
    for (const auto& [program, said] : troubles) text += (text.empty() ? "" : "; ") + said;
    return text;
  }

  /// What goes on happening is told once in a while.
  void warn(std::string_view kind, const std::string& text) {
    if (const auto line = repeated.line(kind, text, std::chrono::steady_clock::now())) log::warn(*line);
  }

  // The end

  void stop(std::function<void()> done) {
    stopped = std::move(done);
    timer.cancel();
    if (!command || !is_submitting) {
      if (command) command->stop();
      command.reset();
      return say_goodbye();
    }
    // A job may come of it, and is then cancelled with the others.
    timer.expires_after(farewell);
    timer.async_wait([self = shared_from_this()](boost::system::error_code error) {
      if (error || !self->is_submitting) return;
      self->command->stop();
      self->command.reset();
      self->say_goodbye();
    });
  }

  void say_goodbye() {
    timer.cancel();
    if (std::exchange(is_submitting, false) || (was_submitted && !said_goodbye)) return cancel_all();
    if (const auto done = std::exchange(stopped, nullptr)) done();
  }

  void cancel_all() {
    said_goodbye = true;
    run(
        "scancel", {fmt::format("--user={}", ::getuid()), "--name=" + name}, {},
        [this](const Command::Answer& answer) {
          if (answer.is_well || slurm::says_no_such_job(answer.err)) return;
          const std::string err = slurm::last_line(answer.err);
          log::warn(
              fmt::format("tcp: Slurm's jobs of this run may be left: scancel: {}{}. Those that run end by themselves, and those "
                          "that wait when they have run for half a minute; or: scancel --name={}",
                          answer.fault, err.empty() ? "" : ": " + err, name));
        },
        farewell);
  }

  LaunchUser& user;
  const Plan plan;
  const std::string name;
  const net::KeyFile key{net::make_key(), {}};
  const SharedKey shared;
  Fleet fleet;
  process::Timer timer;
  std::shared_ptr<Command> command;  ///< the one that runs
  log::Repeated repeated;
  std::map<std::string, std::string> troubles;  ///< of each command, since it last did well
  std::function<void()> stopped;
  bool is_submitting = false, was_submitted = false, said_goodbye = false, has_given_up = false;
};

SlurmJobs::SlurmJobs(LaunchUser& user, Plan plan) {
  check_commands();
  impl_ = std::make_shared<Impl>(user, std::move(plan));
  impl_->turn();
}

SlurmJobs::~SlurmJobs() = default;

const net::KeyFile& SlurmJobs::key() const noexcept { return impl_->key; }

std::vector<std::pair<std::string, std::string>> SlurmJobs::missing() const {
  auto list = impl_->fleet.missing();
  if (const std::string trouble = impl_->trouble(); !trouble.empty()) list.emplace_back("Slurm", trouble);
  return list;
}

void SlurmJobs::add_to(StatusMap& status) const {
  status["slurm_jobs_pending"] = static_cast<std::int64_t>(impl_->fleet.pending_count());
  status["slurm_jobs_running"] = static_cast<std::int64_t>(impl_->fleet.running_count());
  status["slurm_jobs_submitted"] = static_cast<std::int64_t>(impl_->fleet.submitted_count());
  if (const std::string trouble = impl_->trouble(); !trouble.empty()) status["slurm_trouble"] = trouble;
}

void SlurmJobs::stop(std::function<void()> stopped) { impl_->stop(std::move(stopped)); }

}  // namespace mw::tcp

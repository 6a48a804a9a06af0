#include "boinc/slot/run.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include <mw/program.hpp>

#include <fmt/format.h>
#include <boost/asio/io_context.hpp>

#include "boinc/slot/answer_file.hpp"
#include "boinc/slot/client_channel.hpp"
#include "boinc/slot/slot.hpp"
#include "link/worker_process.hpp"
#include "memory/shared_block.hpp"
#include "parse/number.hpp"
#include "process/file.hpp"
#include "process/job_control.hpp"
#include "process/timer.hpp"
#include "process/unique_fd.hpp"
#include "registry/registry.hpp"
#include "wire/bundle.hpp"
#include "worker/checkpoint.hpp"

namespace mw::slot {
namespace {

constexpr std::chrono::milliseconds tick{25};
constexpr int aborted_by_client = 194;  // BOINC, lib/error_numbers.h: EXIT_ABORTED_BY_CLIENT
constexpr int failed_to_run = 1;
constexpr std::size_t most_starts = 3;  // of a worker process that does not come up

class Runner final : public link::WorkerUser {
 public:
  explicit Runner(const std::string& folder)
      : slot_{folder},
        channel_{folder},
        input_{process::read_file(slot_.path_of("in"))},
        bundle_{wire::parse_bundle(input_.span())},
        answer_{slot_.path_of("out"), bundle_.head.is_compared},
        timer_{io_} {
    check_bundle();
    const auto& done = answer_.so_far().tasks;
    for (std::size_t i = 0; i < bundle_.tasks.size(); ++i)
      if (std::find(done.begin(), done.end(), i + 1) == done.end()) todo_.push_back(i);
    std::reverse(todo_.begin(), todo_.end());  // the next one is last
  }

  int run() {
    if (answer_.so_far().is_complete) return slot_.finish(), 0;
    const pid_t client = ::getppid();
    if (todo_.empty())
      end_well();
    else
      start_worker();
    watch(client);
    io_.run();
    if (error_) throw InterfaceError{*error_};
    return exit_status_;
  }

  // link::WorkerUser
  void frame(const wire::Frame& frame) override {
    switch (frame.type) {
      case wire::FrameType::hello: return greet();
      case wire::FrameType::progress: fraction_ = wire::parse_progress(frame.payload).fraction; return;
      case wire::FrameType::part: return take_part(frame);
      case wire::FrameType::measures: return take_measures(frame);
      case wire::FrameType::note:
      case wire::FrameType::heartbeat: return;
      case wire::FrameType::result_apart: return take_result_apart(frame);
      case wire::FrameType::result: return take_result(frame);
      case wire::FrameType::failure: return take_failure(frame);
      default: throw wire::ProtocolError{fmt::format("a worker does not send frames of type {}", static_cast<int>(frame.type))};
    }
  }

  void ended(const link::WorkerEnd& end) override {
    ended_process_ = std::move(process_);
    if (is_over_) return stop_loop();
    if (!current_) {
      if (++failed_starts_ >= most_starts) return fail(fmt::format("no worker process comes up here: {}; {}", end.text(), end.err));
      return start_worker();
    }
    answer_.add_end(bundle_.tasks[*current_], ran_, end, std::exchange(is_out_of_time_, false));
    drop_checkpoint();
    current_.reset();
    if (todo_.empty()) return end_well();
    start_worker();
  }

 private:
  void check_bundle() const {
    if (bundle_.head.version != wire::protocol_version)
      throw InterfaceError{
          fmt::format("the workunit is of protocol {}, this worker speaks {}", bundle_.head.version, wire::protocol_version)};
    if (bundle_.head.identity != registry::program_identity())
      throw InterfaceError{
          "the workunit is of another program than this worker: they have other functions, or were made of other sources"};
  }

  void start_worker() {
    link::WorkerProgram program;
    program.name = "worker";
    program.threads = 1;  // a client counts one core for each workunit
    if (const char* runner = std::getenv(runner_name)) {
      program.path = runner;
      program.arguments = {std::filesystem::read_symlink("/proc/self/exe").string(), "(worker)"};
    }
    program.workunit_folder = slot_.folder();
    if (const auto seconds = slot_.number_in_init_data("checkpoint_period"))
      program.checkpoint_interval =
          std::chrono::milliseconds{static_cast<std::int64_t>(std::clamp(*seconds, 0.0, 86'400.0) * 1000)};
    said_hello_ = false;
    process_ = std::make_shared<link::WorkerProcess>(io_, *this, program);
    try {
      process_->start();
    } catch (const Error& e) {
      process_.reset();
      fail(e.what());
    }
  }

  void greet() {
    if (std::exchange(said_hello_, true)) throw wire::ProtocolError{"a second hello"};
    Bytes welcome;
    wire::append(welcome, wire::Welcome{.worker = 1});
    process_->outgoing().tail().append(welcome.data(), welcome.size());
    process_->greeted();
    failed_starts_ = 0;
    offered_ = 0;
    send_next();
  }

  void next_task() {
    drop_checkpoint();
    current_.reset();
    if (todo_.empty()) return end_well();
    send_next();
  }

  void send_next() {
    current_ = todo_.back();
    todo_.pop_back();
    fraction_ = 0;
    ran_ = std::chrono::nanoseconds{0};
    wire::Task task = bundle_.tasks[*current_];
    if (const auto refusal = refusal_of(task)) {
      answer_.add_failure(task, ran_, *refusal);
      return next_task();
    }
    for (DataFile& file : task.terms.files) file.from = path_of_file(file.from);
    for (SharedInput& one : task.terms.shared) one.from = path_of_file(one.from);
    task.terms.outputs_folder.clear();  // no workunit says where files are put on this machine
    if (task.terms.has_folder()) process_->expect_folder();
    process_->claims().offer(offered_++);
    wire::append(process_->outgoing().tail(), task);
    process_->flush();
  }

  /// A program is run only where the machine's owner has said so.
  std::optional<Failure> refusal_of(const wire::Task& task) const {
    static const std::uint64_t program = mw::detail::Registered<&mw::detail::program_task>::entry.id();
    if (task.function != program || std::getenv(allow_programs_name)) return std::nullopt;
    Failure failure;
    failure.cause = Cause::not_started;
    failure.message =
        "volunteers run no programs that a task names, since a workunit is not signed: call a function instead, or allow it on "
        "your own machines (mw volunteer --allow-programs)";
    return failure;
  }

  /// "#3", or "#3x" for one that is to be executable.
  std::string path_of_file(const std::string& from) const {
    if (from.empty() || from.front() != '#') throw wire::ProtocolError{"a data file without a number"};
    const std::size_t number = parse::leading_number<std::size_t>(std::string_view{from}.substr(1)).value_or(0);
    const std::string path = slot_.path_of(fmt::format("data_{}", number));
    const bool is_executable = from.back() == 'x';
    if (::chmod(path.c_str(), is_executable ? 0755 : 0644) == 0 || !is_executable || ::access(path.c_str(), X_OK) == 0) return path;
    return executable_copy(path, number);
  }

  /// Of a file that the client lets nobody change.
  std::string executable_copy(const std::string& path, std::size_t number) const {
    const std::string copy = fmt::format("{}/executable_{}", slot_.folder(), number);
    std::error_code error;
    std::filesystem::copy_file(path, copy, std::filesystem::copy_options::overwrite_existing, error);
    if (error || ::chmod(copy.c_str(), 0755) != 0) return path;
    return copy;
  }

  /// One that is not whole would spoil the whole answer.
  void take_result(const wire::Frame& frame) {
    const wire::Result result = wire::parse_result(frame.payload);
    check_is_current(result.id);
    if (!answer_.add_as_it_is(frame)) answer_.add(result);
    next_task();
  }
  void take_part(const wire::Frame& frame) {
    const wire::Part part = wire::parse_part(frame.payload);
    check_is_current(part.id);
    answer_.add(part);
  }
  void take_measures(const wire::Frame& frame) {
    const wire::Measured measured = wire::parse_measured(frame.payload);
    check_is_current(measured.id);
    answer_.add(measured);
  }
  void take_failure(const wire::Frame& frame) {
    wire::FailureMessage message = wire::parse_failure(frame.payload);
    check_is_current(message.id);
    if (!answer_.add_as_it_is(frame)) answer_.add(std::move(message));
    next_task();
  }

  void take_result_apart(const wire::Frame& frame) {
    wire::Result result = wire::parse_result(frame.payload);
    check_is_current(result.id);
    Bytes value;
    try {
      value = mw::memory::receive_block(process_->take_descriptor(), wire::parse_size_apart(result.value));
    } catch (const mw::memory::NoRoomError& e) {
      answer_.add_failure(bundle_.tasks[*current_], ran_, mw::memory::no_room_for("result", e));
      return next_task();
    }
    result.value = value.span();
    answer_.add(result);
    next_task();
  }

  void check_is_current(std::uint64_t id) const {
    if (!current_ || id != *current_ + 1)
      throw wire::ProtocolError{fmt::format("a result for task {}, which it was not given", id)};
  }

  void drop_checkpoint() {
    if (current_) ::unlink(worker::checkpoint_path(slot_.folder(), *current_ + 1).c_str());
  }

  /// Stands still while Ctrl-Z has stopped this process.
  static std::chrono::steady_clock::time_point now() noexcept { return std::chrono::steady_clock::now() - process::time_stopped(); }

  /// The client's orders, the task's time, and whether the client is still there.
  void watch(pid_t client) {
    last_tick_ = now();
    timer_.expires_after(tick);
    timer_.async_wait([this, client](boost::system::error_code error) {
      if (error || is_over_) return;
      if (!is_suspended_ && current_) ran_ += now() - last_tick_;
      for (const Order order : channel_.orders()) obey(order);
      if (is_over_) return;
      if (::getppid() != client) return leave(0);  // it comes back, and starts the task again
      end_if_out_of_time();
      say_status();
      watch(client);
    });
  }

  void obey(Order order) {
    switch (order) {
      case Order::suspend:
        is_suspended_ = true;
        if (process_) process_->signal_all(SIGSTOP);
        return;
      case Order::resume:
        is_suspended_ = false;
        if (process_) process_->signal_all(SIGCONT);
        return;
      case Order::quit: return leave(0);
      case Order::abort: return leave(aborted_by_client);
    }
  }

  void end_if_out_of_time() {
    if (!current_ || is_out_of_time_ || !process_) return;
    const std::uint64_t limit = bundle_.tasks[*current_].terms.hard_limit_ns;
    if (limit == 0 || ran_ < std::chrono::nanoseconds{limit}) return;
    is_out_of_time_ = true;
    process_->kill("it ran out of time");
  }

  void say_status() {
    const auto all = static_cast<double>(bundle_.tasks.size());
    const auto done = all - static_cast<double>(todo_.size()) - (current_ ? 1 : 0);
    channel_.say_status({cpu_seconds(), (done + fraction_) / all, current_.value_or(bundle_.tasks.size()), fraction_});
  }

  double cpu_seconds() const {
    clockid_t clock = 0;
    timespec time = {};
    if (!process_ || ::clock_getcpuclockid(process_->pid(), &clock) != 0 || ::clock_gettime(clock, &time) != 0) return 0;
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
  }

  void end_well() {
    answer_.finish();
    slot_.finish();
    leave(0);
  }

  void fail(std::string why) {
    error_ = std::move(why);
    leave(failed_to_run);
  }

  void leave(int exit_status) {
    exit_status_ = exit_status;
    is_over_ = true;
    timer_.cancel();
    if (process_) return process_->kill("the workunit ends here");
    stop_loop();
  }

  void stop_loop() { io_.stop(); }

  const Slot slot_;
  ClientChannel channel_;
  const Bytes input_;
  const wire::Bundle bundle_;
  AnswerFile answer_;
  boost::asio::io_context io_;
  process::Timer timer_;
  std::shared_ptr<link::WorkerProcess> process_;
  std::shared_ptr<link::WorkerProcess> ended_process_;  ///< kept until the next one starts
  std::vector<std::size_t> todo_;                       ///< positions, the next one last
  std::optional<std::size_t> current_;                  ///< what the process runs
  std::uint64_t offered_ = 0;
  bool said_hello_ = false;
  std::size_t failed_starts_ = 0;
  double fraction_ = 0;
  std::chrono::nanoseconds ran_{0};  ///< the current task, not counting when it was suspended or Ctrl-Z had stopped it
  std::chrono::steady_clock::time_point last_tick_;
  bool is_suspended_ = false;
  bool is_out_of_time_ = false;
  bool is_over_ = false;
  int exit_status_ = 0;
  std::optional<std::string> error_;
};

}  // namespace

int run(const std::string& folder) {
  // A worker that an earlier client has left behind ends by itself; until then the slot is its.
  const process::UniqueFd lock{::open((folder + "/boinc_lockfile").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0660)};
  struct flock whole = {};
  whole.l_type = F_WRLCK;
  whole.l_whence = SEEK_SET;
  while (lock.get() >= 0 && ::fcntl(lock.get(), F_SETLKW, &whole) != 0 && errno == EINTR) {
  }
  try {
    return Runner{folder}.run();
  } catch (const std::exception& e) {
    std::fprintf(stderr, "%s\n", e.what());
    return failed_to_run;
  }
}

}  // namespace mw::slot

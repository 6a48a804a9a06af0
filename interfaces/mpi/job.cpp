#include "mpi/job.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <map>

#include <fmt/format.h>
#include <boost/asio/io_context.hpp>

#include "log/log.hpp"
#include "mpi/environment.hpp"
#include "process/place.hpp"
#include "process/shortage.hpp"
#include "worker/start.hpp"

namespace mw::mpi {
namespace {

using namespace std::chrono_literals;
using boost::system::error_code;

/// Bytes for a worker that may be on their way at a time.
constexpr std::uint64_t window = std::uint64_t{4} << 20;
constexpr std::size_t most_queued = std::size_t{4} << 20;
constexpr std::size_t most_in_piece = std::size_t{256} << 10;

/// A round trip on one machine, and over a network: what a worker would wait for its next task.
constexpr std::chrono::microseconds near_round_trip{500};
constexpr std::chrono::microseconds far_round_trip{2'000};

/// After the manager is gone: so long the word why may take.
constexpr auto wait_for_word = 300ms;
/// How long the ranks have to end by themselves, and then mpiexec after SIGTERM.
constexpr process::StopLadder ladder{4'000ms, 1'000ms};
/// The same where there is nothing to wait for. mpiexec may not heed SIGTERM while ranks start; without it they end at once.
constexpr process::StopLadder short_ladder{0ms, 200ms};

constexpr std::size_t most_said = 8 * 1024;

/// In a row, with no worker alive. A program whose workers never got ready is wrong; one whose workers did is unlucky.
constexpr unsigned most_failed_first_starts = 3;
constexpr unsigned most_failed_starts = 30;

process::UniqueFd make_probe() {
  process::UniqueFd fd{::memfd_create("probe", MFD_CLOEXEC)};
  if (fd.get() < 0) throw InterfaceError{fmt::format("mpi: no memory file: {}", process::shortage(errno))};
  return fd;
}

/// Ranks find out by them which network leads to the others.
std::string some_of(const std::vector<HostSlots>& hosts) {
  constexpr std::size_t enough = 5;
  std::string names;
  for (std::size_t i = 0; i < hosts.size() && i < enough; ++i) names += (i == 0 ? "" : " ") + hosts[i].name;
  return names;
}

/// "/" where it was removed.
std::string working_directory() {
  std::error_code error;
  const auto folder = std::filesystem::current_path(error);
  return error ? "/" : folder.string();
}

std::string describe(const DeathNotice& notice) {
  process::Death death;
  death.signaled = notice.signal != 0;
  death.signal = notice.signal;
  death.exit_status = notice.exit_status;
  return process::describe(death);
}

/// So that no sum of times comes near the end of the clock.
MpiOptions in_measure(MpiOptions options) {
  constexpr std::chrono::hours longest{100'000};
  for (auto* const time : {&options.start_limit, &options.lost_after}) *time = std::min<std::chrono::milliseconds>(*time, longest);
  return options;
}

/// For one manager. Of those on other machines only the key says who may come.
std::shared_ptr<net::Acceptor> make_acceptor(boost::asio::io_context& io, const net::Key& key, bool is_far) {
  net::AcceptorOptions options{.magic = magic, .key = key, .admits = net::Admits::one};
  if (is_far) options.tcp.emplace(boost::asio::ip::address_v4::any(), 0);
  try {
    return std::make_shared<net::Acceptor>(io, std::move(options));
  } catch (const InterfaceError& e) {
    throw InterfaceError{fmt::format("mpi: the master {}", e.what())};
  }
}

}  // namespace

Job::Job(MpiOptions options, std::vector<HostSlots> hosts, unsigned workers, GoesOn goes_on)
    : options_{in_measure(std::move(options))}, hosts_{std::move(hosts)}, workers_{workers}, goes_on_{std::move(goes_on)} {}
Job::~Job() = default;

double Job::seconds_since_start() const { return std::chrono::duration<double>(Clock::now() - started_).count(); }

void Job::start(InterfaceHost& host) {
  host_ = &host;
  started_ = Clock::now();
  if (!worker::init_was_called())
    throw InterfaceError{
        "mpi starts this program again as its workers, so main() must call mw::init(argc, argv) before it makes a mw::Master"};
  launch_ = make_launch(options_, hosts_, workers_);
  const net::Key key = net::make_key();
  acceptor_ = make_acceptor(host.io(), key, !launch_.manager_is_here);
  probe_ = make_probe();
  set_environment(key);
  acceptor_->open([this](net::Acceptor::Socket socket) { manager_came(std::move(socket)); });
  try {
    launch();
  } catch (...) {
    acceptor_->close();
    throw;
  }
  timer_ = std::make_unique<boost::asio::steady_timer>(host.io(), options_.start_limit);
  timer_->async_wait([this](error_code error) {
    if (!error && phase_ == Phase::starting)
      fail(fmt::format("its {} ranks did not start within {:g} s", workers_ + 1,
                       std::chrono::duration<double>(options_.start_limit).count()));
  });
}

/// What ranks are told: through the environment, which only this user can read; mpiexec sends it to the other hosts' ranks over its own
/// connection.
void Job::set_environment(const net::Key& key) {
  launch_.command.environment_unset = {"MW_*", "PMI_*", "PMIX_*"};
  auto& environment = launch_.command.environment_set;
  environment.insert(environment.end(),
                     {
                         {variable_addresses, acceptor_->addresses()},
                         {variable_key, net::to_text(key)},
                         {variable_place, options_.local_memory ? process::own_place() : std::string{}},
                         {variable_probe, fmt::format("{} {} {}", ::getpid(), probe_.get(), process::inode_of(probe_.get()))},
                         {variable_program, std::filesystem::read_symlink("/proc/self/exe").string()},
                         {variable_name, process::own_name()},
                         {variable_lost_after, std::to_string(options_.lost_after.count())},
                         {variable_folder, working_directory()},
                         {variable_peers, some_of(launch_.hosts)},
                     });
  if (!launch_.remote_shell.empty()) environment.emplace_back(variable_shell, launch_.remote_shell);
}

void Job::launch() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) throw InterfaceError{fmt::format("mpi: no pipe: {}", process::shortage(errno))};
  words_.emplace(host_->io(), ends[0]);
  words_->non_blocking(true);
  const process::UniqueFd theirs{ends[1]};
  launch_.command.stdout_fd = launch_.command.stderr_fd = theirs.get();
  if (!launch_.remote_shell.empty()) {
    launch_.command.inherit_fds.push_back(theirs.get());
    launch_.command.environment_set.emplace_back(variable_words, std::to_string(theirs.get()));
  }
  launch_.command.new_process_group = true;
  mpiexec_ = process::Child::start(host_->io(), launch_.command);
  mpiexec_has_ended_ = false;
  mpiexec_->async_wait([this](process::Death death) { mpiexec_ended(death); });
  read_words();
}

/// What the ranks print, and what Hydra has to say; a line may be a notice of a death.
void Job::read_words() {
  words_->async_read_some(boost::asio::buffer(line_buffer_), [this](error_code error, std::size_t size) {
    if (error) return;
    unread_.append(line_buffer_.data(), size);
    for (std::size_t end; (end = unread_.find('\n')) != std::string::npos;) {
      take_line(unread_.substr(0, end));
      unread_.erase(0, end + 1);
    }
    if (unread_.size() > most_said) unread_.clear();
    read_words();
  });
}

void Job::take_line(const std::string& line) {
  if (const auto notice = DeathNotice::of(line)) {
    if (phase_ == Phase::starting) {
      const std::string who = notice->rank < 0 ? "a rank" : fmt::format("rank {}", notice->rank);
      return fail(fmt::format("{} ended with {} before the job had started", who, describe(*notice)));
    }
    // mpiexec's own status is no sign: it is 1 now and then where all ranks ended well, but without MPI_Finalize.
    if (quits_by_itself_) log::warn(fmt::format("mpi: all was done, but rank {} ended with {}", notice->rank, describe(*notice)));
    if (notice->rank < 0 || static_cast<std::size_t>(notice->rank) >= ranks_.size()) return;
    const auto number = static_cast<std::uint32_t>(notice->rank);
    ranks_[number].notice = *notice;
    if (number > 0 && phase_ == Phase::running) lose(number, fmt::format("its process ended with {}", describe(*notice)));
    return;
  }
  if (const auto notice = HostNotice::of(line)) return host_ended(*notice);
  // Before the job runs, this is what went wrong, and may be long before it is known to have.
  phase_ == Phase::starting ? log::warn("mpi: " + line) : log::debug("mpiexec: " + line);
  said_ += line + '\n';
  if (said_.size() > most_said) said_.erase(0, said_.size() - most_said);
}

void Job::host_ended(const HostNotice& notice) {
  // ssh's own status where it is at fault; others are Hydra's, which ends everywhere when mpiexec does.
  constexpr int connection_failed = 255;
  if (phase_ == Phase::starting || notice.exit_status == connection_failed) hosts_ended_.insert(notice.host);
  if (phase_ == Phase::starting)
    fail(fmt::format("{} can not be reached, or does not start its ranks: {} ended with exit status {}", notice.host,
                     launch_.remote_shell, notice.exit_status));
}

/// Those whose ssh has ended, and those that fell silent. A rank that was killed leaves its host in place.
std::vector<std::string> Job::hosts_gone() const {
  std::set<std::string> gone = hosts_ended_;
  for (std::uint32_t number = 1; number < ranks_.size(); ++number)
    if (ranks_[number].is_lost && !ranks_[number].notice) gone.insert(launch_.host_of(number));
  gone.erase("");
  return {gone.begin(), gone.end()};
}

std::string Job::what_was_said() const {
  return said_.empty() ? "" : "; it said: " + said_.substr(0, said_.find_last_not_of('\n') + 1);
}

void Job::mpiexec_ended(const process::Death& death) {
  mpiexec_has_ended_ = true;
  if (phase_ == Phase::starting || phase_ == Phase::running) {
    // What it said last is still in the pipe, and which host is gone, too, may come after it.
    timer_->expires_after(wait_for_word);
    timer_->async_wait([this, death](error_code cancelled) {
      if (!cancelled) fail(fmt::format("mpiexec (process {}) ended with {}", mpiexec_->pid(), process::describe(death)));
    });
  }
  say_if_stopped();
}

void Job::manager_came(net::Acceptor::Socket socket) {
  socket_ = std::make_unique<net::Acceptor::Socket>(std::move(socket));
  socket_->non_blocking(true);
  if (phase_ == Phase::starting) read_manager();
}

void Job::read_manager() {
  const auto room = reader_.prepare();
  socket_->async_receive(boost::asio::buffer(room.data(), room.size()), [this](error_code error, std::size_t size) {
    try {
      reader_.commit(size);
      while (auto frame = reader_.next()) handle(*frame);
    } catch (const Error& e) {
      return fail(fmt::format("{} broke the protocol: {}", manager_text_.empty() ? "its manager" : manager_text_, e.what()));
    }
    if (phase_ == Phase::failed || phase_ == Phase::stopped) return;
    write_out();
    if (!error) return read_manager();
    if (phase_ != Phase::starting && phase_ != Phase::running) return;
    manager_is_gone_ = true;
    if (mpiexec_has_ended_) return;  // which takes all along, and has its own word
    timer_->expires_after(wait_for_word);
    timer_->async_wait([this](error_code cancelled) {
      if (cancelled || phase_ == Phase::failed || phase_ == Phase::stopping || phase_ == Phase::stopped) return;
      const bool known = !ranks_.empty() && ranks_[0].notice;
      fail(fmt::format("{} is gone: {}", manager_text_.empty() ? "its manager" : manager_text_,
                       known ? "it ended with " + describe(*ranks_[0].notice) : "its connection was closed"));
    });
  });
}

void Job::handle(const wire::Frame& frame) {
  if (phase_ == Phase::failed) return;
  switch (frame.type) {
    case wire::FrameType::ranks: handle_ranks(wire::parse_ranks(frame.payload)); return;
    case wire::FrameType::relay: handle_relay(wire::parse_relay(frame.payload)); return;
    case wire::FrameType::credit: {
      const auto credit = wire::parse_credit(frame.payload);
      if (credit.rank == 0 || credit.rank >= ranks_.size()) throw wire::ProtocolError{"credit for a rank that is none"};
      Rank& rank = ranks_[credit.rank];
      rank.window = std::min(rank.window + credit.bytes, window);
      if (rank.worker->has_output()) worker_has_output(*rank.worker);
      return;
    }
    case wire::FrameType::rank_lost: {
      const auto lost = wire::parse_rank_lost(frame.payload);
      if (lost.rank == 0 || lost.rank >= ranks_.size()) throw wire::ProtocolError{"the loss of a rank that is none"};
      give_up(lost.rank, lost.why);
      return;
    }
    default: throw wire::ProtocolError{fmt::format("a manager does not send frames of type {}", static_cast<int>(frame.type))};
  }
}

void Job::handle_ranks(const wire::Ranks& ranks) {
  if (!ranks_.empty() || ranks.list.size() != workers_ + std::size_t{1})
    throw wire::ProtocolError{fmt::format("{} ranks instead of {}", ranks.list.size(), workers_ + 1)};
  const std::string place = process::own_place();
  ranks_.resize(ranks.list.size());
  for (std::uint32_t number = 0; number < ranks_.size(); ++number) {
    Rank& rank = ranks_[number];
    rank.host = ranks.list[number].host;
    rank.pid = ranks.list[number].pid;
    rank.cores = ranks.list[number].cores;
    rank.window = window;
    if (number == 0) continue;
    const bool is_here = !place.empty() && ranks.list[number].place == place;
    remote::RemoteWorker::Options options;
    options.name = fmt::format("mpi worker {}", number);
    options.shares_memory = options.shares_files = is_here;
    options.round_trip = is_here ? near_round_trip : far_round_trip;
    rank.worker = std::make_unique<remote::RemoteWorker>(*this, std::move(options));
    number_of_[rank.worker.get()] = number;
  }
  manager_text_ = fmt::format("the manager (rank 0, process {} on {})", ranks_[0].pid, ranks_[0].host);
  phase_ = Phase::running;
  timer_->cancel();
}

void Job::handle_relay(const wire::Relay& relay) {
  if (relay.rank == 0 || relay.rank >= ranks_.size()) throw wire::ProtocolError{"a relay from a rank that is none"};
  Rank& rank = ranks_[relay.rank];
  if (rank.is_lost) return;
  try {
    rank.worker->receive(relay.bytes);
  } catch (const Error& e) {
    lose(relay.rank, fmt::format("it broke the protocol: {}", e.what()));
  }
}

/// The manager must not wait for this rank any more; it passes on what came of it, then answers.
void Job::lose(std::uint32_t rank, const std::string& why) {
  if (ranks_[rank].is_lost) return;
  wire::append(outgoing_.tail(), wire::RankLost{rank, why});
  write_out();
}

void Job::give_up(std::uint32_t number, const std::string& why) {
  Rank& rank = ranks_[number];
  if (rank.is_lost) return;
  rank.is_lost = true;
  rank.end = why;
  Failure failure;
  failure.cause = Cause::worker_lost;
  if (rank.notice) {
    failure.cause = rank.notice->signal != 0 ? Cause::signal : Cause::exit_status;
    failure.signal = rank.notice->signal;
    failure.exit_status = rank.notice->exit_status;
  }
  failure.message = fmt::format("rank {} (process {} on {}) was lost: {}", number, rank.pid, rank.host, why);
  log::warn("mpi: " + failure.message);
  rank.worker->lost(failure.message, failure);
  const bool any_left = std::any_of(ranks_.begin() + 1, ranks_.end(), [](const Rank& one) { return !one.is_lost; });
  if (!any_left) fail(fmt::format("all of its {} ranks are lost; the last one: {}", workers_, failure.message));
}

remote::RemoteWorker* Job::find(WorkerId worker) const {
  const auto place = ready_.find(index_of(worker));
  return place == ready_.end() ? nullptr : place->second;
}

Job::Rank& Job::rank_of(const remote::RemoteWorker& worker) { return ranks_[number_of_.at(&worker)]; }

void Job::execute(const TaskRef& task, WorkerId worker) {
  auto* const remote = find(worker);
  if (!remote)
    throw UnknownWorker{fmt::format("mpi: task {} came for worker number {}, which is none of the {} that are ready", task.id(),
                                    index_of(worker), ready_.size())};
  remote->send(task);
}

bool Job::take_back(const TaskRef& task, WorkerId worker) {
  auto* remote = find(worker);
  return remote && remote->take_back(task);
}

void Job::abort(const TaskRef& task, WorkerId worker) {
  if (auto* remote = find(worker)) remote->abort(task);
}

void Job::worker_ready(remote::RemoteWorker& worker) {
  failed_starts_ = 0;
  was_ever_ready_ = true;
  ready_[index_of(worker.id())] = &worker;
  Rank& rank = rank_of(worker);
  rank.failed_to_start = false;
  if (rank.ready_seconds < 0) rank.ready_seconds = seconds_since_start();
  const bool all =
      std::all_of(ranks_.begin() + 1, ranks_.end(), [](const Rank& one) { return one.is_lost || one.ready_seconds >= 0; });
  if (all && start_up_seconds_ < 0) start_up_seconds_ = seconds_since_start();
}

void Job::worker_has_output(remote::RemoteWorker& worker) {
  const std::uint32_t number = number_of_.at(&worker);
  if (ranks_[number].is_lost) return;
  if (std::find(with_output_.begin(), with_output_.end(), number) == with_output_.end()) with_output_.push_back(number);
}

void Job::worker_stopped(remote::RemoteWorker& worker) {
  const std::string who = fmt::format("{} (process {} on {})", worker.name(), worker.pid(), rank_of(worker).host);
  if (worker.is_stopped())
    log::warn(fmt::format("{} is stopped in {}, which waits until it goes on (kill -CONT {}) or is ended", who, worker.doing(),
                          worker.pid()));
  else
    log::warn(who + " goes on");
}

void Job::process_ended(remote::RemoteWorker& worker, bool was_ready, bool was_aborted, const std::string& why) {
  std::erase_if(ready_, [&](const auto& one) { return one.second == &worker; });
  if (phase_ != Phase::running) return;
  if (was_ready && !was_aborted) ++lost_;
  if (was_ready || rank_of(worker).is_lost) return;
  ++failed_starts_;
  // Once: it is tried again and again, and most likely the reason stays.
  const std::string what = fmt::format("{} on {}: its worker did not start: {}", worker.name(), rank_of(worker).host, why);
  std::exchange(rank_of(worker).failed_to_start, true) ? log::debug(what) : log::warn(what + "; it is tried again, in silence");
  if (ready_.empty() && failed_starts_ >= std::max(was_ever_ready_ ? most_failed_starts : most_failed_first_starts, workers_))
    host_->no_worker_possible(fmt::format("mpi: no worker process gets ready; the last one, on {}: {}", rank_of(worker).host, why));
}

void Job::flush() { write_out(); }

/// Takes from the workers' streams in turn, as far as the manager has room for each.
void Job::write_out() {
  if (!socket_ || phase_ == Phase::failed || phase_ == Phase::stopped || manager_is_gone_) return;
  while (!with_output_.empty() && outgoing_.size() < most_queued) {
    const std::uint32_t number = with_output_.front();
    with_output_.erase(with_output_.begin());
    Rank& rank = ranks_[number];
    const auto limit = static_cast<std::size_t>(std::min<std::uint64_t>(rank.window, most_in_piece));
    if (limit == 0 || rank.is_lost || !rank.worker->has_output()) continue;
    Bytes& tail = outgoing_.tail();
    const std::size_t begin = tail.size();
    wire::append_relay_header(tail, number, 0);
    const std::size_t before = tail.size();
    const std::size_t size = rank.worker->take_output(tail, limit);
    wire::write_header(tail.data() + begin, wire::FrameType::relay, before - begin - wire::header_size + size);
    rank.window -= size;
    if (rank.worker->has_output()) with_output_.push_back(number);
  }
  if (waits_for_room_) return;
  const int error = outgoing_.write_to(socket_->native_handle());
  if (error != EAGAIN) return;  // a broken connection shows when it is read
  waits_for_room_ = true;
  socket_->async_wait(boost::asio::socket_base::wait_write, [this](error_code failed) {
    waits_for_room_ = false;
    if (!failed) write_out();
  });
}

void Job::fail(const std::string& why) {
  if (phase_ == Phase::failed || phase_ == Phase::stopping || phase_ == Phase::stopped) return;
  const bool is_managers = !ranks_.empty() && ranks_[0].notice;
  const JobEnd end{why, phase_ == Phase::running, mpiexec_has_ended_ && !is_managers, hosts_gone()};
  phase_ = Phase::failed;
  if (!goes_on_(end)) host_->interface_failed(why + what_was_said());
  for (Rank& rank : ranks_)
    if (rank.worker && !rank.is_lost) rank.worker->left(why);
  ready_.clear();
  acceptor_->close();
  end_mpiexec();
}

void Job::end_mpiexec() {
  if (mpiexec_ && !mpiexec_has_ended_) mpiexec_->kill_group(SIGTERM);
  error_code ignored;
  if (socket_) socket_->close(ignored);
}

void Job::stop(std::function<void()> stopped) {
  stopped_ = std::move(stopped);
  const bool was_running = phase_ == Phase::running;
  phase_ = Phase::stopping;
  if (acceptor_) acceptor_->close();
  if (timer_) timer_->cancel();
  if (was_running && socket_ && !manager_is_gone_) {
    wire::append(outgoing_.tail(), wire::Bye{});
    static_cast<void>(outgoing_.write_to(socket_->native_handle()));
    error_code ignored;
    socket_->shutdown(boost::asio::socket_base::shutdown_send, ignored);
    quits_by_itself_ = true;
  } else {
    end_mpiexec();
  }
  say_if_stopped();
  if (phase_ == Phase::stopping) climb_down();
}

void Job::climb_down() {
  if (mpiexec_has_ended_) return;
  const auto now = Clock::now().time_since_epoch();
  if (!stop_sequence_) stop_sequence_.emplace(quits_by_itself_ ? ladder : short_ladder, now);
  while (const auto step = stop_sequence_->due(now)) {
    if (*step == process::StopSequence::Step::terminate) mpiexec_->kill_group(SIGTERM);
    if (*step == process::StopSequence::Step::kill) mpiexec_->kill_group(SIGKILL);
  }
  const auto deadline = stop_sequence_->next_deadline();
  if (!deadline) return;
  timer_->expires_at(Clock::time_point{*deadline});
  timer_->async_wait([this](error_code error) {
    if (!error) climb_down();
  });
}

void Job::say_if_stopped() {
  if (phase_ != Phase::stopping || !mpiexec_has_ended_) return;
  phase_ = Phase::stopped;
  if (timer_) timer_->cancel();
  error_code ignored;
  if (words_) words_->close(ignored);
  if (socket_) socket_->close(ignored);
  // Handlers of what was closed still run.
  host_->post([this] { std::exchange(stopped_, nullptr)(); });
}

StatusMap Job::status() const {
  StatusMap status;
  std::int64_t busy = 0;
  for (const auto& [id, worker] : ready_) busy += worker->is_busy();
  status["workers"] = static_cast<std::int64_t>(ready_.size());
  status["workers_busy"] = busy;
  status["workers_wanted"] = std::int64_t{workers_};
  status["workers_lost"] = lost_;
  status["workers_not_started"] = std::count_if(ranks_.begin(), ranks_.end(), [](const Rank& rank) {
    return rank.failed_to_start || (rank.is_lost && rank.ready_seconds < 0);
  });
  if (start_up_seconds_ >= 0) status["start_up_seconds"] = start_up_seconds_;
  if (ranks_.empty()) return status;
  status["manager_host"] = ranks_[0].host;
  status["manager_pid"] = std::int64_t{ranks_[0].pid};

  struct PerHost {
    std::int64_t ranks = 0, tasks_done = 0, cores = 0;
    double busy_seconds = 0;
  };
  std::map<std::string, PerHost> hosts;
  std::int64_t stopped = 0;
  for (std::size_t number = 1; number < ranks_.size(); ++number) {
    const Rank& rank = ranks_[number];
    const double busy_seconds = std::chrono::duration<double>(rank.worker->busy_time()).count();
    PerHost& host = hosts[rank.host];
    ++host.ranks;
    host.cores = std::max(host.cores, std::int64_t{rank.cores});
    host.tasks_done += rank.worker->tasks_done();
    host.busy_seconds += busy_seconds;
    const std::string key = fmt::format("rank_{}_", number);
    status[key + "host"] = rank.host;
    status[key + "pid"] = std::int64_t{rank.pid};
    stopped += rank.worker->is_stopped();
    status[key + "state"] = rank.is_lost                ? "lost: " + rank.end
                            : rank.worker->is_stopped() ? "stopped in " + rank.worker->doing()
                            : rank.worker->is_ready()   ? std::string{"ready"}
                                                        : "starting";
    status[key + "tasks_done"] = rank.worker->tasks_done();
    status[key + "busy_seconds"] = busy_seconds;
    if (rank.ready_seconds >= 0) status[key + "start_up_seconds"] = rank.ready_seconds;
  }
  status["workers_stopped"] = stopped;
  int number = 0;
  std::int64_t cores = 0;
  for (const auto& [name, host] : hosts) {
    cores += host.cores;
    const std::string key = fmt::format("host_{}_", ++number);
    status[key + "name"] = name;
    status[key + "ranks"] = host.ranks;
    status[key + "cores"] = host.cores;
    status[key + "tasks_done"] = host.tasks_done;
    status[key + "busy_seconds"] = host.busy_seconds;
  }
  status["hosts"] = static_cast<std::int64_t>(hosts.size());
  status["cores"] = cores;
  return status;
}

}  // namespace mw::mpi

#include "mpi/job.hpp"

#include <algorithm>
#include <cerrno>

#include <fmt/format.h>
#include <boost/asio/io_context.hpp>

#include "log/log.hpp"
#include "mpi/environment.hpp"
#include "mpi/rank_environment.hpp"
#include "process/timer.hpp"
#include "worker/start.hpp"

namespace mw::mpi {
namespace {

using namespace std::chrono_literals;
using boost::system::error_code;

/// After the manager is gone: so long the word why may take.
constexpr auto wait_for_word = 300ms;
/// How long the ranks have to end by themselves, and then mpiexec after SIGTERM.
constexpr process::StopLadder ladder{4'000ms, 1'000ms};
/// The same where there is nothing to wait for. mpiexec may not heed SIGTERM while ranks start; without it they end at
/// once.
constexpr process::StopLadder short_ladder{0ms, 200ms};

/// In a row, with no worker alive. A program whose workers never got ready is wrong; one whose workers did is unlucky.
constexpr unsigned most_failed_first_starts = 3;
constexpr unsigned most_failed_starts = 30;

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

void Job::start(InterfaceHost& host) {
  host_ = &host;
  if (!worker::init_was_called())
    throw InterfaceError{
        "mpi starts this program again as its workers, so main() must call mw::init(argc, argv) before it makes a mw::Master"};
  launch_ = make_launch(options_, hosts_, workers_);
  const net::Key key = net::make_key();
  acceptor_ = make_acceptor(host.io(), key, !launch_.manager_is_here);
  probe_ = make_probe();
  set_environment(launch_, options_, {acceptor_->addresses(), key, probe_.get()});
  acceptor_->open([this](net::Acceptor::Socket socket) { manager_came(std::move(socket)); });
  try {
    launch();
  } catch (...) {
    acceptor_->close();
    throw;
  }
  timer_ = std::make_unique<process::Timer>(host.io(), options_.start_limit);
  timer_->async_wait([this](error_code error) {
    if (!error && phase_ == Phase::starting)
      fail(fmt::format("its {} ranks did not start within {:g} s", workers_ + 1,
                       std::chrono::duration<double>(options_.start_limit).count()));
  });
}

void Job::launch() {
  words_.emplace(host_->io(), [this](const std::string& line) { take_line(line); });
  launch_.command.stdout_fd = launch_.command.stderr_fd = words_->their_end();
  if (!launch_.remote_shell.empty()) {
    launch_.command.inherit_fds.push_back(words_->their_end());
    launch_.command.environment_set.emplace_back(variable_words, std::to_string(words_->their_end()));
  }
  launch_.command.new_process_group = true;
  mpiexec_ = process::Child::start(host_->io(), launch_.command);
  mpiexec_has_ended_ = false;
  mpiexec_->async_wait([this](process::Death death) { mpiexec_ended(death); });
  words_->read();
}

/// What the ranks print, and what Hydra has to say; a line may be a notice of a death.
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
  words_->keep(line);
}

void Job::host_ended(const HostNotice& notice) {
  // ssh's own status where it is at fault; others are Hydra's, which ends everywhere when mpiexec does.
  constexpr int connection_failed = 255;
  if (phase_ == Phase::starting || notice.exit_status == connection_failed) hosts_ended_.insert(notice.host);
  if (phase_ == Phase::starting)
    fail(fmt::format("{} cannot be reached, or does not start its ranks: {} ended with exit status {}", notice.host,
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
      return streams_.give_credit(credit.rank, credit.bytes);
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
  auto options = worker_options(ranks);
  ranks_.resize(ranks.list.size());
  for (std::uint32_t number = 0; number < ranks_.size(); ++number) {
    Rank& rank = ranks_[number];
    rank.host = ranks.list[number].host;
    rank.pid = ranks.list[number].pid;
    if (number == 0) continue;
    rank.worker = std::make_unique<remote::RemoteWorker>(*this, std::move(options[number]));
    number_of_[rank.worker.get()] = number;
    streams_.add(number, *rank.worker);
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
  streams_.remove(number);
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

Rank& Job::rank_of(const remote::RemoteWorker& worker) { return ranks_[number_of_.at(&worker)]; }

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

void Job::split(const TaskRef& task, WorkerId worker) {
  if (auto* remote = find(worker)) remote->split(task);
}

void Job::abort(const TaskRef& task, WorkerId worker) {
  if (auto* remote = find(worker)) remote->abort(task);
}

void Job::forget_shared(std::uint64_t number) {
  for (Rank& rank : ranks_)
    if (rank.worker && !rank.is_lost) rank.worker->forget_shared(number);
}

void Job::worker_ready(remote::RemoteWorker& worker) {
  failed_starts_ = 0;
  was_ever_ready_ = true;
  ready_[index_of(worker.id())] = &worker;
  Rank& rank = rank_of(worker);
  rank.failed_to_start = false;
  rank.was_ready = true;
}

void Job::worker_has_output(remote::RemoteWorker& worker) { streams_.has_output(number_of_.at(&worker)); }

void Job::worker_stopped(remote::RemoteWorker& worker) {
  const std::string who = fmt::format("{} (process {} on {})", worker.name(), worker.pid(), rank_of(worker).host);
  if (worker.is_stopped())
    log::warn(fmt::format("{} is stopped in {}, which waits until it goes on (kill -CONT {}) or is ended", who, worker.doing(),
                          worker.pid()));
  else
    log::warn(who + " goes on");
}

void Job::process_ended(remote::RemoteWorker& worker, bool was_ready, const std::string& why) {
  std::erase_if(ready_, [&](const auto& one) { return one.second == &worker; });
  if (phase_ != Phase::running) return;
  if (was_ready || rank_of(worker).is_lost) return;
  ++failed_starts_;
  // Once: it is tried again and again, and most likely the reason stays.
  const std::string what = fmt::format("{} on {}: its worker did not start: {}", worker.name(), rank_of(worker).host, why);
  std::exchange(rank_of(worker).failed_to_start, true) ? log::debug(what) : log::warn(what + "; it is tried again, in silence");
  if (ready_.empty() && failed_starts_ >= std::max(was_ever_ready_ ? most_failed_starts : most_failed_first_starts, workers_))
    host_->no_worker_possible(fmt::format("mpi: no worker process gets ready; the last one, on {}: {}", rank_of(worker).host, why));
}

void Job::flush() { write_out(); }

void Job::write_out() {
  if (!socket_ || phase_ == Phase::failed || phase_ == Phase::stopped || manager_is_gone_) return;
  streams_.fill(outgoing_);
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
  if (!goes_on_(end)) host_->interface_failed(why + (words_ ? words_->text() : ""));
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
  if (words_) words_->close();
  error_code ignored;
  if (socket_) socket_->close(ignored);
  // Handlers of what was closed still run.
  host_->post([this] { std::exchange(stopped_, nullptr)(); });
}

StatusMap Job::status() const {
  StatusMap status;
  write_to(status, ranks_);
  return status;
}

}  // namespace mw::mpi

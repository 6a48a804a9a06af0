#include "mpi/rank/world.hpp"

#include <fcntl.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <thread>
#include <utility>

#include <fmt/format.h>

#include <mw/error.hpp>

#include "process/place.hpp"

namespace mw::mpi {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::microseconds;

constexpr microseconds spin_time{5};
/// While messages are on their way, here or from here, MPI needs to be called now and then.
constexpr microseconds shortest_nap{30};
/// The ranks of this host fetch messages by themselves; only their buffers wait for the sender to look.
constexpr microseconds shortest_nap_for_sent{200};
constexpr microseconds longest_nap{1'000};
/// How long a rank sleeps at most, if others can wake it; only in case that one of them could not.
constexpr microseconds long_sleep{200'000};
constexpr microseconds idle_sleep{10'000};
constexpr microseconds expecting_sleep{1'000};
/// Nothing came for so long: nothing is expected any more.
constexpr microseconds expecting_time{1'000'000};
/// MPICH may need some calls until a message that is there shows.
constexpr int calls_until_seen = 4;

/// A receive that failed is made again, so many times in a row.
constexpr unsigned most_failed_receives = 1'000;

std::string text_of(int result) {
  char text[MPI_MAX_ERROR_STRING] = {};
  int size = 0;
  MPI_Error_string(result, text, &size);
  return text;
}

void check(int result, const char* what) {
  if (result != MPI_SUCCESS) throw InterfaceError{fmt::format("{}: {}", what, text_of(result))};
}

/// What each rank says of itself, of one size for all.
struct Card {
  std::uint32_t pid = 0;
  std::uint32_t cores = 0;
  std::uint32_t bell = 0;
  std::uint32_t memory = 0;  ///< of its Bell; both are descriptors of that process
  std::uint64_t bell_inode = 0;
  std::uint64_t memory_inode = 0;
  std::uint64_t host_memory = 0;  ///< that it may use, bytes
  char host[256] = {};
  char place[256] = {};
};

constexpr std::size_t bell_bytes = 64;

/// A memory file. MPI's own shared memory takes collective calls, and ranks that wait in those spin: 17 ranks on two
/// cores took 1.8 s.
process::UniqueFd make_bell_memory() {
  process::UniqueFd memory{::memfd_create("mw-bell", MFD_CLOEXEC)};
  if (memory.get() < 0 || ::ftruncate(memory.get(), bell_bytes) != 0)
    throw InterfaceError{fmt::format("no shared memory: {}", std::strerror(errno))};
  return memory;
}

/// Stays mapped for as long as this process lives.
void* map_bell(const process::UniqueFd& memory) {
  void* const mapped = ::mmap(nullptr, bell_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, memory.get(), 0);
  if (mapped == MAP_FAILED) throw InterfaceError{fmt::format("memory cannot be shared: {}", std::strerror(errno))};
  return mapped;
}

/// Until it is done; others get the processor meanwhile.
void wait_asleep(MPI_Request& request) {
  for (int done = 0;;) {
    check(MPI_Test(&request, &done, MPI_STATUS_IGNORE), "MPI_Test");
    if (done) return;
    std::this_thread::sleep_for(shortest_nap_for_sent);
  }
}

void copy_text(char (&to)[256], const std::string& from) { std::memcpy(to, from.data(), std::min(from.size(), sizeof to - 1)); }

}  // namespace

World::World(boost::asio::io_context& io, const RankFacts& own) : io_{io}, bell_read_{io}, alarm_{io} {
  MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank_);
  MPI_Comm_size(MPI_COMM_WORLD, &size_);
  peers_.resize(static_cast<std::size_t>(size_));
  ::prctl(PR_SET_TIMERSLACK, 1'000);  // ns; the usual 50 µs are longer than a message takes
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) throw InterfaceError{fmt::format("no pipe: {}", std::strerror(errno))};
  bell_read_.assign(ends[0]);
  bell_write_ = process::UniqueFd{ends[1]};
  exchange_facts(own);
  for (Buffer& buffer : buffers_) {
    buffer.bytes = std::make_unique_for_overwrite<std::byte[]>(most_bytes);
    post(buffer);
  }
  listen_to_bell();
}

World::~World() = default;

unsigned World::workers_here() const noexcept {
  const RankFacts& own = facts_[static_cast<std::size_t>(rank_)];
  return static_cast<unsigned>(std::count_if(facts_.begin() + 1, facts_.end(),
                                             [&](const RankFacts& one) { return one.host == own.host && one.place == own.place; }));
}

void World::exchange_facts(const RankFacts& own) {
  static_assert(sizeof(Bell) <= bell_bytes);
  bell_memory_ = make_bell_memory();
  own_bell_ = new (map_bell(bell_memory_)) Bell;
  Card card;
  card.pid = own.pid;
  card.cores = own.cores;
  card.host_memory = own.memory;
  card.bell = static_cast<std::uint32_t>(bell_write_.get());
  card.bell_inode = process::inode_of(bell_write_.get());
  card.memory = static_cast<std::uint32_t>(bell_memory_.get());
  card.memory_inode = process::inode_of(bell_memory_.get());
  copy_text(card.host, own.host);
  copy_text(card.place, own.place);
  std::vector<Card> cards(static_cast<std::size_t>(size_));
  MPI_Request exchange = MPI_REQUEST_NULL;
  check(MPI_Iallgather(&card, sizeof card, MPI_BYTE, cards.data(), sizeof card, MPI_BYTE, MPI_COMM_WORLD, &exchange),
        "MPI_Iallgather");
  wait_asleep(exchange);
  for (const Card& one : cards) facts_.push_back({one.pid, one.host, one.place, one.cores, one.host_memory});
  for (std::size_t i = 0; i < cards.size(); ++i) {
    const Card& other = cards[i];
    const bool talk = (rank_ == 0) != (i == 0);  // only manager and workers do
    if (!talk || own.place.empty() || own.place != facts_[i].place) continue;
    try {
      peers_[i].bell = process::open_descriptor({other.pid, other.bell, other.bell_inode});
      peers_[i].hung = static_cast<Bell*>(map_bell(process::open_descriptor({other.pid, other.memory, other.memory_inode})));
    } catch (const InterfaceError&) {
      // It cannot be woken from here; it will look.
    }
  }
  if (rank_ == 0)
    for (std::size_t i = 1; i < peers_.size(); ++i) all_ring_ = all_ring_ && peers_[i].rings();
  else
    all_ring_ = peers_[0].rings();
}

void World::listen_to_bell() {
  bell_read_.async_read_some(boost::asio::buffer(rung_), [this](boost::system::error_code error, std::size_t) {
    if (!error) listen_to_bell();
  });
}

/// After a message has gone out: its receiver first says that it sleeps, then looks at the count; here the count comes
/// first: one of the two sees the other.
void World::ring(int rank) {
  const auto number = static_cast<std::size_t>(rank);
  if (!peers_[number].rings()) return;
  Bell& bell = *peers_[number].hung;
  (rank_ == 0 ? bell.to_worker : own_bell_->to_manager).fetch_add(1);
  if (bell.is_asleep.load() == 0) return;
  bell.is_asleep.store(0, std::memory_order_relaxed);
  const char sound = 1;
  static_cast<void>(!::write(peers_[number].bell.get(), &sound, 1));  // a full pipe wakes it, too
}

bool World::any_far_flight() const noexcept {
  return std::any_of(flights_.begin(), flights_.end(),
                     [this](const Flight& flight) { return !peers_[static_cast<std::size_t>(flight.rank)].rings(); });
}

bool World::is_missing_any() const noexcept {
  if (rank_ != 0) return peers_[0].rings() && own_bell_->to_worker.load(std::memory_order_relaxed) != peers_[0].received;
  for (std::size_t i = 1; i < peers_.size(); ++i) {
    const Peer& peer = peers_[i];
    if (peer.rings() && !peer.is_given_up && peer.hung->to_manager.load(std::memory_order_relaxed) != peer.received) return true;
  }
  return false;
}

void World::send(int rank, Tag tag, Bytes bytes) {
  Peer& peer = peers_[static_cast<std::size_t>(rank)];
  if (peer.is_given_up) return;
  peer.unsent += bytes.size();
  peer.queue.push_back(std::make_unique<Message>(Message{std::move(bytes), tag}));
  start_sends(rank);
}

void World::start_sends(int rank) {
  Peer& peer = peers_[static_cast<std::size_t>(rank)];
  while (!peer.queue.empty() && peer.in_flight < most_in_flight && !peer.is_given_up && !peer.is_broken) {
    auto message = std::move(peer.queue.front());
    peer.queue.pop_front();
    MPI_Request request = MPI_REQUEST_NULL;
    const int result = MPI_Isend(message->bytes.data(), static_cast<int>(message->bytes.size()), MPI_BYTE, rank,
                                 static_cast<int>(message->tag), MPI_COMM_WORLD, &request);
    if (result != MPI_SUCCESS) {
      static_cast<void>(message.release());  // MPI may still look at it
      return breaks(rank, result);
    }
    flights_.push_back({request, std::move(message), rank});
    ++peer.in_flight;
    ring(rank);
  }
}

bool World::finish_sends() {
  bool any = false;
  for (std::size_t i = 0; i < flights_.size();) {
    int done = 0;
    const int result = MPI_Test(&flights_[i].request, &done, MPI_STATUS_IGNORE);
    const int rank = flights_[i].rank;
    if (result != MPI_SUCCESS) breaks(rank, result);
    if (result == MPI_SUCCESS && !done) {
      ++i;
      continue;
    }
    any = true;
    const std::size_t size = flights_[i].message->bytes.size();
    std::swap(flights_[i], flights_.back());
    flights_.pop_back();
    Peer& peer = peers_[static_cast<std::size_t>(rank)];
    --peer.in_flight;
    peer.unsent -= size;
    if (sent_) sent_(rank, size);
    start_sends(rank);
  }
  return any;
}

/// One that is gone is no end for the others, whatever MPI would make of it.
void World::breaks(int rank, int result) {
  Peer& peer = peers_[static_cast<std::size_t>(rank)];
  if (std::exchange(peer.is_broken, true) || peer.is_given_up) return;
  // The last line says what it was; those before it, where in MPICH.
  std::string text = text_of(result);
  while (!text.empty() && text.back() == '\n') text.pop_back();
  newly_broken_.emplace_back(rank, text.substr(text.rfind('\n') + 1));
}

bool World::report_broken() {
  if (newly_broken_.empty()) return false;
  for (const auto& [rank, why] : std::exchange(newly_broken_, {})) {
    if (!broken_) throw InterfaceError{fmt::format("rank {} cannot be reached any more: {}", rank, why)};
    broken_(rank, why);
  }
  return true;
}

void World::post(Buffer& buffer) {
  check(MPI_Irecv(buffer.bytes.get(), static_cast<int>(most_bytes), MPI_BYTE, MPI_ANY_SOURCE, MPI_ANY_TAG, MPI_COMM_WORLD,
                  &buffer.request),
        "MPI_Irecv");
}

bool World::receive(const Handler& handler) {
  Buffer& buffer = buffers_[oldest_];
  int done = 0;
  MPI_Status status;
  if (const int result = MPI_Test(&buffer.request, &done, &status); result != MPI_SUCCESS) {
    if (++failed_receives_ > most_failed_receives) check(result, "MPI_Test");
    oldest_ = (oldest_ + 1) % buffers_.size();
    post(buffer);
    return false;
  }
  if (!done) return false;
  failed_receives_ = 0;
  int size = 0;
  MPI_Get_count(&status, MPI_BYTE, &size);
  oldest_ = (oldest_ + 1) % buffers_.size();
  ++peers_[static_cast<std::size_t>(status.MPI_SOURCE)].received;
  if (!peers_[static_cast<std::size_t>(status.MPI_SOURCE)].is_given_up)
    handler(status.MPI_SOURCE, static_cast<Tag>(status.MPI_TAG), {buffer.bytes.get(), static_cast<std::size_t>(size)});
  post(buffer);
  return true;
}

bool World::poll(const Handler& handler, bool may_receive) {
  bool any = false;
  for (int i = 0; i < 64 && may_receive && receive(handler); ++i) any = true;
  if (!flights_.empty() && finish_sends()) any = true;
  if (report_broken()) any = true;
  if (any) {
    last_event_ = Clock::now();
    nap_ = shortest_nap;
  }
  return any;
}

/// Until a socket, a bell or the time wakes it.
void World::sleep(microseconds time) {
  if (time >= microseconds{1'000}) {
    if (io_.run_one_for(time) > 0) last_event_ = Clock::now();
    return;
  }
  // The io_context's own time has steps of 1 ms.
  bool is_over = false;
  alarm_.expires_after(time);
  alarm_.async_wait([&is_over](boost::system::error_code) { is_over = true; });
  io_.run_one();
  if (is_over) return;
  last_event_ = Clock::now();
  alarm_.cancel();
  while (!is_over) io_.poll_one();
}

void World::wait(Patience patience, const Handler& handler) {
  if (Clock::now() - last_event_ < spin_time) {
    ::sched_yield();
    return;
  }
  own_bell_->is_asleep.store(1);
  bool any = false;
  for (int i = 0; i < calls_until_seen && !any; ++i) any = poll(handler);
  if (!any) sleep(sleeping_time(patience));
  own_bell_->is_asleep.store(0, std::memory_order_relaxed);
}

microseconds World::sleeping_time(Patience patience) {
  if (is_missing_any() || any_far_flight()) return nap_ = std::clamp(nap_ * 5 / 4, shortest_nap, longest_nap);
  if (!flights_.empty()) return nap_ = std::clamp(nap_ * 5 / 4, shortest_nap_for_sent, longest_nap);
  if (all_ring_) return long_sleep;
  const bool expects = patience == Patience::expecting && Clock::now() - last_event_ < expecting_time;
  return expects ? expecting_sleep : idle_sleep;
}

void World::give_up(int rank) {
  Peer& peer = peers_[static_cast<std::size_t>(rank)];
  if (peer.is_given_up) return;
  peer.is_given_up = true;
  peer.queue.clear();
  peer.unsent = 0;
  // MPI may still look at the buffers of what is on its way: they stay for as long as this process lives.
  for (Flight& flight : flights_)
    if (flight.rank == rank) static_cast<void>(flight.message.release());
  std::erase_if(flights_, [rank](const Flight& flight) { return flight.rank == rank; });
}

void World::leave() {
  const Handler nobody = [](int, Tag, std::span<const std::byte>) {};
  broken_ = [](int, const std::string&) {};
  // What is on its way must arrive; a rank that died meanwhile is no reason to stay.
  for (const auto end = Clock::now() + std::chrono::milliseconds{500}; !flights_.empty() && Clock::now() < end;) {
    if (!poll(nobody)) std::this_thread::sleep_for(shortest_nap);
  }
  ::_exit(0);
}

}  // namespace mw::mpi

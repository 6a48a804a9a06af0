// What a worker has to say, sent in batches.
//
// What:    results of short tasks are collected and sent in one go; none waits for longer than a millisecond or so,
//          even when a long task follows: then a second thread sends it.
// Owner:   refers to the socket; owns the thread, which it starts when first needed.
// Threads: any.
// Use:
//     outbox.append([&](Bytes& out) { wire::append(out, result); });
//     outbox.flush();                                      // before waiting for input
//     outbox.expect_delay();                               // before a task of unknown length
#pragma once

#include <condition_variable>
#include <mutex>
#include <thread>

#include <mw/bytes.hpp>

namespace mw::worker {

class Outbox {
 public:
  explicit Outbox(int socket) noexcept : socket_{socket} {}
  ~Outbox();
  Outbox(const Outbox&) = delete;
  Outbox& operator=(const Outbox&) = delete;

  template <class Write>
  void append(const Write& write) {
    std::lock_guard lock{mutex_};
    write(out_);
    if (out_.size() >= batch_size) send_all();
  }
  /// The same, sent at once with a descriptor beside it (-1: none) and `more` bytes behind it.
  template <class Write>
  void send(const Write& write, int descriptor = -1, std::span<const std::byte> more = {}) {
    std::lock_guard lock{mutex_};
    if (descriptor >= 0) send_all();
    write(out_);
    send_all(descriptor);
    send_bytes(more, -1);
  }

  /// Throws wire::ProtocolError when the master does not listen any more; so do the others.
  void flush() {
    std::lock_guard lock{mutex_};
    send_all();
  }
  /// Nobody may come by for a while: what is unsent goes out soon.
  void expect_delay();

 private:
  static constexpr std::size_t batch_size = 32 * 1024;

  void send_all(int descriptor = -1);  ///< mutex held
  void send_bytes(std::span<const std::byte> bytes, int descriptor);
  void run();

  const int socket_;
  std::mutex mutex_;  ///< guards what follows, and the order of what is sent
  Bytes out_;
  std::uint64_t sent_batches_ = 0;
  std::condition_variable changed_;
  bool is_asleep_ = false;
  bool is_over_ = false;
  std::thread thread_;
};

}  // namespace mw::worker

#include "worker/outbox.hpp"

#include <sys/prctl.h>

#include <chrono>
#include <cstring>

#include <fmt/format.h>

#include "wire/frame.hpp"
#include "wire/local_socket.hpp"
#include "worker/quiet_thread.hpp"

namespace mw::worker {
namespace {

constexpr std::chrono::milliseconds patience{1};

}  // namespace

Outbox::~Outbox() {
  {
    std::lock_guard lock{mutex_};
    is_over_ = true;
    changed_.notify_one();
  }
  if (thread_.joinable()) thread_.join();
}

void Outbox::send_all(int descriptor) {
  if (out_.empty()) return;
  ++sent_batches_;
  send_bytes(out_.span(), descriptor);
  out_.clear();
}

void Outbox::send_bytes(std::span<const std::byte> bytes, int descriptor) {
  while (!bytes.empty()) {
    const iovec piece{const_cast<std::byte*>(bytes.data()), bytes.size()};
    const wire::Transfer sent = wire::send_some(socket_, {&piece, 1}, descriptor);
    if (sent.error != 0)
      throw wire::ProtocolError{fmt::format("the master does not listen any more: {}", std::strerror(sent.error))};
    descriptor = -1;
    bytes = bytes.subspan(sent.size);
  }
}

void Outbox::expect_delay() {
  std::lock_guard lock{mutex_};
  if (out_.empty()) return;
  if (!thread_.joinable()) {
    thread_ = start_quiet_thread([this] { run(); });
    if (!thread_.joinable()) send_all();  // nothing waits here, then
  } else if (is_asleep_) {
    changed_.notify_one();
  }
}

void Outbox::run() {
  ::prctl(PR_SET_NAME, "mw-outbox");
  std::unique_lock lock{mutex_};
  while (!is_over_) {
    is_asleep_ = true;
    changed_.wait(lock, [this] { return is_over_ || !out_.empty(); });
    is_asleep_ = false;
    const auto seen = sent_batches_;
    changed_.wait_for(lock, patience, [this] { return is_over_; });
    if (is_over_ || sent_batches_ != seen) continue;
    try {
      send_all();
    } catch (const wire::ProtocolError&) {
      return;  // the other thread will see it, too
    }
  }
}

}  // namespace mw::worker

#include "wire/outgoing.hpp"

#include <sys/uio.h>

#include <algorithm>
#include <array>

namespace mw::wire {

/// As many pieces as go into one system call.
class Outgoing::Batch {
 public:
  Batch(const std::deque<Piece>& pieces, std::size_t written) : skip_{written} {
    for (const Piece& piece : pieces) {
      if (count_ + 2 > vectors_.size() || (piece.descriptor >= 0 && count_ > 0)) return;
      add(piece.bytes.span());
      if (piece.descriptor >= 0) {
        if (written == 0) descriptor_ = piece.descriptor;
        return;
      }
      add(piece.payload.bytes);
    }
  }
  std::span<const iovec> vectors() const noexcept { return {vectors_.data(), count_}; }
  int descriptor() const noexcept { return descriptor_; }

 private:
  void add(std::span<const std::byte> bytes) {
    const auto rest = bytes.subspan(std::min(skip_, bytes.size()));
    skip_ -= bytes.size() - rest.size();
    if (!rest.empty()) vectors_[count_++] = {const_cast<std::byte*>(rest.data()), rest.size()};
  }

  std::array<iovec, 128> vectors_;
  std::size_t count_ = 0;
  std::size_t skip_;
  int descriptor_ = -1;
};

void Outgoing::clear() noexcept {
  pieces_.clear();
  written_ = 0;
}

Bytes& Outgoing::tail() {
  constexpr std::size_t piece_size = 64 * 1024;
  const bool has_room = !pieces_.empty() && pieces_.back().is_open() && pieces_.back().bytes.size() < piece_size &&
                        (pieces_.size() > 1 || written_ == 0);
  return has_room ? pieces_.back().bytes : new_tail();
}

Bytes& Outgoing::new_tail() { return pieces_.emplace_back().bytes; }

void Outgoing::attach_descriptor(int descriptor, std::shared_ptr<const void> owner, const void* tag) {
  pieces_.back().descriptor = descriptor;
  pieces_.back().payload = {{}, std::move(owner), tag};
}

bool Outgoing::holds(const void* tag) const noexcept {
  return std::any_of(pieces_.begin(), pieces_.end(), [&](const Piece& piece) { return piece.payload.tag == tag; });
}

std::size_t Outgoing::size() const noexcept {
  std::size_t size = 0;
  for (const Piece& piece : pieces_) size += piece.size();
  return size - written_;
}

int Outgoing::write_to(int socket) {
  return write_to([socket](std::span<const iovec> pieces, int descriptor) { return send_some(socket, pieces, descriptor); });
}

int Outgoing::write_to(const Send& send) {
  while (!pieces_.empty()) {
    const Batch batch{pieces_, written_};
    const Transfer sent = send(batch.vectors(), batch.descriptor());
    if (sent.error != 0) return sent.error;
    drop(sent.size);
  }
  return 0;
}

void Outgoing::drop(std::size_t size) {
  written_ += size;
  while (!pieces_.empty() && written_ >= pieces_.front().size()) {
    written_ -= pieces_.front().size();
    pieces_.pop_front();
  }
}

}  // namespace mw::wire

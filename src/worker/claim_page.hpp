// Which of the tasks that lie before a worker are still its own.
//
// What:    memory that a master and a worker process share. The master offers tasks under consecutive numbers; the
//          worker begins each, unless the master has taken it back meanwhile; both at once is impossible. So work can
//          be sent ahead and be withdrawn without asking a worker that is busy with something else. The inputs of the
//          chunk of map() that the worker runs are claimed here in the same way. The worker's program, if its task is
//          one, is named there, too: it is in a process group of its own, which its master must find when the worker is
//          dead.
// Owner:   each side maps the page; the file goes with the last of them.
// Threads: the master's loop on one side, the thread that runs tasks on the other.
// Use:
//     page.offer(number);  send(task);                     // master
//     if (page.begin(number)) run(task);                   // worker
//     if (page.take_back(number)) send_elsewhere(task);    // master
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <optional>

#include "process/unique_fd.hpp"

namespace mw::worker {

class ClaimPage {
 public:
  /// Numbers that may be on offer at a time: a number's place is used again by the number that is this much larger.
  static constexpr std::uint64_t places = 512;

  /// A new page. Throws InterfaceError.
  static ClaimPage create();
  /// The page behind this descriptor, which it takes. Throws InterfaceError if that is no such page.
  static ClaimPage attach(process::UniqueFd fd);
  ClaimPage(ClaimPage&& other) noexcept;
  ClaimPage& operator=(ClaimPage&& other) noexcept;
  ~ClaimPage();

  /// To be handed to the other side.
  int fd() const noexcept { return fd_.get(); }

  void offer(std::uint64_t number) noexcept { place(number).store(number << 1 | offered, std::memory_order_release); }
  /// True if it was on offer and is no more: nobody will begin it.
  bool take_back(std::uint64_t number) noexcept { return withdraw(number); }
  /// The process group of the program that the worker runs; 0: none. Whoever ends the worker ends that, too.
  std::atomic<std::uint32_t>& program_group() noexcept { return page_->program_group; }
  /// True if it was on offer: it is the caller's now.
  bool begin(std::uint64_t number) noexcept { return withdraw(number); }

  /// The worker begins a chunk, which is task `number`: none of its inputs is claimed yet.
  void begin_chunk(std::uint64_t number) noexcept { page_->chunk.store(chunk_of(number), std::memory_order_release); }
  /// The next so many inputs are the worker's. False, once and for all, if the chunk was split: what is left of it is
  /// not.
  bool claim_inputs(std::uint32_t inputs) noexcept {
    return (page_->chunk.fetch_add(inputs, std::memory_order_acq_rel) & is_split) == 0;
  }
  /// The worker keeps the inputs of task `number` that it has claimed, so many, and claims no more. Nothing if it does
  /// not run that task, has claimed none of its inputs, or was told before.
  std::optional<std::uint32_t> split_chunk(std::uint64_t number) noexcept;

 private:
  static constexpr std::uint64_t offered = 1;
  static constexpr std::uint64_t is_split = std::uint64_t{1} << 63;
  static constexpr std::uint64_t chunk_of(std::uint64_t number) noexcept { return number << 33 >> 1; }
  struct Page {
    std::array<std::atomic<std::uint64_t>, ClaimPage::places> places;
    std::atomic<std::uint32_t> program_group;
    std::atomic<std::uint64_t> chunk;  ///< whether it is split, 31 bits of its task's number, 32 bits: inputs claimed
  };
  static_assert(std::atomic<std::uint64_t>::is_always_lock_free && std::atomic<std::uint32_t>::is_always_lock_free);

  explicit ClaimPage(process::UniqueFd fd);
  std::atomic<std::uint64_t>& place(std::uint64_t number) noexcept { return page_->places[number % places]; }
  bool withdraw(std::uint64_t number) noexcept {
    std::uint64_t expected = number << 1 | offered;
    return place(number).compare_exchange_strong(expected, number << 1, std::memory_order_acq_rel);
  }

  process::UniqueFd fd_;
  Page* page_ = nullptr;
};

}  // namespace mw::worker

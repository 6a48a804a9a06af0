// What a BOINC client and the task that it runs say to each other: messages in a file that both map.
//
// What:    eight channels of 1,024 bytes; the first byte says whether a message is there, the rest is the message
//          (BOINC, lib/app_ipc.h). ClientChannel is the task's end, TaskChannel the client's.
// Owner:   own the mapping, or the file.
// Threads: one at a time each.
// Use:
//     ClientChannel channel{slot};                          // does nothing where there is no client
//     for (const Order order : channel.orders()) …
//     channel.say_status(cpu_seconds, fraction);
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "process/unique_fd.hpp"

namespace mw::slot {

inline constexpr const char* channel_file_name = "boinc_mmap_file";

namespace detail {

/// The file, mapped.
class Channels {
 public:
  enum Name : std::size_t {
    control_request,
    control_reply,
    graphics_request,
    graphics_reply,
    heartbeat,
    app_status,
    trickle_up,
    trickle_down
  };
  static constexpr std::size_t count = 8;
  static constexpr std::size_t size = 1024;

  Channels() = default;
  ~Channels();
  Channels(const Channels&) = delete;
  Channels& operator=(const Channels&) = delete;
  /// False where it is not there, or too small.
  bool open(const std::string& path);

  /// A message; nothing if there is none.
  std::optional<std::string> take(Name channel) noexcept;
  /// False if the last one was not taken yet.
  bool put(Name channel, std::string_view message) noexcept;

 private:
  char* channel_at(Name channel) const noexcept { return memory_ + channel * size; }
  char* memory_ = nullptr;
};

}  // namespace detail

/// What a client wants of a task.
enum class Order : unsigned char { suspend, resume, quit, abort };

/// How far a task is. The last two are ours: the client passes over them.
struct TaskStatus {
  double cpu_seconds = 0;
  double fraction = 0;
  std::size_t position = 0;         ///< of the task in its workunit that runs now
  double fraction_of_position = 0;  ///< of that task
};

class ClientChannel {
 public:
  explicit ClientChannel(const std::string& folder);
  std::vector<Order> orders();
  void say_status(const TaskStatus& status);

 private:
  detail::Channels channels_;
  bool is_there_ = false;
};

/// Reads and writes the file, rather than map it: a task that cuts it short harms itself only.
class TaskChannel {
 public:
  /// Makes the file. Throws InterfaceError.
  explicit TaskChannel(const std::string& folder);
  void order(Order order);
  void beat();
  std::optional<TaskStatus> status();

 private:
  process::UniqueFd file_;
};

}  // namespace mw::slot

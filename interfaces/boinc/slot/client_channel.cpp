#include "boinc/slot/client_channel.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <mw/error.hpp>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cmath>
#include <cstring>

#include <fmt/format.h>

#include "parse/number.hpp"
#include "process/unique_fd.hpp"

namespace mw::slot {
namespace {

constexpr std::pair<Order, std::string_view> order_texts[] = {
    {Order::suspend, "<suspend/>"}, {Order::resume, "<resume/>"}, {Order::quit, "<quit/>"}, {Order::abort, "<abort/>"}};

double number_in(std::string_view text, std::string_view name) {
  const std::string open = fmt::format("<{}>", name);
  const auto begin = text.find(open);
  if (begin == std::string_view::npos) return 0;
  const double number = parse::leading_number<double>(text.substr(begin + open.size())).value_or(0);
  return std::isfinite(number) ? number : 0;
}

}  // namespace

namespace detail {

Channels::~Channels() {
  if (memory_) ::munmap(memory_, count * size);
}

bool Channels::open(const std::string& path) {
  const process::UniqueFd file{::open(path.c_str(), O_RDWR | O_CLOEXEC)};
  struct stat status = {};
  if (file.get() < 0 || ::fstat(file.get(), &status) != 0 || status.st_size < static_cast<off_t>(count * size)) return false;
  void* memory = ::mmap(nullptr, count * size, PROT_READ | PROT_WRITE, MAP_SHARED, file.get(), 0);
  if (memory == MAP_FAILED) return false;
  memory_ = static_cast<char*>(memory);
  return true;
}

std::optional<std::string> Channels::take(Name channel) noexcept {
  char* const at = channel_at(channel);
  const std::atomic_ref<char> flag{*at};
  if (flag.load(std::memory_order_acquire) == 0) return std::nullopt;
  std::string message{at + 1, ::strnlen(at + 1, size - 1)};
  flag.store(0, std::memory_order_release);
  return message;
}

bool Channels::put(Name channel, std::string_view message) noexcept {
  char* const at = channel_at(channel);
  const std::atomic_ref<char> flag{*at};
  if (flag.load(std::memory_order_acquire) != 0) return false;
  const std::size_t length = std::min(message.size(), size - 2);
  std::memcpy(at + 1, message.data(), length);
  at[1 + length] = 0;
  flag.store(1, std::memory_order_release);
  return true;
}

}  // namespace detail

using detail::Channels;

ClientChannel::ClientChannel(const std::string& folder) : is_there_{channels_.open(folder + "/" + channel_file_name)} {}

std::vector<Order> ClientChannel::orders() {
  std::vector<Order> orders;
  if (!is_there_) return orders;
  channels_.take(Channels::heartbeat);  // the client is there; that its process lives is what counts here
  const auto message = channels_.take(Channels::control_request);
  if (!message) return orders;
  for (const auto& [order, text] : order_texts)
    if (message->find(text) != std::string::npos) orders.push_back(order);
  return orders;
}

void ClientChannel::say_status(const TaskStatus& status) {
  if (!is_there_) return;
  channels_.put(Channels::app_status,
                fmt::format("<current_cpu_time>{:e}</current_cpu_time>\n<checkpoint_cpu_time>{:e}</checkpoint_cpu_time>\n"
                            "<fraction_done>{:e}</fraction_done>\n<mw_position>{}</mw_position>\n<mw_fraction>{:e}</mw_fraction>\n",
                            status.cpu_seconds, status.cpu_seconds, status.fraction, status.position, status.fraction_of_position));
}

namespace {

constexpr off_t place_of(Channels::Name channel) { return static_cast<off_t>(channel * Channels::size); }

bool is_full(int file, Channels::Name channel) {
  char flag = 0;
  return ::pread(file, &flag, 1, place_of(channel)) == 1 && flag != 0;
}

/// The message first, then what says that it is there.
void write_message(int file, Channels::Name channel, std::string_view message) {
  const std::string text{message.substr(0, Channels::size - 2)};
  const char full = 1;
  // What cannot be written is not heard, as if the task did not listen.
  if (::pwrite(file, text.c_str(), text.size() + 1, place_of(channel) + 1) < 0) return;
  if (::pwrite(file, &full, 1, place_of(channel)) < 0) return;
}

}  // namespace

TaskChannel::TaskChannel(const std::string& folder) {
  const std::string path = folder + "/" + channel_file_name;
  file_ = process::UniqueFd{::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600)};
  if (file_.get() < 0 || ::ftruncate(file_.get(), Channels::count * Channels::size) != 0)
    throw InterfaceError{fmt::format("{} cannot be made: {}", path, std::strerror(errno))};
}

void TaskChannel::order(Order order) {
  for (const auto& [known, text] : order_texts)
    if (known == order) write_message(file_.get(), Channels::control_request, text);
}

void TaskChannel::beat() {
  if (!is_full(file_.get(), Channels::heartbeat)) write_message(file_.get(), Channels::heartbeat, "<heartbeat/>\n");
}

std::optional<TaskStatus> TaskChannel::status() {
  if (!is_full(file_.get(), Channels::app_status)) return std::nullopt;
  std::string message(Channels::size - 1, '\0');
  const ssize_t got = ::pread(file_.get(), message.data(), message.size(), place_of(Channels::app_status) + 1);
  const char empty = 0;
  if (got < 0 || ::pwrite(file_.get(), &empty, 1, place_of(Channels::app_status)) < 0) return std::nullopt;
  message.resize(::strnlen(message.data(), static_cast<std::size_t>(got)));
  constexpr double most_tasks = 1e9;
  return TaskStatus{number_in(message, "current_cpu_time"), number_in(message, "fraction_done"),
                    static_cast<std::size_t>(std::clamp(number_in(message, "mw_position"), 0.0, most_tasks)),
                    std::clamp(number_in(message, "mw_fraction"), 0.0, 1.0)};
}

}  // namespace mw::slot

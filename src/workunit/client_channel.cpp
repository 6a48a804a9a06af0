#include "workunit/client_channel.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <mw/error.hpp>

#include <atomic>
#include <charconv>
#include <cstring>

#include <fmt/format.h>

#include "process/unique_fd.hpp"

namespace mw::workunit {
namespace {

constexpr std::pair<Order, std::string_view> order_texts[] = {
    {Order::suspend, "<suspend/>"}, {Order::resume, "<resume/>"}, {Order::quit, "<quit/>"}, {Order::abort, "<abort/>"}};

double number_in(std::string_view text, std::string_view name) {
  const std::string open = fmt::format("<{}>", name);
  const auto begin = text.find(open);
  if (begin == std::string_view::npos) return 0;
  double number = 0;
  std::from_chars(text.data() + begin + open.size(), text.data() + text.size(), number);
  return number;
}

}  // namespace

namespace detail {

Channels::~Channels() {
  if (memory_) ::munmap(memory_, count * size);
}

bool Channels::open(const std::string& path, bool create) {
  const process::UniqueFd file{::open(path.c_str(), create ? O_RDWR | O_CREAT | O_CLOEXEC : O_RDWR | O_CLOEXEC, 0600)};
  struct stat status = {};
  if (file.get() < 0 || (create && ::ftruncate(file.get(), count * size) != 0) || ::fstat(file.get(), &status) != 0 ||
      status.st_size < static_cast<off_t>(count * size))
    return false;
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
  if (std::atomic_ref<char>{*channel_at(channel)}.load(std::memory_order_acquire) != 0) return false;
  overwrite(channel, message);
  return true;
}

void Channels::overwrite(Name channel, std::string_view message) noexcept {
  char* const at = channel_at(channel);
  const std::size_t length = std::min(message.size(), size - 2);
  std::memcpy(at + 1, message.data(), length);
  at[1 + length] = 0;
  std::atomic_ref<char>{*at}.store(1, std::memory_order_release);
}

}  // namespace detail

using detail::Channels;

ClientChannel::ClientChannel(const std::string& folder) : is_there_{channels_.open(folder + "/" + channel_file_name, false)} {}

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

TaskChannel::TaskChannel(const std::string& folder) {
  const std::string path = folder + "/" + channel_file_name;
  if (!channels_.open(path, true)) throw InterfaceError{fmt::format("{} can not be made or mapped", path)};
}

void TaskChannel::order(Order order) {
  for (const auto& [known, text] : order_texts)
    if (known == order) channels_.overwrite(Channels::control_request, text);
}

void TaskChannel::beat() { channels_.put(Channels::heartbeat, "<heartbeat/>\n"); }

std::optional<TaskStatus> TaskChannel::status() {
  const auto message = channels_.take(Channels::app_status);
  if (!message) return std::nullopt;
  return TaskStatus{number_in(*message, "current_cpu_time"), number_in(*message, "fraction_done"),
                    static_cast<std::size_t>(number_in(*message, "mw_position")), number_in(*message, "mw_fraction")};
}

}  // namespace mw::workunit

#include "boinc/volunteer/slot_run.hpp"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>

#include <fmt/format.h>

#include "boinc/protocol/xml.hpp"
#include "boinc/slot/run.hpp"
#include "boinc/volunteer/slot_files.hpp"
#include "process/child.hpp"
#include "process/timer.hpp"
#include "process/unique_fd.hpp"

namespace mw::boinc {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::seconds patience{2};  // after an order to quit or abort
constexpr std::size_t longest_stderr = 64 * 1024;

/// As BOINC's client does it: a file that says where the file is.
void write_link(const fs::path& slot, const std::string& open_name, const std::string& target) {
  pugi::xml_document document;
  document.append_child("soft_link").text().set(target.c_str());
  write_anew(slot / open_name, to_text(document));
}

double children_cpu_seconds() {
  rusage usage = {};
  ::getrusage(RUSAGE_CHILDREN, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

}  // namespace

struct SlotRun::Impl : std::enable_shared_from_this<Impl> {
  Impl(boost::asio::io_context& loop, fs::path folder, std::function<void(SlotEnd)> call)
      : io{loop}, slot{std::move(folder)}, channel{slot}, ended{std::move(call)}, timer{loop} {}

  void over(const process::Death& seen) {
    const process::Death death = is_sandboxed ? sandbox::death_inside(seen) : seen;
    child->kill_group(SIGKILL);
    timer.cancel();
    SlotEnd end;
    end.elapsed_seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
    end.cpu_seconds = children_cpu_seconds() - cpu_before;
    end.stderr_text = end_of(stderr_file, longest_stderr);
    end.exit_status = death.signaled ? exit_status::signal : death.exit_status;
    end.is_over = death.signaled ? !was_ordered : death.exit_status != 0 || fs::exists(slot / "boinc_finish_called");
    if (ended) std::exchange(ended, nullptr)(std::move(end));
  }

  boost::asio::io_context& io;
  const fs::path slot;
  process::UniqueFd stderr_file = open_plain(slot / "stderr.txt", O_RDWR | O_CREAT | O_APPEND);
  slot::TaskChannel channel;
  std::function<void(SlotEnd)> ended;
  std::optional<process::Child> child;
  process::Timer timer;
  std::chrono::steady_clock::time_point begun = std::chrono::steady_clock::now();
  double cpu_before = children_cpu_seconds();
  slot::TaskStatus last_status;
  bool was_ordered = false;
  bool is_sandboxed = false;
};

SlotRun::SlotRun(boost::asio::io_context& io, const SlotPlace& place, const VolunteerTask& task, const VolunteerOptions& options,
                 std::function<void(SlotEnd)> ended) {
  const fs::path slot{place.slot};
  fs::create_directories(slot);
  fs::permissions(slot, fs::perms::owner_all);
  for (const char* name : {"boinc_finish_called", slot::channel_file_name}) fs::remove_all(slot / name);
  for (std::size_t i = 0; i < task.inputs.size(); ++i) {
    const std::string& path = place.inputs.at(i);
    write_link(slot, task.inputs[i].open_name, place.sandbox ? sandbox::input_inside(path) : path);
  }
  pugi::xml_document init_data;
  pugi::xml_node root = init_data.append_child("app_init_data");
  add(root, "checkpoint_period", options.checkpoint_s);
  write_anew(slot / "init_data.xml", to_text(init_data));
  impl_ = std::make_shared<Impl>(io, slot, std::move(ended));

  process::Command command;
  command.path = place.program;
  command.working_directory = slot.string();
  command.stderr_fd = command.stdout_fd = impl_->stderr_file.get();
  command.environment_unset = {"MW_*"};
  command.follows_stops = true;
  if (options.allow_programs) command.environment_set.emplace_back(slot::allow_programs_name, "1");
  if (place.sandbox) {
    sandbox::Room room{.folder = slot.string(), .inputs = place.inputs, .runner = options.runner};
    room.has_system = options.allow_programs || !sandbox::is_self_contained(place.program);
    if (!options.runner.empty()) command.environment_set.emplace_back(slot::runner_name, sandbox::runner_inside(room.runner));
    impl_->is_sandboxed = true;
    impl_->child.emplace(place.sandbox->start(io, command, room, place.limits));
  } else {
    if (!options.runner.empty()) {
      command.arguments = {std::exchange(command.path, options.runner)};
      command.environment_set.emplace_back(slot::runner_name, options.runner);
    }
    impl_->child.emplace(process::Child::start(io, command));
  }
  impl_->child->async_wait([self = impl_](process::Death death) { self->over(death); });
}

SlotRun::~SlotRun() {
  impl_->ended = nullptr;
  impl_->timer.cancel();
  impl_->child.reset();  // which ends its group; what waits for it holds on to `impl_`
}

slot::TaskStatus SlotRun::status() {
  impl_->channel.beat();
  if (const auto said = impl_->channel.status()) impl_->last_status = *said;
  return impl_->last_status;
}

void SlotRun::order(slot::Order order) {
  impl_->channel.order(order);
  if (order != slot::Order::quit && order != slot::Order::abort) return;
  impl_->was_ordered = true;
  impl_->timer.expires_after(patience);
  impl_->timer.async_wait([self = impl_](boost::system::error_code error) {
    if (!error && self->child) self->child->kill_group(SIGKILL);
  });
}

}  // namespace mw::boinc

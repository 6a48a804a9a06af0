#include "sandbox/bubblewrap.hpp"

#include <algorithm>
#include <filesystem>

#include <fmt/format.h>

#include "process/room.hpp"

namespace mw::sandbox {
namespace {

std::string name_in(const std::string& path) { return std::filesystem::path{path}.filename().string(); }

/// What programs of this machine need, as far as it is there.
constexpr const char* system_view[] = {"/usr",
                                       "/bin",
                                       "/sbin",
                                       "/lib",
                                       "/lib32",
                                       "/lib64",
                                       "/libx32",
                                       "/etc/alternatives",
                                       "/etc/ld.so.cache",
                                       "/etc/localtime",
                                       "/etc/passwd",
                                       "/etc/group",
                                       "/etc/nsswitch.conf"};
constexpr const char* devices[] = {"/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom"};

/// No terminal is among the devices: with the session's, it could put words into the mouth of who sits there.
void add_devices(std::vector<std::string>& arguments) {
  for (const char* device : devices) arguments.insert(arguments.end(), {"--dev-bind", device, device});
  const std::pair<const char*, const char*> links[] = {{"/proc/self/fd", "/dev/fd"},
                                                       {"/proc/self/fd/0", "/dev/stdin"},
                                                       {"/proc/self/fd/1", "/dev/stdout"},
                                                       {"/proc/self/fd/2", "/dev/stderr"}};
  for (const auto& [target, name] : links) arguments.insert(arguments.end(), {"--symlink", target, name});
}

}  // namespace

std::optional<Choice> choice_of(std::string_view text) noexcept {
  if (text == "auto") return Choice::automatic;
  if (text == "bubblewrap") return Choice::bubblewrap;
  if (text == "none") return Choice::none;
  return std::nullopt;
}

Limits share_of_machine(unsigned tasks, std::uint64_t memory, const std::string& folder) {
  constexpr std::uint64_t least_memory = 256 << 20, least_file = 64 << 20, processes = 512;
  const auto free = static_cast<std::uint64_t>(process::disk_room(folder).free);
  return {.memory = std::max(memory / tasks, least_memory), .file_size = std::max(free / 2, least_file), .processes = processes};
}

std::string program_inside(const std::string& path) { return "/program/" + name_in(path); }
std::string input_inside(const std::string& path) { return "/inputs/" + name_in(path); }
std::string runner_inside(const std::string& path) { return "/runner/" + name_in(path); }

std::vector<std::string> arguments_of(const process::Command& command, const Room& room, const Wires& wires,
                                      bool closes_namespaces) {
  std::vector<std::string> arguments{
      "--unshare-user",   "--unshare-net", "--unshare-pid", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try", "--hostname",
      room.host_name,     "--uid",         "1000",          "--gid",         "1000",          "--cap-drop",           "ALL",
      "--die-with-parent"};
  const auto add = [&](std::initializer_list<std::string> more) { arguments.insert(arguments.end(), more); };
  if (closes_namespaces) add({"--disable-userns"});
  if (wires.info >= 0) add({"--info-fd", fmt::format("{}", wires.info)});
  if (wires.gate >= 0) add({"--block-fd", fmt::format("{}", wires.gate)});
  if (room.has_system || !room.runner.empty())
    for (const char* path : system_view) add({"--ro-bind-try", path, path});
  add({"--proc", "/proc"});
  add_devices(arguments);
  add({"--bind", room.folder, folder_inside});
  for (const char* temporary : {"/tmp", "/dev/shm"}) add({"--bind", room.folder + "/tmp", temporary});
  const std::string inside = program_inside(command.name.empty() ? command.path : command.name);
  add({"--ro-bind", command.path, inside});
  for (const std::string& input : room.inputs) add({"--ro-bind", input, input_inside(input)});
  if (!room.files.empty()) add({"--ro-bind", room.files, files_inside});
  if (!room.runner.empty()) add({"--ro-bind", room.runner, runner_inside(room.runner)});
  add({"--remount-ro", "/", "--chdir", folder_inside, "--"});
  if (!room.runner.empty()) add({runner_inside(room.runner)});
  add({inside});
  arguments.insert(arguments.end(), command.arguments.begin(), command.arguments.end());
  return arguments;
}

process::Death death_inside(process::Death death) noexcept {
  constexpr int signal_base = 128, last_signal = 64;  // bwrap ends as a shell does
  if (death.signaled || death.unknown || death.exit_status <= signal_base || death.exit_status > signal_base + last_signal)
    return death;
  death.signaled = true;
  death.signal = death.exit_status - signal_base;
  death.exit_status = 0;
  return death;
}

}  // namespace mw::sandbox

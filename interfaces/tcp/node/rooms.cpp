#include "tcp/node/rooms.hpp"

#include <sys/stat.h>
#include <sys/sysinfo.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

#include <fmt/format.h>

#include <mw/error.hpp>

#include "process/place.hpp"
#include "worker/task_folder.hpp"

namespace mw::tcp {
namespace {

namespace fs = std::filesystem;

std::atomic<unsigned> connections{0};

void make_folder(const std::string& path) {
  if (::mkdir(path.c_str(), 0700) != 0)
    throw InterfaceError{fmt::format("the folder {}, for a worker's sandbox, cannot be made: {}", path, std::strerror(errno))};
}

/// A task may have taken the permissions from its own folders.
void remove_folder(const std::string& path) noexcept {
  std::error_code error;
  fs::remove_all(path, error);
  if (!error) return;
  for (fs::recursive_directory_iterator at{path, fs::directory_options::skip_permission_denied, error}, end; at != end && !error;
       at.increment(error)) {
    std::error_code ignored;
    if (at->is_directory(ignored) && !at->is_symlink(ignored)) {
      fs::permissions(at->path(), fs::perms::owner_all, ignored);
    }
  }
  fs::remove_all(path, error);
}

std::uint64_t memory_here() {
  struct sysinfo info = {};
  return ::sysinfo(&info) == 0 ? std::uint64_t{info.totalram} * info.mem_unit : 0;
}

class RoomOfOne final : public link::Lodging {
 public:
  RoomOfOne(const sandbox::Bubblewrap& bubblewrap, sandbox::Room room, unsigned slots)
      : bubblewrap_{bubblewrap}, room_{std::move(room)}, slots_{slots} {}
  ~RoomOfOne() override { remove_folder(room_.folder); }

  process::Child start(boost::asio::io_context& io, const process::Command& command) override {
    remove_folder(room_.folder);
    make_folder(room_.folder);
    process::Command here = command;
    here.path = fs::absolute(command.path).string();  // bwrap does not start in this folder
    return bubblewrap_.start(io, here, room_, sandbox::share_of_machine(slots_, memory_here(), room_.folder));
  }
  process::Death death_inside(process::Death death) const override { return sandbox::death_inside(death); }
  void left() noexcept override { remove_folder(room_.folder); }

 private:
  const sandbox::Bubblewrap bubblewrap_;
  const sandbox::Room room_;
  const unsigned slots_;
};

}  // namespace

Rooms::Rooms(sandbox::Bubblewrap bubblewrap, std::string runner, unsigned slots)
    : bubblewrap_{bubblewrap}, runner_{std::move(runner)}, slots_{slots} {
  folder_ = fmt::format("{}/rooms-{}", worker::own_folder(), ++connections);
  make_folder(folder_);
  make_folder(files_folder());
}

Rooms::~Rooms() {
  remove_folder(folder_);
  worker::remove_empty_own_folder();
}

std::shared_ptr<link::Lodging> Rooms::lodging() {
  sandbox::Room room{.folder = fmt::format("{}/{}", folder_, ++rooms_), .files = files_folder(), .runner = runner_};
  room.has_system = true;  // tasks may be programs
  room.host_name = process::host_name();
  return std::make_shared<RoomOfOne>(bubblewrap_, std::move(room), slots_);
}

}  // namespace mw::tcp

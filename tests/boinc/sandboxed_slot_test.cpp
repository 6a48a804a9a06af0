// A volunteer's task in a sandbox: what it cannot do, and that it is told and ended as outside.
#include <catch2/catch.hpp>

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cstddef>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <optional>

#include <boost/asio/io_context.hpp>

#include "boinc/volunteer/slot_run.hpp"
#include "support/processes.hpp"
#include "support/program.hpp"
#include "support/temporary.hpp"

using namespace mw::boinc;
using namespace std::chrono_literals;
using mw::slot::Order;

namespace {

/// A task of tests/support/sandbox_probe.cpp in a slot.
class Slot {
 public:
  Slot(const std::string& what, bool is_sandboxed) {
    std::filesystem::create_directories(folder.path("slot"));
    std::ofstream{folder.path("input")} << what << "\n";
    // By this name its processes are found.
    program_ = folder.path("probe-" + std::filesystem::path{folder.path("")}.parent_path().filename().string());
    std::filesystem::copy_file(test::beside("sandbox_probe"), program_);
    if (!is_sandboxed) return;
    try {
      sandbox_ = mw::sandbox::Bubblewrap::find(folder.path("slot"));
    } catch (const mw::Error& e) {
      why_not = e.what();
    }
  }

  void start() {
    VolunteerTask task;
    task.name = "task";
    task.inputs.resize(1);
    task.inputs[0].open_name = "in";
    SlotPlace place{.slot = folder.path("slot"),
                    .program = program_,
                    .inputs = {folder.path("input")},
                    .sandbox = sandbox_ ? &*sandbox_ : nullptr,
                    .limits = limits};
    end.reset();
    run = std::make_unique<SlotRun>(io, place, task, VolunteerOptions{}, [this](SlotEnd ended) { end = std::move(ended); });
  }

  bool until(const std::function<bool()>& condition) {
    return test::eventually([&] {
      io.restart();
      io.run_for(1ms);
      return condition();
    });
  }
  const SlotEnd& to_end() {
    start();
    if (!until([&] { return end.has_value(); })) throw std::runtime_error{"it does not end"};
    return *end;
  }
  std::string said() { return test::file_text(folder.path("slot/stderr.txt")); }

  std::size_t processes() const {
    const std::string name = std::filesystem::path{program_}.filename();
    std::size_t count = 0;
    for (const pid_t pid : test::all_processes())
      count += test::file_text("/proc/" + std::to_string(pid) + "/cmdline").find(name) != std::string::npos;
    return count;
  }

  test::TemporaryFolder folder;
  boost::asio::io_context io;
  std::optional<SlotEnd> end;
  std::unique_ptr<SlotRun> run;
  std::string why_not;
  mw::sandbox::Limits limits{.memory = 512 << 20, .file_size = 50 << 20, .processes = 50};

 private:
  std::string program_;
  std::optional<mw::sandbox::Bubblewrap> sandbox_;
};

/// A sandbox where the system has one.
#define SKIP_WITHOUT_SANDBOX(slot)       \
  if (!(slot).why_not.empty()) {         \
    WARN("skipped: " << (slot).why_not); \
    return;                              \
  }

/// Listens, so that whoever may can connect.
class Listener {
 public:
  explicit Listener(const std::string& path) {
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    if (::bind(internet_, reinterpret_cast<const sockaddr*>(&address), size) != 0 || ::listen(internet_, 9) != 0 ||
        ::getsockname(internet_, reinterpret_cast<sockaddr*>(&address), &size) != 0)
      throw std::runtime_error{"no listener"};
    port = ntohs(address.sin_port);
    for (const std::size_t skip : {std::size_t{0}, std::size_t{1}}) {
      sockaddr_un local = {};
      local.sun_family = AF_UNIX;
      std::memcpy(local.sun_path + skip, path.c_str(), path.size());
      const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
      const auto local_size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size() + 1);
      if (::bind(fd, reinterpret_cast<const sockaddr*>(&local), local_size) != 0 || ::listen(fd, 9) != 0)
        throw std::runtime_error{"no listener"};
      local_[skip] = fd;
    }
  }
  ~Listener() {
    for (const int fd : {internet_, local_[0], local_[1]}) ::close(fd);
  }
  int port = 0;

 private:
  int internet_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  int local_[2];
};

std::string look(const test::TemporaryFolder& home, const Listener& listener) {
  std::ofstream{home.path("diary")} << "dear diary\n";
  return "look " + home.path("diary") + " " + std::to_string(listener.port) + " " + home.path("socket");
}

}  // namespace

TEST_CASE("a task in a sandbox reads no home folder, opens no connection, and writes to its own folder only", "[boinc][sandbox]") {
  const test::TemporaryFolder home;
  const Listener listener{home.path("socket")};
  ::setenv("MW_TEST_SECRET", "1", 1);
  Slot slot{look(home, listener), true};
  SKIP_WITHOUT_SANDBOX(slot);
  REQUIRE(mw::sandbox::is_self_contained(test::beside("sandbox_probe")));
  const SlotEnd& end = slot.to_end();
  CHECK(end.is_over);
  CHECK(end.exit_status == 0);
  CHECK(end.stderr_text ==
        "reads the home folder: no\nlists the home folder: no\nconnects to this machine: no\nconnects to a socket's path: no\n"
        "connects to an abstract socket: no\nreads its input: yes\nwrites to its input: no\nwrites to its folder: yes\n"
        "writes to /tmp: yes\nwrites to /: no\nwrites to its program: no\nhas a terminal: no\nhas the starter's environment: no\n"
        "sees other processes: no\ngains privileges: no\nmounts: no\nreads the machine's users: no\n");
  CHECK(test::file_text(slot.folder.path("slot/out")) == "done\n");
}

TEST_CASE("a task without a sandbox can do what its user can", "[boinc][sandbox]") {  // so that the case above says something
  const test::TemporaryFolder home;
  const Listener listener{home.path("socket")};
  Slot slot{look(home, listener), false};
  const SlotEnd& end = slot.to_end();
  for (const char* what : {"reads the home folder: yes", "lists the home folder: yes", "connects to this machine: yes",
                           "connects to a socket's path: yes", "connects to an abstract socket: yes"})
    CHECK_THAT(end.stderr_text, Catch::Contains(what));
}

TEST_CASE("a task in a sandbox has no more memory and no larger files than it may", "[boinc][sandbox]") {
  Slot slot{"exceed", true};
  SKIP_WITHOUT_SANDBOX(slot);
  const SlotEnd& end = slot.to_end();
  CHECK_THAT(end.stderr_text, Catch::Contains("writes 100 MB: no") && Catch::Contains("has 1 GiB: no"));
  // The kernel limits root's processes nowhere (getrlimit(2)).
  if (::getuid() != 0) CHECK_THAT(end.stderr_text, Catch::Contains("has 100 processes: no"));
  CHECK(test::eventually([&] { return slot.processes() == 0; }));
}

TEST_CASE("a task is told and ended in a sandbox as outside", "[boinc][sandbox]") {
  const bool is_sandboxed = GENERATE(false, true);
  Slot slot{"obey", is_sandboxed};
  SKIP_WITHOUT_SANDBOX(slot);
  slot.start();
  CHECK(slot.until([&] { return slot.run->status().position == 3; }));
  CHECK(slot.run->status().fraction_of_position == 0.25);
  for (const auto& [order, text] :
       {std::pair{Order::suspend, "was told <suspend/>"}, std::pair{Order::resume, "was told <resume/>"}}) {
    slot.run->order(order);
    CHECK(slot.until([&] { return slot.said().find(text) != std::string::npos; }));
  }
  slot.run->order(Order::quit);
  REQUIRE(slot.until([&] { return slot.end.has_value(); }));
  CHECK_FALSE(slot.end->is_over);
  slot.run.reset();
  CHECK(test::eventually([&] { return slot.processes() == 0; }));  // its child, too

  slot.start();
  CHECK(slot.until([&] { return slot.run->status().position == 3; }));
  slot.run->order(Order::abort);
  REQUIRE(slot.until([&] { return slot.end.has_value(); }));
  CHECK(slot.end->is_over);
  CHECK(slot.end->exit_status == 194);

  slot.start();
  CHECK(slot.until([&] { return slot.run->status().position == 3; }));
  CHECK(slot.processes() >= 2);
  slot.run.reset();
  CHECK(test::eventually([&] { return slot.processes() == 0; }));
}

TEST_CASE("a task that dies by a signal is known to, in a sandbox as outside", "[boinc][sandbox]") {
  const bool is_sandboxed = GENERATE(false, true);
  Slot slot{"die", is_sandboxed};
  SKIP_WITHOUT_SANDBOX(slot);
  const SlotEnd& end = slot.to_end();
  CHECK(end.is_over);
  CHECK(end.exit_status == exit_status::signal);
}

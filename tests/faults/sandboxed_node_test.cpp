// A node whose workers are in a sandbox: what they cannot do, what they can, and what is left.
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)  // a sanitized worker wants more addresses than a room has
#include <catch2/catch.hpp>

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <optional>
#include <string>

#include <mw/program.hpp>
#include <mw/share.hpp>

#include "contract/functions.hpp"
#include "sandbox/bubblewrap.hpp"
#include "support/lan.hpp"

using namespace test::lan;
namespace fs = std::filesystem;

namespace {

std::string read_inside(const std::string& path) {
  std::ifstream file{path};
  std::string text;
  return std::getline(file, text) ? text : "nothing";
}

bool write_inside(const std::string& path) { return static_cast<bool>(std::ofstream{path} << "x" << std::flush); }

bool can_connect(std::uint16_t port) {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const bool connected = ::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  ::close(socket);
  return connected;
}

std::string make_output(const std::string& text) {
  std::ofstream{"made.txt"} << text << read_inside("data.txt");
  return text;
}

double third_of(const mw::Shared<std::vector<double>>& values) { return values->at(2); }

int end_by_signal() { return ::raise(SIGSEGV); }

/// How many processes know of rooms of this node: bubblewrap's own. Those in the rooms end with them.
std::size_t rooms_of(pid_t node) {
  const std::string room = "/" + std::to_string(node) + "/rooms-";
  std::size_t count = 0;
  for (const auto& entry : fs::directory_iterator{"/proc"}) {
    std::ifstream file{entry.path() / "cmdline"};
    const std::string words{std::istreambuf_iterator<char>{file}, {}};
    count += words.starts_with("bwrap") && words.find(room) != std::string::npos ? 1 : 0;
  }
  return count;
}

std::string why_no_sandbox() {
  const test::TemporaryFolder folder;
  try {
    static_cast<void>(mw::sandbox::Bubblewrap::find(folder.path("")));
    return {};
  } catch (const mw::Error& e) {
    return e.what();
  }
}

}  // namespace

TEST_CASE("sandbox: a node's workers reach no file, no network and no process, and files, values and programs come to them",
          "[faults][tcp][sandbox]") {
  if (const std::string why = why_no_sandbox(); !why.empty()) {
    WARN("not tried: " << why);
    return;
  }
  const Lan lan;
  const test::TemporaryFolder folder;
  std::ofstream{folder.path("secret")} << "secret";
  std::ofstream{folder.path("data.txt")} << " and data";
  mw::Master master{mw::interface(lan.spec())};
  const std::uint16_t port = port_of(master);
  const auto node = lan.node(port, "n", {"--slots", "2", "--sandbox", "bubblewrap"});
  REQUIRE(has_slots(master, 2));
  CHECK(master.get_result(master.submit_task<read_inside>(folder.path("secret"))) == "nothing");
  CHECK(master.get_result(master.submit_task<read_inside>(lan.path("key"))) == "nothing");
  CHECK_FALSE(master.get_result(master.submit_task<write_inside>("/usr/bin/x")));
  CHECK_FALSE(master.get_result(master.submit_task<write_inside>("/files/x")));
  CHECK(master.get_result(master.submit_task<write_inside>("/tmp/x")));
  CHECK_FALSE(master.get_result(master.submit_task<can_connect>(port)));
  CHECK(master.get_result(master.submit_task<read_inside>("/proc/1/comm")) == "bwrap");

  mw::TaskOptions options;
  options.files.emplace_back(folder.path("data.txt"));
  options.outputs.emplace_back("made.txt", folder.path("made.txt"));
  CHECK(master.get_result(master.submit_task<make_output>(options, std::string{"output"})) == "output");
  CHECK(test::file_text(folder.path("made.txt")) == "output and data");
  const auto values = master.share(std::vector<double>(100'000, 7.5));
  for (int i = 0; i < 4; ++i) CHECK(master.get_result(master.submit_task<third_of>(values)) == 7.5);
  const auto program = master.submit_task(mw::Program{"sh", {"-c", "echo $PPID; id -u"}});
  CHECK(master.get_result(program).find("1000") != std::string::npos);
  CHECK(fs::exists(folder.path("secret")));
}

TEST_CASE("sandbox: a worker that crashes is told of and replaced, and a killed node leaves nothing",
          "[faults][tcp][sandbox][P33]") {
  if (const std::string why = why_no_sandbox(); !why.empty()) {
    WARN("not tried: " << why);
    return;
  }
  const Lan lan;
  mw::Master master{mw::interface(lan.spec())};
  auto node = lan.node(port_of(master), "n", {"--slots", "1", "--sandbox", "auto"});
  REQUIRE(has_slots(master, 1));
  mw::TaskOptions once;
  once.retries = 0;
  const auto task = master.submit_task<end_by_signal>(once);
  try {
    static_cast<void>(master.get_result(task));
    FAIL("it had a result");
  } catch (const mw::TaskError& e) {
    CHECK(e.cause() == mw::Cause::signal);
  }
  CHECK(master.get_result(master.submit_task<write_inside>("/task/x")));
  const pid_t pid = node->pid();
  CHECK(rooms_of(pid) > 0);
  const auto stuck = master.submit_task(mw::Program{"sh", {"-c", "setsid sleep 777 & sleep 777"}});
  REQUIRE(test::eventually([&] { return stuck.state() == mw::TaskState::running; }));
  node.reset();  // SIGKILL
  CHECK(nothing_is_left());
  CHECK(test::eventually([&] { return rooms_of(pid) == 0; }, slow_by * 5s));
  master.cancel(stuck);
}

#endif

// A network of masters and nodes on this machine.
#pragma once

#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include <mw/master.hpp>

#include "contract/functions.hpp"
#include "net/key_file.hpp"
#include "support/processes.hpp"
#include "support/program.hpp"
#include "support/temporary.hpp"

namespace test::lan {

using namespace std::chrono_literals;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr int slow_by = 4;
#else
inline constexpr int slow_by = 1;
#endif

/// A master's key and its nodes' folder.
class Lan {
 public:
  Lan() {
    write(folder_.path("key"), {mw::net::make_key(), {}});
    write(folder_.path("wrong"), {mw::net::make_key(), {}});
  }
  std::string spec(const std::string& more = "", const std::string& listen = "127.0.0.1:0") const {
    return "tcp:listen=" + listen + "&key=" + folder_.path("key") + more;
  }
  /// A node that dials this port; killed with the object.
  std::unique_ptr<test::Program> node(std::uint16_t port, const std::string& name, const std::vector<std::string>& more = {},
                                      const std::string& key = "key") const {
    std::vector<std::string> arguments{"node",   "--connect",       "127.0.0.1:" + std::to_string(port),
                                       "--key",  folder_.path(key), "--name",
                                       name,     "--folder",        folder_.path("programs"),
                                       "--quiet"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return std::make_unique<test::Program>(test::beside("mw"), arguments, tag());
  }
  /// A node that finds its masters by itself, at this port of the usual groups.
  std::unique_ptr<test::Program> searching_node(std::uint16_t port, const std::string& name,
                                                const std::vector<std::string>& more = {}, const std::string& key = "key") const {
    std::vector<std::string> arguments{"node", "--discovery", std::to_string(port),    "--key", folder_.path(key), "--name",
                                       name,   "--folder",    folder_.path("programs")};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return std::make_unique<test::Program>(test::beside("mw"), arguments, tag());
  }
  std::string path(const std::string& name) const { return folder_.path(name); }
  void write_node_key(const std::string& file, const std::string& node) const {
    const auto master = mw::net::read_key_file(folder_.path("key"));
    write(folder_.path(file), {mw::net::node_key(master.key, node), node});
  }
  static const std::string& tag() {
    static const std::string text = "CPPMW_TEST_NODE=" + std::to_string(::getpid());
    return text;
  }

 private:
  static void write(const std::string& path, const mw::net::KeyFile& key) {
    std::ofstream{path} << mw::net::to_text(key);
    std::filesystem::permissions(path, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  }
  test::TemporaryFolder folder_;
};

/// What the interface says under this key; a busy machine may take longer for it than the status waits.
inline mw::StatusValue said_of(mw::Master& master, const std::string& key, mw::StatusValue nothing) {
  const auto status = master.get_status();
  const auto place = status.interface.find(key);
  return place == status.interface.end() ? nothing : place->second;
}

inline std::string text_of(mw::Master& master, const std::string& key) {
  std::string text;
  test::eventually([&] { return !(text = std::get<std::string>(said_of(master, key, std::string{}))).empty(); });
  return text;
}

inline std::uint16_t port_of(mw::Master& master) {
  const std::string address = text_of(master, "listens_at");
  return static_cast<std::uint16_t>(std::stoi(address.substr(address.rfind(':') + 1)));
}

inline std::int64_t count_of(mw::Master& master, const std::string& key) {
  std::int64_t count = -1;
  test::eventually([&] { return (count = std::get<std::int64_t>(said_of(master, key, std::int64_t{-1}))) >= 0; });
  return count;
}

inline bool has_slots(mw::Master& master, std::int64_t slots) {
  return test::eventually([&] { return count_of(master, "slots") == slots; }, slow_by * 20s);
}

/// What lives of the nodes of this process, and their workers.
inline bool nothing_is_left() {
  return test::eventually([] { return test::processes_with(Lan::tag()).empty(); }, slow_by * 5s);
}

}  // namespace test::lan

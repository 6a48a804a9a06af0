// What bubblewrap is told.
#include <catch2/catch.hpp>

#include <algorithm>

#include "sandbox/bubblewrap.hpp"

using namespace mw::sandbox;

namespace {

using Arguments = std::vector<std::string>;

bool has(const Arguments& all, const Arguments& some) {
  return std::search(all.begin(), all.end(), some.begin(), some.end()) != all.end();
}

}  // namespace

TEST_CASE("a room has its folder, its program and its inputs, and nothing else of this machine", "[sandbox]") {
  const auto arguments = arguments_of({.path = "/srv/programs/fold", .arguments = {"--steps", "3"}},
                                      {.folder = "/srv/slot", .inputs = {"/srv/inputs/a"}}, {7, 8}, true);
  for (const char* space :
       {"--unshare-user", "--unshare-net", "--unshare-pid", "--unshare-ipc", "--die-with-parent", "--disable-userns"})
    CHECK(has(arguments, {space}));
  CHECK(has(arguments, {"--cap-drop", "ALL"}));
  CHECK(has(arguments, {"--bind", "/srv/slot", "/task"}));
  CHECK(has(arguments, {"--ro-bind", "/srv/inputs/a", "/inputs/a"}));
  CHECK(has(arguments, {"--info-fd", "7", "--block-fd", "8"}));
  CHECK(has(arguments, {"--remount-ro", "/", "--chdir", "/task", "--", "/program/fold", "--steps", "3"}));
  CHECK_FALSE(has(arguments, {"/usr"}));
  CHECK_FALSE(has(arguments, {"/dev/tty"}));
  const auto count = [&](const char* option) { return std::count(arguments.begin(), arguments.end(), option); };
  CHECK(count("--bind") == 3);  // the folder, and its tmp for two names
  CHECK(count("--ro-bind") == 2);
}

TEST_CASE("a room may have a folder of files that come later, another host name, and its program under its own name", "[sandbox]") {
  const auto arguments = arguments_of({.path = "/srv/programs/77532c0d", .name = "fold"},
                                      {.folder = "/srv/slot", .files = "/srv/files", .host_name = "pi1"}, {}, false);
  CHECK(has(arguments, {"--ro-bind", "/srv/files", "/files"}));
  CHECK(has(arguments, {"--hostname", "pi1"}));
  CHECK(has(arguments, {"--ro-bind", "/srv/programs/77532c0d", "/program/fold"}));
  CHECK(has(arguments, {"--", "/program/fold"}));
  // A name is where a program lies, and leads nowhere else.
  CHECK(has(arguments_of({.path = "/a/b", .name = "../../etc/x"}, {.folder = "/s"}, {}, false), {"--", "/program/x"}));
}

TEST_CASE("each of several tasks has its share of the machine, and never too little", "[sandbox]") {
  const auto limits = share_of_machine(4, std::uint64_t{8} << 30, "/tmp");
  CHECK(limits.memory == std::uint64_t{2} << 30);
  CHECK(limits.processes == 512);
  CHECK(share_of_machine(100, std::uint64_t{1} << 30, "/tmp").memory == 256 << 20);
}

TEST_CASE("a room with the system has its programs, and one with an emulator starts that one", "[sandbox]") {
  CHECK(has(arguments_of({.path = "/a/b"}, {.folder = "/s", .has_system = true}, {}, false), {"--ro-bind-try", "/usr", "/usr"}));
  const auto arguments = arguments_of({.path = "/a/b"}, {.folder = "/s", .runner = "/usr/bin/qemu"}, {}, false);
  CHECK(has(arguments, {"--", "/runner/qemu", "/program/b"}));
  CHECK_FALSE(has(arguments, {"--disable-userns"}));
}

TEST_CASE("bubblewrap tells a signal as a shell does", "[sandbox]") {
  mw::process::Death death;
  death.exit_status = 128 + 11;
  CHECK(death_inside(death).signal == 11);
  death.exit_status = 194;
  CHECK_FALSE(death_inside(death).signaled);
  death.exit_status = 3;
  CHECK(death_inside(death).exit_status == 3);
}

TEST_CASE("a choice of sandbox has three names", "[sandbox]") {
  CHECK(choice_of("auto") == Choice::automatic);
  CHECK(choice_of("bubblewrap") == Choice::bubblewrap);
  CHECK(choice_of("none") == Choice::none);
  CHECK_FALSE(choice_of("docker"));
}

TEST_CASE("a static program needs nothing of its machine, a dynamic one and a script do", "[sandbox]") {
  CHECK_FALSE(is_self_contained("/bin/true"));
  CHECK_FALSE(is_self_contained("/etc/passwd"));
  CHECK_FALSE(is_self_contained("/nonexistent"));
}

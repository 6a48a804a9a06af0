// A volunteer's task that looks around, or does what its client wants: a plain static program in a BOINC client's slot.
// Its file "in" says what; what it finds is on its stderr.
//   look FILE PORT SOCKET    reads FILE, connects to PORT of this machine and to the socket's path, writes where it
//   should not obey                     says how far it is, suspends, goes on, ends as it is told; it has a child that
//   never ends exceed                   more memory, larger files, more processes than it may have
//   die                      by a signal
#include <dirent.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <string>

namespace {

void say(const char* what, bool yes) { std::fprintf(stderr, "%s: %s\n", what, yes ? "yes" : "no"); }

bool reads(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY);
  char byte = 0;
  return fd >= 0 && ::read(fd, &byte, 1) == 1;
}
bool writes(const std::string& path) { return ::open(path.c_str(), O_WRONLY | O_CREAT, 0600) >= 0; }

bool connects(int port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
}

bool connects(const std::string& path, bool is_abstract) {
  const int fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path + (is_abstract ? 1 : 0), path.c_str(), sizeof address.sun_path - 2);
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size() + 1);
  return ::connect(fd, reinterpret_cast<const sockaddr*>(&address), size) == 0;
}

std::string link_target(const std::string& path) {
  std::string text;
  std::getline(std::ifstream{path}, text);
  const auto begin = text.find('>'), end = text.rfind('<');
  return begin == std::string::npos ? text : text.substr(begin + 1, end - begin - 1);
}

void look(const std::string& file, int port, const std::string& socket) {
  say("reads the home folder", reads(file));
  DIR* folder = ::opendir(file.substr(0, file.rfind('/')).c_str());
  say("lists the home folder", folder != nullptr);
  say("connects to this machine", connects(port));
  say("connects to a socket's path", connects(socket, false));
  say("connects to an abstract socket", connects(socket, true));
  say("reads its input", reads(link_target("in")));
  say("writes to its input", writes(link_target("in")));
  say("writes to its folder", writes("mine"));
  say("writes to /tmp", writes("/tmp/mine"));
  say("writes to /", writes("/mine"));
  say("writes to its program", writes("/proc/self/exe"));
  say("has a terminal", reads("/dev/tty"));
  say("has the starter's environment", std::getenv("MW_TEST_SECRET") != nullptr);
  say("sees other processes", ::getppid() != 1);
  say("gains privileges", ::prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1);
  say("mounts", ::unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0);
  say("reads the machine's users", reads("/etc/passwd"));
}

void exceed() {
  ::signal(SIGXFSZ, SIG_IGN);
  const int fd = ::open("large", O_WRONLY | O_CREAT, 0600);
  say("writes 100 MB", ::ftruncate(fd, 100'000'000) == 0);
  const std::size_t size = std::size_t{1} << 30;
  say("has 1 GiB", ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED);
  int children = 0;
  for (pid_t pid = 0; children < 100; ++children) {
    pid = ::fork();
    if (pid == 0) ::pause();
    if (pid < 0) break;
  }
  say("has 100 processes", children == 100);
}

int obey() {
  if (::fork() == 0)
    for (;;) ::pause();
  const int fd = ::open("boinc_mmap_file", O_RDWR);
  auto* const memory = static_cast<char*>(::mmap(nullptr, 8 * 1024, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));
  char* const orders = memory;
  char* const status = memory + 5 * 1024;
  for (;;) {
    if (status[0] == 0) {
      std::strcpy(status + 1,
                  "<fraction_done>0.5</fraction_done>\n<mw_position>3</mw_position>\n<mw_fraction>0.25</mw_fraction>\n");
      status[0] = 1;
    }
    if (orders[0] != 0) {
      const std::string order = orders + 1;
      orders[0] = 0;
      std::fprintf(stderr, "was told %s\n", order.c_str());
      if (order.find("quit") != std::string::npos) return 0;
      if (order.find("abort") != std::string::npos) return 194;
    }
    ::usleep(2000);
  }
}

void finish() {
  std::ofstream{"out"} << "done\n";
  std::ofstream{"boinc_finish_called"} << "0\n";
}

}  // namespace

int main() {
  std::ifstream in{link_target("in")};
  std::string mode, file, socket;
  int port = 0;
  in >> mode >> file >> port >> socket;
  if (mode == "obey") return obey();
  if (mode == "die") ::raise(SIGSEGV);
  if (mode == "look") look(file, port, socket);
  if (mode == "exceed") exceed();
  finish();
  return 0;
}

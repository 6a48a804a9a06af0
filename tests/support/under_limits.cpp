// A program that lowers a limit of its own, and of the workers that it will start, and then has work done.
//
// under_limits LIMIT VALUE INTERFACE WORK, with VALUE "unlimited" or a number. Says what became of the tasks.
#include <mw/mw.hpp>

#include <sys/resource.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <string>
#include <vector>

namespace {

std::string echo(const std::string& text) { return text; }

std::size_t print(std::size_t size) { return std::fwrite(std::string(size, 'x').data(), 1, size, stdout); }

int use_stack(int value) {
  volatile char deep[6 << 20];
  for (std::size_t i = 0; i < sizeof deep; i += 4096) deep[i] = static_cast<char>(value);
  return deep[0];
}

/// How many went wrong; the first one's words are printed.
template <class R>
int failures(mw::Master& master, const std::vector<mw::Task<R>>& tasks, const R& expected) {
  int failed = 0;
  for (const auto& task : tasks) {
    try {
      failed += master.get_result(task) != expected;
    } catch (const mw::Error& e) {
      if (failed++ == 0) std::fprintf(stderr, "%s\n", e.what());
    }
  }
  return failed;
}

/// `size` bytes there and back, for all tasks at once.
int payloads(mw::Master& master, std::size_t count, std::size_t size) {
  const std::string text(size, 'x');
  std::vector<mw::Task<std::string>> tasks;
  for (std::size_t i = 0; i < count; ++i) tasks.push_back(master.submit_task<echo>(text));
  return failures(master, tasks, text);
}

int run(mw::Master& master, const std::string& work) {
  if (work == "payloads") return payloads(master, 200, 1'000'000);
  if (work == "few payloads") return payloads(master, 20, 1'000'000);
  if (work == "stack") return failures(master, {master.submit_task<use_stack>(7)}, 7);
  const auto task = master.submit_task<print>(std::size_t{200'000});
  const int failed = failures(master, {task}, std::size_t{200'000});
  std::printf("printed %zu, failed %d\n", task.stdout_text().size(), failed);
  return failures(master, {master.submit_task<print>(std::size_t{10})}, std::size_t{10});
}

}  // namespace

int main(int argc, char** argv) {
  mw::init(argc, argv);
  if (argc != 5) return 2;
  const std::map<std::string, __rlimit_resource_t> limits{
      {"descriptors", RLIMIT_NOFILE}, {"address space", RLIMIT_AS}, {"file size", RLIMIT_FSIZE}, {"stack", RLIMIT_STACK}};
  const rlim_t value = std::strcmp(argv[2], "unlimited") == 0 ? RLIM_INFINITY : std::strtoull(argv[2], nullptr, 10);
  const rlimit limit{value, value};
  if (!std::getenv("CPPMW_LIMITED")) {
    // Again, for what reads a limit only when it begins.
    ::setenv("CPPMW_LIMITED", "1", 1);
    if (::setrlimit(limits.at(argv[1]), &limit) != 0) return 77;
    ::execv("/proc/self/exe", argv);
    return 2;
  }
  try {
    mw::Master master{mw::interface(argv[3])};
    const int failed = run(master, argv[4]);
    std::printf("%d failed\n", failed);
    return failed == 0 ? 0 : 1;
  } catch (const std::exception& e) {  // this program's own memory may be what is not enough
    std::printf("%s\n", e.what());
    return 3;
  }
}

// What a worker has to say, and what its tasks have printed, on their way to the master.
#include <catch2/catch.hpp>

#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <deque>
#include <string>
#include <thread>
#include <vector>

#include "process/unique_fd.hpp"
#include "support/forked.hpp"
#include "support/temporary.hpp"
#include "wire/frame.hpp"
#include "wire/local_socket.hpp"
#include "worker/memory_file.hpp"
#include "worker/outbox.hpp"

using namespace mw;
using namespace mw::worker;
using Catch::Contains;
using process::UniqueFd;

namespace {

struct Pair {
  Pair() {
    int ends[2];
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
    worker = UniqueFd{ends[0]}, master = UniqueFd{ends[1]};
  }
  /// What is there; waits for it as long as there is nothing, up to `limit_ms`.
  std::string read(int limit_ms) {
    pollfd ready{master.get(), POLLIN, 0};
    if (::poll(&ready, 1, limit_ms) <= 0) return {};
    std::string text(100'000, '\0');
    const wire::Transfer got = wire::receive_some(master.get(), std::as_writable_bytes(std::span{text}), descriptors);
    text.resize(got.size);
    return text;
  }
  std::string read_all(std::size_t size) {
    std::string text;
    while (text.size() < size) {
      const std::string more = read(20'000);
      if (more.empty()) break;
      text += more;
    }
    return text;
  }
  UniqueFd worker, master;
  std::deque<UniqueFd> descriptors;
};

auto says(std::string text) {
  return [text = std::move(text)](Bytes& out) { out.append(text.data(), text.size()); };
}

}  // namespace

TEST_CASE("short words wait for each other, and go out in order when the worker is about to wait", "[worker]") {
  Pair pair;
  Outbox outbox{pair.worker.get()};
  for (const char* word : {"one ", "two ", "three"}) outbox.append(says(word));
  CHECK(pair.read(0).empty());
  outbox.flush();
  CHECK(pair.read(20'000) == "one two three");
  outbox.flush();
  CHECK(pair.read(0).empty());
}

TEST_CASE("when there is much to say, it is said without being asked for", "[worker]") {
  Pair pair;
  Outbox outbox{pair.worker.get()};
  outbox.append(says(std::string(40'000, 'x')));
  CHECK(pair.read_all(40'000) == std::string(40'000, 'x'));
}

TEST_CASE("what waits goes out soon when a task of unknown length comes, with no further call", "[worker]") {
  Pair pair;
  Outbox outbox{pair.worker.get()};
  for (int i = 0; i < 20; ++i) {
    outbox.append(says("result"));
    outbox.expect_delay();
    CHECK(pair.read(20'000) == "result");
  }
  outbox.expect_delay();  // there is nothing
  CHECK(pair.read(5).empty());
}

TEST_CASE("a word with a descriptor goes behind those before it, at once, and with what follows", "[worker]") {
  Pair pair;
  Outbox outbox{pair.worker.get()};
  const UniqueFd file{::open("/dev/null", O_RDONLY | O_CLOEXEC)};
  const std::string more(70'000, 'm');
  outbox.append(says("before "));
  outbox.send(says("beside "), file.get(), std::as_bytes(std::span{more}));
  outbox.append(says("after"));
  outbox.flush();
  CHECK(pair.read_all(7 + 7 + more.size() + 5) == "before beside " + more + "after");
  REQUIRE(pair.descriptors.size() == 1);
  CHECK(pair.descriptors.front().get() >= 0);
}

TEST_CASE("words of several threads come whole", "[worker]") {
  Pair pair;
  constexpr int each = 300;
  std::string all;
  std::thread reader{[&] { all = pair.read_all(4 * each * 8); }};
  {
    Outbox outbox{pair.worker.get()};
    std::vector<std::thread> threads;
    for (const char name : {'a', 'b', 'c', 'd'})
      threads.emplace_back([&outbox, name] {
        for (int i = 0; i < each; ++i) {
          outbox.append(says(std::string(8, name)));
          if (i % 7 == 0) outbox.expect_delay();
          if (i % 31 == 0) outbox.flush();
        }
      });
    for (auto& thread : threads) thread.join();
    outbox.flush();
  }
  reader.join();
  REQUIRE(all.size() == 4 * each * 8);
  bool is_whole = true;
  for (std::size_t at = 0; at < all.size(); at += 8) is_whole = is_whole && all.substr(at, 8) == std::string(8, all[at]);
  CHECK(is_whole);
}

TEST_CASE("that the master listens no more is an error of who speaks, and no signal", "[worker]") {
  Pair pair;
  Outbox outbox{pair.worker.get()};
  pair.master = UniqueFd{};
  outbox.append(says("x"));
  CHECK_THROWS_AS(outbox.flush(), wire::ProtocolError);
  CHECK_THROWS_WITH(outbox.send(says("y")), Contains("the master does not listen any more: Broken pipe"));
}

TEST_CASE("an outbox ends at once, with words unsaid and a thread that waits", "[worker]") {
  Pair pair;
  {
    Outbox outbox{pair.worker.get()};
    outbox.append(says("said"));
    outbox.expect_delay();
    CHECK(pair.read(20'000) == "said");
    outbox.append(says("unsaid"));
  }
  CHECK(pair.read(0).empty());
}

TEST_CASE("a memory file holds what all its writers wrote, in their order, until it is emptied", "[worker][output]") {
  const UniqueFd file{make_memory_file("test")};
  const UniqueFd other{::fcntl(file.get(), F_DUPFD_CLOEXEC, 3)};
  CHECK(is_memory_file(file.get()));
  CHECK(room_of(file.get()) == printed_limit);
  CHECK(read_memory_file(file.get()).empty());
  REQUIRE(::write(file.get(), "one ", 4) == 4);
  REQUIRE(::write(other.get(), "two", 3) == 3);
  CHECK(read_memory_file(file.get()) == "one two");
  CHECK(read_memory_file(file.get()) == "one two");
  CHECK(written_to(other.get()) == 7);
  empty_memory_file(other.get());
  CHECK(read_memory_file(file.get()).empty());
  REQUIRE(::write(file.get(), "x", 1) == 1);
  CHECK(read_memory_file(other.get()) == "x");
}

TEST_CASE("a memory file takes so much and no more, and its pages go when it is emptied", "[worker][output]") {
  const UniqueFd file{make_memory_file("test")};
  const std::string piece(1'000'000, 'p');
  std::size_t written = 0;
  ssize_t put = 0;
  while ((put = ::write(file.get(), piece.data(), piece.size())) > 0) written += static_cast<std::size_t>(put);
  CHECK(written == printed_limit);
  CHECK(read_memory_file(file.get()).size() == printed_limit);
  CHECK(::ftruncate(file.get(), 1) != 0);  // no task can cut what others see
  empty_memory_file(file.get());
  struct stat status = {};
  REQUIRE(::fstat(file.get(), &status) == 0);
  CHECK(status.st_blocks == 0);
  CHECK(status.st_size == static_cast<off_t>(printed_limit));
}

TEST_CASE("other files are no memory files, and nothing is read from them", "[worker][output]") {
  const test::TemporaryFolder folder;
  const UniqueFd file{::open(folder.path("file").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)};
  REQUIRE(::write(file.get(), "x", 1) == 1);
  int ends[2];
  REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
  const UniqueFd read_end{ends[0]}, write_end{ends[1]};
  for (const int fd : {read_end.get(), write_end.get(), -1}) {
    CHECK_FALSE(is_memory_file(fd));
    CHECK(read_memory_file(fd).empty());
  }
}

TEST_CASE("a memory file stays below the limit on file sizes, and where that leaves nothing, says so", "[worker][output]") {
  CHECK(test::exit_status_of([] {
          rlimit limit{100'000, 100'000};
          if (::setrlimit(RLIMIT_FSIZE, &limit) != 0) return 1;
          const UniqueFd file{make_memory_file("stdout")};
          const std::string text(200'000, 'x');
          // By SIGXFSZ this would be the end of this process.
          const ssize_t put = ::write(file.get(), text.data(), text.size());
          if (put <= 0 || put >= 100'000 || static_cast<std::size_t>(put) != room_of(file.get())) return 2;
          limit = {4'096, 4'096};
          if (::setrlimit(RLIMIT_FSIZE, &limit) != 0) return 3;
          try {
            make_memory_file("stdout");
          } catch (const InterfaceError& e) {
            return std::string{e.what()}.find(
                       "no memory file for a worker's stdout: the limit on file sizes (ulimit -f) is 4096 bytes") !=
                           std::string::npos
                       ? 0
                       : 4;
          }
          return 5;
        }) == 0);
}

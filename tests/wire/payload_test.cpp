// Numbers as bytes, payloads front to back, and the socket that carries descriptors.
#include <catch2/catch.hpp>

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <deque>
#include <numeric>
#include <string>
#include <vector>

#include "process/place.hpp"
#include "process/shortage.hpp"
#include "process/unique_fd.hpp"
#include "support/forked.hpp"
#include "wire/little_endian.hpp"
#include "wire/local_socket.hpp"
#include "wire/payload.hpp"

namespace process = mw::process;
using namespace mw::wire;
using Catch::Contains;
using process::UniqueFd;

namespace {

struct Sockets {
  explicit Sockets(int flags = 0) {
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | flags, 0, ends) != 0) std::abort();
    one = UniqueFd{ends[0]}, other = UniqueFd{ends[1]};
  }
  Transfer send(std::string_view text, int descriptor = -1) const {
    const iovec piece{const_cast<char*>(text.data()), text.size()};
    return send_some(one.get(), {&piece, 1}, descriptor);
  }
  std::string receive(std::size_t most = 1'000) {
    std::string text(most, '\0');
    last = receive_some(other.get(), std::as_writable_bytes(std::span{text}), descriptors);
    text.resize(last.size);
    return text;
  }
  UniqueFd one, other;
  std::deque<UniqueFd> descriptors;
  Transfer last;
};

UniqueFd some_file() { return UniqueFd{::open("/dev/null", O_RDONLY | O_CLOEXEC)}; }

}  // namespace

TEST_CASE("numbers lie with their lowest byte first", "[wire]") {
  std::array<std::byte, 8> bytes{};
  CHECK(store(bytes.data(), std::uint32_t{0x01020304}) == bytes.data() + 4);
  CHECK(bytes[0] == std::byte{4});
  CHECK(bytes[3] == std::byte{1});
  CHECK(bytes[4] == std::byte{0});
  CHECK(load<std::uint16_t>(bytes.data() + 1) == 0x0203);
  for (int bit = 0; bit < 64; ++bit) {
    store(bytes.data(), std::uint64_t{1} << bit);
    CHECK(bytes[static_cast<std::size_t>(bit / 8)] == std::byte{static_cast<unsigned char>(1 << bit % 8)});
    CHECK(load<std::uint64_t>(bytes.data()) == std::uint64_t{1} << bit);
  }
}

TEST_CASE("a payload is read as it was written, and a step beyond its end is refused with what is missing", "[wire]") {
  mw::Bytes out;
  Writer{out, FrameType::refuse, 1 + 8 + size_of("text")}.number(std::uint8_t{7}).number(~std::uint64_t{0}).text("text");
  const auto payload = out.span().subspan(header_size);
  Parser parser{"word", payload};
  CHECK(parser.number<std::uint8_t>() == 7);
  CHECK_THROWS_WITH(parser.end(), "a word with 16 bytes too many");
  CHECK(parser.number<std::uint64_t>() == ~std::uint64_t{0});
  CHECK(parser.text(4) == "text");
  CHECK_NOTHROW(parser.end());
  CHECK(parser.rest().empty());
  CHECK_THROWS_WITH(parser.number<std::uint32_t>(), "a torn word: 4 bytes are missing");
  CHECK_THROWS_WITH((Parser{"word", payload}.take(~std::uint64_t{0})), Contains("a torn word"));
}

TEST_CASE("a text is refused by what it says of its length, before its bytes are looked at", "[wire][S7]") {
  mw::Bytes out;
  Writer{out, FrameType::refuse, size_of("text")}.text("text");
  const auto payload = out.span().subspan(header_size);
  CHECK_THROWS_WITH((Parser{"word", payload}.text(3)), "a word with a text of 4 bytes; the limit is 3");
  CHECK_THROWS_WITH((Parser{"word", payload.first(7)}.text(100)), "a torn word: 1 bytes are missing");
  CHECK_THROWS_WITH((Parser{"word", payload.first(3)}.text(100)), "a torn word: 1 bytes are missing");
}

TEST_CASE("pieces go out in one stream, and what a descriptor means goes with its first byte", "[wire]") {
  Sockets sockets;
  const UniqueFd file = some_file();
  std::string first = "first ", second = "second";
  const std::array pieces{iovec{first.data(), first.size()}, iovec{second.data(), second.size()}};
  const Transfer sent = send_some(sockets.one.get(), pieces, file.get());
  CHECK(sent.size == 12);
  CHECK(sent.error == 0);
  CHECK(sockets.receive(1) == "f");
  REQUIRE(sockets.descriptors.size() == 1);
  CHECK(process::inode_of(sockets.descriptors[0].get()) == process::inode_of(file.get()));
  CHECK((::fcntl(sockets.descriptors[0].get(), F_GETFD) & FD_CLOEXEC) != 0);  // no child of this process gets it
  CHECK(sockets.receive() == "irst second");
  CHECK(sockets.descriptors.size() == 1);
}

TEST_CASE("descriptors of several messages come in their order", "[wire]") {
  Sockets sockets;
  std::vector<std::uint64_t> inodes;
  for (int i = 0; i < 10; ++i) {
    int ends[2];
    REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
    const UniqueFd read_end{ends[0]}, write_end{ends[1]};
    inodes.push_back(process::inode_of(read_end.get()));
    CHECK(sockets.send("xyz", read_end.get()).size == 3);
  }
  std::string all;
  while (all.size() < 30) all += sockets.receive(5);
  REQUIRE(sockets.descriptors.size() == inodes.size());
  for (std::size_t i = 0; i < inodes.size(); ++i) CHECK(process::inode_of(sockets.descriptors[i].get()) == inodes[i]);
}

TEST_CASE("a socket without room or without bytes says so and does not wait, and one that is closed says that", "[wire]") {
  Sockets sockets{SOCK_NONBLOCK};
  CHECK(sockets.receive().empty());
  CHECK(sockets.last.error == EAGAIN);
  const std::string much(1'000'000, 'x');
  std::size_t went = 0;
  Transfer sent;
  while ((sent = sockets.send(much)).error == 0) went += sent.size;
  CHECK(sent.error == EAGAIN);
  CHECK(went > 0);
  std::string got;
  while (got.size() < went) got += sockets.receive(65'536);
  CHECK(got == std::string(went, 'x'));
  sockets.other = UniqueFd{};
  CHECK(sockets.send("x").error == EPIPE);  // and no signal
  Sockets ended;
  ended.one = UniqueFd{};
  CHECK(ended.receive().empty());
  CHECK(ended.last.error == 0);
  CHECK(receive_some(-1, {}, ended.descriptors).error == EBADF);
}

TEST_CASE("a descriptor for which there is no number here is lost, and its bytes say so", "[wire]") {
  CHECK(test::exit_status_of([] {
          Sockets sockets;
          const UniqueFd file = some_file();
          if (sockets.send("one", file.get()).size != 3 || sockets.send("two", file.get()).size != 3) return 1;
          const rlimit none{static_cast<rlim_t>(file.get() + 1), static_cast<rlim_t>(file.get() + 1)};
          if (::setrlimit(RLIMIT_NOFILE, &none) != 0) return 2;
          std::vector<UniqueFd> gaps;  // below the limit, too, all are taken
          while (true) {
            UniqueFd one{::dup(file.get())};
            if (one.get() < 0) break;
            gaps.push_back(std::move(one));
          }
          if (sockets.receive(3) != "one") return 3;
          if (sockets.descriptors.size() != 1 || sockets.descriptors[0].get() != -1) return 4;
          sockets.descriptors.clear();
          if (gaps.empty())
            ::close(0);
          else
            gaps.pop_back();
          if (sockets.receive(3) != "two") return 5;
          return sockets.descriptors.size() == 1 && sockets.descriptors[0].get() >= 0 ? 0 : 6;
        }) == 0);
}

// Who has the key comes in; nobody else does.
#include <catch2/catch.hpp>

#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstddef>
#include <cstring>
#include <functional>
#include <optional>
#include <thread>

#include "net/acceptor.hpp"
#include "net/dialler.hpp"

using namespace mw::net;

namespace {

constexpr Magic magic{'C', 'P', 'M', 'W', 'T', 'E', 'S', 'T'};
const boost::asio::ip::tcp::endpoint loopback{boost::asio::ip::address_v4::loopback(), 0};
const boost::asio::ip::tcp::endpoint anywhere{boost::asio::ip::address_v4::any(), 0};

/// An acceptor whose io_context runs in a thread of its own.
struct House {
  explicit House(uid_t owner = ::geteuid(), Admits admits = Admits::one,
                 std::optional<boost::asio::ip::tcp::endpoint> tcp = std::nullopt)
      : acceptor{std::make_shared<Acceptor>(
            io, AcceptorOptions{.magic = magic, .key = key, .admits = admits, .tcp = tcp, .owner = owner})} {
    acceptor->open([this](Acceptor::Socket) { ++came_in; });
    thread = std::thread{[this] { io.run(); }};
  }
  ~House() {
    boost::asio::post(io, [this] { acceptor->close(); });
    io.stop();
    thread.join();
  }
  boost::asio::io_context io;
  Key key = make_key();
  std::shared_ptr<Acceptor> acceptor;
  std::atomic<int> came_in{0};
  std::thread thread;
};

class Visitor {
 public:
  explicit Visitor(const Acceptor& acceptor) {
    const std::string name = acceptor.addresses().substr(5);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path + 1, name.data(), name.size());
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
    const timeval limit{5, 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    REQUIRE(::connect(socket_, reinterpret_cast<sockaddr*>(&address), size) == 0);
  }
  ~Visitor() { ::close(socket_); }
  template <class T>
  void say(const T& words) {
    static_cast<void>(::send(socket_, &words, sizeof words, MSG_NOSIGNAL));
  }
  std::optional<Challenge> answer() {
    Challenge got;
    if (::recv(socket_, &got, sizeof got, MSG_WAITALL) != sizeof got) return std::nullopt;
    return got;
  }
  bool was_turned_away() {
    char byte;
    return ::recv(socket_, &byte, 1, 0) == 0;
  }

 private:
  int socket_ = ::socket(AF_UNIX, SOCK_STREAM, 0);
};

bool eventually(const std::function<bool()>& condition) {
  for (int i = 0; i < 1000 && !condition(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds{5});
  return condition();
}

}  // namespace

TEST_CASE("S2: who proves the key comes in, and where one is waited for, nobody else does", "[net][S2]") {
  House house;
  Visitor visitor{*house.acceptor};
  const Greeting greeting{magic, make_nonce()};
  visitor.say(greeting);
  const auto answer = visitor.answer();
  REQUIRE(answer);
  CHECK(is_proof(answer->proof, house.key, Role::acceptor, answer->nonce, greeting.nonce));
  CHECK(house.came_in == 0);
  visitor.say(prove(house.key, Role::dialler, greeting.nonce, answer->nonce));
  CHECK(eventually([&] { return house.came_in == 1; }));
}

TEST_CASE("S2: wrong keys, echoes, swapped roles and old proofs are turned away, and then the right one still comes in",
          "[net][S2]") {
  House house;
  const Greeting greeting{magic, make_nonce()};
  const auto try_with = [&](const std::function<Proof(const Challenge&)>& proof) {
    Visitor visitor{*house.acceptor};
    visitor.say(greeting);
    const auto answer = visitor.answer();
    REQUIRE(answer);
    visitor.say(proof(*answer));
    return visitor.was_turned_away();
  };
  const Key wrong = make_key();
  CHECK(try_with([&](const Challenge& a) { return prove(wrong, Role::dialler, greeting.nonce, a.nonce); }));
  CHECK(try_with([](const Challenge& a) { return a.proof; }));
  CHECK(try_with([&](const Challenge& a) { return prove(house.key, Role::acceptor, greeting.nonce, a.nonce); }));
  CHECK(try_with([&](const Challenge&) { return prove(house.key, Role::dialler, greeting.nonce, greeting.nonce); }));
  {
    Visitor babbler{*house.acceptor};
    const std::array<char, 40> words{"GET / HTTP/1.1"};
    babbler.say(words);
    CHECK(babbler.was_turned_away());
  }
  CHECK(house.came_in == 0);
  std::vector<std::unique_ptr<Visitor>> silent;
  for (int i = 0; i < 8; ++i) silent.push_back(std::make_unique<Visitor>(*house.acceptor));
  Visitor visitor{*house.acceptor};
  visitor.say(greeting);
  const auto answer = visitor.answer();
  REQUIRE(answer);
  visitor.say(prove(house.key, Role::dialler, greeting.nonce, answer->nonce));
  CHECK(eventually([&] { return house.came_in == 1; }));
}

TEST_CASE("S2: silent visitors make room for later ones, so that none of them can keep others out", "[net][S2]") {
  House house;
  std::vector<std::unique_ptr<Visitor>> silent;
  for (std::size_t i = 0; i < 2 * Acceptor::most_visitors; ++i) silent.push_back(std::make_unique<Visitor>(*house.acceptor));
  CHECK(silent.front()->was_turned_away());
  Visitor visitor{*house.acceptor};
  const Greeting greeting{magic, make_nonce()};
  visitor.say(greeting);
  const auto answer = visitor.answer();
  REQUIRE(answer);
  visitor.say(prove(house.key, Role::dialler, greeting.nonce, answer->nonce));
  CHECK(eventually([&] { return house.came_in == 1; }));
  CHECK(silent.back()->was_turned_away());
}

TEST_CASE("S2: processes of another user are turned away before they have said anything", "[net][S2]") {
  House house{::geteuid() + 1};
  Visitor visitor{*house.acceptor};
  CHECK(visitor.was_turned_away());
}

TEST_CASE("S1: within one machine there is no port", "[net][S1]") {
  boost::asio::io_context io;
  CHECK(std::make_shared<Acceptor>(io, AcceptorOptions{})->addresses().find("tcp:") == std::string::npos);
  CHECK(std::make_shared<Acceptor>(io, AcceptorOptions{.tcp = anywhere})->addresses().find(" tcp:") != std::string::npos);
}

TEST_CASE("who dials with the key gets through, on this machine and over TCP", "[net]") {
  const bool is_local = GENERATE(true, false);
  House house{::geteuid(), Admits::all, loopback};
  const std::string all = house.acceptor->addresses();
  const std::string addresses = is_local ? all.substr(0, all.find(' ')) : all.substr(all.find(' ') + 1);
  for (int dialled = 1; dialled <= 3; ++dialled) {
    const auto socket = dial(addresses, magic, house.key);
    CHECK(eventually([&] { return house.came_in == dialled; }));
  }
}

TEST_CASE("who dials is told why no address was good", "[net]") {
  House house{::geteuid(), Admits::all, loopback};
  const std::string addresses = house.acceptor->addresses();
  CHECK_THROWS_WITH(dial(addresses, magic, make_key(), 1), Catch::Contains("no connection to the master: unix:") &&
                                                               Catch::Contains("it does not have the key; tcp:127.0.0.1:"));
  CHECK_THROWS_WITH(dial(addresses, Magic{'o', 't', 'h', 'e', 'r'}, house.key, 1), Catch::Contains("it hung up"));
  CHECK_THROWS_WITH(dial("unix:nobody-is-here", magic, house.key, 1), Catch::Contains("unix:nobody-is-here: Connection refused"));
  CHECK(house.came_in == 0);
}

TEST_CASE("an acceptor that cannot listen says so", "[net]") {
  boost::asio::io_context io;
  const boost::asio::ip::tcp::endpoint elsewhere{boost::asio::ip::make_address("192.0.2.7"), 0};  // nobody's (RFC 5737)
  CHECK_THROWS_WITH((Acceptor{io, {.tcp = elsewhere}}), Catch::Contains("cannot listen for connections"));
}

// UndefinedBehaviorSanitizer looks at memory through a pipe, for which there is no descriptor then.
#ifndef __SANITIZE_ADDRESS__
TEST_CASE("a process without a descriptor to spare lets who comes wait, and takes no processor time for it", "[net]") {
  boost::asio::io_context io;
  const auto acceptor = std::make_shared<Acceptor>(io, AcceptorOptions{.magic = magic, .key = make_key(), .admits = Admits::all});
  acceptor->open([](Acceptor::Socket) {});
  const Greeting greeting{magic, make_nonce()};
  rlimit usual{};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &usual) == 0);
  {
    Visitor visitor{*acceptor};  // in the queue
    visitor.say(greeting);
    const int next = ::dup(0);
    ::close(next);
    rlimit none = usual;
    none.rlim_cur = static_cast<rlim_t>(next);
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &none) == 0);
    const std::size_t steps = io.run_for(std::chrono::milliseconds{500});
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &usual) == 0);
    CHECK(steps > 0);
    CHECK(steps < 50);
    std::thread loop{[&] { io.run_for(std::chrono::seconds{3}); }};
    CHECK(visitor.answer());
    io.stop();
    loop.join();
  }
  acceptor->close();
  io.restart();
  io.run();
}
#endif

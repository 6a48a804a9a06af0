// The door of the mpi interface: who has the key comes in, once; nobody else does.
#include <catch2/catch.hpp>

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstddef>
#include <cstring>
#include <functional>
#include <optional>
#include <thread>

#include "mpi/death_notice.hpp"
#include "mpi/door.hpp"

using namespace mw;
using namespace mw::mpi;

namespace {

/// A door whose io_context runs in a thread of its own.
struct House {
  explicit House(uid_t owner = ::geteuid()) : door{std::make_shared<Door>(io, key, Door::Reach::this_machine, owner)} {
    door->open([this](Door::Socket) { came_in = true; });
    thread = std::thread{[this] { io.run(); }};
  }
  ~House() {
    boost::asio::post(io, [this] { door->close(); });
    io.stop();
    thread.join();
  }
  boost::asio::io_context io;
  auth::Key key = auth::make_key();
  std::shared_ptr<Door> door;
  std::atomic<bool> came_in{false};
  std::thread thread;
};

class Visitor {
 public:
  explicit Visitor(const Door& door) {
    const std::string name = door.addresses().substr(5);
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
  std::optional<Answer> answer() {
    Answer got;
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

TEST_CASE("S2: who proves the key comes in, and the door closes behind it", "[mpi][S2]") {
  House house;
  Visitor visitor{*house.door};
  Greeting greeting;
  greeting.nonce = auth::make_nonce();
  visitor.say(greeting);
  const auto answer = visitor.answer();
  REQUIRE(answer);
  CHECK(auth::is_proof(answer->proof, house.key, auth::Role::master, answer->nonce, greeting.nonce));
  CHECK_FALSE(house.came_in);
  visitor.say(auth::prove(house.key, auth::Role::manager, greeting.nonce, answer->nonce));
  CHECK(eventually([&] { return house.came_in.load(); }));
}

TEST_CASE("S2: wrong keys, echoes, swapped roles and old proofs are turned away; then the right one still comes in", "[mpi][S2]") {
  House house;
  Greeting greeting;
  greeting.nonce = auth::make_nonce();
  const auto try_with = [&](const std::function<auth::Proof(const Answer&)>& proof) {
    Visitor visitor{*house.door};
    visitor.say(greeting);
    const auto answer = visitor.answer();
    REQUIRE(answer);
    visitor.say(proof(*answer));
    return visitor.was_turned_away();
  };
  const auth::Key wrong = auth::make_key();
  CHECK(try_with([&](const Answer& a) { return auth::prove(wrong, auth::Role::manager, greeting.nonce, a.nonce); }));
  CHECK(try_with([](const Answer& a) { return a.proof; }));
  CHECK(try_with([&](const Answer& a) { return auth::prove(house.key, auth::Role::master, greeting.nonce, a.nonce); }));
  CHECK(try_with([&](const Answer&) { return auth::prove(house.key, auth::Role::manager, greeting.nonce, greeting.nonce); }));
  {
    Visitor babbler{*house.door};
    const std::array<char, 40> words{"GET / HTTP/1.1"};
    babbler.say(words);
    CHECK(babbler.was_turned_away());
  }
  CHECK_FALSE(house.came_in);
  std::vector<std::unique_ptr<Visitor>> silent;
  for (int i = 0; i < 8; ++i) silent.push_back(std::make_unique<Visitor>(*house.door));
  Visitor visitor{*house.door};
  visitor.say(greeting);
  const auto answer = visitor.answer();
  REQUIRE(answer);
  visitor.say(auth::prove(house.key, auth::Role::manager, greeting.nonce, answer->nonce));
  CHECK(eventually([&] { return house.came_in.load(); }));
}

TEST_CASE("S2: silent visitors make room for later ones, so that none of them can keep the door shut", "[mpi][S2]") {
  House house;
  std::vector<std::unique_ptr<Visitor>> silent;
  for (std::size_t i = 0; i < 2 * Door::most_visitors; ++i) silent.push_back(std::make_unique<Visitor>(*house.door));
  CHECK(silent.front()->was_turned_away());
  Visitor visitor{*house.door};
  Greeting greeting;
  greeting.nonce = auth::make_nonce();
  visitor.say(greeting);
  const auto answer = visitor.answer();
  REQUIRE(answer);
  visitor.say(auth::prove(house.key, auth::Role::manager, greeting.nonce, answer->nonce));
  CHECK(eventually([&] { return house.came_in.load(); }));
  CHECK(silent.back()->was_turned_away());
}

TEST_CASE("S2: processes of another user are turned away before they have said anything", "[mpi][S2]") {
  House house{::geteuid() + 1};
  Visitor visitor{*house.door};
  CHECK(visitor.was_turned_away());
}

TEST_CASE("S1: within one machine the door has no port", "[mpi][S1]") {
  boost::asio::io_context io;
  const auth::Key key = auth::make_key();
  CHECK(std::make_shared<Door>(io, key, Door::Reach::this_machine)->addresses().find("tcp:") == std::string::npos);
  CHECK(std::make_shared<Door>(io, key, Door::Reach::network)->addresses().find(" tcp:") != std::string::npos);
}

TEST_CASE("a notice of a death is read as it was written, and nothing else is one", "[mpi]") {
  const DeathNotice notice{3, 77, 9, 0};
  const auto read = DeathNotice::of("[host] " + notice.to_text());
  REQUIRE(read);
  CHECK(read->rank == 3);
  CHECK(read->pid == 77);
  CHECK(read->signal == 9);
  CHECK(read->exit_status == 0);
  for (const char* line :
       {"", "@cppmw-rank-ended", "@cppmw-rank-ended 1 2 3", "@cppmw-rank-ended 1 2 x 4", "@cppmw-rank-ended 99999999999 1 1 1"})
    CHECK_FALSE(DeathNotice::of(line));
}

TEST_CASE("a notice that a host can not be reached is read as it was written, and nothing else is one", "[mpi]") {
  const auto read = HostNotice::of("[h1] " + HostNotice{"pi2.local", 255}.to_text());
  REQUIRE(read);
  CHECK(read->host == "pi2.local");
  CHECK(read->exit_status == 255);
  for (const char* line : {"", "@cppmw-host-ended", "@cppmw-host-ended 1", "@cppmw-host-ended 1 ", "@cppmw-host-ended x pi2"})
    CHECK_FALSE(HostNotice::of(line));
}

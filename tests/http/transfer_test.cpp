// HTTP as a client, with a server of this process.
#include <catch2/catch.hpp>

#include <fstream>
#include <string>

#include "http/origin.hpp"
#include "http/served.hpp"
#include "http/transfer.hpp"
#include "support/errors.hpp"
#include "support/processes.hpp"
#include "support/temporary.hpp"

using namespace mw::http;
using test::Pages;
using test::Served;

namespace {

Transfer client() {
  return Transfer{[] { return true; }};
}

}  // namespace

TEST_CASE("what is posted comes back, and what is too long for who asked is an error", "[http]") {
  const Served served;
  Transfer transfer = client();
  CHECK(transfer.get(served.url + "text?q") == "text q for 127.0.0.1\n");
  CHECK(transfer.post(served.url + "echo", "hello") == "hello");
  CHECK_THROWS_WITH(transfer.get(served.url + "file", 1000), Catch::Contains("answers with more than 1000 bytes"));
  CHECK(transfer.post(served.url + "echo", "again") == "again");
}

TEST_CASE("a status of the client's is permanent, and a server that is gone is not", "[http]") {
  std::string url;
  Transfer transfer = client();
  const auto is_permanent = [&](const std::string& target) {
    try {
      transfer.get(url + target);
    } catch (const TransferError& e) {
      return e.is_permanent();
    }
    throw std::logic_error{"it was answered"};
  };
  {
    const Served served;
    url = served.url;
    CHECK(is_permanent("nothing"));
  }
  CHECK_FALSE(is_permanent("nothing"));
}

TEST_CASE("a file is fetched from where it broke off, and no more of it than was announced", "[http]") {
  const Served served;
  const test::TemporaryFolder folder;
  Transfer transfer = client();
  const std::string path = folder.path("file");
  std::ofstream{path} << std::string(1'000'000, 'x');
  transfer.fetch(served.url + "file", path, Pages::file_size);
  const std::string text = test::file_text(path);
  CHECK(text.size() == std::size_t{Pages::file_size});
  CHECK(text.ends_with("xend\n"));
  CHECK_THROWS_AS(transfer.fetch(served.url + "file", folder.path("other"), 1000), TransferError);
  std::ofstream{folder.path("rest")} << "0123456789";
  CHECK(transfer.upload(served.url + "echo", "head ", folder.path("rest"), 7, 10) == "head 789");
}

TEST_CASE("an origin is scheme, host and port, however they are written", "[http]") {
  CHECK(Origin{"HTTP://Example.org/a?b"} == Origin{"http://example.org:80/c"});
  CHECK_FALSE(Origin{"http://example.org"} == Origin{"https://example.org"});
  CHECK_FALSE(Origin{"http://example.org"} == Origin{"http://example.org:8080"});
  CHECK_FALSE(Origin{""}.is_known());
}

TEST_CASE("what each request's head has is sent to the server that it is meant for, and to no other", "[http]") {
  const Served served, other;
  const test::TemporaryFolder folder;
  Transfer open = client();
  open.fetch(served.url + "away?" + other.url + "key", folder.path("open"), 4);  // a file may come from elsewhere
  Transfer transfer = client();
  transfer.add_field("Authorization: Bearer 4711");
  transfer.add_field("Content-Type: application/json");
  CHECK(transfer.get(served.url + "key") == "key Bearer 4711");
  CHECK(transfer.post(served.url + "key", "{}") == "key Bearer 4711");
  CHECK(transfer.get(served.url + "away?" + served.url + "key") == "key Bearer 4711");
  CHECK_THROWS_WITH(transfer.get(served.url + "away?" + other.url + "key"),
                    Catch::Contains("what was sent is for the first one only"));
  CHECK_THROWS_AS(transfer.fetch(served.url + "away?" + other.url + "key", folder.path("file"), 100), TransferError);
}

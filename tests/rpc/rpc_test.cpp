// JSON-RPC 2.0: what is a request, what is not, and how both are answered.
#include <catch2/catch.hpp>

#include <string>

#include <boost/json.hpp>

#include "rpc/rpc.hpp"

using namespace mw;
namespace json = boost::json;

namespace {

/// What a server answers whose only method returns its parameters.
std::string answered(const std::string& text) {
  const rpc::Request request = rpc::parse(text);
  if (request.failure) return *request.failure;
  rpc::Answers answers{request.is_batch};
  for (const rpc::Entry& entry : request.entries) {
    if (!entry.call)
      answers.add_refusal(entry.what);
    else if (entry.call->method == "echo")
      answers.add(*entry.call, entry.call->params);
    else
      answers.add(*entry.call, rpc::Error{rpc::method_not_found, "no such method"});
  }
  return answers.text();
}

std::int64_t code_in(const std::string& answer) { return json::parse(answer).at("error").at("code").as_int64(); }

}  // namespace

TEST_CASE("a call is answered under its id, whatever that is", "[rpc]") {
  const auto id = GENERATE(R"(1)", R"("x")", R"(null)", R"(-5)", R"(1.5)");
  const auto answer = json::parse(answered(std::string{R"({"jsonrpc":"2.0","method":"echo","params":[1,2],"id":)"} + id + "}"));
  CHECK(answer.at("jsonrpc") == "2.0");
  CHECK(answer.at("result") == json::parse("[1,2]"));
  CHECK(json::serialize(answer.at("id")) == json::serialize(json::parse(id)));
  CHECK_FALSE(answer.as_object().contains("error"));
}

TEST_CASE("a notification is not answered, not even when it fails", "[rpc]") {
  CHECK(answered(R"({"jsonrpc":"2.0","method":"echo","params":{"a":1}})").empty());
  CHECK(answered(R"({"jsonrpc":"2.0","method":"nothing"})").empty());
  CHECK(answered(R"([{"jsonrpc":"2.0","method":"echo"},{"jsonrpc":"2.0","method":"nothing"}])").empty());
}

TEST_CASE("what is wrong with a request has the standard's number", "[rpc]") {
  CHECK(code_in(answered(R"({"jsonrpc":"2.0","method":"nothing","id":"1"})")) == -32601);
  CHECK(code_in(answered(R"({"jsonrpc":"2.0","method":"echo, "params":"bar","baz])")) == -32700);
  CHECK(code_in(answered("")) == -32700);
  CHECK(code_in(answered(std::string(100, '['))) == -32700);  // deeper than anybody needs
  CHECK(code_in(answered("[]")) == -32600);
  CHECK(code_in(answered("1")) == -32600);
  CHECK(code_in(answered(R"({"method":"echo","id":1})")) == -32600);
  CHECK(code_in(answered(R"({"jsonrpc":"1.0","method":"echo","id":1})")) == -32600);
  CHECK(code_in(answered(R"({"jsonrpc":"2.0","method":1,"id":1})")) == -32600);
  CHECK(code_in(answered(R"({"jsonrpc":"2.0","method":"echo","params":"bar","id":1})")) == -32600);
  CHECK(code_in(answered(R"({"jsonrpc":"2.0","method":"echo","id":[1]})")) == -32600);
}

TEST_CASE("a batch is answered in its order, and each wrong one by itself", "[rpc]") {
  const auto answers = json::parse(answered(R"([{"jsonrpc":"2.0","method":"echo","params":[1],"id":"1"}, 1,
      {"jsonrpc":"2.0","method":"echo","params":[7]}, {"foo":"boo"}, {"jsonrpc":"2.0","method":"foo.get","id":"5"}])"))
                           .as_array();
  REQUIRE(answers.size() == 4);
  CHECK(answers.at(0).at("id") == "1");
  CHECK(answers.at(1).at("error").at("code") == -32600);
  CHECK(answers.at(1).at("id").is_null());
  CHECK(answers.at(2).at("error").at("code") == -32600);
  CHECK(answers.at(3).at("error").at("code") == -32601);
  CHECK(answers.at(3).at("id") == "5");
}

TEST_CASE("a batch has a limit", "[rpc]") {
  const auto batch = [](std::size_t size) {
    std::string text = "[";
    for (std::size_t i = 0; i < size; ++i) text += std::string{i == 0 ? "" : ","} + R"({"jsonrpc":"2.0","method":"echo","id":1})";
    return answered(text + "]");
  };
  CHECK(json::parse(batch(rpc::longest_batch)).as_array().size() == rpc::longest_batch);
  CHECK(code_in(batch(rpc::longest_batch + 1)) == -32600);
}

// The control channel's methods, with a master whose answers are known; and their published description.
#include <catch2/catch.hpp>

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/json.hpp>

#include "control/methods.hpp"

using namespace mw;
namespace json = boost::json;

namespace {

struct KnownMaster final : control::Controls {
  void now(std::function<void(control::Now)> then) override {
    if (is_silent) return;
    control::Now now;
    now.status.tasks = 3;
    now.status.interface_name = "known";
    WorkerStatus busy;
    busy.name = "worker 1";
    busy.state = WorkerState::busy;
    busy.running.push_back({7, "f", std::chrono::seconds{2}});
    WorkerStatus idle;
    idle.name = "worker 2";
    idle.state = WorkerState::idle;
    now.status.workers = {busy, idle};
    then(std::move(now));
  }
  void waiting(std::size_t from, std::size_t limit, std::function<void(std::vector<control::OpenTask>)> then) override {
    std::vector<control::OpenTask> list;
    for (std::size_t i = from; i < 10 && list.size() < limit; ++i) {
      control::OpenTask task;
      task.id = 100 + i;
      task.name = i % 2 == 0 ? "even" : "odd";
      list.push_back(task);
    }
    then(list);
  }
  void explain(std::uint64_t id, std::function<void(std::optional<std::string>)> then) override {
    then(id == 7 ? std::optional<std::string>{"it runs\n"} : std::nullopt);
  }
  void cancel(std::uint64_t id, std::function<void(control::Refusal)> then) override {
    told.push_back("cancel " + std::to_string(id));
    then(id == 7 ? "" : "there is no such task");
  }
  void pause(std::function<void(control::Refusal)> then) override { note("pause", then); }
  void resume(std::function<void(control::Refusal)> then) override { note("resume", then); }
  void scale(std::uint32_t workers, std::function<void(control::Refusal)> then) override {
    note("scale " + std::to_string(workers), then);
  }
  void note(std::string what, const std::function<void(control::Refusal)>& then) {
    told.push_back(std::move(what));
    then({});
  }

  bool is_silent = false;
  std::vector<std::string> told;
};

class Channel {
 public:
  std::string say(const std::string& text, bool has_key = false) {
    std::string said;
    io_.restart();
    boost::asio::co_spawn(
        io_, [&]() -> boost::asio::awaitable<void> { said = co_await methods_.answer(text, has_key); }, boost::asio::detached);
    io_.run();
    return said;
  }
  json::value call(const std::string& method, const std::string& params = "{}", bool has_key = false) {
    return json::parse(say(R"({"jsonrpc":"2.0","id":1,"method":")" + method + R"(","params":)" + params + "}", has_key));
  }
  std::int64_t code(const std::string& method, const std::string& params = "{}", bool has_key = false) {
    const auto answer = call(method, params, has_key);
    return answer.as_object().contains("error") ? answer.at("error").at("code").as_int64() : 0;
  }

  KnownMaster master;

 private:
  boost::asio::io_context io_;
  const boost::intrusive_ptr<detail::WorkerDirectory> directory_{new detail::WorkerDirectory{{"local", "here"}}};
  watch::Recorder recorder_{*directory_, 0};
  watch::Picture picture_{{"test", "./test", "here", 7, "1", 0}, recorder_, *directory_};
  control::Board board_{io_, master, picture_};
  control::Methods methods_{board_};
};

}  // namespace

TEST_CASE("what is read needs no key", "[control]") {
  Channel channel;
  CHECK(channel.call("status").at("result").at("tasks") == 3);
  CHECK(channel.call("status").at("result").at("program") == "test");
  CHECK(channel.call("workers").at("result").at("workers").as_array().size() == 2);
  CHECK(channel.call("workers", R"({"state":"idle"})").at("result").at("workers").at(0).at("name") == "worker 2");
  CHECK(channel.call("tasks").at("result").at("tasks").at(0).at("id") == 7);
  CHECK(channel.call("task", R"({"id":7})").at("result").at("worker") == "worker 1");
  CHECK(channel.call("explain", "[7]").at("result").at("text") == "it runs\n");
  CHECK(channel.call("stats").at("result").at("functions").is_array());
  CHECK(channel.master.told.empty());
}

TEST_CASE("what changes something needs the key", "[control][S3]") {
  Channel channel;
  const std::vector<std::pair<std::string, std::string>> calls{
      {"cancel", R"({"id":7})"}, {"pause", "{}"}, {"resume", "{}"}, {"scale", R"({"workers":3})"}};
  for (const auto& [method, params] : calls) CHECK(channel.code(method, params) == control::key_needed);
  CHECK(channel.master.told.empty());
  for (const auto& [method, params] : calls) CHECK(channel.code(method, params, true) == 0);
  CHECK(channel.master.told == std::vector<std::string>{"cancel 7", "pause", "resume", "scale 3"});
  CHECK(channel.call("cancel", "[8]", true).at("error").at("message") == "there is no such task");
  CHECK(channel.code("cancel", "[8]", true) == control::refused);
}

TEST_CASE("parameters are checked, by name and by place", "[control]") {
  Channel channel;
  CHECK(channel.code("cancel", "{}", true) == rpc::invalid_params);
  CHECK(channel.code("cancel", R"({"id":"7"})", true) == rpc::invalid_params);
  CHECK(channel.code("cancel", R"({"id":-7})", true) == rpc::invalid_params);
  CHECK(channel.code("cancel", R"({"id":7.5})", true) == rpc::invalid_params);
  CHECK(channel.code("cancel", R"({"id":7,"force":true})", true) == rpc::invalid_params);
  CHECK(channel.code("cancel", "[7,8]", true) == rpc::invalid_params);
  CHECK(channel.code("scale", R"({"workers":0})", true) == rpc::invalid_params);
  CHECK(channel.code("scale", R"({"workers":4294967296})", true) == rpc::invalid_params);
  CHECK(channel.code("tasks", R"({"state":"asleep"})") == rpc::invalid_params);
  CHECK(channel.code("tasks", R"({"state":5})") == rpc::invalid_params);
  CHECK(channel.code("reboot") == rpc::method_not_found);
  CHECK(channel.code("task", R"({"id":99})") == control::no_such_task);
  CHECK(channel.code("explain", R"({"id":99})") == control::no_such_task);
  CHECK(channel.master.told.empty());
}

TEST_CASE("lists come in pages, and only what was asked for", "[control]") {
  Channel channel;
  const auto list = [&](const std::string& params) { return channel.call("tasks", params).at("result").as_object(); };
  const auto first = list(R"({"state":"waiting","limit":4})");
  CHECK(first.at("tasks").as_array().size() == 4);
  CHECK(first.at("more") == true);
  const auto last = list(R"({"state":"waiting","limit":4,"from":8})");
  CHECK(last.at("tasks").as_array().size() == 2);
  CHECK(last.at("more") == false);
  CHECK(list(R"({"state":"waiting","function":"odd"})").at("tasks").as_array().size() == 5);
  CHECK(list(R"({"state":"running","worker":"worker 2"})").at("tasks").as_array().empty());
  CHECK(list(R"({"state":"finished"})").at("tasks").as_array().empty());
}

TEST_CASE("a batch is answered, and notifications are done", "[control]") {
  Channel channel;
  CHECK(channel.say(R"({"jsonrpc":"2.0","method":"pause"})", true).empty());
  CHECK(channel.master.told == std::vector<std::string>{"pause"});
  const auto answers = json::parse(channel.say(
      R"([{"jsonrpc":"2.0","id":1,"method":"status"},{"jsonrpc":"2.0","method":"resume"},{"jsonrpc":"2.0","id":2,"method":"x"}])"));
  CHECK(answers.as_array().size() == 2);
}

TEST_CASE("the published description names every method, and each is as described", "[control]") {
  Channel channel;
  const json::object published = control::open_rpc();
  CHECK(channel.call("rpc.discover").at("result") == published);
  CHECK(published.at("openrpc").is_string());
  CHECK(published.at("info").at("title").is_string());
  CHECK(published.at("info").at("version").is_string());
  const auto& methods = published.at("methods").as_array();
  CHECK(methods.size() == 11);
  for (const json::value& method : methods) {
    const std::string name{method.at("name").as_string()};
    INFO(name);
    CHECK_FALSE(method.at("summary").as_string().empty());
    json::object params;
    for (const json::value& parameter : method.at("params").as_array()) {
      CHECK_FALSE(parameter.at("description").as_string().empty());
      const auto& schema = parameter.at("schema").as_object();
      if (parameter.at("required").as_bool())
        params[parameter.at("name").as_string()] = schema.at("type") == "integer" ? json::value(7) : json::value("x");
      const json::object wrong{{parameter.at("name").as_string(), json::object{}}};
      CHECK(channel.code(name, json::serialize(wrong), true) == rpc::invalid_params);
    }
    const auto answer = channel.call(name, json::serialize(params), true);
    INFO(json::serialize(answer));
    REQUIRE(answer.as_object().contains("result"));
    CHECK(method.at("result").at("schema").at("type") == "object");
    CHECK(answer.at("result").is_object());
  }
}

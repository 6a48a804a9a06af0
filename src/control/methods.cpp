#include "control/methods.hpp"

#include <algorithm>
#include <exception>
#include <limits>
#include <optional>

#include <fmt/format.h>
#include <boost/json.hpp>

#include "log/escaped.hpp"

namespace mw::control {
namespace {

namespace asio = boost::asio;
namespace json = boost::json;

constexpr std::chrono::milliseconds fresh{100};
constexpr std::uint64_t most_listed = 1000;

std::uint64_t count_in(const json::object& params, std::string_view name, std::uint64_t otherwise) {
  const json::value* const value = params.if_contains(name);
  return value ? value->to_number<std::uint64_t>() : otherwise;
}

std::string text_in(const json::object& params, std::string_view name) {
  const json::value* const value = params.if_contains(name);
  return value ? std::string{value->get_string()} : std::string{};
}

std::uint64_t limit_in(const json::object& params) {
  return std::clamp<std::uint64_t>(count_in(params, "limit", 100), 1, most_listed);
}

json::object to_json(const OpenTask& task) {
  return {{"id", task.id},
          {"name", log::escaped(task.name)},
          {"state", task.is_running ? "running" : "waiting"},
          {"worker", log::escaped(task.worker)},
          {"seconds", task.seconds},
          {"attempt", task.attempt},
          {"priority", task.priority},
          {"progress", task.progress}};
}

json::object to_json(const watch::Picture& picture, const watch::Row& row) {
  return {{"id", row.id},
          {"name", log::escaped(picture.function_name(row.function))},
          {"state", watch::to_string(row.end)},
          {"worker", log::escaped(picture.lane_name(row.lane))},
          {"start", static_cast<double>(row.start_us) * 1e-6},
          {"seconds", static_cast<double>(row.run_us) * 1e-6},
          {"attempt", row.attempt}};
}

json::object to_json(const RunningTask& task, const WorkerStatus& worker) {
  return {{"id", task.id},
          {"name", log::escaped(task.name)},
          {"state", "running"},
          {"worker", log::escaped(worker.name)},
          {"seconds", std::chrono::duration<double>{task.run_time}.count()}};
}

/// What a list leaves out, and where it ends.
class Page {
 public:
  explicit Page(const json::object& params)
      : name_{text_in(params, "function")},
        worker_{text_in(params, "worker")},
        from_{count_in(params, "from", 0)},
        limit_{limit_in(params)} {}
  /// False when the page is full.
  bool add(json::object task) {
    const auto is = [&](std::string_view key, const std::string& wanted) {
      return wanted.empty() || (task.contains(key) && task.at(key).as_string() == wanted);
    };
    if (!is("name", name_) || !is("worker", worker_)) return true;
    if (from_ > 0) return --from_, true;
    if (list_.size() >= limit_) return !(has_more_ = true);
    list_.push_back(std::move(task));
    return true;
  }
  json::object done() { return {{"tasks", std::move(list_)}, {"more", has_more_}}; }

 private:
  const std::string name_, worker_;
  std::uint64_t from_;
  const std::uint64_t limit_;
  json::array list_;
  bool has_more_ = false;
};

/// What is said when something was done, or why it was not.
std::function<void(Refusal)> told(std::function<void(std::function<json::value()>)> then) {
  return [then = std::move(then)](Refusal refusal) {
    then([refusal = std::move(refusal)]() -> json::value {
      if (!refusal.empty()) throw rpc::Error{refused, log::escaped_lines(refusal)};
      return json::object{{"done", true}};
    });
  };
}

}  // namespace

asio::awaitable<std::string> Methods::answer(std::string text, bool has_key) {
  const rpc::Request request = rpc::parse(text);
  if (request.failure) co_return *request.failure;
  rpc::Answers answers{request.is_batch};
  for (const rpc::Entry& entry : request.entries) {
    if (!entry.call) {
      answers.add_refusal(entry.what);
      continue;
    }
    std::optional<rpc::Error> error;
    try {
      answers.add(*entry.call, co_await call(*entry.call, has_key));
    } catch (const rpc::Error& e) {
      error = e;
    } catch (const std::exception& e) {
      error = rpc::Error{rpc::internal_error, e.what()};
    }
    if (error) answers.add(*entry.call, *error);
  }
  co_return answers.text();
}

asio::awaitable<json::value> Methods::call(const rpc::Call& call, bool has_key) {
  const auto& methods = all();
  const auto found = std::find_if(methods.begin(), methods.end(), [&](const Method& one) { return one.name == call.method; });
  if (found == methods.end())
    throw rpc::Error{rpc::method_not_found, fmt::format("there is no method \"{:.64}\"; rpc.discover lists them", call.method)};
  if (found->changes && !has_key)
    throw rpc::Error{key_needed, fmt::format("{} changes something, and takes the key that the master has said at its start "
                                             "(Authorization: Bearer KEY)",
                                             found->name)};
  const json::object params = checked(call.params, found->parameters);
  const json::value* const state = params.if_contains("state");
  // Of those that wait only the master knows.
  const auto ask = found->read == &Methods::tasks && state && *state == "waiting" ? &Methods::waiting : found->ask;
  if (!ask) {
    co_await board_.refresh(fresh);
    co_return (this->*found->read)(params);
  }
  const auto make = co_await answer_to<Make>(board_.io(), Board::patience, [&](auto then) { (this->*ask)(params, then); });
  if (found->changes) board_.is_stale();
  if (!make)
    throw rpc::Error{no_answer, "the master does not answer: it is busy, or ends; what was asked may be done all the same"};
  co_return (*make)();
}

json::value Methods::status(const json::object&) const { return board_.picture().head_json(); }

json::value Methods::tasks(const json::object& params) const {
  const std::string state = params.contains("state") ? text_in(params, "state") : "running";
  Page page{params};
  const watch::Picture& picture = board_.picture();
  if (state == "running") {
    for (const WorkerStatus& worker : picture.status().workers)
      for (const RunningTask& task : worker.running)
        if (!page.add(to_json(task, worker))) return page.done();
    return page.done();
  }
  const auto& rows = picture.last_rows();
  for (auto row = rows.rbegin(); row != rows.rend(); ++row)
    if (watch::to_string(row->end) == state && !page.add(to_json(picture, *row))) break;
  return page.done();
}

/// Filters apply to the part that was asked for: whoever looks for one function reads on while there is more.
void Methods::waiting(const json::object& params, Then then) const {
  json::object rest = params;
  rest["from"] = 0;
  const std::uint64_t limit = limit_in(params);
  board_.controls().waiting(count_in(params, "from", 0), limit + 1,
                            [rest = std::move(rest), then = std::move(then)](std::vector<OpenTask> list) {
                              then([rest, list = std::move(list)]() -> json::value {
                                Page page{rest};
                                for (const OpenTask& task : list)
                                  if (!page.add(to_json(task))) break;
                                return page.done();
                              });
                            });
}

json::value Methods::task(const json::object& params) const {
  const std::uint64_t id = count_in(params, "id", 0);
  const watch::Picture& picture = board_.picture();
  for (const WorkerStatus& worker : picture.status().workers)
    for (const RunningTask& task : worker.running)
      if (task.id == id) return to_json(task, worker);
  const auto& rows = picture.last_rows();
  const auto row = std::find_if(rows.rbegin(), rows.rend(), [&](const watch::Row& one) { return one.id == (id & 0xffffffff); });
  if (row == rows.rend())
    throw rpc::Error{no_such_task,
                     fmt::format("task {} does not run, and is not among those that ended last; explain says more", id)};
  json::object found = to_json(picture, *row);
  found["id"] = id;
  return found;
}

json::value Methods::workers(const json::object& params) const {
  const std::string state = text_in(params, "state");
  std::uint64_t from = count_in(params, "from", 0);
  const std::uint64_t limit = limit_in(params);
  json::array list;
  bool has_more = false;
  json::object all = board_.picture().head_json();
  for (json::value& worker : all.at("workers").as_array()) {
    if (!state.empty() && worker.at("state").as_string() != state) continue;
    if (from > 0) {
      --from;
      continue;
    }
    has_more = list.size() >= limit;
    if (has_more) break;
    list.push_back(std::move(worker));
  }
  return json::object{{"workers", std::move(list)}, {"more", has_more}};
}

json::value Methods::stats(const json::object&) const {
  json::object all = board_.picture().head_json();
  json::object stats;
  for (const char* key : {"seconds", "functions", "measures"}) stats[key] = std::move(all.at(key));
  return stats;
}

json::value Methods::discover(const json::object&) const { return open_rpc(); }

void Methods::explain(const json::object& params, Then then) const {
  const std::uint64_t id = count_in(params, "id", 0);
  board_.controls().explain(id, [this, id, then = std::move(then)](std::optional<std::string> text) {
    then([this, id, text = std::move(text)]() -> json::value {
      const std::string known = text.value_or("") + board_.picture().end_of(id);
      if (known.empty()) throw rpc::Error{no_such_task, fmt::format("there is no task {}, or it was forgotten after its end", id)};
      return json::object{{"text", log::escaped_lines(known)}};
    });
  });
}

void Methods::cancel(const json::object& params, Then then) const {
  board_.controls().cancel(count_in(params, "id", 0), told(std::move(then)));
}

void Methods::pause(const json::object&, Then then) const { board_.controls().pause(told(std::move(then))); }

void Methods::resume(const json::object&, Then then) const { board_.controls().resume(told(std::move(then))); }

void Methods::scale(const json::object& params, Then then) const {
  const std::uint64_t workers = count_in(params, "workers", 0);
  if (workers == 0 || workers > std::numeric_limits<std::uint32_t>::max())
    throw rpc::Error{rpc::invalid_params, "\"workers\" must be 1 or more"};
  board_.controls().scale(static_cast<std::uint32_t>(workers), told(std::move(then)));
}

}  // namespace mw::control

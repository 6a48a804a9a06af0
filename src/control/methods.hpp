// The methods of a master's control channel.
//
// What:    a table of methods, each with its parameters, for JSON-RPC 2.0 and for its description (OpenRPC,
//          https://spec.open-rpc.org): what is asked is checked against the same table. Reading is for everybody who
//          gets here; changing takes a key, which whoever calls has looked at.
// Owner:   refers to the board.
// Threads: the board's.
// Use:
//     std::string answer = co_await methods.answer(text, has_key);   // empty: notifications only
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/awaitable.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include "control/board.hpp"
#include "rpc/rpc.hpp"

namespace mw::control {

// Besides the standard's numbers.
inline constexpr int key_needed = -32001;
inline constexpr int no_such_task = -32002;
inline constexpr int refused = -32003;    ///< the master cannot, or will not, and says why
inline constexpr int no_answer = -32004;  ///< the master is busy, or ends

struct Parameter {
  std::string_view name;
  std::string_view type;  ///< "integer" (0 or more), "string"
  std::string_view about;
  bool is_required = false;
  std::vector<std::string_view> one_of = {};
};

class Methods {
 public:
  explicit Methods(Board& board) : board_{board} {}

  /// The answer to a request's text; empty if nobody wants one. `has_key`: it may change something.
  boost::asio::awaitable<std::string> answer(std::string text, bool has_key);

 private:
  /// What the master has said, made into a result; may throw rpc::Error.
  using Make = std::function<boost::json::value()>;
  using Then = std::function<void(Make)>;
  struct Method {
    std::string_view name;
    std::string_view about;
    bool changes = false;
    std::vector<Parameter> parameters;
    /// One of the two: of what is on the board, or of what the master is asked for.
    boost::json::value (Methods::*read)(const boost::json::object&) const = nullptr;
    void (Methods::*ask)(const boost::json::object&, Then) const = nullptr;
  };
  friend boost::json::object open_rpc();

  static const std::vector<Method>& all();
  boost::asio::awaitable<boost::json::value> call(const rpc::Call& call, bool has_key);
  boost::json::value status(const boost::json::object& params) const;
  boost::json::value tasks(const boost::json::object& params) const;
  boost::json::value task(const boost::json::object& params) const;
  boost::json::value workers(const boost::json::object& params) const;
  boost::json::value stats(const boost::json::object& params) const;
  boost::json::value discover(const boost::json::object& params) const;
  void waiting(const boost::json::object& params, Then then) const;
  void explain(const boost::json::object& params, Then then) const;
  void cancel(const boost::json::object& params, Then then) const;
  void pause(const boost::json::object& params, Then then) const;
  void resume(const boost::json::object& params, Then then) const;
  void scale(const boost::json::object& params, Then then) const;

  Board& board_;
};

/// The description of all methods.
boost::json::object open_rpc();

/// The parameters of a call, by name, checked. Throws rpc::Error.
boost::json::object checked(const boost::json::value& given, std::span<const Parameter> parameters);

}  // namespace mw::control

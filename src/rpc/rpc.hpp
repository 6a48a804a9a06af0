// JSON-RPC 2.0 (https://www.jsonrpc.org/specification), without a wire.
//
// What:    takes a request's text apart, a single call or a batch, and puts answers together. What is wrong with it is
//          an answer, too, with the standard's number.
// Owner:   values.
// Threads: any.
// Use:
//     rpc::Request request = rpc::parse(text);
//     for (rpc::Entry& entry : request.entries)
//       if (entry.call) answers.add(*entry.call, run(*entry.call)); else answers.add_error(entry);
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

namespace mw::rpc {

// The standard's, and ours, which are outside of its range.
inline constexpr int parse_error = -32700;
inline constexpr int invalid_request = -32600;
inline constexpr int method_not_found = -32601;
inline constexpr int invalid_params = -32602;
inline constexpr int internal_error = -32603;

/// What a method throws in place of a result.
class Error : public std::runtime_error {
 public:
  Error(int code, const std::string& message) : std::runtime_error{message}, code_{code} {}
  int code() const noexcept { return code_; }

 private:
  int code_;
};

struct Call {
  std::string method;
  boost::json::value params = {};        ///< an object, an array, or null where there are none
  std::optional<boost::json::value> id;  ///< a text, a number or null; nothing: a notification, which nobody answers
};

/// One of a batch.
struct Entry {
  std::optional<Call> call;  ///< nothing: it is no request
  std::string what = {};     ///< then this is why
};

struct Request {
  std::vector<Entry> entries;
  bool is_batch = false;
  std::optional<std::string> failure = {};  ///< the answer to what is no request at all
};

inline constexpr std::size_t longest_batch = 1000;

/// Never throws but for want of memory.
Request parse(std::string_view text);

/// The answers to one request, in the order of its calls.
class Answers {
 public:
  explicit Answers(bool is_batch) : is_batch_{is_batch} {}
  /// Nothing for a notification.
  void add(const Call& call, boost::json::value result);
  void add(const Call& call, const Error& error);
  /// To an entry that is no request.
  void add_refusal(const std::string& what);
  /// Empty if there is nothing to be answered.
  std::string text() const;

 private:
  void put(boost::json::object answer);

  const bool is_batch_;
  std::string joined_;
};

/// The answer that says this, to a call that is not known.
std::string error_text(int code, std::string_view message);

}  // namespace mw::rpc

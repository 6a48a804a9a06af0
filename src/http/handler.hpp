// Whoever answers a server's requests.
//
// What:    the seam between HTTP and what is served over it: one call for each request, and what the server has to tell
//          besides.
// Owner:   outlives the server that it is given to.
// Threads: the server's.
// Use:
//     class Pages final : public http::Handler {
//       boost::asio::awaitable<void> answer(http::Request& request, http::Answer& answer) override {
//         answer.set(http::Status::ok, "text/plain", "Here.\n");
//         co_await answer.send();
//       }
//     };
#pragma once

#include <string>
#include <string_view>

#include <boost/asio/awaitable.hpp>

#include "http/answer.hpp"
#include "http/request.hpp"

namespace mw::http {

class Handler {
 public:
  virtual ~Handler() = default;

  /// Answers this request, once; both live until that is done. Between two waits, it runs alone. What it throws ends
  /// the connection.
  virtual boost::asio::awaitable<void> answer(Request& request, Answer& answer) = 0;

  /// A request did not come to answer(), or not to its end, for what its sender did.
  virtual void refused() {}
  /// Something that people may want to read of. `kind` is one of a few words; texts of one kind may be many.
  virtual void warn(std::string_view kind, const std::string& text) = 0;

 protected:
  Handler() = default;
  Handler(const Handler&) = default;
  Handler& operator=(const Handler&) = default;
};

}  // namespace mw::http

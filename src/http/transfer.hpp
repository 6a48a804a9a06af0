// HTTP as a client, on libcurl.
//
// What:    asks, fetches files (and goes on where a download broke off), uploads them, sends forms. Bytes are counted
//          as they come, whatever was announced: what is longer than it may be is an error, and so is what takes for
//          ever. A redirection is followed where it stays with the same server; a file, which is sent no secret, may
//          come from another one.
// Owner:   owns the curl handle, and with it the connection.
// Threads: one. Every call blocks; `alive` is called about once a second meanwhile, and false from it ends the call.
// Use:
//     Transfer transfer{alive};
//     const std::string page = transfer.get(url);           // throws TransferError
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <mw/error.hpp>

namespace mw::http {

/// No answer, or not the one that was hoped for.
class TransferError : public Error {
 public:
  TransferError(const std::string& what, bool is_permanent) : Error{what}, is_permanent_{is_permanent} {}
  bool is_permanent() const noexcept { return is_permanent_; }  ///< trying again is of no use: HTTP status 4xx

 private:
  bool is_permanent_;
};

/// HTTP status 5xx: there is a server, and something in it does not work at the moment.
class ServerFault : public TransferError {
 public:
  explicit ServerFault(const std::string& what) : TransferError{what, false} {}
};

/// One field of a form: a text, or a file.
struct FormField {
  std::string name;
  std::string text = {};
  std::string path = {};  ///< of the file; empty: a text
};

/// What an answer in memory may have, bytes.
inline constexpr std::size_t longest_answer = 64 * 1024 * 1024;

class Transfer {
 public:
  explicit Transfer(std::function<bool()> alive);
  ~Transfer();
  Transfer(Transfer&&) noexcept;
  Transfer& operator=(Transfer&&) noexcept;

  /// What the head of each request says from now on: "Content-Type: application/json". A redirection to another server
  /// is not followed then, as what is said may be a secret.
  void add_field(const std::string& line);

  /// An answer longer than `most` bytes is an error, here and below.
  std::string get(const std::string& url, std::size_t most = longest_answer);
  std::string post(const std::string& url, std::string_view body, std::size_t most = longest_answer);
  /// As multipart/form-data (RFC 7578).
  std::string post_form(const std::string& url, const std::vector<FormField>& fields);
  /// Fetches what is missing of the file at `path`, which is to have `size` bytes; more are an error, fewer are the
  /// caller's business.
  void fetch(const std::string& url, const std::string& path, std::int64_t size);
  /// Posts `head` and then the file from `offset` on.
  std::string upload(const std::string& url, std::string_view head, const std::string& path, std::int64_t offset, std::int64_t size,
                     std::size_t most = longest_answer);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace mw::http

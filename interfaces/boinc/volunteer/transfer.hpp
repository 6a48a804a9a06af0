// A volunteer's HTTP, on libcurl.
//
// What:    asks, fetches files (and goes on where a download broke off), uploads them.
// Owner:   owns the curl handle, and with it the connection.
// Threads: one. Every call blocks; `alive` is called about once a second meanwhile, and false from it ends the call.
// Use:
//     Transfer transfer{alive};
//     const std::string page = transfer.get(url);           // throws TransferError
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include <mw/error.hpp>

namespace mw::boinc {

/// No answer, or not the one that was hoped for.
class TransferError : public Error {
 public:
  TransferError(const std::string& what, bool is_permanent) : Error{what}, is_permanent_{is_permanent} {}
  bool is_permanent() const noexcept { return is_permanent_; }  ///< trying again is of no use: HTTP status 4xx

 private:
  bool is_permanent_;
};

class Transfer {
 public:
  explicit Transfer(std::function<bool()> alive);
  ~Transfer();
  Transfer(Transfer&&) noexcept;
  Transfer& operator=(Transfer&&) noexcept;

  std::string get(const std::string& url);
  std::string post(const std::string& url, std::string_view body);
  /// Fetches what is missing of the file at `path`, which is to have `size` bytes.
  void fetch(const std::string& url, const std::string& path, std::int64_t size);
  /// Posts `head` and then the file from `offset` on.
  std::string upload(const std::string& url, std::string_view head, const std::string& path, std::int64_t offset,
                     std::int64_t size);

 private:
  struct Inside;
  std::unique_ptr<Inside> inside_;
};

}  // namespace mw::boinc

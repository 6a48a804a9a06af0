// MD5, as BOINC uses it: to tell files apart and whole ones from torn ones. It protects from nobody.
//
// What:    Md5 takes bytes in pieces; md5_hex() all at once.
// Owner:   owns OpenSSL's state.
// Threads: one at a time.
// Use:
//     const std::string sum = md5_hex("abc");               // 32 lower-case hex digits
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace mw::boinc {

class Md5 {
 public:
  Md5();
  ~Md5();
  Md5(Md5&&) noexcept;
  Md5& operator=(Md5&&) noexcept;

  void update(std::span<const std::byte> bytes);
  /// 32 lower-case hex digits. Once, at the end.
  std::string hex();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

std::string md5_hex(std::span<const std::byte> bytes);
std::string md5_hex(std::string_view text);
/// Of a file. Throws InterfaceError if it cannot be read.
std::string md5_of_file(const std::string& path);

/// `bytes` random bytes as lower-case hex digits, from the system's generator.
std::string random_hex(std::size_t bytes);

/// Whether the text is what hex() gives.
bool is_md5(std::string_view text) noexcept;

}  // namespace mw::boinc

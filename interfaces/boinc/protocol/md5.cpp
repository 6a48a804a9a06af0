#include "boinc/protocol/md5.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <vector>

#include <fmt/format.h>

#include <mw/error.hpp>

#include "crypto/openssl.hpp"
#include "crypto/secrets.hpp"

namespace mw::boinc {

using crypto::openssl;

namespace {

std::string hex_of(std::span<const std::byte> bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const std::byte byte : bytes) {
    text += digits[std::to_integer<std::size_t>(byte >> 4)];
    text += digits[std::to_integer<std::size_t>(byte & std::byte{15})];
  }
  return text;
}

}  // namespace

struct Md5::State {
  EVP_MD_CTX* context = openssl().EVP_MD_CTX_new();
  State() {
    if (!context || openssl().EVP_DigestInit_ex(context, openssl().EVP_md5(), nullptr) != 1)
      throw InterfaceError{"OpenSSL gives no MD5; BOINC's protocol needs it"};
  }
  ~State() { openssl().EVP_MD_CTX_free(context); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;
};

Md5::Md5() : state_{std::make_unique<State>()} {}
Md5::~Md5() = default;
Md5::Md5(Md5&&) noexcept = default;
Md5& Md5::operator=(Md5&&) noexcept = default;

void Md5::update(std::span<const std::byte> bytes) { openssl().EVP_DigestUpdate(state_->context, bytes.data(), bytes.size()); }

std::string Md5::hex() {
  std::array<std::byte, EVP_MAX_MD_SIZE> sum;
  unsigned size = 0;
  openssl().EVP_DigestFinal_ex(state_->context, reinterpret_cast<unsigned char*>(sum.data()), &size);
  return hex_of(std::span{sum}.first(size));
}

std::string md5_hex(std::span<const std::byte> bytes) {
  Md5 md5;
  md5.update(bytes);
  return md5.hex();
}

std::string md5_hex(std::string_view text) { return md5_hex(std::as_bytes(std::span{text})); }

std::string md5_of_file(const std::string& path) {
  std::ifstream file{path, std::ios::binary};
  if (!file) throw InterfaceError{fmt::format("{} cannot be read: {}", path, std::strerror(errno))};
  Md5 md5;
  std::vector<char> buffer(256 * 1024);
  while (file) {
    file.read(buffer.data(), static_cast<std::streamsize>(buffer.size()));
    md5.update(std::as_bytes(std::span{buffer}.first(static_cast<std::size_t>(file.gcount()))));
  }
  if (file.bad()) throw InterfaceError{fmt::format("{} cannot be read to its end", path)};
  return md5.hex();
}

std::string random_hex(std::size_t bytes) {
  std::vector<std::byte> random(bytes);
  crypto::fill_with_random_bytes(random);
  return hex_of(random);
}

bool is_md5(std::string_view text) noexcept {
  return text.size() == 32 &&
         std::all_of(text.begin(), text.end(), [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

}  // namespace mw::boinc

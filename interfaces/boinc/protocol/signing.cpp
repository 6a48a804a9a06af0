#include "boinc/protocol/signing.hpp"

#include <array>
#include <memory>
#include <span>
#include <vector>

#include <fmt/format.h>

#include <mw/error.hpp>

#include "crypto/openssl.hpp"
#include "parse/number.hpp"

namespace mw::boinc {

using crypto::OpenSsl;
using crypto::openssl;

namespace {

constexpr int key_bits = 1024;  // the most that BOINC's text form holds
constexpr std::size_t modulus_size = key_bits / 8;
constexpr std::size_t prime_size = modulus_size / 2;

template <auto OpenSsl::*Free>
struct Deleter {
  template <class T>
  void operator()(T* object) const noexcept {
    (openssl().*Free)(object);
  }
};
using Context = std::unique_ptr<EVP_PKEY_CTX, Deleter<&OpenSsl::EVP_PKEY_CTX_free>>;
using Number = std::unique_ptr<BIGNUM, Deleter<&OpenSsl::BN_clear_free>>;
using Builder = std::unique_ptr<OSSL_PARAM_BLD, Deleter<&OpenSsl::OSSL_PARAM_BLD_free>>;
using Parameters = std::unique_ptr<OSSL_PARAM, Deleter<&OpenSsl::OSSL_PARAM_free>>;

/// A field of a key, and how wide its text form is.
struct Field {
  const char* name;
  std::size_t size;
};
constexpr std::array<Field, 8> fields{{{OSSL_PKEY_PARAM_RSA_N, modulus_size},
                                       {OSSL_PKEY_PARAM_RSA_E, modulus_size},
                                       {OSSL_PKEY_PARAM_RSA_D, modulus_size},
                                       {OSSL_PKEY_PARAM_RSA_FACTOR1, prime_size},
                                       {OSSL_PKEY_PARAM_RSA_FACTOR2, prime_size},
                                       {OSSL_PKEY_PARAM_RSA_EXPONENT1, prime_size},
                                       {OSSL_PKEY_PARAM_RSA_EXPONENT2, prime_size},
                                       {OSSL_PKEY_PARAM_RSA_COEFFICIENT1, prime_size}}};
constexpr std::span<const Field> public_fields{fields.data(), 2};

EVP_PKEY* of(const EvpKey& key) { return static_cast<EVP_PKEY*>(key.get()); }

std::string to_text(std::span<const unsigned char> bytes) {
  constexpr std::size_t bytes_a_line = 32;
  std::string text;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    fmt::format_to(std::back_inserter(text), "{:02x}", bytes[i]);
    if (i % bytes_a_line == bytes_a_line - 1 || i + 1 == bytes.size()) text += '\n';
  }
  return text + ".\n";
}

int digit_of(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool is_space(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

/// Up to the '.' or the end; empty if anything else than digits and white space is there.
std::vector<unsigned char> from_text(std::string_view text) {
  std::vector<unsigned char> bytes;
  int high = -1;
  for (const char c : text) {
    if (c == '.') break;
    if (is_space(c)) continue;
    const int digit = digit_of(c);
    if (digit < 0) return {};
    if (high < 0) {
      high = digit;
    } else {
      bytes.push_back(static_cast<unsigned char>(high * 16 + digit));
      high = -1;
    }
  }
  return high < 0 ? bytes : std::vector<unsigned char>{};
}

std::string key_to_text(EVP_PKEY* key, std::span<const Field> wanted) {
  std::vector<unsigned char> bytes;
  for (const Field& field : wanted) {
    BIGNUM* raw = nullptr;
    if (openssl().EVP_PKEY_get_bn_param(key, field.name, &raw) != 1)
      throw InterfaceError{"a key has no text form: it is not whole"};
    const Number number{raw};
    bytes.resize(bytes.size() + field.size);
    if (openssl().BN_bn2binpad(number.get(), bytes.data() + bytes.size() - field.size, static_cast<int>(field.size)) < 0)
      throw InterfaceError{fmt::format("a key has no text form: it has more than {} bits", key_bits)};
  }
  return fmt::format("{}\n{}", key_bits, to_text(bytes));
}

EvpKey key_from_text(std::string_view text, std::span<const Field> wanted, int selection) {
  const auto fail = [] { return InterfaceError{"no key in BOINC's text form (\"1024\", then hex digits, then \".\")"}; };
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  if (parse::take_number<int>(text) != key_bits) throw fail();
  const std::vector<unsigned char> bytes = from_text(text);
  std::size_t size = 0;
  for (const Field& field : wanted) size += field.size;
  if (bytes.size() != size) throw fail();

  const Builder builder{openssl().OSSL_PARAM_BLD_new()};
  std::vector<Number> numbers;
  const unsigned char* at = bytes.data();
  for (const Field& field : wanted) {
    numbers.emplace_back(openssl().BN_bin2bn(at, static_cast<int>(field.size), nullptr));
    at += field.size;
    if (!numbers.back() || openssl().OSSL_PARAM_BLD_push_BN(builder.get(), field.name, numbers.back().get()) != 1) throw fail();
  }
  const Parameters parameters{openssl().OSSL_PARAM_BLD_to_param(builder.get())};
  const Context context{openssl().EVP_PKEY_CTX_new_from_name(nullptr, "RSA", nullptr)};
  EVP_PKEY* key = nullptr;
  if (openssl().EVP_PKEY_fromdata_init(context.get()) != 1 ||
      openssl().EVP_PKEY_fromdata(context.get(), &key, selection, parameters.get()) != 1)
    throw fail();
  return EvpKey{key};
}

}  // namespace

void EvpKeyFree::operator()(void* key) const noexcept { openssl().EVP_PKEY_free(static_cast<EVP_PKEY*>(key)); }

SigningKey SigningKey::generate() {
  EVP_PKEY* key = openssl().EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", std::size_t{key_bits});
  if (!key) throw InterfaceError{"OpenSSL made no RSA key"};
  return SigningKey{EvpKey{key}};
}

SigningKey::SigningKey(std::string_view private_text) : key_{key_from_text(private_text, fields, EVP_PKEY_KEYPAIR)} {}

std::string SigningKey::public_text() const { return key_to_text(of(key_), public_fields); }
std::string SigningKey::private_text() const { return key_to_text(of(key_), fields); }

std::string SigningKey::sign(std::string_view md5) const {
  const Context context{openssl().EVP_PKEY_CTX_new(of(key_), nullptr)};
  std::array<unsigned char, modulus_size> signature;
  std::size_t size = signature.size();
  if (openssl().EVP_PKEY_sign_init(context.get()) != 1 ||
      openssl().EVP_PKEY_CTX_set_rsa_padding(context.get(), RSA_PKCS1_PADDING) != 1 ||
      openssl().EVP_PKEY_sign(context.get(), signature.data(), &size, reinterpret_cast<const unsigned char*>(md5.data()),
                              md5.size()) != 1)
    throw InterfaceError{"OpenSSL did not sign"};
  return to_text({signature.data(), size});
}

VerifyingKey::VerifyingKey(std::string_view public_text) : key_{key_from_text(public_text, public_fields, EVP_PKEY_PUBLIC_KEY)} {}

bool VerifyingKey::verify(std::string_view md5, std::string_view signature) const {
  const std::vector<unsigned char> bytes = from_text(signature);
  if (bytes.size() != modulus_size) return false;
  const Context context{openssl().EVP_PKEY_CTX_new(of(key_), nullptr)};
  std::array<unsigned char, modulus_size> recovered;
  std::size_t size = recovered.size();
  if (openssl().EVP_PKEY_verify_recover_init(context.get()) != 1 ||
      openssl().EVP_PKEY_CTX_set_rsa_padding(context.get(), RSA_PKCS1_PADDING) != 1 ||
      openssl().EVP_PKEY_verify_recover(context.get(), recovered.data(), &size, bytes.data(), bytes.size()) != 1)
    return false;
  return std::string_view{reinterpret_cast<const char*>(recovered.data()), size} == md5;
}

std::string upload_permission_text(std::string_view name, double max_nbytes) {
  return fmt::format("<name>{}</name><max_nbytes>{:.0f}</max_nbytes>", name, max_nbytes);
}

}  // namespace mw::boinc

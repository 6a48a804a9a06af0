#include "net/key_file.hpp"

#include <algorithm>
#include <span>
#include <sstream>

#include <fmt/format.h>

#include <mw/error.hpp>

#include "crypto/secrets.hpp"
#include "process/file.hpp"

namespace mw::net {
namespace {

constexpr std::string_view master_word = "cppmw-key-1";
constexpr std::string_view node_word = "cppmw-node-key-1";
constexpr std::size_t longest_name = 64;
constexpr std::string_view identity_prefix = "node ";

}  // namespace

bool is_node_name(std::string_view name) noexcept {
  const auto is_fine = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_';
  };
  return !name.empty() && name.size() <= longest_name && std::all_of(name.begin(), name.end(), is_fine);
}

std::string as_node_name(std::string_view machine) {
  std::string name{machine.substr(0, longest_name)};
  for (char& c : name)
    if (!is_node_name({&c, 1})) c = '_';
  return name.empty() ? "node" : name;
}

Key node_key(const Key& master, std::string_view name) {
  const std::string message = fmt::format("CppMW node 1 {}", name);
  return crypto::hmac_sha256(master, std::as_bytes(std::span{message}));
}

std::string node_identity(std::string_view name) { return fmt::format("{}{}", identity_prefix, name); }

std::optional<std::string_view> node_in(std::string_view identity) noexcept {
  if (!identity.starts_with(identity_prefix)) return std::nullopt;
  const auto name = identity.substr(identity_prefix.size());
  return is_node_name(name) ? std::optional{name} : std::nullopt;
}

Key KeyFile::key_for(std::string_view name) const { return node.empty() ? node_key(key, name) : key; }

std::string to_text(const KeyFile& file) {
  return file.node.empty() ? fmt::format("{} {}\n", master_word, to_text(file.key))
                           : fmt::format("{} {} {}\n", node_word, file.node, to_text(file.key));
}

KeyFile key_file_of(std::string_view text, std::string_view where) {
  std::istringstream words{std::string{text}};
  std::string kind, name, digits, rest;
  words >> kind;
  if (kind == node_word) words >> name;
  words >> digits;
  const auto key = key_of(digits);
  const bool is_known = kind == master_word || (kind == node_word && is_node_name(name));
  if (!is_known || !key || words >> rest)
    throw UsageError{fmt::format("{} is no key file of CppMW's: it has one line, which `mw keygen` writes", where)};
  return {*key, name};
}

KeyFile read_key_file(const std::string& path) { return key_file_of(process::read_secret_file(path), path); }

}  // namespace mw::net

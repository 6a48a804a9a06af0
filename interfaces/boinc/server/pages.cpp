#include "boinc/server/pages.hpp"

#include <algorithm>
#include <cctype>

#include "boinc/protocol/md5.hpp"
#include "boinc/protocol/xml.hpp"
#include "http/query.hpp"

namespace mw::boinc {
namespace {

// BOINC's error numbers (lib/error_numbers.h)
constexpr std::int64_t unknown_account = -136, address_exists = -137, bad_password = -206, creation_disabled = -208,
                       bad_request = -1;

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

std::string error_text(std::int64_t number, const char* message) {
  pugi::xml_document document;
  pugi::xml_node root = document.append_child("error");
  add(root, "error_num", number);
  add(root, "error_msg", message);
  return to_text(document);
}

std::string account_text(const std::string& authenticator) {
  pugi::xml_document document;
  pugi::xml_node root = document.append_child("account_out");
  add(root, "authenticator", authenticator);
  return to_text(document);
}

}  // namespace

std::string project_config(const Project& project) {
  pugi::xml_document document;
  pugi::xml_node root = document.append_child("project_config");
  add(root, "name", project.settings.title);
  add(root, "master_url", project.settings.url);
  add(root, "web_stopped", std::int64_t{0});
  add(root, "sched_stopped", std::int64_t{0});
  constexpr std::int64_t shortest_password = 6;
  add(root, "min_passwd_length", shortest_password);
  if (!project.settings.open_accounts) add_flag(root, "account_creation_disabled");
  pugi::xml_node platforms = add(root, "platforms");
  for (const WorkerBuild& build : project.versions.all()) {
    pugi::xml_node platform = add(platforms, "platform");
    add(platform, "platform_name", build.platform);
    add(platform, "user_friendly_name", build.platform);
  }
  return to_text(document);
}

std::string account_file(std::string_view url, std::string_view key) {
  pugi::xml_document document;
  pugi::xml_node root = document.append_child("account");
  add(root, "master_url", url);
  add(root, "authenticator", key);
  return to_text(document);
}

std::string create_account(Project& project, std::string_view query) {
  if (!project.settings.open_accounts) return error_text(creation_disabled, "This project gives out its account key by hand");
  const std::string email = email_in(query), hash = http::parameter(query, "passwd_hash");
  constexpr std::size_t longest_email = 250;
  if (email.find('@') == std::string::npos || email.size() > longest_email || !is_md5(hash))
    return error_text(bad_request, "email_addr or passwd_hash is missing, or makes no sense");
  if (const auto account = project.accounts.find_by_email(email))
    return account->passwd_hash == hash ? account_text(account->authenticator)
                                        : error_text(address_exists, "This address has an account");
  const std::string authenticator = random_hex(16);
  project.accounts.create(authenticator, email, hash, http::parameter(query, "user_name").substr(0, longest_email), project.now());
  return account_text(authenticator);
}

AccountAnswer lookup_account(Project& project, std::string_view query) {
  const auto account = project.accounts.find_by_email(email_in(query));
  if (!account) return {error_text(unknown_account, "No account has this address"), true};
  if (account->passwd_hash != http::parameter(query, "passwd_hash"))
    return {error_text(bad_password, "The password is not the account's"), true};
  return {account_text(account->authenticator)};
}

std::string email_in(std::string_view query) { return lower(http::parameter(query, "email_addr")); }

}  // namespace mw::boinc

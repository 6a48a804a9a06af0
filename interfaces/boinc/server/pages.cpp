#include "boinc/server/pages.hpp"

#include <algorithm>
#include <cctype>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include "boinc/protocol/md5.hpp"
#include "boinc/protocol/xml.hpp"
#include "http/query.hpp"

namespace mw::boinc {
namespace {

// BOINC's error numbers (lib/error_numbers.h)
constexpr std::int64_t unknown_account = -136, address_exists = -137, bad_password = -206, creation_disabled = -208,
                       bad_request = -1;

constexpr const char* style = R"(
body { font: 16px/1.5 system-ui, sans-serif; max-width: 46em; margin: 2em auto; padding: 0 1em; color: #222; background: #fafafa }
h1 { margin-bottom: 0 } .lead { color: #666; margin-top: .2em }
table { border-collapse: collapse; width: 100%; margin: 1em 0 } td, th { padding: .3em .6em; border-bottom: 1px solid #ddd; text-align: left }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums }
.bar { background: #ddd; border-radius: 4px; height: 1.2em; overflow: hidden } .bar div { background: #3a7; height: 100% }
code { background: #eee; padding: .15em .4em; border-radius: 3px; overflow-wrap: anywhere }
@media (prefers-color-scheme: dark) { body { background: #181818; color: #ddd } code { background: #333 } td, th { border-color: #444 } .bar { background: #444 } .lead { color: #999 } }
)";

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

/// A table row of a name and a number.
void add_row(pugi::xml_node& table, const char* name, const std::string& value) {
  pugi::xml_node row = add(table, "tr");
  add(row, "td", name);
  pugi::xml_node cell = add(row, "td");
  cell.append_attribute("class").set_value("n");
  cell.text().set(value.c_str());
}

void add_hosts(pugi::xml_node& body, const Project& project) {
  std::vector<const Host*> hosts;
  for (const auto& [id, host] : project.hosts.known()) hosts.push_back(&host);
  if (hosts.empty()) return;
  std::sort(hosts.begin(), hosts.end(), [](const Host* a, const Host* b) { return a->credit.total > b->credit.total; });
  constexpr std::size_t most_shown = 50;
  if (hosts.size() > most_shown) hosts.resize(most_shown);
  add(body, "h2", "Hosts");
  pugi::xml_node table = add(body, "table");
  pugi::xml_node head = add(table, "tr");
  for (const char* name : {"host", "platform", "processors", "credit", "recent"}) add(head, "th", name);
  for (const Host* host : hosts) {
    pugi::xml_node row = add(table, "tr");
    add(row, "td", fmt::format("{}", host->id));
    add(row, "td", host->platform);
    add(row, "td", host->info.ncpus);
    add(row, "td", fmt::format("{:.2f}", host->credit.total));
    add(row, "td", fmt::format("{:.2f}", host->credit.average));
  }
}

void add_progress(pugi::xml_node& body, const Project& project) {
  const std::uint64_t done = project.counts.tasks_done, all = std::max<std::uint64_t>(done + project.tasks.waiting_count(), 1);
  const double percent = 100.0 * static_cast<double>(done) / static_cast<double>(all);
  pugi::xml_node bar = add(body, "div");
  bar.append_attribute("class").set_value("bar");
  pugi::xml_node fill = add(bar, "div");
  fill.append_attribute("style").set_value(fmt::format("width:{:.1f}%", percent).c_str());
  fill.text().set(" ");
  pugi::xml_node table = add(body, "table");
  const Counts& counts = project.counts;
  add_row(table, "tasks done", fmt::format("{}", done));
  add_row(table, "tasks that wait", fmt::format("{}", project.tasks.waiting_count()));
  add_row(table, "workunits made", fmt::format("{}", counts.workunits));
  add_row(table, "copies sent", fmt::format("{}", counts.sent));
  add_row(table, "copies out now", fmt::format("{}", counts.in_progress));
  if (counts.in_progress > 0)
    add_row(table, "… at the latest until (UTC)",
            fmt::format("{:%Y-%m-%d %H:%M}", fmt::gmtime(to_ms(counts.last_deadline) / 1000)));
  add_row(table, "reported", fmt::format("{}", counts.reported));
  add_row(table, "found right", fmt::format("{}", counts.valid));
  add_row(table, "found wrong", fmt::format("{}", counts.invalid));
  add_row(table, "errors", fmt::format("{}", counts.errors));
  add_row(table, "past their deadline", fmt::format("{}", counts.timed_out));
}

}  // namespace

std::string master_page(const Project& project) {
  const Settings& settings = project.settings;
  const std::string scheduler = settings.url + "scheduler";
  pugi::xml_document document;
  document.append_child(pugi::node_doctype).set_value("html");
  pugi::xml_node html = document.append_child("html");
  html.append_attribute("lang").set_value("en");
  pugi::xml_node head = add(html, "head");
  // The client reads the page line by line, 256 bytes each.
  pugi::xml_node link = add(head, "link");
  link.append_attribute("rel").set_value("boinc_scheduler");
  link.append_attribute("href").set_value(scheduler.c_str());
  head.append_child(pugi::node_comment).set_value(fmt::format(" <scheduler>{}</scheduler> ", scheduler).c_str());
  pugi::xml_node charset = add(head, "meta");
  charset.append_attribute("charset").set_value("utf-8");
  add(head, "title", settings.title);
  add(head, "style", style);
  pugi::xml_node body = add(html, "body");
  add(body, "h1", settings.title);
  pugi::xml_node lead = add(body, "p");
  lead.append_attribute("class").set_value("lead");
  lead.text().set("A volunteer computing project. Your computer can help while you do not need it.");
  add_progress(body, project);
  add(body, "h2", "Take part");
  add(body, "p",
      "Install BOINC (boinc.berkeley.edu, or your system's package boinc-client), and attach it with the account key that the "
      "project's owner gave you:");
  pugi::xml_node paragraph = add(body, "p");
  add(paragraph, "code", fmt::format("boinccmd --project_attach {} ACCOUNT_KEY", settings.url));
  if (settings.open_accounts)
    add(body, "p", "Or make an account of your own in the BOINC Manager: add project, and this page's address.");
  std::string platforms = "There are applications for:";
  for (const WorkerBuild& build : project.versions.all()) platforms += " " + build.platform;
  add(body, "p", platforms);
  add_hosts(body, project);
  return to_text(document);
}

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

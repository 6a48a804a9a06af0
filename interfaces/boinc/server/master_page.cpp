#include "boinc/server/master_page.hpp"

#include <algorithm>
#include <chrono>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include "boinc/protocol/xml.hpp"
#include "dashboard/page.hpp"

namespace mw::boinc {
namespace {

using Node = pugi::xml_node;
using Seconds = std::chrono::duration<double>;

/// What the dashboard's style sheet has no need of: a bar that is drawn without a script or a style attribute.
constexpr std::string_view bar_style =
    "svg.progress { width: 100%; } .progress .finished { fill: var(--finished); } .progress .running { fill: var(--running); }\n"
    ".facts { grid-template-columns: repeat(auto-fill, minmax(8rem, 1fr)); }\n"
    "main p + pre, pre + p { margin-top: .5rem; } pre { margin-left: 0; }\n";

Node add_part(Node parent, const char* element, std::string_view of_class, const std::string& text = "") {
  Node node = add(parent, element);
  if (!of_class.empty()) node.append_attribute("class").set_value(std::string{of_class}.c_str());
  if (!text.empty()) node.text().set(text.c_str());
  return node;
}

Node add_card(Node main, const char* title, std::string_view of_class = "card") {
  Node card = add_part(main, "section", of_class);
  add(card, "h2", title);
  return card;
}

/// 1234567 as "1,234,567".
std::string in_thousands(std::uint64_t number) {
  std::string text = std::to_string(number);
  for (std::size_t at = text.size(); at > 3; text.insert(at, ",")) at -= 3;
  return text;
}

/// One name and its value, of a list of them; `swatch`: the colour that stands for it in the bar.
void add_fact(Node list, const char* name, const std::string& value, std::string_view swatch = "") {
  Node fact = add(list, "div");
  Node term = add(fact, "dt");
  if (!swatch.empty()) add_part(term, "i", fmt::format("swatch {}", swatch));
  term.append_child(pugi::node_pcdata).set_value(name);
  add(fact, "dd", value);
}
void add_fact(Node list, const char* name, std::uint64_t value, std::string_view swatch = "") {
  add_fact(list, name, in_thousands(value), swatch);
}

std::string in_words(Seconds time) {
  const double s = std::max(time.count(), 0.0);
  constexpr double minute = 60, hour = 3600, day = 86'400;
  if (s < 1.5 * minute) return fmt::format("{:.0f} s", s);
  if (s < 1.5 * hour) return fmt::format("{:.0f} min", s / minute);
  if (s < 1.5 * day) return fmt::format("{:.0f} h", s / hour);
  return fmt::format("{:.0f} days", s / day);
}

std::string utc(Time time) { return fmt::format("{:%Y-%m-%d %H:%M}", fmt::gmtime(to_ms(time) / 1000)); }

/// At the pace of this run so far; empty while too little is known.
std::string time_left(const Project& project, std::size_t open_tasks) {
  const double done = static_cast<double>(project.counts.tasks_done);
  const Seconds so_far = project.now() - project.counts.first_sent;
  constexpr Seconds shortest{10};
  if (done == 0 || open_tasks == 0 || project.counts.first_sent == Time{} || so_far < shortest) return "";
  return fmt::format("about {} left", in_words(so_far * (static_cast<double>(open_tasks) / done)));
}

void add_bar(Node card, double done, double out) {
  Node bar = add_part(card, "svg", "progress");
  bar.append_attribute("role").set_value("img");
  bar.append_attribute("aria-label").set_value(fmt::format("{:.1f} % done, {:.1f} % given out", done, out).c_str());
  const auto add_piece = [&](const char* of_class, double from, double width) {
    Node piece = add_part(bar, "rect", of_class);
    piece.append_attribute("x").set_value(fmt::format("{:.2f}%", from).c_str());
    piece.append_attribute("width").set_value(fmt::format("{:.2f}%", width).c_str());
    piece.append_attribute("height").set_value("100%");
  };
  add_piece("finished", 0, done);
  add_piece("running", done, out);
}

double total_credit(const Project& project) {
  double total = 0;
  for (const auto& [id, host] : project.hosts.known()) total += host.credit.total;
  return total;
}

void add_progress(Node main, const Project& project, std::size_t open_tasks) {
  const std::uint64_t done = project.counts.tasks_done, all = done + open_tasks,
                      waiting = std::min<std::uint64_t>(project.tasks.waiting_count(), open_tasks), out = open_tasks - waiting;
  const auto percent = [&](std::uint64_t part) {
    return all == 0 ? 0 : 100.0 * static_cast<double>(part) / static_cast<double>(all);
  };
  Node card = add_part(main, "section", "card wide");
  add_part(card, "h2", "unseen", "Progress");
  Node line = add_part(card, "div", "progress-line");
  add(line, "span",
      all == 0 ? "No tasks yet" : fmt::format("{} of {} tasks, {:.1f} %", in_thousands(done), in_thousands(all), percent(done)));
  if (const std::string left = time_left(project, open_tasks); !left.empty()) add(line, "span", left);
  add_bar(card, percent(done), percent(out));
  Node tiles = add_part(card, "dl", "tiles");
  add_fact(tiles, "Done", done, "finished");
  add_fact(tiles, "Given out", out, "running");
  add_fact(tiles, "Waiting", waiting, "waiting");
  const Time lately = project.now() - std::chrono::hours{1};
  add_fact(tiles, "Hosts, last hour", project.hosts.active(lately));
  add_fact(tiles, "Processors", project.hosts.active_processors(lately));
  add_fact(tiles, "Credit", fmt::format("{:.2f}", total_credit(project)));
}

void add_way_in(Node main, const Project& project) {
  const Settings& settings = project.settings;
  Node card = add_card(main, "Take part");
  add(card, "p",
      "Your computer can help while you do not need it. You need the account key that the owner of this project gives you, in a "
      "file:");
  add(card, "pre", fmt::format("mw volunteer {} --key-file account_key", settings.url));
  if (settings.keys_for_each) {
    add(card, "p", "Or with BOINC (your system's package boinc-client, or boinc.berkeley.edu):");
    add(card, "pre", fmt::format("boinccmd --project_attach {} ACCOUNT_KEY", settings.url));
  } else {
    add(card, "p",
        "Or with BOINC (your system's package boinc-client, or boinc.berkeley.edu) and the account file that the owner has:");
    add(card, "pre",
        fmt::format("sudo install -o boinc -m 600 account_{}.xml /var/lib/boinc-client/\nsudo systemctl restart boinc-client",
                    settings.app));
  }
  if (settings.open_accounts)
    add(card, "p", "Or make an account of your own in the BOINC Manager: add project, and this page's address.");
  std::string platforms;
  for (const WorkerBuild& build : project.versions.all()) platforms += (platforms.empty() ? "" : ", ") + build.platform;
  add_part(card, "p", "quiet", fmt::format("It runs on: {}", platforms));
}

void add_workunits(Node main, const Project& project) {
  const Counts& counts = project.counts;
  Node facts = add_part(add_card(main, "Workunits of this run"), "dl", "facts");
  add_fact(facts, "Made", counts.workunits);
  add_fact(facts, "Ended", counts.workunits_over);
  add_fact(facts, "Copies sent", counts.sent);
  add_fact(facts, "Copies out now", static_cast<std::uint64_t>(std::max<std::int64_t>(counts.in_progress, 0)));
  if (counts.in_progress > 0) add_fact(facts, "Due by (UTC)", utc(counts.last_deadline));
  add_fact(facts, "Reported", counts.reported);
  add_fact(facts, "Found right", counts.valid);
  add_fact(facts, "Found wrong", counts.invalid);
  add_fact(facts, "Errors", counts.errors);
  add_fact(facts, "Past their deadline", counts.timed_out);
}

void add_host(Node table, const Host& host, Time now) {
  Node row = add(table, "tr");
  add_part(row, "td", "name", host.info.name.empty() ? fmt::format("host {}", host.id) : host.info.name);
  add_part(row, "td", "minor", host.platform);
  add_part(row, "td", "number minor", fmt::format("{}", host.info.ncpus));
  add_part(row, "td", "number", fmt::format("{:.2f}", host.credit.total));
  add_part(row, "td", "number minor", fmt::format("{:.2f}", host.credit.average));
  add_part(row, "td", "number", fmt::format("{} ago", in_words(now - host.last_rpc)));
}

void add_hosts(Node main, const Project& project) {
  std::vector<const Host*> hosts;
  for (const auto& [id, host] : project.hosts.known()) hosts.push_back(&host);
  constexpr std::size_t most_shown = 50;
  const std::size_t shown = std::min(hosts.size(), most_shown);
  std::partial_sort(hosts.begin(), hosts.begin() + static_cast<std::ptrdiff_t>(shown), hosts.end(),
                    [](const Host* a, const Host* b) {
                      return std::pair{-a->credit.total, a->id} < std::pair{-b->credit.total, b->id};
                    });
  Node card = add_card(main, "Hosts", "card wide");
  if (hosts.empty()) return add(card, "p", "None has come yet.");
  Node table = add(add_part(card, "div", "scroller"), "table");
  Node head = add(table, "tr");
  add(head, "th", "Host");
  add_part(head, "th", "minor", "Platform");
  add_part(head, "th", "number minor", "Processors");
  add_part(head, "th", "number", "Credit");
  add_part(head, "th", "number minor", "Credit a day");
  add_part(head, "th", "number", "Last seen");
  for (std::size_t i = 0; i < shown; ++i) add_host(table, *hosts[i], project.now());
  if (hosts.size() > shown) add_part(card, "p", "quiet", fmt::format("and {} more", hosts.size() - shown));
}

void add_tag(Node head, const char* element, std::initializer_list<std::pair<const char*, std::string>> attributes) {
  Node tag = add(head, element);
  for (const auto& [name, value] : attributes) tag.append_attribute(name).set_value(value.c_str());
}

void add_head(Node html, const Settings& settings) {
  const std::string scheduler = settings.url + "scheduler";
  Node head = add(html, "head");
  // The client reads the page line by line, 256 bytes each.
  add_tag(head, "link", {{"rel", "boinc_scheduler"}, {"href", scheduler}});
  head.append_child(pugi::node_comment).set_value(fmt::format(" <scheduler>{}</scheduler> ", scheduler).c_str());
  add_tag(head, "meta", {{"charset", "utf-8"}});
  add_tag(head, "meta", {{"name", "viewport"}, {"content", "width=device-width, initial-scale=1"}});
  add_tag(head, "meta", {{"name", "color-scheme"}, {"content", "light dark"}});
  add(head, "title", settings.title);
  add_tag(head, "link", {{"rel", "icon"}, {"href", "data:,"}});
  add_tag(head, "link", {{"rel", "stylesheet"}, {"href", "page.css"}});
}

}  // namespace

std::string master_page(const Project& project, std::size_t open_tasks) {
  const Settings& settings = project.settings;
  pugi::xml_document document;
  document.append_child(pugi::node_doctype).set_value("html");
  Node html = document.append_child("html");
  html.append_attribute("lang").set_value("en");
  add_head(html, settings);
  Node body = add(html, "body");
  Node title = add_part(add(body, "header"), "div", "title");
  add(title, "h1", settings.title);
  add_part(title, "span", "quiet", settings.description.empty() ? "a volunteer computing project" : settings.description);
  Node main = add(body, "main");
  add_progress(main, project, open_tasks);
  add_way_in(main, project);
  add_workunits(main, project);
  add_hosts(main, project);
  add_part(body, "footer", "quiet small-text",
           fmt::format("As of {} UTC. Load the page again to see what has changed.", utc(project.now())));
  return to_text(document);
}

std::string page_style() { return fmt::format("{}{}", dashboard::page_css(), bar_style); }

}  // namespace mw::boinc

#include "mw/top.hpp"

#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <optional>
#include <string_view>

#include <fmt/format.h>
#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <boost/json.hpp>

#include "process/standard_streams.hpp"
#include "watching/fields.hpp"
#include "watching/master_link.hpp"
#include "watching/words.hpp"

namespace mw::tool {
namespace {

namespace json = boost::json;

volatile sig_atomic_t has_to_end = 0;
volatile sig_atomic_t has_to_pause = 0;

void note_end(int) { has_to_end = 1; }
void note_pause(int) { has_to_pause = 1; }

/// The terminal is another screen meanwhile, and keys come at once; whatever ends it, it is as it was.
class Screen {
 public:
  Screen() {
    for (const int signal : {SIGINT, SIGTERM, SIGHUP}) handle(signal, note_end);
    handle(SIGTSTP, note_pause);
    has_keys_ = ::tcgetattr(STDIN_FILENO, &before_) == 0;
    open();
  }
  ~Screen() { close(); }
  Screen(const Screen&) = delete;
  Screen& operator=(const Screen&) = delete;

  void show(const TextLines& lines) const {
    std::string text = "\x1b[H";
    for (std::size_t i = 0; i < lines.size(); ++i) text += (i == 0 ? "" : "\r\n") + lines[i] + "\x1b[K";
    process::print(text + "\x1b[J");
    process::flush_stdout();
  }
  static winsize size() {
    winsize size{};
    if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col != 0) return size;
    size.ws_row = 24;
    size.ws_col = 80;
    return size;
  }
  /// Waits for so long. False if that was the last of it.
  bool wait(std::chrono::milliseconds time) {
    const auto end = std::chrono::steady_clock::now() + time;
    while (!has_to_end) {
      if (has_to_pause) pause();
      const auto remaining = std::chrono::ceil<std::chrono::milliseconds>(end - std::chrono::steady_clock::now());
      if (remaining.count() <= 0) return true;
      pollfd keys{has_keys_ ? STDIN_FILENO : -1, POLLIN, 0};
      if (::poll(&keys, 1, static_cast<int>(remaining.count())) <= 0) continue;
      char key = 0;
      if (::read(STDIN_FILENO, &key, 1) <= 0) has_keys_ = false;
      if (key == 'q' || key == 'Q') return false;
    }
    return false;
  }

 private:
  static void handle(int signal, void (*call)(int)) {
    struct sigaction action = {};
    action.sa_handler = call;
    ::sigaction(signal, &action, nullptr);
  }
  void open() const {
    if (has_keys_) {
      termios raw = before_;
      raw.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);
      ::tcsetattr(STDIN_FILENO, TCSANOW, &raw);
    }
    process::print("\x1b[?1049h\x1b[?25l");
    process::flush_stdout();
  }
  void close() const {
    process::print("\x1b[?25h\x1b[?1049l");
    process::flush_stdout();
    if (has_keys_) ::tcsetattr(STDIN_FILENO, TCSANOW, &before_);
  }
  void pause() const {
    has_to_pause = 0;
    close();
    ::raise(SIGSTOP);
    open();
  }

  termios before_ = {};
  bool has_keys_ = false;
};

bool can_show_screen() {
  const char* const terminal = std::getenv("TERM");
  return ::isatty(STDOUT_FILENO) == 1 && terminal && *terminal && std::string_view{terminal} != "dumb";
}

/// Nothing when the master is gone.
std::optional<json::object> look(MasterLink& master) {
  try {
    json::object picture = master.picture();
    if (text(picture, "state") == "ended") return std::nullopt;
    return picture;
  } catch (const http::TransferError&) {
    return std::nullopt;
  }
}

/// Returns the last that was seen.
json::object watch_on_screen(MasterLink& master, json::object picture, std::chrono::milliseconds interval) {
  Screen screen;
  while (true) {
    const winsize size = Screen::size();
    const std::size_t rows = std::max<std::size_t>(size.ws_row, 2);
    TextLines lines = tool::screen(picture, size.ws_col, rows - 1);
    lines.resize(rows - 1);
    lines.emplace_back("q: quit");
    screen.show(lines);
    if (!screen.wait(interval)) return picture;
    auto next = look(master);
    if (!next) return picture;
    picture = std::move(*next);
  }
}

json::object watch_in_lines(MasterLink& master, json::object picture, std::chrono::milliseconds interval) {
  for (const int signal : {SIGINT, SIGTERM}) ::signal(signal, note_end);
  while (true) {
    process::print(progress_line(picture) + "\n");
    if (!process::flush_stdout()) return picture;
    for (const auto end = std::chrono::steady_clock::now() + interval; !has_to_end && std::chrono::steady_clock::now() < end;)
      ::poll(nullptr, 0, static_cast<int>(std::min<std::int64_t>(interval.count(), 100)));
    if (has_to_end) return picture;
    auto next = look(master);
    if (!next) return picture;
    picture = std::move(*next);
  }
}

}  // namespace

void add_top(CLI::App& cli, TopCommand& command) {
  auto* top =
      cli.add_subcommand("top", "Shows a running master with a dashboard (--dashboard) on the terminal, until it ends, or q.");
  top->add_option("master", command.master,
                  "which: its process number, its program's name, or the address that it has said; default: the only one of this "
                  "user on this machine");
  constexpr double longest = 3600;
  top->add_option("--interval", command.interval, "seconds from one look to the next")
      ->check(CLI::Range(0.1, longest))
      ->capture_default_str()
      ->type_name("S");
  top->add_flag("--plain", command.plain, "a line each time; so it is where stdout is no terminal");
}

void top(const TopCommand& command) {
  const dashboard::Announced where = find_master(command.master);
  MasterLink master{where, [] { return has_to_end == 0; }};
  const auto interval = std::chrono::milliseconds{static_cast<std::int64_t>(command.interval * 1000)};
  json::object first = master.picture();
  const bool is_plain = command.plain || !can_show_screen();
  const json::object last =
      is_plain ? watch_in_lines(master, std::move(first), interval) : watch_on_screen(master, std::move(first), interval);
  if (!is_plain) process::print(progress_line(last) + "\n");
}

}  // namespace mw::tool

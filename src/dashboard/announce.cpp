#include "dashboard/announce.hpp"

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <exception>
#include <filesystem>

#include <fmt/format.h>
#include <boost/json.hpp>

#include "process/file.hpp"
#include "process/place.hpp"

namespace mw::dashboard {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

constexpr std::string_view prefix = "watch-";

bool is_running(std::uint32_t pid) { return ::kill(static_cast<pid_t>(pid), 0) == 0 || errno != ESRCH; }

std::string text_in(const json::object& object, std::string_view key) {
  const json::value* const value = object.if_contains(key);
  return value && value->is_string() ? std::string{value->get_string()} : std::string{};
}

Announced read(const std::string& path) {
  const json::object object = json::parse(process::read_secret_file(path)).as_object();
  Announced one{text_in(object, "url"), text_in(object, "key"), text_in(object, "program")};
  one.pid = object.at("pid").to_number<std::uint32_t>();
  one.started = object.at("started").to_number<double>();
  return one;
}

}  // namespace

Announcement::Announcement(const Announced& what) noexcept {
  static std::atomic<unsigned> number{0};
  try {
    const auto pid = static_cast<std::uint32_t>(::getpid());
    std::string path = fmt::format("{}/{}{}-{}.json", process::make_temporary_folder(), prefix, pid, ++number);
    const json::object object{
        {"url", what.url}, {"key", what.key}, {"program", what.program}, {"pid", pid}, {"started", what.started}};
    process::write_file(path, json::serialize(object), 0600);
    path_ = std::move(path);
  } catch (const std::exception&) {
    // It can be watched all the same.
  }
}

Announcement::~Announcement() {
  std::error_code ignored;
  if (!path_.empty()) fs::remove(path_, ignored);
}

std::vector<Announced> announced() {
  std::vector<Announced> list;
  const std::string folder = process::temporary_folder_path();
  if (!process::is_for_user_alone(folder)) return list;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator{folder, ignored}) {
    const std::string name = entry.path().filename().string();
    if (!name.starts_with(prefix) || !name.ends_with(".json")) continue;
    try {
      Announced one = read(entry.path().string());
      if (is_running(one.pid))
        list.push_back(std::move(one));
      else
        fs::remove(entry.path(), ignored);
    } catch (const std::exception&) {
      // Half a file, or none any more.
    }
  }
  std::sort(list.begin(), list.end(), [](const Announced& a, const Announced& b) { return a.started > b.started; });
  return list;
}

}  // namespace mw::dashboard

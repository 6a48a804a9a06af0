// What the tests of traces have in common: a file read back, and what must hold of every event.
#pragma once

#include <catch2/catch.hpp>

#include <cstdint>
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <boost/json.hpp>

namespace test {

inline std::string text_of_file(const std::string& path) {
  std::ifstream file{path, std::ios::binary};
  return {std::istreambuf_iterator<char>{file}, {}};
}

inline double microseconds(const boost::json::object& event, const char* key) { return event.at(key).to_number<double>(); }

inline std::string word(const boost::json::object& event, const char* key) {
  return event.contains(key) ? std::string{event.at(key).as_string()} : std::string{};
}

/// The events of a trace, each of which is one; and slices of one lane that do not overlap.
class TraceEvents {
 public:
  explicit TraceEvents(const std::string& text) {
    boost::json::error_code error;
    const auto all = boost::json::parse(text, error);
    REQUIRE_FALSE(error);
    for (const auto& one : all.as_array()) check(one.as_object());
    for (const auto& [lane, slices] : slices_) {
      double over = 0;
      for (const auto& [begin, length] : slices) {
        CHECK(begin >= over - 0.0015);  // nanoseconds in a double
        over = begin + length;
      }
    }
  }

  const std::vector<boost::json::object>& events() const { return events_; }
  std::vector<boost::json::object> of(const std::string& phase, const std::string& category = {}) const {
    std::vector<boost::json::object> some;
    for (const auto& event : events_)
      if (word(event, "ph") == phase && (category.empty() || word(event, "cat") == category)) some.push_back(event);
    return some;
  }
  /// How often each task has come to its end.
  std::map<std::uint64_t, int> ends() const {
    std::map<std::uint64_t, int> ends;
    for (const auto& event : events_) {
      const std::string category = word(event, "cat");
      static const std::set<std::string> last{"finished", "failed", "cancelled", "known", "never began"};
      if (last.contains(category)) ++ends[event.at("args").as_object().at("task").to_number<std::uint64_t>()];
    }
    return ends;
  }
  std::set<std::string> lane_names() const {
    std::set<std::string> names;
    for (const auto& event : of("M"))
      if (word(event, "name") == "thread_name") names.insert(word(event.at("args").as_object(), "name"));
    return names;
  }

 private:
  using Lane = std::pair<std::uint64_t, std::uint64_t>;

  void check(const boost::json::object& event) {
    const std::string phase = word(event, "ph");
    const Lane lane{event.at("pid").to_number<std::uint64_t>(), event.at("tid").to_number<std::uint64_t>()};
    CHECK_FALSE(word(event, "name").empty());
    if (phase == "M") {
      CHECK(event.at("args").as_object().at("name").is_string());
      if (word(event, "name") == "thread_name") CHECK(named_.insert(lane).second);
    } else {
      CHECK(named_.contains(lane));
      CHECK(microseconds(event, "ts") >= 0);
    }
    if (phase == "X") {
      CHECK(microseconds(event, "dur") >= 0);
      CHECK(microseconds(event.at("args").as_object(), "run_us") >= 0);
      CHECK(slices_[lane].emplace(microseconds(event, "ts"), microseconds(event, "dur")) != slices_[lane].end());
    } else if (phase == "i") {
      CHECK((word(event, "s") == "t" || word(event, "s") == "g"));
    } else if (phase == "C") {
      for (const auto& [key, value] : event.at("args").as_object()) CHECK(value.is_number());
    } else {
      CHECK(phase == "M");
    }
    events_.push_back(event);
  }

  std::vector<boost::json::object> events_;
  std::set<Lane> named_;
  std::map<Lane, std::multimap<double, double>> slices_;
};

}  // namespace test

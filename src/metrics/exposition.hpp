// Prometheus' exposition format, line by line.
//
// What:    writes families and their samples. Label values may be anything: what is no UTF-8, or would break a line, is
//          escaped.
// Owner:   owns the text until it is taken.
// Threads: one at a time.
// Use:
//     Exposition text;
//     text.family("cppmw_tasks_running", "gauge", "Tasks that a worker runs.");
//     text.sample("cppmw_workers", {{"state", "idle"}}, 2);
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace mw::metrics {

class Exposition {
 public:
  using Labels = std::initializer_list<std::pair<std::string_view, std::string_view>>;

  /// `type` is counter, gauge or summary; `help` is one line. All samples of a family follow it.
  void family(std::string_view name, std::string_view type, std::string_view help);
  void sample(std::string_view name, Labels labels, double value);
  /// A family of one sample.
  void single(std::string_view name, std::string_view type, std::string_view help, double value);

  std::string take() { return std::move(text_); }

 private:
  std::string text_;
};

}  // namespace mw::metrics

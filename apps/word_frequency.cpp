// The most frequent words of many files: chunks of files are tasks, whose counts are merged (Trickle's example). A word
// is a run of letters A to Z, in lower case, as `tr -cs A-Za-z '\n' | tr A-Z a-z` has it.
#include <mw/app.hpp>
#include <mw/mw.hpp>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <boost/unordered/unordered_flat_map.hpp>

#include "files.hpp"

using Counts = boost::unordered_flat_map<std::string, std::uint64_t>;
using Frequencies = std::vector<std::pair<std::string, std::uint64_t>>;

Frequencies count_words(const std::vector<std::string>& paths) {
  Counts counts;
  for (std::size_t i = 0; i < paths.size(); ++i) {
    std::ifstream file{paths[i], std::ios::binary};
    if (!file) throw std::runtime_error{paths[i] + " cannot be read: a worker on another machine needs --travel"};
    const std::string text{std::istreambuf_iterator<char>{file}, {}};
    std::string word;
    for (const char c : text + '\n') {
      const char lower = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
      if (lower >= 'a' && lower <= 'z') {
        word += lower;
      } else if (!word.empty()) {
        ++counts[word];
        word.clear();
      }
    }
    mw::set_progress(static_cast<double>(i + 1) / static_cast<double>(paths.size()));
  }
  return {counts.begin(), counts.end()};
}

int main(int argc, char** argv) {
  mw::init(argc, argv);
  std::string folder = ".", pattern = "*";
  std::uint64_t chunk = 100, top = 10;
  bool travel = false;
  mw::App app{"word_frequency", "Counts the words of files."};
  app.option("--folder", folder, "where the files are, and in the folders in it");
  app.option("--pattern", pattern, "which of them, as the shell has it: *.txt");
  app.option("--chunk", chunk, "files a task", 1, 1'000'000'000);
  app.option("--top", top, "how many of the most frequent words are printed");
  app.flag("--travel", travel, "send the files along, to workers that do not see them");
  std::vector<std::string> paths;
  app.check([&] { paths = apps::files_below(folder, pattern); });
  return app.run(argc, argv, [&](mw::Master& master, mw::Report& report) {
    std::vector<mw::Task<Frequencies>> tasks;
    for (std::size_t first = 0; first < paths.size(); first += chunk) {
      std::vector<std::string> part(
          paths.begin() + static_cast<std::ptrdiff_t>(first),
          paths.begin() + static_cast<std::ptrdiff_t>(std::min<std::size_t>(first + chunk, paths.size())));
      mw::TaskOptions options;
      if (travel)
        for (std::size_t i = 0; i < part.size(); ++i) {
          options.files.push_back({part[i], std::to_string(i)});
          part[i] = std::to_string(i);
        }
      tasks.push_back(master.submit_task<count_words>(options, part));
    }
    Counts all;
    for (const auto& done : master.as_completed(tasks))
      for (auto& [word, count] : done.result()) all[std::move(word)] += count;
    Frequencies sorted(all.begin(), all.end());
    std::sort(sorted.begin(), sorted.end(),
              [](const auto& a, const auto& b) { return a.second != b.second ? a.second > b.second : a.first < b.first; });
    std::uint64_t words = 0;
    for (const auto& [word, count] : sorted) words += count;
    report.result("files", std::uint64_t{paths.size()});
    report.result("words", words);
    report.result("different_words", std::uint64_t{sorted.size()});
    for (std::size_t i = 0; i < sorted.size() && i < top; ++i)
      report.result(std::to_string(i + 1) + ". " + sorted[i].first, sorted[i].second);
  });
}

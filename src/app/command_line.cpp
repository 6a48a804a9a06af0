#include "app/command_line.hpp"

#include <algorithm>
#include <numeric>
#include <sstream>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include "process/standard_streams.hpp"

namespace mw::app {
namespace {

/// How many letters must be put in, taken out or exchanged (Levenshtein's distance).
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i + 1);
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t exchanged = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({exchanged, row[j] + 1, row[j + 1] + 1});
    }
  }
  return row.back();
}

std::vector<std::string> option_names(const CLI::App& cli) {
  std::vector<std::string> names;
  for (const CLI::Option* option : cli.get_options())
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  return names;
}

std::vector<std::string> subcommand_names(const CLI::App& cli) {
  std::vector<std::string> names;
  for (const CLI::App* one : cli.get_subcommands([](const CLI::App*) { return true; })) names.push_back(one->get_name());
  return names;
}

std::string meant(const std::string& name) { return name.empty() ? "" : fmt::format(": did you mean {}?", name); }

/// The subcommand that was chosen, or the program itself.
const CLI::App& innermost(const CLI::App& cli) {
  const auto chosen = cli.get_subcommands();
  return chosen.empty() ? cli : *chosen.front();
}

std::string about_words(const CLI::App& cli, const std::vector<std::string>& words) {
  const auto option = std::find_if(words.begin(), words.end(), [](const std::string& word) { return word.starts_with('-'); });
  if (option != words.end()) {
    const std::string name = option->substr(0, option->find('='));
    return fmt::format("there is no option {}{}", name, meant(most_alike(name, option_names(cli))));
  }
  return fmt::format("{} {} not expected", fmt::join(words, " "), words.size() == 1 ? "was" : "were");
}

}  // namespace

std::string most_alike(std::string_view word, const std::vector<std::string>& names) {
  constexpr std::size_t most_changes = 2, least_length = 3;
  std::string best;
  std::size_t least = most_changes + 1;
  for (const std::string& name : names) {
    const bool is_beginning = name.starts_with(word) && word.size() > least_length;
    const std::size_t changes = is_beginning ? 1 : distance(word, name);
    if (changes < least) best = name, least = changes;
  }
  return best;
}

std::string explain(const CLI::App& cli, const CLI::ParseError& error) {
  const CLI::App& inner = innermost(cli);
  const std::vector<std::string> words = cli.remaining(true);
  const std::vector<std::string> commands = subcommand_names(cli);
  if (&inner == &cli && !commands.empty()) {
    const auto word = std::find_if(words.begin(), words.end(), [](const std::string& one) { return !one.starts_with('-'); });
    if (word != words.end())
      return fmt::format("there is no subcommand \"{}\"; there are {}{}", *word, fmt::join(commands, ", "),
                         meant(most_alike(*word, commands)));
    if (words.empty()) return fmt::format("a subcommand is missing: {}", fmt::join(commands, ", "));
  }
  const bool is_about_words = dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr || (&inner == &cli && !commands.empty());
  return is_about_words && !words.empty() ? about_words(inner, words) : error.what();
}

int answer(const CLI::App& cli, const CLI::ParseError& question) {
  std::ostringstream text;
  const int status = cli.exit(question, text, text);
  process::print(text.str());
  return status;
}

}  // namespace mw::app

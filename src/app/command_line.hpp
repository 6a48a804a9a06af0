// What is to be said about a command line before anything runs: what is wrong with it, or --help.
//
// What:    explain() says it of an error of CLI11: words that nobody asked for in the order in which they were written,
//          with the option or the subcommand that was probably meant. answer() prints what was asked for.
// Owner:   nothing.
// Threads: main's.
// Use:
//     tell(explain(cli, error));        // there is no option --point: did you mean --points?
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace CLI {
class App;
class ParseError;
}  // namespace CLI

namespace mw::app {

std::string explain(const CLI::App& cli, const CLI::ParseError& error);

/// Prints what was asked for with --help or --version; returns the exit status.
int answer(const CLI::App& cli, const CLI::ParseError& question);

/// The one of `names` that is most like `word`; empty if none is.
std::string most_alike(std::string_view word, const std::vector<std::string>& names);

}  // namespace mw::app

// mw's manual pages and shell completions, from the definitions that --help is made of.
//
// What:    man_page() of mw or of one of its commands; bash_completion() and zsh_completion() of all of it.
// Owner:   nothing.
// Threads: main's.
// Use:
//     write_manual(cli, "build/share");     // man/man1/mw.1 …, bash-completion/completions/mw, zsh/site-functions/_mw
#pragma once

#include <filesystem>
#include <string>

namespace CLI {
class App;
}

namespace mw::tool {

/// In the language of man(7). `command` is `cli` itself or one of its subcommands.
std::string man_page(const CLI::App& cli, const CLI::App& command);
std::string bash_completion(const CLI::App& cli);
std::string zsh_completion(const CLI::App& cli);

/// Writes all of them below a folder, as they lie below /usr/share. Throws InterfaceError.
void write_manual(const CLI::App& cli, const std::filesystem::path& folder);

}  // namespace mw::tool

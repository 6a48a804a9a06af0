#include "mw/manual.hpp"

#include <algorithm>
#include <string_view>
#include <system_error>
#include <vector>

#include <fmt/format.h>
#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include "process/file.hpp"

namespace mw::tool {
namespace {

/// Those that --help shows.
std::vector<const CLI::App*> commands_of(const CLI::App& cli) {
  return cli.get_subcommands([](const CLI::App* one) { return !one->get_group().empty(); });
}

std::vector<const CLI::Option*> options_of(const CLI::App& command) {
  return command.get_options([](const CLI::Option* one) { return !one->get_group().empty() && !one->get_positional(); });
}

std::vector<const CLI::Option*> positionals_of(const CLI::App& command) {
  return command.get_options([](const CLI::Option* one) { return one->get_positional(); });
}

/// "-h", "--help".
std::vector<std::string> names_of(const CLI::Option& option) {
  std::vector<std::string> names;
  for (const std::string& name : option.get_snames()) names.push_back("-" + name);
  for (const std::string& name : option.get_lnames()) names.push_back("--" + name);
  return names;
}

/// "N,N,…": without what CLI11 adds about the values that it takes.
std::string value_of(const CLI::Option& option) {
  if (option.get_items_expected_max() == 0) return {};
  const std::string type = option.get_type_name();
  return type.substr(0, type.find(':'));
}

/// For man: nothing in it is a request, and '-' is what one types.
std::string roff(std::string_view text) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool begins_line = i == 0 || text[i - 1] == '\n';
    if (begins_line && (text[i] == '.' || text[i] == '\'')) result += "\\&";
    if (text[i] == '\\')
      result += "\\e";
    else if (text[i] == '-')
      result += "\\-";
    else
      result += text[i];
  }
  return result;
}

/// Within '…' of a shell.
std::string in_quotes(std::string_view text) {
  std::string result;
  for (const char c : text) result += c == '\'' ? std::string{"'\\''"} : std::string{c};
  return result;
}

/// Within a specification of zsh's _arguments or _describe.
std::string zsh_text(std::string_view text) {
  std::string result;
  for (const char c : text) {
    if (c == '[' || c == ']' || c == ':' || c == '\\') result += '\\';
    result += c;
  }
  return in_quotes(result);
}

template <class Strings>
std::string joined(const Strings& strings, std::string_view between) {
  return fmt::format("{}", fmt::join(strings, between));
}

/// The shells know no more of a word than that it may be a file.
std::string words_of(const CLI::App& command) {
  std::vector<std::string> words;
  for (const CLI::Option* option : options_of(command))
    for (std::string& name : names_of(*option)) words.push_back(std::move(name));
  return joined(words, " ");
}

void write_below(const std::filesystem::path& folder, const std::string& path, const std::string& text) {
  std::error_code error;
  std::filesystem::create_directories((folder / path).parent_path(), error);
  process::write_file(folder / path, text);
}

}  // namespace

std::string man_page(const CLI::App& cli, const CLI::App& command) {
  const bool is_all = &cli == &command;
  const std::string name = is_all ? cli.get_name() : cli.get_name() + " " + command.get_name();
  std::string page_name = name;
  std::replace(page_name.begin(), page_name.end(), ' ', '-');
  std::string title = page_name;
  std::transform(title.begin(), title.end(), title.begin(),
                 [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
  std::string page = fmt::format(".TH {} 1 \"\" \"CppMW {}\" \"CppMW\"\n", title, MW_VERSION);
  page += fmt::format(".SH NAME\n{} \\- {}\n.SH SYNOPSIS\n.B {}\n", roff(page_name), roff(command.get_description()), roff(name));
  if (is_all)
    page += "\\fICOMMAND\\fR [\\fIOPTION\\fR]...\n";
  else
    page += "[\\fIOPTION\\fR]...";
  for (const CLI::Option* one : positionals_of(command))
    page += fmt::format(" {0}\\fI{2}\\fR{1}", one->get_required() ? "" : "[", one->get_required() ? "" : "]",
                        roff(one->get_name(true)));
  page += '\n';
  if (is_all) {
    page += ".SH COMMANDS\n";
    for (const CLI::App* one : commands_of(cli))
      page += fmt::format(".TP\n.BR {}\\-{} (1)\n{}\n", roff(cli.get_name()), roff(one->get_name()), roff(one->get_description()));
  }
  if (const auto positionals = positionals_of(command); !positionals.empty()) {
    page += ".SH ARGUMENTS\n";
    for (const CLI::Option* one : positionals)
      page += fmt::format(".TP\n\\fI{}\\fR\n{}\n", roff(one->get_name(true)), roff(one->get_description()));
  }
  page += ".SH OPTIONS\n";
  for (const CLI::Option* one : options_of(command)) {
    const std::string value = value_of(*one), usual = one->get_default_str();
    page += fmt::format(".TP\n\\fB{}\\fR{}\n{}{}\n", roff(joined(names_of(*one), ", ")),
                        value.empty() ? "" : fmt::format(" \\fI{}\\fR", roff(value)), roff(one->get_description()),
                        usual.empty() ? "" : fmt::format(" (default: {})", roff(usual)));
  }
  if (!command.get_footer().empty()) page += fmt::format(".SH NOTES\n.nf\n{}\n.fi\n", roff(command.get_footer()));
  page +=
      ".SH ENVIRONMENT\n.TP\n\\fBMW_LOG\\fR\nThe least weight of what is said on stderr while it works: debug, info, warning "
      "(the default), error, or off.\n.TP\n\\fBMW_LOG_FORMAT\\fR\njson: a JSON object on each line of that.\n";
  page += ".SH EXIT STATUS\n0: done. 1: it failed. 2: the command line was wrong.\n";
  if (!is_all) page += fmt::format(".SH SEE ALSO\n.BR {} (1)\n", roff(cli.get_name()));
  return page;
}

std::string bash_completion(const CLI::App& cli) {
  std::vector<std::string> commands;
  std::string cases;
  for (const CLI::App* one : commands_of(cli)) {
    commands.push_back(one->get_name());
    cases += fmt::format("    {}) options='{}' ;;\n", one->get_name(), in_quotes(words_of(*one)));
  }
  // What is behind "--" is a command line of its own.
  return fmt::format(R"(# bash completion of {0}
_{0}() {{
  local word=${{COMP_WORDS[COMP_CWORD]}} options='' i
  COMPREPLY=()
  if [ "$COMP_CWORD" -eq 1 ]; then
    mapfile -t COMPREPLY < <(compgen -W '{1} {2}' -- "$word")
    return
  fi
  case ${{COMP_WORDS[1]}} in
{3}  esac
  for ((i = 2; i < COMP_CWORD; ++i)); do
    [ "${{COMP_WORDS[i]}}" != -- ] || options=''
  done
  if [[ $word == -* ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$options" -- "$word")
  else
    compopt -o filenames 2>/dev/null
    mapfile -t COMPREPLY < <(compgen -f -- "$word")
  fi
}}
complete -F _{0} {0}
)",
                     cli.get_name(), joined(commands, " "), words_of(cli), cases);
}

std::string zsh_completion(const CLI::App& cli) {
  const auto arguments = [](const CLI::App& command) {
    std::string text;
    for (const CLI::Option* option : options_of(command)) {
      const std::string value = value_of(*option);
      for (const std::string& name : names_of(*option))
        text += fmt::format(" \\\n        '{}[{}]{}'", name, zsh_text(option->get_description()),
                            value.empty() ? "" : fmt::format(":{}:_files", zsh_text(value)));
    }
    return text;
  };
  std::string commands, cases;
  for (const CLI::App* one : commands_of(cli)) {
    commands += fmt::format("    '{}:{}'\n", one->get_name(), zsh_text(one->get_description()));
    cases += fmt::format("      {}) _arguments{} \\\n        '*:file:_files' ;;\n", one->get_name(), arguments(*one));
  }
  return fmt::format(R"(#compdef {0}
_{0}() {{
  local state
  local -a commands=(
{1}  )
  _arguments -C{2} \
    '1:command:->command' '*::argument:->argument'
  case $state in
    command) _describe command commands ;;
    argument)
      case $words[1] in
{3}      esac ;;
  esac
}}
_{0} "$@"
)",
                     cli.get_name(), commands, arguments(cli), cases);
}

void write_manual(const CLI::App& cli, const std::filesystem::path& folder) {
  const std::string& name = cli.get_name();
  write_below(folder, fmt::format("man/man1/{}.1", name), man_page(cli, cli));
  for (const CLI::App* one : commands_of(cli))
    write_below(folder, fmt::format("man/man1/{}-{}.1", name, one->get_name()), man_page(cli, *one));
  write_below(folder, fmt::format("bash-completion/completions/{}", name), bash_completion(cli));
  write_below(folder, fmt::format("zsh/site-functions/_{}", name), zsh_completion(cli));
}

}  // namespace mw::tool

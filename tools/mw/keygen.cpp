#include "mw/keygen.hpp"

#include <fcntl.h>

#include <cerrno>
#include <cstring>
#include <span>

#include <fmt/format.h>
#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include <mw/error.hpp>

#include "net/key_file.hpp"
#include "process/file.hpp"
#include "process/unique_fd.hpp"

namespace mw::tool {

void add_keygen(CLI::App& cli, KeygenCommand& command) {
  auto* keygen = cli.add_subcommand("keygen", "Makes a key for masters and nodes of the network (interface tcp).");
  keygen->add_option("file", command.file, "where the key is written; it must not be there yet")->required();
  auto* node = keygen
                   ->add_option("--node", command.node,
                                "make the key of this node alone: it lets in a node of this name, and opens nothing else")
                   ->type_name("NAME");
  auto* of = keygen->add_option("--of", command.of, "the master's key that a node's key is made of")->type_name("FILE");
  node->needs(of);
  of->needs(node);
  keygen->footer(
      "A machine that has the master's key can make every node's key. Where nodes are other people's, give each its own.\n"
      "Example: mw keygen cppmw.key\n"
      "         mw keygen pi1.key --node pi1 --of cppmw.key");
}

void keygen(const KeygenCommand& command) {
  net::KeyFile key;
  if (command.node.empty()) {
    key.key = net::make_key();
  } else {
    if (!net::is_node_name(command.node))
      throw UsageError{fmt::format("--node {}: a node's name has letters, digits, '.', '-' and '_', 64 at most", command.node)};
    const net::KeyFile master = net::read_key_file(command.of);
    if (!master.node.empty())
      throw UsageError{fmt::format("--of {}: this is the key of the node {}, not a master's", command.of, master.node)};
    key = {net::node_key(master.key, command.node), command.node};
  }
  const process::UniqueFd file{::open(command.file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600)};
  if (file.get() < 0)
    throw InterfaceError{errno == EEXIST
                             ? fmt::format("{} is there already, and may be in use: name another file, or remove it", command.file)
                             : fmt::format("{} cannot be written: {}", command.file, std::strerror(errno))};
  const std::string text = net::to_text(key);
  process::write_all(file.get(), std::as_bytes(std::span{text}), command.file);
}

}  // namespace mw::tool

// mw new: begins an application.
#pragma once

#include <string>
#include <string_view>

namespace CLI {
class App;
}

namespace mw::tool {

/// apps/template/CMakeLists.txt and my_app.cpp.
extern const std::string_view template_lists, template_source;

struct NewCommand {
  std::string name;
};

void add_new(CLI::App& cli, NewCommand& command);
/// Makes a folder of the application's name with what one needs to build and run it. Throws UsageError if the name
/// cannot be that of a program, or is taken; InterfaceError if a file cannot be written.
void new_app(const NewCommand& command);

}  // namespace mw::tool

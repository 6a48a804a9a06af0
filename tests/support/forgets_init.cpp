// What must not happen in silence: a main() without mw::init that makes a master of worker processes.
#include <mw/mw.hpp>

#include <string>

int main() {
  try {
    mw::Master master{mw::MulticoreInterface{2}};
    return 1;
  } catch (const mw::InterfaceError& e) {
    return std::string{e.what()}.find("mw::init") != std::string::npos ? 42 : 2;
  }
}

// A main() that calls mw::init in the master and skips it in workers, as a condition in the wrong place would.
#include <mw/mw.hpp>

#include <cstdlib>
#include <iostream>
#include <string>

int main(int argc, char** argv) {
  if (!std::getenv("MW_WORKER")) mw::init(argc, argv);
  try {
    mw::Master master{mw::MulticoreInterface{2}};
    master.get_result(master.submit_task<[](int x) { return x; }>(1));
    return 1;
  } catch (const mw::TaskError& e) {
    const bool explained = std::string{e.what()}.find("mw::init") != std::string::npos;
    return e.cause() == mw::Cause::no_worker && explained ? 42 : 2;
  } catch (const mw::InterfaceError& e) {
    std::cerr << e.what() << '\n';  // in the worker
    return 3;
  }
}

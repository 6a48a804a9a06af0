// The main() of every test program: as in any application, a worker process never gets past mw::init.
#define CATCH_CONFIG_RUNNER
#include <catch2/catch.hpp>

#include <mw/init.hpp>

int main(int argc, char** argv) {
  mw::init(argc, argv);
  return Catch::Session().run(argc, argv);
}

// What ThreadSanitizer asks a program for. libstdc++ counts who holds an exception inside its library, where it is not
// seen that a thread which read the exception gave its share back before the last one destroyed it.
extern "C" const char* __tsan_default_suppressions() { return "race:std::__exception_ptr::exception_ptr::_M_release\n"; }

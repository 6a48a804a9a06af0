// The main() of every test program: as in any application, a worker process never gets past mw::init.
#define CATCH_CONFIG_RUNNER
#include <catch2/catch.hpp>

#include <mw/init.hpp>

int main(int argc, char** argv) {
  mw::init(argc, argv);
  return Catch::Session().run(argc, argv);
}

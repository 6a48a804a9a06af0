// How mw speedup reads a list of interfaces.
#include <catch2/catch.hpp>

#include <mw/interface.hpp>

#include "speedup/interface_list.hpp"

using mw::tool::interfaces_in;

TEST_CASE("a list of interfaces is cut where one begins, not within the options of one", "[tools]") {
  using List = std::vector<std::string>;
  CHECK(interfaces_in("multicore") == List{"multicore"});
  CHECK(interfaces_in("multicore,mpi") == List{"multicore", "mpi"});
  CHECK(interfaces_in("mpi:?hosts=a,b") == List{"mpi:?hosts=a,b"});
  CHECK(interfaces_in("mpi:?hosts=a:4,b:4&lost_after_s=3,multicore,mpi?hosts=c,d") ==
        List{"mpi:?hosts=a:4,b:4&lost_after_s=3", "multicore", "mpi?hosts=c,d"});
  // A host whose name only begins like an interface is a host; a name that is none is left for the application to
  // refuse.
  CHECK(interfaces_in("mpi:?hosts=a,mpi1,serial-7") == List{"mpi:?hosts=a,mpi1,serial-7"});
  CHECK(interfaces_in("multicore,nonsense") == List{"multicore", "nonsense"});
  // Several as one are one.
  CHECK(interfaces_in("multicore:1+mpi:?hosts=a,b,multicore+tcp,serial") ==
        List{"multicore:1+mpi:?hosts=a,b", "multicore+tcp", "serial"});
  // A program that is none of CppMW's may have names of its own.
  CHECK(interfaces_in("pool,mpi4py") == List{"pool", "mpi4py"});
}

TEST_CASE("mw speedup cuts at each name of the table of interfaces", "[tools]") {
  for (const std::string& name : mw::interface_names()) {
    INFO(name);
    CHECK(interfaces_in("mpi:?hosts=a,b," + name).size() == 2);
  }
}

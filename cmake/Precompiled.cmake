# mw_precompile(std|asio targets… [SMALL]): what most files include and take longest to read, read once for all of these
# targets. Only headers of libraries: one of ours would have to be compiled anew with each change, and may be compiled
# differently from one target to the next.
# SMALL: in a release these targets are compiled for size: what runs no more often than once a request is most of a
# program, and gains nothing from being unrolled.
# Each file still includes what it uses: the fuzzers are built without any of this.
set(MW_STD_HEADERS
  <algorithm> <array> <atomic> <chrono> <cstdint> <cstring> <deque> <filesystem> <fstream> <functional> <map> <memory> <mutex> <optional>
  <set> <span> <string> <string_view> <thread> <unordered_map> <utility> <vector>
  <fmt/format.h> <fmt/ranges.h>)
set(MW_ASIO_HEADERS
  <boost/asio/as_tuple.hpp> <boost/asio/awaitable.hpp> <boost/asio/co_spawn.hpp> <boost/asio/io_context.hpp> <boost/asio/ip/tcp.hpp>
  <boost/asio/local/stream_protocol.hpp> <boost/asio/posix/stream_descriptor.hpp> <boost/asio/post.hpp> <boost/asio/read.hpp>
  <boost/asio/steady_timer.hpp> <boost/asio/use_awaitable.hpp> <boost/asio/write.hpp>)

function(mw_precompile kind)
  cmake_parse_arguments(arg "SMALL" "" "" ${ARGN})
  set(header mw_precompiled_${kind})
  # -O3 makes programs larger, and a task no faster.
  set(level -O2)
  if(arg_SMALL)
    set(header ${header}_small)
    set(level -Os)
  endif()
  # g++ 12 at these levels takes values of std::optional for uninitialised that are not.
  set(options $<$<CONFIG:Release>:${level}> $<$<AND:$<CONFIG:Release>,$<CXX_COMPILER_ID:GNU>>:-Wno-maybe-uninitialized>)
  foreach(target ${arg_UNPARSED_ARGUMENTS})
    target_compile_options(${target} PRIVATE ${options})
  endforeach()
  if(NOT PROJECT_IS_TOP_LEVEL OR MW_BUILD_FUZZERS)
    return()
  endif()
  if(NOT TARGET ${header})
    file(WRITE ${CMAKE_BINARY_DIR}/${header}.cpp "")
    add_library(${header} OBJECT ${CMAKE_BINARY_DIR}/${header}.cpp)
    target_link_libraries(${header} PRIVATE mw::options mw::fmt Boost::headers)
    target_compile_options(${header} PRIVATE ${options})
    set(headers ${MW_STD_HEADERS})
    if(kind STREQUAL "asio")
      list(APPEND headers ${MW_ASIO_HEADERS})
    endif()
    target_precompile_headers(${header} PRIVATE ${headers})
  endif()
  foreach(target ${arg_UNPARSED_ARGUMENTS})
    target_precompile_headers(${target} REUSE_FROM ${header})
  endforeach()
endfunction()

# mw_add_fast_part(target std|asio sources…): what of a library for size is compiled for speed: it runs for each task.
# It becomes part of the same library, as the first of it: of an inline function that both have, linkers take the first.
function(mw_add_fast_part target kind)
  set(part ${target}_fast)
  add_library(${part} OBJECT ${ARGN})
  set_target_properties(${part} PROPERTIES UNITY_BUILD_BATCH_SIZE 18)
  foreach(property INCLUDE_DIRECTORIES COMPILE_DEFINITIONS LINK_LIBRARIES)
    get_target_property(value ${target} ${property})
    if(value)
      set_target_properties(${part} PROPERTIES ${property} "${value}")
    endif()
  endforeach()
  target_sources(${target} PRIVATE $<TARGET_OBJECTS:${part}>)
  mw_precompile(${kind} ${part})
endfunction()

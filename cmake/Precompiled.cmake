# mw_precompile(std|asio targets…): what most files include and take longest to read, read once for all of these targets. Only headers of
# libraries: one of ours would have to be compiled anew with each change, and may be compiled differently from one target to the next.
# Each file still includes what it uses; tools/lint and the fuzzers' build, which has none of this, look at that.
set(MW_STD_HEADERS
  <algorithm> <array> <atomic> <chrono> <cstdint> <cstring> <deque> <filesystem> <fstream> <functional> <map> <memory> <mutex> <optional>
  <set> <span> <string> <string_view> <thread> <unordered_map> <utility> <vector>
  <fmt/format.h> <fmt/ranges.h>)
set(MW_ASIO_HEADERS
  <boost/asio/as_tuple.hpp> <boost/asio/awaitable.hpp> <boost/asio/co_spawn.hpp> <boost/asio/io_context.hpp> <boost/asio/ip/tcp.hpp>
  <boost/asio/local/stream_protocol.hpp> <boost/asio/posix/stream_descriptor.hpp> <boost/asio/post.hpp> <boost/asio/read.hpp>
  <boost/asio/steady_timer.hpp> <boost/asio/use_awaitable.hpp> <boost/asio/write.hpp>)

function(mw_precompile kind)
  if(NOT PROJECT_IS_TOP_LEVEL OR MW_BUILD_FUZZERS)
    return()
  endif()
  if(NOT TARGET mw_precompiled_${kind})
    file(WRITE ${CMAKE_BINARY_DIR}/precompiled_${kind}.cpp "")
    add_library(mw_precompiled_${kind} OBJECT ${CMAKE_BINARY_DIR}/precompiled_${kind}.cpp)
    target_link_libraries(mw_precompiled_${kind} PRIVATE mw::options mw::fmt Boost::headers)
    set(headers ${MW_STD_HEADERS})
    if(kind STREQUAL "asio")
      list(APPEND headers ${MW_ASIO_HEADERS})
    endif()
    target_precompile_headers(mw_precompiled_${kind} PRIVATE ${headers})
  endif()
  foreach(target ${ARGN})
    target_precompile_headers(${target} REUSE_FROM mw_precompiled_${kind})
  endforeach()
endfunction()

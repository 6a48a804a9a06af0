# MW_WORKER_PLATFORM: what BOINC calls the machine that this build is for; empty where it has no name for it. In the
# cache, as mw_add_app is called in folders beside and above this project's, too.
set(platform "")
if(CMAKE_SYSTEM_NAME STREQUAL "Linux")
  if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|amd64|AMD64)$")
    set(platform x86_64-pc-linux-gnu)
  elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "^(aarch64|arm64)$")
    set(platform aarch64-unknown-linux-gnu)
  elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "^arm")
    set(platform arm-unknown-linux-gnueabihf)
  endif()
endif()
set(MW_WORKER_PLATFORM "${platform}" CACHE INTERNAL "")

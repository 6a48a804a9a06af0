# mw::fmt: {fmt} for what goes into a worker build, which takes no library of the machine it comes to. Debian has no
# static one, so it is compiled here from its headers, once: as headers alone it would be compiled with each source
# file, and that takes most of their time.
get_target_property(mw_fmt_headers fmt::fmt-header-only INTERFACE_INCLUDE_DIRECTORIES)
file(STRINGS ${mw_fmt_headers}/fmt/core.h mw_fmt_version REGEX "^#define FMT_VERSION [0-9]+")
string(REGEX MATCH "[0-9]+" mw_fmt_version "${mw_fmt_version}")
if(mw_fmt_version GREATER_EQUAL 90000 AND mw_fmt_version LESS 100000)
  add_library(mw_fmt STATIC ${CMAKE_CURRENT_LIST_DIR}/../src/formatting/fmt.cpp)
  target_compile_features(mw_fmt PUBLIC cxx_std_20)
  target_compile_options(mw_fmt PRIVATE $<$<CONFIG:Release>:-Os> -ffunction-sections ${MW_POSITION_INDEPENDENT})
  target_include_directories(mw_fmt SYSTEM PUBLIC ${mw_fmt_headers})
  # As Debian's library is used: one precompiled header serves both. Here it does nothing but mark {fmt}'s functions as
  # visible.
  target_compile_definitions(mw_fmt PUBLIC FMT_SHARED)
else()
  set(mw_fmt_is_header_only ON)
  add_library(mw_fmt INTERFACE)  # what it has to be compiled from differs from version to version
  target_link_libraries(mw_fmt INTERFACE fmt::fmt-header-only)
endif()
add_library(mw::fmt ALIAS mw_fmt)

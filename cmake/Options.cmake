# mw::options: how CppMW's own code is compiled. Warnings are errors here, not in projects that use CppMW.
add_library(mw_options INTERFACE)
add_library(mw::options ALIAS mw_options)
target_compile_features(mw_options INTERFACE cxx_std_20)
if(PROJECT_IS_TOP_LEVEL)
  target_compile_options(mw_options INTERFACE -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
    # g++ 12 sees overlaps and overflows in std::string's functions that are not there (GCC bugs 105651 and 105329),
    # more of them where <string> comes from a precompiled header.
    target_compile_options(mw_options INTERFACE -Wno-restrict -Wno-stringop-overflow -Wno-array-bounds -Wno-stringop-overread)
  endif()
endif()

# What a program does not use is left out of it.
target_compile_options(mw_options INTERFACE $<$<CONFIG:Release>:-ffunction-sections> $<$<CONFIG:Release>:-fdata-sections>)
target_link_options(mw_options INTERFACE $<$<CONFIG:Release>:LINKER:--gc-sections>)

# Applications that are built here have the addresses that they correct as they start in a packed form (RELR). It has to
# be known to ld (2.38; mold 1.10 packs them in a form that glibc refuses) and to the C library (glibc 2.36).
set(MW_PACKED_ADDRESSES "")
if(PROJECT_IS_TOP_LEVEL AND NOT CMAKE_CROSSCOMPILING)
  include(CheckCXXSourceRuns)
  set(CMAKE_REQUIRED_LINK_OPTIONS -fuse-ld=bfd LINKER:-z,pack-relative-relocs,-z,noseparate-code)
  check_cxx_source_runs("const char* volatile texts[] = {\"a\", \"b\"};\nint main() { return texts[0] == texts[1]; }" MW_ADDRESSES_CAN_BE_PACKED)
  if(MW_ADDRESSES_CAN_BE_PACKED)
    set(MW_PACKED_ADDRESSES ${CMAKE_REQUIRED_LINK_OPTIONS})
  endif()
  unset(CMAKE_REQUIRED_LINK_OPTIONS)
endif()

# A shared library of somebody's may have CppMW in it. Calls inside CppMW are bound at compile time all the same.
set(MW_POSITION_INDEPENDENT -fPIC -fno-semantic-interposition)
target_compile_options(mw_options INTERFACE ${MW_POSITION_INDEPENDENT})

# Asio is compiled once: src/asio.
target_compile_definitions(mw_options INTERFACE BOOST_ASIO_SEPARATE_COMPILATION)

if(CMAKE_UNITY_BUILD AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # g++ knows that what is in an unnamed namespace of the main file cannot clash; in a unity build no file is that.
  target_compile_options(mw_options INTERFACE -Wno-subobject-linkage)
endif()

if(MW_SANITIZE)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # Instrumented code hides from g++ what is initialised (GCC manual, -fsanitize).
    target_compile_options(mw_options INTERFACE -Wno-maybe-uninitialized)
  endif()
  list(JOIN MW_SANITIZE "," sanitizers)
  add_compile_options(-fsanitize=${sanitizers} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  # Programs at a fixed address, since a test starts some ten, and each would begin with a million relocations.
  add_link_options(-fsanitize=${sanitizers} $<$<STREQUAL:$<TARGET_PROPERTY:TYPE>,EXECUTABLE>:-no-pie>)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang" AND "undefined" IN_LIST MW_SANITIZE)
    # clang++ 14 cannot compile coroutines with this one.
    add_compile_options(-fno-sanitize=function)
  endif()
endif()
if("thread" IN_LIST MW_SANITIZE)
  if("undefined" IN_LIST MW_SANITIZE)
    # This check makes a pipe to find out whether memory can be read, which ThreadSanitizer takes for a data race.
    add_compile_options(-fno-sanitize=vptr)
  endif()
  # ThreadSanitizer does not know fences. Asio's are beside its mutexes, which it knows.
  add_compile_definitions(BOOST_ASIO_DISABLE_FENCED_BLOCK)
endif()
if(MW_BUILD_FUZZERS)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()

# mw_add_worker(name sources… [OBJECTS …]): the worker build of a program: one file that needs nothing of the machine it
# comes to, in workers/PLATFORM/NAME beside the program. The same sources; no master, no backend. It and the program
# NAME, if there is such a target by now, get the stamp by which they know each other. Where the sources read the same
# with and without MW_WORKER_BUILD, what was compiled of them for the program may be given as OBJECTS.
function(mw_add_worker name)
  cmake_parse_arguments(arg "" "" "OBJECTS" ${ARGN})
  mw_make_build_stamp(stamp ${name} ${arg_UNPARSED_ARGUMENTS})
  if(TARGET ${name})
    target_sources(${name} PRIVATE ${stamp})
  endif()
  if(NOT MW_BUILD_WORKERS OR NOT MW_WORKER_PLATFORM)
    return()
  endif()
  if(NOT arg_OBJECTS)
    set(arg_OBJECTS ${arg_UNPARSED_ARGUMENTS})
  endif()
  if(TARGET ${name})
    set(folder $<TARGET_FILE_DIR:${name}>)
  elseif(CMAKE_RUNTIME_OUTPUT_DIRECTORY)
    set(folder ${CMAKE_RUNTIME_OUTPUT_DIRECTORY})
  else()
    set(folder ${CMAKE_CURRENT_BINARY_DIR})
  endif()
  add_executable(${name}_worker ${arg_OBJECTS} ${stamp})
  set_target_properties(${name}_worker PROPERTIES
    OUTPUT_NAME ${name}
    RUNTIME_OUTPUT_DIRECTORY ${folder}/workers/${MW_WORKER_PLATFORM})
  target_link_libraries(${name}_worker PRIVATE mw::worker_build)
  target_compile_definitions(${name}_worker PRIVATE MW_WORKER_BUILD)
  if(TARGET mw_options)
    target_link_libraries(${name}_worker PRIVATE mw::options)
  endif()
  target_link_options(${name}_worker PRIVATE -s)  # volunteers download it
  if(NOT MW_SANITIZE)
    target_link_options(${name}_worker PRIVATE -static)
  endif()
endfunction()

# mw_add_app(name sources… [LIBRARIES …] [SAME_FOR_WORKERS] [MASTER_SOURCES …] [MASTER_LIBRARIES …]): an application of
# CppMW, master and workers in one program, and its worker build, which has neither the sources nor the libraries of the
# master, and is compiled with MW_WORKER_BUILD.
# LIBRARIES: what the tasks need: linked into both. A worker build is a static program, so these must exist as static
# libraries.
# SAME_FOR_WORKERS: the sources read the same with and without MW_WORKER_BUILD, and are compiled once for both, in
# NAME_objects.
function(mw_add_app name)
  cmake_parse_arguments(arg "SAME_FOR_WORKERS" "" "LIBRARIES;MASTER_SOURCES;MASTER_LIBRARIES" ${ARGN})
  set(sources ${arg_UNPARSED_ARGUMENTS})
  set(objects "")
  if(arg_SAME_FOR_WORKERS AND NOT MW_WORKERS_ONLY)
    add_library(${name}_objects OBJECT ${sources})
    mw_link_app(${name}_objects mw::mw ${arg_LIBRARIES})
    set(sources $<TARGET_OBJECTS:${name}_objects>)
    set(objects OBJECTS ${sources})
  endif()
  if(NOT MW_WORKERS_ONLY)
    add_executable(${name} ${sources} ${arg_MASTER_SOURCES})
    mw_link_app(${name} mw::app mw::mw ${arg_LIBRARIES} ${arg_MASTER_LIBRARIES})
  endif()
  mw_add_worker(${name} ${arg_UNPARSED_ARGUMENTS} ${objects})
  if(TARGET ${name}_worker AND arg_LIBRARIES)
    target_link_libraries(${name}_worker PRIVATE ${arg_LIBRARIES})
  endif()
  # boinc:N starts volunteers on this machine with the mw command, in whoever's project this is.
  if(TARGET ${name} AND TARGET mw_command AND NOT CMAKE_SOURCE_DIR STREQUAL CppMW_SOURCE_DIR)
    add_dependencies(${name} mw_command)
  endif()
  if(TARGET ${name} AND TARGET ${name}_worker)
    add_dependencies(${name} ${name}_worker)
  endif()
endfunction()

function(mw_link_app target)
  target_link_libraries(${target} PRIVATE ${ARGN})
  if(TARGET mw_options)
    target_link_libraries(${target} PRIVATE mw::options)
  endif()
  # A third of a program is the names in it, which only debuggers and profilers read: RelWithDebInfo keeps them.
  if(CMAKE_SOURCE_DIR STREQUAL CppMW_SOURCE_DIR)
    target_link_options(${target} PRIVATE $<$<CONFIG:Release>:LINKER:--strip-all> "$<$<CONFIG:Release>:${MW_PACKED_ADDRESSES}>")
  endif()
endfunction()

# mw_make_build_stamp(variable name sources…): a source file with a stamp of what a program is made of: the content of
# these sources, of the headers beside them, and of CppMW itself. A program and its worker builds, for whatever machine
# they are compiled, have the same one if they were made of the same sources; where one of them is older, the workers
# are refused.
# An installed CppMW has a file with the sums of its own sources in their place.
set(MW_STAMP_SCRIPT ${CMAKE_CURRENT_LIST_DIR}/StampSources.cmake)
if(EXISTS ${CMAKE_CURRENT_LIST_DIR}/sources.sum)
  set(MW_STAMP_OF_CPPMW ${CMAKE_CURRENT_LIST_DIR}/sources.sum)
else()
  file(GLOB_RECURSE MW_STAMP_OF_CPPMW CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/include/*.hpp ${PROJECT_SOURCE_DIR}/src/*.?pp)
endif()
set_property(GLOBAL PROPERTY MW_STAMP_SCRIPT ${MW_STAMP_SCRIPT})
set_property(GLOBAL PROPERTY MW_STAMP_OF_CPPMW ${MW_STAMP_OF_CPPMW})

function(mw_make_build_stamp variable name)
  get_property(script GLOBAL PROPERTY MW_STAMP_SCRIPT)
  get_property(files GLOBAL PROPERTY MW_STAMP_OF_CPPMW)
  foreach(source ${ARGN})
    cmake_path(ABSOLUTE_PATH source BASE_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR} NORMALIZE)
    cmake_path(GET source PARENT_PATH folder)
    file(GLOB headers CONFIGURE_DEPENDS ${folder}/*.h ${folder}/*.hh ${folder}/*.hpp)
    list(APPEND files ${source} ${headers})
  endforeach()
  list(REMOVE_DUPLICATES files)
  set(list ${CMAKE_CURRENT_BINARY_DIR}/${name}_stamp.list)
  set(output ${CMAKE_CURRENT_BINARY_DIR}/${name}_stamp.cpp)
  file(CONFIGURE OUTPUT ${list} CONTENT "${files}" @ONLY)  # only when it is another one
  add_custom_command(OUTPUT ${output}
    COMMAND ${CMAKE_COMMAND} -DLIST=${list} -DOUTPUT=${output} -P ${script}
    DEPENDS ${files} ${list} ${script}
    COMMENT "Build stamp of ${name}" VERBATIM)
  set_source_files_properties(${output} PROPERTIES SKIP_PRECOMPILE_HEADERS ON)
  set(${variable} ${output} PARENT_SCOPE)
endfunction()

# cmake --install: the libraries and headers, the commands, and what find_package(CppMW) and pkg-config need.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)
set(MW_PACKAGE_DIR ${CMAKE_INSTALL_LIBDIR}/cmake/CppMW)

# All libraries that an application or a worker build links, in one export set, under their names without the prefix.
set(mw_installed "")
foreach(target
    mw_agent mw_app mw_asio mw_boinc mw_boinc_protocol mw_boinc_setup mw_builds mw_channel mw_command_line mw_core mw_crypto mw_fmt
    mw_http_client mw_http_server mw_dashboard mw_interfaces mw_link mw_mpi mw_multicore mw_mw mw_net mw_node mw_options mw_pool mw_registry mw_remote mw_sandbox mw_serial mw_slot mw_slurm mw_spec
    mw_sqlite mw_tcp mw_tls mw_worker mw_worker_build)
  if(TARGET ${target})
    string(REGEX REPLACE "^mw_" "" name ${target})
    set_target_properties(${target} PROPERTIES EXPORT_NAME ${name})
    list(APPEND mw_installed ${target})
  endif()
endforeach()
install(TARGETS ${mw_installed} EXPORT CppMWTargets
  ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR}/cppmw COMPONENT development)
install(EXPORT CppMWTargets NAMESPACE mw:: DESTINATION ${MW_PACKAGE_DIR} COMPONENT development)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/mw DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT development
  FILES_MATCHING PATTERN "*.hpp")

if(TARGET mw_command)
  install(TARGETS mw_command RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT command)
  install(FILES ${PROJECT_SOURCE_DIR}/cmake/systemd/cppmw-node.service DESTINATION lib/systemd/system COMPONENT command)
endif()
get_property(manual GLOBAL PROPERTY MW_MANUAL)
if(manual)
  install(DIRECTORY ${manual}/ DESTINATION ${CMAKE_INSTALL_DATADIR} COMPONENT command)
endif()
install(FILES ${PROJECT_SOURCE_DIR}/python/cppmw_worker.py DESTINATION share/cppmw COMPONENT command)
if(TARGET mw_mpi_rank)
  install(TARGETS mw_mpi_rank RUNTIME DESTINATION libexec/cppmw COMPONENT mpi)
endif()

# The package.
configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/CppMWConfig.cmake.in ${CMAKE_CURRENT_BINARY_DIR}/CppMWConfig.cmake
  INSTALL_DESTINATION ${MW_PACKAGE_DIR} NO_SET_AND_CHECK_MACRO NO_CHECK_REQUIRED_COMPONENTS_MACRO)
write_basic_package_version_file(${CMAKE_CURRENT_BINARY_DIR}/CppMWConfigVersion.cmake COMPATIBILITY SameMinorVersion)
set(sums ${CMAKE_CURRENT_BINARY_DIR}/sources.sum)
add_custom_command(OUTPUT ${sums}
  COMMAND ${CMAKE_COMMAND} -DLIST=${CMAKE_CURRENT_BINARY_DIR}/sources.list -DOUTPUT=${sums} -P ${MW_STAMP_SCRIPT}
  DEPENDS ${MW_STAMP_OF_CPPMW}
  COMMENT "Sums of CppMW's sources" VERBATIM)
file(WRITE ${CMAKE_CURRENT_BINARY_DIR}/sources.list "${MW_STAMP_OF_CPPMW}")
add_custom_target(mw_sources_sum ALL DEPENDS ${sums})
install(FILES
  ${CMAKE_CURRENT_BINARY_DIR}/CppMWConfig.cmake
  ${CMAKE_CURRENT_BINARY_DIR}/CppMWConfigVersion.cmake
  ${sums}
  cmake/AddApp.cmake cmake/BuildStamp.cmake cmake/Platform.cmake cmake/StampSources.cmake
  DESTINATION ${MW_PACKAGE_DIR} COMPONENT development)

# pkg-config. The libraries refer to each other in both directions as far as a linker is concerned, so they are a group.
set(mw_pc_libraries "")
foreach(target IN LISTS mw_installed)
  get_target_property(type ${target} TYPE)
  if(type STREQUAL "STATIC_LIBRARY" AND NOT target STREQUAL "mw_worker_build")
    string(APPEND mw_pc_libraries " -l${target}")
  endif()
endforeach()
set(mw_pc_others "-lboost_json -lpthread -ldl")
if(MW_BOINC)
  string(APPEND mw_pc_others " -lpugixml")
endif()
configure_file(${PROJECT_SOURCE_DIR}/cmake/cppmw.pc.in ${CMAKE_CURRENT_BINARY_DIR}/cppmw.pc @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/cppmw.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT development)

# mw_add_app(name sources…): an application of CppMW, master and workers in one program.
function(mw_add_app name)
  add_executable(${name} ${ARGN})
  target_link_libraries(${name} PRIVATE mw::mw mw::app)
  if(TARGET mw_options)
    target_link_libraries(${name} PRIVATE mw::options)
  endif()
endfunction()

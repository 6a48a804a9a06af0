# cmake -DFOLDER=… -DOUTPUT=… -P EmbedPageFiles.cmake: writes the dashboard's page as C++. As numbers, since a string
# literal may have 65,536 characters at most.
function(embed name text forbidden)
  foreach(part IN LISTS forbidden)
    string(FIND "${text}" "${part}" place)
    if(NOT place EQUAL -1)
      message(FATAL_ERROR "The dashboard's page: \"${part}\" would end the text of ${name} in a report")
    endif()
  endforeach()
  file(WRITE ${OUTPUT}.part "${text}")
  file(READ ${OUTPUT}.part bytes HEX)
  file(REMOVE ${OUTPUT}.part)
  string(REGEX REPLACE "(................................................................)" "\\1\n" bytes "${bytes}")
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${bytes}")
  string(APPEND code "constexpr unsigned char ${name}_bytes[] = {\n${bytes}};\n\n")
  string(APPEND functions "std::string_view page_${name}() noexcept { return as_text(${name}_bytes, sizeof ${name}_bytes); }\n")
  set(code "${code}" PARENT_SCOPE)
  set(functions "${functions}" PARENT_SCOPE)
endfunction()

file(READ ${FOLDER}/index.html html)
file(READ ${FOLDER}/page.css css)
file(STRINGS ${FOLDER}/scripts.txt names)
set(js "'use strict';\n")
foreach(name IN LISTS names)
  file(READ ${FOLDER}/${name} script)
  string(APPEND js "${script}")
endforeach()
embed(html "${html}" "")
embed(css "${css}" "</style")
embed(js "${js}" "</script;<!--")

file(WRITE ${OUTPUT} "// Made of src/dashboard/page by cmake/EmbedPageFiles.cmake.
#include \"dashboard/page.hpp\"

#include <cstddef>

namespace mw::dashboard {
namespace {

${code}std::string_view as_text(const unsigned char* bytes, std::size_t size) noexcept {
  return {reinterpret_cast<const char*>(bytes), size};
}

}  // namespace

${functions}
}  // namespace mw::dashboard
")

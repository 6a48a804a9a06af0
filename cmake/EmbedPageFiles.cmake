# cmake -DFOLDER=… -DOUTPUT=… -P EmbedPageFiles.cmake: writes the dashboard's page as C++. As numbers, since a string
# literal may have 65,536 characters at most. Scripts and styles without the lines that are comments, and without the
# blanks that lines begin with: each program carries them.
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

# The text of a script or style. What spans lines would change with the blanks, so it may not: a text in back-ticks must
# end in its line and have none in it, and no line may end with a backslash.
function(read_bare file to)
  file(READ ${file} text)
  set(text "\n${text}")
  string(REGEX REPLACE "\n[ \n]+" "\n" text "${text}")
  string(REGEX REPLACE "\n//[^\n]*" "" text "${text}")
  string(REGEX REPLACE "\n/[*]([^*]|[*]+[^*/])*[*]+/\n" "\n\n" text "${text}")
  string(REGEX REPLACE "\n\n+" "\n" text "${text}")
  foreach(spanning "\n[^`\n]*`([^`\n]*`[^`\n]*`)*[^`\n]*\n" "[$]{[^}\n]*`" "\\\\\n")
    if(text MATCHES "${spanning}")
      message(FATAL_ERROR "The dashboard's page: a text in ${file} spans lines, or has another within it:${CMAKE_MATCH_0}")
    endif()
  endforeach()
  string(SUBSTRING "${text}" 1 -1 text)
  set(${to} "${text}" PARENT_SCOPE)
endfunction()

file(READ ${FOLDER}/index.html html)
read_bare(${FOLDER}/page.css css)
file(STRINGS ${FOLDER}/scripts.txt names)
set(js "'use strict';\n")
foreach(name IN LISTS names)
  read_bare(${FOLDER}/${name} script)
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

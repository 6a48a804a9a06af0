# mw_embed_page(target): a source file of the target with the dashboard's page in it, as src/dashboard/page.hpp declares
# it. It is made again when a file of the page has changed.
set(MW_EMBED_PAGE_SCRIPT ${CMAKE_CURRENT_LIST_DIR}/EmbedPageFiles.cmake)
set(MW_PAGE_FOLDER ${CMAKE_CURRENT_LIST_DIR}/../src/dashboard/page)
# In the order in which a browser reads them: each uses those before it.
file(STRINGS ${MW_PAGE_FOLDER}/scripts.txt MW_PAGE_SCRIPTS)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${MW_PAGE_FOLDER}/scripts.txt)

function(mw_embed_page target)
  set(output ${CMAKE_CURRENT_BINARY_DIR}/${target}_page.cpp)
  list(TRANSFORM MW_PAGE_SCRIPTS PREPEND ${MW_PAGE_FOLDER}/ OUTPUT_VARIABLE scripts)
  set(files ${MW_PAGE_FOLDER}/index.html ${MW_PAGE_FOLDER}/page.css ${scripts})
  add_custom_command(OUTPUT ${output}
    COMMAND ${CMAKE_COMMAND} -DFOLDER=${MW_PAGE_FOLDER} -DOUTPUT=${output} -P ${MW_EMBED_PAGE_SCRIPT}
    DEPENDS ${files} ${MW_PAGE_FOLDER}/scripts.txt ${MW_EMBED_PAGE_SCRIPT}
    COMMENT "The dashboard's page" VERBATIM)
  set_source_files_properties(${output} PROPERTIES SKIP_PRECOMPILE_HEADERS ON SKIP_UNITY_BUILD_INCLUSION ON)
  target_sources(${target} PRIVATE ${output})
endfunction()

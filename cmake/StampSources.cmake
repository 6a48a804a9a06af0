# cmake -DLIST=… -DOUTPUT=… -P StampSources.cmake: writes the stamp of the files in the list. Their paths do not count.
file(READ ${LIST} files)
set(sums "")
foreach(file IN LISTS files)
  file(SHA256 ${file} sum)
  string(APPEND sums ${sum})
endforeach()
string(SHA256 stamp "${sums}")
file(WRITE ${OUTPUT}
  "extern \"C\" {\nextern const char mw_build_stamp[];\nconst char mw_build_stamp[] = \"${stamp}\";\n}\n")

# Toolchain for worker builds for 64-bit Arm (a Raspberry Pi, say), on Debian's cross compiler:
#   cmake -S . -B build/aarch64 --toolchain cmake/aarch64-linux-gnu.cmake -DMW_WORKERS_ONLY=ON -DCMAKE_BUILD_TYPE=Release
#   cmake --build build/aarch64
# then copy build/aarch64/bin/workers/* beside the workers of the application.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_C_COMPILER aarch64-linux-gnu-gcc)
set(CMAKE_CXX_COMPILER aarch64-linux-gnu-g++)

# Of the libraries only headers are used, and those are the same everywhere; but the host's other headers must not be
# seen. So the needed ones are put into a folder of their own.
set(headers ${CMAKE_BINARY_DIR}/headers)
foreach(name boost cereal fmt)
  if(NOT EXISTS ${headers}/${name} AND EXISTS /usr/include/${name})
    file(MAKE_DIRECTORY ${headers})
    file(CREATE_LINK /usr/include/${name} ${headers}/${name} SYMBOLIC)
  endif()
endforeach()
set(MW_HEADERS_ONLY_FROM ${headers})
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)

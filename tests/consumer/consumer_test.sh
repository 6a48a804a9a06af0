#!/usr/bin/env bash
# consumer_test.sh BUILD-FOLDER SOURCE-FOLDER COMPILER: CppMW is installed, moved, and found by a project of somebody
# else's, and by pkg-config; the program runs on every interface.
set -euo pipefail
build=$1 source=$2 compiler=$3
here=$(cd "$(dirname "$0")" && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
export XDG_STATE_HOME=$folder/state

fail() {
  echo "$1" >&2
  [ ! -f "$folder/log" ] || tail -40 "$folder/log" >&2
  exit 1
}
# Out of the packages, or as it is installed; the folder that it was installed to does not count.
if command -v dpkg-deb >/dev/null && command -v dpkg-shlibdeps >/dev/null; then
  (cd "$folder" && cpack --config "$build/CPackConfig.cmake" -B "$folder/packages") >"$folder/log" 2>&1 || fail "cpack"
  for package in "$folder"/packages/*.deb; do
    dpkg-deb -x "$package" "$folder/root" >"$folder/log" 2>&1 || fail "$package"
    name=$(dpkg-deb -f "$package" Package) needs=$(dpkg-deb -f "$package" Depends)
    case $name in
      cppmw) [[ $needs == *libc6* && $needs == *libsqlite3-0* ]] ;;
      libcppmw-dev) [[ $needs == *libboost-json1.81-dev* ]] ;;
      cppmw-mpi) [[ $needs == *libmpich12* && $needs == *mpich,* ]] ;;
      *) false ;;
    esac || fail "$name depends on $needs"
    echo "$(basename "$package"): $needs"
  done
  mv "$folder/root/usr" "$folder/prefix"
else
  cmake --install "$build" --prefix "$folder/first" >"$folder/log" 2>&1 || fail "cmake --install"
  mv "$folder/first" "$folder/prefix"
fi
if grep -rlI "$source\|$build" "$folder/prefix/lib" | grep .; then fail "these installed files name the folder that CppMW was built in"; fi

# run NAME PROGRAM INTERFACE…
run() {
  local name=$1 program=$2 interface out
  for interface in "${@:3}"; do
    out=$(cd "$folder" && "$program" "$interface" 2>"$folder/log") || fail "$name on $interface: status $?"
    [ "$out" = 2525 ] || fail "$name on $interface: \"$out\", not 2525"
    echo "$name on $interface: $out"
  done
}

interfaces=(serial multicore:2)
[ ! -x "$folder/prefix/libexec/cppmw/mw_mpi_rank" ] || interfaces+=(mpi:2)
"$folder/prefix/bin/mw" --version

cmake -S "$here" -B "$folder/build" -G Ninja -DCMAKE_BUILD_TYPE=Release -DCMAKE_PREFIX_PATH="$folder/prefix" \
  -DCMAKE_CXX_COMPILER="$compiler" >"$folder/log" 2>&1 || fail "find_package(CppMW)"
cmake --build "$folder/build" >"$folder/log" 2>&1 || fail "the build with find_package(CppMW)"
boinc=()
if "$folder/prefix/bin/mw" volunteer --help >/dev/null 2>&1 && [ -d "$folder/build/workers" ]; then
  boinc=("boinc:2?state=temporary&listen=127.0.0.1:0")
fi
run "find_package" "$folder/build/weigh" "${interfaces[@]}" "${boinc[@]}"
run "a shared library" "$folder/build/weigh_by_library" "${interfaces[@]}"

# Other compilers, and a later standard, with the same libraries.
for other in g++:23 clang++:20 clang++:23; do
  command -v "${other%:*}" >/dev/null || continue
  cmake -S "$here" -B "$folder/other" -G Ninja -DCMAKE_BUILD_TYPE=Debug -DCMAKE_PREFIX_PATH="$folder/prefix" \
    -DCMAKE_CXX_COMPILER="${other%:*}" -DCMAKE_CXX_STANDARD="${other#*:}" >"$folder/log" 2>&1 || fail "find_package with $other"
  cmake --build "$folder/other" --target weigh >"$folder/log" 2>&1 || fail "the build with $other"
  run "$other" "$folder/other/weigh" "${interfaces[@]}" "${boinc[@]}"
  rm -rf "$folder/other"
done

# Manual pages, and what bash completes.
for page in mw mw-new mw-speedup mw-volunteer; do
  [ -s "$folder/prefix/share/man/man1/$page.1" ] || fail "there is no manual page $page"
done
if command -v man >/dev/null; then
  for page in "$folder"/prefix/share/man/man1/*.1; do
    warnings=$(LC_ALL=C.UTF-8 MANROFFSEQ='' MANWIDTH=80 man --warnings -E UTF-8 -l "$page" 2>&1 >/dev/null)
    [ -z "$warnings" ] || fail "$page: $warnings"
  done
fi
completed() {
  bash -c '. "$1"; shift; COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)); _mw; echo "${COMPREPLY[*]}"' - \
    "$folder/prefix/share/bash-completion/completions/mw" "$@"
}
[ "$(completed mw spe)" = speedup ] || fail "bash completes \"mw spe\" to \"$(completed mw spe)\""
[ "$(completed mw speedup --side)" = --side-by-side ] || fail "bash completes --side to \"$(completed mw speedup --side)\""

# What mw new begins, by the commands that it names.
cd "$folder"
prefix/bin/mw new first-app >"$folder/new" 2>"$folder/log" || fail "mw new"
(export CXX=$compiler CMAKE_GENERATOR=Ninja && eval "$(sed -n 's/^  \(cmake .*\)/\1/p' "$folder/new")") >"$folder/log" 2>&1 ||
  fail "the build of what mw new made"
for interface in "${interfaces[@]}" "${boinc[@]}"; do
  out=$(first-app/build/first-app -i "$interface" --pieces 40 2>"$folder/log") || fail "mw new on $interface: status $?"
  grep -qx 'pi  *3.141592654' <<<"$out" || fail "mw new on $interface: $out"
  echo "mw new on $interface: $(head -1 <<<"$out")"
done
for name in first-app ../x test "" 1st "a b" --json; do
  status=0
  prefix/bin/mw new "$name" >"$folder/log" 2>&1 || status=$?
  [ $status -eq 2 ] && [ "$(wc -l <"$folder/log")" -eq 1 ] || fail "mw new $name: status $status"
done
[ "$(ls first-app)" = "$(printf 'CMakeLists.txt\nbuild\nfirst-app.cpp')" ] || fail "mw new: $(ls first-app)"

# As a part of the project. All of it is built only by hand (fetched_test.sh): it takes minutes.
cmake -S "$here" -B "$folder/whole" -G Ninja -DCPPMW_SOURCE="$source" -DCMAKE_CXX_COMPILER="$compiler" >"$folder/log" 2>&1 ||
  fail "add_subdirectory"
grep -q "optimisation (Release)" "$folder/log" || fail "no word of the build type that was not given"
targets=$(ninja -C "$folder/whole" -t targets all | sed -n 's/^\([^ /]*\): .*/\1/p')
for target in weigh mw_command $([ ${#boinc[@]} -eq 0 ] || echo weigh_worker); do
  grep -qx "$target" <<<"$targets" || fail "add_subdirectory has no target $target"
done
grep -q 'workers/.*/weigh: CXX_EXECUTABLE_LINKER' "$folder/whole/build.ninja" || [ ${#boinc[@]} -eq 0 ] ||
  fail "the worker build is not beside the program"
echo "add_subdirectory: $(wc -l <<<"$targets") targets"

if command -v pkg-config >/dev/null; then
  export PKG_CONFIG_PATH=$folder/prefix/lib/pkgconfig
  # shellcheck disable=SC2046
  "$compiler" -std=c++20 -o "$folder/weigh" "$here/weigh.cpp" "$here/weights.cpp" $(pkg-config --cflags --libs cppmw) \
    >"$folder/log" 2>&1 || fail "pkg-config"
  PATH=$folder/prefix/bin:$PATH run "pkg-config" "$folder/weigh" "${interfaces[@]}"
fi

#!/usr/bin/env bash
# fetched_test.sh SOURCE-FOLDER [COMPILER]: somebody's project has CppMW brought along, out of an archive (FetchContent)
# and as a folder (add_subdirectory), all of it is built there, and the program runs on every interface. By hand: it
# takes minutes.
set -euo pipefail
source=$(cd "$1" && pwd) compiler=${2:-c++}
here=$(cd "$(dirname "$0")" && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
export XDG_STATE_HOME=$folder/state
fail() {
  echo "FAILED  $1" >&2
  tail -30 "$folder/log" >&2
  exit 1
}

tar -C "$source" --exclude=./build --exclude=./.git -czf "$folder/cppmw.tar.gz" .
for way in "CPPMW_ARCHIVE=$folder/cppmw.tar.gz" "CPPMW_SOURCE=$source"; do
  cmake -S "$here" -B "$folder/build" -G Ninja -D"$way" -DCMAKE_BUILD_TYPE=Release -DCMAKE_CXX_COMPILER="$compiler" >"$folder/log" 2>&1 ||
    fail "cmake with ${way%%=*}"
  cmake --build "$folder/build" >"$folder/log" 2>&1 || fail "the build with ${way%%=*}"
  for program in weigh weigh_by_library; do
    for interface in serial multicore:2 mpi:2 'boinc:2?state=temporary&listen=127.0.0.1:0'; do
      [ "$program" = weigh ] || [ "${interface%%:*}" != boinc ] || continue  # a library has no worker build
      found=$(find "$folder/build" -name "$program" -type f -perm -u+x -not -path '*/workers/*' | head -1)
      out=$("$found" "$interface" 2>"$folder/log") || fail "$program on $interface: status $?"
      [ "$out" = 2525 ] || fail "$program on $interface: \"$out\""
      echo "${way%%=*}: $program on $interface: $out"
    done
  done
  rm -rf "$folder/build"
done

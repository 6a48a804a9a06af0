#!/usr/bin/env bash
# names_test.sh DIRECTORY [OPTION…]: g++ and clang++ name the tasks of DIRECTORY/names.cpp alike. The registry hashes
# these names, and an application and its worker builds, which another compiler may have made, must agree on the hash.
set -euo pipefail
directory=$1
shift
for compiler in g++ clang++; do
  command -v $compiler >/dev/null || { echo "skipped: $compiler is not there, and this compares g++ with clang++"; exit 77; }
done
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# The names of the type_infos that tell functions apart.
for compiler in g++ clang++; do
  $compiler "$@" -std=c++20 -w -c "$directory/names.cpp" -o "$scratch/$compiler.o"
  nm --format=posix "$scratch/$compiler.o" | cut -d' ' -f1 | grep '^_ZTSN2mw6detail3Tag' | sort >"$scratch/$compiler"
done
asked=$(grep -cE '^  .*master\.(submit_task|map|map_reduce)<' "$directory/names.cpp")
found=$(wc -l <"$scratch/g++")
[ "$asked" = "$found" ] || { echo "names.cpp asks for $asked functions, and g++ has names for $found"; exit 1; }
diff "$scratch/g++" "$scratch/clang++" || { echo "names that g++ (<) and clang++ (>) do not agree on"; exit 1; }

#!/usr/bin/env bash
# sentences_test.sh DIRECTORY COMPILER [OPTION…]: what each program of DIRECTORY/sentences.cpp is told by COMPILER, and
# by clang++ if it is there. The first error must hold the program's sentence; program 0 compiles.
set -euo pipefail
directory=$1
compilers=("$2")
shift 2
[ "$(basename "${compilers[0]}")" = clang++ ] || ! command -v clang++ >/dev/null || compilers+=(clang++)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

failed=0
count=0
for compiler in "${compilers[@]}"; do
  options=(-std=c++20 -w "$@" "-I$directory")
  if "$compiler" --version | grep -q clang; then
    "$compiler" "${options[@]}" -x c++-header "$directory/sentences.hpp" -o "$scratch/sentences.pch"
    options+=(-include-pch "$scratch/sentences.pch" -ferror-limit=1)
  else
    "$compiler" "${options[@]}" -x c++-header "$directory/sentences.hpp" -o "$scratch/sentences.hpp.gch"
    options=(-I"$scratch" "${options[@]}" -include sentences.hpp -Winvalid-pch -Wfatal-errors)
  fi
  "$compiler" "${options[@]}" -DCASE=0 -fsyntax-only "$directory/sentences.cpp"
  while IFS='|' read -r number sentence; do
    count=$((count + 1))
    said=$("$compiler" "${options[@]}" -DCASE="$number" -fsyntax-only "$directory/sentences.cpp" 2>&1) && said="it compiled"
    said=$(grep -m1 -E 'error:|^it compiled' <<<"$said")
    if [[ $said != *"$sentence"* ]]; then
      printf '%s, program %s: "%s" is wanted, and it says:\n%s\n' "$compiler" "$number" "$sentence" "$said"
      failed=1
    fi
  done < <(sed -nE 's/^#(el)?if CASE == ([0-9]+) +\/\/ says: (.*)$/\2|\3/p' "$directory/sentences.cpp")
done
[ "$count" -ge $((40 * ${#compilers[@]})) ] || { echo "only $count programs were tried"; exit 1; }
exit $failed

#!/usr/bin/env bash
# compile_test.sh DIRECTORY COMPILER [OPTION…]: what the compiler says of the programs in DIRECTORY, line by line.
set -euo pipefail
directory=$1
shift
failed=0

# Lines of main() that carry the mark, and those that the compiler speaks of.
marked() { awk -v mark="// $2\$" '/^int main/ { inside = 1 } inside && $0 ~ mark { print NR }' "$directory/$1"; }
spoken_of() {
  local main
  main=$(grep -n '^int main' "$directory/$1" | cut -d: -f1)
  { grep -oE "(^|[^[:alnum:]_])$1:[0-9]+" || true; } | sed 's/.*://' | awk -v main="$main" '$1 > main' | sort -nu
}

# expect FILE MARK STATUS COMPILER…
expect() {
  local file=$1 mark=$2 wanted=$3 status=0 said difference
  shift 3
  said=$("$@" -std=c++20 -fsyntax-only "$directory/$file" 2>&1) || status=$?
  difference=$(diff <(marked "$file" "$mark") <(spoken_of "$file" <<<"$said")) || true
  if [ $((status != 0)) != "$wanted" ] || [ -n "$difference" ]; then
    printf '%s\n\n%s: status %s; lines that should be %s (<) and lines that the compiler spoke of (>):\n%s\n' "$said" "$file" "$status" \
      "$mark" "$difference"
    failed=1
  fi
}

limit=-fmax-errors=0
"$1" --version | grep -q clang && limit=-ferror-limit=0
expect refused.cpp refused 1 "$@" -w "$limit"
expect warned.cpp warned 0 "$@" -Wall -Wextra -Wconversion
exit $failed

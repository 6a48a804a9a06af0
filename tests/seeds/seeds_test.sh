#!/usr/bin/env bash
# seeds_test.sh FOLDER-OF-PROGRAMS SOURCES INTERFACE…: the examples of the toolkits that CppMW takes up, in its own
# terms. Each gives the right answer on each interface, and stays as short as an example.
set -euo pipefail
bin=$1 sources=$2
expect() {
  local name=$1 most_lines=$2 want=$3 interface out
  shift 3
  local lines
  lines=$(grep -cv '^ *//\|^$' "$sources/${name#seed_}.cpp")
  [ "$lines" -le "$most_lines" ] || { echo "$name has $lines lines; $most_lines at most" >&2; exit 1; }
  for interface in "$@"; do
    out=$("$bin/$name" "$interface" 2>/dev/null) || { echo "$name on $interface: status $?" >&2; exit 1; }
    # shellcheck disable=SC2053
    [[ $out == $want ]] || { printf '%s on %s:\n%s\n' "$name" "$interface" "$out" >&2; exit 1; }
    echo "$name on $interface"
  done
}
shift 2
expect seed_pymw_listing 20 '3.1[345], 10 tasks' "$@"
expect seed_trickle_examples 45 $'3\n7\n5\n1\n1 3 6 \n3 roses, 5 words' "$@"
expect seed_pytributor_hub 12 '100 of 100 done, sum 2850' "$@"
expect seed_concurrent_md5 30 1234567 "$@"
expect seed_concurrent_benchmark 17 '10000 right' "$@"
expect seed_concurrent_mandelbrot 22 '*#################*' "$@"
expect seed_cascon_primes 25 '17984 below 200000, 168 below 1000 there' "$@"

#!/usr/bin/env bash
# Every toolkit that is installed finds what CppMW finds, and mw speedup can measure it.
#   peers_test.sh BIN
set -uo pipefail
bin=$(cd "$1" && pwd)
here=$(cd "$(dirname "$0")" && pwd)
fail() { echo "$*" >&2; exit 1; }

toolkits=serial,pool
/usr/bin/python3 -c 'import mpi4py' 2>/dev/null && command -v mpiexec.openmpi >/dev/null && toolkits+=,mpi4py
/usr/bin/python3 -c 'import Pyro4' 2>/dev/null && toolkits+=,pyro4
echo "toolkits here: $toolkits"

# mw speedup itself says so when two interfaces find different things.
table=$("$bin/mw" speedup --side-by-side --interfaces $toolkits --workers 1 --vary n=5977007,285876629,13 -- "$here/compare.py" "$bin" factor) ||
  fail "factor: no table"
[ "$(grep -c '±' <<<"$table")" -eq 4 ] || fail "factor: not three rows and a legend: $table"
"$bin/mw" speedup --interfaces $toolkits --workers 1 -- "$here/compare.py" "$bin" monte_pi --points 1234567 --block 1e5 >/dev/null ||
  fail "monte_pi: no table"
# More workers than one, apart, for serial has one.
found=$("$here/compare.py" "$bin" monte_pi -i pool -n 3 --points 1234567 --block 100000 | grep -o '"inside": [0-9]*') || fail "pool with 3 workers"
"$bin/monte_pi" -i serial --json --points 1234567 --block 1e5 | grep -q "${found// /}" || fail "pool with 3 workers finds $found"

"$here/compare.py" "$bin" factor -i pool --n 30 >/dev/null 2>&1 && fail "30 is no product of two primes"
"$here/compare.py" "$bin" factor -i pool --points 30 >/dev/null 2>&1 && fail "factor has no points"
"$here/compare.py" "$bin" factor -i pool --n -3 >/dev/null 2>&1 && fail "a negative number was taken"
exit 0

#!/usr/bin/env bash
# A worker build has all of the public API to link against: what masters have as functions of public classes, it has,
# too.
#   stubs_test.sh CORE WORKER_BUILD WORKER     the three libraries
set -euo pipefail

functions_of() { nm -C --defined-only "$@" 2>/dev/null | sed -n 's/^[0-9a-f]* T \(mw::[A-Z][A-Za-z]*::.*\)$/\1/p' | grep -v -e 'clone' -e '^mw::TaskAccess::' | sort -u; }

of_masters=$(functions_of "$1")
[ "$(wc -l <<<"$of_masters")" -gt 50 ] || { echo "nm finds hardly any function in $1" >&2; exit 1; }
missing=$(comm -23 <(echo "$of_masters") <(functions_of "$2" "$3"))
[ -z "$missing" ] || { printf 'interfaces/worker_build/no_master.cpp lacks:\n%s\n' "$missing" >&2; exit 1; }

#!/usr/bin/env bash
# The mpi interface on four hosts that share no memory, and have a network as slow as a Raspberry Pi's: cluster_test.sh FOLDER-OF-PROGRAMS
# Ends with 77 where there can be no such hosts.
set -euo pipefail
bin=$1
. "$(dirname "$0")/hosts.sh"

why=$(cluster_missing)
if [ -n "$why" ]; then
  echo "skipped: $why"
  exit 77
fi
cluster_up

failed=0
# check WHAT COMMAND…: says whether the command succeeded.
check() {
  local what=$1 start=$SECONDS
  shift
  if "$@" >"$cluster/out" 2>&1; then
    echo "ok      $what ($((SECONDS - start)) s)"
  else
    echo "FAILED  $what ($((SECONDS - start)) s)"
    tail -40 "$cluster/out"
    failed=$((failed + 1))
  fi
}
field() { python3 -c 'import json, sys; print(eval("json.load(sys.stdin)" + sys.argv[1]))' "$1"; }

pi_is_right() {
  local here there
  here=$("$bin/monte_pi" --points 4e7 --json -i multicore | field '["result"]["inside"]')
  there=$(on h0 "$bin/monte_pi" --points 4e7 --json -i "$1" | field '["result"]["inside"]')
  echo "$here here, $there there"
  [ -n "$here" ] && [ "$here" = "$there" ]
}

contract() {
  CPPMW_TEST_SPECS=$1 on h0 "$bin/contract_tests" "$2"
}

# A file that only the master's side can see: on a file system that was mounted for it alone.
files_travel() {
  on h0 unshare --mount sh -c '
    mount -t tmpfs none /mnt && export TMPDIR=/mnt && CPPMW_TEST_SPECS=$1 exec "$2" "[S6]"' sh "mpi:4?hosts=$all" "$bin/contract_tests"
}

nothing_left() {
  local i
  for _ in 1 2 3 4 5 6 7 8 9 10; do
    local left=
    for i in 0 1 2 3; do
      left+=$(ip netns pids "$tag-$i" | while read -r pid; do cat "/proc/$pid/comm" 2>/dev/null; done | grep -vE '^(sshd|unshare|sh)$' || true)
    done
    [ -z "$left" ] && return 0
    sleep 0.5
  done
  echo "left: $left"
  return 1
}

# S8: mpiexec, ssh and Hydra's proxies were not given the key on their command lines.
key_is_secret() {
  local rank key process
  rank=$(pgrep -x mw-mpi-rank | head -1)
  key=$(tr '\0' '\n' <"/proc/$rank/environ" | sed -n 's/^MW_MPI_KEY=//p')
  [ ${#key} -eq 64 ] || { echo "no key to look for"; return 1; }
  for process in /proc/[0-9]*; do
    ! tr '\0' '\n' 2>/dev/null <"$process/cmdline" | grep -F "$key" >/dev/null || { echo "the key is in $process/cmdline"; return 1; }
  done
}

host_falls_off() {
  on h0 "$bin/cluster_run" "mpi:4?hosts=$all&lost_after_s=3" "$cluster/running" &
  local run=$!
  for _ in $(seq 100); do [ -e "$cluster/running" ] && break; sleep 0.2; done
  key_is_secret || return 1
  cluster_unplug h3
  wait "$run" && grep -q '_state":"lost: nothing was heard' "$cluster/out"
}

check "monte_pi on four hosts counts what multicore counts" pi_is_right "mpi:4?hosts=$all"
printf 'h0:2\nh1:2 # two\nh2:2\nh3:2\n' >"$cluster/hosts"
check "two workers a host, from a host file" pi_is_right "mpi:?hostfile=$cluster/hosts"
check "the manager on another host, over TCP with a key" pi_is_right "mpi:3?hosts=h1,h2,h3&manager=h1"
check "contract: results" contract "mpi:4?hosts=$all" "[results]~[P32]"
check "contract: options" contract "mpi:4?hosts=$all" "[options]~[S6]"
check "data files reach hosts with no shared file system" files_travel
check "nothing is left" nothing_left
check "S8: the key is on no command line; a host that falls off the network: its tasks run elsewhere, and the job ends" host_falls_off
exit "$failed"

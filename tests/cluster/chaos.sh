#!/usr/bin/env bash
# Random work on five hosts, while their cables are pulled and put in again, and hosts are rebooted: chaos.sh
# FOLDER-OF-PROGRAMS SECONDS [SEED] What is checked is said in tests/chaos. By hand: a test run has no time for it.
set -euo pipefail
bin=$1
seconds=$2
RANDOM=${3:-$RANDOM}
cluster_size=5
. "$(dirname "$0")/hosts.sh"

cluster_up

on h0 "$bin/chaos_run" -i "mpi:5?hosts=$all&lost_after_s=5" --seconds "$seconds" --scale 40 --masters 1 --threads 3 --interface-may-fail \
  --patience 180 >"$cluster/said" 2>"$cluster/warnings" &
run=$!

cuts=0
reboots=0
while [ -d "/proc/$run" ] && sleep $((2 + RANDOM % 6)); do
  host=h$((1 + RANDOM % 4)) # not the one with the master and the manager
  if [ $((RANDOM % 3)) -gt 0 ]; then
    cluster_unplug "$host"
    sleep $((1 + RANDOM % 8)) # shorter or longer than it takes to be given up
    cluster_plug "$host"
    cuts=$((cuts + 1))
  else
    cluster_crash "$host"
    sleep 1
    cluster_boot "$host"
    reboots=$((reboots + 1))
  fi
done
status=0
wait "$run" || status=$?
cat "$cluster/said"
grep WRONG "$cluster/warnings" || true
echo "$cuts cuts, $reboots reboots, exit status $status"
exit "$status"

#!/usr/bin/env bash
# Random work on five hosts, while their cables are pulled and put in again, hosts are rebooted, and workers killed:
# chaos.sh FOLDER-OF-PROGRAMS SECONDS [mpi|tcp [SEED]]. What is checked is said in tests/chaos. By hand: a test run has
# no time for it.
set -euo pipefail
bin=$1
seconds=$2
interface=${3:-mpi}
RANDOM=${4:-$RANDOM}
cluster_size=5
. "$(dirname "$0")/hosts.sh"

cluster_up

# starts_node HOST: what a host does when it is up, for tcp.
starts_node() {
  [ "$interface" = tcp ] || return 0
  on "$1" "$bin/mw" node --key "$cluster/mw-key" --connect h0:9470 --slots 2 --folder "$cluster/programs-$1" --quiet \
    >>"$cluster/nodes" 2>&1 &
}

case $interface in
  mpi) spec="mpi:5?hosts=$all&lost_after_s=5" may_fail=--interface-may-fail ;;
  tcp)
    "$bin/mw" keygen "$cluster/mw-key"
    spec="tcp:8?listen=0.0.0.0:9470&key=$cluster/mw-key&lost_after_s=5" may_fail=
    for host in h1 h2 h3 h4; do starts_node $host; done
    ;;
esac

on h0 "$bin/chaos_run" -i "$spec" --seconds "$seconds" --scale 40 --masters 1 --threads 3 $may_fail --patience 180 \
  >"$cluster/said" 2>"$cluster/warnings" &
run=$!

cuts=0
reboots=0
kills=0
while [ -d "/proc/$run" ] && sleep $((2 + RANDOM % 6)); do
  host=h$((1 + RANDOM % 4)) # not the one with the master and the manager
  case $((RANDOM % 4)) in
    0 | 1)
      cluster_unplug "$host"
      sleep $((1 + RANDOM % 8)) # shorter or longer than it takes to be given up
      cluster_plug "$host"
      cuts=$((cuts + 1))
      ;;
    2)
      cluster_crash "$host"
      sleep 1
      cluster_boot "$host"
      starts_node "$host"
      reboots=$((reboots + 1))
      ;;
    3)
      for pid in $(ip netns pids "$tag-${host#h}"); do
        ! grep -q '^mw:' "/proc/$pid/comm" || { kill -9 "$pid" && kills=$((kills + 1)); }
      done 2>/dev/null || true
      ;;
  esac
done
status=0
wait "$run" || status=$?
cat "$cluster/said"
grep WRONG "$cluster/warnings" || true
echo "$cuts cuts, $reboots reboots, $kills workers killed, exit status $status"
exit "$status"

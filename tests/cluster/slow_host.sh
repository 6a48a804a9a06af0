#!/usr/bin/env bash
# One of four hosts is four times slower: how much longer applications take than the hosts' speeds allow: slow_host.sh
# FOLDER-OF-PROGRAMS [RUNS] By hand, on a machine that does nothing else: it needs 1.3 of its cores, and control groups
# of version 1 or 2 that may limit processor time.
set -euo pipefail
bin=$1
runs=${2:-3}
cluster_size=5
. "$(dirname "$0")/hosts.sh"

groups=()
# limit HOST PERCENT: what runs there from now on gets that much of one core.
limit() {
  local group
  if [ -e /sys/fs/cgroup/cgroup.controllers ]; then
    group=/sys/fs/cgroup/$tag-$1
    echo +cpu >/sys/fs/cgroup/cgroup.subtree_control
    mkdir "$group"
    echo "$(($2 * 200)) 20000" >"$group/cpu.max"
  else
    group=/sys/fs/cgroup/cpu/$tag-$1
    mkdir "$group"
    echo 20000 >"$group/cpu.cfs_period_us"
    echo "$(($2 * 200))" >"$group/cpu.cfs_quota_us"
  fi
  groups+=("$group")
  local pid
  for pid in $(ip netns pids "$tag-${1#h}"); do echo "$pid" >"$group/cgroup.procs"; done
}
all_down() {
  cluster_down
  sleep 0.3
  [ ${#groups[@]} -eq 0 ] || rmdir "${groups[@]}"
}

cluster_up
trap all_down EXIT
for host in h1 h2 h3; do limit $host 40; done
limit h4 10

# seconds HOSTS COMMAND…: the median of the calculation times.
seconds() {
  local hosts=$1
  shift
  for _ in $(seq "$runs"); do
    on h0 "$@" --json -i "mpi:?hosts=$hosts&manager=h0" | python3 -c 'import json, sys; print(json.load(sys.stdin)["calculation_seconds"])'
  done | sort -n | sed -n "$(((runs + 1) / 2))p"
}

while read -r command; do
  read -ra words <<<"$command"
  one=$(seconds h1 "$bin/${words[0]}" "${words[@]:1}")
  four=$(seconds h1,h2,h3,h4 "$bin/${words[0]}" "${words[@]:1}")
  python3 -c 'import sys; one, four = map(float, sys.argv[2:]); print(f"{sys.argv[1]}: {one:.2f} s on one usual host, {four:.2f} s on all, x{four / (one / 3.25):.2f} of the least possible")' \
    "$command" "$one" "$four"
done <<'END'
primes --n 2000000
primes --n 2000000 --tasks-per-worker 10
primes --n 2000000 --tasks-per-worker 50
prime_range --k 13 --width 20000 --batch 0
mandelbrot --iterations 10000
END

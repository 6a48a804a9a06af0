# Hosts that are slower than this machine, and nodes on them, for scripts that source this after hosts.sh:
#
#   limit HOST PERCENT           what runs there from now on gets that much of one core
#   start_node HOST              a node of tcp there, with one slot, which dials h0:9470 with the key $cluster/mw-key
#   stop_nodes                   ends them all
#   limits_and_cluster_down      for the trap at the end
# It needs control groups of version 1 or 2 that may limit processor time.

declare -A groups=() # by host
nodes=()

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
  groups[$1]=$group
  local pid
  for pid in $(ip netns pids "$tag-${1#h}"); do echo "$pid" >"$group/cgroup.procs"; done
}

start_node() {
  (
    echo "$BASHPID" >"${groups[$1]}/cgroup.procs"
    on "$1" "$bin/mw" node --key "$cluster/mw-key" --connect h0:9470 --slots 1 --folder "$cluster/programs-$1" --quiet
  ) &
  nodes+=($!)
}

stop_nodes() {
  local host pid
  for host in "${!groups[@]}"; do
    for pid in $(ip netns pids "$tag-${host#h}"); do
      ! grep -qx mw "/proc/$pid/comm" || kill "$pid" || true
    done
  done 2>/dev/null
  for pid in "${nodes[@]}"; do wait "$pid" || true; done
  nodes=()
}

limits_and_cluster_down() {
  cluster_down
  sleep 0.3
  [ ${#groups[@]} -eq 0 ] || rmdir "${groups[@]}"
}

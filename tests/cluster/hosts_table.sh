#!/usr/bin/env bash
# How the tcp interface fares on 1 to 5 hosts with a network of 100 Mbit/s, as Markdown: hosts_table.sh
# FOLDER-OF-PROGRAMS [RUNS]. Each host has a third of a core, so that two cores are enough for all of them. By hand, on
# a machine that does nothing else; it needs control groups that may limit processor time.
set -euo pipefail
bin=$1
runs=${2:-5}
cluster_size=6
. "$(dirname "$0")/hosts.sh"
. "$(dirname "$0")/limits.sh"

cluster_up
trap limits_and_cluster_down EXIT
for host in h1 h2 h3 h4 h5; do limit $host 33; done
"$bin/mw" keygen "$cluster/mw-key"

# measure COMMAND…: a row for each number of hosts; a node stays while others come.
measure() {
  local hosts pid
  echo "| Hosts | Seconds | Speedup | % of the hosts |"
  echo "| ---: | ---: | ---: | ---: |"
  for hosts in 1 2 3 4 5; do
    start_node "h$hosts"
    for _ in $(seq $((runs + 1))); do # the first one brings the program
      on h0 "$@" --json -i "tcp:$hosts?listen=0.0.0.0:9470&key=$cluster/mw-key&join_within_s=60" |
        python3 -c 'import json, sys; print(json.load(sys.stdin)["calculation_seconds"])'
    done | sed 1d >"$cluster/seconds-$hosts"
    python3 - "$hosts" "$cluster/seconds-1" "$cluster/seconds-$hosts" <<'END'
import statistics, sys
hosts = int(sys.argv[1])
one, these = ([float(line) for line in open(name)] for name in sys.argv[2:])
mean = statistics.mean(these)
speedup = statistics.mean(one) / mean
spread = statistics.stdev(these) if len(these) > 1 else 0
print(f"| {hosts} | {mean:.2f} ± {spread:.2f} | {speedup:.2f} | {100 * speedup / hosts:.1f} |")
END
  done
  stop_nodes
}

while read -r command; do
  read -ra words <<<"$command"
  echo
  echo "\`$command\`:"
  echo
  measure "$bin/${words[0]}" "${words[@]:1}"
done <<'END'
factor --n 32193216510801043
monte_pi --points 5e7 --block 1e5
word_frequency --folder /usr/include
END

#!/usr/bin/env bash
# One of four hosts is four times slower: how much longer applications take than the hosts' speeds allow: slow_host.sh
# FOLDER-OF-PROGRAMS [RUNS [mpi|tcp]]. By hand, on a machine that does nothing else: it needs 1.3 of its cores, and
# control groups that may limit processor time.
set -euo pipefail
bin=$1
runs=${2:-3}
interface=${3:-mpi}
cluster_size=5
. "$(dirname "$0")/hosts.sh"
. "$(dirname "$0")/limits.sh"

cluster_up
trap limits_and_cluster_down EXIT
for host in h1 h2 h3; do limit $host 40; done
limit h4 10

# spec HOSTS: the interface with a worker on each of these hosts, which are there already or come within a minute.
spec() {
  local hosts=${1//,/ }
  case $interface in
    mpi) echo "mpi:?hosts=$1&manager=h0" ;;
    tcp) echo "tcp:$(wc -w <<<"$hosts")?listen=0.0.0.0:9470&key=$cluster/mw-key&join_within_s=60" ;;
  esac
}

# start_nodes HOST…: those of tcp, which stay from one run to the next.
start_nodes() {
  local host
  [ "$interface" = tcp ] || return 0
  for host; do start_node "$host"; done
}
[ "$interface" = mpi ] || "$bin/mw" keygen "$cluster/mw-key"

# seconds HOSTS COMMAND…: the median of the calculation times.
seconds() {
  local hosts=$1
  shift
  for _ in $(seq "$runs"); do
    on h0 "$@" --json -i "$(spec "$hosts")" | python3 -c 'import json, sys; print(json.load(sys.stdin)["calculation_seconds"])'
  done | sort -n | sed -n "$(((runs + 1) / 2))p"
}

while read -r command; do
  read -ra words <<<"$command"
  start_nodes h1
  one=$(seconds h1 "$bin/${words[0]}" "${words[@]:1}")
  start_nodes h2 h3 h4
  four=$(seconds h1,h2,h3,h4 "$bin/${words[0]}" "${words[@]:1}")
  [ "$interface" = mpi ] || stop_nodes
  python3 -c 'import sys; one, four = map(float, sys.argv[2:]); print(f"{sys.argv[1]}: {one:.2f} s on one usual host, {four:.2f} s on all, x{four / (one / 3.25):.2f} of the least possible")' \
    "$command" "$one" "$four"
done <<'END'
primes --n 2000000
primes --n 2000000 --tasks-per-worker 10
primes --n 2000000 --tasks-per-worker 50
prime_range --k 13 --width 20000 --batch 0
mandelbrot --iterations 10000
END

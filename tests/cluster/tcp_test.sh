#!/usr/bin/env bash
# The tcp interface on four hosts that share no memory, and have a network as slow as a Raspberry Pi's: tcp_test.sh
# FOLDER-OF-PROGRAMS. Ends with 77 where there can be no such hosts. The nodes stay from one master to the next.
set -euo pipefail
bin=$1
. "$(dirname "$0")/hosts.sh"
. "$(dirname "$0")/checks.sh"

cluster_up
"$bin/mw" keygen "$cluster/cppmw.key"
where="listen=0.0.0.0:9470&key=$cluster/cppmw.key&join_within_s=60"

# starts_node HOST [SLOTS]: a node there, which knows this host by its name. Each host has a folder of its own.
starts_node() {
  on "$1" "$bin/mw" node --key "$cluster/cppmw.key" --connect h0:9470 --slots "${2:-1}" --folder "$cluster/programs-$1" \
    >>"$cluster/node-$1" 2>&1 &
}
for host in h1 h2 h3; do starts_node $host; done

# Cut off in mid-run for longer than it may be silent: given up, and later one of the nodes again.
host_is_cut_off_and_joins_again() {
  starts_running "tcp:3?$where&lost_after_s=2" 1200 || return 1
  cluster_unplug h2
  sleep 4
  cluster_plug h2
  wait "$run" && grep -q '"nodes_lost":1' "$cluster/out" && grep -q '"nodes_joined":4' "$cluster/out"
}

host_reboots() {
  starts_running "tcp:3?$where" 900 || return 1
  cluster_crash h3
  starts_node h3
  wait "$run" && grep -q '"nodes_lost":1' "$cluster/out" && grep -q '"nodes_joined":4' "$cluster/out"
}

# A run that ends early leaves its nodes to the next one.
master_is_killed() {
  starts_running "tcp:3?$where" 3000 || return 1
  pkill -9 -f "cluster_run tcp:3.*$cluster"
  wait "$run" 2>/dev/null && return 1
  pi_is_right "tcp:3?$where"
}

# stops_nodes HOST: those that run there; all hosts have the same processes in view.
stops_nodes() {
  local pid
  for pid in $(ip netns pids "$tag-${1#h}"); do
    ! grep -qx mw "/proc/$pid/comm" || kill "$pid"
  done 2>/dev/null
}

# The program has to be there for that, which is some megabytes.
values_come_once() {
  for host in h1 h2 h3; do stops_nodes $host; done
  sleep 0.5
  starts_node h1 4
  starts_node h2 4
  contract "tcp:8?$where" "[once_per_host]" >/dev/null 2>&1 # brings the program
  once_each "tcp:8?$where"
}

# They have this run's key and name; those that were there before have another key.
nodes_by_ssh() {
  mkdir -p "$cluster/by-ssh"
  sed 's|exec ssh|exec /usr/bin/ssh|' "$ssh" >"$cluster/by-ssh/ssh"
  chmod 700 "$cluster/by-ssh/ssh"
  "$bin/mw" keygen "$cluster/by-ssh/key"
  PATH=$cluster/by-ssh:$PATH pi_is_right "tcp:3?listen=0.0.0.0:0&key=$cluster/by-ssh/key&launch=ssh:h1,h2:2&join_within_s=60"
}

key_is_secret() {
  ! grep -qa "$(cut -d' ' -f2 "$cluster/cppmw.key")" /proc/[0-9]*/cmdline 2>/dev/null
}

# searching_node HOST [KEY [OPTION…]]: a node there that knows nobody's address.
searching_node() {
  on "$1" "$bin/mw" node --key "${2:-$cluster/found/key}" --slots 1 --folder "$cluster/programs-$1" "${@:3}" >>"$cluster/searching-$1" 2>&1 &
}

stops_all_nodes() {
  for host in h1 h2 h3; do stops_nodes $host; done
  sleep 0.5
}

# They are there before their master, which says no port; one has a key of its own, one comes to the network later.
nodes_find_their_master() {
  stops_all_nodes
  mkdir -p "$cluster/found"
  "$bin/mw" keygen "$cluster/found/key"
  "$bin/mw" keygen "$cluster/found/h3.key" --node h3 --of "$cluster/found/key"
  ip -n "$tag-2" link set eth0 down
  searching_node h1
  searching_node h2
  searching_node h3 "$cluster/found/h3.key"
  (sleep 3; ip -n "$tag-2" link set eth0 up) &
  starts_running "tcp:3?key=$cluster/found/key&join_within_s=30" 800 && wait "$run" && grep -q '"nodes_joined":3' "$cluster/out" &&
    grep -q 'on this machine alone' "$cluster/searching-h2"
}

# There is no IPv4 on the way: link-local addresses of IPv6 are enough.
nodes_find_it_by_ipv6() {
  local i result=0
  for i in 0 1 2 3; do ip -n "$tag-$i" addr flush dev eth0 scope global; done
  pi_is_right "tcp:3?key=$cluster/found/key&join_within_s=30" || result=1
  for i in 0 1 2 3; do ip -n "$tag-$i" addr add "10.77.0.$((i + 1))/24" dev eth0; done
  return $result
}

# What a node with another key asks is not answered, and the master's error names it.
wrong_key_is_named() {
  stops_nodes h3
  "$bin/mw" keygen "$cluster/found/other"
  searching_node h3 "$cluster/found/other"
  ! on h0 "$bin/cluster_run" "tcp:3?key=$cluster/found/key&join_within_s=6" "$cluster/running" 3000 >"$cluster/said" 2>&1 || return 1
  cat "$cluster/said"
  grep -q 'a node that calls itself h3: it asks for masters with another key, from ' "$cluster/said"
}

# Somebody on the network without the key hears questions and answers, sends them again, sends them back, and floods.
replays_are_worth_nothing() {
  cat >"$cluster/replay.py" <<'END'
import socket, struct, sys, time
group, port = "239.255.77.87", 9470
ear = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
ear.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
ear.bind((group, port))
ear.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, struct.pack("4s4s", socket.inet_aton(group), socket.inet_aton("10.77.0.4")))
question, node = ear.recvfrom(2000)
mouth = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
mouth.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton("10.77.0.4"))
mouth.settimeout(1)
answers = set()
end = time.time() + 6
while time.time() < end:
    for _ in range(200):
        mouth.sendto(question, (group, port))
        mouth.sendto(question, node)                      # an echo
        for answer in list(answers)[:5]: mouth.sendto(answer, node), mouth.sendto(answer, (group, port))
    try:
        while len(answers) < 50: answers.add(mouth.recv(2000))
    except socket.timeout:
        pass
print(len(answers), "answers")
leaks = [a for a in answers if socket.inet_aton("10.77.0.1") in a or len(a) > len(question)]
sys.exit(1 if leaks else 0)
END
  on h3 python3 "$cluster/replay.py" >"$cluster/replayed" 2>&1 &
  local replay=$!
  starts_running "tcp:2?key=$cluster/found/key&join_within_s=30" 900 && wait "$run" || return 1
  wait "$replay" || { cat "$cluster/replayed"; return 1; }
  cat "$cluster/replayed"
  grep -q '"nodes_joined":2' "$cluster/out"
}

sandboxed_nodes() {
  command -v bwrap >/dev/null || { echo "bubblewrap is not installed"; return 0; }
  stops_all_nodes
  searching_node h1 "$cluster/found/key" --sandbox bubblewrap
  searching_node h2 "$cluster/found/key" --sandbox bubblewrap
  pi_is_right "tcp:2?key=$cluster/found/key&join_within_s=30" && grep -q 'tasks run in a sandbox' "$cluster/searching-h1" &&
    contract "tcp:2?listen=0.0.0.0:9470&key=$cluster/found/key&join_within_s=30" "[once_per_host]"
}

check "monte_pi on three nodes counts what multicore counts" pi_is_right "tcp:3?$where"
check "the next master finds the same nodes" pi_is_right "tcp:3?$where"
check "contract: tasks" contract "tcp:3?$where" "[task]~[P33]"
check "a host is cut off in mid-run, and joins again" host_is_cut_off_and_joins_again
check "a host reboots in mid-run" host_reboots
check "kill -9 of the master: the next one has the nodes" master_is_killed
check "S8: the key is on no command line" key_is_secret
check "nodes that ssh starts, for this run" nodes_by_ssh
check "a shared value goes to each host once, however many workers it has" values_come_once
check "nodes without an address find their master, a node's key and a late network included" nodes_find_their_master
check "… by IPv6 alone" nodes_find_it_by_ipv6
check "… and who has another key is named" wrong_key_is_named
check "S2: recorded questions and answers, echoes and a flood are worth nothing" replays_are_worth_nothing
check "nodes whose workers are in a sandbox" sandboxed_nodes
exit "$failed"

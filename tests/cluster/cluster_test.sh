#!/usr/bin/env bash
# The mpi interface on four hosts that share no memory, and have a network as slow as a Raspberry Pi's: cluster_test.sh
# FOLDER-OF-PROGRAMS Ends with 77 where there can be no such hosts.
set -euo pipefail
bin=$1
. "$(dirname "$0")/hosts.sh"
. "$(dirname "$0")/checks.sh"

cluster_up

# A file that only the master's side can see: on a file system that was mounted for it alone.
files_travel() {
  on h0 unshare --mount sh -c '
    mount -t tmpfs none /mnt && export TMPDIR=/mnt && CPPMW_TEST_SPECS=$1 exec "$2" "[S6]"' sh "mpi:4?hosts=$all" "$bin/contract_tests"
}

# says_why WORDS HOSTS [VARIABLE=VALUE…]: a job on these hosts does not start, and says so in these words, before its
# time is over.
says_why() {
  local words=$1 hosts=$2
  shift 2
  if on h0 env "$@" "$bin/monte_pi" --points 1e4 -i "mpi:?hosts=$hosts" >"$cluster/said" 2>&1; then
    echo "it started"
    return 1
  fi
  cat "$cluster/said"
  ! grep -q 'did not start within' "$cluster/said" && grep '^monte_pi: ' -A100 "$cluster/said" | grep -qE "$words"
}

# What ssh has to say comes at once, with the host: mpiexec itself would wait.
ssh_failures_are_said() {
  says_why 'h9 cannot be reached' h1,h9 && grep -q '^.mw .*\[h9\] ssh: Could not resolve hostname h9' "$cluster/said" || return 1
  sed 's/StrictHostKeyChecking=no/StrictHostKeyChecking=yes/' "$ssh" >"$cluster/strict/ssh"
  says_why '\[h1\] Host key verification failed' h1 HYDRA_LAUNCHER_EXEC="$cluster/strict/ssh" || return 1
  sed "s|-i $cluster/key|-i $cluster/host_key|" "$ssh" >"$cluster/stranger/ssh"
  says_why '\[h1\] root@h1: Permission denied' h1 HYDRA_LAUNCHER_EXEC="$cluster/stranger/ssh" || return 1
  ip netns exec "$tag-0" ip route add unreachable 10.77.0.99 2>/dev/null || true
  says_why '\[10.77.0.99\] ssh: connect to host 10.77.0.99 port 22: No route to host' 10.77.0.99
}

# The ranks' program, or Hydra's, is missing on a host.
missing_programs_are_said() {
  on h0 unshare --mount sh -c 'mount -t tmpfs none /mnt && cp "$1/mw_mpi_rank" "$1/monte_pi" /mnt && ! /mnt/monte_pi --points 1e4 -i mpi:1?hosts=h1' sh "$bin" \
    >"$cluster/said" 2>&1 || return 1
  cat "$cluster/said"
  grep -q 'h1 has no program /mnt/mw_mpi_rank' "$cluster/said"
}

starts_anywhere() {
  on h0 unshare --mount sh -c '
    mount -t tmpfs none /mnt && mkdir /mnt/only-here && cd /mnt/only-here && exec "$1" --points 1e5 -i mpi:2?hosts=h1,h2' sh "$bin/monte_pi"
}

# docker0 has one address everywhere.
second_network() {
  local i result=0
  for i in $numbers; do
    ip netns exec "$tag-$i" ip link add docker0 type veth peer name docker1
    ip -n "$tag-$i" addr add 172.17.0.1/16 dev docker0
    ip -n "$tag-$i" link set docker0 up
    ip -n "$tag-$i" link set docker1 up
  done
  on h0 "$bin/monte_pi" --points 1e5 -i "mpi:3?hosts=h1,h2,h3" || result=1
  for i in $numbers; do ip -n "$tag-$i" link del docker0; done
  return $result
}

# Ten workers: the master's own host is no other, whatever it is called.
host_files() {
  printf 'h0:2\n10.77.0.1:1\nroot@h1:2 # two\nh2 slots=2\nh3 slots=1\nh3:2\n' >"$cluster/hosts"
  on h0 "$bin/monte_pi" --points 1e5 --json -i "mpi:?hostfile=$cluster/hosts" | grep -q '"workers":10'
}

nothing_left() {
  local i
  for _ in 1 2 3 4 5 6 7 8 9 10; do
    local left=
    for i in $numbers; do
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
  local rank key
  for rank in $(ip netns pids "$tag-1"); do  # other tests may have ranks of their own
    ! grep -qx mw-mpi-rank "/proc/$rank/comm" || break
  done
  key=$(tr '\0' '\n' <"/proc/$rank/environ" | sed -n 's/^MW_MPI_KEY=//p')
  [ ${#key} -eq 64 ] || { echo "no key to look for"; return 1; }
  ! grep -laFf <(printf '%s\n' "$key") /proc/[0-9]*/cmdline 2>/dev/null || { echo "it has the key"; return 1; }
}

# Nobody says that this rank has died, and MPI cannot send to it any more: that is the end of the rank only.
rank_vanishes() {
  local pid
  starts_running "mpi:4?hosts=$all&lost_after_s=60" 600 || return 1
  for pid in $(ip netns pids "$tag-3"); do
    ! grep -qE '^mw-mpi-(guard|rank)$' "/proc/$pid/comm" || kill -9 "$pid"
  done
  wait "$run" && grep -q '"name":"mpi worker 4",[^}]*"state":"lost","note":"it cannot be reached any more' "$cluster/out" && grep -q '"restarts":0' "$cluster/out"
}

# All that runs on h3 dies while its network lives, as when it is rebooted: mpiexec gives up, too.
host_reboots() {
  starts_running "mpi:4?hosts=$all" 600 || return 1
  cluster_crash h3
  local status=0
  wait "$run" || status=$?
  cluster_boot h3 && cluster_is_up h3 || return 1 # first, as what follows needs all hosts
  [ $status -eq 0 ] && grep -q '"hosts_left_out":"h3"' "$cluster/out" && grep -q '"restarts":1' "$cluster/out"
}

# The host is away for so long that it was given up, and then comes back from a power failure: it knows of nothing.
host_comes_back() {
  starts_running "mpi:4?hosts=$all&lost_after_s=2" 1000 || return 1
  cluster_unplug h2
  cluster_crash h2
  sleep 4
  cluster_plug h2
  local status=0
  wait "$run" || status=$?
  cluster_boot h2 && cluster_is_up h2 || return 1
  [ $status -eq 0 ] && grep -qE '"state":"lost"|"hosts_left_out":"h2"' "$cluster/out"
}

host_falls_off() {
  starts_running "mpi:4?hosts=$all&lost_after_s=3" 1500 || return 1
  key_is_secret || return 1
  cluster_unplug h3
  wait "$run" && grep -q '"state":"lost","note":"nothing was heard' "$cluster/out"
}

check "monte_pi on four hosts counts what multicore counts" pi_is_right "mpi:4?hosts=$all"
check "several workers a host, from a host file in all forms" host_files
check "started from a folder that other hosts lack" starts_anywhere
check "every host has a second network, with the same address" second_network
mkdir "$cluster/strict" "$cluster/stranger"
install -m 700 /dev/null "$cluster/strict/ssh"
install -m 700 /dev/null "$cluster/stranger/ssh"
check "what ssh cannot do is said at once, with the host" ssh_failures_are_said
check "a program that a host lacks is said at once, with the host" missing_programs_are_said
check "the manager on another host, over TCP with a key" pi_is_right "mpi:3?hosts=h1,h2,h3&manager=h1"
check "contract: results" contract "mpi:4?hosts=$all" "[results]~[P32]"
check "contract: options" contract "mpi:4?hosts=$all" "[options]~[S6]"
check "data files reach hosts with no shared file system" files_travel
check "a shared value goes to each host once, however many workers it has" once_each "mpi:8?hosts=h1:4,h2:4"
check "nothing is left" nothing_left
check "a rank is gone without a word: what it had runs elsewhere" rank_vanishes
check "a host reboots: the job is started anew without it, and nothing is lost" host_reboots
check "a host comes back after it was given up" host_comes_back
check "S8: the key is on no command line; a host that falls off the network: its tasks run elsewhere, and the job ends" host_falls_off
exit "$failed"

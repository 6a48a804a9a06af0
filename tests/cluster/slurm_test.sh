#!/usr/bin/env bash
# Nodes of the tcp interface as jobs of Slurm's, with a real Slurm of four nodes of two cores, and with commands in its
# place that do what the real ones cannot be made to do: slurm_test.sh FOLDER-OF-PROGRAMS. Ends with 77 where there is
# no Slurm.
set -euo pipefail
bin=$1
. "$(dirname "$0")/slurm.sh"
. "$(dirname "$0")/checks.sh"

on() { shift && "$@"; } # checks.sh knows hosts, and here is one
slurm_up
cluster=$slurm
export PATH=$bin:$PATH HOME=$slurm/home
mkdir -p "$HOME"
here=listen=127.0.0.1:0

# until_it SECONDS COMMAND…: tries until it succeeds.
until_it() {
  local end=$((SECONDS + $1))
  shift
  until "$@"; do [ $SECONDS -lt $end ] || { echo "in vain: $*"; return 1; }; sleep 0.1; done
}
# The processes of this Slurm's jobs that are nodes.
nodes() {
  local pid
  for pid in $(pgrep -x mw); do
    ! grep -qaF "SLURM_CONF=$slurm/" "/proc/$pid/environ" || ! tr '\0' ' ' <"/proc/$pid/cmdline" | grep -q -- '--name slurm[.]' ||
      echo "$pid"
  done 2>/dev/null
}
none_is_left() { [ -z "$(squeue --noheader)" ] && [ -z "$(nodes)" ]; }
all_is_over() { until_it 8 none_is_left; }
# submitted_since ID: how many jobs there are with a higher number than this one.
last_job() { squeue --noheader --array --states=all --format=%F | sort -n | tail -1; }
submitted_since() { squeue --noheader --array --states=all --format=%F | awk -v last="${1:-0}" '$1 > last' | wc -l; }
two_cores="slurm_options=--cpus-per-task=2"
jobs_run() { [ "$(squeue --noheader --array --states=running | wc -l)" -eq "$1" ]; }

nodes_compute() {
  pi_is_right "tcp:8?$here&launch=slurm:4&slurm_options=--cpus-per-task=2&join_within_s=20" && all_is_over
}

# What it is written like, without an address: the jobs dial this machine's name.
no_address_is_needed() {
  getent hosts "$(hostname)" >/dev/null || { echo "this machine's name leads nowhere"; return 0; }
  pi_is_right "tcp:2?launch=slurm:1&$two_cores&join_within_s=20"
}

# One node, then more, for as long as tasks wait, and one again while a single task runs.
grows_and_shrinks() {
  for _ in $(seq 16); do echo 0.3; done >"$cluster/naps"
  echo 3.5 >>"$cluster/naps"
  "$bin/mw" run -i "tcp:$here&launch=slurm:1-2&slurm_idle_s=1" sleep <"$cluster/naps" >"$cluster/napped" 2>&1 &
  local run=$!
  until_it 12 jobs_run 2 && until_it 12 jobs_run 1 && wait $run && all_is_over
  local result=$?
  cat "$cluster/napped"
  return $result
}

# key_is_secret FOLDER: it has the key, which is nowhere else.
key_is_secret() {
  local file key
  file=$(ls "$1"/*.key)
  key=$(cut -d' ' -f2 "$file")
  [ ${#key} -ge 32 ] && [ "$(stat -c %a "$file")" = 600 ] || return 1
  ! grep -qa "$key" /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2>/dev/null || return 1
  ! grep -rqa "$key" "$slurm"/state "$slurm"/spool
}

job_is_cancelled() {
  mkdir -p "$slurm/shared"
  starts_running "tcp:$here&launch=slurm:2&$two_cores&slurm_folder=$slurm/shared" 450 && key_is_secret "$slurm/shared" || return 1
  scancel "$(squeue --noheader --array --states=running --format=%i | head -1)"
  wait "$run" || return 1
  [ -z "$(ls "$slurm"/shared/*.key 2>/dev/null)" ] && grep -q '"slurm_jobs_submitted":3' "$cluster/out"
}

controller_is_silent() {
  starts_running "tcp:$here&launch=slurm:2&$two_cores&slurm_timeout_s=1" 400 || return 1
  slurm_suspends
  kill -9 $(nodes | head -1) # a node is lost, and Slurm says nothing of it
  sleep 2
  slurm_goes_on
  wait "$run" && grep -q '"nodes_lost":1' "$cluster/out" && grep -q 'warning.*squeue: it did not answer within 1 s' "$cluster/out"
}

# script_is_private: without a folder for it the key is in the script, which is its user's alone.
script_is_private() {
  local file files
  files=$(grep -rla "cppmw-key-1" "$slurm"/state "$slurm"/spool) || return 1
  for file in $files; do
    echo "$file $(stat -c %a "$file")"
    [ "$(stat -c %a "$file")" = 700 ] || return 1
  done
  ! grep -qa "cppmw-key-1" /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2>/dev/null
}

master_is_killed() {
  starts_running "tcp:$here&launch=slurm:2&$two_cores" 3000 && script_is_private || return 1
  pkill -9 -f "cluster_run tcp:.*$cluster"
  wait "$run" 2>/dev/null && return 1
  all_is_over
}

# says WHAT SPEC…: the error of a run says this.
fails_saying() {
  local what=$1
  shift
  ! "$bin/monte_pi" --points 4e7 -i "$1" >"$cluster/said" 2>&1 || return 1
  cat "$cluster/said"
  grep -Eq "$what" "$cluster/said"
}

pending_is_told() {
  scontrol update PartitionName=all State=DOWN
  local result=0
  fails_saying "Slurm's jobs [0-9]+_0, [0-9]+_1: it is PENDING [(]PartitionDown[)]" "tcp:2?$here&launch=slurm:2&join_within_s=1.8" || result=1
  scontrol update PartitionName=all State=UP
  return $result
}

refusal_is_told() {
  fails_saying "Slurm: sbatch: exit status 1: sbatch: error: .*[Ii]nvalid partition" \
    "tcp:2?$here&launch=slurm:2&slurm_options=--partition=nowhere&join_within_s=1.5"
}

# fakes: a folder with commands that call the real ones; fake NAME puts what comes on stdin in the place of one.
fakes=$slurm/fakes
mkdir -p "$fakes"
fake() {
  { echo '#!/bin/bash'; echo "real() { $(command -v "$1") \"\$@\"; }; state=$slurm/state-$1"; cat; } >"$fakes/$1"
  chmod 755 "$fakes/$1"
}
with_fakes() {
  local result=0 path=$PATH
  PATH=$fakes:$PATH
  "$@" || result=1
  PATH=$path
  rm -f "$fakes"/* "$slurm"/state-*
  return $result
}

# What the jobs run fails at once.
jobs_that_fail_are_told() {
  local last
  last=$(last_job)
  fake sbatch <<'END'
printf '#!/bin/sh\nexit 3\n' | real "$@"
END
  with_fakes fails_saying "it ended as FAILED [(]NonZeroExitCode[)] on node[1-4], and its node had not joined" \
    "tcp:2?$here&launch=slurm:2&join_within_s=2.5" || return 1
  [ "$(submitted_since "$last")" -le 4 ]
}

# The first sbatch hangs before, the second after it has submitted, and says nothing: no job is submitted twice.
sbatch_hangs() {
  fake sbatch <<'END'
echo x >>"$state"
case $(wc -l <"$state") in
  1) exec sleep 60 ;;
  2) real "$@" >/dev/null; exec sleep 60 ;;
esac
real "$@"
END
  local last
  last=$(last_job)
  with_fakes "$bin/cluster_run" "tcp:$here&launch=slurm:2&$two_cores&slurm_timeout_s=0.5" "$cluster/running" 60 || return 1
  [ "$(submitted_since "$last")" -eq 2 ] && all_is_over
}

squeue_is_odd() {
  fake squeue <<'END'
echo x >>"$state"
case $(wc -l <"$state") in
  1) echo "slurm_load_jobs error: Socket timed out on send/recv operation" >&2; exit 1 ;;
  2) echo "Slurm is being upgraded <html>"; exit 0 ;;
  3) echo "slurm_load_jobs error: Unable to contact slurm controller (connect failure)" >&2; exit 1 ;;
esac
real "$@"
END
  with_fakes "$bin/cluster_run" "tcp:$here&launch=slurm:2&$two_cores" "$cluster/running" 400 >"$cluster/odd" 2>&1 || return 1
  cat "$cluster/odd"
  grep -q '"slurm_jobs_submitted":2' "$cluster/odd" && [ "$(grep -c 'it is tried again' "$cluster/odd")" -eq 1 ]
}

scancel_is_odd() {
  fake scancel <<'END'
echo "scancel: error: Kill job error on job id 1: Invalid job id specified" >&2
exit 1
END
  with_fakes "$bin/cluster_run" "tcp:$here&launch=slurm:1&$two_cores" "$cluster/running" 40 >"$cluster/odd" 2>&1 || return 1
  all_is_over || return 1 # nodes end by themselves
  fake scancel <<'END'
exec sleep 60
END
  with_fakes "$bin/cluster_run" "tcp:$here&launch=slurm:1&$two_cores&slurm_timeout_s=0.5" "$cluster/running" 40 >"$cluster/odd" 2>&1 || return 1
  cat "$cluster/odd"
  grep -q "jobs of this run may be left: scancel: it did not answer within 0.5 s" "$cluster/odd" && all_is_over
}

no_slurm_is_told() {
  ! env PATH=/nowhere "$bin/monte_pi" --points 4e7 -i "tcp:$here&launch=slurm:1" >"$cluster/said" 2>&1 || return 1
  grep "there is no sbatch in the PATH" "$cluster/said"
}

# An application in a job: Slurm's limits are whole minutes.
stops_before_its_limit() {
  local status=0
  sbatch --wait --time=1 --nodes=1 --cpus-per-task=2 --output="$cluster/limited" \
    --wrap "exec $bin/monte_pi -i multicore:2 --points 1e12 --stop-before 57s" >/dev/null || status=$?
  cat "$cluster/limited"
  [ $status = 143 ] && grep -Eq "monte_pi: stopped 57 s before the time limit of job [0-9]+: [0-9,]+ of 1,000,000 tasks are done" "$cluster/limited"
}

check "four jobs of two cores compute what multicore computes" nodes_compute
check "… and no address or key is needed" no_address_is_needed
check "an array grows while tasks wait, and shrinks when nodes are idle" grows_and_shrinks
check "S8: a key in a shared folder is nowhere else; a job that somebody cancels is followed by another" job_is_cancelled
check "a node is lost while slurmctld is silent" controller_is_silent
check "S8: a script with a key is its user's alone; kill -9 of the master ends nodes and jobs" master_is_killed
check "jobs that wait are told with their reason" pending_is_told
check "what sbatch refuses is told" refusal_is_told
check "jobs that fail are told, and are few" jobs_that_fail_are_told
check "sbatch hangs, before and after it has submitted" sbatch_hangs
check "squeue times out, says what nobody can read, finds no controller" squeue_is_odd
check "scancel knows no such job, or hangs" scancel_is_odd
check "without Slurm's commands it says so" no_slurm_is_told
check "an application stops in good order before its job's time limit" stops_before_its_limit
exit "$failed"

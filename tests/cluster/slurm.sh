# A Slurm of four nodes on one machine, for scripts that source this: munged, slurmctld and a slurmd for each node, all
# started by hand, with ports, keys and folders of their own. It is gone when the script ends.
#
#   slurm_missing                says why there can be no Slurm here; nothing if there can
#   slurm_up                     starts it; where that cannot be, says why and ends the script with 77
#   slurm_down                   ends it, and whatever runs in its jobs; the script's trap calls it
#   slurm_suspends, slurm_goes_on    slurmctld does not answer, and answers again
# $slurm is its folder, with room for the script's own files; SLURM_CONF is set, so that its clients know it.

slurm=
slurm_pids=()

slurm_missing() {
  local tool
  [ "$(id -u)" -eq 0 ] || { echo "slurmd starts jobs as root only"; return; }
  for tool in sbatch squeue scancel sinfo slurmctld slurmd munged; do
    command -v "$tool" >/dev/null || { echo "there is no $tool (Debian: slurm-wlm, munge)"; return; }
  done
}

slurm_down() {
  set +e # what ends meanwhile by itself is no reason to leave the rest
  local pid
  if [ -n "$slurm" ]; then
    kill -CONT "$slurmctld"
    timeout 5 scancel --user=root
    for pid in "${slurm_pids[@]}"; do kill -9 "$pid"; done
    # What is left of the jobs has this Slurm's folder in its environment.
    for pid in /proc/[0-9]*; do
      pid=${pid#/proc/}
      [ "$pid" = $$ ] || [ "$pid" = "$BASHPID" ] || ! grep -qaF "SLURM_CONF=$slurm/" "/proc/$pid/environ" || kill -9 "$pid"
    done
    rm -rf "$slurm"
  fi
} 2>/dev/null

# free_ports COUNT: the first of so many in a row, none of which is in use.
free_ports() {
  python3 - "$1" <<'END'
import random, socket, sys
count = int(sys.argv[1])
while True:
    first = random.randrange(20000, 32000)
    try:
        for port in range(first, first + count):
            with socket.socket() as one: one.bind(("", port))
    except OSError:
        continue
    print(first)
    break
END
}

# slurm_config FIRST-PORT HOST: what it is told. Jobs start at once, and what is over stays known.
slurm_config() {
  cat <<END
ClusterName=cppmw
SlurmctldHost=$2(127.0.0.1)
SlurmctldPort=$1
AuthInfo=socket=$slurm/munge/socket
SlurmUser=root
SlurmdUser=root
ProctrackType=proctrack/pgid
TaskPlugin=task/none
MpiDefault=none
ReturnToService=2
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SlurmdParameters=config_overrides
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SchedulerParameters=batch_sched_delay=0,sched_interval=1,bf_interval=1
StateSaveLocation=$slurm/state
SlurmdSpoolDir=$slurm/spool/%n
SlurmctldPidFile=$slurm/slurmctld.pid
SlurmdPidFile=$slurm/slurmd.%n.pid
SlurmctldLogFile=$slurm/log/ctld
SlurmdLogFile=$slurm/log/d.%n
KillWait=2
MessageTimeout=5
NodeName=node[1-4] NodeHostname=$2 NodeAddr=127.0.0.1 Port=[$(($1 + 1))-$(($1 + 4))] CPUs=2
PartitionName=all Nodes=node[1-4] Default=YES MaxTime=INFINITE State=UP
END
}

slurm_is_up() {
  local i
  for i in $(seq 100); do
    [ "$(sinfo --noheader --format=%D%T 2>/dev/null)" = 4idle ] && return 0
    sleep 0.1
  done
  return 1
}

slurm_up() {
  local why first i
  why=$(slurm_missing)
  if [ -n "$why" ]; then
    echo "skipped: $why"
    exit 77
  fi
  slurm=$(mktemp -d)
  trap slurm_down EXIT
  trap 'exit 1' INT TERM
  mkdir -p "$slurm"/{munge,state,log,spool}
  chmod 755 "$slurm"
  head -c 128 /dev/urandom >"$slurm/munge/key"
  chmod 400 "$slurm/munge/key"
  munged --foreground --force --key-file="$slurm/munge/key" --socket="$slurm/munge/socket" --pid-file="$slurm/munge/pid" \
    --log-file="$slurm/munge/log" --seed-file="$slurm/munge/seed" >"$slurm/log/munged" 2>&1 &
  slurm_pids+=($!)
  first=$(free_ports 5)
  slurm_config "$first" "$(hostname -s)" >"$slurm/slurm.conf"
  export SLURM_CONF=$slurm/slurm.conf
  for i in $(seq 100); do [ -S "$slurm/munge/socket" ] && break; sleep 0.02; done
  slurmctld -D -i -f "$SLURM_CONF" >"$slurm/log/slurmctld" 2>&1 &
  slurmctld=$!
  slurm_pids+=($!)
  for i in 1 2 3 4; do
    slurmd -D -N "node$i" -f "$SLURM_CONF" >"$slurm/log/slurmd$i" 2>&1 &
    slurm_pids+=($!)
  done
  slurm_is_up && return 0
  echo "Slurm did not come up"
  tail -n 5 "$slurm"/log/* "$slurm/munge/log"
  exit 1
}

slurm_suspends() { kill -STOP "$slurmctld"; }
slurm_goes_on() { kill -CONT "$slurmctld"; }

# What the shell tests of BOINC have in common; sourced first, with the test's own arguments: BIN [MORE …].
# Sets `bin`, `here` and `work`, a folder that goes with the test, and leaves MORE as the arguments. All that a test
# starts in the background of a scenario has `work` on its command line.
set -uo pipefail
bin=$(cd "$1" && pwd)
here=$(cd "$(dirname "$0")" && pwd)
shift
work=$(mktemp -d)
# Those that run: the number of one that has ended may be another process's by now.
end_all() { kill $(jobs -pr) 2>/dev/null; pkill -KILL -f "$work" 2>/dev/null; }
trap 'end_all; rm -rf "$work"' EXIT

# What tests start again and again: where `python3` is a script that looks for Python (pyenv), that takes longer than
# Python itself.
if command -v python3 >/dev/null; then
  mkdir "$work/path" && ln -s "$(python3 -c 'import os, sys; print(os.path.realpath(sys.executable))')" "$work/path/python3"
  PATH=$work/path:$PATH
fi

skip() { echo "skipped: $*"; exit 77; }
# needs COMMAND [HOW]
needs() { command -v "$1" >/dev/null || skip "there is no $1${2:+ ($2)}"; }
# Ends the scenario, which is a shell of its own.
fail() { echo "$*" >&2; exit 1; }
# within SECONDS COMMAND…: until it is true; `patience` times as long.
within() { local end=$((SECONDS + ${patience:-1} * $1)); shift; until "$@"; do [ $SECONDS -lt $end ] || return 1; sleep 0.1; done; }

# on_multicore ARGUMENT…: what monte_pi counts on this machine's cores.
on_multicore() { "$bin/monte_pi" -i multicore:2 "$@" --json | grep -o '"inside":[0-9]*'; }
# url_in STDERR: where the program that writes it awaits its volunteers.
url_in() { sed -n 's/^volunteers: mw volunteer \([^ ]*\) .*/\1/p' "$1" | tail -1; }
# A port that nobody listens at, for a client: it ends after 30 s if it does not get it. Below those that the system
# gives to connections, of which one that is over keeps its port for a minute.
free_port() {
  local port
  while true; do
    port=$((RANDOM % 12000 + 20000))
    mkdir "$work/port.$port" 2>/dev/null && ! (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null && break
  done
  echo $port
}
# stock_client FOLDER ARGUMENT…: Debian's client in the background, which asks and reports at once; its log is
# FOLDER/log, its port in FOLDER/port.
stock_client() {
  local folder=$1 port
  shift
  mkdir -p "$folder"
  cat >"$folder/cc_config.xml" <<-X
	<cc_config><options><no_info_fetch>1</no_info_fetch><dont_contact_ref_site>1</dont_contact_ref_site><suppress_net_info>1</suppress_net_info>
	<no_gpus>1</no_gpus><no_priority_change>1</no_priority_change><allow_multiple_clients>1</allow_multiple_clients><report_results_immediately>1</report_results_immediately><ncpus>4</ncpus></options></cc_config>
	X
  cat >"$folder/global_prefs_override.xml" <<-X
	<global_preferences><run_if_user_active>1</run_if_user_active><suspend_cpu_usage>0</suspend_cpu_usage><run_on_batteries>1</run_on_batteries>
	<disk_max_used_gb>10</disk_max_used_gb><disk_min_free_gb>0.01</disk_min_free_gb><disk_max_used_pct>99</disk_max_used_pct>
	<ram_max_used_busy_pct>99</ram_max_used_busy_pct><ram_max_used_idle_pct>99</ram_max_used_idle_pct></global_preferences>
	X
  port=$(free_port)
  echo $port >"$folder/port"
  boinc --dir "$folder" --gui_rpc_port $port --skip_cpu_benchmarks --pers_retry_delay_min 1 --pers_retry_delay_max 5 \
    --sched_retry_delay_min 1 --sched_retry_delay_max 5 --master_fetch_interval 5 "$@" >>"$folder/log" 2>&1 &
  echo $! >"$folder/pid"
}

# run_scenarios NAME…: functions, each called with a folder of its own in a shell of its own. They mostly wait, so that
# several run side by side: as many as `at_once` says, the first ones first. Shows what those that failed printed, and
# what one has put into FOLDER.says. 77 if all were skipped.
run_scenarios() {
  local name status seconds failed=0 skipped=0
  for name; do
    while [ "$(jobs -rp | wc -l)" -ge "${at_once:-12}" ]; do wait -n; done
    mkdir -p "$work/$name"
    (
      trap "echo \$? >'$work/$name.status'; kill \$(jobs -pr) 2>/dev/null; echo \$((SECONDS - $SECONDS)) >'$work/$name.seconds'" EXIT
      "$name" "$work/$name" >"$work/$name.log" 2>&1
    ) &
  done
  wait
  for name; do
    status=$(cat "$work/$name.status" 2>/dev/null)
    seconds=$(cat "$work/$name.seconds" 2>/dev/null)
    case $status in
      0) echo "ok      $name ($seconds s)$(sed 's/^/ /' "$work/$name.says" 2>/dev/null)" ;;
      77) echo "$name: $(tail -1 "$work/$name.log")"; skipped=$((skipped + 1)) ;;
      *) echo "FAILED  $name ($seconds s)"; tail -60 "$work/$name.log" | sed 's/^/        /'; failed=1 ;;
    esac
  done
  [ $skipped -lt $# ] || return 77
  return $failed
}

#!/usr/bin/env bash
# mw volunteer, attacked by its project: the scenarios run side by side.
#   hostile_server_test.sh BIN [SCENARIO …]
. "$(dirname "$0")/scenarios.sh"
needs python3
patience=3

# server FOLDER MODE
server() {
  mkdir -p "$1"
  echo 0123456789abcdef0123456789abcdef >"$1/key"
  chmod 600 "$1/key"
  touch "$1/log" "$1/out"
  python3 "$here/hostile_server.py" "$1" "$2" 2>"$1/server_err" &
  within 20 [ -s "$1/port" ] || fail "no server: $(cat "$1/server_err")"
}
# volunteer FOLDER [OPTION…]: in the background; its number is in FOLDER/pid.
volunteer() {
  local folder=$1
  shift
  PATH=${path:-$PATH} "$bin/mw" volunteer "http://127.0.0.1:$(cat "$folder/port")/" --key-file "$folder/key" --folder "$folder/v" --slots 1 \
    ${pace---poll 0.1} --sandbox ${sandbox:-none} "$@" >>"$folder/out" 2>&1 &
  echo $! >"$folder/pid"
}
lives() { [ -d "/proc/$(cat "$1/pid")" ]; }
heard() { grep -qE "$2" "$1/log"; }  # heard FOLDER PATTERN: by the server
said() { grep -qE "$2" "$1/out"; }   # by the volunteer
size_of() { du -sm "$1" 2>/dev/null | cut -f1; }
peak_mb() { awk '/VmHWM/ {print int($2 / 1024)}' "/proc/$(cat "$1/pid")/status"; }
count() { grep -cE "$2" "$1/log"; }
# attack FOLDER [OPTION…]: the server of that name and its volunteer.
attack() { local name; name=$(basename "$1"); server "$1" "$name" && volunteer "$@"; }
log_of() { echo "$2"; echo "-- volunteer:"; tail -15 "$1/out"; echo "-- server:"; tail -15 "$1/log" | cut -c1-400; }
reports() { within 20 heard "$1" "\"$2" || fail "$(log_of "$1" "no report of $2")"; }

honest() {  # what the others are measured by
  attack "$1" && reports "$1" "job_2 0" && lives "$1" && heard "$1" "well done"
}
sandboxed() {  # the same in a sandbox, as far as there is one, and it is said if there is none
  server "$1" honest && mkdir "$1/none" && sandbox=auto volunteer "$1" && reports "$1" "job_2 0" && heard "$1" "well done" || return 1
  said "$1" "tasks run in a sandbox: no network" || said "$1" "without a sandbox: bubblewrap" || fail "$(log_of "$1" "nothing is said of a sandbox")"
  kill "$(cat "$1/pid")" && within 10 eval "! lives '$1'" || return 1
  path="$1/none" sandbox=bubblewrap volunteer "$1" && within 10 eval "! lives '$1'" || return 1
  said "$1" "^mw volunteer: --sandbox bubblewrap: bubblewrap is not installed" || fail "$(log_of "$1" "it is not said that there is none")"
}
# A file is run if its own signature was checked, and not because of its name, or because it lies there.
not_run() { [ ! -e "$1/evil" ] || fail "$(log_of "$1" "it ran what was not signed")"; }
unsigned() {
  attack "$1" && reports "$1" "job_0 0" && reports "$1" "job_1 -186" && not_run "$1" && lives "$1"
}
same_name() {
  attack "$1" && reports "$1" "job_0 0" && reports "$1" "job_1" && reports "$1" "job_2 -186" && not_run "$1" && lives "$1"
}
overwriting() {
  attack "$1" && reports "$1" "job_0" && reports "$1" "job_2" && not_run "$1" && lives "$1"
}
tampering() {
  attack "$1" && reports "$1" "job_0" && reports "$1" "job_1 0" && reports "$1" "job_2 0" && not_run "$1" && lives "$1"
}
slashes() {
  attack "$1" && reports "$1" "job_0 -186" && reports "$1" "job_[25] -186" && reports "$1" "job_3 -186" && reports "$1" "job_4 -186" && not_run "$1" &&
    lives "$1" || return 1
  [ -z "$(find "$work" -name job -o -path "$1/v" -prune -o -name program -print -o -name out -type d -print)" ] || fail "a file left its folder"
}
# Bytes are counted as they come.
bounded() {
  local megabytes
  megabytes=$(size_of "$1/v")
  [ "$megabytes" -lt 110 ] || fail "$(log_of "$1" "$megabytes MB on the disk")"
  megabytes=$(peak_mb "$1") && [ "$megabytes" -lt 200 ] || fail "$(log_of "$1" "$megabytes MB in memory")"
}
cut_off() { within 25 heard "$1" '"endless": [0-9]{1,9}}' || fail "$(log_of "$1" "what has no end was not cut off")"; }
endless_file() { attack "$1" && cut_off "$1" && reports "$1" "job_0 -186" && bounded "$1"; }
endless_program() { attack "$1" && cut_off "$1" && reports "$1" "job_0 -186" && bounded "$1"; }
endless_reply() { attack "$1" && cut_off "$1" && within 10 said "$1" "more than [0-9]+ bytes" && bounded "$1"; }
endless_page() { attack "$1" && cut_off "$1" && within 10 said "$1" "more than [0-9]+ bytes" && bounded "$1"; }
endless_headers() { attack "$1" && cut_off "$1" && bounded "$1"; }
endless_upload() { attack "$1" && cut_off "$1" && within 10 said "$1" "more than [0-9]+ bytes" && bounded "$1"; }
sizes() {
  attack "$1" || return 1
  for n in 0 1 2 3 4 5; do reports "$1" "job_$n -186" || return 1; done
  ! heard "$1" "download/.*endless" || fail "it fetched what has no size"
  bounded "$1" && lives "$1"
}
crowd() {
  attack "$1" && reports "$1" "job_3 0" && bounded "$1" && lives "$1" && said "$1" "more than 1000 tasks"
}
bad_key() {  # neither ends it, nor the next start; a good one is taken
  attack "$1" && within 10 said "$1" "no key in BOINC's text form" && lives "$1" && reports "$1" "job_0 0" || return 1
  kill -KILL "$(cat "$1/pid")"
  python3 - "$1/v/state.json" <<-'X'
	import json, sys
	state = json.load(open(sys.argv[1])); state["code_sign_key"] = "1024\nno key\n.\n"; json.dump(state, open(sys.argv[1], "w"))
	X
  within 10 eval "! lives '$1'"
  volunteer "$1" && within 10 said "$1" "is forgotten" && sleep 0.3 && lives "$1"
}
redirect() {  # the account key is for this server only
  server "$1/thief" honest && mkdir -p "$1" && cp "$1/thief/port" "$1/other" && attack "$1" && within 10 said "$1" "what was sent is for the first one only" || return 1
  ! grep -q authenticator "$1/thief/log" 2>/dev/null || fail "the account key went to another server"
}
moved() { attack "$1" && reports "$1" "job_2 0" && heard "$1" "well done" && lives "$1"; }  # on the same server
delays() {  # without a pace of its own: the first reply asks for 1e10 s
  server "$1" delays && pace="" volunteer "$1" && within 10 heard "$1" scheduler && sleep 2 && lives "$1" || return 1
  [ "$(count "$1" scheduler)" -le 2 ] || fail "$(count "$1" scheduler) requests in 2 s"
}
escapes() {
  attack "$1" && within 10 said "$1" "owned" && ! grep -q $'[\x1b\x07]' "$1/out" && ! said "$1" "^fake" && said "$1" '\\x1b'
}
files() {  # a task that leaves links and pipes in its slot
  attack "$1" && reports "$1" "job_0" && lives "$1" && grep -q "a secret" "$1/secret" && ! heard "$1" "a secret of" || fail "$(log_of "$1" "$(cat "$1/secret")")"
}
private() {  # what an earlier version has left is made private, too
  mkdir -p "$1/v" && chmod 755 "$1/v" && touch "$1/v/lock" && cp /dev/null "$1/v/lock" || return 1
  server "$1" honest && volunteer "$1" && reports "$1" "job_0 0" || return 1
  [ "$(stat -c %a "$1/v" "$1/v/state.json" "$1/v/lock" | tr '\n' ' ')" = "700 600 600 " ] || fail "$(ls -la "$1/v")"
  mkdir "$1/mine" && touch "$1/mine/thesis" && chmod 755 "$1/mine"
  timeout 10 "$bin/mw" volunteer "http://127.0.0.1:$(cat "$1/port")/" --key-file "$1/key" --folder "$1/mine" 2>"$1/refused" && return 1
  grep -q "something else in it" "$1/refused" && [ "$(ls "$1/mine") $(stat -c %a "$1/mine")" = "thesis 755" ] || fail "$(cat "$1/refused")"
  kill "$(cat "$1/pid")" && within 10 eval "! lives '$1'" || return 1
  # Another project's key does not go to this one's scheduler.
  timeout 10 "$bin/mw" volunteer "http://localhost:$(cat "$1/port")/" --key-file "$1/key" --folder "$1/v" 2>"$1/refused" && return 1
  grep -q "belongs to" "$1/refused" || fail "$(cat "$1/refused")"
}
stopped() {  # told to stop, it gives back what is running and what is waiting, and says so
  server "$1" long && volunteer "$1" --stop-within 1 && within 20 said "$1" "job_0 runs" || return 1
  kill -TERM "$(cat "$1/pid")"
  reports "$1" "job_0 203" && reports "$1" "job_1 203" && within 10 eval "! lives '$1'" || return 1
  grep -q '"tasks":\[\]' "$1/v/state.json" || fail "it kept: $(cat "$1/v/state.json")"
}
stopped_twice() {  # … at once, and goes on at the next start
  server "$1" long && volunteer "$1" --stop-within 1000 && within 20 said "$1" "job_0 runs" || return 1
  kill -INT "$(cat "$1/pid")" && within 10 said "$1" "stops" || return 1
  kill -INT "$(cat "$1/pid")" && within 10 eval "! lives '$1'" || fail "it goes on"
  : >"$1/out"
  volunteer "$1" && within 20 said "$1" "job_0 runs"
}
silent() {  # told to stop in the middle of a request, it gives back what that may have brought
  server "$1" silent && volunteer "$1" && within 20 heard "$1" scheduler || return 1
  kill -TERM "$(cat "$1/pid")"
  reports "$1" "job_0 203" && within 10 eval "! lives '$1'"
}
starved() {  # a task that this machine cannot start at the moment is started later, and does not go without its sandbox
  server "$1" honest && (ulimit -Sn 15 && sandbox=auto volunteer "$1") && within 10 eval "! lives '$1'" || return 1
  ! said "$1" "without a sandbox.*(ulimit|too many)" || fail "$(log_of "$1" "it does without")"
  (ulimit -Sn 15 && volunteer "$1") && within 20 said "$1" "ulimit -n|Too many open files|Failed to connect" || return 1
  prlimit --pid "$(cat "$1/pid")" --nofile=1024: && within 60 heard "$1" '"job_[012] 0' || fail "$(log_of "$1" "no task is done")"
}
finishing() {  # what is done within the time is not given back
  server "$1" honest && volunteer "$1" && reports "$1" "job_0 0" && kill -TERM "$(cat "$1/pid")" && within 10 eval "! lives '$1'" && ! heard "$1" "job_0 203"
}
leaving() {  # gives back all, says goodbye, leaves nothing
  server "$1" long && volunteer "$1" --keep-work && within 20 said "$1" "job_0 runs" || return 1
  kill -TERM "$(cat "$1/pid")" && within 10 eval "! lives '$1'" || return 1
  ! heard "$1" "job_[01] " && grep -q job_0 "$1/v/state.json" || fail "it did not keep its work"
  volunteer "$1" --leave && within 20 eval "! lives '$1'" || return 1
  heard "$1" "job_0 203" && heard "$1" "job_1 203" && heard "$1" '"leaving": true' || fail "$(log_of "$1" "it left without a word")"
  [ ! -e "$1/v" ] || fail "left: $(ls -la "$1/v")"
}

[ $# -gt 0 ] || set -- honest sandboxed unsigned same_name overwriting tampering slashes endless_file endless_program endless_reply endless_page endless_headers \
  endless_upload sizes crowd bad_key redirect moved delays escapes files private stopped stopped_twice silent starved finishing leaving
run_scenarios "$@"

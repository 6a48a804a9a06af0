#!/usr/bin/env bash
# mw volunteer, switched off in mid-task: it goes on where it was. Told to stop, it gives back what it has, and another
# one gets it.
#   light_client_test.sh BIN [SCENARIO …]
. "$(dirname "$0")/scenarios.sh"

# volunteer FOLDER: sets `pid`.
volunteer() {
  "$bin/mw" volunteer "$url" --key-file "$1/state/account_key" --folder "$1/volunteer" --slots 1 --poll 0.1 --checkpoint 0 >>"$1/log" 2>&1 &
  pid=$!
}
# slot_processes FOLDER: those that work in the slot's folder, or in a sandbox that has it.
slot_processes() {
  for p in /proc/[0-9]*; do
    if [[ $(readlink "$p/cwd") == "$1"/volunteer/slots/* ]] || grep -qs "$1/volunteer/slots/" "$p/mountinfo"; then basename "$p"; fi
  done
}

# The master does not wait for who was told to stop (until the deadline, seven days later).
given_back() {
  local folder=$1 url
  "$bin/busy" -i "boinc:?listen=127.0.0.1:0&state=$folder/state&poll_s=0.1" --tasks 1 --seconds 3 --json >"$folder/out" 2>"$folder/err" &
  within 20 grep -q volunteers: "$folder/err" || fail "no project: $(cat "$folder/err")"
  url=$(url_in "$folder/err")
  for name in first second; do
    "$bin/mw" volunteer "$url" --key-file "$folder/state/account_key" --folder "$folder/$name" --slots 1 --poll 0.1 --stop-within 0 >"$folder/$name.log" 2>&1 &
    within 30 grep -q runs "$folder/$name.log" || fail "no task began: $(cat "$folder/$name.log")"
    [ $name = second ] || { kill -TERM $!; wait $!; }
  done
  grep -q "is given back" "$folder/first.log" || fail "it was not given back: $(cat "$folder/first.log")"
  within 60 grep -q '"tasks":1' "$folder/out" || fail "no result: $(cat "$folder/second.log" "$folder/err")"
}
# What was under way goes on where it was.
switched_off() {
  local url pid
  "$bin/checkpointed_app" -i "boinc:?listen=127.0.0.1:0&state=$1/state&poll_s=0.1" --steps 300 --json >"$1/out" 2>"$1/err" &
  within 10 grep -q volunteers: "$1/err" || fail "no project: $(cat "$1/err")"
  url=$(url_in "$1/err")
  volunteer "$1"
  within 30 grep -q runs "$1/log" || fail "no task began: $(cat "$1/log")"
  sleep 4
  [ -n "$(slot_processes "$1")" ] || fail "no process works in the slot"
  kill -KILL $pid
  # What it had started ends by itself: a task without its client is of no use.
  within 10 eval "[ -z \"\$(slot_processes '$1')\" ]" || fail "left: $(for p in $(slot_processes "$1"); do tr '\0' ' ' <"/proc/$p/cmdline"; done)"
  ! grep -q steps "$1/out" || fail "it was over before it was killed"
  volunteer "$1"
  within 60 grep -q steps "$1/out" || fail "no result: $(cat "$1/log" "$1/err")"
  python3 - "$1/out" <<'X' || fail "it began again: $(cat "$1/out")"
import json, sys
result = json.load(open(sys.argv[1]))["result"]
print(result)
assert result["steps"] == 300 and 0 < result["steps_of_last_process"] < 270
X
}

[ $# -gt 0 ] || set -- given_back switched_off
run_scenarios "$@"

#!/usr/bin/env bash
# mw volunteer, switched off in mid-task: it goes on where it was. Told to stop, it gives back what it has, and another one gets it.
#   light_client_test.sh BIN
set -uo pipefail
bin=$(cd "$1" && pwd)
work=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null; pkill -KILL -f "$work" 2>/dev/null; rm -rf "$work"' EXIT

fail() { echo "$*" >&2; exit 1; }
within() { local end=$((SECONDS + $1)); shift; until "$@"; do [ $SECONDS -lt $end ] || return 1; sleep 0.1; done; }
volunteer() {
  "$bin/mw" volunteer "$url" --key-file "$work/state/account_key" --folder "$work/volunteer" --slots 1 --poll 0.1 --checkpoint 0 >>"$work/log" 2>&1 &
  pid=$!
}
# Processes that work in the slot's folder, or in a sandbox that has it.
slot_processes() {
  for p in /proc/[0-9]*; do
    if [[ $(readlink "$p/cwd") == "$work"/volunteer/slots/* ]] || grep -qs "$work/volunteer/slots/" "$p/mountinfo"; then basename "$p"; fi
  done
}

# given_back FOLDER: the master does not wait for who was told to stop (until the deadline, seven days later).
given_back() {
  local folder=$1 url
  mkdir "$folder"
  "$bin/busy" -i "boinc:?listen=127.0.0.1:0&state=$folder/state&poll_s=0.1" --tasks 1 --seconds 3 --json >"$folder/out" 2>"$folder/err" &
  within 20 grep -q volunteers: "$folder/err" || fail "no project: $(cat "$folder/err")"
  url=$(sed -n 's/.* mw volunteer \([^ ]*\) .*/\1/p' "$folder/err")
  for name in first second; do
    "$bin/mw" volunteer "$url" --key-file "$folder/state/account_key" --folder "$folder/$name" --slots 1 --poll 0.1 --stop-within 0 >"$folder/$name.log" 2>&1 &
    within 30 grep -q runs "$folder/$name.log" || fail "no task began: $(cat "$folder/$name.log")"
    [ $name = second ] || { kill -TERM $!; wait $!; }
  done
  grep -q "is given back" "$folder/first.log" || fail "it was not given back: $(cat "$folder/first.log")"
  within 60 grep -q '"tasks":1' "$folder/out" || fail "no result: $(cat "$folder/second.log" "$folder/err")"
}
given_back "$work/given_back" &
giver=$!

"$bin/checkpointed_app" -i "boinc:?listen=127.0.0.1:0&state=$work/state&poll_s=0.1" --steps 200 --json >"$work/out" 2>"$work/err" &
within 10 grep -q volunteers: "$work/err" || fail "no project: $(cat "$work/err")"
url=$(sed -n 's/^volunteers: mw volunteer \([^ ]*\) .*/\1/p' "$work/err")
volunteer
within 30 grep -q runs "$work/log" || fail "no task began: $(cat "$work/log")"
sleep 4
[ -n "$(slot_processes)" ] || fail "no process works in the slot"
kill -KILL $pid
# What it had started ends by itself: a task without its client is of no use.
within 10 eval '[ -z "$(slot_processes)" ]' || fail "left: $(for p in $(slot_processes); do tr '\0' ' ' <"/proc/$p/cmdline"; done)"
! grep -q steps "$work/out" || fail "it was over before it was killed"
volunteer
within 60 grep -q steps "$work/out" || fail "no result: $(cat "$work/log" "$work/err")"
python3 - "$work/out" <<'X' || fail "it began again: $(cat "$work/out")"
import json, sys
result = json.load(open(sys.argv[1]))["result"]
print(result)
assert result["steps"] == 200 and 0 < result["steps_of_last_process"] < 170
X
wait $giver && echo "what was given back was computed by another one"

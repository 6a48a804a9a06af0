#!/usr/bin/env bash
# The project's disk is full: the program says so and ends, and once there is room it goes on where it was.
#   full_disk_test.sh BIN
set -uo pipefail
bin=$(cd "$1" && pwd)
# A small disk of our own, where this user may mount one.
if [ "${2:-}" != inside ]; then
  unshare -rm true 2>/dev/null || { echo "skipped: no disk can be mounted here (unshare -rm)"; exit 77; }
  exec unshare -rm "$0" "$bin" inside
fi
work=$(mktemp -d)
children=()
trap 'kill "${children[@]}" 2>/dev/null; wait; umount "$work/disk"; rm -rf "$work"' EXIT
mkdir "$work/disk" && mount -t tmpfs -o size=64m tmpfs "$work/disk" || { echo "skipped: no disk can be mounted here"; exit 77; }
fail() { echo "$*" >&2; exit 1; }
within() { local end=$((SECONDS + $1)); shift; until "$@"; do [ $SECONDS -lt $end ] || return 1; sleep 0.1; done; }

points=20e6
right=$("$bin/monte_pi" -i multicore:2 --points $points --json | grep -o '"inside":[0-9]*')
app() {
  rm -f "$work/err"
  timeout 100 "$bin/monte_pi" -i "boinc:?listen=127.0.0.1:0&state=$work/disk/state&poll_s=0.1&tasks_per_workunit=1" --json --points $points \
    >"$work/out" 2>"$work/err" &
  app=$!
  children+=($app)
  within 20 grep -q "^volunteers:" "$work/err" || fail "no project: $(cat "$work/err")"
  url=$(sed -n 's/^volunteers: mw volunteer \([^ ]*\) .*/\1/p' "$work/err")
}
volunteer() {
  "$bin/mw" volunteer "$url" --key-file "$work/disk/state/account_key" --folder "$work/volunteer-$1" --slots 1 --poll 0.1 >>"$work/log" 2>&1 &
  volunteer=$!
  children+=($volunteer)
}
app
dd if=/dev/zero of="$work/disk/fill" bs=64k 2>/dev/null
[ "$(df --output=avail "$work/disk" | tail -1)" -lt 64 ] || fail "the disk is not full"
volunteer 1
wait $app
status=$?
[ $status -ne 0 ] && [ $status -ne 124 ] || fail "it ended with $status: $(cat "$work/err" "$work/log")"
grep -q "the disk is full" "$work/err" && grep -q "$work/disk/state/project.db" "$work/err" || fail "the disk is not named: $(cat "$work/err")"
kill $volunteer
rm "$work/disk/fill"
app
volunteer 2
wait $app || fail "it does not go on: $(cat "$work/err" "$work/log")"
grep -q "$right" "$work/out" || fail "another result than multicore's ($right): $(cat "$work/out")"

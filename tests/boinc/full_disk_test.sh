#!/usr/bin/env bash
# The project's disk is full: the program says so and ends, and once there is room it goes on where it was.
#   full_disk_test.sh BIN
# A small disk of our own, where this user may mount one.
if [ "${2:-}" != inside ]; then
  unshare -rm true 2>/dev/null || { echo "skipped: no disk can be mounted here (unshare -rm)"; exit 77; }
  exec unshare -rm "$0" "$1" inside
fi
. "$(dirname "$0")/scenarios.sh"
mkdir "$work/disk" && mount -t tmpfs -o size=64m tmpfs "$work/disk" || skip "no disk can be mounted here"
trap 'end_all; wait; umount "$work/disk"; rm -rf "$work"' EXIT

points=20e6
right=$(on_multicore --points $points)
app() {
  rm -f "$work/err"
  timeout 100 "$bin/monte_pi" -i "boinc:?listen=127.0.0.1:0&state=$work/disk/state&poll_s=0.1&tasks_per_workunit=1" --json --points $points \
    >"$work/out" 2>"$work/err" &
  app=$!
  within 20 grep -q "^volunteers:" "$work/err" || fail "no project: $(cat "$work/err")"
  url=$(url_in "$work/err")
}
volunteer() {
  "$bin/mw" volunteer "$url" --key-file "$work/disk/state/account_key" --folder "$work/volunteer-$1" --slots 1 --poll 0.1 >>"$work/log" 2>&1 &
  volunteer=$!
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

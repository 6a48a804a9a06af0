#!/usr/bin/env bash
# A live server under all attacks at once (attacks/*.py), and honest volunteers meanwhile: monte_pi has the right count.
#   attacks_test.sh BIN [ATTACK …]
. "$(dirname "$0")/scenarios.sh"
needs python3
fail() { echo "$*" >&2; tail -n 5 "$work"/*.log "$work/err" >&2; exit 1; }

attacks=("$@")
[ ${#attacks[@]} -gt 0 ] || attacks=($(cd "$here/attacks" && ls *.py | grep -v '^attack.py$' | sed 's/\.py$//'))
points=20e6  # 20 tasks
right=$(on_multicore --points $points)

# With a quorum of two the run is not over before the second volunteer comes.
"$bin/monte_pi" -i "boinc:?listen=127.0.0.1:0&state=$work/state&poll_s=0.1&tasks_per_workunit=1&quorum=2&keys=each&one_vote=account&accounts=open&delay_bound_s=10" \
  --points $points --json >"$work/out" 2>"$work/err" &
app=$!
within 20 grep -q "^volunteers:" "$work/err" || fail "no project"
export URL PID=$app WORK=$work PYTHONDONTWRITEBYTECODE=1
URL=$(url_in "$work/err")
key_of() { "$bin/mw" boinc-key "$work/state" "$1"; }  # each attacker has a key of his own, as have the honest ones

volunteer() {
  "$bin/mw" volunteer "$URL" --key-file "$(key_of "$1")" --folder "$work/volunteer-$1" --name "$1" --slots 1 --poll 0.1 \
    >"$work/$1.log" 2>&1 &
}
declare -A pid_of
for attack in "${attacks[@]}"; do
  KEY=$(cat "$(key_of "$attack")") python3 "$here/attacks/$attack.py" >"$work/$attack.log" 2>&1 &
  pid_of[$attack]=$!
done
volunteer first
has_failed() { for a in "${attacks[@]}"; do [ -e "$work/$a.done" ] || kill -0 "${pid_of[$a]}" 2>/dev/null || return 0; done; return 1; }
all_done() { has_failed && return 0; for a in "${attacks[@]}"; do [ -e "$work/$a.done" ] || return 1; done; }
within 240 all_done || fail "not done: $(for a in "${attacks[@]}"; do [ -e "$work/$a.done" ] || echo "$a"; done)"
has_failed && fail "an attack saw what it should not"
# All of them go on; who wants to help still can.
volunteer second
within 120 grep -q inside "$work/out" || fail "no result under attack"
touch "$work/over"
grep -q "$right" "$work/out" || fail "another result than multicore's ($right): $(cat "$work/out")"
status=0
for attack in "${attacks[@]}"; do wait "${pid_of[$attack]}" || { echo "FAILED  $attack"; cat "$work/$attack.log"; status=1; }; done
lines=$(wc -l <"$work/err")
[ "$lines" -lt 300 ] || fail "$lines lines on stderr"
[ $status -eq 0 ] && echo "ok: ${attacks[*]}; $lines lines of log; $SECONDS s"
exit $status

#!/bin/bash
# Whether a master's memory stays as it is while it runs very many tasks and is watched: by a browser's stream of events,
# by Prometheus, and by somebody who reads the rows of all tasks. By hand: it takes minutes.
#
#     soak.sh WATCHED_APP [TASKS [INTERFACE]]          (10^8 tasks, multicore:2)
#
# Once a tenth of the tasks has ended, the master's resident memory is looked at each second; the mean of the last third
# of these samples may be 5 % above that of the middle third.
set -euo pipefail
app=${1:?which watched_app?} tasks=${2:-100000000} interface=${3:-multicore:2}
work=$(mktemp -d)
cleanup() {
  kill $(jobs -p) 2> "$work/kill" || true
  rm -rf "$work"
}
trap cleanup EXIT
die() {
  echo "soak: $*" >&2
  exit 1
}

mkfifo "$work/orders"
"$app" "$work/report.html" "$interface" < "$work/orders" > "$work/said" 2> "$work/errors" &
master=$!
exec 3> "$work/orders"
until [[ -s $work/said ]]; do kill -0 $master || die "the master ended: $(tail -5 "$work/errors")"; sleep 0.1; done
url=$(sed -n '1s/#.*//p' "$work/said")
curl -sN "${url}events" > /dev/null &
follower=$!
echo "many $tasks" >&3

# Rows as the page asks for them: from where the last answer ended. An answer begins with the number of its first row and
# how many there are.
next_row=0
rows() {
  curl -s --max-time 10 -o "$work/rows" "${url}rows?from=$next_row" || return 0
  local first count
  read -r first < <(od -An -tu8 -N8 "$work/rows")
  read -r count < <(od -An -tu4 -j8 -N4 "$work/rows")
  next_row=$((first + count))
}

start=$SECONDS scrapes=0
until grep -q '^done' "$work/said"; do
  kill -0 $master || die "the master ended: $(tail -5 "$work/errors")"
  kill -0 $follower || die 'the stream of events broke'
  curl -s --max-time 10 -o "$work/metrics" "${url}metrics" && scrapes=$((scrapes + 1))
  rows
  ended=$(awk '$1 == "cppmw_tasks_finished_total" {printf "%d", $2}' "$work/metrics")
  if ((${ended:-0} > tasks / 10)); then awk '/^VmRSS/ {print $2}' /proc/$master/status >> "$work/rss"; fi
  sleep 1
done
seconds=$((SECONDS - start))
[[ -s $work/rss && $(wc -l < "$work/rss") -ge 9 ]] || die "too few samples in $seconds s: give it more tasks"
awk -v tasks="$tasks" -v seconds="$seconds" -v scrapes="$scrapes" -v rows="$next_row" '
  {kib[NR] = $1; if ($1 > most) most = $1}
  END {
    third = int(NR / 3)
    for (i = third + 1; i <= 2 * third; ++i) middle += kib[i]
    for (i = NR - third + 1; i <= NR; ++i) last += kib[i]
    growth = (last / middle - 1) * 100
    printf "%d tasks in %d s, %d a second; %d scrapes, rows up to %d\n", tasks, seconds, tasks / seconds, scrapes, rows
    printf "MiB: %.1f at first, %.1f in the middle third, %.1f in the last, %.1f at most; %+.2f %%\n",
           kib[1] / 1024, middle / third / 1024, last / third / 1024, most / 1024, growth
    exit growth > 5
  }' "$work/rss" || die 'the memory grows'

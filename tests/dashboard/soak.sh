#!/bin/bash
# Whether a master's memory stays as it is while it runs very many tasks and is watched: by a stream of events as a
# browser has it, by Prometheus, and by somebody who reads the rows of all tasks. By hand: it takes minutes.
#
#     soak.sh WATCHED_APP [TASKS [INTERFACE]]          (10^8 tasks, multicore:2)
#
# First come tasks until the dashboard has all the rows that it keeps, 10^6. Then the master's resident memory is looked
# at each second; the mean of the last third of these samples may be 5 % above that of the middle third.
set -euo pipefail
app=${1:?which watched_app?} tasks=${2:-100000000} interface=${3:-multicore:2}
most_rows=1000000 rows_an_answer=65536
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
until [[ -s $work/said ]]; do
  kill -0 $master || die "the master ended: $(tail -5 "$work/errors")"
  sleep 0.1
done
url=$(sed -n '1s/#.*//p' "$work/said")
curl -sN "${url}events" > /dev/null &
follower=$!

# As the page asks for rows: from where the last answer ended, until it has all. An answer begins with the number of its
# first row and how many there are.
next_row=0
read_rows() {
  local first count=$rows_an_answer
  while ((count == rows_an_answer)); do
    curl -s --max-time 10 -o "$work/rows" "${url}rows?from=$next_row" || return 0
    read -r first < <(od -An -tu8 -N8 "$work/rows")
    read -r count < <(od -An -tu4 -j8 -N4 "$work/rows")
    next_row=$((first + count))
  done
}

orders=0 scrapes=0
# run TASKS: looks at the master each second until they are done.
run() {
  echo "many $1" >&3
  orders=$((orders + 1))
  : > "$work/rss"
  until (($(grep -c '^done' "$work/said" || true) == orders)); do
    kill -0 $master || die "the master ended: $(tail -5 "$work/errors")"
    kill -0 $follower || die 'the stream of events broke'
    if curl -s --max-time 10 -o "$work/metrics" "${url}metrics"; then scrapes=$((scrapes + 1)); fi
    read_rows
    awk '/^VmRSS/ {print $2}' /proc/$master/status >> "$work/rss"
    sleep 1
  done
}

while ((next_row < most_rows)); do run $((tasks / 10)); done
start=$SECONDS scrapes=0
run "$tasks"
seconds=$((SECONDS - start))
(($(wc -l < "$work/rss") >= 9)) || die "too few samples in $seconds s: give it more tasks"
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

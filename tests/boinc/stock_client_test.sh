#!/usr/bin/env bash
# A volunteer project with Debian's boinc-client as its volunteers: the scenarios run side by side, since a client
# mostly waits.
#   stock_client_test.sh BIN [SCENARIO …]
. "$(dirname "$0")/scenarios.sh"
needs boinc "Debian: apt-get install boinc-client"
needs python3
points=20e6  # 20 tasks
right=$(on_multicore --points $points)

wait_for_file() { for _ in $(seq 100); do [ -s "$1" ] && return 0; sleep 0.1; done; fail "$1 is not there"; }
# client FOLDER URL KEY [OPTION…]: a stock client in the background, in a session of its own. KEY may be an account
# file.
client() {
  local folder=$1 url=$2 key=$3
  shift 3
  local attach=(--attach_project "$url" "$key")
  # As the program says it, which keeps the key out of the arguments.
  [ -f "$key" ] && mkdir -p "$folder" && cp "$key" "$folder/" && attach=()
  [ -f "$folder/client_state.xml" ] && attach=()
  stock_client "$folder" "$@" "${attach[@]}"
}

# app FOLDER MORE ARGUMENT…: monte_pi as a project, in the background; at the port that it had before, if it had one.
app() {
  local folder=$1 more=$2 port=0
  shift 2
  [ -f "$folder/err" ] && port=$(port_of "$folder")
  mkdir -p "$folder"
  [ $# -gt 0 ] || set -- --points $points
  timeout 380 "$bin/monte_pi" -i "boinc:?listen=127.0.0.1:$port&state=$folder/state&poll_s=1&tasks_per_workunit=1$more" --json "$@" \
    >"$folder/out" 2>>"$folder/err" &
  echo $! >"$folder/pid"
  wait_for_file "$folder/state/account_key" && within 10 grep -q volunteers: "$folder/err"
}
url_of() { url_in "$1/err"; }
port_of() { url_of "$1" | sed 's/.*:\([0-9]*\).*/\1/'; }
key_of() { cat "$1/state/account_key"; }
account_of() { echo "$1"/state/account_*.xml; }
# meddle FOLDER MODE: sets `meddled`, the URL of a proxy before the project.
meddle() {
  python3 "$here/meddler.py" "$1/port" "$(port_of "$1")" "$2" &
  wait_for_file "$1/port" && sleep 0.2 && meddled=http://127.0.0.1:$(cat "$1/port")/
}
finished_right() {
  within 350 grep -q inside "$1/out" || fail "no result: $(cat "$1/err" && tail -n 20 "$1"/*/log)"
  grep -q "$right" "$1/out" || fail "another result than multicore's ($right): $(cat "$1/out")"
}
count() { sqlite3 "$1/state/project.db" "$2" 2>/dev/null || python3 -c "import sqlite3,sys; print(sqlite3.connect(sys.argv[1]).execute(sys.argv[2]).fetchone()[0])" "$1/state/project.db" "$2"; }

plain() {  # the same count as multicore; what the user is shown is what was recorded
  app "$1" "" && client "$1/c" "$(url_of "$1")" "$(account_of "$1")" && finished_right "$1" || return 1
  ! grep -q "$(key_of "$1")" "$1/err" || fail "the account key is on stderr"
  # The answer to the last report may have come too late: what is shown is then less than what was recorded.
  local shown recorded
  shown=$(ask "$1/c" --get_project_status)
  recorded=$(count "$1" "SELECT sum(credit) FROM host")
  grep -q "user_name: volunteer$" <<<"$shown" &&
    awk -v recorded="$recorded" '/user_total_credit/ { user = $2 } /host_total_credit/ { host = $2 } END { exit !(user > 0 && user == host && user <= recorded + 1e-6) }' <<<"$shown" ||
    fail "of $recorded that was recorded, boinccmd shows $shown"
}
quorum() {  # two clients with keys of their own, quorum 2
  app "$1" "&quorum=2&keys=each" || return 1
  for c in a b; do client "$1/$c" "$(url_of "$1")" "$(cat "$("$bin/mw" boinc-key "$1/state" $c)")"; done
  finished_right "$1" && ! grep -q "sent a wrong result" "$1/err"
}
liar() {  # what one of three hosts sends is another result, with the right MD5: it is never accepted
  app "$1" "&quorum=2&one_vote=host" || return 1
  meddle "$1" lie || return 1
  client "$1/liar" "$meddled" "$(key_of "$1")"
  for c in a b; do client "$1/$c" "$(url_of "$1")" "$(key_of "$1")"; done
  finished_right "$1" && { grep -q "sent a wrong result" "$1/err" || fail "no lie was noticed: $(tail -5 "$1/liar/log")"; }
}
client_killed() {  # kill -9 in mid-task, and started again
  app "$1" "" --block 1e8 --points 4e8 || return 1
  local expected
  expected=$(on_multicore --block 1e8 --points 4e8)
  client "$1/c" "$(url_of "$1")" "$(key_of "$1")"
  within 60 grep -q "Starting task" "$1/c/log" || fail "no task began"
  sleep 1
  kill -KILL "$(cat "$1/c/pid")"
  sleep 1
  client "$1/c" "$(url_of "$1")" "$(key_of "$1")"
  within 350 grep -q inside "$1/out" || fail "no result: $(tail -20 "$1/c/log")"
  grep -q "$expected" "$1/out"
}
# A user of the machine says stop, and later go on: what is under way stands still meanwhile, and is finished.
suspended() {
  app "$1" "&tasks_per_workunit=8" --block 1e8 --points 8e8 || return 1
  local expected worker ticks
  expected=$(on_multicore --block 1e8 --points 8e8)
  client "$1/c" "$(url_of "$1")" "$(key_of "$1")"
  within 60 grep -q "Starting task" "$1/c/log" || fail "no task began"
  worker=$1/c/slots/0
  within 20 eval '[ "$(ticks_in "$worker")" -gt 0 ]' || fail "nothing computes in $worker"
  say_mode "$1/c" never || return 1
  within 20 grep -q "Suspending computation" "$1/c/log" || fail "the client did not suspend: $(tail -5 "$1/c/log")"
  sleep 3
  ticks=$(ticks_in "$worker")
  sleep 3
  ticks=$(($(ticks_in "$worker") - ticks))  # of 300; it still listens for the client
  [ $ticks -lt 15 ] || fail "it computes while it is suspended: $ticks ticks in 3 s"
  ! grep -q inside "$1/out" || fail "it was over before it was suspended"
  say_mode "$1/c" auto
  within 350 grep -q inside "$1/out" || fail "no result: $(tail -20 "$1/c/log")"
  grep -q "$expected" "$1/out"
}
ask() { (cd "$1" && boinccmd --host "127.0.0.1:$(cat port)" --passwd "$(cat gui_rpc_auth.cfg)" "${@:2}"); }  # a client, in its folder
say_mode() { ask "$1" --set_run_mode "$2"; }
# ticks_in FOLDER: processor time that the processes which run in this folder have had.
ticks_in() {
  local process sum=0
  for process in /proc/[0-9]*; do
    [ "$(readlink "$process/cwd")" = "$1" ] || continue
    sum=$((sum + $(sed 's/.*) //' "$process/stat" 2>/dev/null | awk '{print $12 + $13}')))
  done
  echo $sum
}
server_killed() {  # kill -9 in mid-run, and started again on the same folder
  app "$1" "" || return 1
  client "$1/c" "$(url_of "$1")" "$(key_of "$1")"
  within 90 grep -q "Reporting [0-9]* completed" "$1/c/log" || fail "nothing was reported"
  sleep 2
  kill -KILL "$(pgrep -P "$(cat "$1/pid")")"
  sleep 1
  local made
  made=$(count "$1" "SELECT count(*) FROM task WHERE state = 2")
  [ "$made" -gt 0 ] && [ "$made" -lt 20 ] || fail "$made of 20 tasks were done when it was killed"
  app "$1" "" && finished_right "$1"
}
deadline() {  # a host takes work and is never seen again: another one gets it
  app "$1" "&delay_bound_s=20" || return 1
  client "$1/gone" "$(url_of "$1")" "$(key_of "$1")"
  within 60 grep -q "Starting task" "$1/gone/log" || fail "no task began"
  kill -KILL "$(cat "$1/gone/pid")"
  client "$1/c" "$(url_of "$1")" "$(key_of "$1")"
  finished_right "$1"
}
bad_signature() {  # a program that somebody else has changed on the way is not run
  app "$1" "&max_error=0" --points 1e6 || return 1
  meddle "$1" tamper || return 1
  client "$1/c" "$meddled" "$(key_of "$1")"
  within 60 grep -q "Signature verification failed" "$1/c/log" || fail "the client did not complain: $(tail "$1/c/log")"
  within 60 grep -q "exit status -186" "$1/err" || fail "the server did not hear of it: $(cat "$1/err")"
}
missing_input() {  # an input that is not to be had
  app "$1" "&max_error=0" --points 1e6 || return 1
  meddle "$1" notfound || return 1
  client "$1/c" "$meddled" "$(key_of "$1")"
  within 100 grep -q "exit status -186" "$1/err" || fail "the server did not hear of it: $(cat "$1/err") $(tail "$1/c/log")"
}
too_large() {  # an output over the limit
  mkdir -p "$1"
  timeout 380 "$bin/null_test" -i "boinc:?listen=127.0.0.1:0&state=$1/state&poll_s=1&max_output_mb=1&max_error=0" --tasks 1 --bytes 2000000 >"$1/out" 2>"$1/err" &
  wait_for_file "$1/state/account_key" && within 10 grep -q volunteers: "$1/err"
  client "$1/c" "$(url_of "$1")" "$(key_of "$1")"
  within 100 grep -q "failed on host 1" "$1/err" && grep -q -- "-131" "$1/err" || fail "the server did not hear of it: $(cat "$1/err") $(tail "$1/c/log")"
}

[ $# -gt 0 ] || set -- plain quorum liar client_killed suspended server_killed deadline bad_signature missing_input too_large
run_scenarios "$@"

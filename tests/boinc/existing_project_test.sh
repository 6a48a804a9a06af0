#!/usr/bin/env bash
# An existing project as the backend, through its folder and over the network. The project is emulated: see
# emulated_project/emulate.py.
#   existing_project_test.sh BIN [SCENARIO …]
. "$(dirname "$0")/scenarios.sh"
needs python3
tasks=8
points=${tasks}e6
key=0123456789abcdef0123456789abcdef
right=$(on_multicore --points $points)

# project FOLDER [SETTING…]: an emulated one, in the background; sets `folder` and `url`.
project() {
  folder=$1/project
  shift
  mkdir -p "$folder"
  MW_ALLOW_PROGRAMS=1 python3 "$here/emulated_project/emulate.py" "$folder" "$bin/workers/x86_64-pc-linux-gnu" $key "$@" 2>>"$folder.err" &
  within 60 test -s "$folder/port" || fail "the emulated project does not start: $(cat "$folder.err")"
  url=http://127.0.0.1:$(cat "$folder/port")/pool
  (umask 077 && echo $key >"$folder/auth")
}
set_up() { "$bin/mw" boinc-setup "$folder" "$@" --apply >"$folder/setup.out" 2>&1 || fail "$(cat "$folder/setup.out")"; }
by_folder() { echo "boinc:project=$folder&state=$folder/state&poll_s=0.05$1"; }
by_url() { echo "boinc:url=$url&auth=$folder/auth&state=$folder/state&poll_s=0.05$1"; }
pi() { timeout ${pi_timeout:-60} "$bin/monte_pi" -i "$1" --points $points --json >"$folder/out" 2>>"$folder/err"; }
is_right() { grep -q "$right" "$folder/out" || fail "another result than multicore's ($right): $(cat "$folder/out" "$folder/err")"; }
# count SQL: what the project's database says; without a process, since it is asked again and again.
count() {
  local line
  exec {connection}<>"/dev/tcp/127.0.0.1/$(<"$folder/port")" || return 1
  printf 'POST /sql HTTP/1.0\r\nContent-Length: %s\r\n\r\n%s' ${#1} "$1" >&$connection
  while IFS= read -r line <&$connection; do :; done
  exec {connection}>&-
  echo "$line"
}
is() { [ "$1" = "$2" ] || fail "$3: $1, not $2"; }
says() { grep -qF -- "$1" "$2" || fail "it does not say \"$1\": $(cat "$2")"; }

folder_pi() {  # the same count as multicore, one workunit a task, nothing left behind; two hosts agree on each, byte by byte
  project "$1" && set_up --app monte_pi && pi "$(by_folder '&tasks_per_workunit=1&quorum=2&delay_bound_s=3600')" && is_right &&
    is "$(count 'SELECT count(*) FROM workunit')" $tasks workunits && is "$(ls "$folder/results" | wc -l)" 0 "results left" &&
    is "$(count 'SELECT count(*) FROM workunit WHERE min_quorum = 2 AND delay_bound = 3600 AND max_error_results = 3')" $tasks options && agreed 2
}
url_pi() {  # the same over the network; the batch is retired
  project "$1" hosts=3 && set_up --app monte_pi --remote --quorum 3 && pi "$(by_url '&tasks_per_workunit=3')" && is_right &&
    is "$(count 'SELECT count(*) FROM workunit')" 3 workunits && is "$(count 'SELECT min(state) FROM batch')" 4 "the batch's state" && agreed 3
}
# agreed Q: each workunit has Q valid results, of Q hosts, and none that did not agree.
agreed() {
  is "$(count "SELECT count(*) FROM workunit WHERE (SELECT count(DISTINCT host) FROM result WHERE workunit = workunit.id AND is_valid) != $1")" 0 "workunits without a quorum" &&
    is "$(count "SELECT count(*) FROM result WHERE state = 'success' AND NOT is_valid")" 0 "results that did not agree"
}
# contract SPEC TESTS: the suites about results and data files, with masters that do not know of each other.
contract() {
  CPPMW_TEST_SPECS=${1/state=*project\/state/state=temporary} timeout 200 "$bin/contract_tests" -d yes "$2" >"$folder/out" 2>&1 ||
    fail "$(tail -40 "$folder/out")"
}
# Without P1, which is a way to the project and back for each of 100 tasks, one after the other.
folder_contract() {
  project "$1" && set_up --app contract_tests && contract "$(by_folder "")" "[results]~[P1]~[P4],[S6]" && contract "$(by_folder '&tasks_per_workunit=1')" "[P4]"
}
url_contract() {  # nor P4: between two questions, the project does not say what ended first; nor P32, of which folder_contract has enough
  project "$1" && set_up --app contract_tests --remote && echo 1000000000 1000000000 >"$folder/php_limits" && contract "$(by_url "")" "[results]~[P1]~[P4]~[P32],[S6]"
}
# killed SPEC: the master is killed in mid-run and started again: every workunit is made once and computed once.
killed() {
  pi "$1" &
  within 30 eval '[ "$(count "SELECT count(*) FROM workunit WHERE canonical")" -ge 2 ]' || fail "no workunit is done"
  pkill -KILL -f "monte_pi -i $1"
  wait $!
  : >"$folder/go"
  pi "$1" && is_right && is "$(count 'SELECT count(*) FROM workunit')" $tasks workunits && is "$(count 'SELECT count(*) FROM result')" $tasks runs
}
folder_killed() { project "$1" hold=2 && set_up --app monte_pi && killed "$(by_folder '&tasks_per_workunit=1')"; }
url_killed() { project "$1" hold=2 && set_up --app monte_pi --remote && killed "$(by_url '&tasks_per_workunit=1')"; }
sql() { python3 -c "import sqlite3,sys; c=sqlite3.connect(sys.argv[1]); c.execute(sys.argv[2]); c.commit()" "$1" "$2"; }
# in_doubt SPEC: killed while it submitted. It does not know whether the project has the batch, which has it; then, in a
# second run, has not.
in_doubt() {
  killed "$1" && rm "$folder/go" || return 1
  pi "$1" &
  within 30 eval '[ "$(count "SELECT count(*) FROM workunit")" -ge $((2 * tasks)) ]' || fail "nothing was submitted"
  pkill -KILL -f "monte_pi -i $1"
  wait $!
  sql "$folder/state/submitted.db" "UPDATE batch SET is_submitted = 0"
  : >"$folder/go"
  pi "$1" && is_right && is "$(count 'SELECT count(*) FROM workunit')" $((2 * tasks)) "workunits, of a batch that was there" && rm "$folder/go" || return 1
  pi "$1" &
  within 30 eval '[ "$(count "SELECT count(*) FROM workunit")" -ge $((3 * tasks)) ]' || fail "nothing was submitted"
  pkill -KILL -f "monte_pi -i $1"
  wait $!
  sql "$folder/state/submitted.db" "UPDATE batch SET is_submitted = 0"
  sql "$folder/jobs.db" "DELETE FROM workunit WHERE id > $((2 * tasks))"
  sql "$folder/jobs.db" "DELETE FROM result WHERE workunit > $((2 * tasks))"
  sql "$folder/jobs.db" "UPDATE batch SET state = 0 WHERE id = (SELECT max(id) FROM batch)"
  : >"$folder/go"
  pi "$1" && is_right && is "$(count 'SELECT count(*) FROM workunit WHERE id > '$((2 * tasks)))" $tasks "workunits, of a batch that was not there"
}
folder_in_doubt() { project "$1" hold=2 && set_up --app monte_pi && in_doubt "$(by_folder '&tasks_per_workunit=1')"; }
url_in_doubt() { project "$1" hold=2 && set_up --app monte_pi --remote && in_doubt "$(by_url '&tasks_per_workunit=1')"; }
readme_example() {  # many short tasks: one of them is run here, and then they go together. It takes about as long as with the embedded server.
  project "$1" && set_up --app monte_pi || return 1
  local points=400e6 right=inside begin embedded there
  begin=$(date +%s%N)
  pi "boinc:2?listen=127.0.0.1:0&state=$folder/embedded" || return 1
  embedded=$((($(date +%s%N) - begin) / 1000000)) right=$(grep -o '"inside":[0-9]*' "$folder/out")
  begin=$(date +%s%N)
  pi "$(by_folder '')" && is_right || return 1
  there=$((($(date +%s%N) - begin) / 1000000))
  local workunits=$(count 'SELECT count(*) FROM workunit')
  measured="400 tasks: $embedded ms with the embedded server, $there ms with the project, in $workunits workunits"
  [ "$workunits" -le 10 ] || fail "$measured"  # fewer, the faster the machine is
  # A cost that is stated.
  points=40e6 right=$(on_multicore --points 40e6)
  pi "$(by_folder '&task_s=1')" && is_right && is "$(count 'SELECT count(*) FROM workunit')" $((workunits + 2)) workunits &&
    is "$(count 'SELECT count(*) FROM workunit WHERE rsc_fpops_est = 8e10')" 2 "workunits of 20 s" && echo "$measured" >"$1.says"
}
in_state() { echo "${1/state=*project\/state/state=$2}"; }
# texts: files for string_count, which has a data file for each of its tasks.
texts() {
  mkdir -p "$folder/texts" && for i in 1 2 3 4 5; do seq -f "line %g" $((i * 100)) >"$folder/texts/small$i.txt"; done
}
string_count() { timeout 60 "$bin/string_count" -i "$1" --folder "$folder/texts" --string line --json >"$folder/out" 2>>"$folder/err"; }
folder_data_files() {  # two hosts agree on workunits with data files
  project "$1" && set_up --app string_count && texts && string_count "$(by_folder '&quorum=2')" && says '"count":1500' "$folder/out" && agreed 2
}
url_data_files() {
  project "$1" && set_up --app string_count --remote --quorum 2 && texts && string_count "$(by_url '')" && says '"count":1500' "$folder/out" && agreed 2
}
php_limit() {  # a file that PHP does not take: only the task that needs it fails, at once, and says so
  project "$1" && set_up --app string_count --remote && texts && head -c 3000000 /dev/zero >"$folder/texts/z_big.txt" || return 1
  ! string_count "$(by_url '')" || fail "it ran"
  says "its data file $folder/texts/z_big.txt cannot be sent: the project's web server takes no file of 3000000 bytes" "$folder/err" && says upload_max_filesize "$folder/err" || return 1
  ! grep -q "could not be submitted" "$folder/err" || fail "$(cat "$folder/err")"
  is "$(count 'SELECT count(*) FROM workunit WHERE NOT canonical')" 0 "workunits that are not done" && is "$(count 'SELECT count(*) > 0 FROM workunit')" 1 workunits || return 1
  # Over post_max_size, PHP hands over nothing at all.
  : >"$folder/err" && head -c 9000000 /dev/zero >"$folder/texts/z_big.txt"
  ! string_count "$(by_url '')" || fail "it ran"
  says "z_big.txt cannot be sent: the project's web server takes no file of 9000000 bytes" "$folder/err"
}
# interrupted SPEC: Ctrl-C, when nobody would come back for what was submitted.
interrupted() {
  pi "$(in_state "$1" temporary)" &
  within 30 eval '[ "$(count "SELECT count(*) FROM workunit WHERE canonical")" -ge 1 ]' || fail "no workunit is done"
  pkill -INT -f "^$bin/monte_pi -i $(in_state "$1" temporary)"
  wait $!
  is "$(count 'SELECT count(*) FROM workunit WHERE NOT canonical AND error_mask != 16')" 0 "workunits that nobody wants" && ! grep -q "stay in the project" "$folder/err"
}
folder_interrupted() { project "$1" hold=2 && set_up --app monte_pi && interrupted "$(by_folder '&tasks_per_workunit=1')" && is "$(ls "$folder/results" | wc -l)" 0 "results left"; }
url_interrupted() { project "$1" hold=2 && set_up --app monte_pi --remote && interrupted "$(by_url '&tasks_per_workunit=1')" && is "$(count 'SELECT state FROM batch')" 4 "the batch's state"; }
interrupted_in_vain() {  # what cannot be cancelled is said
  project "$1" hold=2 && set_up --app monte_pi && printf '#!/bin/sh\necho no; exit 1\n' >"$folder/bin/cancel_jobs" || return 1
  pi "$(in_state "$(by_folder '&tasks_per_workunit=1')" temporary)" &
  within 30 eval '[ "$(count "SELECT count(*) FROM workunit WHERE canonical")" -ge 1 ]' || fail "no workunit is done"
  pkill -INT -f "^$bin/monte_pi -i boinc:project=$folder"
  wait $!
  says "workunits stay in the project, and nobody wants them" "$folder/err" && says "bin/cancel_jobs --name" "$folder/err"
}
# waits_for TEXT SPEC COMMAND…: the run says what it waits for, and goes on after the command.
waits_for() {
  : >"$folder/err"
  pi "$2" &
  within 30 grep -qF -- "$1" "$folder/err" || fail "it does not say \"$1\": $(cat "$folder/err")"
  "${@:3}" && wait $! && is_right
}
folder_waits() {
  project "$1" && set_up --app monte_pi && "$folder/bin/stop" && waits_for "the project is stopped (stop_daemons is there): bin/start in $folder starts it" "$(by_folder '')" "$folder/bin/start" || return 1
  echo 4194304 >"$(echo "$folder"/pid_*/validator_monte_pi.pid)" && waits_for "daemons of the project do not run: sample_bitwise_validator; bin/start" "$(by_folder '')" "$folder/bin/start" || return 1
  : >"$folder/database_away" && waits_for "the project's database is away, and waited for" "$(by_folder '')" rm "$folder/database_away"
}
url_waits() {
  project "$1" && set_up --app monte_pi --remote && : >"$folder/stop_web" && waits_for "is waited for: project down for maintenance" "$(by_url '')" rm "$folder/stop_web" || return 1
  : >"$folder/database_away" && waits_for "is waited for: Can't connect to database" "$(by_url '')" rm "$folder/database_away"
}
# down DAEMON…: they have died, as their pid files say.
down() {
  mkdir -p "$folder/pid_down"
  for daemon; do echo 4194304 >"$folder/pid_down/$daemon.pid"; done
}
url_daemons_down() {  # the project's status page is asked; where there is none, or one that makes no sense, nobody knows, and nothing is said
  project "$1" && set_up --app monte_pi --remote && down feeder validator_monte_pi file_deleter || return 1
  waits_for "$url/ is waited for: its daemons feeder, sample_bitwise_validator (monte_pi) do not run" "$(by_url '')" rm -r "$folder/pid_down" || return 1
  : >"$folder/err"
  for page in '' '<server_status><daemon_status><daemon>' '<server_status><daemon_status><daemon><status>not running</status></daemon></daemon_status></server_status>'; do
    printf '%s' "$page" >"$folder/server_status" && pi "$(by_url '')" && is_right && is "$(cat "$folder/err")" "" "stderr with the page \"$page\"" || return 1
  done
}
url_hangs() {  # the site takes requests and does not answer
  project "$1" && set_up --app monte_pi --remote && : >"$folder/web_hangs" || return 1
  patience=3 waits_for "/pool/ is waited for: it has not answered for 30 s" "$(by_url '')" rm "$folder/web_hangs"
}
# A shortage that does not pass is not waited for without an end: the tasks end, and say why.
few_descriptors() {
  project "$1" && set_up --app monte_pi || return 1
  ! (ulimit -n 18 && pi "$(by_folder '')") || fail "it ran"
  says "interface error: the BOINC project does not take its workunit" "$folder/err" && says "open files (ulimit -n): raise the limit" "$folder/err"
}
stock_clients() {  # a quorum of two of Debian's clients, with data files
  needs boinc "Debian: apt-get install boinc-client"
  project "$1" hosts=0 && set_up --app string_count && texts || return 1
  for client in a b; do stock_client "$folder/$client" --attach_project "$url/" $key; done
  timeout "${pi_timeout:-200}" "$bin/string_count" -i "$(by_folder '&quorum=2')" --folder "$folder/texts" --string line --json >"$folder/out" 2>>"$folder/err" ||
    fail "$(tail -qn 5 "$folder/err" "$folder"/[ab]/log)"
  says '"count":1500' "$folder/out" && agreed 2
}
folder_fails_once() {  # one copy that fails does not end its workunit
  project "$1" fail=_1 && set_up --app monte_pi && pi "$(by_folder '&tasks_per_workunit=1')" && is_right &&
    is "$(count 'SELECT count(*) FROM workunit')" $tasks workunits && is "$(count 'SELECT count(*) FROM result')" $((tasks + 1)) copies
}
folder_error() {  # a workunit that the project gives up is lost, and its tasks go again
  project "$1" hosts=5 fail=_1:4 && set_up --app monte_pi && pi "$(by_folder '&tasks_per_workunit=1')" && is_right &&
    is "$(count 'SELECT count(*) FROM workunit')" $((tasks + 1)) workunits && says "more copies of it failed than the project allows (error mask 2)" "$folder/err" &&
    says "volunteers of $folder" "$folder/err"
}
url_error() {  # the handler dies in the middle of its answer, after it has said why
  project "$1" hosts=5 fail=_1:4 && set_up --app monte_pi --remote && pi "$(by_url '&tasks_per_workunit=1')" && is_right &&
    is "$(count 'SELECT count(*) FROM workunit')" $((tasks + 1)) workunits && says "more copies of it failed than the project allows (error mask 2)" "$folder/err"
}
folder_refused() {  # a project that says no to every batch: its tasks end with its words, and are not taken for submitted
  project "$1" && set_up --app monte_pi || return 1
  printf '#!/bin/sh\necho "create_work: app not found" >&2; exit 1\n' >"$folder/bin/create_work"
  ! pi "$(by_folder '')" || fail "it ran"
  says "interface error: the BOINC project does not take its workunit" "$folder/err" && says "create_work: app not found" "$folder/err" || return 1
  cp "$here/emulated_project/create_work" "$folder/bin/" && pi "$(by_folder '')" && is_right
}
url_down() {  # the project's site is away for a while
  project "$1" down=3 && set_up --app monte_pi --remote && pi "$(by_url '')" && is_right && says "HTTP status 500" "$folder/err"
}
# refused SPEC TEXT: one line that says why, and nothing submitted.
refused() {
  ! pi "$1" || fail "it ran"
  says "$2" "$folder/err" && is "$(wc -l <"$folder/err")" 1 "lines on stderr" && ! grep -qF $key "$folder/err" && : >"$folder/err"
}
refusals() {
  project "$1" && : >"$folder/err"
  refused "$(by_folder '')" "templates/monte_pi_in is missing" && refused "boinc:project=/nowhere" "bin/stage_file is missing" &&
    refused "$(by_url '')" "app not found: monte_pi" && set_up --app monte_pi --remote || return 1
  refused "boinc:url=http://127.0.0.1:1/&auth=$folder/auth" "127.0.0.1:1" || return 1
  (umask 077 && echo ffffffffffffffffffffffffffffffff >"$folder/other")
  refused "boinc:url=$url&auth=$folder/other&state=temporary" "bad authenticator" || return 1
  chmod 644 "$folder/other"
  refused "boinc:url=$url&auth=$folder/other&state=temporary" "can be read by others" &&
    refused "boinc:url=$url&auth=$folder/auth&quorum=2" "templates say" && refused "boinc:project=$folder&auth=x" "not both ways" &&
    "$bin/mw" boinc-setup "$folder" --app monte_pi --remote --quorum 3 --replace >/dev/null && refused "boinc:project=$folder&state=temporary&quorum=2" "says 3" &&
    refused "boinc:project=$folder&qourum=2" 'no option "qourum"' && is "$(count 'SELECT count(*) FROM workunit')" 0 workunits
}
boinc_setup() {  # checks, writes what is missing, keeps what is there
  project "$1" fanout=1024
  local mw=("$bin/mw" boinc-setup "$folder" --app monte_pi) things=17
  ! "${mw[@]}" --check >"$1/out" && is "$(grep -c ^missing "$1/out")" $things "missing things" && [ ! -e "$folder/templates/monte_pi_in" ] || return 1
  chmod 600 "$folder/config.xml"
  "${mw[@]}" >"$1/out" && is "$(grep -c ^written "$1/out")" $things "written things" && says bin/update_versions "$1/out" || return 1
  "${mw[@]}" >"$1/out" && is "$(grep -c ^there "$1/out")" $things "things that are there" && says bin/update_versions "$1/out" || return 1
  is "$(stat -c %a "$folder/config.xml")" 600 "mode of config.xml" && says "<!-- ours -->" "$folder/config.xml" && says "feeder -d 3" "$folder/config.xml" &&
    says "sample_bitwise_validator -d 2 --app monte_pi" "$folder/config.xml" && says "<OUTFILE_0/>" "$folder/templates/monte_pi_out" &&
    says "<one_result_per_host_per_wu>1</one_result_per_host_per_wu>" "$folder/config.xml" || return 1
  is "$(stat -c %a "$folder/download" "$folder/download/3f4" | sort -u)" 2775 "modes of the download folders" || return 1
  ! "${mw[@]}" --remote >"$1/out" && says "wrong    config.xml: assimilator" "$1/out" && says "no <no_delete/>" "$1/out" && says "it does not say how many copies" "$1/out" || return 1
  # A rebuilt worker is another version; a template of somebody else's stays unless it is to be replaced.
  mkdir -p "$1/workers/x86_64-pc-linux-gnu" && cp "$bin/workers/x86_64-pc-linux-gnu/monte_pi" "$1/workers/x86_64-pc-linux-gnu/" && echo x >>"$1/workers/x86_64-pc-linux-gnu/monte_pi"
  "${mw[@]}" --workers "$1/workers" >"$1/out" && says "written  apps/monte_pi/1.1/x86_64-pc-linux-gnu" "$1/out" || return 1
  echo "<input_template></input_template>" >"$folder/templates/monte_pi_in_2"
  ! "${mw[@]}" >"$1/out" && says "wrong    templates/monte_pi_in_2 (it is for 0 input files, not 3" "$1/out" && "${mw[@]}" --replace >"$1/out" || return 1
  # As an earlier version has left it.
  sed -i 's,<no_delete/>,<no_delete></no_delete>,' "$folder/templates/monte_pi_in_1"
  ! "${mw[@]}" >"$1/out" && says "takes no <no_delete></no_delete>" "$1/out" && "${mw[@]}" --replace >"$1/out" || return 1
  ! "$bin/mw" boinc-setup "$1" --app monte_pi 2>"$1/out" && says "is no BOINC project's folder" "$1/out"
}
setup_broken_off() {  # --apply goes on where it was broken off, and leaves a project that its owner has stopped alone
  project "$1"
  local mw=("$bin/mw" boinc-setup "$folder" --app monte_pi)
  "$folder/bin/start" && : >"$folder/break_start" || return 1
  ! "${mw[@]}" --apply >"$1/out" 2>&1 && says "bin/start ended with exit status 1" "$1/out" && [ -e "$folder/stop_sched" ] || return 1
  ! "${mw[@]}" --apply >"$1/out" 2>&1 && [ -e "$folder/stop_sched" ] || return 1
  rm "$folder/break_start" "$folder/ran"
  "${mw[@]}" --apply >"$1/out" 2>&1 && is "$(cat "$folder/ran")" start "what ran" && [ ! -e "$folder/stop_sched" ] || return 1
  "${mw[@]}" --apply >"$1/out" 2>&1 && is "$(cat "$folder/ran")" start "what ran" || return 1
  # Broken off at the first of the programs, with the project stopped by its owner.
  "$folder/bin/stop" && : >"$folder/break_xadd"
  mw=("$bin/mw" boinc-setup "$folder" --app second --program monte_pi --apply)
  ! "${mw[@]}" >"$1/out" 2>&1 && rm "$folder/break_xadd" "$folder/ran" && "${mw[@]}" >"$1/out" 2>&1 || return 1
  is "$(tr '\n' ' ' <"$folder/ran")" "xadd update_versions " "what ran" && [ -e "$folder/stop_sched" ] && says "the project is stopped, as its owner left it" "$1/out"
}
eleventh_app() {  # BOINC's feeder has room for ten applications, and ends at the eleventh
  project "$1"
  for i in $(seq 9); do echo "<app><name>other$i</name></app>"; done | sed '1s/^/<boinc>/;$s/$/<\/boinc>/' >"$folder/project.xml"
  set_up --app monte_pi && cp -r "$folder" "$1/before" || return 1
  ! "$bin/mw" boinc-setup "$folder" --app eleventh --program monte_pi >"$1/out" 2>&1 && says "has 10 applications" "$1/out" && says "MAX_APPS" "$1/out" || return 1
  for part in config.xml project.xml apps templates; do diff -r "$folder/$part" "$1/before/$part" || return 1; done
  # The database counts, where it can be asked.
  mkdir "$1/path" && printf '#!/bin/sh\n[ "$MYSQL_PWD" = secret ] || exit 1\nfor i in 1 2 3 4 5 6 7 8 9; do echo "other$i 0"; done; echo "monte_pi 1"\n' >"$1/path/mysql" && chmod +x "$1/path/mysql"
  sed -i 's,<db_name></db_name>,<db_name>pool</db_name>,' "$folder/config.xml"
  PATH=$1/path:$PATH "$bin/mw" boinc-setup "$folder" --app eleventh --program monte_pi >"$1/out" 2>&1 || fail "$(cat "$1/out")"
}
staging_fails() {  # bin/stage_file ends with status 0 and has staged nothing
  project "$1" && set_up --app monte_pi && : >"$folder/staging_fails" || return 1
  ! pi "$(by_folder '')" || fail "it ran"
  says "has not staged" "$folder/err" && says "failed to mkdir" "$folder/err" && says "--check" "$folder/err" && rm "$folder/staging_fails" && pi "$(by_folder '')" && is_right
}
closed_downloads() {  # as make_project leaves them: the web server cannot write there
  project "$1" && set_up --app monte_pi --remote && find "$folder/download" -type d -exec chmod 755 {} + || return 1
  ! "$bin/mw" boinc-setup "$folder" --app monte_pi --remote --check >"$1/out" && says "missing  $folder/download: open to the project's owner" "$1/out" || return 1
  ! pi "$(by_url '')" || fail "it ran"
  says "check permissions in download" "$folder/err" && says "boinc-setup" "$folder/err" && set_up --app monte_pi --remote && pi "$(by_url '')" && is_right
}
answers() {  # what the project is emulated by says what a real one was seen to say
  project "$1" hosts=0 && set_up --app pi --program monte_pi --remote && python3 "$here/emulated_project/check_answers.py" "$folder" "$url" $key
}

all=(folder_contract url_contract url_hangs readme_example folder_in_doubt url_in_doubt answers folder_pi url_pi folder_data_files url_data_files php_limit
  folder_interrupted url_interrupted interrupted_in_vain folder_waits url_waits url_daemons_down few_descriptors folder_killed url_killed folder_fails_once
  folder_error url_error folder_refused url_down refusals boinc_setup setup_broken_off eleventh_app staging_fails closed_downloads)
[ $# -gt 0 ] || set -- "${all[@]}"
run_scenarios "$@"

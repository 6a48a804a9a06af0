#!/usr/bin/env bash
# run_test.sh FOLDER-OF-PROGRAMS: mw run, as it is used; where GNU parallel is installed, beside it.
set -uo pipefail
bin=$(cd "$1" && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder" || exit 1
export TMPDIR=$folder/tmp XDG_STATE_HOME=$folder/state
mkdir tmp
run() { "$bin/mw" run "$@"; }
failed=0
fail() {
  echo "FAILED  $*" >&2
  failed=1
}
# expect WHAT STATUS OUTPUT COMMAND…
expect() {
  local what=$1 status=$2 want=$3 out got=0
  shift 3
  out=$("$@" 2>"$folder/err") || got=$?
  [ "$got" = "$status" ] && [ "$out" = "$want" ] && return
  fail "$what: status $got, not $status; it printed:"
  printf '%s\n' "$out" | head -20 >&2
  head -5 "$folder/err" >&2
}

# The same words for both.
printf 'A\nB\nC\n' >abc
printf '1\n2\n' >numbers
printf 'x y\nz w\n' >table
printf 'p q\0r\0' >zeros
both() {
  local theirs ours status=0 their_status=0
  ours=$(run "$@" 2>"$folder/err") || status=$?
  [ -n "${parallel-}" ] || return 0
  theirs=$("$parallel" --will-cite "$@" 2>/dev/null) || their_status=$?
  [ "$ours" = "$theirs" ] && [ $status = $their_status ] || {
    fail "mw run $*: status $status, GNU parallel's $their_status; ours, theirs:"
    diff <(printf '%s\n' "$ours") <(printf '%s\n' "$theirs") >&2
    head -3 "$folder/err" >&2
  }
}
parallel=$(command -v parallel) && parallel --version 2>/dev/null | grep -q GNU || parallel=
both -k echo ::: A B C
both -k echo :::: abc
both -k -a abc echo
both -k echo ::: A B ::: 1 2 3
both -k echo ::: A B C :::+ 1 2
both -k echo ::: A B :::+ 1 2 ::: x y
both -k --link echo ::: A B C ::: 1 2
both -k -a abc -a numbers echo
both -k echo :::: abc numbers
both -k echo {2} {1} :::: abc ::: 1 2
both -k --colsep ' ' echo 1={1} 2={2} :::: table
both -k -N 2 echo ::: A B C D E
both -k -N 2 echo 1={1} 2={2} ::: A B C D
both -k echo {} {.} {/} {//} {/.} ::: d/a.tar.gz b.c/d e /f.g .h
both -k echo {1.} {2/} {1//} ::: d/a.tar ::: x/y
both -k echo '{#}' {} ::: A B
both -k echo pre-{}-post '{no}' '{' '}' ::: A B
both -k --tag echo foo-{} ::: A B
both -k -0 echo :::: zeros
both -k -j1 echo {%} ::: A B
both -k echo '{#}' ::: A B
both -k false ::: 1 2 3
both -k --retries 3 false ::: 1
both --halt now,fail=1 -j1 false ::: 1 2 3
both --dry-run -k echo {} ::: A B

# Words stay words, whatever is in them; lines of a shell have them quoted.
mkdir names
for name in "a b" "it's" 'q"q' '$(touch bad)' '`touch bad`' '-n' $'new\nline' $'lat\xe9' '{}' '{1}' '{%}' 'x;touch bad' '*' '\' 'a.tar.gz' '~' '#'; do
  : >"names/$name"
done
find names -type f -print0 | sort -z >list
for mark in {} {.} {/} {//} {/.}; do
  run -0 -k printf '%s\0' "$mark" <list >words 2>"$folder/err" || fail "$mark: status $?"
  run -0 -k --shell "printf '%s\\0' $mark" <list >quoted || fail "$mark in a shell: status $?"
  cmp -s words quoted || fail "$mark is not the same in a shell"
done
run -0 -k printf '%s\0' <list | cmp - list || fail "a file's name did not come through"
run -0 --shell ': {} >/dev/null' <list || fail "names in a shell: status $?"
[ ! -e bad ] || fail "a file's name was run"

# How it ends.
expect "failures are counted" 3 "" run false ::: 1 2 3
expect "more than 100 failures" 101 "" run false :::: <(seq 150)
expect "a program that is not there" 1 "" run ./nosuch ::: 1
grep -q 'mw run: job 1: .*nosuch.* cannot be started: No such file' err || fail "no word of a program that is not there: $(cat err)"
expect "a signal" 1 "" run --shell 'kill -9 $$' ::: 1
for bad in '--bogus echo ::: 1' '--halt maybe echo ::: 1' '--timeout fast echo ::: 1' '--resume echo ::: 1' '-i nosuch echo ::: 1' \
  '-N x echo ::: 1' '--pipe echo ::: 1' 'echo :::: nosuch' '--colsep ( echo ::: 1' '--env NOSUCH_VARIABLE echo ::: 1' 'echo ::::' \
  '-i boinc:1?state=temporary echo ::: 1'; do
  # shellcheck disable=SC2086
  expect "run $bad" 2 "" run $bad
  [ "$(wc -l <err)" = 1 ] || fail "run $bad: $(cat err)"
done
expect "halt soon: what runs is finished" 1 "$(printf 'a\nb')" run -k -n 2 --halt soon,fail=1 ::: 'echo a; exit 1' 'sleep 0.3; echo b' 'sleep 5; echo c' 'sleep 5; echo d'
expect "halt on success" 0 "" run -n 1 --halt now,success=1 ::: true 'echo no' 'echo no'
expect "a timeout" 1 "in time" run -k --timeout 1 ::: 'echo in time' 'sleep 30; echo late'
expect "tries" 0 "" run --retries 3 --shell 'true {}; echo x >>tries; [ $(wc -l <tries) -ge 3 ]' ::: 1
[ "$(wc -l <tries)" = 3 ] || fail "tries: $(wc -l <tries)"

# What a job finds.
expect "a variable" 0 "5 six" env -u FIVE TWO=six "$bin/mw" run --env FIVE=5 --env TWO sh -c 'echo $FIVE $TWO' ::: 1
expect "a folder" 0 "/usr" run --workdir /usr pwd ::: 1
expect "blocks of stdin" 0 "100000" sh -c "seq 100000 | '$bin/mw' run --pipe --block 64k wc -l | awk '{n += \$1} END {print n}'"
seq 20000 >seq && run -k --pipe --block 5k cat <seq | cmp - seq || fail "blocks in order"
expect "places" 0 "$(printf '1\n2')" sh -c "'$bin/mw' run -n 2 --shell 'echo {%}; sleep 0.3' ::: a b c d | sort -u"
printf 'data' >in.txt
expect "files there and back" 0 "" run --input in.txt --output '{}.out' --shell 'cat in.txt >{}.out && echo {} >>{}.out && [ $(ls | wc -l) = 2 ]' ::: a b
[ "$(cat a.out b.out)" = "$(printf 'dataa\ndatab')" ] || fail "files that came back: $(cat a.out b.out)"
if [ -x "$bin/mw_mpi_rank" ]; then
  expect "on mpi" 0 "$(seq 20)" run -i mpi:2 -k echo :::: <(seq 20)
fi

# Output of several jobs never mixes, and much of it is in no memory.
run --shell 'for i in 1 2 3 4 5; do echo {}; sleep 0.02; done' ::: a b c d e f >mixed
[ "$(uniq -c mixed | awk '{print $1}' | sort -u)" = 5 ] || fail "output is mixed: $(tr '\n' ' ' <mixed)"
expect "large output, in order" 0 "400000000" sh -c "ulimit -v 2000000; '$bin/mw' run -k -n 2 --shell 'true {}; head -c 100000000 /dev/zero' ::: 1 2 3 4 | wc -c"
nothing_left() { [ -z "$(find tmp -mindepth 2 | head -1)" ] || fail "left behind $1: $(find tmp | tr '\n' ' ')"; }
nothing_left "by a run"
expect "results in files" 0 "" run --results res --shell 'echo {}; echo {} >&2' ::: a b
[ "$(cat res/1/stdout res/2/stderr)" = "$(printf 'a\nb')" ] || fail "results"

# What has ended is printed while the next input is on its way.
rm -f seen
{ echo a; for _ in $(seq 500); do [ -e seen ] && break; sleep 0.02; done; [ -e seen ] && echo b || echo late; } | run echo |
  { read -r first; touch seen; cat >rest; }
[ "$(cat rest)" = b ] || fail "output while inputs are awaited: $(cat rest)"

# Short jobs go in bundles, each with its own end.
seq 400 | run --joblog short.log sh -c 'exit $(($1 % 2))' - >/dev/null 2>&1
[ $? -eq 101 ] && [ "$(sed 1d short.log | wc -l)" = 400 ] && [ "$(cut -f7 short.log | grep -cx 1)" = 200 ] || fail "bundles: $(tail -3 short.log)"
# After many short ones: none of a bundle runs behind a long one, each is run once.
rm -f mixed.runs
seq 240 | run -n 2 --joblog mixed.log sh -c 'echo $1 >>mixed.runs; [ $1 -le 200 ] || sleep 0.1' - || fail "short and long jobs: $?"
[ "$(sort -n mixed.runs)" = "$(seq 240)" ] && [ "$(cut -f1 mixed.log | sed 1d | sort -n)" = "$(seq 240)" ] || fail "short and long jobs: $(wc -l <mixed.runs) ran"
expect "bundles in order" 0 "$(seq 300)" sh -c "seq 300 | '$bin/mw' run -k echo"

# Lines as they come: this job ends when its first line was read.
for where in multicore $([ -x "$bin/mw_mpi_rank" ] && echo mpi); do
  rm -f seen
  run -i $where:2 --lb --tag --shell 'echo one {}; until [ -e seen ]; do sleep 0.02; done; echo err >&2; printf two' ::: a 2>lines.err |
    { read -r line; echo "$line" >first; touch seen; cat >rest; }
  [ "$(cat first rest)" = "$(printf 'a\tone a\na\ttwo')" ] || fail "--line-buffer on $where: $(cat first rest)"
  [ "$(cat lines.err)" = "$(printf 'a\terr')" ] || fail "stderr of --line-buffer on $where: $(cat lines.err)"
done
run --lb --shell 'for i in 1 2 3; do printf half; sleep 0.01; echo " {}"; done' ::: a b c d e f | sort | uniq -c >lines
[ "$(awk '{print $1, $2, $3}' lines)" = "$(for i in a b c d e f; do echo "3 half $i"; done)" ] || fail "lines are mixed: $(cat lines)"
expect "much by lines" 0 "40000000" sh -c "'$bin/mw' run --lb -n 50% --joblog lb.log --shell 'yes {} | head -c 20000000' ::: 1 2 | wc -c"
[ "$(cut -f6 lb.log | sed 1d | sort -u)" = 20000000 ] || fail "joblog of lines: $(cat lb.log)"
expect "no lines in order" 2 "" sh -c "'$bin/mw' run --lb -k echo ::: 1 2>/dev/null"
expect "no such number of jobs" 2 "" sh -c "'$bin/mw' run -j 0 echo ::: 1 2>/dev/null"

# The log, and going on with it.
run -k --joblog log --shell '[ {} != 2 ]' ::: 1 2 3
[ "$(cut -f1,7,9 log | sed 1d | sort -n)" = "$(printf '1\t0\t[ 1 != 2 ]\n2\t1\t[ 2 != 2 ]\n3\t0\t[ 3 != 2 ]')" ] || fail "joblog: $(cat log)"
expect "resume runs nothing again" 0 "4" run -k --joblog log --resume echo ::: 1 2 3 4
expect "resume-failed runs what failed" 0 "2" run -k --joblog log --resume-failed echo ::: 1 2 3 4
printf '9\t:\t1' >>log
expect "a torn line counts for nothing" 0 "5" run -k --joblog log --resume echo ::: 1 2 3 4 5
seq 60 >sixty
for after in 0.05 0.3 0.6; do
  rm -f log runs
  (exec "$bin/mw" run -n 2 --joblog log --shell 'echo {} >>runs; sleep 0.02' :::: sixty) &
  sleep $after
  kill -9 $!
  wait $! 2>/dev/null
  cp log before 2>/dev/null || : >before
  : >runs
  run -n 2 --joblog log --resume --shell 'echo {} >>runs; sleep 0.001' :::: sixty || fail "resume after a kill: status $?"
  [ "$(cut -f1 log | sed 1d | sort -n)" = "$(seq 60)" ] || fail "after kill -9 and --resume: $(cut -f1 log | tr '\n' ' ')"
  [ -z "$(comm -12 <(cut -f1 before | sed 1d | sort) <(sort runs))" ] || fail "what was logged ran again"
done

nothing_left "by runs that were killed"

# Ctrl-C: no more jobs begin, and those that run are finished; again: all end now.
rm -f log
(trap - INT; exec "$bin/mw" run -n 2 --joblog log sleep ::: 0.6 0.6 0.61 0.61 0.62 0.62 2>/dev/null) &
sleep 0.3
kill -INT $!
wait $!
status=$?
[ $status = 130 ] && [ "$(wc -l <log)" = 3 ] || fail "Ctrl-C: status $status, $(cat log)"
(trap - INT; exec "$bin/mw" run -n 2 sleep ::: 31.25 31.25 2>/dev/null) &
sleep 0.3
kill -INT $!
sleep 0.2
kill -INT $!
wait $!
for i in $(seq 50); do
  pgrep -f 'sleep 31.25' >/dev/null || break
  sleep 0.1
done
! pgrep -f 'sleep 31.25' >/dev/null || fail "two Ctrl-C: jobs run on"

# SIGTERM is as Ctrl-C, and so is a time that is over; what takes longer than it may is ended.
"$bin/mw" run -n 2 --joblog terminated sleep ::: 0.4 0.4 0.41 0.41 2>err &
sleep 0.2
kill -TERM $!
status=0
wait $! || status=$?
[ $status = 143 ] && [ "$(wc -l <terminated)" = 3 ] || fail "SIGTERM: status $status, $(cat terminated)"
[ "$(tail -1 err)" = "mw run: stopped by SIGTERM: 2 jobs have run" ] || fail "SIGTERM: $(cat err)"
status=0
run -n 2 --stop-after 200ms --grace 100ms sleep ::: 31.75 31.75 2>err || status=$?
[ $status = 143 ] && [ "$(tail -1 err)" = "mw run: stopped after 0.2 s: 0 jobs have run" ] || fail "a time is over: status $status, $(cat err)"
! pgrep -f 'sleep 31.75' >/dev/null || fail "a job runs on when the time is over"

# A journal: what ended well does not run again, and prints the same; what failed runs again; after kill -9, too.
step() { run -n 2 -k --journal run.mwj --shell 'echo {} >>ran; seq {} | tail -1; test -e good-{} || [ {} -ne 3 ]' ::: 1 2 3 2; }
expect "a journal, the first time" 1 "$(printf '1\n2\n3\n2')" step
[ "$(sort ran | tr '\n' ' ')" = "1 2 2 3 " ] || fail "a journal, the first time: $(cat ran)"
touch good-3
expect "a journal, the second time" 0 "$(printf '1\n2\n3\n2')" step
expect "a journal, the third time" 0 "$(printf '1\n2\n3\n2')" step
[ "$(sort ran | tr '\n' ' ')" = "1 2 2 3 3 " ] || fail "a journal, the third time: $(cat ran)"
large() { run -n 1 --journal large.mwj --shell 'echo {} >>ran-large; head -c 3000000 /dev/zero | tr "\\0" x' ::: 1 | wc -c; }
[ "$(large) $(large) $(wc -l <ran-large)" = "3000000 3000000 1" ] || fail "a journal with much output: $(wc -l <ran-large) runs"
run --journal run.mwj --line-buffer echo ::: 1 2>err && fail "a journal, line by line"
seq 40 >forty
touch ran-killed
(exec "$bin/mw" run -n 2 --journal killed.mwj --shell 'echo {} >>ran-killed; sleep 0.02' :::: forty) >/dev/null 2>&1 &
until [ "$(wc -l <ran-killed)" -ge 20 ]; do sleep 0.01; done
sleep 0.2
kill -9 $!
wait $! 2>/dev/null
run -n 2 --journal killed.mwj --shell 'echo {} >>ran-killed; sleep 0.02' :::: forty || fail "a journal after kill -9: status $?"
[ "$(sort -n ran-killed | uniq | wc -l)" = 40 ] && [ "$(wc -l <ran-killed)" -lt 60 ] || fail "a journal after kill -9: $(wc -l <ran-killed) runs"
"$bin/mw" journal verify killed.mwj >/dev/null || fail "a journal after kill -9 is damaged"

# Jobs that need a GPU have one each, and others see none.
gpus() { "$bin/mw" run -i 'multicore:4?gpus=2' "$@" --shell 'sleep 0.05; echo "GPU $CUDA_VISIBLE_DEVICES" {#} | cut -c 1-5' ::: 1 2 3 4; }
expect "a job for each GPU" 0 "$(printf 'GPU 0\nGPU 1')" bash -c "$(declare -f gpus); bin='$bin'; gpus --gpus 1 | sort -u"
run -i 'multicore:2?gpus=1' --gpus 2 true ::: 1 2>err && fail "two GPUs where there is one"
grep -q '2 GPUs' err || fail "two GPUs where there is one: $(cat err)"

# From cron, with less than the usual around it, and for a reader that has enough.
expect "without environment" 0 "1" env -i "$bin/mw" run echo ::: 1
expect "stdin and stderr closed" 0 "1" sh -c "'$bin/mw' run echo ::: 1 <&- 2>&-"
run echo ::: 1 >/dev/full 2>err && fail "a full disk is no error"
grep -q 'stdout cannot be written' err || fail "a full disk: $(cat err)"
expect "head" 0 "$(printf '1\n2')" sh -c "seq 100000 | '$bin/mw' run -k echo 2>/dev/null | head -2"
run --progress -n 1 true ::: 1 2 2>err
grep -q 'done' err || fail "no progress: $(cat err)"

# What follows --dashboard is the command, and jobs can be watched.
expect "a dashboard" 0 "$(printf '1\n2')" run -n 1 -k --dashboard --report run.html echo ::: 1 2
grep -q '^dashboard: http://127.0.0.1:' err || fail "a dashboard: $(cat err)"
grep -q '"finished":2' run.html || fail "no report of the jobs"

# A million inputs, of which few are ever in memory.
peak=$(python3 - "$bin/mw" <<'P'
import resource, subprocess, sys
source = subprocess.Popen("yes some input | head -n 1000000", shell=True, stdout=subprocess.PIPE)
subprocess.run([sys.argv[1], "run", "--dry-run", "echo"], stdin=source.stdout, stdout=subprocess.DEVNULL, check=True)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024)
P
)
[ "${peak:-999}" -lt 60 ] || fail "a million inputs: $peak MiB"
exit $failed

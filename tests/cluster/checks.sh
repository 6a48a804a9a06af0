# What the scripts about several hosts have in common: to be sourced after hosts.sh, with $bin, the folder of programs.
#
#   check WHAT COMMAND…          runs it, says whether it succeeded, and counts in $failed
#   field EXPRESSION             of the JSON object on stdin: '["result"]["inside"]'
#   received HOST                bytes that have come to it over the network
#   starts_running SPEC TASKS    a run in the background, as $run, that has got going; its end is in $cluster/out

failed=0
check() {
  local what=$1 start=$SECONDS
  shift
  if "$@" >"$cluster/out" 2>&1; then
    echo "ok      $what ($((SECONDS - start)) s)"
  else
    echo "FAILED  $what ($((SECONDS - start)) s)"
    tail -40 "$cluster/out"
    failed=$((failed + 1))
  fi
}

field() { python3 -c 'import json, sys; print(eval("json.load(sys.stdin)" + sys.argv[1]))' "$1"; }

received() { on "$1" awk -F '[: ]+' '$2 ~ /^(eth|v)/ {sum += $3} END {print sum}' /proc/net/dev; }

pi_is_right() {
  local here there
  here=$("$bin/monte_pi" --points 4e7 --json -i multicore | field '["result"]["inside"]')
  there=$(on h0 "$bin/monte_pi" --points 4e7 --json -i "$1" | field '["result"]["inside"]')
  echo "$here here, $there there"
  [ -n "$here" ] && [ "$here" = "$there" ]
}

contract() {
  CPPMW_TEST_SPECS=$1 on h0 "$bin/contract_tests" "$2"
}

# once_each SPEC: h1 and h2 have 20 MB of a shared value come in, whatever their number of workers: four of them would
# be 80. What else comes in is less than 10 MB.
once_each() {
  local host after
  local -A before
  for host in h1 h2; do before[$host]=$(received $host); done
  CPPMW_TEST_SPECS=$1 on h0 "$bin/contract_tests" "[once_per_host]" || return 1
  for host in h1 h2; do
    after=$(received $host)
    echo "$host received $((after - before[$host])) bytes"
    [ $((after - before[$host])) -gt 20000000 ] && [ $((after - before[$host])) -lt 30000000 ] || return 1
  done
}

starts_running() {
  rm -f "$cluster/running"
  on h0 "$bin/cluster_run" "$1" "$cluster/running" "$2" &
  run=$!
  for _ in $(seq 300); do [ -e "$cluster/running" ] && return 0; sleep 0.1; done
  echo "it did not start"
  return 1
}

#!/usr/bin/env bash
# A volunteer, and a node of tcp, of another kind of machine: the worker build for 64-bit Arm, under an emulator.
#   other_platform_test.sh SOURCE BIN BUILD
source=$1 build=$3
shift
. "$(dirname "$0")/scenarios.sh"
for program in qemu-aarch64-static aarch64-linux-gnu-g++; do needs $program "Debian: apt-get install qemu-user-static g++-aarch64-linux-gnu"; done
mkdir -p "$build"
cmake -S "$source" -B "$build" -G Ninja --toolchain "$source/cmake/aarch64-linux-gnu.cmake" -DMW_WORKERS_ONLY=ON -DCMAKE_BUILD_TYPE=Release \
  -DCMAKE_UNITY_BUILD=ON -DCMAKE_UNITY_BUILD_BATCH_SIZE=16 >"$build/log" 2>&1 &&
  cmake --build "$build" --target monte_pi_worker >>"$build/log" 2>&1 || { tail -30 "$build/log"; exit 1; }

right=$(on_multicore --points 2e6 --block 2e5)
timeout 200 "$bin/monte_pi" -i "boinc:?listen=127.0.0.1:0&state=$work/state&poll_s=0.1&workers=$build/bin/workers" --points 2e6 --block 2e5 --json >"$work/out" 2>"$work/err" &
app=$!
within 10 grep -q volunteers: "$work/err"
url=$(url_in "$work/err")
"$bin/mw" volunteer "$url" --key-file "$work/state/account_key" --folder "$work/volunteer" --slots 2 --poll 0.1 \
  --platform aarch64-unknown-linux-gnu --runner "$(command -v qemu-aarch64-static)" >"$work/log" 2>&1 &
wait $app
if ! grep -q "$right" "$work/out"; then
  cat "$work/out" "$work/err" "$work/log"
  exit 1
fi
echo "64-bit Arm counts the same: $right"

# A node of that kind, alone and then beside one of this kind.
"$bin/mw" keygen "$work/key"
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
"$bin/mw" node --key "$work/key" --connect "127.0.0.1:$port" --name arm --slots 2 --folder "$work/node" \
  --platform aarch64-unknown-linux-gnu --runner "$(command -v qemu-aarch64-static)" >"$work/log" 2>&1 &
for run in "tcp:2?|--points 2e6 --block 2e5" "tcp:3?local=1&|--points 2e8 --block 1e6"; do
  read -ra points <<<"${run#*|}"
  timeout 200 "$bin/monte_pi" -i "${run%|*}listen=127.0.0.1:$port&key=$work/key&join_within_s=60&workers=$build/bin/workers" \
    "${points[@]}" --json >"$work/out" 2>"$work/err"
  right=$(on_multicore "${points[@]}")
  if ! grep -q "$right" "$work/out" || ! grep -q joined "$work/log"; then
    cat "$work/out" "$work/err" "$work/log"
    exit 1
  fi
  echo "64-bit Arm as a node, ${run%\?*}: $right"
done

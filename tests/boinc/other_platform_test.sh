#!/usr/bin/env bash
# A volunteer of another kind of machine: the worker build for 64-bit Arm, cross-compiled, under an emulator.
#   other_platform_test.sh SOURCE BIN BUILD
source=$1 build=$3
shift
. "$(dirname "$0")/scenarios.sh"
for program in qemu-aarch64-static aarch64-linux-gnu-g++; do needs $program "Debian: apt-get install qemu-user-static g++-aarch64-linux-gnu"; done
mkdir -p "$build"
cmake -S "$source" -B "$build" -G Ninja --toolchain "$source/cmake/aarch64-linux-gnu.cmake" -DMW_WORKERS_ONLY=ON -DCMAKE_BUILD_TYPE=Release >"$build/log" 2>&1 &&
  cmake --build "$build" --target monte_pi_worker >>"$build/log" 2>&1 || { tail -30 "$build/log"; exit 1; }

right=$(on_multicore --points 2e6 --block 2e5)
timeout 200 "$bin/monte_pi" -i "boinc:?listen=127.0.0.1:0&state=$work/state&poll_s=0.1&workers=$build/bin/workers" --points 2e6 --block 2e5 --json >"$work/out" 2>"$work/err" &
app=$!
within 10 grep -q volunteers: "$work/err"
url=$(url_in "$work/err")
"$bin/mw" volunteer "$url" --key-file "$work/state/account_key" --folder "$work/volunteer" --slots 2 --poll 0.1 \
  --platform aarch64-unknown-linux-gnu --runner "$(command -v qemu-aarch64-static)" >"$work/log" 2>&1 &
wait $app
grep -q "$right" "$work/out" && echo "64-bit Arm counts the same: $right" && exit 0
cat "$work/out" "$work/err" "$work/log"
exit 1

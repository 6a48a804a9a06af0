#!/usr/bin/env bash
# chroot_test.sh BUILD-FOLDER [MIRROR]: a fresh Debian 12 with nothing but CppMW's packages and what they depend on: mw
# run, its manual page, what bash completes, and somebody's project on every interface. By hand: it takes minutes and
# the network. Needs root and debootstrap; ends with 77 where it cannot run.
set -euo pipefail
build=$(cd "$1" && pwd) mirror=${2:-http://deb.debian.org/debian}
here=$(cd "$(dirname "$0")" && pwd)
for tool in debootstrap cpack dpkg-shlibdeps; do
  command -v "$tool" >/dev/null || { echo "skipped: there is no $tool"; exit 77; }
done
[ "$(id -u)" -eq 0 ] || { echo "skipped: a chroot needs root"; exit 77; }

folder=$(mktemp -d)
root=$folder/root
finish() {
  for mount in proc sys dev/shm dev; do umount -l "$root/$mount" 2>/dev/null || true; done
  rm -rf --one-file-system "$folder"
}
trap finish EXIT
fail() {
  echo "FAILED  $1" >&2
  [ ! -f "$folder/log" ] || tail -30 "$folder/log" >&2
  exit 1
}

(cd "$folder" && cpack --config "$build/CPackConfig.cmake" -B "$folder/packages") >"$folder/log" 2>&1 || fail "cpack"
debootstrap --variant=minbase bookworm "$root" "$mirror" >"$folder/log" 2>&1 || fail "debootstrap"
mount -t proc none "$root/proc"
mount -t sysfs none "$root/sys"
mount --bind /dev "$root/dev"
mount -t tmpfs none "$root/dev/shm"
cp /etc/resolv.conf "$root/etc/" 2>/dev/null || true
[ ! -d /etc/apt/apt.conf.d ] || cp /etc/apt/apt.conf.d/*proxy* "$root/etc/apt/apt.conf.d/" 2>/dev/null || true
mkdir "$root/packages" "$root/project"
cp "$folder"/packages/*.deb "$root/packages/"
cp "$here"/CMakeLists.txt "$here"/*.?pp "$root/project/"

in_root() { chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive HOME=/root sh -ec "$1"; }
in_root 'apt-get update && apt-get install -y --no-install-recommends /packages/*.deb' >"$folder/log" 2>&1 || fail "the packages"
in_root 'apt-get install -y --no-install-recommends cmake make man-db bash-completion' >"$folder/log" 2>&1 || fail "cmake, make"
in_root '[ "$(dpkg -l | grep -cE "^ii +(lib)?cppmw")" = 3 ]' || fail "the packages are not installed"

[ "$(in_root 'seq 1000 | mw run -k echo' 2>"$folder/log" | cksum)" = "$(seq 1000 | cksum)" ] || fail "mw run of 1,000 jobs"
echo "mw run: 1,000 jobs"
in_root 'man mw-run | grep -q GNU || man mw-run | grep -q "mw run"' >"$folder/log" 2>&1 || fail "man mw-run"
[ "$(in_root 'bash -c ". /usr/share/bash-completion/completions/mw; COMP_WORDS=(mw spe) COMP_CWORD=1; _mw; echo \${COMPREPLY[*]}"')" = speedup ] ||
  fail "what bash completes"
in_root 'cmake -S /project -B /project/build -DCMAKE_BUILD_TYPE=Release && cmake --build /project/build' >"$folder/log" 2>&1 || fail "the project"
for interface in serial multicore:2 mpi:2 'boinc:2?state=temporary&listen=127.0.0.1:0'; do
  out=$(in_root "/project/build/weigh '$interface'" 2>"$folder/log") || fail "the project on $interface: status $?"
  [ "$out" = 2525 ] || fail "the project on $interface: \"$out\""
  echo "$interface: $out"
done
echo "in a fresh Debian: all right"

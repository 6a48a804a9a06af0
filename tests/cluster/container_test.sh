#!/usr/bin/env bash
# container_test.sh BUILD-FOLDER [MIRROR]: packaging/node/Containerfile is built, and a node in that container joins a
# master outside and computes. By hand: it takes minutes and the network. Needs podman and cpack; where no registry is
# reached, debootstrap and root, for a base image from MIRROR. Ends with 77 where it cannot run.
# Where the machine is itself in a container, podman may need help: PODMAN='podman --runtime=runc' where crun does not
# know its cgroups, PODMAN_RUN='--ulimit nofile=1024:1024 --ulimit nproc=1000:1000' where limits cannot be raised.
set -euo pipefail
build=$(cd "$1" && pwd) mirror=${2:-http://deb.debian.org/debian}
bin=$build/bin
read -ra podman <<<"${PODMAN:-podman}"
read -ra run_options <<<"${PODMAN_RUN:-}"
source=$(cd "$(dirname "$0")/../.." && pwd)
for tool in podman cpack dpkg-shlibdeps; do
  command -v "$tool" >/dev/null || { echo "skipped: there is no $tool"; exit 77; }
done

folder=$(mktemp -d)
name=cppmw-node-$$
finish() {
  "${podman[@]}" rm --force --volumes --time 5 "$name" >/dev/null 2>&1 || true
  "${podman[@]}" secret rm "$name.key" >/dev/null 2>&1 || true
  "${podman[@]}" rmi --force "localhost/$name" "localhost/$name-base" >/dev/null 2>&1 || true
  rm -rf --one-file-system "$folder"
}
trap finish EXIT
trap 'exit 1' INT TERM
fail() {
  echo "FAILED  $1" >&2
  [ ! -f "$folder/log" ] || tail -30 "$folder/log" >&2
  "${podman[@]}" logs "$name" 2>/dev/null | tail -10 >&2
  exit 1
}

# The package alone, of all that cpack makes.
(cd "$folder" && cpack --config "$build/CPackConfig.cmake" -D CPACK_COMPONENTS_ALL=command -B "$folder/packages") >"$folder/log" 2>&1 ||
  fail "cpack (is everything built?)"
mkdir "$folder/context"
cp "$folder"/packages/cppmw_*.deb "$folder/context/"
ls -l "$folder/context"

base=docker.io/library/debian:12-slim
if ! timeout 60 "${podman[@]}" pull --quiet "$base" >"$folder/log" 2>&1; then
  echo "$base cannot be had: $(tail -1 "$folder/log")"
  [ "$(id -u)" -eq 0 ] && command -v debootstrap >/dev/null || { echo "skipped: no debootstrap, or not root"; exit 77; }
  debootstrap --variant=minbase bookworm "$folder/root" "$mirror" >"$folder/log" 2>&1 || fail "debootstrap"
  [ ! -d /etc/apt/apt.conf.d ] || cp /etc/apt/apt.conf.d/*proxy* "$folder/root/etc/apt/apt.conf.d/" 2>/dev/null || true
  base=localhost/$name-base
  tar -C "$folder/root" --exclude='./proc/*' --exclude='./sys/*' --exclude='./dev/*' -c . | "${podman[@]}" import - "$base" >"$folder/log" 2>&1 ||
    fail "podman import"
  rm -rf --one-file-system "$folder/root"
fi
"${podman[@]}" build --network=host --build-arg "BASE=$base" -t "localhost/$name" -f "$source/packaging/node/Containerfile" "$folder/context" \
  >"$folder/log" 2>&1 || fail "podman build"
echo "image: $("${podman[@]}" image inspect --format '{{.Size}}' "localhost/$name") bytes"

"$bin/mw" keygen "$folder/cppmw.key"
"$bin/mw" keygen "$folder/box.key" --node box --of "$folder/cppmw.key"
"${podman[@]}" secret create "$name.key" "$folder/box.key" >/dev/null
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
"${podman[@]}" run -d "${run_options[@]}" --name "$name" --network=host --read-only --tmpfs /tmp --cap-drop=all --security-opt=no-new-privileges \
  --secret "$name.key,target=/etc/cppmw/node.key,uid=9470,gid=9470,mode=0400" "localhost/$name" --connect "127.0.0.1:$port" --slots 2 \
  >"$folder/log" 2>&1 || fail "podman run"

inside() { python3 -c 'import json, sys; print(json.load(sys.stdin)["result"]["inside"])'; }
here=$("$bin/monte_pi" --points 4e7 --json -i multicore | inside)
there=$("$bin/monte_pi" --points 4e7 --json -i "tcp:2?listen=127.0.0.1:$port&key=$folder/cppmw.key&join_within_s=30" 2>"$folder/log" | inside) ||
  fail "the node in the container does not compute"
echo "monte_pi: $here here, $there in the container"
[ "$here" = "$there" ] || fail "the container counts otherwise"

# Who the node is, what it may write, and where its key is not.
[ "$("${podman[@]}" exec "$name" id -u)" = 9470 ] || fail "it is not the user that owns nothing"
! "${podman[@]}" exec "$name" sh -c 'echo >/usr/bin/x' 2>/dev/null || fail "it can write where programs are"
! "${podman[@]}" inspect "$name" "localhost/$name" | grep -q "$(cut -d' ' -f3 "$folder/box.key")" || fail "the key is in the image or in the container's settings"
"${podman[@]}" stop --time 30 "$name" >/dev/null
status=$("${podman[@]}" inspect --format '{{.State.ExitCode}}' "$name")
[ "$status" = 0 ] || fail "told to stop, it ended with status $status"
echo "a node in a container: all right"

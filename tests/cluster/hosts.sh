# Four hosts on one machine (or $cluster_size), for scripts that source this: network namespaces h0 to h3, each with a
# name, an address, an sshd and a port of 100 Mbit/s, on one switch. They are gone when the script ends.
#
#   cluster_missing              says why there can be no such hosts here; nothing if there can
#   cluster_up                   makes them; where that cannot be, says why and ends the script with 77
#   on HOST COMMAND…             runs a command there, as if logged in
#   cluster_unplug HOST          pulls its cable
#   cluster_plug HOST            puts it in again
#   cluster_crash HOST           ends all that runs there, at once; the network stays
#   cluster_boot HOST            starts its sshd
# $ssh is an ssh that needs no password between them; $cluster is a folder for whatever; $numbers is "0 1 2 3", $all is
# "h0,h1,h2,h3".

cluster=
tag=mw$$
numbers=$(seq 0 $((${cluster_size:-4} - 1)))
all=$(printf 'h%s,' $numbers)
all=${all%,}

cluster_missing() {
  local tool
  [ "$(id -u)" -eq 0 ] || { echo "network namespaces need root"; return; }
  for tool in ip tc unshare ssh ssh-keygen /usr/sbin/sshd mpiexec.mpich; do
    command -v "$tool" >/dev/null || { echo "there is no $tool (Debian: iproute2, util-linux, openssh-server, mpich)"; return; }
  done
  ip netns add "$tag-probe" 2>/dev/null && ip -n "$tag-probe" link add v0 type veth peer name v1 2>/dev/null ||
    echo "this machine lets nobody make network namespaces with veth pairs"
  ip netns del "$tag-probe" 2>/dev/null || true
}

cluster_down() {
  local i
  set +e # what ends meanwhile by itself is no reason to leave the rest
  for i in $numbers s; do
    ip netns pids "$tag-$i" 2>/dev/null | xargs -r kill -9 2>/dev/null
    ip netns del "$tag-$i" 2>/dev/null
    rm -rf "/etc/netns/$tag-$i"
  done
  [ -z "$cluster" ] || rm -rf "$cluster"
} 2>/dev/null

on() {
  local host=$1
  shift
  ip netns exec "$tag-${host#h}" unshare --uts sh -c 'hostname "$1"; shift; exec "$@"' sh "$host" "$@"
}

cluster_up() {
  local why
  why=$(cluster_missing)
  if [ -n "$why" ]; then
    echo "skipped: $why"
    exit 77
  fi
  cluster=$(mktemp -d)
  trap cluster_down EXIT
  trap 'exit 1' INT TERM
  mkdir -p /run/sshd /etc/netns
  ssh-keygen -q -t ed25519 -N '' -f "$cluster/host_key"
  ssh-keygen -q -t ed25519 -N '' -f "$cluster/key"
  cp "$cluster/key.pub" "$cluster/authorized_keys"
  cat >"$cluster/sshd_config" <<EOF
HostKey $cluster/host_key
AuthorizedKeysFile $cluster/authorized_keys
StrictModes no
UsePAM no
UseDNS no
PidFile none
PermitRootLogin yes
SetEnv PATH=$bin:/usr/bin:/bin
EOF
  ssh=$cluster/ssh
  cat >"$ssh" <<EOF
#!/bin/sh
exec ssh -i $cluster/key -o UserKnownHostsFile=/dev/null -o StrictHostKeyChecking=no -o BatchMode=yes "\$@"
EOF
  chmod 700 "$ssh"
  ip netns add "$tag-s"
  ip -n "$tag-s" link add br0 type bridge
  ip -n "$tag-s" link set br0 up
  local i j
  for i in $numbers; do
    ip netns add "$tag-$i"
    mkdir -p "/etc/netns/$tag-$i"
    echo "127.0.0.1 localhost" >"/etc/netns/$tag-$i/hosts"
    for j in $numbers; do echo "10.77.0.$((j + 1)) h$j" >>"/etc/netns/$tag-$i/hosts"; done
    ip link add eth0 netns "$tag-$i" type veth peer name "p$i" netns "$tag-s"
    ip -n "$tag-s" link set "p$i" master br0 up
    ip -n "$tag-$i" addr add "10.77.0.$((i + 1))/24" dev eth0
    ip -n "$tag-$i" link set lo up
    ip -n "$tag-$i" link set eth0 up
    # As a Raspberry Pi's port, both ways.
    ip netns exec "$tag-$i" tc qdisc add dev eth0 root tbf rate 100mbit burst 64kb latency 100ms
    ip netns exec "$tag-s" tc qdisc add dev "p$i" root tbf rate 100mbit burst 64kb latency 100ms
    cluster_boot "h$i"
  done
  for i in $numbers; do
    cluster_is_up "h$i" || return 1
  done
  # mpiexec asks this ssh; and UCX must not find out that the hosts are one machine with one memory.
  export HYDRA_LAUNCHER_EXEC=$ssh UCX_TLS=tcp,self
}

cluster_boot() {
  on "$1" /usr/sbin/sshd -D -e -f "$cluster/sshd_config" >"$cluster/sshd-$1.log" 2>&1 &
}

cluster_is_up() {
  local j
  for j in 1 2 3 4 5 6 7 8 9 10; do
    on h0 "$ssh" "$1" true 2>/dev/null && return 0
    sleep 0.3
  done
  echo "no sshd on $1"
  cat "$cluster/sshd-$1.log"
  return 1
}

# All at once: none of them is to see the others die, and tell of it.
cluster_crash() {
  local signal
  for signal in STOP KILL; do ip netns pids "$tag-${1#h}" | xargs -r kill -$signal 2>/dev/null || true; done
}

cluster_plug() { ip -n "$tag-s" link set "p${1#h}" up; }

cluster_unplug() { ip -n "$tag-s" link set "p${1#h}" down; }

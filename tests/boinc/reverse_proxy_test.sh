#!/usr/bin/env bash
# A real reverse proxy, Debian's nginx, before the server, with the lines that the README says: who comes through it is
# where he is, and what is large passes.
#   reverse_proxy_test.sh BIN
# In a network of our own, where clients have other addresses than the proxy.
if [ "${2:-}" != inside ]; then
  PATH=$PATH:/usr/sbin command -v nginx >/dev/null || { echo "skipped: there is no nginx (Debian: apt-get install nginx-light)"; exit 77; }
  unshare -rn true 2>/dev/null || { echo "skipped: no network can be made here (unshare -rn)"; exit 77; }
  PATH=$PATH:/usr/sbin exec unshare -rn "$0" "$1" inside
fi
. "$(dirname "$0")/scenarios.sh"
needs python3
needs ip "Debian: apt-get install iproute2"
ip link set lo up && ip address add 203.0.113.5/32 dev lo && ip address add 198.51.100.7/32 dev lo || skip "no addresses"
site=$(free_port) port=$(free_port)
url=http://203.0.113.5:$site/

# README's location, in a server of this user's own.
location=$(sed -n '/^    location \/ {$/,/^    }$/p' "$here/../../interfaces/boinc/README.md")
[ -n "$location" ] || fail "README says no location"
cat >"$work/nginx.conf" <<X
user root;
pid $work/nginx.pid;
daemon off;
error_log $work/nginx.err;
events {}
http {
  access_log $work/access.log;
  client_body_temp_path $work/body; proxy_temp_path $work/proxy; fastcgi_temp_path $work/fastcgi; uwsgi_temp_path $work/uwsgi; scgi_temp_path $work/scgi;
  server {
    listen 203.0.113.5:$site;
${location//8931/$port}
  }
}
X
nginx -p "$work" -c "$work/nginx.conf" >"$work/nginx.log" 2>&1 &
within 20 test -s "$work/nginx.pid" || fail "nginx does not start: $(cat "$work/nginx.log" "$work/nginx.err")"

bytes=20000000 tasks=2
"$bin/null_test" -i "boinc:?listen=127.0.0.1:$port&url=$url&proxies=127.0.0.1&state=$work/state&poll_s=0.1" --tasks $tasks --bytes $bytes --json \
  >"$work/out" 2>"$work/err" &
within 20 grep -q "^volunteers: mw volunteer $url" "$work/err" || fail "no project: $(cat "$work/err")"
"$bin/mw" volunteer "$url" --key-file "$work/state/account_key" --folder "$work/volunteer" --slots 1 --poll 0.1 >"$work/log" 2>&1 &
# Another host, which says that it is a third one.
within 60 env URL="$url" KEY="$(cat "$work/state/account_key")" PID=$$ WORK="$work" PYTHONDONTWRITEBYTECODE=1 PYTHONPATH="$here/attacks" python3 - <<'X' || fail "the other host is not answered"
import re, socket, attack
attack.connect = lambda: socket.create_connection(attack.ADDRESS, 30, ("198.51.100.7", 0))
plain = attack.head
attack.head = lambda method, path, *lines: plain(method, path, "X-Forwarded-For: 192.0.2.9", *lines)
host = attack.Host("elsewhere")
assert "<scheduler_reply" in host.ask(seconds=0) and host.id
X
within 100 grep -q '"right"' "$work/out" || fail "no result: $(tail -n 5 "$work/err" "$work/log" "$work/nginx.err")"
grep -q "\"right\":$tasks" "$work/out" || fail "$(cat "$work/out")"
ranges=$(python3 -c "import sqlite3,sys; print(*sorted(row[0] for row in sqlite3.connect(sys.argv[1]).execute('SELECT range FROM host')))" "$work/state/project.db")
[ "$ranges" = "198.51.100.0/24 203.0.113.0/24" ] || fail "hosts are where they are not: $ranges"
sent=$(awk '$10 > '$bytes' && $6 == "\"GET"' "$work/access.log" | wc -l)
[ "$sent" -gt $tasks ] || fail "$sent large downloads came through nginx"

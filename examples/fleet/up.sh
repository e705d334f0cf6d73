#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A fleet on this machine, without containers: a PostgreSQL server of its own, three replicas of
# `longhaul serve`, and HAProxy in front of them. Ctrl-C stops all of it.
#   examples/fleet/up.sh [--port PORT] [--data FOLDER] [--file FILE]
#     --port PORT     where the balancer listens on 127.0.0.1 (8080)
#     --data FOLDER   keeps the database there; else it is temporary and goes at the end
#     --file FILE     what the replicas serve (examples/fleet/tools.toml)
# LONGHAUL names the executable (build/release/longhaul, or the one in PATH).
# A replica that ends is started again, as whoever runs yours would do.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)

fail() {
  echo "up.sh: $*" >&2
  exit 1
}
usage() {
  sed -n '3,10s/^# \{0,1\}//p' "$0" >&2
  exit 2
}

port=8080 data='' file=$here/tools.toml
while [[ $# -gt 0 ]]; do
  [[ $# -ge 2 ]] || usage
  case $1 in
    --port) port=$2 ;;
    --data) data=$2 ;;
    --file) file=$2 ;;
    *) usage ;;
  esac
  shift 2
done

longhaul=${LONGHAUL:-$root/build/release/longhaul}
[[ -x $longhaul ]] || longhaul=$(command -v longhaul) ||
  fail "no longhaul here: run make build, or say LONGHAUL=/path/to/longhaul"
haproxy=$(PATH=$PATH:/usr/sbin command -v haproxy) ||
  fail "no balancer here: apt-get install haproxy (Debian 12; scripts/install-deps.sh does it, without starting Debian's own)"
"$longhaul" serve "$file" --check >/dev/null || exit 1

declare -A replicas=() ports=()
postgres='' balancer='' stopping='' temporary=''

# Ctrl-C: replicas drain. Again: without grace.
drain() {
  [[ -n $stopping ]] || echo "stopping: replicas drain, Ctrl-C again ends that" >&2
  stopping=1
  [[ ${#replicas[@]} -eq 0 ]] || kill -TERM "${replicas[@]}" 2>/dev/null || true
}
gone() { # [PID]: waits until it is
  while [[ -n $1 ]] && kill -0 "$1" 2>/dev/null; do wait "$1" 2>/dev/null || true; done
}
# What needs another one ends before it.
finish() {
  local code=$?
  [[ -z $stopping ]] || code=0
  [[ -n $stopping ]] || drain
  for one in "${replicas[@]}"; do gone "$one"; done
  [[ -z $balancer ]] || kill -TERM "$balancer" 2>/dev/null || true
  gone "$balancer"
  [[ -z $postgres ]] || kill -INT "$postgres" 2>/dev/null || true
  gone "$postgres"
  [[ -z $temporary ]] || rm -rf "$data"
  echo "stopped" >&2
  exit "$code"
}
trap drain INT TERM
trap finish EXIT

if [[ -z $data ]]; then
  temporary=1
  data=$(mktemp -d "${TMPDIR:-/tmp}/longhaul-fleet.XXXXXX")
fi
mkdir -p "$data"
data=$(cd "$data" && pwd)
[[ $data =~ ^[A-Za-z0-9._/-]{1,80}$ ]] ||
  fail "$data: a folder for a socket has up to 80 letters, digits, '.', '_' and '-'"
# Only by a socket in the folder, so this needs no port.
database="postgres:///postgres?host=$data/pg&user=longhaul"

# A session of its own: what the terminal sends goes to this script alone. And nobody is left when it
# is killed.
guarded=(setsid setpriv --pdeathsig TERM)

start_replica() { # NUMBER
  "${guarded[@]}" "$longhaul" serve "$file" --http "127.0.0.1:${ports[$1]:-0}" --store "$database" \
    >>"$data/replica-$1.log" 2>&1 </dev/null &
  replicas[$1]=$!
}

# await FILE PID PATTERN: the first match in what that process writes; fails if it ends before.
await() {
  until grep -oE -m 1 "$3" "$1"; do
    if ! kill -0 "$2" 2>/dev/null; then
      tail -n 5 "$1" >&2
      return 1
    fi
    sleep 0.1
  done
}

: >"$data/postgres.log"
setsid "$root/scripts/postgres.sh" "$data/pg" 5432 listen_addresses= >>"$data/postgres.log" 2>&1 </dev/null &
postgres=$!
await "$data/postgres.log" "$postgres" "ready to accept connections" >/dev/null ||
  fail "PostgreSQL does not start"
for number in 1 2 3; do
  : >"$data/replica-$number.log"
  start_replica "$number"
done
for number in 1 2 3; do
  address=$(await "$data/replica-$number.log" "${replicas[$number]}" 'http://127\.0\.0\.1:[0-9]+') ||
    fail "replica $number does not start"
  ports[$number]=${address##*:}
done
FLEET_LISTEN=127.0.0.1:$port REPLICA_1=127.0.0.1:${ports[1]} REPLICA_2=127.0.0.1:${ports[2]} \
  REPLICA_3=127.0.0.1:${ports[3]} "${guarded[@]}" "$haproxy" -f "$here/haproxy.cfg" \
  >"$data/haproxy.log" 2>&1 </dev/null &
balancer=$!
until curl -sf "http://127.0.0.1:$port/readyz" >/dev/null; do
  [[ -z $stopping ]] || exit 0
  kill -0 "$balancer" 2>/dev/null || {
    cat "$data/haproxy.log" >&2
    fail "the balancer does not start: is port $port taken? --port PORT names another"
  }
  sleep 0.1
done
printf '%s\n' "url=http://127.0.0.1:$port/mcp" "database='$database'" >"$data/fleet.env"

for number in 1 2 3; do
  echo "replica $number: pid ${replicas[$number]}, http://127.0.0.1:${ports[$number]}/mcp, $data/replica-$number.log"
done
cat <<TEXT
database:  psql '$database'
           $longhaul store stats '$database'
try it:    $here/try.sh $data
hosts:     http://127.0.0.1:$port/mcp
TEXT

while [[ -z $stopping ]]; do
  ended=
  wait -n -p ended "${replicas[@]}" "$balancer" "$postgres" 2>/dev/null || true # "Killed"
  [[ -n $ended && -z $stopping ]] || continue
  [[ $ended != "$balancer" ]] || fail "the balancer has ended: $(tail -n 1 "$data/haproxy.log")"
  [[ $ended != "$postgres" ]] || fail "PostgreSQL has ended: $(tail -n 1 "$data/postgres.log")"
  for number in 1 2 3; do
    [[ ${replicas[$number]} == "$ended" ]] || continue
    start_replica "$number"
    echo "replica $number has ended and begins again: pid ${replicas[$number]}"
    sleep 1 # one that cannot start is not started all the time
  done
done

#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A PostgreSQL server of one's own: makes its files in FOLDER if there are none, and runs in the
# foreground until it is told to stop (SIGINT: at once, but cleanly). It listens on 127.0.0.1 and asks
# nobody for a password; it goes when whoever started it goes.
#   scripts/postgres.sh FOLDER PORT [SETTING=VALUE…]       as in: fsync=off max_connections=20
set -euo pipefail

[[ $# -ge 2 ]] || {
  sed -n '3,6s/^# //p' "$0" >&2
  exit 2
}
folder=$1 port=$2
shift 2
bin=$(find /usr/lib/postgresql/*/bin -maxdepth 0 2>/dev/null | sort -V | tail -n 1)
[[ -n $bin ]] || {
  echo "postgres.sh: no PostgreSQL server here: scripts/install-deps.sh brings it" >&2
  exit 1
}
as=()
mkdir -p "$folder"
folder=$(cd "$folder" && pwd)
if [[ $EUID -eq 0 ]]; then # which it refuses to be
  as=(setpriv "--reuid=postgres" "--regid=postgres" --init-groups)
  chown postgres: "$folder"
  chmod a+x "$(dirname "$folder")"
fi
cd "$folder"
if [[ ! -e $folder/data/PG_VERSION ]]; then
  "${as[@]}" "$bin/initdb" -D "$folder/data" -U longhaul -A trust -E UTF8 --locale=C.UTF-8 --no-sync \
    >"$folder/initdb.log" 2>&1 || {
    cat "$folder/initdb.log" >&2
    exit 1
  }
fi
settings=(-c "listen_addresses=127.0.0.1" -c "port=$port" -c "unix_socket_directories=$folder")
for setting in "$@"; do settings+=(-c "$setting"); done
[[ ${#as[@]} -gt 0 ]] || as=(setpriv)
exec "${as[@]}" --pdeathsig INT "$bin/postgres" -D "$folder/data" "${settings[@]}"

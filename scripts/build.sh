#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Configures and builds one preset of CMakePresets.json into build/PRESET.
#   scripts/build.sh PRESET [-DNAME=VALUE…] [target…]      without targets: everything
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

[[ $# -ge 1 ]] || {
  echo "usage: $0 PRESET [-DNAME=VALUE…] [target…]" >&2
  exit 2
}
preset=$1
shift
options=()
while [[ ${1:-} == -D* ]]; do
  options+=("$1")
  shift
done
# What CMake says is of interest only when it fails.
mkdir -p build/logs
cmake --preset "$preset" "${options[@]}" >"build/logs/configure-$preset.log" 2>&1 || {
  cat "build/logs/configure-$preset.log" >&2
  exit 1
}
ninja -C "build/$preset" -j "$(nproc)" "$@"

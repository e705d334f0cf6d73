#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs a suite of GoogleTest as two processes side by side, each half of its tests.
#   scripts/halves.sh SUITE [argument…]
set -uo pipefail

[[ $# -ge 1 ]] || {
  echo "usage: $0 SUITE [argument…]" >&2
  exit 2
}
export GTEST_TOTAL_SHARDS=2
GTEST_SHARD_INDEX=1 "$@" &
GTEST_SHARD_INDEX=0 "$@"
code=$?
wait $! || exit 1
exit "$code"

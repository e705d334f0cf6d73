#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Programs of tests, and helpers of programs, that are there: a census before the suites and one after
# them, which fails if somebody new is left.
#   scripts/census.sh before | after
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
known=build/logs/census.txt

there() {
  {
    pgrep -x longhaul-run
    grep -lsz '^LONGHAUL_\(CENSUS\|TASK_ID\)=' /proc/[0-9]*/environ | cut -d/ -f3
  } | while read -r id; do
    # Orphans that ended stay as zombies where the machine's first process collects none.
    [[ ! -e /proc/$id ]] || grep -qs "^State:[[:space:]]*Z" "/proc/$id/status" || echo "$id"
  done | sort -u
}

case ${1:-} in
  before)
    there >"$known"
    exit 0
    ;;
  after)
    # One that is ending at this moment is not left behind: who is there is looked at again.
    for _ in {1..50}; do
      left=$(there | comm -13 "$known" -)
      [[ -z $left ]] && exit 0
      sleep 0.2
    done
    echo "left behind:"
    for id in $left; do
      echo "$id $(tr '\0' ' ' <"/proc/$id/cmdline")"
    done
    exit 1
    ;;
  *)
    echo "usage: $0 before | after" >&2
    exit 2
    ;;
esac

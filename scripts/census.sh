#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Fails if a program that a test started, or the helper of one, is still there.
set -uo pipefail
left=$(
  pgrep -x longhaul-run
  grep -lsz '^LONGHAUL_\(CENSUS\|TASK_ID\)=' /proc/[0-9]*/environ
)
[[ -z $left ]] && exit 0
echo "left behind:"
echo "$left"
exit 1

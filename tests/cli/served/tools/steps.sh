#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# steps.sh STEPS NAME: step I is done when there is a file NAME-I.
set -eu
for ((step = 1; step <= $1; ++step)); do
  until [[ -e $2-$step ]]; do sleep 0.03; done
  echo "$step/$1 step $step"
done
echo "all $1 steps are done"

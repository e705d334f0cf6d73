#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# again.sh STEPS: step I waits for the file go-I, is noted in `log`, and is then saved: it is done once, but for
# the one that the server was killed in.
set -eu
echo '{"restore": true}' >&"$LONGHAUL_FD"
IFS= read -r restored <&"$LONGHAUL_FD"
done=$(sed -nE 's/.*"checkpoint": ?([0-9]+).*/\1/p' <<<"$restored")
done=${done:-0}
echo "attempt $LONGHAUL_ATTEMPT from $done" >>log
for ((step = done + 1; step <= $1; ++step)); do
  until [[ -e go-$step ]]; do sleep 0.03; done
  echo "step $step" >>log
  echo "{\"checkpoint\": $step}" >&"$LONGHAUL_FD"
  echo "{\"progress\": {\"done\": $step, \"total\": $1}}" >&"$LONGHAUL_FD"
done
echo "ended in attempt $LONGHAUL_ATTEMPT"

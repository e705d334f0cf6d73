#!/usr/bin/env bash
# Counts to TO, and saves how far it is with every step: whoever runs it again goes on from there.
set -euo pipefail
to=$1
say() { printf '%s\n' "$1" >&"$LONGHAUL_FD"; }

say '{"restore":true}'
IFS= read -r saved <&"$LONGHAUL_FD"
at=0
[[ $saved =~ \"at\":([0-9]+) ]] && at=${BASH_REMATCH[1]}
from=$at
while ((at < to)); do
  sleep 0.25
  at=$((at + 1))
  say "{\"checkpoint\":{\"at\":$at}}"
  say "{\"progress\":{\"done\":$at,\"total\":$to,\"message\":\"attempt $LONGHAUL_ATTEMPT\"}}"
done
echo "counted to $to; attempt $LONGHAUL_ATTEMPT went on from $from"

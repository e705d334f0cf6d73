#!/usr/bin/env bash
# Counts SECONDS down; the server reads its progress from these lines.
set -euo pipefail
seconds=$1
for ((passed = 1; passed <= seconds; ++passed)); do
  sleep 1
  echo "$passed/$seconds $((seconds - passed)) to go"
done
echo "Lift-off after $seconds seconds."

#!/usr/bin/env bash
# Asks two questions in the middle: a line on the descriptor $LONGHAUL_FD asks, a line on the same
# descriptor brings the answer. docs/programs.md has the messages.
set -euo pipefail
traveller=$1

ask() { # KEY MESSAGE PROPERTIES: the answer is in $answer
  printf '{"ask": {"key": "%s", "message": "%s", "schema": {"type": "object", "properties": {%s}, "required": ["%s"]}}}\n' \
    "$1" "$2" "$3" "$1" >&"$LONGHAUL_FD"
  IFS= read -r answer <&"$LONGHAUL_FD"
  if [[ $answer != *'"action":"accept"'* ]]; then
    echo "No trip, then."
    exit 0
  fi
}

echo '{"status": "asking where to"}' >&"$LONGHAUL_FD"
ask city "Where does the trip go?" '"city": {"type": "string", "title": "City"}'
city=$(sed -E 's/.*"city":"([^"]*)".*/\1/' <<<"$answer")
echo '{"progress": {"done": 1, "total": 2, "message": "knows where to"}}' >&"$LONGHAUL_FD"
ask days "For how many days?" '"days": {"type": "integer", "title": "Days", "minimum": 1, "maximum": 30}'
days=$(sed -E 's/.*"days":([0-9]+).*/\1/' <<<"$answer")
echo '{"progress": {"done": 2, "total": 2}}' >&"$LONGHAUL_FD"
for ((day = 1; day <= days; ++day)); do
  echo "Day $day in $city: $traveller and a map."
done

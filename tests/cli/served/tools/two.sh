#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Two questions, one after the other.
set -eu
ask() { # KEY MESSAGE PROPERTY: the answer is in $answer
  printf '{"ask": {"key": "%s", "message": "%s", "schema": {"type": "object", "properties": {"%s": %s}, "required": ["%s"]}}}\n' \
    "$1" "$2" "$1" "$3" "$1" >&"$LONGHAUL_FD"
  IFS= read -r answer <&"$LONGHAUL_FD"
  [[ $answer == *'"action":"accept"'* ]] || {
    echo "not asked further"
    exit 0
  }
}
ask city "Where to?" '{"type": "string", "title": "City"}'
city=$(sed -E 's/.*"city":"([^"]*)".*/\1/' <<<"$answer")
ask days "How long?" '{"type": "integer", "title": "Days", "minimum": 1}'
days=$(sed -E 's/.*"days":([0-9]+).*/\1/' <<<"$answer")
echo "$days days in $city"

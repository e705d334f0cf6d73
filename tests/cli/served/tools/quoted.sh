#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Asks with a key and a choice that nobody should paste into a shell unquoted.
set -eu
tr -d '\n' >&"$LONGHAUL_FD" <<'END'
{"ask": {"key": "a=b;touch key", "message": "Which?", "schema": {"type": "object", "properties": {
"one": {"type": "string", "enum": ["x’;touch choice;’ 'y'; touch plain; '"]}}, "required": ["one"]}}}
END
echo >&"$LONGHAUL_FD"
IFS= read -r answer <&"$LONGHAUL_FD"
echo "$answer"

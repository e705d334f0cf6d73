#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Asks for all at once, and prints the answer as it comes.
set -eu
tr -d '\n' >&"$LONGHAUL_FD" <<'END'
{"ask": {"key": "meal", "message": "What may it be?", "schema": {"type": "object", "properties": {
"dish": {"type": "string", "title": "Dish", "enum": ["soup", "stew", "salad"]},
"plates": {"type": "integer", "title": "Plates", "minimum": 1, "maximum": 8, "default": 2},
"hot": {"type": "boolean", "title": "Hot", "default": true},
"note": {"type": "string", "title": "Note", "description": "For the cook"}},
"required": ["dish", "plates"]}}}
END
echo >&"$LONGHAUL_FD"
IFS= read -r answer <&"$LONGHAUL_FD"
echo "$answer"

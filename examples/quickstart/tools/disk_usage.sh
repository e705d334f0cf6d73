#!/usr/bin/env bash
# The directories below DIRECTORY, DEPTH levels deep, the largest first.
set -euo pipefail
du --human-readable --max-depth="$1" -- "$2" | sort --human-numeric-sort --reverse

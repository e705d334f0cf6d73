#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs check-schema.mjs with the pinned Node.
#   scripts/check-schema.sh FOLDER…     folders that a suite filled because LONGHAUL_WIRE_RECORD named them
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
exec "$(scripts/npm-install.sh)" scripts/check-schema.mjs "$@"

#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs the tests of the operators' side with the pinned Node.
#   scripts/operator.sh api EXECUTABLE            the API against the description that it serves
#   scripts/operator.sh page EXECUTABLE FOLDER    the page in Chromium; screenshots are left in FOLDER
#   scripts/operator.sh metrics EXECUTABLE        the figures, alerts and dashboard with a real Prometheus
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
part=${1:?api, page or metrics}
shift
exec "$(scripts/npm-install.sh)" "tests/operator/$part.mjs" "$@"

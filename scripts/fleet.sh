#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Three replicas of the release build on a PostgreSQL of their own, clients on all of them, and faults
# without end (tests/fleet/fleet.py says how); before that the tests of what judges them.
#   scripts/fleet.sh [SECONDS] [--seed N]…     SECONDS of faults: 45 if not given; --help has the rest
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export PYTHONDONTWRITEBYTECODE=1
python3 tests/fleet/checks_test.py --quiet
exec python3 tests/fleet/fleet.py "$@"

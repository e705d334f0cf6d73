#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Besieges the release build (tests/siege/siege.py says how), twice.
#   scripts/siege.sh [SECONDS]     a siege; 10 if not given
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
exec python3 tests/siege/siege.py build/release/longhaul "${1:-10}"

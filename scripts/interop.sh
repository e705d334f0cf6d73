#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs the tests against independent clients (tests/interop) with the pinned Node.
#   LONGHAUL_SERVER=path scripts/interop.sh     another server than build/release/longhaul-handlers
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

node=$(scripts/npm-install.sh)
exec "$node" --test --test-reporter=tap tests/interop/*.test.mjs

#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Formats the C++ files of the repository; with `check` it only says which are not formatted.
#   scripts/format.sh [check]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

mode=(-i)
[[ ${1:-} != check ]] || mode=(--dry-run -Werror)
find src include apps tests examples bench fuzz -name node_modules -prune -o \
  \( -name '*.cpp' -o -name '*.hpp' \) -print0 |
  xargs -0 -P "$(nproc)" -n 16 clang-format-19 "${mode[@]}"

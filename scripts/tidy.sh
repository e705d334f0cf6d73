#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# clang-tidy over the sources of the library and the examples, with a build folder of its own: the
# compile commands there have no precompiled headers, which clang-tidy cannot always read.
#   scripts/tidy.sh [file…]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

build=build/tidy
cmake -S . -B "$build" -G Ninja -DCMAKE_CXX_COMPILER=clang++-19 -DCMAKE_DISABLE_PRECOMPILE_HEADERS=ON \
  -DLONGHAUL_TESTS=OFF -DLONGHAUL_BENCH=OFF >build/logs/configure-tidy.log
files=("$@")
[[ ${#files[@]} -gt 0 ]] || mapfile -t files < <(find src apps examples -name '*.cpp' | sort)
printf '%s\0' "${files[@]}" |
  xargs -0 -P "$(nproc)" -n 4 clang-tidy-19 -p "$build" --quiet --warnings-as-errors='*'

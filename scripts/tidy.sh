#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# clang-tidy over the library, the programs and the examples, in a build folder of its own: its
# compile commands have no precompiled headers, which clang-tidy cannot always read, and the files
# of a layer are read together, eight at a time, which takes a third of the time.
#   scripts/tidy.sh           everything
#   scripts/tidy.sh file…     these files, each by itself
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

build=build/tidy
together=ON
[[ $# -eq 0 ]] || together=OFF
mkdir -p build/logs
cmake -S . -B "$build" -G Ninja -DCMAKE_CXX_COMPILER=clang++-19 -DCMAKE_DISABLE_PRECOMPILE_HEADERS=ON \
  -DCMAKE_UNITY_BUILD="$together" -DLONGHAUL_TESTS=OFF -DLONGHAUL_BENCH=OFF >build/logs/configure-tidy.log
files=("$@")
checks=
if [[ $together == ON ]]; then
  mapfile -t files < <(grep -o '"file": "[^"]*"' "$build/compile_commands.json" | cut -d'"' -f4 |
    grep -v '_pch\.dir/' | sort)
  checks=-bugprone-suspicious-include # that is how files are read together
fi
printf '%s\0' "${files[@]}" |
  xargs -0 -P "$(nproc)" -n 1 clang-tidy-19 -p "$build" --quiet --warnings-as-errors='*' --checks="$checks"

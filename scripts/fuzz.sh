#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs each fuzz target of build/fuzz for some seconds; the corpus is kept in build/fuzz/corpus.
#   scripts/fuzz.sh [SECONDS]     60 if not given; `scripts/build.sh fuzz fuzzers` comes first
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

seconds=${1:-60}
for target in build/fuzz/longhaul-fuzz-*; do
  name=${target##*/longhaul-fuzz-}
  mkdir -p "build/fuzz/corpus/$name" "build/fuzz/findings/$name"
  echo "$name: $seconds s"
  "$target" -max_total_time="$seconds" -max_len=4096 -timeout=10 -print_final_stats=1 \
    -dict="fuzz/$name.dict" -artifact_prefix="build/fuzz/findings/$name/" \
    "build/fuzz/corpus/$name" fuzz/seeds/"$name"
done

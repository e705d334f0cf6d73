#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs the library, built with g++, into an empty folder, builds tests/consumer against it with
# AddressSanitizer, once with CMake and once with pkg-config, and talks to both programs over stdio.
# The C++ example of README.md is also built and run, and a store of somebody else is held to the
# store contract.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

work=$PWD/build/consumer
prefix=$work/prefix
sanitize=address,undefined
rm -rf "$prefix" "$work/build"
cmake -S . -B "$work/library" -G Ninja -DCMAKE_CXX_COMPILER=g++ -DCMAKE_BUILD_TYPE=None \
  -DCMAKE_CXX_FLAGS="-O1 -g1" -DLONGHAUL_SANITIZE=$sanitize -DCMAKE_INSTALL_PREFIX="$prefix" \
  -DCMAKE_INSTALL_LIBDIR=lib -DLONGHAUL_APPS=OFF -DLONGHAUL_TESTS=OFF -DLONGHAUL_EXAMPLES=OFF -DLONGHAUL_BENCH=OFF
ninja -C "$work/library" -j "$(nproc)" install

awk '/^```cpp/ { on = 1; next } /^```/ { on = 0 } on' README.md >"$work/readme.cpp"
cmake -S tests/consumer -B "$work/build" -G Ninja -DCMAKE_CXX_COMPILER=g++ \
  -DCMAKE_PREFIX_PATH="$prefix" -DLONGHAUL_INCLUDE_DIR="$prefix/include" -DREADME_EXAMPLE="$work/readme.cpp" -DCMAKE_CXX_FLAGS="-O1 -g1 -fsanitize=$sanitize"
ninja -C "$work/build"

flags=$(PKG_CONFIG_PATH=$prefix/lib/pkgconfig pkg-config --cflags --libs longhaul)
# shellcheck disable=SC2086  # flags are words
g++ -std=c++20 -O1 -fsanitize=$sanitize tests/consumer/main.cpp -o "$work/build/by-pkg-config" $flags

XDG_STATE_HOME=$work/state "$work/build/readme" --stdio </dev/null
"$work/build/tested"
"$work/build/calling" "$work/build/consumer"
"$work/build/own_store" --gtest_brief=1
for program in consumer by-pkg-config; do
  python3 tests/consumer/talk.py "$work/build/$program"
done

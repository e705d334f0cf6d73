#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Everything a change must pass; `make test` and .ci/run come here, `make check` with `full`.
#   scripts/test.sh [full]
# One line a step, its output in build/logs/STEP.log, the end of that shown when the step failed.
# A failed step does not stop the others, a failed release build does. The last line is
# `N passed, M failed`: tests of the release build, scenarios and interop tests count one by one,
# every other step counts as one. Exit code 0 only if M is 0.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source scripts/steps.sh

full=
unset LONGHAUL_LONG_TESTS
case ${1:-} in
  "") ;;
  full) full=1 ;;
  *)
    echo "usage: $0 [full]" >&2
    exit 2
    ;;
esac

# The suites that are there: a folder of tests/ with C++ files whose name CMake has as longhaul_test.
suites() {
  local name
  for name in "$@"; do
    compgen -G "tests/$name/*.cpp" >/dev/null && echo "$name"
  done
}
all=(typed server stores postgres tasks wire transport client run command config terminal programs)
asan=(typed server stores tasks wire command config)
tsan=(stores tasks transport)
# None of these suites opens a database: they also show that all builds without libpq.
sanitized_postgres=OFF
fleet_limit=300
if [[ $full ]]; then
  export LONGHAUL_LONG_TESTS=1 # of the contract: a million tasks
  asan=("${all[@]}")
  tsan=("${all[@]}")
  sanitized_postgres=ON
  fleet_limit=900
fi

build_sanitized() { # PRESET suite…
  local preset=$1
  shift
  local names
  mapfile -t names < <(suites "$@" | sed "s/.*/longhaul-&-tests/")
  # What runs beside it comes first: it waits for processes and clocks, and has time limits.
  step "$preset-build" 3000 nice scripts/build.sh "$preset" \
    "-DLONGHAUL_POSTGRES=$sanitized_postgres" "${names[@]}"
}
run_sanitized() { # PRESET suite…
  local preset=$1 name
  shift
  for name in $(suites "$@"); do
    # Sizes are for release builds; here more threads or seeds would be worth more.
    step "$preset-$name-tests" 2400 env -u LONGHAUL_LONG_TESTS scripts/halves.sh \
      "build/$preset/longhaul-$name-tests" --gtest_brief=1
  done
}

# What the release build has to show: the suites, and beside them what waits more than it works.
release() {
  local name
  rm -rf build/record
  mkdir -p build/record
  whole_programs &
  for name in $(suites "${all[@]}"); do
    LONGHAUL_WIRE_RECORD=$PWD/build/record counted "$name" 600 "build/release/longhaul-$name-tests" --gtest_brief=1
  done
  step npm-packages 300 scripts/npm-install.sh && {
    counted conformance 900 scripts/conformance.py
    counted conformance-tls 900 scripts/conformance.py --tls --out build/conformance-tls
    counted conformance-client 300 scripts/conformance_client.py
    counted interop 300 scripts/interop.sh
    counted operator-api 300 scripts/operator.sh api build/release/longhaul
    counted operator-metrics 300 scripts/operator.sh metrics build/release/longhaul
    counted operator-page 600 scripts/operator.sh page build/release/longhaul build/operator-page
    counted schema 120 scripts/check-schema.sh build/record
  }
  step format 120 scripts/format.sh check
  step lint-layers 60 scripts/lint-layers.py
  step lint-await 60 scripts/lint-await.py
  step lint-size 60 scripts/lint-size.py
  step lint-words 60 scripts/lint-words.py
  step lint-keys 60 scripts/lint-keys.py
  step man-pages 60 scripts/man.py --check
  wait
}
whole_programs() {
  counted snippets 300 scripts/snippets.py
  counted diagnostics 300 scripts/diagnostics.py
  counted examples 300 scripts/examples.py
  counted cli 300 scripts/cli.py
  counted siege 300 scripts/siege.sh ${full:+60}
  counted fleet "$fleet_limit" scripts/fleet.sh ${full:+300}
}

step deps 900 scripts/install-deps.sh ${full:+check} || finish
step census-before 60 scripts/census.sh before
step release-build 1800 scripts/build.sh release || finish
# Both processors are busy all the time: the compilers fill what the tests leave, which wait more
# than they work.
release &
build_sanitized asan "${asan[@]}" && { run_sanitized asan "${asan[@]}" & }
build_sanitized tsan "${tsan[@]}" && run_sanitized tsan "${tsan[@]}"
wait
step census-after 60 scripts/census.sh after

if [[ $full ]]; then
  step gcc-build 4800 scripts/build.sh gcc && for name in $(suites "${all[@]}"); do
    step "gcc-$name-tests" 300 "build/gcc/longhaul-$name-tests" --gtest_brief=1
  done
  step consumer 1200 scripts/consumer-test.sh
  counted interop-peers 1800 scripts/interop-peers.py
  step fuzz-build 900 scripts/build.sh fuzz fuzzers && step fuzz 300 scripts/fuzz.sh 60
  step clang-tidy 3600 scripts/tidy.sh
fi
finish

# SPDX-License-Identifier: Apache-2.0
# Sourced by test.sh: steps that are timed, logged, bounded and counted. They may run side by side,
# in subshells: what each counts goes into a file.
#   step NAME SECONDS command…      runs it; counts as one; its exit code
#   counted NAME SECONDS command…   the same, but its output says how many tests passed and failed
#   finish                          prints the sum and exits

# What a sanitizer finds must end the program and say where.
symbolizer=$(command -v llvm-symbolizer-19 || true)
export UBSAN_OPTIONS=print_stacktrace=1
export ASAN_OPTIONS=detect_leaks=1:handle_abort=1${symbolizer:+:external_symbolizer_path=$symbolizer}
export TSAN_OPTIONS=halt_on_error=1:handle_abort=1:second_deadlock_stack=1:suppressions=$PWD/scripts/tsan.supp${symbolizer:+:external_symbolizer_path=$symbolizer}

logs=build/logs
sums=$logs/sums.txt
mkdir -p "$logs"
: >"$sums"

# run NAME SECONDS command…: the exit code; sets $seconds.
run() {
  local name=$1 limit=$2 begun=$SECONDS code
  shift 2
  timeout --kill-after=10 "$limit" "$@" >"$logs/$name.log" 2>&1 </dev/null
  code=$?
  seconds=$((SECONDS - begun))
  [[ $code -ne 124 && $code -ne 137 ]] ||
    echo "$name was stopped: not done within $limit s" >>"$logs/$name.log"
  return $code
}

# tell NAME CODE TEXT: the line of a step, and why it failed; in one piece, as others write too.
tell() {
  local verdict=ok told
  [[ $2 -eq 0 ]] || verdict=FAILED
  told=$(
    printf '%-6s %-24s %5d s  %s\n' "$verdict" "$1" "$seconds" "$3"
    [[ $2 -eq 0 ]] || {
      tail -n 40 "$logs/$1.log" | sed 's/^/    | /'
      echo "    all of it: $logs/$1.log"
    }
  )
  echo "$told"
}

step() {
  local code
  run "$@"
  code=$?
  if [[ $code -eq 0 ]]; then echo 1 0 >>"$sums"; else echo 0 1 >>"$sums"; fi
  tell "$1" $code ""
  return $code
}

# tally LOG: "passed failed" by what gtest, node:test and conformance.py print at the end.
tally() {
  awk '
    /^\[  PASSED  \] [0-9]+ tests?\./               { p = $4 }
    /^\[  FAILED  \] [0-9]+ tests?, listed below:/  { f = $4 }
    /^# pass [0-9]+$/                               { p = $3 }
    /^# (fail|cancelled) [0-9]+$/                   { f += $3 }
    /^[0-9]+ passed, [0-9]+ failed$/                { p = $1; f = $3 }
    END                                             { print p + 0, f + 0 }' "$1"
}

counted() {
  local code good bad
  run "$@"
  code=$?
  read -r good bad < <(tally "$logs/$1.log")
  # A crash leaves no sum behind, and a run without tests is no success.
  [[ $code -eq 0 || $bad -gt 0 ]] || bad=1
  [[ $good -gt 0 || $bad -gt 0 ]] || bad=1
  [[ $bad -eq 0 || $code -ne 0 ]] || code=1
  echo "$good $bad" >>"$sums"
  tell "$1" $code "$good passed, $bad failed"
  return $code
}

finish() {
  local passed failed
  read -r passed failed < <(awk '{ p += $1; f += $2 } END { print p + 0, f + 0 }' "$sums")
  echo "$passed passed, $failed failed"
  [[ $failed -eq 0 && $passed -gt 0 ]]
  exit
}

#!/usr/bin/env bash
# Builds and tests, stage by stage; the last line is "N passed, N failed" over all of them.
# usage: check.sh [release|sdk|dev|tsan]...     (all by default)
#   release  everything, as users build it
#   sdk      the providers' own SDKs against the simulator, where they can be fetched
#   dev      everything again with AddressSanitizer and UndefinedBehaviorSanitizer
#   tsan     the rooms with threads again with ThreadSanitizer
set -u
cd -P "$(dirname "$0")/.." || exit 1
[ $# -gt 0 ] || set -- release sdk dev tsan
jobs=$(nproc)
passed=0 failed=0 reports=()

broken() {
  echo "failed: $*"
  failed=$((failed + 1))
}

finish() {
  echo
  python3 scripts/count_tests.py --passed "$passed" --failed "$failed" "${reports[@]}" ||
    { command -v python3 >/dev/null || echo "$passed passed, $failed failed"; exit 1; }
  exit 0
}

# test PRESET [ctest options...]: ctest's own verdicts are read from its report.
run_tests() {
  local preset=$1 report=$PWD/build/$1/tests.xml
  shift
  rm -f "$report"
  reports+=("$report")
  "${plain_addresses[@]}" ctest --test-dir "build/$preset" -j "$jobs" --output-on-failure --no-tests=error \
    --output-junit "$report" "$@" | grep -vE '^ *Start +[0-9]+: |^ *[0-9]+/[0-9]+ Test .* Passed '
}

# The sanitizers of GCC 12 cannot live with the address layouts of some kernels; containers may forbid
# to ask for another.
plain_addresses=()
setarch -R true 2>/dev/null && plain_addresses=(setarch -R)

# Tables of OpenAI's tokenizers, from npm: tests of exact counts skip themselves without them.
fetch_token_tables() {
  [ -s build/tokens/o200k_base.tiktoken ] && return
  scripts/fetch_token_tables.sh build/tokens && return
  if [ -n "${CI:-}" ]; then broken "the token tables cannot be fetched"; else echo "skipped: exact token counts"; fi
}

stage_release() {
  scripts/build.sh release || { broken "the release build"; finish; }
  run_tests release
}

stage_dev() {
  scripts/build.sh dev || { broken "the build with address and undefined"; return; }
  run_tests dev
}

stage_tsan() {
  local programs=(net_test patient_test store_test)
  scripts/build.sh tsan "${programs[@]}" || { broken "the build with thread"; return; }
  # Programs that this stage does not build stand in the list as NOT_BUILT.
  run_tests tsan -E '_NOT_BUILT$|^sources\.|^command\.'
}

# tests/sdk/run ends with "N passed, N failed", or exits with 77 when an SDK cannot be fetched.
stage_sdk() {
  [ -x tests/sdk/run ] || { echo "no tests/sdk/run"; return; }
  local log=build/sdk.log status counts
  tests/sdk/run </dev/null 2>&1 | tee "$log"
  status=${PIPESTATUS[0]}
  counts=$(tail -n 1 "$log" | sed -nE 's/^([0-9]+) passed, ([0-9]+) failed$/\1 \2/p')
  if [ "$status" -eq 77 ]; then
    echo "skipped: the SDKs cannot be fetched here"
  elif [ -n "$counts" ]; then
    passed=$((passed + ${counts% *}))
    failed=$((failed + ${counts#* }))
    [ "$status" -eq 0 ] || [ "${counts#* }" -gt 0 ] || broken "tests/sdk/run exited with $status"
  elif [ "$status" -eq 0 ]; then
    passed=$((passed + 1))
  else
    broken "tests/sdk/run exited with $status"
  fi
}

mkdir -p build
scripts/setup.sh build test || { broken "the packages"; finish; }
fetch_token_tables
for stage in "$@"; do
  began=$SECONDS
  echo "== $stage"
  "stage_$stage"
  echo "== $stage took $((SECONDS - began)) s"
done
finish

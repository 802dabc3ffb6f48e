#!/usr/bin/env bash
# Runs the benchmarks one after another. usage: bench.sh [NAME...]     (all by default)
set -eu
cd -P "$(dirname "$0")/.."
shopt -s nullglob
programs=(build/release/bench/*_bench)
[ $# -eq 0 ] || programs=("${@/#/build/release/bench/}")
if [ ${#programs[@]} -eq 0 ]; then
  echo "no benchmarks in build/release/bench: make build"
  exit 1
fi
for program in "${programs[@]}"; do
  echo "== ${program##*/}"
  "$program"
done

#!/usr/bin/env bash
# Runs the benchmarks one after another. usage: bench.sh [NAME...]     (all by default)
set -eu
cd -P "$(dirname "$0")/.."
shopt -s nullglob
programs=(build/release/bench/*_bench bench/planner_end_to_end.py)
if [ $# -gt 0 ]; then
  programs=()
  for name in "$@"; do
    if [ -e "bench/$name.py" ]; then programs+=("bench/$name.py"); else programs+=("build/release/bench/$name"); fi
  done
fi
if [ ! -x build/release/twolane ]; then
  echo "nothing is built: make build"
  exit 1
fi
for program in "${programs[@]}"; do
  echo "== ${program##*/}"
  case $program in
    *.py) python3 "$program" build/release/twolane ;;
    *) "$program" ;;
  esac
done

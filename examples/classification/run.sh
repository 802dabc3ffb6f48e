#!/bin/sh
# Classification: one of twelve categories for each of 300 support tickets.
# Without arguments against simulated providers; ./run.sh --by 06:00 buys it with your own key.
set -eu
cd "$(dirname "$0")"
[ $# -gt 0 ] || set -- --sim
"${TWOLANE:-../../build/release/twolane}" run ../tickets.csv \
  --model openai/gpt-5.4-mini --system-file system.txt --prompt-file prompt.txt --output-tokens 64 \
  -o "${OUT:-.}/labelled.csv" "$@"

#!/bin/bash
# tokens.sh [SECONDS]: our exact counter beside npm's tiktoken, on the same texts, in alternating rounds.
#
# Needs build/release/bench/tokens_bench (or BENCH=...), node and npm. Packages and tables go to
# WORK (default: build/tokens). Checks that both give the same token numbers before it measures.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${1:-2}
shared=${SHARED:-../shared}
work=${WORK:-build/tokens}
bench=$(realpath "${BENCH:-build/release/bench/tokens_bench}")
mkdir -p "$work"
[ -f "$work/o200k_base.tiktoken" ] || scripts/fetch_token_tables.sh "$work"
[ -d "$work/node_modules/tiktoken" ] || npm install --silent --no-audit --no-fund --prefix "$work" tiktoken@1.0.22
python3 bench/tokens_texts.py "$shared" "$work"
for file in banking77 gsm8k peps hostile; do
  for encoding in o200k cl100k; do
    "$bench" "$work" $encoding "$work/$file.texts" --ids > "$work/ours"
    node bench/tokens_npm.js "$work" $encoding "$work/$file.texts" --ids > "$work/theirs"
    cmp "$work/ours" "$work/theirs"
    echo "$file $encoding: the same tokens"
  done
done
for file in banking77 gsm8k peps; do
  for round in 1 2 3; do
    echo "$file o200k twolane  $("$bench" "$work" o200k "$work/$file.texts" "$seconds")"
    echo "$file o200k tiktoken $(node bench/tokens_npm.js "$work" o200k "$work/$file.texts" "$seconds")"
  done
done

#!/bin/sh
# Embeddings backfill: a vector for each ticket, for a search index.
# Without arguments against simulated providers; ./run.sh --by 06:00 buys it with your own key.
set -eu
cd "$(dirname "$0")"
[ $# -gt 0 ] || set -- --sim
"${TWOLANE:-../../build/release/twolane}" run ../tickets.csv \
  --model openai/text-embedding-3-small --prompt '{subject}: {text}' \
  -o "${OUT:-.}/vectors.csv" "$@"

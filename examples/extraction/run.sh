#!/bin/sh
# Extraction: facts from each ticket as JSON that follows schema.json.
# Without arguments against simulated providers; ./run.sh --by 06:00 buys it with your own key.
set -eu
cd "$(dirname "$0")"
[ $# -gt 0 ] || set -- --sim
"${TWOLANE:-../../build/release/twolane}" run ../tickets.csv \
  --model openai/gpt-5.4-mini --schema schema.json --output-tokens 200 \
  --system 'Extract the facts that the message states. Use null for what it does not state.' \
  --prompt '{subject}: {text}' \
  -o "${OUT:-.}/facts.csv" "$@"

#!/bin/sh
# Synthetic data: a support message in the voice of each persona, to test a classifier with.
# Without arguments against simulated providers; ./run.sh --by 06:00 buys it with your own key.
set -eu
cd "$(dirname "$0")"
[ $# -gt 0 ] || set -- --sim
"${TWOLANE:-../../build/release/twolane}" run personas.csv \
  --model gemini/gemini-3.5-flash --output-tokens 300 \
  --system 'You write realistic test data. Write only the message itself, 30 to 120 words.' \
  --prompt 'Write a message to the support desk of a shop, by {who}, about a {product}. Mood: {mood}. {twist}.' \
  -o "${OUT:-.}/messages.csv" "$@"

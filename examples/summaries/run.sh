#!/bin/sh
# Summaries: one sentence for each ticket, by Anthropic.
# Without arguments against simulated providers; ./run.sh --by 06:00 buys it with your own key.
set -eu
cd "$(dirname "$0")"
[ $# -gt 0 ] || set -- --sim
"${TWOLANE:-../../build/release/twolane}" run ../tickets.csv \
  --model anthropic/claude-haiku-4.5 --output-tokens 120 \
  --system 'Summarise the message of a customer in one sentence of at most 20 words, in English.' \
  --prompt '{subject}: {text}' \
  -o "${OUT:-.}/summaries.csv" "$@"

#!/bin/sh
# LLM as a judge, in two stages: a cheap model drafts replies, another one grades them.
# The answers of the first stage are a column of the second stage's input, and with a deadline it leaves half of
# the time to it (--steps-after).
# Without arguments against simulated providers; ./run.sh --by 06:00 buys it with your own keys.
set -eu
cd "$(dirname "$0")"
[ $# -gt 0 ] || set -- --sim
twolane=${TWOLANE:-../../build/release/twolane}
"$twolane" run ../tickets.csv --model openai/gpt-5.4-mini --output-tokens 200 --limit 100 --steps-after 1 \
  --system 'Draft a short, friendly reply to the customer. Promise nothing that the message does not justify.' \
  --prompt '{subject}: {text}' -o "${OUT:-.}/drafts.csv" "$@"
"$twolane" run "${OUT:-.}/drafts.csv" --model anthropic/claude-sonnet-4.6 --schema verdict.schema.json \
  --output-tokens 200 --system 'Grade the reply from 1 (harmful) to 5 (ready to send). Say why, briefly.' \
  --prompt 'Message: {text}

Reply: {answer}' -o "${OUT:-.}/verdicts.csv" "$@"

#!/bin/sh
# Eval: the same prompt on two models, and how often they agree.
# Without arguments against simulated providers; ./run.sh --by 06:00 buys it with your own keys.
set -eu
cd "$(dirname "$0")"
[ $# -gt 0 ] || set -- --sim
for model in openai/gpt-5.4-mini gemini/gemini-3.5-flash; do
  "${TWOLANE:-../../build/release/twolane}" run ../tickets.csv --model "$model" \
    --system-file ../classification/system.txt --prompt-file ../classification/prompt.txt \
    --output-tokens 64 -o "${OUT:-.}/eval-${model##*/}.csv" "$@"
done
python3 agreement.py "${OUT:-.}/eval-gpt-5.4-mini.csv" "${OUT:-.}/eval-gemini-3.5-flash.csv"

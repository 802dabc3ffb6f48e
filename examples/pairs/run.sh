#!/bin/sh
# Two models answer, a third request judges: all in one file. The judge's line names both in `after`, waits for
# them, and reads their answers where its body says {{answer:ID}}.
# Without arguments against simulated providers; ./run.sh --by 06:00 buys it with your own keys.
set -eu
cd "$(dirname "$0")"
[ $# -gt 0 ] || set -- --sim
"${TWOLANE:-../../build/release/twolane}" run pairs.jsonl -o "${OUT:-.}/pairs.out.jsonl" "$@"

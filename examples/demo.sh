#!/bin/sh
# What `make run` runs: 300 support tickets are labelled by simulated providers, in a home of its own that
# is gone afterwards. Shows the bill and the first labels.
set -eu
cd "$(dirname "$0")"
OUT=$(mktemp -d)
trap 'rm -rf "$OUT"' EXIT INT TERM
export OUT
TWOLANE_HOME=$OUT/home classification/run.sh --sim --within 6h
echo
awk '
  function show(row,    n, f, subject) {
    n = split(row, f, ",")
    subject = f[2]
    gsub(/"/, "", subject)
    printf "  %-8s %-34.34s %s\n", f[1], subject, f[n - 1]
  }
  NR == 1 { next }
  /^T-[0-9]+,/ { if (row != "" && ++shown <= 8) show(row); row = $0; next }
  { row = row " " $0 }
  END { print "  ..." }
' "$OUT/labelled.csv"

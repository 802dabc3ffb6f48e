#!/usr/bin/env bash
# Builds each file of tests/must_not_compile twice: as it is, which must pass, and with -DMISUSE, which
# must fail with words that match the file's "refusal:" line (so that it fails for that reason).
# usage: check_must_not_compile.sh [COMPILER]
set -u
cd "$(dirname "$0")/.." || exit 1
compiler=${1:-${CXX:-g++}}
flags=(-std=gnu++23 -fsyntax-only -Wall -Wextra -Werror=unused-result -Isrc)
failures=0 files=0

report() {
  failures=$((failures + 1))
  printf '%s: %s\n%s\n\n' "$1" "$2" "$3"
}

for source in tests/must_not_compile/*.cc; do
  files=$((files + 1))
  refusal=$(sed -n 's|^// refusal: ||p' "$source")
  if [ -z "$refusal" ]; then
    report "$source" "has no line '// refusal: PATTERN'" ""
    continue
  fi
  if ! said=$("$compiler" "${flags[@]}" "$source" 2>&1); then
    report "$source" "the right use does not compile" "$said"
  fi
  if said=$(LC_ALL=C "$compiler" "${flags[@]}" -DMISUSE "$source" 2>&1); then
    report "$source" "the misuse compiles" "$said"
  elif ! grep -qE "$refusal" <<<"$said"; then
    report "$source" "the misuse is refused, but not because of '$refusal'" "$said"
  fi
done

if [ "$files" -eq 0 ]; then
  echo "no files in tests/must_not_compile"
  exit 1
fi
echo "$files misuses, $failures faults"
[ "$failures" -eq 0 ]

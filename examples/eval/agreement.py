"""How often two labelled files agree, and where they differ most."""
import collections
import csv
import sys

first, second = ([row["answer"].strip() for row in csv.DictReader(open(path, newline="", encoding="utf-8"))]
                 for path in sys.argv[1:3])
if len(first) != len(second):
    sys.exit("the files have %d and %d rows" % (len(first), len(second)))
same = sum(a == b for a, b in zip(first, second))
print("agreement %d of %d (%.1f %%)" % (same, len(first), 100.0 * same / max(1, len(first))))
differing = collections.Counter((a, b) for a, b in zip(first, second) if a != b)
for (a, b), n in differing.most_common(5):
    print("  %3d  %s / %s" % (n, a[:30], b[:30]))

#!/usr/bin/env python3
"""Writes src/price/tokens/unicode_ranges.cc: which code points are letters, marks, numbers and spaces.

    pip install unicodedata2==16.0.0 && scripts/unicode_classes.py > src/price/tokens/unicode_ranges.cc

The tokenizers' pre-splitting is defined over Unicode classes; the reference implementation
(tiktoken, by way of regex-syntax 0.8.5) uses Unicode 16. Without the package unicodedata2 the
Python's own version is taken, and named in the output.
"""
try:
    import unicodedata2 as unicodedata
except ImportError:
    import unicodedata

CLASSES = {"Lu": "upper", "Lt": "upper", "Ll": "lower", "Lm": "other_letter", "Lo": "other_letter",
           "Mn": "mark", "Mc": "mark", "Me": "mark", "Nd": "number", "Nl": "number", "No": "number"}
# The property White_Space of Unicode, which unicodedata does not tell (str.isspace() differs).
SPACES = {*range(0x09, 0x0E), 0x20, 0x85, 0xA0, 0x1680, *range(0x2000, 0x200B), 0x2028, 0x2029, 0x202F,
          0x205F, 0x3000}


def class_of(code):
    if code in SPACES:
        return "space"
    return CLASSES.get(unicodedata.category(chr(code)), "other")


def ranges():
    begin, current = 0, class_of(0)
    for code in range(1, 0x110001):
        now = class_of(code) if code < 0x110000 else None
        if now != current:
            if current != "other":
                yield begin, code - 1, current
            begin, current = code, now


# Alternating runs of upper and lower ("Aa", four hundred times) would be most of the table: a run of
# single code points that alternate is one range, `pairs`, upper first.
def compact():
    found = list(ranges())
    at = 0
    while at < len(found):
        first, last, name = found[at]
        end = at
        if name == "upper" and first == last:
            expected = "lower"
            while (end + 1 < len(found) and found[end + 1][0] == found[end][1] + 1
                   and found[end + 1][0] == found[end + 1][1] and found[end + 1][2] == expected):
                end += 1
                expected = "upper" if expected == "lower" else "lower"
        if end - at >= 2:
            yield first, found[end][1], "pairs"
            at = end + 1
        else:
            yield first, last, name
            at += 1


def main():
    print(f"// Written by scripts/unicode_classes.py from Unicode {unicodedata.unidata_version}; not by hand.")
    print('#include "price/tokens/unicode.h"\n')
    print("namespace twolane::price::tokens {\nnamespace {\n")
    print("using enum UnicodeRange::Kind;\n")
    print("// clang-format off")
    print("constexpr UnicodeRange ranges[] = {")
    line = ""
    for first, last, name in compact():
        cell = f"{{0x{first:X},0x{last:X},{name}}},"
        if len(line) + len(cell) > 98:
            print(line)
            line = ""
        line += cell
    print(line)
    print("};\n// clang-format on\n\n}  // namespace\n")
    print("std::span<const UnicodeRange> unicode_ranges() { return ranges; }\n")
    print("}  // namespace twolane::price::tokens")


main()

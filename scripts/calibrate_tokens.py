#!/usr/bin/env python3
"""Fits the weights of src/price/tokens/estimate.h and writes src/price/tokens/weights.cc.

    scripts/calibrate_tokens.py BENCH WORK SHARED LOCALES > src/price/tokens/weights.cc   (report on stderr)

BENCH is build/release/bench/tokens_bench, WORK the directory of bench/tokens.sh (tables and texts), LOCALES
the directory django/conf/locale of Django 5.1 (translations into a hundred languages). Needs numpy.

o200k and cl100k: non-negative least squares on exact counts, each text weighted so that its error counts
relative to its length; half of the texts fit, the other half gives the errors. Claude and Gemini have no
public tokenizer: their weights are those of o200k times the factor by which the providers' own
counts in SHARED/recordings exceed the estimate of the same text.
"""
import json
import re
import subprocess
import sys

import numpy

BENCH, WORK, SHARED, LOCALES = sys.argv[1:5]
FEATURES = ("word long_letter longer_letter glued_word capital number sign more_sign blank more_blank latin_word "
            "latin_letter cyrillic_word cyrillic_letter greek_letter semitic_letter indic_letter thai_letter han kana "
            "hangul other_letter other_sign").split()


LANGUAGES = ("ar bn cs da de el es fa fi fr he hi hu id it ja ko nl nb pl pt pt_BR ro ru sv th tr uk vi zh_Hans "
             "zh_Hant").split()


def translations():
    """About ten sentences of one language together, as a text."""
    for path in (f"{LOCALES}/{language}/LC_MESSAGES/django.po" for language in LANGUAGES):
        with open(path, encoding="utf-8") as file:
            found = re.findall(r'^msgstr(?:\[\d\])? ((?:"(?:[^"\\]|\\.)*"\n)+)', file.read(), re.M)
        lines = [json.loads('"%s"' % "".join(re.findall(r'"((?:[^"\\]|\\.)*)"', one))) for one in found[1:]]
        lines = [line for line in lines if line]
        for at in range(0, len(lines) - 9, 10):
            yield path.split("/")[-3], " ".join(lines[at:at + 10])


def measured(texts, encoding):
    path = f"{WORK}/calibration.texts"
    with open(path, "w", encoding="utf-8") as file:
        file.writelines(json.dumps(text, ensure_ascii=False) + "\n" for text in texts)
    rows = subprocess.run([BENCH, WORK, encoding, path, "--features"], check=True, capture_output=True, text=True)
    table = numpy.array([[int(n) for n in line.split()] for line in rows.stdout.splitlines()], dtype=float)
    return table[:, 0], table[:, 1:1 + len(FEATURES)]


def read_texts(name):
    with open(f"{WORK}/{name}.texts", encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def fit(counts, features, weight):
    """Coordinate descent: least squares with no weight below zero."""
    a = features * weight[:, None]
    b = counts * weight
    gram, target = a.T @ a + numpy.eye(a.shape[1]) * 1e-6, a.T @ b
    w = numpy.full(a.shape[1], 0.3)
    for _ in range(3000):
        for i in range(len(w)):
            w[i] = max(0.0, w[i] + (target[i] - gram[i] @ w) / gram[i, i])
    return w


def errors(counts, guess):
    """Of the whole, and of one text: half of them are nearer, nine in ten."""
    relative = numpy.abs(guess - counts) / numpy.maximum(counts, 1)
    return guess.sum() / counts.sum() - 1, numpy.quantile(relative, .5), numpy.quantile(relative, .9)


def recorded(provider):
    """(text, input tokens) of recorded calls that hold nothing but text."""
    with open(f"{SHARED}/recordings/{provider}.jsonl", encoding="utf-8") as file:
        for line in file:
            row = json.loads(line)
            request, answer = row.get("request"), row.get("response")
            if row["status"] != 200 or not isinstance(request, dict) or not isinstance(answer, dict):
                continue
            if request.get("tools") or request.get("thinking"):
                continue
            if provider == "anthropic":
                usage = answer.get("usage") or {}
                tokens = sum(usage.get(name) or 0 for name in
                             ("input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens"))
                parts = [request.get("system")] + [m.get("content") for m in request.get("messages") or []]
            else:
                usage = answer.get("usageMetadata") or {}
                tokens = usage.get("promptTokenCount")
                if any(d.get("modality") != "TEXT" for d in usage.get("promptTokensDetails") or []):
                    continue
                parts = [(request.get("systemInstruction") or {}).get("parts")]
                parts += [c.get("parts") for c in request.get("contents") or []]
            texts, plain = [], bool(tokens)
            for part in parts:
                for piece in [part] if isinstance(part, str) else part or []:
                    text = piece if isinstance(piece, str) else piece.get("text")
                    plain = plain and isinstance(text, str)
                    texts.append(text)
            if plain:
                yield "\n".join(texts), len([p for p in parts if p]), tokens


def report(label, values):
    print("%-28s whole %+6.2f %%   a text: half within %5.1f %%, nine in ten %5.1f %%"
          % ((label,) + tuple(100 * v for v in values)), file=sys.stderr)


def calibrated(encoding, sets):
    kinds, texts = zip(*((kind, text) for kind, group in sets.items() for text in group))
    kinds = numpy.array(kinds)
    counts, features = measured(texts, encoding)
    size = {kind: (kinds == kind).sum() for kind in sets}
    # Within a set a short text counts as much as a long one; an English set as much as ten languages.
    share = {kind: 10.0 if kind in ("banking77", "gsm8k", "peps") else 1.0 for kind in sets}
    weight = numpy.array([(share[k] / size[k]) ** .5 for k in kinds]) / numpy.maximum(counts, 4)
    training = numpy.arange(len(counts)) % 2 == 0
    w = fit(counts[training], features[training], weight[training])
    guess = features @ w
    for kind in sorted(sets):
        chosen = (kinds == kind) & ~training
        report(f"{encoding} {kind}", errors(counts[chosen], guess[chosen]))
    english = ("banking77", "gsm8k", "peps")
    wholes = [abs(errors(counts[c], guess[c])[0]) for k in sets if k not in english
              for c in [(kinds == k) & ~training]]
    return w, 0.06, numpy.quantile(wholes, .9)


def factor(provider, w):
    """Of calls that are not mostly framing or something unseen (a schema, a picture)."""
    rows = list(recorded(provider))
    _, features = measured([text for text, _, _ in rows], "o200k")
    guess = features @ w
    tokens = numpy.array([t for _, _, t in rows], dtype=float)
    framing = numpy.array([4 * m + 3 if provider == "anthropic" else 0 for _, m, _ in rows], dtype=float)
    usable = (guess >= 20) & (tokens < 3 * (guess + framing)) & (guess < 3 * tokens)
    found = (tokens[usable] - framing[usable]).sum() / guess[usable].sum()
    print(f"{provider}: {len(rows)} calls, {int(usable.sum())} usable, factor {found:.3f}", file=sys.stderr)
    report(f"{provider} with it", errors(tokens[usable], guess[usable] * found + framing[usable]))
    return found


def main():
    sets = {name: read_texts(name) for name in ("banking77", "gsm8k")}
    sets["peps"] = [p[at:at + 4000] for p in read_texts("peps") for at in range(0, min(len(p), 20000), 4000)]
    for language, text in translations():
        sets.setdefault(language, []).append(text)
    rows = {}
    rows["o200k"] = calibrated("o200k", sets)
    rows["cl100k"] = calibrated("cl100k", sets)
    for provider, family in (("anthropic", "claude"), ("gemini", "gemini")):
        times = factor(provider, rows["o200k"][0])
        rows[family] = rows["o200k"][0] * times, 0.15, 0.25
    rows["other"] = rows["o200k"][0] * 1.1, 0.25, 0.35
    write(rows)


def write(rows):
    print("// Written by scripts/calibrate_tokens.py; not by hand. What the errors mean is in docs/quotes.md.")
    print('#include "price/tokens/weights.h"\n\nnamespace twolane::price::tokens {\nnamespace {\n')
    print("// In the order of Family and Feature.\nconstexpr Weights weights[] = {")
    for family in ("o200k", "cl100k", "claude", "gemini", "other"):
        w, ascii_error, error = rows[family]
        cells = ", ".join(str(round(x * 1000)) for x in w)
        print("    {{%s},\n     %d, %d},  // %s" % (cells, round(ascii_error * 1000), round(error * 1000), family))
    print("};\n\n}  // namespace\n")
    print("const Weights& weights_of(Family family) { return weights[static_cast<size_t>(family)]; }\n")
    print("}  // namespace twolane::price::tokens")


main()

"""tokens_texts.py SHARED WORK: the texts of bench/tokens.sh, JSON strings, a line each.

The hostile ones mix scripts, marks, blanks, digits and contractions at random (one seed), and hold
long runs of one character.
"""
import csv
import json
import random
import sys

SHARED, WORK = sys.argv[1:3]
POOLS = ["abcdefgh ABCDE 'sStTmMdDreReVEllLL", "\u0300\u0301\u0903\u20dd aAbB!?'/\n\r", "日本語エカ漢字AaBb 가나다 ",
         "0123456789٣٤५६ aA²½Ⅷ", "\u00a0\u2003\u3000\t \n\r\u0085\ufeff\u2028 a!", "ǅǈʰªſ's'ſ aAbB K",
         "🙂👩\u200d👩\u200d👧🏽 é\u0301 ÅÄÖ ß İı", "<|endoftext|> <|im_start|>\n\n",
         "\U00010d70\U00010d50\U00031350\U0001e030 aA", "{}[]()\"\\:;,._-+=/*//\n #"]


def write(name, texts):
    with open(f"{WORK}/{name}.texts", "w", encoding="utf-8") as file:
        file.writelines(json.dumps(text, ensure_ascii=False) + "\n" for text in texts)


def lines(path):
    with open(f"{SHARED}/data/{path}", encoding="utf-8") as file:
        yield from map(json.loads, file)


def hostile():
    dice = random.Random(7)
    for _ in range(6000):
        pool = "".join(dice.choice(POOLS) for _ in range(dice.choice([1, 1, 2, 3])))
        yield "".join(dice.choice(pool) for _ in range(dice.randrange(1, 60)))
    everything = [chr(c) for c in range(0x110000) if not 0xD800 <= c < 0xE000]
    for _ in range(3000):
        yield "".join(dice.choice(everything[:0x3000] if dice.random() < 0.7 else everything)
                      for _ in range(dice.randrange(1, 40)))
    yield from ["a" * 5000, " " * 5000, "\n" * 3000, "ab" * 4000, "日" * 4000, "!" * 3000, "aA" * 3000, "エA" * 3000,
                "\u0300" * 3000, "a" * 63, "a" * 64, "a" * 65, ("x" * 70 + " ") * 50, "0" * 1000]


with open(f"{SHARED}/data/banking77/train.csv", newline="", encoding="utf-8") as rows:
    write("banking77", [row["text"] for row in csv.DictReader(rows)])
write("gsm8k", [text for row in lines("gsm8k/train.jsonl") for text in (row["question"], row["answer"])])
write("peps", [row["text"] for row in lines("peps_documents/peps.jsonl")])
write("hostile", hostile())

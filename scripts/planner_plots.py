#!/usr/bin/env python3
"""Draws the pictures of docs/planner.md from the trials.

usage: planner_plots.py [--binary build/release/twolane] [--grid GRID.csv]

Cost and lateness against the deadline for each policy, and one promotion, minute by minute. GRID.csv is what
`twolane simulate --grid --days 400 --seeds 3 --csv GRID.csv` wrote; without it that runs first (some minutes).
SVG by hand, from the standard library alone; the pictures are committed in docs/images.
"""
import argparse
import csv
import io
import json
import math
import pathlib
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[1]
OUT = ROOT / "docs" / "images"
INK, FAINT, GRID = "#1f2328", "#59636e", "#d8dee4"
POLICIES = [("all-sync", "#8c959f", "", "everything live"), ("rule-24h", "#9a6700", "", "batches only beyond 24 h"),
            ("batch", "#8250df", "2 3", "batches and hope"), ("watchdog", "#cf222e", "", "fixed buffer of 10 min"),
            ("ladder", "#0969da", "", "Twolane"), ("ladder-flex", "#1a7f37", "", "Twolane with flex"),
            ("oracle", "#1f2328", "6 4", "clairvoyant, without flex")]
DEADLINES = [(30, "30 min"), (120, "2 h"), (360, "6 h"), (720, "12 h"), (1440, "24 h"), (2880, "48 h")]
PROMOTION = {"scenario": "busy", "items": 20000, "deadline": "2h", "policy": "ladder-safe", "day": 126}


class Picture:
    def __init__(self, width, height, title):
        self.size = (width, height)
        self.parts = []
        self.text(16, 26, title, "start", INK, 15, "600")

    def text(self, x, y, text, anchor="middle", colour=FAINT, size=12, weight="400", turned=False):
        turn = ' transform="rotate(-90 %.1f %.1f)"' % (x, y) if turned else ""
        self.parts.append('<text x="%.1f" y="%.1f" font-size="%d" font-weight="%s" text-anchor="%s" fill="%s"%s>%s</text>'
                          % (x, y, size, weight, anchor, colour, turn, text))

    def line(self, x1, y1, x2, y2, colour=GRID, width=1, dash=""):
        self.parts.append('<line x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f" stroke="%s" stroke-width="%g" stroke-dasharray="%s"/>'
                          % (x1, y1, x2, y2, colour, width, dash or "none"))

    def path(self, points, colour, dash=""):
        self.parts.append('<polyline points="%s" fill="none" stroke="%s" stroke-width="2" stroke-dasharray="%s"/>'
                          % (" ".join("%.1f,%.1f" % p for p in points), colour, dash or "none"))

    def dots(self, points, colour):
        for x, y in points:
            self.parts.append('<circle cx="%.1f" cy="%.1f" r="3" fill="%s"/>' % (x, y, colour))

    def area(self, points, colour):
        self.parts.append('<polygon points="%s" fill="%s"/>' % (" ".join("%.1f,%.1f" % p for p in points), colour))

    def box(self, x, y, colour):
        self.parts.append('<rect x="%.1f" y="%.1f" width="14" height="12" fill="%s"/>' % (x, y, colour))

    def write(self, name):
        # A ground of its own, so that it can be read on light and on dark pages.
        OUT.mkdir(exist_ok=True)
        (OUT / name).write_text(
            '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="ui-sans-serif, system-ui, sans-serif">\n'
            '<rect width="100%%" height="100%%" rx="6" fill="#ffffff"/>\n%s\n</svg>\n' % (*self.size, "\n".join(self.parts)),
            encoding="utf-8")


class Panel:
    """A frame of a picture: x and y map figures to its pixels."""

    def __init__(self, picture, left, top, width, height, x, y):
        self.picture, self.left, self.top, self.right, self.bottom = picture, left, top, left + width, top + height
        self.x = lambda v: left + x(v) * width
        self.y = lambda v: self.bottom - y(v) * height

    def axes(self, xs, ys, x_title, y_title, y_gap=54):
        for value, label in ys:
            self.picture.line(self.left, self.y(value), self.right, self.y(value))
            self.picture.text(self.left - 8, self.y(value) + 4, label, "end")
        for value, label in xs:
            self.picture.line(self.x(value), self.bottom, self.x(value), self.bottom + 4, FAINT)
            self.picture.text(self.x(value), self.bottom + 18, label)
        self.picture.line(self.left, self.bottom, self.right, self.bottom, FAINT)
        self.picture.text((self.left + self.right) / 2, self.bottom + 38, x_title)
        self.picture.text(self.left - y_gap, (self.top + self.bottom) / 2, y_title, turned=True)

    def points(self, pairs):
        return [(self.x(a), self.y(b)) for a, b in pairs]


def cost_and_lateness(rows, items, name):
    picture = Picture(960, 400, "A job of {:,} requests: cost and lateness against its deadline".format(items))
    across = lambda minutes: math.log(minutes / 30) / math.log(2880 / 30)
    cost = Panel(picture, 70, 50, 380, 240, across, lambda v: (v - 0.45) / 0.6)
    cost.axes(DEADLINES, [(v / 10, "%.1f" % (v / 10)) for v in range(5, 11)], "deadline, from acceptance",
              "cost, share of everything live")
    floor = 0.01
    late = Panel(picture, 560, 50, 380, 240, across, lambda v: math.log10(max(v, floor) / floor) / 4)
    late.axes(DEADLINES, [(floor, "0"), (0.1, "0.1 %"), (1, "1 %"), (10, "10 %"), (100, "100 %")], "deadline, from acceptance",
              "late requests, worst scenario")
    picture.line(late.left, late.y(1), late.right, late.y(1), INK, 1, "3 3")
    picture.text(late.left + 6, late.y(1) - 6, "above this line a cost means nothing", "start", INK)
    for i, (policy, colour, dash, label) in enumerate(POLICIES):
        costs, lates = [], []
        for deadline, _ in DEADLINES:
            cells = [r for r in rows if r["policy"] == policy and int(r["N"]) == items and float(r["deadline_min"]) == deadline]
            if items / 1000 > deadline:  # the live lane alone takes longer
                continue
            costs.append((deadline, sum(float(r["cost"]) for r in cells) / len(cells)))
            lates.append((deadline, 100 * max(float(r["miss"]) for r in cells)))
        for panel, pairs in ((cost, costs), (late, lates)):
            picture.path(panel.points(pairs), colour, dash)
            picture.dots(panel.points(pairs), colour)
        x, y = 70 + 225 * (i % 4), 358 + 22 * (i // 4)
        picture.line(x, y - 4, x + 24, y - 4, colour, 3, dash)
        picture.text(x + 32, y, label, "start", INK)
    picture.write(name)


def promotion(binary, name):
    p = PROMOTION
    told = subprocess.run([binary, "simulate", "--trace", str(p["day"]), "--scenario", p["scenario"], "--items", str(p["items"]),
                           "--deadline", p["deadline"], "--policy", p["policy"], "--json"], check=True, capture_output=True, text=True)
    moments = json.loads(told.stdout)["moments"]
    moments.append(dict(moments[-1], minute=125))
    picture = Picture(960, 440, "A promotion, minute by minute: 20,000 requests in two hours on a busy day")
    end = 125
    across = lambda minute: min(minute, end) / end
    work = Panel(picture, 90, 50, 640, 210, across, lambda v: v / p["items"])
    work.axes([(m, "") for m in range(0, 121, 20)], [(v, "{:,}".format(v)) for v in range(0, p["items"] + 1, 5000)], "", "requests", 62)
    layers = [(lambda m: m["done"] - m["done_live"], "#7ec699", "answered by batches"),
              (lambda m: m["done_live"], "#79b8ff", "answered live"), (lambda m: m["live"], "#0550ae", "in live calls"),
              (lambda m: m["open"], "#f4c152", "open, waits for its turn"),
              (lambda m: m["cancelling"], "#f2a08e", "in batches being cancelled"),
              (lambda m: m["in_batches"] - m["cancelling"], "#d0d7de", "in batches")]
    base = [0.0] * len(moments)
    for i, (of, colour, label) in enumerate(layers):
        top = [b + of(m) for b, m in zip(base, moments)]
        picture.area(work.points(steps(moments, top)) + work.points(steps(moments, base))[::-1], colour)
        base = top
        picture.box(745, 60 + 24 * (len(layers) - 1 - i), colour)
        picture.text(767, 71 + 24 * (len(layers) - 1 - i), label, "start", INK)
    wait = Panel(picture, 90, 290, 640, 90, across, lambda v: (max(min(v, 100), -20) + 20) / 120)
    wait.axes([(m, str(m)) for m in range(0, 121, 20)], [(0, "0"), (50, "50"), (100, "100")], "minutes since acceptance",
              "slack, minutes", 62)
    picture.line(wait.left, wait.y(0), wait.right, wait.y(0), INK)
    unfinished = [m for m in moments if m["done"] < p["items"]]
    picture.path(wait.points(slack(unfinished)), "#cf222e")
    picture.text(745, wait.y(50), "slack: until the drain must", "start", INK)
    picture.text(745, wait.y(50) + 16, "start; at 0 it goes on", "start", INK)
    for panel in (work, wait):
        picture.line(panel.x(120), panel.top - 6, panel.x(120), panel.bottom, INK, 1, "3 3")
    picture.text(work.x(120), work.top - 10, "deadline", colour=INK)
    picture.write(name)


def steps(moments, values):
    """Values hold from their moment to the next."""
    pairs = []
    for i, (m, value) in enumerate(zip(moments, values)):
        if i:
            pairs.append((m["minute"], values[i - 1]))
        pairs.append((m["minute"], value))
    return pairs


def slack(moments):
    """Time passes between two moments, and with it the slack."""
    pairs = []
    for m, after in zip(moments, moments[1:]):
        value = m["minutes_until_drain"]
        pairs += [(m["minute"], value), (after["minute"], value - (after["minute"] - m["minute"]))]
    return pairs


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--binary", default=str(ROOT / "build" / "release" / "twolane"))
    parser.add_argument("--grid", help="figures of a whole grid, as CSV")
    flags = parser.parse_args()
    if flags.grid:
        text = pathlib.Path(flags.grid).read_text(encoding="utf-8")
    else:
        text = subprocess.run([flags.binary, "simulate", "--grid", "--days", "400", "--seeds", "3", "--csv", "-"], check=True,
                              capture_output=True, text=True).stdout
    rows = list(csv.DictReader(io.StringIO(text)))
    for items in (1000, 100_000):
        cost_and_lateness(rows, items, "planner_cost_%d.svg" % items)
    promotion(flags.binary, "planner_promotion.svg")


main()

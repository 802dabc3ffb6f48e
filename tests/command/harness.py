"""Starts the binary as a person would: in a directory of its own, with an environment of its own."""
import collections
import csv
import decimal
import io
import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

TOKENS = ("fresh", "cache_read", "cache_write_5m", "cache_write_1h", "output")
BINARY = os.environ.get("TWOLANE_BIN", "")
ROOT = pathlib.Path(__file__).resolve().parents[2]


class Command(unittest.TestCase):
    """Each test has a directory; the home lies in it, and no provider key is set."""

    maxDiff = None

    def setUp(self):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="twolane-command-"))
        self.addCleanup(shutil.rmtree, self.dir, True)
        self.home = self.dir / "home"

    def environment(self, **more):
        kept = {k: v for k, v in os.environ.items()
                if not re.search(r"_API_KEY$|_BASE_URL$|^TWOLANE_|^NO_COLOR$|^XDG_|_PROXY$|_proxy$", k)}
        kept.update({"TWOLANE_HOME": str(self.home), "HOME": str(self.dir), "TERM": "xterm", "TZ": "UTC"})
        kept.update({k: str(v) for k, v in more.items()})
        return kept

    def start(self, *args, env=None, **options):
        options.setdefault("stdout", subprocess.PIPE)
        options.setdefault("stderr", subprocess.PIPE)
        return subprocess.Popen([BINARY, *map(str, args)], cwd=self.dir, env=self.environment(**(env or {})),
                                stdin=options.pop("stdin", subprocess.DEVNULL), **options)

    def twolane(self, *args, env=None, timeout=120):
        process = self.start(*args, env=env)
        out, err = process.communicate(timeout=timeout)
        return Ended(process.returncode, out, err)

    def requests(self, name="in.jsonl", count=20, change=None, **body):
        """An OpenAI batch file; `change(index, line)` may spoil a line."""
        path = self.dir / name
        with open(path, "w", encoding="utf-8") as file:
            for i in range(count):
                content = "Sort ticket %d into one of: card, cash, transfer. My card number %d is lost." % (i, i)
                line = {"custom_id": "t-%05d" % i, "method": "POST", "url": "/v1/chat/completions",
                        "body": dict({"model": "gpt-5.4-mini", "max_completion_tokens": 32,
                                      "messages": [{"role": "user", "content": content}]}, **body)}
                text = json.dumps(line)
                file.write((change(i, line, text) if change else text) + "\n")
        return path

    def lines(self, path):
        with open(path, encoding="utf-8") as file:
            return [json.loads(line) for line in file]

    def ledger_entries(self, *args):
        ended = self.twolane("ledger", *args, "--csv", "-")
        self.assertEqual(ended.exit, 0, ended.err)
        return list(csv.DictReader(io.StringIO(ended.out)))

    def check_books(self, answer, charged):
        """Each booked entry is one row of the simulator's ledger; what is left there nobody told us of."""
        entries = self.ledger_entries()
        booked = [e for e in entries if e["booking"] in ("kept", "paid_twice", "storage")]
        charges = collections.defaultdict(list)
        for line in charged:
            charges[line["response_id"]].append(line)
        for entry in booked:
            rows = charges[entry["response_id"]]
            self.assertTrue(rows, "booked and never charged: %s" % entry)
            row = rows.pop()
            self.assertEqual({k: int(entry[k] or 0) for k in TOKENS}, {k: row["usage"][k] for k in TOKENS}, entry)
            self.assertEqual(decimal.Decimal(entry["cost_usd"]), decimal.Decimal(row["usd"]), entry)
            self.assertEqual((entry["provider"], entry["tier"]), (row["provider"], row["tier"]), entry)
        unheard = sum((decimal.Decimal(row["usd"]) for rows in charges.values() for row in rows), decimal.Decimal(0))
        self.assertLessEqual(unheard, decimal.Decimal(answer["unconfirmed_usd"]))
        open_to = sum((decimal.Decimal(e["up_to_usd"]) for e in entries if e["booking"] == "unconfirmed"), decimal.Decimal(0))
        self.assertEqual(open_to, decimal.Decimal(answer["unconfirmed_usd"]))
        self.assertEqual(sum((decimal.Decimal(e["cost_usd"]) for e in booked), decimal.Decimal(0)), decimal.Decimal(answer["cost_usd"]))
        twice = sum((decimal.Decimal(e["cost_usd"]) for e in booked if e["booking"] == "paid_twice"),
                    decimal.Decimal(0))
        self.assertEqual(twice, decimal.Decimal(answer["paid_twice_usd"]))
        storage = sum((decimal.Decimal(e["cost_usd"]) for e in booked if e["booking"] == "storage"), decimal.Decimal(0))
        self.assertEqual(storage, decimal.Decimal(answer["storage_usd"]))
        kept = sum((decimal.Decimal(e["list_usd"]) for e in booked if e["booking"] == "kept"), decimal.Decimal(0))
        self.assertEqual(kept, decimal.Decimal(answer["list_cost_usd"]))
        return booked

    def ledger(self):
        return self.lines(self.home / "sim" / "ledger.jsonl")

    def check_every_answer_once(self, path, count):
        self.assertEqual([line["custom_id"] for line in self.lines(path)], ["t-%05d" % i for i in range(count)])


class Ended:
    def __init__(self, exit_code, out, err):
        self.exit = exit_code
        self.out = out.decode("utf-8")
        self.err = err.decode("utf-8")

    @property
    def json(self):
        lines = self.out.splitlines()
        if len(lines) != 1:
            raise AssertionError("expected one line on stdout: %r; stderr: %s" % (self.out[:2000], self.err[-2000:]))
        return json.loads(lines[0])

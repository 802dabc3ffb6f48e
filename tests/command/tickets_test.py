"""Real tickets (13,083 of them) from the data beside the project: answers in order, the bill to the last pico-dollar."""
import csv
import decimal
import json
import os
import unittest

from harness import Command, ROOT

DATA = ROOT.parent / "shared" / "data" / "banking77"


class Tickets(Command):
    def setUp(self):
        super().setUp()
        if not DATA.exists():
            if os.environ.get("CI"):
                self.fail("the data is not there: %s" % DATA)
            raise unittest.SkipTest("no data at %s" % DATA)

    def tickets(self, spoil_line=None):
        with open(DATA / "categories.json", encoding="utf-8") as file:
            system = "Answer with one of these categories:\n" + "".join("- %s\n" % c for c in json.load(file))
        path, number = self.dir / "tickets.jsonl", 0
        with open(path, "w", encoding="utf-8") as out:
            for part in ("train.csv", "test.csv"):
                with open(DATA / part, newline="", encoding="utf-8") as file:
                    for row in csv.DictReader(file):
                        body = {"model": "gpt-5.4-mini", "max_completion_tokens": 64, "messages": [
                            {"role": "system", "content": system}, {"role": "user", "content": row["text"]}]}
                        text = json.dumps({"custom_id": "t-%05d" % number, "method": "POST",
                                           "url": "/v1/chat/completions", "body": body})
                        number += 1
                        out.write((text.replace('"url"', 'url"') if number == spoil_line else text) + "\n")
        self.assertEqual(number, 13083)
        return path

    def test_all_of_them(self):
        ended = self.twolane("run", self.tickets(), "--sim", "--within", "6h", "-o", "out.jsonl", "--json")
        self.assertEqual(ended.exit, 0, ended.err)
        answer = ended.json
        self.assertEqual(answer["succeeded"], 13083)
        self.check_every_answer_once(self.dir / "out.jsonl", 13083)
        billed = sum((decimal.Decimal(line["usd"]) for line in self.ledger()), decimal.Decimal(0))
        self.assertEqual(billed, decimal.Decimal(answer["cost_usd"]))
        saved = decimal.Decimal(answer["saved_usd"]) / decimal.Decimal(answer["list_cost_usd"])
        self.assertGreater(saved, decimal.Decimal("0.45"))
        self.assertLess(saved, decimal.Decimal("0.55"))

    def test_one_bad_line_among_them(self):
        ended = self.twolane("run", self.tickets(spoil_line=7001), "--sim", "--json")
        self.assertEqual(ended.exit, 2)
        error = ended.json["error"]
        self.assertEqual((error["code"], error["where"]["line"]), ("input.json", 7001))
        self.assertEqual(self.twolane("jobs", "--json").json["jobs"], [])

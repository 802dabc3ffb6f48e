"""run --cache: marks on what requests have in common, side by side, and what they brought."""
import csv
import decimal
import io
import json

from harness import Command

D = decimal.Decimal
RULES = " ".join("Rule %d: answer %d when the customer speaks of topic number %d." % (i, i, i) for i in range(500))


class Caching(Command):
    def anthropic(self, count=300, heads=1, mark=None):
        path = self.dir / "in.jsonl"
        with open(path, "w", encoding="utf-8") as file:
            for i in range(count):
                system = "You serve desk %d. %s" % (i % heads, RULES)
                if mark:
                    system = [{"type": "text", "text": system, "cache_control": mark}]
                params = {"model": "claude-haiku-4-5", "max_tokens": 32, "system": system,
                          "messages": [{"role": "user", "content": "My card %d is lost" % i}]}
                file.write(json.dumps({"custom_id": "t-%05d" % i, "params": params}) + "\n")
        return path

    def run_it(self, path, *args):
        ended = self.twolane("run", path, "--sim", "--within", "6h", "--json", *args)
        self.assertEqual(ended.exit, 0, ended.err)
        return ended

    def entries(self):
        return list(csv.DictReader(io.StringIO(self.twolane("ledger", "--csv", "-").out)))

    def test_marks_save_and_the_ledger_says_how_much(self):
        path = self.anthropic()
        plain = self.run_it(path).json
        self.assertEqual(plain["cached_tokens"], 0)
        self.assertFalse(any(int(e["cache_write_1h"]) for e in self.entries()))
        self.home = self.dir / "marked"
        ended = self.run_it(path, "--cache")
        marked = ended.json
        self.assertIn("cache marks for 300 requests", ended.err)
        again = self.run_it(path).json
        self.assertEqual(again["job"], marked["job"], "marks are no part of what makes a job")
        self.assertGreater(marked["cached_tokens"], marked["input_tokens"] // 3)
        self.assertLess(D(marked["cost_usd"]), D(plain["cost_usd"]))
        total = self.twolane("ledger", "--json").json["total"]
        self.assertEqual(D(total["saved_by_caching_usd"]), D(plain["cost_usd"]) - D(marked["cost_usd"]))
        self.assertGreater(total["cache_write_tokens"], 0)
        charged = sum((D(line["usd"]) for line in self.ledger()), D(0))
        self.assertEqual(charged, D(marked["cost_usd"]))

    def test_requests_that_share_a_head_lie_side_by_side(self):
        self.run_it(self.anthropic(count=300, heads=3), "--cache")
        batched = [e for e in self.entries() if e["tier_asked"] == "batch"]
        batched.sort(key=lambda e: int(e["attempt"].rsplit("-")[-1]))
        heads = [(int(e["request"]) - 1) % 3 for e in batched]
        self.assertEqual(sum(a != b for a, b in zip(heads, heads[1:])), 2)
        self.check_every_answer_once_in(self.dir / "in.out.jsonl", 300)

    def check_every_answer_once_in(self, path, count):
        self.assertEqual([line["custom_id"] for line in self.lines(path)], ["t-%05d" % i for i in range(count)])

    def test_what_would_not_pay_is_left_alone(self):
        ended = self.run_it(self.anthropic(count=40, heads=40), "--cache")
        self.assertIn("no cache mark would pay", ended.err)
        self.assertEqual(ended.json["cached_tokens"], 0)

    def test_the_callers_own_marks_stay_as_they_are(self):
        ended = self.run_it(self.anthropic(mark={"type": "ephemeral"}), "--cache")
        self.assertIn("no cache mark would pay", ended.err)
        entries = self.entries()
        self.assertTrue(any(int(e["cache_write_5m"]) for e in entries))
        self.assertFalse(any(int(e["cache_write_1h"]) for e in entries))

    def test_openai_gets_a_key_and_answers_as_ever(self):
        messages = [{"role": "system", "content": RULES}]
        def with_rules(i, value, text):
            value["body"]["messages"] = messages + value["body"]["messages"]
            return json.dumps(value)
        ended = self.run_it(self.requests(count=100, change=with_rules), "--cache")
        self.assertIn("cache marks for 100 requests", ended.err)
        self.check_every_answer_once(self.dir / "in.out.jsonl", 100)

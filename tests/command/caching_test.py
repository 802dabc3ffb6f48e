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

    def documents(self, name, questions=30, documents=6, blocks=True):
        path = self.dir / name
        with open(path, "w", encoding="utf-8") as file:
            for i in range(questions * documents):
                document = "Document %d. %s" % (i % documents, RULES)
                question = "Question %d?" % i
                content = [{"type": "text", "text": document}, {"type": "text", "text": question}]
                if not blocks:
                    content = document + question
                params = {"model": "claude-haiku-4-5", "max_tokens": 32, "messages": [{"role": "user", "content": content}]}
                file.write(json.dumps({"custom_id": "t-%05d" % i, "params": params}) + "\n")
        return path

    def test_a_mark_stands_on_the_block_that_requests_share(self):
        path = self.documents("in.jsonl")
        quoted = self.twolane("quote", path, "--cache", "--json").json["choices"][0]["prefix"]
        self.assertEqual((quoted["way"], quoted["requests"]), ("marked", 180))
        plain = self.run_it(path).json
        self.home = self.dir / "marked"
        ended = self.run_it(path, "--cache")
        self.assertIn("cache marks for 180 requests", ended.err)
        self.assertGreater(ended.json["cached_tokens"], ended.json["input_tokens"] // 3)
        self.assertLess(D(ended.json["cost_usd"]), D(plain["cost_usd"]))
        self.check_books(ended.json, self.ledger())
        self.check_every_answer_once(self.dir / "in.out.jsonl", 180)
        text = self.run_it(self.documents("text.jsonl", blocks=False), "--cache")
        self.assertIn("no cache mark would pay", text.err, "a text is not cut in two")

    def test_hit_rates_are_learned_from_the_home_s_own_answers(self):
        path = self.anthropic(count=300)
        def hits(name=path):
            prefix = self.twolane("quote", name, "--sim", "--json").json["choices"][0]["prefix"]
            return prefix["hits_seen_in_requests"], prefix["batch_hits_thousandths"]
        self.assertEqual(hits(), (0, 650))
        self.assertIn("at 65 % hits in batches, assumed", self.twolane("quote", path, "--sim").out)
        self.run_it(path, "--cache")
        found = [int(e["cache_read"]) > 0 for e in self.entries() if e["tier"] == "batch"]
        self.assertEqual(hits(), (len(found), sum(found) * 1000 // len(found)))
        self.assertIn("seen in %d requests here" % len(found), self.twolane("quote", path, "--sim").out)
        self.assertEqual(self.twolane("quote", path, "--json").json["choices"][0]["prefix"]["hits_seen_in_requests"], 0,
                         "simulated answers teach nothing about real providers")
        self.run_it(path, "--cache")
        self.assertEqual(hits()[0], len(found), "a job teaches once")

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

    def test_the_ledger_shows_what_a_key_brought(self):
        def with_rules(i, value, text):
            value["body"]["messages"].insert(0, {"role": "system", "content": RULES})
            return json.dumps(value)
        self.run_it(self.requests("plain.jsonl", count=200, change=with_rules))
        self.run_it(self.requests("keyed.jsonl", count=201, change=with_rules), "--cache")
        total = self.twolane("ledger", "--json").json["total"]
        keyed, plain = total["cached_with_marks"], total["cached_without_marks"]
        self.assertEqual(keyed["input_tokens"] + plain["input_tokens"], total["input_tokens"])
        self.assertEqual(keyed["cached_tokens"] + plain["cached_tokens"], total["cached_tokens"])
        self.assertGreater(keyed["share"], plain["share"] + 0.1)
        self.assertRegex(self.twolane("ledger").out, r"cached with marks or keys: [0-9.]+ % of .*; without: [0-9.]+ % of")

    def gemini(self, count):
        def with_rules(i, value, text):
            value["body"]["messages"].insert(0, {"role": "system", "content": RULES})
            return json.dumps(value)
        return self.requests(count=count, change=with_rules, model="gemini-2.5-flash")

    def test_gemini_keeps_a_content_and_its_fee_is_an_entry(self):
        path = self.gemini(200)
        plain = self.run_it(path).json
        self.home = self.dir / "kept"
        ended = self.run_it(path, "--cache")
        self.assertIn("cached content kept for a batch", ended.err)
        self.assertLess(D(ended.json["cost_usd"]), D(plain["cost_usd"]))
        self.check_books(ended.json, self.ledger())
        fees = [e for e in self.entries() if e["booking"] == "storage"]
        charged = [line for line in self.ledger() if line["tier"] == "storage"]
        self.assertEqual([(e["response_id"], D(e["cost_usd"])) for e in fees],
                         [(line["response_id"], D(line["usd"])) for line in charged])
        self.assertEqual(D(ended.json["storage_usd"]), sum(D(e["cost_usd"]) for e in fees))
        self.assertEqual([(e["request"], e["tier"], e["rate"].split(",")[0]) for e in fees], [("", "storage", "storage")])
        self.assertRegex(self.twolane("run", path, "--sim", "--within", "6h").err, r"\n  storage +- +0\.")
        self.check_every_answer_once(self.dir / "in.out.jsonl", 200)
        self.assertEqual(self.twolane("forget", ended.json["job"]).exit, 0)
        left = [e for e in self.ledger_entries("--sim") if e["booking"] == "storage"]
        self.assertEqual([e["cost_usd"] for e in left], [e["cost_usd"] for e in fees], "as any other entry it stays")

    def test_fees_are_those_of_the_simulator_under_every_scenario(self):
        for seed, scenario in enumerate(("busy", "outage", "hostile", "incident")):
            with self.subTest(scenario=scenario):
                self.home = self.dir / scenario
                ended = self.twolane("run", self.gemini(120), "--sim=" + scenario, "--seed", seed, "--within", "6h", "--cache", "--json")
                self.assertIn(ended.exit, (0, 1, 3), ended.err)
                self.check_books(ended.json, self.ledger())

    def test_a_content_counts_against_the_cap(self):
        capped = self.twolane("run", self.gemini(200), "--sim", "--within", "6h", "--cache", "--max-cost", "0.30", "--json").json
        self.assertLessEqual(D(capped["cost_usd"]) + D(capped["unconfirmed_usd"]), D("0.30"))

"""twolane ledger: entries, sums, and both held against the providers' own books."""
import collections
import csv
import decimal
import io
import json

from harness import Command

D = decimal.Decimal
SCENARIOS = ("calm", "busy", "outage", "hostile", "incident")


class Ledger(Command):
    def test_it_equals_the_simulators_entry_by_entry_under_every_scenario(self):
        for scenario in SCENARIOS:
            for model, seed in (("gpt-5.4-mini", 1), ("claude-haiku-4.5", 2), ("gemini-3.5-flash", 3)):
                with self.subTest(scenario=scenario, model=model):
                    self.home = self.dir / ("home-%s-%s" % (scenario, model))
                    path = self.requests(name="%s.jsonl" % model, count=120, model=model)
                    ended = self.twolane("run", path, "--sim=" + scenario, "--seed", seed, "--within", "6h", "--model",
                                         model, "--json")
                    self.assertIn(ended.exit, (0, 1, 3), ended.err)
                    booked = self.check_books(ended.json, self.ledger())
                    self.assertGreater(len(booked), 60)
                    self.assertTrue(all(e["rate"] != "unknown" for e in booked), booked[0])

    def test_sums_by_every_group_are_those_of_the_entries(self):
        self.twolane("run", self.requests("a.jsonl", count=40), "--sim", "--within", "6h", "--json")
        self.twolane("run", self.requests("b.jsonl", count=30, model="gpt-5.4-nano"), "--sim", "--within", "6h", "--json")
        entries = [e for e in self.ledger_entries() if e["cost_usd"]]
        names = {"key": lambda e: e["provider"] + " " + e["key"], "job": lambda e: e["job"],
                 "model": lambda e: e["provider"] + "/" + e["model"], "lane": lambda e: e["tier"],
                 "day": lambda e: e["at"][:10]}
        for by, name in names.items():
            answer = self.twolane("ledger", "--by", by, "--json").json
            self.assertTrue(answer["simulated"])
            expected = collections.defaultdict(lambda: [0, D(0)])
            for entry in entries:
                expected[name(entry)][0] += 1
                expected[name(entry)][1] += D(entry["cost_usd"])
            found = {g[by]: [g["entries"], D(g["cost_usd"])] for g in answer["groups"]}
            self.assertEqual(found, dict(expected), by)
            self.assertEqual(D(answer["total"]["cost_usd"]), sum((D(e["cost_usd"]) for e in entries), D(0)))
        text = self.twolane("ledger", "--by", "model").out
        self.assertIn("SIMULATED", text)
        self.assertIn("openai/gpt-5.4-nano", text)

    def test_entries_name_requests_as_their_user_does(self):
        job = self.twolane("run", self.requests("a.jsonl", count=20), "--sim", "--json").json["job"]
        entries = self.ledger_entries()
        self.assertEqual({(e["request"], e["custom_id"]) for e in entries},
                         {(str(i + 1), "t-%05d" % i) for i in range(20)})
        (self.dir / "rows.csv").write_text("text\nlost card\nlate train\n", encoding="utf-8")
        self.twolane("run", "rows.csv", "--sim", "--model", "openai/gpt-5.4-mini", "--prompt", "Label {text}", "--json")
        rows = [e for e in self.ledger_entries() if e["job"] != job]
        self.assertEqual([(e["request"], e["custom_id"]) for e in sorted(rows, key=lambda e: e["request"])],
                         [("1", ""), ("2", "")], "rows without a name have their number")
        self.twolane("forget", job)
        self.assertEqual({e["custom_id"] for e in self.ledger_entries()}, {""})

    def test_both_readings_of_open_rules_are_shown_and_can_be_chosen(self):
        rules = " ".join("Rule %d holds." % i for i in range(2000))
        def with_rules(i, value, text):
            value["body"]["messages"].insert(0, {"role": "system", "content": rules})
            return json.dumps(value)
        self.twolane("run", self.requests(count=80, change=with_rules), "--sim", "--within", "6h", "--json")
        booked = self.twolane("ledger", "--json").json
        other = self.twolane("ledger", "--billing", "other", "--json").json
        self.assertEqual((booked["billing"], other["billing"]), ("ranked", "other"))
        self.assertLess(D(other["total"]["cost_usd"]), D(booked["total"]["cost_usd"]))
        self.assertEqual(other["total"]["cost_usd"], booked["total"]["other_reading_usd"])
        self.assertEqual(other["total"]["other_reading_usd"], booked["total"]["cost_usd"])
        self.assertIn("by the other reading (--billing other)", self.twolane("ledger").out)
        wrong = self.twolane("ledger", "--billing", "cheapest", "--json")
        self.assertEqual((wrong.exit, wrong.json["error"]["code"]), (2, "usage.value"))

    def test_one_job_and_a_forgotten_one(self):
        job = self.twolane("run", self.requests("a.jsonl", count=20), "--sim", "--json").json["job"]
        other = self.twolane("run", self.requests("b.jsonl", count=10), "--sim", "--limit", "5", "--json").json["job"]
        self.assertEqual({e["job"] for e in self.ledger_entries(job[:8])}, {job})
        before = self.twolane("ledger", "--json").json["total"]
        self.assertEqual(self.twolane("forget", other[:8]).exit, 0)
        self.assertEqual(self.twolane("ledger", "--json").json["total"], before)
        self.assertEqual({e["job"] for e in self.ledger_entries()}, {job, other})

    def test_a_file_of_entries_and_refusals(self):
        empty = self.twolane("ledger", "--json")
        self.assertEqual((empty.exit, empty.json["error"]["code"]), (2, "store.absent"))
        self.twolane("run", self.requests(count=10), "--sim", "--json")
        ended = self.twolane("ledger", "--csv", "ledger.csv", "--json")
        self.assertEqual((ended.exit, ended.json["total"]["entries"]), (0, 10), ended.err)
        with open(self.dir / "ledger.csv", newline="", encoding="utf-8") as file:
            self.assertEqual(len(list(csv.DictReader(file))), 10)
        wrong = self.twolane("ledger", "--by", "colour", "--json")
        self.assertEqual((wrong.exit, wrong.json["error"]["code"]), (2, "usage.value"))
        both = self.twolane("ledger", "--by", "day", "--csv", "-", "--json")
        self.assertEqual((both.exit, both.json["error"]["code"]), (2, "usage.conflict"))


class Reconcile(Command):
    """The simulator's ledger written as the providers' reports are, then with one line changed."""

    def booked(self, model):
        self.twolane("run", self.requests(count=60, model=model), "--sim", "--within", "6h", "--model", model, "--json")
        ended = self.twolane("ledger", "--csv", "-")
        return [e for e in csv.DictReader(io.StringIO(ended.out)) if e["cost_usd"]]

    def days(self, entries):
        days = collections.defaultdict(list)
        for entry in entries:
            days[entry["at"][:10]].append(entry)
        return sorted(days.items())

    def seconds(self, day):
        import datetime
        return int(datetime.datetime.fromisoformat(day + "T00:00:00+00:00").timestamp())

    def openai_pages(self, entries):
        usage, costs = [], []
        for day, group in self.days(entries):
            results = []
            for batch in (True, False):
                some = [e for e in group if (e["tier"] == "batch") == batch]
                if some:
                    total = lambda *kinds: sum(int(e[k]) for e in some for k in kinds)
                    results.append({"object": "organization.usage.completions.result",
                                    "input_tokens": total("fresh", "cache_read", "cache_write_5m", "cache_write_1h"),
                                    "input_cached_tokens": total("cache_read"), "output_tokens": total("output"),
                                    "num_model_requests": len(some), "project_id": None, "batch": batch,
                                    "model": "gpt-5.4-mini-2026-03-05"})
            begin = self.seconds(day)
            bucket = {"object": "bucket", "start_time": begin, "end_time": begin + 86400}
            usage.append(dict(bucket, results=results))
            value = float(sum(D(e["cost_usd"]) for e in group))
            costs.append(dict(bucket, results=[{"object": "organization.costs.result", "line_item": None,
                                                "amount": {"value": value, "currency": "usd"}}]))
        return [{"object": "page", "data": usage, "has_more": False}, {"object": "page", "data": costs}]

    def reconcile(self, pages, name="report.jsonl"):
        (self.dir / name).write_text("".join(json.dumps(p) + "\n" for p in pages), encoding="utf-8")
        return self.twolane("ledger", "reconcile", name, "--json")

    def test_openai(self):
        pages = self.openai_pages(self.booked("gpt-5.4-mini"))
        equal = self.reconcile(pages)
        self.assertEqual((equal.exit, equal.json["equal"], equal.json["entries"]), (0, True, 60), equal.out + equal.err)
        pages[0]["data"][0]["results"][0]["output_tokens"] += 7
        pages[1]["data"][0]["results"][0]["amount"]["value"] += 0.01
        differs = self.reconcile(pages)
        self.assertEqual((differs.exit, differs.json["equal"]), (1, False))
        self.assertEqual(len(differs.json["buckets"]), 2)
        first = next(b for b in differs.json["buckets"] if b["model"])
        self.assertEqual(first["report"]["output_tokens"] - first["ledger"]["output_tokens"], 7)
        text = self.twolane("ledger", "reconcile", "report.jsonl")
        self.assertIn("DIFFERS", text.out)
        for bucket in pages[0]["data"]:
            for result in bucket["results"]:
                result["model"] = "gpt-4o"
        self.assertEqual(self.reconcile(pages[:1]).json["not_in_report"]["entries"], 60)

    def test_anthropic(self):
        entries = self.booked("claude-haiku-4.5")
        usage, costs = [], []
        for day, group in self.days(entries):
            bucket = {"starting_at": day + "T00:00:00Z", "ending_at": self.next_day(day)}
            total = lambda kind: sum(int(e[kind]) for e in group)
            usage.append(dict(bucket, results=[{
                "uncached_input_tokens": total("fresh"), "cache_read_input_tokens": total("cache_read"),
                "cache_creation": {"ephemeral_1h_input_tokens": total("cache_write_1h"),
                                   "ephemeral_5m_input_tokens": total("cache_write_5m")},
                "output_tokens": total("output"), "model": "claude-haiku-4-5-20251001", "service_tier": None}]))
            cents = sum(D(e["cost_usd"]) for e in group) * 100
            costs.append(dict(bucket, results=[{"amount": str(cents), "currency": "USD", "cost_type": "tokens",
                                                "model": "claude-haiku-4-5-20251001", "service_tier": None}]))
        pages = [{"data": usage, "has_more": False, "next_page": None}, {"data": costs, "has_more": False}]
        equal = self.reconcile(pages)
        self.assertEqual((equal.exit, equal.json["equal"]), (0, True), equal.out + equal.err)
        costs[0]["results"][0]["amount"] = str(D(costs[0]["results"][0]["amount"]) + 100)
        differs = self.reconcile(pages).json["buckets"]
        self.assertEqual([D(b["report"]["cost_usd"]) - D(b["ledger"]["cost_usd"]) for b in differs], [D(1)])

    def next_day(self, day):
        import datetime
        return (datetime.date.fromisoformat(day) + datetime.timedelta(days=1)).isoformat() + "T00:00:00Z"

    def test_what_is_no_report_is_refused(self):
        self.twolane("run", self.requests(count=5), "--sim", "--json")
        for pages in ([{"rows": []}], [{"data": [{"start_time": 1, "end_time": 2}]}]):
            ended = self.reconcile(pages)
            self.assertEqual((ended.exit, ended.json["error"]["code"]), (2, "export.format"))
        absent = self.twolane("ledger", "reconcile", "nowhere.json", "--json")
        self.assertEqual((absent.exit, absent.json["error"]["code"]), (2, "input.file"))

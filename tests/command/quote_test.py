"""twolane quote, and run --max-cost quote: what it would cost, before anything is bought."""
import decimal
import json
import os
import pathlib
import unittest

from harness import ROOT, Command

D = decimal.Decimal
TABLES = pathlib.Path(os.environ.get("TWOLANE_STORE_TOKEN_TABLES", ROOT / "build" / "tokens"))
NO_TABLES = {"TWOLANE_STORE_TOKEN_TABLES": "/nowhere"}
RULES = " ".join("Rule %d: answer %d when the customer speaks of topic number %d." % (i, i, i) for i in range(400))


class Quote(Command):
    def quote(self, *args, env=NO_TABLES):
        ended = self.twolane("quote", *args, "--json", env=env)
        self.assertEqual(ended.exit, 0, ended.err)
        return ended.json

    def lanes(self, choice):
        return {lane["lane"]: lane for lane in choice["lanes"]}

    def chat(self, count=200, system=RULES, **body):
        messages = [{"role": "system", "content": system}] if system else []
        def line(i, value, text):
            value["body"]["messages"] = messages + [{"role": "user", "content": "My card %d is lost" % i}]
            return json.dumps(value)
        return self.requests(count=count, change=line, **body)

    def test_figures_are_ordered_and_nothing_is_bought(self):
        answer = self.quote(self.requests(count=100), "--sim", "--within", "6h")
        self.assertEqual((answer["requests"], answer["kept"], answer["cost_usd"]), (100, True, "0.00"))
        choice, = answer["choices"]
        self.assertEqual(choice["models"], ["openai/gpt-5.4-mini"])
        lanes = self.lanes(choice)
        self.assertEqual(list(lanes), ["patient, kept", "batch, best effort", "flex", "standard (list)"])
        for lane in lanes.values():
            self.assertLess(D(lane["low_usd"]), D(lane["expected_usd"]))
            self.assertLess(D(lane["expected_usd"]), D(lane["high_usd"]))
            self.assertTrue(0 < lane["on_time"] <= 1)
        batch, standard = lanes["batch, best effort"], lanes["standard (list)"]
        self.assertEqual(D(batch["high_usd"]) * 2, D(standard["high_usd"]))
        self.assertEqual(lanes["patient, kept"]["high_usd"], standard["high_usd"])
        self.assertEqual(choice["verdict"]["tier"], "batch")
        self.assertFalse((self.home / "sim" / "ledger.jsonl").exists() and self.ledger())
        self.assertEqual(self.twolane("jobs", "--json").json["jobs"], [])

    def test_each_model_is_a_choice_and_the_text_has_a_verdict(self):
        args = (self.requests(count=50), "--model", "openai/gpt-5.4-mini", "--model", "anthropic/claude-haiku-4.5",
                "--within", "6h", "--best-effort")
        answer = self.quote(*args)
        self.assertEqual([c["models"][0] for c in answer["choices"]],
                         ["openai/gpt-5.4-mini", "anthropic/claude-haiku-4-5"])
        self.assertNotIn("patient, kept", self.lanes(answer["choices"][0]))
        text = self.twolane("quote", *args, env=NO_TABLES).out
        for words in ("50 requests, 0 invalid, due ", "estimated +-", "verdict  batch on openai/gpt-5.4-mini",
                      "Nothing was bought."):
            self.assertIn(words, text)
        self.assertTrue(all(len(line) <= 80 for line in text.splitlines()), text)

    def test_models_of_one_file_are_all_named(self):
        def line(i, value, text):
            value["body"]["model"] = "gpt-5.4-mini" if i % 2 else "gpt-5.4"
            return json.dumps(value)
        text = self.twolane("quote", self.requests(count=4, change=line), env=NO_TABLES).out
        self.assertRegex(text, r"(?m)^openai/gpt-5\.4, openai/gpt-5\.4-mini$|^openai/gpt-5\.4-mini, openai/gpt-5\.4$")

    @unittest.skipUnless((TABLES / "o200k_base.tiktoken").exists(), "no token tables: scripts/fetch_token_tables.sh")
    def test_tokens_of_openais_models_are_counted_exactly(self):
        path = self.requests(count=3, model="gpt-4o", messages=[{"role": "user", "content": "hello world"}])
        def tokens(*args):
            choice = self.quote(path, *args, env={"TWOLANE_STORE_TOKEN_TABLES": TABLES})["choices"][0]
            return choice["input_exact"], choice["input_error_thousandths"], choice["input_tokens"]
        self.assertEqual(tokens(), (True, 0, 3 * (2 + 4 + 3)))
        self.assertEqual(tokens("--model", "openai/gpt-5.4-mini"), (True, 0, 3 * (2 + 4 + 2)))
        self.assertFalse(tokens("--model", "anthropic/claude-haiku-4.5")[0])

    def test_a_shared_prefix_is_found_and_valued(self):
        openai = self.quote(self.chat(), "--within", "6h")["choices"][0]
        prefix = openai["prefix"]
        self.assertEqual((prefix["requests"], prefix["way"]), (200, "automatic"))
        self.assertGreater(prefix["cacheable_tokens"], 4096)
        self.assertLess(D(prefix["adds"]["standard"]["expected_usd"]), 0)
        self.assertIn("standard with caching", self.lanes(openai))

        claude = self.quote(self.chat(), "--within", "6h", "--model", "anthropic/claude-haiku-4.5")["choices"][0]
        self.assertEqual(claude["prefix"]["way"], "marked")
        self.assertEqual(claude["prefix"]["break_even_hits_thousandths"], 527)
        plain = self.lanes(claude)["batch, best effort"]["expected_usd"]
        marked = self.lanes(self.quote(self.chat(), "--within", "6h", "--cache", "--model", "anthropic/claude-haiku-4.5")
                            ["choices"][0])["batch, best effort"]["expected_usd"]
        self.assertEqual(D(marked) - D(plain), D(claude["prefix"]["adds"]["batch"]["expected_usd"]))

        gemini = self.quote(self.chat(), "--model", "gemini/gemini-3.5-flash")["choices"][0]
        self.assertEqual(gemini["prefix"]["way"], "explicit")
        self.assertGreater(gemini["prefix"]["break_even_requests"], 1)

        short = self.quote(self.chat(system=RULES[:2000]), "--model", "anthropic/claude-haiku-4.5")["choices"][0]
        self.assertEqual((short["prefix"]["cacheable_tokens"], short["prefix"]["minimum_tokens"]), (0, 4096))
        none = self.quote(self.chat(system=None))["choices"][0]
        self.assertEqual(none["prefix"]["tokens"], 0)

    def test_deadlines_decide_by_the_rules(self):
        path = self.requests(count=20)
        def verdict(*args):
            return self.quote(path, *args)["choices"][0]["verdict"]
        self.assertEqual(verdict("--within", "6h")["tier"], "batch")
        self.assertEqual(verdict("--within", "10m")["tier"], "flex")
        dear = verdict("--within", "6h", "--worth", "50")
        self.assertEqual((dear["tier"], dear["saving_usd"]), ("standard", None))

    def test_what_has_no_price_says_so(self):
        ended = self.twolane("quote", self.requests(count=5, model="gpt-99-nova"), "--json", "--model", "openai/gpt-99-nova",
                             env=NO_TABLES)
        lanes = self.lanes(ended.json["choices"][0])
        self.assertEqual((lanes["standard (list)"]["expected_usd"], lanes["standard (list)"]["why"]), (None, "not published"))

    def test_outputs_of_earlier_jobs_and_their_usage_teach(self):
        path = self.requests(count=100)
        before = self.quote(path, "--sim")["choices"][0]
        self.assertEqual(before["output_tokens"]["from"], "assumed")
        self.assertEqual(before["output_tokens"]["limit"], 3200)
        answer = self.twolane("run", path, "--sim", "--json").json
        after = self.quote(path, "--sim")["choices"][0]
        self.assertEqual(after["output_tokens"]["from"], "earlier answers")
        self.assertAlmostEqual(after["output_tokens"]["expected"], answer["output_tokens"], delta=100)
        def off(choice):
            return abs(choice["input_tokens"] - answer["input_tokens"])
        self.assertLess(off(after), off(before))
        self.assertLess(after["input_error_thousandths"], before["input_error_thousandths"])
        told = self.quote(path, "--sim", "--output-tokens", "7")["choices"][0]["output_tokens"]
        self.assertEqual((told["expected"], told["from"]), (700, "--output-tokens"))

    def test_a_job_may_carry_its_quote_as_its_cap(self):
        path = self.requests(count=60)
        for extra, lane in (((), "patient, kept"), (("--best-effort",), "batch, best effort")):
            args = (path, "--sim", "--within", "6h") + extra
            high = self.lanes(self.quote(*args)["choices"][0])[lane]["high_usd"]
            dry = self.twolane("run", *args, "--max-cost", "quote", "--dry-run", "--json", env=NO_TABLES)
            self.assertEqual(dry.exit, 0, dry.err)
            ended = self.twolane("run", *args, "--max-cost", "quote", "--again", "--json", env=NO_TABLES)
            self.assertEqual(ended.exit, 0, ended.err)
            self.assertEqual(D(ended.json["cap_usd"]), D(high))
            self.assertLessEqual(D(ended.json["cost_usd"]), D(high))
            self.home = self.dir / "second"

    def test_refusals_are_those_of_run(self):
        def spoil(i, value, text):
            value["body"]["stream"] = True
            return json.dumps(value)
        ended = self.twolane("quote", self.requests(count=3, change=spoil), "--json")
        self.assertEqual((ended.exit, ended.json["error"]["code"]), (2, "input.field"))
        wrong = self.twolane("quote", self.requests(count=3), "--worth", "much", "--json")
        self.assertEqual((wrong.exit, wrong.json["error"]["code"]), (2, "usage.value"))

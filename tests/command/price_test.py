"""twolane price: one price with its terms, the table, books of one's own, and community catalogues."""
import json
import os
from decimal import Decimal

from harness import Command, ROOT

SHARED = ROOT.parent / "shared" / "data"


class Price(Command):
    def price(self, *args, **more):
        ended = self.twolane("price", *args, "--json", **more)
        self.assertEqual(ended.exit, 0, ended.err)
        return ended.json

    def refused(self, code, *args):
        ended = self.twolane("price", *args, "--json")
        self.assertEqual(ended.exit, 2, ended.out)
        self.assertEqual(ended.json["error"]["code"], code, ended.json)
        self.assertTrue(ended.json["error"]["next"])
        return ended.json["error"]

    def test_a_million_classification_calls(self):
        calls = ["--tier", "batch", "--input", "0.5B", "--cached", "1.5B", "--output", "100M"]
        for model, cost in [("anthropic/claude-sonnet-4.6", "1725.00"), ("openai/gpt-5.4", "1750.00"),
                            ("gemini/gemini-3.5-flash", "937.50")]:
            answer = self.price("--model", model, *calls)
            self.assertEqual(answer["cost_usd"], cost)
            self.assertEqual([t["what"] for t in answer["terms"]], ["input", "cached", "output"])
            self.assertTrue(all(t["source"]["name"] for t in answer["terms"]))
        self.assertEqual(self.price("--model", "anthropic/claude-sonnet-4.6", *calls)["list_cost_usd"], "3450.00")

    def test_totals_are_of_many_requests_unless_a_length_is_given(self):
        job = ["--model", "openai/gpt-5.4", "--input", "30M", "--output", "10M"]
        self.assertEqual(self.price(*job)["cost_usd"], "225.00")
        self.assertEqual(self.price(*job, "--tier", "batch")["cost_usd"], "112.50")
        self.assertEqual(self.price(*job, "--prompt-tokens", "272k")["cost_usd"], "225.00")
        self.assertEqual(self.price(*job, "--prompt-tokens", "272001")["cost_usd"], "375.00")

    def test_steps_after_the_rates(self):
        answer = self.price("--model", "openai/gpt-5.4", "--tier", "batch", "--input", "0.5B", "--cached", "1.5B", "--output",
                            "100M", "--discount", "15%", "--bonus", "10%", "--residency", "eu")
        self.assertEqual([s["after_usd"] for s in answer["adjustments"]], ["1925.00", "1636.25", "1487.50"])
        self.assertEqual(answer["cost_usd"], "1487.50")
        writes = self.price("--model", "anthropic/claude-haiku-4.5", "--write-5m", "1M", "--write-1h", "1M")
        self.assertEqual(writes["cost_usd"], "3.25")
        stored = self.price("--model", "gemini/gemini-3.5-flash", "--tier", "batch", "--storage", "1.095M")
        self.assertEqual(stored["cost_usd"], "1.095")

    def test_prices_have_dates_and_hours(self):
        flash = ["--model", "gemini/gemini-3.7-flash", "--input", "1M", "--at"]
        self.assertEqual(self.price(*flash, "2026-12-31T23:59:59Z")["cost_usd"], "0.75")
        self.assertEqual(self.price(*flash, "2027-01-01")["cost_usd"], "1.50")
        pro = ["--model", "deepseek/deepseek-v4-pro", "--input", "1M", "--at"]
        self.assertEqual(self.price(*pro, "2026-11-20T03:00:00Z")["cost_usd"], "1.32")
        self.assertEqual(self.price(*pro, "2026-11-20T05:00:00Z")["cost_usd"], "0.66")
        self.assertEqual(self.price(*pro, "2026-11-21T03:00:00Z")["cost_usd"], "0.66")

    def test_deepseek_sells_hours_not_batches(self):
        error = self.refused("money.tier_not_sold", "--model", "deepseek/deepseek-v3.2", "--tier", "batch", "--input", "1M")
        self.assertIn("01:00-04:00 and 06:00-10:00 UTC", error["why"])

    def test_explain_shows_both_readings(self):
        ended = self.twolane("price", "--model", "openai/gpt-5.4", "--tier", "batch", "--cached", "1M", "--explain")
        self.assertEqual(ended.exit, 0)
        for words in ("two readings of cached on batch", "used   0.25", "other  0.125", "one rank, so the dearer is used"):
            self.assertIn(words, ended.out)
        answer = self.price("--model", "gemini/gemini-3.5-flash", "--tier", "batch", "--cached", "1M")
        reading = answer["open_readings"][0]
        self.assertEqual((reading["used_usd_per_million"], reading["other_usd_per_million"], reading["decided_by"]),
                         ("0.075", "0.15", "rank"))

    def test_the_table(self):
        answer = self.price()
        self.assertGreater(len(answer["prices"]), 400)
        batch = {(p["model"], p["tier"]): p for p in answer["prices"]}
        self.assertEqual(batch["deepseek/deepseek-v4-flash", "batch"]["sold"], "no")
        self.assertEqual(batch["mistral/mistral-large-2512", "batch"]["rows"][0]["usd_per_million"]["cached"], None)
        text = self.twolane("price").out
        self.assertIn("unknown", text)
        self.assertIn("it sells hours, not batches", text)
        self.assertIn("* sources differ", text)
        one = self.twolane("price", "--model", "gpt-5.4-mini").out
        self.assertIn("openai/gpt-5.4-mini priority", one)
        flash = self.price("--model", "gemini/gemini-2.5-flash")
        self.assertEqual(flash["caching"]["minimum_tokens"], 2048)
        self.assertEqual(flash["caching"]["storage_usd_per_million_token_hours"], {"standard": "1.00"})
        self.assertEqual([(x["what"], x["usd"]) for x in flash["extras"]], [("audio_input", "1.00")])

    def test_what_cannot_be_priced_is_refused(self):
        self.refused("money.unknown_price", "--model", "openai/gpt-5.1-codex", "--tier", "batch", "--input", "1M")
        self.refused("money.unknown_price", "--model", "mistral/mistral-large-2512", "--tier", "batch", "--cached", "1M")
        self.refused("money.unknown_price", "--model", "openai/gpt-99", "--input", "1M")
        self.refused("money.unknown_residency", "--model", "openai/gpt-4o", "--input", "1M", "--residency", "mars")
        for flag, value in (("--input", "1.5"), ("--input", "-3"), ("--discount", "15"), ("--tier", "night"),
                            ("--at", "noon")):
            self.refused("usage.value", "--model", "openai/gpt-5.4", flag, value)
        self.refused("usage.value", "--tier", "batch")

    def test_a_book_of_ones_own(self):
        book = self.dir / "my.prices"
        book.write_text("book 2026-11-01\nsource us published 2026-11-01 our contract\nmodel openai/gpt-5.4\n"
                        "  standard 2 0.2 = = 12 us\n")
        job = ["--model", "openai/gpt-5.4", "--input", "1M"]
        self.assertEqual(self.price(*job, "--book", book)["cost_usd"], "2.00")
        (self.dir / "twolane.toml").write_text('price_book = "my.prices"\n')
        self.assertEqual(self.price(*job)["cost_usd"], "2.00")
        (self.dir / "twolane.toml").unlink()
        self.assertEqual(self.price(*job)["cost_usd"], "2.50")
        self.assertEqual(self.price(*job, env={"TWOLANE_PRICE_BOOK": "my.prices"})["cost_usd"], "2.00")
        book.write_text("book 2026-11-01\nmodel openai/gpt-5.4\n  standard two\n")
        error = self.refused("book.syntax", *job, "--book", book)
        self.assertEqual(error["where"]["line"], 3)

    def test_import_lists_and_changes_nothing(self):
        catalogue = self.dir / "catalogue.json"
        catalogue.write_text(json.dumps({
            "gpt-5.4": {"litellm_provider": "openai", "mode": "chat", "input_cost_per_token": 2.5e-06,
                        "output_cost_per_token": 1.6e-05, "cache_read_input_token_cost_flex": 1.3e-07},
            "mistral/new-model": {"litellm_provider": "mistral", "mode": "chat", "input_cost_per_token": 1e-07,
                                  "output_cost_per_token": 3e-07, "output_cost_per_token_batches": 1.5e-07,
                                  "input_cost_per_token_batches": 5e-08},
            "sora": {"litellm_provider": "openai", "mode": "video_generation", "output_cost_per_video_per_second": 0.1}}))
        answer = self.price("import", catalogue)
        self.assertEqual(answer["format"], "litellm")
        self.assertEqual((answer["agree"], answer["new_rows"], answer["skipped"]), (1, 2, 1))
        self.assertEqual([(d["tier"], d["what"], d["book_usd_per_million"], d["file_usd_per_million"]) for d in answer["differ"]],
                         [("standard", "output", "15.00", "16.00"), ("flex", "cached", "0.125", "0.13")])
        self.assertEqual(self.price("--model", "openai/gpt-5.4", "--output", "1M")["cost_usd"], "15.00")
        mine = self.dir / "mine.prices"
        self.price("import", catalogue, "-o", mine)
        with_new = ["--model", "mistral/new-model", "--tier", "batch", "--input", "1M", "--book", mine]
        self.assertEqual(self.price(*with_new)["cost_usd"], "0.05")
        self.assertEqual(self.price("--model", "openai/gpt-5.4", "--output", "1M", "--book", mine)["cost_usd"], "15.00")

    def test_import_reads_the_shared_catalogues(self):
        litellm = SHARED / "prices_litellm" / "model_prices_and_context_window.2026-08-01.json"
        genai = SHARED / "prices_genai" / "npm_0.1.8_data.json"
        if not litellm.exists() or not genai.exists():
            self.assertNotIn("CI", os.environ, "the catalogues are not there")
            self.skipTest("the catalogues are not there")
        # Two books that agree on nearly everything: what is left are later cuts and rounded figures.
        router = SHARED / "prices_openrouter" / "openrouter_models.2026-08-01.json"
        for file, form, agree in ((litellm, "litellm", 1500), (genai, "genai-prices", 500), (router, "openrouter", 150)):
            answer = self.price("import", file)
            self.assertEqual(answer["format"], form)
            self.assertGreater(answer["agree"], agree)
            self.assertLess(len(answer["differ"]), answer["agree"] / 8)
            mine = self.dir / (form + ".prices")
            self.price("import", file, "-o", mine)
            self.assertEqual(self.price("--model", "openai/gpt-5.4", "--input", "1M", "--book", mine)["cost_usd"], "2.50")
            # All but the few that print no price of input tokens.
            self.assertLess(self.price("import", file, "--book", mine)["new_rows"], 5, form)

    def test_import_refuses_what_is_no_catalogue(self):
        for text, code in (("{}", "price.catalogue"), ("[1, 2]", "price.catalogue"), ("{", "wire.json"), ("[[", "wire.json")):
            file = self.dir / "x.json"
            file.write_text(text)
            ended = self.twolane("price", "import", file, "--json")
            self.assertEqual((ended.exit, ended.json["error"]["code"]), (2, code))
        self.assertEqual(self.twolane("price", "import", self.dir / "none.json").exit, 2)


class Billing(Command):
    def test_the_simulator_refuses_a_reading_that_is_none(self):
        ended = self.twolane("sim", "--billing", "cheap", "--json")
        self.assertEqual((ended.exit, ended.json["error"]["code"]), (2, "usage.value"))

    def test_the_other_reading_shows_as_a_difference_of_the_two_ledgers(self):
        # Half of the requests find their prefix of 2,000 words cached; by the other reading of OpenAI's
        # batch rule such a token costs 0.0375 instead of 0.075 USD per million on gpt-5.4-mini.
        system = "Sort tickets by their cause. " * 500
        file = self.requests(count=40, messages=[{"role": "system", "content": system},
                                                 {"role": "user", "content": "My card is lost."}])
        bills = {}
        for billing in ("ranked", "other"):
            scenario = self.dir / (billing + ".toml")
            scenario.write_text('base = "calm"\ncache_hits = 0.5\nbilling = "%s"\n' % billing)
            answer = self.twolane("run", file, "--sim=" + str(scenario), "--home", self.dir / billing, "--json",
                                  "--no-probe", "--best-effort", "--within", "20h").json
            self.assertTrue(answer["ok"], answer)
            charged = sum(Decimal(line["usd"]) for line in self.lines(self.dir / billing / "sim" / "ledger.jsonl"))
            bills[billing] = (Decimal(answer["cost_usd"]) - charged, answer["cached_tokens"])
        self.assertGreater(bills["ranked"][1], 10000)
        self.assertEqual(bills["ranked"][0], 0)
        self.assertEqual(bills["other"][0], bills["other"][1] * Decimal("0.0375") / 10**6)

"""twolane audit: logs of every kind from the disk into the report."""
import gzip
import json
import shutil
import subprocess
import unittest

from harness import Command, ROOT

SHARED = ROOT.parent / "shared" / "data"


def access(i, **more):
    """A line of the access log of `twolane serve`: a nightly job of one key."""
    line = {"at": "2026-10-%02dT02:%02d:30Z" % (1 + i // 60 % 28, i % 60), "id": "tw-%d" % i, "key": "nightly",
            "method": "POST", "path": "/v1/chat/completions", "model": "gpt-5.4-mini", "provider": "openai",
            "lane": "interactive", "status": 200, "tier": "standard", "input_tokens": 1000, "cached_tokens": 0,
            "output_tokens": 100, "cost_usd": "0.00120", "total_us": 20_000_000}
    line.update(more)
    return json.dumps(line) + "\n"


class Audit(Command):
    def file(self, name, content):
        path = self.dir / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def audit(self, *args):
        ended = self.twolane("audit", *args, "--json")
        self.assertEqual(ended.exit, 0, ended.err)
        return ended.json

    def refused(self, code, *args):
        ended = self.twolane("audit", *args, "--json")
        self.assertEqual(ended.exit, 2, ended.out)
        self.assertEqual(ended.json["error"]["code"], code, ended.json)
        self.assertTrue(ended.json["error"]["next"])
        self.assertIn(code, ended.err)
        return ended.json["error"]

    def test_plain_gzip_zstd_and_stdin_are_the_same(self):
        text = "".join(access(i) for i in range(3000)).encode()
        half = len(text) // 2 // 100 * 100
        plain = self.audit(self.file("log", text))
        self.assertEqual(plain["calls"], 3000)
        kinds = [self.file("log.gz", gzip.compress(text)),
                 self.file("members.gz", gzip.compress(text[:half]) + gzip.compress(text[half:]))]
        if shutil.which("zstd"):
            def packed(part):
                return subprocess.run(["zstd", "-c"], input=part, capture_output=True, check=True).stdout
            kinds += [self.file("log.zst", packed(text)), self.file("frames", packed(text[:half]) + packed(text[half:]))]
        for path in kinds:
            answer = self.audit(path)
            for name in ("calls", "spend_usd", "callers", "planes"):
                self.assertEqual(answer.get(name), plain.get(name), path)
        process = self.start("audit", "-", "--json", stdin=subprocess.PIPE)
        out, err = process.communicate(text, timeout=60)
        self.assertEqual(process.returncode, 0, err)
        self.assertEqual(json.loads(out)["callers"], plain["callers"])

    def test_cut_and_damaged_files_are_read_to_their_break(self):
        text = "".join(access(i) for i in range(20000)).encode()
        packed = gzip.compress(text, mtime=0)
        ended = self.twolane("audit", self.file("cut.gz", packed[:len(packed) // 2]), "--json")
        self.assertEqual(ended.exit, 0, ended.err)
        self.assertTrue(5000 < ended.json["calls"] < 15000, ended.json["calls"])
        self.assertIn("the gzip file is damaged or cut off", ended.err)
        codes = [f["code"] for f in ended.json["files"][0]["faults"]]
        self.assertIn("compression", codes)

    def test_rotated_logs_are_read_in_their_order(self):
        first = self.file("log.2", "".join(access(i) for i in range(100)))
        second = self.file("log.1", "".join(access(i) for i in range(100, 200)))
        third = self.file("log", "".join(access(i) for i in range(200, 300)))
        answer = self.audit(third, second, first)
        self.assertEqual([f["name"] for f in answer["files"]], [str(p) for p in (first, second, third)])
        self.assertEqual(answer["calls"], 300)

    def test_kinds_may_be_mixed(self):
        csv = self.file("openrouter.csv",
                        "generation_id,created_at,cost_total,tokens_prompt,tokens_completion,model_permaslug,variant\n"
                        "gen-1782618417-a,2026-06-28 03:46:57.713,0.0123,10389,137,openai/gpt-oss-120b,free\n")
        answer = self.audit(csv, self.file("log", access(1)))
        self.assertEqual(answer["calls"], 2)
        self.assertEqual([f["format"] for f in answer["files"]], ["OpenRouter activity", "twolane access log"])

    def test_bad_lines_are_counted_and_shown_and_never_fatal(self):
        log = self.file("log", access(1) + "not json\n" + access(2) + "{\"at\":\n" + access(3, at="yesterday"))
        ended = self.twolane("audit", log)
        self.assertEqual(ended.exit, 0, ended.err)
        self.assertIn("bad    %s:2: not a JSON object, 2 records in all" % log, ended.err)
        self.assertIn("       not json", ended.err)
        self.assertIn("bad    %s:5: a time that cannot be read" % log, ended.err)
        self.assertIn("2 calls, 3 bad lines", ended.out)
        faults = self.audit(log)["files"][0]["faults"]
        self.assertEqual([(f["code"], f["count"], f["line"]) for f in faults], [("json", 2, 2), ("time", 1, 5)])

    def test_hostile_bytes_do_not_reach_the_terminal(self):
        ended = self.twolane("audit", self.file("log", access(1, key="\x1b[31mred") + "\x1b]0;title\x07\n"))
        self.assertEqual(ended.exit, 0, ended.err)
        self.assertNotIn("\x1b[31m", ended.out)
        self.assertNotIn("\x1b]0", ended.err)

    def test_replay_says_what_would_have_been_late(self):
        log = self.file("log", "".join(access(i, input_tokens=100_000) for i in range(1680)))
        plain = self.audit(log)
        self.assertTrue(plain["moves"])
        self.assertEqual([m["late_share"] for m in plain["moves"]], [None] * len(plain["moves"]))
        self.assertIsNone(plain["replayed_on"])
        answer = self.audit(log, "--replay")
        self.assertEqual(answer["replayed_on"], "busy")
        for move in answer["moves"]:
            self.assertLessEqual(move["late_share"], 0.01)
            self.assertEqual(move["replay"]["requests"], 1680)
        ended = self.twolane("audit", log, "--replay=calm", "--html", self.dir / "r.html")
        self.assertEqual(ended.exit, 0, ended.err)
        self.assertIn("1,680 calls replayed through the planner, on lanes that are calm", ended.out)
        self.assertIn("late when replayed: none", (self.dir / "r.html").read_text())
        self.refused("usage.value", log, "--replay=stormy")

    def export(self, name, start, tier_tokens):
        """Anthropic's usage of some days: 3 USD a million tokens in, half in a batch."""
        data = [{"starting_at": "2026-%s-%02dT00:00:00Z" % (start, 1 + day), "ending_at": "2026-%s-%02dT00:00:00Z" % (start, 2 + day),
                 "results": [{"model": "claude-sonnet-4-5", "uncached_input_tokens": tokens, "output_tokens": 0, "service_tier": tier}
                             for tier, tokens in tier_tokens.items()]} for day in range(4)]
        return self.file(name, json.dumps({"data": data, "has_more": False, "next_page": None}))

    def test_bills_before_and_after(self):
        before = self.export("before.json", "06", {"standard": 2_000_000})
        after = self.export("after.json", "07", {"standard": 1_000_000, "batch": 2_000_000})
        promise = self.file("audit.json", json.dumps({"saves_month_usd": "100.00"}))
        answer = self.audit("--before", before, "--after", after, "--promised", promise)
        self.assertEqual(answer["before"]["cost_day_usd"], "6.00")
        self.assertEqual(answer["after"]["cost_day_usd"], "6.00")
        self.assertEqual(answer["difference_day_usd"], {"all": "0.00", "volume": "3.00", "models": "0.00", "tiers": "-3.00",
                                                        "price": "0.00", "other": "0.00"})
        self.assertEqual((answer["switch_saves_month_usd"], answer["promised_month_usd"]), ("90.00", "100.00"))
        self.assertEqual([(r["tier"], r["after"]["cost_day_usd"]) for r in answer["rows"]], [("standard", "3.00"), ("batch", "3.00")])
        ended = self.twolane("audit", "--before", before, "--after", after, "--promised", promise)
        self.assertIn("the switch saves 90.00 USD in 30 days; promised were 100.00 (90.0 % of it)", ended.out)
        self.refused("audit.promised", "--before", before, "--after", after, "--promised", self.file("no.json", "{}"))
        self.refused("audit.invoices", "--before", before, "--after", self.file("empty.json", json.dumps(
            {"data": [{"start_time": 1736640000, "end_time": 1736726400, "results": [
                {"amount": {"value": 1, "currency": "usd"}, "line_item": "x"}]}]})))
        self.refused("usage.missing", "--before", before)
        self.refused("usage.missing")

    def test_unknown_formats_say_what_was_seen_and_what_to_do(self):
        plain = self.file("plain.csv", "ts,model_name,tokens_in,tokens_out\n2026-01-01 10:00:00,gpt-5.4-mini,1000,10\n")
        error = self.refused("audit.unknown_format", plain)
        self.assertEqual(error["why"], "its records have ts, model_name, tokens_in, tokens_out")
        self.assertIn("--columns time=ts,model=model_name,input=tokens_in,output=tokens_out", error["next"][0])
        columns = error["next"][0].split("--columns ")[1]
        self.assertEqual(self.audit(plain, "--columns", columns)["calls"], 1)
        self.refused("audit.columns", plain, "--columns", "time=when,model=model_name")
        self.refused("audit.columns", plain, "--columns", "hour=ts")

    def test_what_is_no_log(self):
        self.refused("audit.file", self.dir / "absent")
        self.assertIn("/*", self.refused("audit.file", self.dir)["next"][0])
        self.refused("audit.container", self.file("x.parquet", b"PAR1...."))
        self.refused("audit.container", self.file("x.xlsx", b"PK\x03\x04...."))
        self.refused("audit.unknown_format", self.file("empty", b""))
        self.refused("audit.unknown_format", self.file("prose.txt", "Dear reader,\nthis is no log.\n"))
        self.refused("audit.unknown_format", self.file("other.json", '{"hello": "world"}'))
        agent = '{"id":"o","trace_id":"t","type":"SPAN","start_time":"2025-05-01 08:00:00"}\n'
        self.refused("audit.nothing", self.file("spans.jsonl", agent))
        self.refused("audit.overrules", self.file("log", access(1)), "--overrides", self.dir / "absent")
        self.refused("usage.value", self.file("log", access(1)), "--zone", "Mars")

    def test_html_is_one_file(self):
        out = self.dir / "report.html"
        answer = self.audit(self.file("log", "".join(access(i) for i in range(100))), "--html", out)
        self.assertEqual(answer["html"], str(out))
        text = out.read_text(encoding="utf-8")
        self.assertTrue(text.lower().startswith("<!doctype html>"))
        self.assertNotIn("<script", text)

    def test_calls_without_a_model_get_the_one_that_is_named(self):
        csv = self.file("trace.csv", "TIMESTAMP,ContextTokens,GeneratedTokens\r\n2023-11-16 18:17:03.9799600,4808,10")
        self.assertEqual(self.audit(csv)["calls"], 1)
        priced = self.audit(csv, "--model", "openai/gpt-5.4-mini")
        self.assertNotIn(priced["spend_usd"], (None, "0.00"))

    @unittest.skipUnless((SHARED / "mooncake_fast25").exists(), "no ../shared/data")
    def test_public_traces(self):
        for path, calls in [("azure_llm_2023/AzureLLMInferenceTrace_code.csv", 8819),
                            ("azure_llm_2023/AzureLLMInferenceTrace_conv.csv", 19366),
                            ("mooncake_fast25/conversation_trace.jsonl", 12031),
                            ("vidur_arxiv_summarization/arxiv_summarization_stats_llama2_tokenizer_filtered_v2.csv", 28257)]:
            self.assertEqual(self.audit(SHARED / path)["calls"], calls, path)
        ragpulse = sorted((SHARED / "ragpulse").glob("*.jsonl"))
        answer = self.audit(*ragpulse)
        self.assertEqual(answer["calls"], 7106)
        self.assertEqual(answer["files"][-1]["name"], str(ragpulse[0]), "the rows come after their lengths")
        self.assertEqual(self.audit(SHARED / "servegen_alibaba/m-large_rates.csv")["calls"], 0)


if __name__ == "__main__":
    unittest.main()

"""A job from its file to its answers: the result, the bill, the exit codes, going on."""
import decimal
import json
import os
import re
import signal
import time

from harness import Command

PICO = decimal.Decimal("0.000000000001")

MEMBERS = {
    "schema": int, "ok": bool, "exit": int, "job": str, "requests": int, "succeeded": int, "failed": int,
    "expired": int, "cancelled": int, "open": int, "waiting": int, "promoted": int, "on_time": bool, "finished_at": str,
    "input_tokens": int, "cached_tokens": int, "output_tokens": int, "cost_usd": str, "list_cost_usd": str,
    "saved_usd": str, "paid_twice_usd": str, "unconfirmed_usd": str, "lanes": dict, "elapsed_s": (int, float),
}
EXACT = re.compile(r"^-?\d+\.\d{2,12}$")


class Run(Command):
    def test_a_job_ends_with_every_answer_in_order_and_an_exact_bill(self):
        count = 300
        ended = self.twolane("run", self.requests(count=count), "--sim", "--within", "6h", "-o", "out.jsonl", "--json")
        self.assertEqual(ended.exit, 0, ended.err)
        answer = ended.json
        for name, kind in MEMBERS.items():
            self.assertIsInstance(answer[name], kind, name)
        for name, value in answer.items():
            if name.endswith("_usd") and value is not None:
                self.assertRegex(value, EXACT, name)
        self.assertEqual(answer["error"], None)
        self.assertEqual((answer["requests"], answer["succeeded"], answer["open"]), (count, count, 0))
        self.assertEqual(sum(answer[k] for k in ("succeeded", "failed", "expired", "cancelled", "open")), count)
        self.assertTrue(answer["on_time"])
        self.assertEqual(sum(lane["requests"] for lane in answer["lanes"].values()), count)
        self.check_every_answer_once(self.dir / "out.jsonl", count)

        usd = {k: decimal.Decimal(answer[k]) for k in answer if k.endswith("_usd") and answer[k] is not None}
        self.assertEqual(usd["saved_usd"], usd["list_cost_usd"] - usd["cost_usd"])
        self.assertEqual(sum(decimal.Decimal(lane["cost_usd"]) for lane in answer["lanes"].values()) +
                         usd["paid_twice_usd"], usd["cost_usd"])
        billed = sum((decimal.Decimal(line["usd"]) for line in self.ledger()), decimal.Decimal(0))
        self.assertEqual(billed.quantize(PICO), usd["cost_usd"].quantize(PICO))
        self.assertGreater(usd["saved_usd"] / usd["list_cost_usd"], decimal.Decimal("0.4"))

    def test_the_same_command_prints_the_result_again_and_buys_nothing(self):
        path = self.requests()
        first = self.twolane("run", path, "--sim", "--json")
        before = self.ledger()
        os.remove(self.dir / "in.out.jsonl")
        again = self.twolane("run", path, "--sim", "--json")
        self.assertEqual((first.exit, again.exit), (0, 0), again.err)
        self.assertEqual(again.json["job"], first.json["job"])
        self.assertEqual(again.json["cost_usd"], first.json["cost_usd"])
        self.assertEqual(self.ledger(), before)
        self.check_every_answer_once(self.dir / "in.out.jsonl", 20)
        anew = self.twolane("run", path, "--sim", "--again", "--json")
        self.assertNotEqual(anew.json["job"], first.json["job"])
        self.assertGreater(len(self.ledger()), len(before))

    def test_rows_get_their_answers_as_a_column(self):
        (self.dir / "rows.csv").write_text('id,text\na,"My card, lost"\nb,"cash ""gone"""\n', encoding="utf-8")
        ended = self.twolane("run", "rows.csv", "--sim", "--model", "gpt-5.4-mini", "--output-tokens", "50",
                             "--prompt", "Answer with one of: card, cash. {text}")
        self.assertEqual(ended.exit, 0, ended.err)
        import csv
        with open(self.dir / "rows.out.csv", newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        self.assertEqual([(r["id"], r["text"]) for r in rows], [("a", "My card, lost"), ("b", 'cash "gone"')])
        self.assertEqual([r["answer"] for r in rows], ["card", "cash"])

    def test_limit_and_dry_run(self):
        path = self.requests(count=50)
        quote = self.twolane("run", path, "--sim", "--dry-run", "--within", "6h", "--json")
        self.assertEqual(quote.exit, 0, quote.err)
        self.assertEqual((quote.json["requests"], quote.json["dry_run"], quote.json["cost_usd"]), (50, True, "0.00"))
        self.assertLess(decimal.Decimal(quote.json["batch_bound_usd"]), decimal.Decimal(quote.json["list_bound_usd"]))
        self.assertIn("Nothing was bought.", self.twolane("run", path, "--sim", "--dry-run").out)
        self.assertEqual(self.twolane("jobs", "--json").json["jobs"], [])
        few = self.twolane("run", path, "--sim", "--limit", "7", "--json")
        self.assertEqual(few.json["requests"], 7, few.err)
        self.check_every_answer_once(self.dir / "in.out.jsonl", 7)

    def test_a_sample_is_bought_live_and_the_rest_stays_open_without_a_terminal(self):
        path = self.requests(count=40)
        ended = self.twolane("run", path, "--sim", "--within", "6h", "--sample", "3", "--json")
        self.assertEqual(ended.exit, 0, ended.err)
        self.assertEqual((ended.json["succeeded"], ended.json["open"]), (3, 37))
        for line in ("line 1 ", "line 20 ", "line 40 "):
            self.assertIn(line, ended.err)
        self.assertFalse((self.dir / "in.out.jsonl").exists())
        rest = self.twolane("run", path, "--sim", "--json")
        self.assertEqual((rest.exit, rest.json["succeeded"]), (0, 40), rest.err)
        self.assertEqual(rest.json["job"], ended.json["job"])
        self.assertEqual(len(self.ledger()), 40)

    def test_the_cap_stops_and_a_higher_one_goes_on(self):
        path = self.requests(count=12)
        cap = decimal.Decimal("0.0006")
        ended = self.twolane("run", path, "--sim", "--max-cost", cap, "--json")
        self.assertEqual(ended.exit, 4, ended.err)
        self.assertEqual(ended.json["error"]["code"], "money.cap")
        self.assertGreater(ended.json["open"], 0)
        self.assertLessEqual(decimal.Decimal(ended.json["cost_usd"]), cap)
        self.assertIn("stopped by the cap", ended.err)
        more = self.twolane("run", path, "--sim", "--max-cost", "5.00", "--json")
        self.assertEqual((more.exit, more.json["succeeded"]), (0, 12), more.err)
        self.assertEqual(more.json["job"], ended.json["job"])

    def test_failures_exit_1_with_every_reason_and_can_be_retried(self):
        (self.dir / "failing.toml").write_text('base = "calm"\nrequest_error = 0.2\n', encoding="utf-8")
        path = self.requests(count=100)
        ended = self.twolane("run", path, "--sim=failing.toml", "--json")
        self.assertEqual(ended.exit, 1, ended.err)
        answer = ended.json
        self.assertGreater(answer["failed"], 0)
        self.assertEqual(sum(cause["count"] for cause in answer["failures"]), answer["failed"])
        lines = self.lines(self.dir / "in.out.jsonl")
        self.assertEqual(len(lines), 100)
        self.assertEqual(sum(1 for line in lines if line["error"] or line["response"]["status_code"] != 200), answer["failed"])
        self.assertIn("twolane retry " + answer["job"][:6], ended.err)
        retried = self.twolane("retry", answer["job"][:6], "--json")
        self.assertIn(retried.exit, (0, 1), retried.err)
        self.assertGreaterEqual(retried.json["succeeded"], answer["succeeded"])

    def test_skip_invalid_sets_bad_lines_aside(self):
        path = self.requests(count=10, change=lambda i, line, text: text[:-1] if i == 4 else text)
        self.assertEqual(self.twolane("run", path, "--sim").exit, 2)
        ended = self.twolane("run", path, "--sim", "--skip-invalid", "--json")
        self.assertEqual(ended.exit, 1, ended.err)
        self.assertEqual((ended.json["succeeded"], ended.json["failed"]), (9, 1))
        self.assertEqual(len(self.lines(self.dir / "in.out.jsonl")), 10)

    def test_a_deadline_that_cannot_be_met_is_missed_and_said(self):
        (self.dir / "slow.toml").write_text('base = "calm"\nlive_latency = "10m"\n', encoding="utf-8")
        ended = self.twolane("run", self.requests(count=30), "--sim=slow.toml", "--within", "3m", "--json")
        self.assertEqual(ended.exit, 3, ended.err)
        self.assertFalse(ended.json["on_time"])
        self.assertIn("deadline missed", ended.err)


class Interrupted(Command):
    def start_paced(self, count=60, speed="200"):
        path = self.requests(count=count)
        return path, self.start("run", path, "--sim", "--speed", speed, "--within", "6h", "--json")

    def wait_for_batch(self):
        for _ in range(200):
            time.sleep(0.05)
            jobs = self.twolane("jobs", "--json").json["jobs"]
            if jobs:
                shown = self.twolane("show", jobs[0]["job"], "--json").json
                if any(batch["id"] for batch in shown["batches"] if batch["tier"] == "batch"):
                    return shown
        self.fail("no batch was submitted")

    def test_ctrl_c_keeps_what_is_there_and_says_how_to_go_on(self):
        path, process = self.start_paced()
        self.wait_for_batch()
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
        self.assertEqual(process.returncode, 130, err)
        answer = json.loads(out)
        self.assertEqual(answer["exit"], 130)
        self.assertGreater(answer["open"], 0)
        for words in (b"interrupted", b"still running", b"go on   twolane run", b"end it  twolane cancel"):
            self.assertIn(words, err)
        ended = self.twolane("run", path, "--sim", "--json")
        self.assertEqual((ended.exit, ended.json["succeeded"]), (0, 60), ended.err)
        self.assertEqual(ended.json["job"], answer["job"])
        self.assertEqual(len(self.ledger()), 60)

    def test_kill_9_at_any_moment_loses_nothing(self):
        path = self.requests(count=400)
        for pause in (0.0, 0.02, 0.05, 0.1, 0.2, 0.4, 0.6):
            process = self.start("run", path, "--sim", "--speed", "2000", "--within", "6h", "-o", "out.jsonl")
            time.sleep(pause)
            process.kill()
            process.communicate()
        ended = self.twolane("run", path, "--sim", "-o", "out.jsonl", "--json")
        self.assertEqual((ended.exit, ended.json["succeeded"]), (0, 400), ended.err)
        self.check_every_answer_once(self.dir / "out.jsonl", 400)
        billed = sum(decimal.Decimal(line["usd"]) for line in self.ledger())
        booked = decimal.Decimal(ended.json["cost_usd"])
        self.assertLessEqual(booked, billed)
        self.assertLessEqual(billed - booked, decimal.Decimal(ended.json["unconfirmed_usd"]))

    def test_a_running_jobs_deadline_moves_and_is_kept(self):
        (self.dir / "slow.toml").write_text('base = "calm"\nmedian = "10h"\nsigma = 0.1\n', encoding="utf-8")
        path = self.requests(count=60)
        process = self.start("run", path, "--sim=slow.toml", "--speed", "300", "--json")
        shown = self.wait_for_batch()
        self.assertFalse(shown["kept"])
        moved = self.twolane("deadline", shown["job"][:6], "--within", "30m", "--json")
        self.assertEqual((moved.exit, moved.json["left_word"]), (0, True), moved.err)
        out, err = process.communicate(timeout=60)
        answer = json.loads(out)
        self.assertEqual((process.returncode, answer["succeeded"], answer["on_time"]), (0, 60, True), err)
        self.assertGreater(answer["promoted"], 0)
        self.assertTrue(answer["kept"])

    def test_a_second_owner_is_refused_and_words_reach_the_first(self):
        path, process = self.start_paced(count=60, speed="100")
        shown = self.wait_for_batch()
        second = self.twolane("run", path, "--sim", "--json")
        self.assertEqual((second.exit, second.json["error"]["code"]), (2, "home.busy"), second.err)
        results = self.twolane("results", shown["job"])
        self.assertEqual(results.exit, 0, results.err)
        word = self.twolane("cancel", shown["job"][:6], "--json")
        self.assertEqual((word.exit, word.json["left_word"]), (0, True), word.err)
        out, err = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 1, err)
        answer = json.loads(out)
        self.assertGreater(answer["cancelled"], 0)
        self.assertEqual(answer["open"], 0)

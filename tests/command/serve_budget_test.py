"""Budgets of keys over restarts and kill -9, and the embedded clock between processes."""
import datetime
import decimal
import json
import sqlite3
import time

from serve_batches_test import BatchDoor, openai_lines
from serve_test import CHAT

Usd = decimal.Decimal


class Budgets(BatchDoor):
    def key(self, *args):
        key = self.twolane("keys", "create", "ana", *args, "--json").json["key"]
        return {"authorization": "Bearer " + key}

    def spent(self):
        return Usd(self.twolane("keys", "list", "--json").json["keys"][0]["spent_today_usd"])

    def until(self, done):
        for _ in range(400):
            if done():
                return
            time.sleep(0.05)
        self.fail("it did not come; spent: %s" % self.spent())

    def booked(self):
        """What the home's own rows say that jobs cost."""
        with sqlite3.connect("file:%s?mode=ro" % (self.home / "twolane.db"), uri=True) as db:
            return sum((Usd(cost) for (cost,) in db.execute("SELECT cost FROM job")), Usd(0)) / 10**12

    def test_interactive_spending_survives_kill(self):
        mine = self.key("--budget-per-day", "0.0002", "--budget-per-month", "5")
        process = self.serve()
        for n in range(1, 200):
            if self.ask("POST", "/v1/chat/completions", CHAT, **mine).status == 429:
                break
        self.assertGreater(n, 1)
        calls = self.logged(n)
        cost = sum((Usd(line.get("cost_usd", "0")) for line in calls), Usd(0))
        self.assertGreaterEqual(cost, Usd("0.0002"))
        self.until(lambda: self.spent() == cost)  # written a second later at most
        process.kill()
        process.wait()
        self.serve()
        refused = self.ask("POST", "/v1/chat/completions", CHAT, **mine)
        self.assertEqual((refused.status, refused.json["error"]["code"]), (429, "insufficient_quota"))
        self.assertEqual(self.spent(), cost)

    def test_a_clean_stop_loses_nothing(self):
        mine = self.key("--budget-per-day", "1")
        process = self.serve()
        self.assertEqual(self.ask("POST", "/v1/chat/completions", CHAT, **mine).status, 200)
        process.terminate()
        process.wait(30)
        self.assertEqual(self.spent(), Usd(self.logged(1)[0]["cost_usd"]))

    def test_what_jobs_cost_is_counted_once_over_kills(self):
        mine = self.key("--budget-per-month", "5")
        _, sim = self.listening("sim", "--speed", "20000", "--scenario", "calm")
        env = {"OPENAI_BASE_URL": sim + "/openai/v1"}

        def begin():
            process, self.origin = self.listening("serve", "--speed", "20000", "--access-log", "off", env=env)
            return process
        process = begin()
        batches = []
        for _ in range(4):
            batches.append(self.create(self.upload(openai_lines(10), **mine)["id"], **mine).json["id"])
            process.kill()
            process.wait()
            process = begin()
        for batch in batches:
            self.wait("/v1/batches/" + batch, lambda b: b["status"] == "completed", **mine)
        self.until(lambda: self.booked() > 0 and self.spent() == self.booked())
        process.kill()
        process.wait()
        process = begin()
        self.assertEqual(self.ask("GET", "/v1/files", **mine).status, 200)
        self.until(lambda: self.spent() == self.booked())

    def test_a_batch_gets_what_is_left_as_its_cap(self):
        mine = self.key("--budget-per-day", "0.000001", "--budget-per-month", "1")
        self.serve()
        batch = self.create(self.upload(openai_lines(5), **mine)["id"], **mine).json["id"]
        job = self.ask("GET", "/twolane/v1/batches/" + batch, **mine).json["job"]
        env = {"TWOLANE_SERVER": self.origin, "TWOLANE_KEY": mine["authorization"][7:]}
        shown = self.twolane("show", job, "--json", env=env).json
        self.assertEqual((shown["cap_usd"], shown["cost_usd"]), ("0.000001", "0.00"))


class EmbeddedClock(BatchDoor):
    def now(self):
        return datetime.datetime.fromisoformat(self.ask("GET", "/twolane/v1/jobs").json["now"])

    def let_pass(self, seconds):
        """As if the processes were that long apart."""
        path = self.home / "sim-server" / "clock.json"
        clock = json.loads(path.read_text())
        clock["wall_ms"] -= seconds * 1000
        path.write_text(json.dumps(clock))

    def test_embedded_time_stands_still_between_processes(self):
        process = self.serve(speed="1000")
        before = self.now()
        process.terminate()
        process.wait(30)
        self.let_pass(86400)
        process = self.serve(speed="1000")
        after = self.now()
        self.assertGreaterEqual(after, before)
        self.assertLess(after - before, datetime.timedelta(days=100))  # a day of real time would be 1,000
        process.kill()
        process.wait()
        self.let_pass(86400)
        self.serve(speed="1000")
        self.assertGreaterEqual(self.now(), after)
        self.assertLess(self.now() - before, datetime.timedelta(days=100))

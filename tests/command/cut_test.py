"""A job of which only a part is wanted any more: by command, at a server, after a kill."""
import json
import signal
import time

from serve_batches_test import BatchDoor, openai_lines

SLOW = 'base = "calm"\nmedian = "2h"\nsigma = 0\n'


class Cut(BatchDoor):
    def remote(self, *args):
        return self.twolane(*args, env={"TWOLANE_SERVER": self.origin, "TWOLANE_HOME": self.dir / "elsewhere"})

    def slow(self, speed):
        (self.dir / "slow.toml").write_text(SLOW)
        return "--sim=" + str(self.dir / "slow.toml"), "--speed", speed

    def until(self, shown, done):
        for _ in range(600):
            state = shown()
            if done(state):
                return state
            time.sleep(0.05)
        self.fail("not so: %s" % state)

    def running(self, *args, speed=2000):
        """A run whose batches are out."""
        run = self.start("run", "in.jsonl", *self.slow(speed), "-o", "out.jsonl", "--json", *args)
        self.addCleanup(run.communicate)
        self.addCleanup(run.kill)
        def job():
            listed = self.twolane("jobs", "--json").json["jobs"]
            return self.twolane("show", listed[0]["job"], "--json").json if listed else None
        return run, self.until(job, lambda j: j and any(b["sent_at"] for b in j["batches"] if b["tier"] == "batch"))["job"]

    def test_half_of_a_run_by_command(self):
        self.requests(count=1200)
        run, job = self.running("--within", "24h")
        said = self.twolane("cancel", job, "--rows", "601-1200")
        self.assertEqual(said.exit, 0, said.err)
        self.assertIn("was asked to cancel 600 requests", said.err)
        answer = json.loads(run.communicate(timeout=60)[0])
        self.assertEqual((run.returncode, answer["exit"]), (1, 1))
        self.assertEqual((answer["succeeded"] + answer["cancelled"], answer["failed"], answer["promoted"]), (1200, 0, 0))
        self.assertGreater(answer["cancelled"], 300, "what was answered in time is kept, no more")
        lines = self.lines(self.dir / "out.jsonl")
        self.check_every_answer_once(self.dir / "out.jsonl", 1200)
        self.assertTrue(all(line["error"] is None for line in lines[:600]))
        self.assertEqual(sum(line["error"] is not None for line in lines[600:]), answer["cancelled"])
        self.assertEqual(self.twolane("show", job, "--json").json["state"], "done, %d cancelled" % answer["cancelled"])

    def test_a_kill_forgets_nothing_of_it(self):
        self.requests(count=60)
        run, job = self.running("--within", "24h", speed=400)
        self.twolane("cancel", job, "t-00003", "t-00004", "t-00005", "--rows", "31-60")
        self.until(lambda: self.twolane("show", job, "--json").json,
                   lambda j: any(b["cancelling"] for b in j["batches"]))
        run.send_signal(signal.SIGKILL)
        run.wait()
        self.assertEqual(self.twolane("show", job, "--json").json["cut"], 33)
        again = self.twolane("run", "in.jsonl", *self.slow(20000), "--within", "24h", "-o", "out.jsonl", "--json").json
        self.assertEqual((again["job"], again["exit"], again["succeeded"] + again["cancelled"]), (job, 1, 60))
        lines = self.lines(self.dir / "out.jsonl")
        gone = [i for i, line in enumerate(lines) if line["error"]]
        self.assertGreater(len(gone), 0)
        self.assertLessEqual(set(gone), {3, 4, 5} | set(range(30, 60)))
        booked = [e["custom_id"] for e in self.ledger_entries(job) if e["booking"] in ("kept", "paid_twice")]
        self.assertEqual(len(booked), len(set(booked)))
        self.assertEqual(len(booked), again["succeeded"])

    def test_of_a_paused_job_nothing_else_is_touched(self):
        self.requests(count=30)
        run, job = self.running("--within", "24h", speed=50)
        run.send_signal(signal.SIGINT)
        run.wait()
        self.assertEqual(self.twolane("pause", job).exit, 0)
        said = self.twolane("cancel", job, "--rows", "1-30", "--speed", "20000", "--json")
        self.assertEqual((said.exit, said.json["open"] + said.json["succeeded"]), (0, 30), said.err)
        self.assertIn("cancelled by its user", said.err)
        ended = self.twolane("resume", job, "--speed", "20000", "--json")
        self.assertEqual((ended.exit, ended.json["open"], ended.json["succeeded"] + ended.json["cancelled"]), (1, 0, 30))

    def test_what_names_no_requests(self):
        self.requests(count=5)
        job = self.twolane("run", "in.jsonl", "--sim", "--json").json["job"]
        for flags, code in ((("--rows", "x"), "usage.rows"), (("--rows", "6-9"), "usage.request"),
                            (("t-00001", "t-77"), "usage.request")):
            refused = self.twolane("cancel", job, *flags, "--json")
            self.assertEqual((refused.exit, refused.json["error"]["code"]), (2, code))
            self.assertTrue(refused.json["error"]["next"])

    def test_at_a_server(self):
        _, self.origin = self.listening("serve", *self.slow(3000), "--threads", "1", "--access-log", "off")
        batch = self.create(self.upload(openai_lines(40))["id"]).json["id"]
        job = self.ask("GET", "/twolane/v1/batches/" + batch).json["job"]
        self.until(lambda: self.remote("show", job, "--json").json, lambda j: any(b["sent_at"] and b["tier"] == "batch" for b in j["batches"]))
        said = self.remote("cancel", job, "t-1", "--rows", "21-40", "--json")
        self.assertEqual((said.exit, said.json["job"]), (0, job), said.err)
        self.assertEqual(self.remote("show", job, "--json").json["cut"], 21)
        self.assertIn("cut     21 requests not wanted any more", self.remote("show", job).out)
        wrong = self.remote("cancel", job, "t-41", "--json").json["error"]
        self.assertEqual(wrong["code"], "usage.request")
        shown = self.until(lambda: self.remote("show", job, "--json").json, lambda j: j["open"] == 0)
        self.assertEqual(shown["succeeded"] + shown["cancelled"], 40)
        self.assertGreater(shown["cancelled"], 0)
        of_batch = self.ask("GET", "/v1/batches/" + batch).json
        self.assertEqual((of_batch["status"], of_batch["request_counts"]["completed"]), ("completed", shown["succeeded"]))
        lines = [json.loads(l) for l in self.remote("results", job).out.splitlines()]
        self.assertLessEqual({l["custom_id"] for l in lines if l["error"]}, {"t-1"} | {"t-%d" % i for i in range(20, 40)})

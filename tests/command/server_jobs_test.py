"""jobs, show, results and what is asked of jobs, against a running server."""
import json
import time

from serve_batches_test import BatchDoor, openai_lines


class ServerJobs(BatchDoor):
    def remote(self, *args, key=None, home=None):
        env = {"TWOLANE_SERVER": self.origin, "TWOLANE_HOME": home or self.dir / "elsewhere"}
        if key:
            env["TWOLANE_KEY"] = key
        return self.twolane(*args, env=env)

    def slow(self, speed):
        """A server whose batches take a while in real time."""
        _, self.origin = self.listening("serve", "--sim", "--speed", speed, "--threads", "1", "--access-log", "off")

    def batch_of(self, count=12, window="24h", **headers):
        return self.create(self.upload(openai_lines(count), **headers)["id"], window=window, **headers).json["id"]

    def job_of(self, batch, **headers):
        return self.ask("GET", "/twolane/v1/batches/" + batch, **headers).json["job"]

    def ended(self, job, **options):
        for _ in range(600):
            shown = self.remote("show", job, "--json", **options).json
            if shown["open"] == 0:
                return shown
            time.sleep(0.05)
        self.fail("not done: %s" % shown)

    def test_a_finished_job_looks_as_it_does_in_the_home(self):
        self.serve()
        self.assertEqual(self.remote("jobs").out, "no jobs yet: twolane run INPUT\n")
        job = self.job_of(self.batch_of())
        there = self.ended(job)
        self.assertEqual((there["succeeded"], there["state"]), (12, "done on time"))
        here = self.twolane("show", job[:6], "--json").json
        for moving in ("sent_at", "provider_state"):  # what the engine still does when the last answer is in
            for batch in there["batches"] + here["batches"]:
                batch.pop(moving)
        for batch in there["batches"] + here["batches"]:
            self.assertIn(batch.pop("state"), ("ended", "settled", "closed"))
        self.assertEqual(there, here)
        self.assertEqual(self.remote("jobs", "--json").json["jobs"], self.twolane("jobs", "--json").json["jobs"])
        self.assertEqual(self.remote("jobs").out, self.twolane("jobs").out)
        results = self.remote("results", job[:8])
        self.assertEqual(results.out, self.twolane("results", job).out)
        self.assertEqual([json.loads(l)["custom_id"] for l in results.out.splitlines()], ["t-%d" % i for i in range(12)])
        written = self.remote("results", job, "-o", "there.jsonl", "--json").json
        self.assertEqual((written["output"], written["succeeded"]), ("there.jsonl", 12))
        self.assertEqual((self.dir / "there.jsonl").read_text(), results.out)
        self.assertIn("next  twolane results %s --server %s\n" % (job[:6], self.origin), self.remote("show", job).out)
        self.assertFalse((self.dir / "elsewhere").exists())  # nothing was touched on this side

    def test_pause_resume_deadline_and_cancel(self):
        self.slow("20")
        job = self.job_of(self.batch_of(window="6h"))
        paused = self.remote("pause", job[:7], "--json").json
        self.assertEqual((paused["job"], paused["left_word"]), (job, True))
        self.assertEqual(self.remote("show", job, "--json").json["state"], "paused")
        before = self.remote("show", job, "--json").json
        self.assertTrue(before["kept"])
        self.remote("deadline", job, "--by", "2031-01-01T00:00:00Z", "--best-effort")
        after = self.remote("show", job, "--json").json
        self.assertEqual((after["deadline"], after["kept"]), ("2031-01-01T00:00:00Z", False))
        self.assertEqual(self.remote("deadline", job, "--by", "2001-01-01T00:00:00Z", "--json").json["error"]["code"],
                         "time.past")
        said = self.remote("resume", job)
        self.assertEqual((said.exit, said.err.splitlines()[0]), (0, "job %s: the server was asked to resume" % job[:6]))
        self.assertEqual(self.remote("show", job, "--json").json["state"], "open")
        refused = self.remote("forget", job, "--json")
        self.assertEqual((refused.exit, refused.json["error"]["code"]), (2, "job.unfinished"))
        self.assertIn("twolane cancel", refused.json["error"]["next"][0])
        self.remote("cancel", job)
        self.assertEqual(self.ended(job)["cancelled"] + self.ended(job)["succeeded"], 12)

    def test_promote_one_request_retry_and_forget(self):
        self.slow("150")
        batch = self.batch_of(30)
        job = self.job_of(batch)
        self.assertEqual(self.remote("promote", job, "t-7").exit, 0)
        for _ in range(400):
            done = self.remote("results", job).out
            if '"t-7"' in done:
                break
            time.sleep(0.05)
        self.assertIn('"t-7"', done)
        shown = self.remote("show", job, "--json").json
        self.assertEqual(shown["promoted"], 1)
        missing = self.remote("promote", job, "t-99", "--json").json["error"]
        self.assertEqual((missing["code"], missing["next"]), ("usage.request", ["give its custom_id, or the number of its line"]))
        self.remote("promote", job)
        self.assertEqual(self.ended(job)["succeeded"], 30)
        self.assertEqual(self.remote("retry", job, "--json").exit, 0)  # nothing failed: it stays as it is
        self.assertEqual(self.ended(job)["succeeded"], 30)
        for _ in range(200):  # the batch that was left behind has to be settled
            gone = self.remote("forget", job, "--json")
            if gone.exit == 0:
                break
            time.sleep(0.1)
        self.assertEqual((gone.json["job"], gone.json["left_word"]), (job, False))
        self.assertEqual(self.remote("jobs", "--json").json["jobs"], [])
        self.assertEqual(self.ask("GET", "/v1/batches/" + batch).status, 404)
        self.assertEqual(self.remote("show", job, "--json").json["error"]["code"], "usage.job")

    def test_a_key_sees_its_own_jobs_only(self):
        keys = [self.twolane("keys", "create", n, "--json").json["key"] for n in ("ana", "ben")]
        self.serve()
        mine = {"authorization": "Bearer " + keys[0]}
        job = self.job_of(self.batch_of(3, **mine), **mine)
        self.assertEqual([j["job"] for j in self.remote("jobs", "--json", key=keys[0]).json["jobs"]], [job])
        self.assertEqual(self.remote("jobs", "--json", key=keys[1]).json["jobs"], [])
        for command in ("show", "results", "cancel", "forget"):
            other = self.remote(command, job, "--json", key=keys[1])
            self.assertEqual((other.exit, other.json["error"]["code"]), (2, "usage.job"), command)
        none = self.remote("jobs", "--json").json["error"]
        self.assertEqual((none["code"], none["next"][0]), ("server.key", "export TWOLANE_KEY=tl-..."))
        self.assertEqual(self.remote("jobs", "--json", key="tl-wrong").json["error"]["why"],
                         "it was revoked, or belongs to another server")

    def test_owners_survive_a_kill(self):
        keys = [self.twolane("keys", "create", n, "--json").json["key"] for n in ("ana", "ben")]
        process = self.serve()
        mine = {"authorization": "Bearer " + keys[0]}
        self.batch_of(3, **mine)
        ticket = self.ask("POST", "/v1/chat/completions", {"model": "gpt-5.4-mini", "messages": [
            {"role": "user", "content": "hello"}]}, twolane_deadline="12h", **mine)
        self.assertEqual(ticket.status, 200, ticket.text)
        before = self.remote("jobs", "--json", key=keys[0]).json["jobs"]
        self.assertEqual(len(before), 2)
        process.kill()
        process.wait()
        self.serve()
        self.assertEqual([j["job"] for j in self.remote("jobs", "--json", key=keys[0]).json["jobs"]],
                         [j["job"] for j in before])
        self.assertEqual(self.remote("jobs", "--json", key=keys[1]).json["jobs"], [])

    def test_pages(self):
        self.serve()
        jobs = [self.job_of(self.batch_of(1)) for _ in range(3)]
        page = self.ask("GET", "/twolane/v1/jobs?limit=2").json
        self.assertEqual(([j["id"] for j in page["data"]], page["has_more"]), ([jobs[2], jobs[1]], True))
        rest = self.ask("GET", "/twolane/v1/jobs?limit=2&after=" + jobs[1]).json
        self.assertEqual(([j["id"] for j in rest["data"]], rest["has_more"]), ([jobs[0]], False))
        self.assertEqual(self.ask("POST", "/twolane/v1/jobs/" + jobs[0] + "/dance", b"").status, 404)
        self.assertEqual(self.ask("POST", "/twolane/v1/jobs/" + jobs[0] + "/deadline?by=soon", b"").status, 400)

    def test_no_server_and_something_else(self):
        self.origin = "http://127.0.0.1:9"
        gone = self.remote("jobs", "--json").json["error"]
        self.assertEqual((gone["code"], gone["next"][0]), ("server.unreachable", "start it: twolane serve"))
        _, self.origin = self.listening("sim", "--speed", "20000")
        other = self.remote("show", "abc", "--json")
        self.assertEqual((other.exit, other.json["error"]["code"]), (2, "server.other"))
        wrong = self.twolane("jobs", "--server", "over there", "--json")
        self.assertEqual(wrong.json["error"]["code"], "usage.server")
        both = self.twolane("jobs", "--server", self.origin, "--home", "h", "--json")
        self.assertEqual(both.json["error"]["code"], "usage.conflict")

"""What users ask of a job that runs in a gateway: by command in its home, and over HTTP. It is planned for at once,
and what would change nothing is refused with what to do instead."""
import datetime
import time

from serve_batches_test import BatchDoor, openai_lines

STUCK = 'base = "calm"\nmedian = "20h"\nsigma = 0\n'
AT_ONCE = 1.5  # seconds: a word is looked for every quarter of one


class LateWords(BatchDoor):
    def begin(self, speed=60):
        (self.dir / "stuck.toml").write_text(STUCK)
        _, self.origin = self.listening("serve", "--sim=" + str(self.dir / "stuck.toml"), "--speed", speed, "--threads", "1",
                                        "--access-log", "off")

    def give(self, count=30):
        batch = self.create(self.upload(openai_lines(count))["id"], twolane_deadline="24h").json["id"]
        job = self.ask("GET", "/twolane/v1/batches/" + batch).json["job"]
        self.seen(job, lambda j: any(b["id"] and b["tier"] == "batch" for b in j["batches"]), within=10)
        return job

    def seen(self, job, done, within=AT_ONCE):
        until = time.monotonic() + within
        while True:
            state = self.ask("GET", "/twolane/v1/jobs/" + job).json
            if done(state):
                return state
            self.assertLess(time.monotonic(), until, state)
            time.sleep(0.02)

    def by_command(self, job, verb, *args):
        said = self.twolane(verb, job, *args, "--json")
        self.assertEqual((said.exit, said.json["left_word"]), (0, True), said.err)

    def over_http(self, job, verb, *args):
        query = "?by=" + args[0] if verb == "deadline" else ""
        reply = self.ask("POST", "/twolane/v1/jobs/%s/%s%s" % (job, verb, query), b"")
        self.assertEqual(reply.status, 200, reply.text)
        return reply.json

    def cancelling(self, state):
        return any(b["cancel_asked_at"] for b in state["batches"])

    def each_word(self, say):
        near = self.give()
        self.assertEqual(self.seen(near, lambda j: j["takeover_at"])["promise"]["verdict"], "accepted")
        say(near, "pause")
        self.seen(near, lambda j: j["state"] == "paused" and j["takeover_at"] is None)
        say(near, "resume")
        self.seen(near, lambda j: j["state"] == "running" and j["takeover_at"])
        now = self.seen(near, lambda j: True)["now"]
        soon = datetime.datetime.fromisoformat(now.replace("Z", "+00:00")) + datetime.timedelta(minutes=15)
        soon = soon.strftime("%Y-%m-%dT%H:%M:%SZ")
        say(near, "deadline", soon)
        self.seen(near, lambda j: j["deadline"] == soon and j["takeover_at"] < soon)
        wanted_now = self.give()
        say(wanted_now, "promote")
        self.seen(wanted_now, lambda j: self.cancelling(j) or j["promoted"] > 0)
        unwanted = self.give()
        say(unwanted, "cancel")
        self.seen(unwanted, lambda j: self.cancelling(j) and j["state"] == "cancelling")
        return unwanted

    def test_by_command_in_the_home_of_a_server(self):
        self.begin()
        def say(job, verb, *args):
            self.by_command(job, verb, *(("--by", args[0]) if verb == "deadline" else ()))
        unwanted = self.each_word(say)
        refused = self.twolane("promote", unwanted, "--json")
        self.assertEqual((refused.exit, refused.json["error"]["code"]), (2, "job.cancelling"))

    def test_what_show_and_lanes_say_meanwhile(self):
        self.begin()
        nothing = self.twolane("lanes", "--json").json
        self.assertEqual((nothing["lanes"], nothing["out"]), ([], []))
        job = self.give()
        out = self.twolane("lanes", "--json").json["out"]
        self.assertEqual([(o["provider"], o["model"], o["batches"]) for o in out], [("openai", "gpt-5.4-mini", 1)])
        self.assertTrue(0.9 < out[0]["as_slow"] <= 1, out)
        self.assertRegex(self.twolane("lanes").out, r"(?s)no batch has ended yet.*OUT NOW.*openai/gpt-5.4-mini +1 ")
        shown = lambda: self.twolane("show", job).out
        self.assertIn("promise accepted: the live lane can keep it whatever the batches do\nlive    from ", shown())
        self.by_command(job, "pause")
        self.seen(job, lambda j: j["state"] == "paused")
        self.assertIn("paused  nothing is placed, not even for the deadline: twolane resume " + job[:6], shown())
        self.by_command(job, "deadline", "--within", "9h", "--best-effort")
        self.seen(job, lambda j: not j["kept"])
        self.assertIn("promise none: best effort is never promoted", shown())
        self.by_command(job, "cancel")
        self.seen(job, lambda j: j["state"] == "cancelling")
        self.assertIn("cancel  nothing more is bought", shown())

    def test_over_http(self):
        self.begin()
        unwanted = self.each_word(self.over_http)
        for verb in ("pause", "resume", "promote", "deadline?by=2040-01-01T00:00:00Z"):
            refused = self.ask("POST", "/twolane/v1/jobs/%s/%s" % (unwanted, verb), b"")
            self.assertEqual((refused.status, refused.json["error"]["code"]), (409, "job.cancelling"), verb)
            self.assertTrue(refused.json["error"]["next"])
        past = self.ask("POST", "/twolane/v1/jobs/%s/deadline?by=2001-01-01T00:00:00Z" % self.give(), b"")
        self.assertEqual((past.status, past.json["error"]["code"]), (400, "time.past"))

    def test_a_paused_job_that_is_wanted_now(self):
        self.begin(speed=600)
        job = self.give()
        self.over_http(job, "pause")
        self.over_http(job, "promote")
        done = self.seen(job, lambda j: j["counts"]["succeeded"] == 30, within=10)
        self.assertGreater(done["promoted"], 0)

    def test_of_a_job_that_has_ended(self):
        self.serve()
        batch = self.create(self.upload(openai_lines(3))["id"]).json["id"]
        job = self.ask("GET", "/twolane/v1/batches/" + batch).json["job"]
        self.seen(job, lambda j: j["counts"]["succeeded"] == 3, within=10)
        for verb, args in (("pause", ()), ("resume", ()), ("promote", ()), ("deadline", ("--within", "3h"))):
            refused = self.twolane(verb, job, *args, "--json")
            error = refused.json["error"]
            self.assertEqual((refused.exit, error["code"], error["next"]), (2, "job.ended", ["twolane results " + job[:6]]))
        self.assertEqual(self.ask("POST", "/twolane/v1/jobs/%s/cancel" % job, b"").status, 200)  # harmless

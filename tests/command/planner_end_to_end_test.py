"""Jobs with deadlines through serve and a simulator of their own; `make bench` runs the long form."""
import importlib.util
import json
import time

import harness

SPEED = 150  # the planner's margin, two minutes and more, is a second of a busy machine


def bench():
    spec = importlib.util.spec_from_file_location("planner_end_to_end", harness.ROOT / "bench/planner_end_to_end.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class PlannerEndToEnd(harness.Command):
    def keeps_every_deadline(self, scenario):
        b = bench()
        told = []
        jobs = b.jobs_of(4, 2, longest=45, begun_within=3)
        result = b.run(harness.BINARY, scenario, jobs, SPEED, 2, 60, told.append)
        text = "".join(told)
        self.assertEqual((result["missed"], result["impossible"], result["failed"]), (0, 0, 0), text)
        self.assertEqual(sum(j.state["succeeded"] for j in jobs), result["requests"], text)
        # Nobody pays more than list price but for answers that came twice.
        self.assertLessEqual(result["cost"], 1.02 + result["paid_twice"], text)
        self.assertGreaterEqual(result["clairvoyant"], 0.5, text)

    def test_under_busy(self):
        self.keeps_every_deadline("busy")

    def test_under_outage(self):
        self.keeps_every_deadline("outage")

    def test_a_half_done_job_whose_deadline_moves_near(self):
        """A day's job, half of it answered, is wanted in ten minutes: the rest goes live and is on time."""
        (self.dir / "s.toml").write_text('base = "busy"\nmedian = "10m"\nsigma = 1.2\nslow_days = 0\n')
        sim = self.start("sim", "--listen", "127.0.0.1:0", "--speed", SPEED, "--seed", 3, "--scenario", "s.toml", "--json")
        self.addCleanup(sim.wait)
        self.addCleanup(sim.terminate)
        self.addCleanup(sim.stdout.close)
        self.addCleanup(sim.stderr.close)
        origin = json.loads(sim.stdout.readline())["listening"]
        env = {"OPENAI_BASE_URL": origin + "/openai/v1", "OPENAI_API_KEY": "k"}
        models = ("gpt-5.4-mini", "gpt-5.4-nano", "gpt-5.4", "gpt-4.1-mini", "gpt-4.1-nano", "gpt-5-mini")
        self.requests(count=600, change=lambda i, line, text: json.dumps(
            dict(line, body=dict(line["body"], model=models[i % len(models)]))))
        run = self.start("run", "in.jsonl", "--within", "24h", "--speed", SPEED, "-o", "out.jsonl", "--json", env=env)
        job, until = None, time.monotonic() + 60
        while job is None or job["succeeded"] < 300:
            self.assertLess(time.monotonic(), until, job)
            time.sleep(0.1)
            listed = self.twolane("jobs", "--json").json["jobs"]
            job = listed[0] if listed else None
        self.assertLess(job["succeeded"], 600, "no part of it is left: take another seed")
        self.assertEqual(self.twolane("deadline", job["job"], "--within", "10m", env=env).exit, 0)
        out, err = run.communicate(timeout=60)
        answer = json.loads(out)
        self.assertEqual((run.returncode, answer["on_time"], answer["late"]), (0, True, 0), err.decode())
        self.assertGreater(answer["promoted"], 0)
        self.assertLess(answer["deadline"], job["deadline"])

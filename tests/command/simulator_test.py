"""`run` against a separate `twolane sim`, whose clock it follows."""
import json
import random
import select
import signal
import time
import urllib.request

from harness import Command


class SeparateSimulator(Command):
    def simulator(self, *args):
        process = self.start("sim", "--listen", "127.0.0.1:0", "--json", *args)
        self.addCleanup(process.communicate)
        self.addCleanup(process.terminate)
        ready, _, _ = select.select([process.stdout], [], [], 30)
        self.assertTrue(ready, "the simulator said nothing")
        origin = json.loads(process.stdout.readline())["listening"]
        return origin, {"OPENAI_BASE_URL": origin + "/openai/v1", "OPENAI_API_KEY": "any"}

    def get(self, url):
        with urllib.request.urlopen(url, timeout=30) as reply:
            return reply.read()

    def test_a_hostile_one_and_kills(self):
        origin, env = self.simulator("--scenario", "hostile", "--speed", "3000")
        clock = json.loads(self.get(origin + "/clock"))
        self.assertEqual((set(clock) >= {"id", "now", "speed"}, clock["speed"]), (True, 3000))
        count = 600
        path = self.requests(count=count)
        args = ("run", path, "--speed", "3000", "--within", "12h", "-o", "out.jsonl")
        moments = random.Random(7)
        for _ in range(10):
            process = self.start(*args, env=env)
            time.sleep(moments.uniform(0.05, 0.8))
            process.kill()
            process.communicate()
        ended = self.twolane(*args, "--json", env=env, timeout=300)
        self.assertIn(ended.exit, (0, 1, 3), ended.err)
        self.assertEqual(ended.json["open"], 0)
        self.check_every_answer_once(self.dir / "out.jsonl", count)
        charged = [json.loads(line) for line in self.get(origin + "/ledger").decode().splitlines()]
        self.check_books(ended.json, charged)

    def test_ctrl_c_at_sockets_and_on_again(self):
        _, env = self.simulator("--speed", "200")
        args = ("run", self.requests(count=50), "--speed", "200", "--json")
        process = self.start(*args, env=env)
        for _ in range(200):
            time.sleep(0.05)
            jobs = self.twolane("jobs", "--json").json["jobs"]
            if jobs and jobs[0]["succeeded"] > 0:
                break
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=30)
        self.assertEqual((process.returncode, json.loads(out)["exit"]), (130, 130), err)
        listed = self.twolane("jobs").out
        self.assertRegex(listed, r"50 +\w+ \d\d:\d\d, \d+ h \d+ min +open")
        ended = self.twolane(*args, env=env)
        self.assertEqual((ended.exit, ended.json["succeeded"]), (0, 50), ended.err)
        self.assertEqual(ended.json["unconfirmed_usd"], "0.00")

    def test_another_speed_is_refused(self):
        _, env = self.simulator("--speed", "50")
        ended = self.twolane("run", self.requests(), "--speed", "60", "--json", env=env)
        self.assertEqual((ended.exit, ended.json["error"]["code"]), (2, "clock.speed"), ended.err)

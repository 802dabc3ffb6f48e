"""Two keys at one gateway, before a simulator in a process of its own: whoever asks for a hundred is not held up by
whoever asks for twenty thousand, and what there is not enough of is shared by weight."""
import datetime
import json
import time

from serve_batches_test import BatchDoor, openai_lines

QUICK = 'base = "calm"\nmedian = "15m"\nsigma = 0.1\n'
STUCK = 'base = "calm"\nmedian = "20h"\nsigma = 0\n'
QUOTA = 100_000  # prompt tokens in batches at a time: a tenth of the twenty thousand
MANY, FEW = 20_000, 100


def at(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))


class TwoKeys(BatchDoor):
    def places(self, scenario, speed, weights, **limits):
        """A simulator, a gateway before it, and a key for each weight."""
        self.home = self.dir / ("home-%d" % time.monotonic_ns())
        (self.dir / "scenario.toml").write_text(scenario)
        (self.dir / "twolane.toml").write_text("[providers.openai]\n" + "".join("%s = %d\n" % l for l in limits.items()))
        _, simulator = self.listening("sim", "--scenario", self.dir / "scenario.toml", "--speed", speed)
        keys = [self.twolane("keys", "create", "key-%d" % i, "--weight", w, "--json").json["key"] for i, w in enumerate(weights)]
        env = {"OPENAI_BASE_URL": simulator + "/openai/v1", "OPENAI_API_KEY": "k"}
        self.gateway, self.origin = self.listening("serve", "--speed", speed, "--access-log", "off", env=env)
        return [{"authorization": "Bearer " + key} for key in keys]

    def give(self, key, count, **headers):
        reply = self.create(self.upload(openai_lines(count), **key)["id"], **key, **headers)
        self.assertEqual(reply.status, 200, reply.text)
        return reply.json["id"]

    def state(self, key, batch):
        return self.ask("GET", "/twolane/v1/batches/" + batch, **key).json

    def when(self, key, batch, done):
        until = time.monotonic() + 60
        while time.monotonic() < until:
            state = self.state(key, batch)
            if done(state):
                return state
            time.sleep(0.02)
        self.fail("not so within a minute: %s" % json.dumps(state))

    def takes(self, key, batch):
        """Minutes from its acceptance to its end."""
        done = self.when(key, batch, lambda s: s["open"] == 0 and s["finished_at"])
        self.assertEqual(done["succeeded"], FEW, done)
        job = self.ask("GET", "/twolane/v1/jobs/" + done["job"], **key).json
        return (at(done["finished_at"]) - at(job["accepted_at"])).total_seconds() / 60

    def test_a_hundred_beside_twenty_thousand_in_a_small_quota(self):
        _, ben = self.places(QUICK, 900, (1, 1), enqueued_tokens=QUOTA)
        alone = self.takes(ben, self.give(ben, FEW))
        self.gateway.terminate()
        ana, ben = self.places(QUICK, 900, (1, 1), enqueued_tokens=QUOTA)
        many = self.give(ana, MANY)
        batched = self.when(ana, many, lambda s: s["succeeded"] > 0)
        self.assertLess(batched["succeeded"], MANY // 4, "the quota is no bottleneck: the test shows nothing")
        beside = self.takes(ben, self.give(ben, FEW))
        # It waits for the next of four batches that share the quota, and then takes one of its own time.
        self.assertLess(beside, alone + 40, "alone it takes %.0f min" % alone)
        self.assertLess(self.state(ana, many)["succeeded"], MANY * 3 // 4, "it was simply last")

    def test_a_quota_is_shared_by_weight(self):
        light, heavy = keys = self.places(QUICK, 1500, (1, 3), enqueued_tokens=3 * QUOTA)
        batches = [self.give(key, MANY // 2) for key in keys]
        seen = []
        for least in (1500, 5000):
            state = self.when(heavy, batches[1], lambda s: s["succeeded"] >= least)
            seen.append((self.state(light, batches[0])["succeeded"], state["succeeded"]))
        (a, b), (c, d) = seen
        self.assertAlmostEqual((d - b) / (d - b + c - a), 0.75, delta=0.12, msg=seen)

    def test_a_hundred_live_beside_thousands_that_are_late(self):
        ana, ben = self.places(STUCK, 300, (1, 1), live_per_minute=60)
        many = self.give(ana, MANY // 4, twolane_deadline="30m")
        done = self.when(ben, self.give(ben, FEW, twolane_deadline="30m"), lambda s: s["open"] == 0)
        self.assertEqual((done["succeeded"], done["late"], done["miss_foreseen"]), (FEW, 0, False), done)
        self.assertLess(self.state(ana, many)["succeeded"], MANY // 8)
        # More than the live lane can do rides in batches for half of its time; then it is said, well before the deadline.
        self.assertEqual(self.when(ana, many, lambda s: s["miss_foreseen"])["late"], 0)

"""Ten steps by one deadline: each needs the answer of the one before."""
import datetime
import json
import time
import unittest

from harness import Command
from serve_test import CHAT, Serving

STEPS = 10
STUCK = 'stuck = 1.0\n'  # no batch ever ends: every step has to be promoted


def at(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))


class Files(Command):
    """A chain of `twolane run`, as a script has it; time is virtual, so it is the same at every run."""

    def step(self, number, previous, *flags):
        with open(self.dir / ("step%d.jsonl" % number), "w", encoding="utf-8") as file:
            for i in range(3):
                content = "Step %d of ticket %d. So far: %s" % (number, i, previous[i] if previous else "nothing")
                file.write(json.dumps({"custom_id": "t-%05d" % i, "method": "POST", "url": "/v1/chat/completions",
                                       "body": {"model": "gpt-5.4-mini", "max_completion_tokens": 32,
                                                "messages": [{"role": "user", "content": content}]}}) + "\n")
        ended = self.twolane("run", "step%d.jsonl" % number, "--sim=" + self.scenario, "--json", *flags)
        self.assertEqual(ended.exit, 0, ended.err)
        answers = self.lines(self.dir / ("step%d.out.jsonl" % number))
        return ended.json, [a["response"]["body"]["choices"][0]["message"]["content"] for a in answers]

    def chain(self, within, sharing=True):
        """What each step's run said."""
        steps, answers, deadline = [], [], None
        for number in range(STEPS):
            flags = ["--by", deadline] if deadline else ["--within", within]
            if sharing:
                flags += ["--steps-after", STEPS - 1 - number]
            said, answers = self.step(number, answers, *flags)
            deadline = said["deadline"]
            steps.append(said)
        self.assertEqual({said["deadline"] for said in steps}, {deadline})
        return steps

    def test_ten_steps_in_a_lane_that_is_stuck(self):
        (self.dir / "stuck.toml").write_text(STUCK)
        self.scenario = "stuck.toml"
        steps = self.chain("10h")
        for number, said in enumerate(steps):
            begun, ended, deadline = (at(said[name]) for name in ("accepted_at", "finished_at", "deadline"))
            self.assertTrue(said["on_time"], number)
            self.assertLessEqual(ended - begun, (deadline - begun) / (STEPS - number), "step %d took more than its share" % number)
            self.assertEqual(said["promoted"], 3)
        self.assertLessEqual(at(steps[-1]["finished_at"]), at(steps[0]["deadline"]))

    def test_ten_steps_on_a_calm_day_cost_half(self):
        """All but the last, for which nothing waits, go by flex: it costs what batches cost and is quicker."""
        self.scenario = "calm"
        steps = self.chain("10h")
        self.assertTrue(all(said["on_time"] for said in steps))
        lanes = [{name for name, lane in said["lanes"].items() if lane["requests"]} for said in steps]
        self.assertGreaterEqual(sum(not lane & {"standard", "priority"} for lane in lanes), 8, lanes)

    def test_a_step_that_shares_nothing_takes_nearly_all_of_the_time(self):
        (self.dir / "stuck.toml").write_text(STUCK)
        self.scenario = "stuck.toml"
        said, _ = self.step(0, [], "--within", "10h")
        self.assertGreater(at(said["finished_at"]) - at(said["accepted_at"]), datetime.timedelta(hours=9))

    def test_what_is_no_number_of_steps(self):
        self.requests()
        ended = self.twolane("run", "in.jsonl", "--sim", "--steps-after", "1001", "--json")
        self.assertEqual(ended.exit, 2, ended.err)


class Requests(Serving):
    """A program that asks again and again, each time with the last answer in its question."""

    def test_the_first_steps_of_ten_at_a_door(self):
        (self.dir / "stuck.toml").write_text(STUCK)
        speed, whole = 8000, 4 * 3600
        _, self.origin = self.listening("serve", "--sim=stuck.toml", "--speed", speed, "--threads", "1")
        begun, answer, took = time.monotonic(), "nothing", []
        for number in range(3):
            left = max(whole - (time.monotonic() - begun) * speed, 60)
            body = dict(CHAT, messages=[{"role": "user", "content": "Step %d. So far: %s" % (number, answer)}])
            reply = self.ask("POST", "/v1/chat/completions", body, twolane_deadline="%ds" % left,
                             twolane_steps_after=str(STEPS - 1 - number))
            self.assertEqual(reply.status, 200, reply.text)
            answer = reply.json["choices"][0]["message"]["content"]
            took.append((time.monotonic() - begun) * speed)
        self.assertLess(took[0], whole / 2, "it had a tenth of the time; alone it takes nearly all")

    def test_a_header_that_is_no_number_of_steps(self):
        self.serve()
        reply = self.ask("POST", "/v1/chat/completions", CHAT, twolane_deadline="6h", twolane_steps_after="many")
        self.assertEqual(reply.status, 400, reply.text)
        self.assertIn("Twolane-Steps-After", reply.text)


if __name__ == "__main__":
    unittest.main()

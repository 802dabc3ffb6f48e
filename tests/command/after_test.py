"""Requests that come after others of their file: ten steps by six in the morning, judges, mistakes, kills."""
import decimal
import json
import time

from harness import Command
from serve_batches_test import BatchDoor

STEPS = 10


def line(name, content, after=None, **more):
    request = dict({"custom_id": name, "method": "POST", "url": "/v1/chat/completions"},
                   body=dict({"model": "gpt-5.4-mini", "max_completion_tokens": 64,
                              "messages": [{"role": "user", "content": content}]}, **more))
    if after is not None:
        request["after"] = after
    return json.dumps(request) + "\n"


def said_to(prompt):
    """What the simulator says to a prompt of words."""
    return "In short: %s." % " ".join(prompt.split(" ")[:14])


def prompt(step, ticket, before):
    return "Step %d of ticket %d: %s" % (step, ticket, before)


def chains(tickets):
    return "".join(line("s%d-%d" % (step, t), prompt(step, t, "{{answer}}" if step else "a card"),
                        "s%d-%d" % (step - 1, t) if step else None)
                   for step in range(STEPS) for t in range(tickets))


class Chains(Command):
    def file(self, text, name="in.jsonl"):
        (self.dir / name).write_text(text, encoding="utf-8")
        return name

    def answers(self, name="in.out.jsonl"):
        return {l["custom_id"]: l["response"]["body"]["choices"][0]["message"]["content"]
                for l in self.lines(self.dir / name)}

    def check_chained(self, answers, tickets):
        self.assertEqual(len(answers), STEPS * tickets)
        for t in range(tickets):
            before = "a card"
            for step in range(STEPS):
                before = said_to(prompt(step, t, before))
                self.assertEqual(answers["s%d-%d" % (step, t)], before)

    def test_ten_steps_by_six_in_the_morning(self):
        for weather in ("calm", "busy", "outage"):
            with self.subTest(weather):
                name = self.file(chains(20), weather + ".jsonl")
                ended = self.twolane("run", name, "--sim=" + weather, "--within", "10h", "--json")
                self.assertEqual((ended.exit, ended.json["succeeded"]), (0, 200), ended.err)
                self.assertEqual((ended.json["on_time"], ended.json["late"]), (True, 0))
                self.assertEqual((ended.json["open"], ended.json["waiting"]), (0, 0))
                self.check_chained(self.answers(weather + ".out.jsonl"), 20)
                self.assertEqual([l["custom_id"] for l in self.lines(self.dir / (weather + ".out.jsonl"))][:21],
                                 ["s0-%d" % t for t in range(20)] + ["s1-0"])

    def test_a_judge_reads_two_answers(self):
        text = line("a", "say one") + line("b", "say two", model="claude-haiku-4-5") + \
            line("judge", "A {{answer:a}} B {{answer:b}}", ["a", "b"])
        ended = self.twolane("run", self.file(text), "--sim", "--within", "6h", "--json")
        self.assertEqual(ended.exit, 0, ended.err)
        answers = self.answers()
        self.assertEqual(answers["judge"], said_to("A %s B %s" % (answers["a"], answers["b"])))

    def test_anthropic_lines_likewise(self):
        def message(name, content, after=None):
            request = {"custom_id": name, "params": {"model": "claude-haiku-4-5", "max_tokens": 64,
                                                     "messages": [{"role": "user", "content": content}]}}
            return dict(request, after=after) if after else request
        requests = [message("a", "say one"), message("b", "then {{answer}}", "a")]
        (self.dir / "in.json").write_text(json.dumps({"requests": requests}), encoding="utf-8")
        ended = self.twolane("run", "in.json", "--sim", "--json")
        self.assertEqual(ended.exit, 0, ended.err)
        texts = [l["result"]["message"]["content"][0]["text"] for l in self.lines(self.dir / "in.out.jsonl")]
        self.assertEqual(texts, [said_to("say one"), said_to("then " + said_to("say one"))])

    def test_a_failure_ends_what_comes_after_it_and_can_be_retried(self):
        (self.dir / "failing.toml").write_text('base = "calm"\nrequest_error = 0.3\n', encoding="utf-8")
        name = self.file("".join(line("a%d" % i, "ask %d" % i) + line("b%d" % i, "then {{answer}}", "a%d" % i) for i in range(30)))
        ended = self.twolane("run", name, "--sim=failing.toml", "--json")
        self.assertEqual(ended.exit, 1, ended.err)
        states = {l["custom_id"]: l for l in self.lines(self.dir / "in.out.jsonl")}
        lost = [i for i in range(30) if states["a%d" % i]["error"] or states["a%d" % i]["response"]["status_code"] != 200]
        self.assertGreater(len(lost), 0)
        for i in lost:
            self.assertIn("line %d, which it comes after, has failed" % (2 * i + 1), json.dumps(states["b%d" % i]))
        again = self.twolane("retry", ended.json["job"], "--json")
        self.assertIn(again.exit, (0, 1), again.err)
        self.assertGreater(again.json["succeeded"], ended.json["succeeded"])
        self.assertEqual(again.json["open"], 0)

    def test_what_can_never_come_is_refused_with_its_place(self):
        for bad, said in ((line("b", "x", "lost"), "no line has the custom_id lost that this one comes after"),
                          (line("b", "x", "c"), "it comes after c, which is a later line"),
                          (line("b", "x {{answer:c}}", "a"), "is the answer of no request in after")):
            name = self.file(line("a", "x") + bad + line("c", "x"))
            ended = self.twolane("run", name, "--sim", "--json")
            self.assertEqual((ended.exit, ended.json["error"]["code"]), (2, "input.after"), ended.err)
            self.assertIn(said, ended.json["error"]["message"])
            self.assertIn("in.jsonl:2", ended.err)
        name = self.file(line("a", "x") + line("b", "x", "lost") + line("c", "x", "b"))
        aside = self.twolane("run", name, "--sim", "--skip-invalid", "--json")
        self.assertEqual((aside.exit, aside.json["succeeded"], aside.json["failed"]), (1, 1, 2), aside.err)

    def test_kill_9_at_any_moment_loses_and_doubles_nothing(self):
        name = self.file(chains(30))
        for pause in (0.0, 0.05, 0.1, 0.2, 0.4):
            process = self.start("run", name, "--sim", "--speed", "5000", "--within", "10h")
            time.sleep(pause)
            process.kill()
            process.communicate()
        ended = self.twolane("run", name, "--sim", "--json")
        self.assertEqual((ended.exit, ended.json["succeeded"]), (0, 300), ended.err)
        self.check_chained(self.answers(), 30)
        self.check_books(ended.json, self.ledger())

    def test_a_cap_holds_although_bodies_grow(self):
        cap = decimal.Decimal("0.004")
        ended = self.twolane("run", self.file(chains(10)), "--sim", "--max-cost", cap, "--json")
        self.assertEqual((ended.exit, ended.json["error"]["code"]), (4, "money.cap"), ended.err)
        self.assertLessEqual(decimal.Decimal(ended.json["cost_usd"]), cap)
        self.assertGreater(ended.json["waiting"], 0)
        shown = self.twolane("show", ended.json["job"])
        self.assertIn("for answers of others", shown.out)
        more = self.twolane("run", "in.jsonl", "--sim", "--max-cost", "5.00", "--json")
        self.assertEqual((more.exit, more.json["succeeded"]), (0, 100), more.err)

    def test_a_sample_takes_first_steps(self):
        ended = self.twolane("run", self.file(chains(4)), "--sim", "--sample", "3", "--json")
        self.assertEqual(ended.exit, 0, ended.err)
        self.assertGreaterEqual(ended.json["succeeded"], 2)
        self.assertNotIn("waiting:", ended.err)


class Doors(BatchDoor):
    def test_a_batch_whose_lines_come_after_others(self):
        self.serve()
        file = self.upload(line("a", "say one") + line("b", "then {{answer}}", "a"))
        batch = self.create(file["id"])
        self.assertEqual((batch.status, batch.json["status"]), (200, "in_progress"), batch.text)
        ended = self.wait("/v1/batches/" + batch.json["id"], lambda b: b["status"] == "completed")
        self.assertEqual(ended["request_counts"], {"total": 2, "completed": 2, "failed": 0})
        text = self.ask("GET", "/v1/files/" + ended["output_file_id"] + "/content").text
        last = json.loads(text.splitlines()[1])
        self.assertEqual(last["response"]["body"]["choices"][0]["message"]["content"], said_to("then " + said_to("say one")))
        own = self.ask("GET", "/twolane/v1/batches/" + batch.json["id"]).json
        self.assertEqual((own["open"], own["waiting"]), (0, 0))
        bad = self.create(self.upload(line("b", "x", "lost"))["id"]).json
        self.assertEqual((bad["status"], bad["errors"]["data"][0]["line"]), ("failed", 1))


if __name__ == "__main__":
    import unittest
    unittest.main()

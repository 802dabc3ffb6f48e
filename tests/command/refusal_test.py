"""What cannot be run is refused before a cent is spent: exit 2, where, why, and what to do."""
import json

from harness import Command


class Refusals(Command):
    def refused(self, code, *args, line=None, field=None, env=None, nothing_bought=True):
        ended = self.twolane(*args, "--json", env=env)
        self.assertEqual(ended.exit, 2, ended.err)
        answer = ended.json
        self.assertEqual((answer["schema"], answer["ok"], answer["exit"]), (1, False, 2))
        error = answer["error"]
        self.assertEqual(error["code"], code, error)
        for member in ("message", "where", "why", "next", "retryable", "count", "spent_usd"):
            self.assertIn(member, error)
        for member in ("file", "line", "column", "field", "custom_id", "provider"):
            self.assertIn(member, error["where"])
        self.assertEqual(error["spent_usd"], "0.00")
        self.assertTrue(error["message"] and error["why"] and error["next"], error)
        story = ended.err.removeprefix("SIMULATED: no money is spent, time is virtual\n")
        self.assertTrue(story.startswith("error[%s]: " % code), ended.err)
        self.assertNotIn("\x1b", ended.err)
        if nothing_bought:
            self.assertIn("Nothing was bought.", ended.err)
            self.assertFalse((self.home / "sim" / "ledger.jsonl").exists() and
                             (self.home / "sim" / "ledger.jsonl").read_bytes())
        if line is not None:
            self.assertEqual(error["where"]["line"], line, error)
        if field is not None:
            self.assertIn(field, error["where"]["field"], error)
        return error

    def spoiled(self, at, spoil, count=30):
        return self.requests(count=count, change=lambda i, line, text: spoil(line, text) if i == at else text)

    def test_input_files(self):
        def with_body(**more):
            def spoil(line, _):
                line["body"].update(more)
                return json.dumps(line)
            return spoil

        def with_id(line, _):
            line["custom_id"] = "t-00003"
            return json.dumps(line)

        cases = [
            ("input.json", lambda line, text: text.replace('"url"', 'url"'), 21, None),
            ("input.duplicate_id", with_id, None, None),
            ("input.field", with_body(stream=True), 21, "stream"),
            ("input.field", with_body(max_completion_tokens=0), 21, "max_completion_tokens"),
            ("input.model", with_body(model="gpt-0-none"), 21, None),
        ]
        for number, (code, spoil, line, field) in enumerate(cases):
            with self.subTest(code=code, number=number):
                self.refused(code, "run", self.spoiled(20, spoil), "--sim", line=line, field=field)
        self.assertEqual(self.twolane("jobs", "--json").json["jobs"], [])

    def test_anthropic_rules(self):
        def line(**params):
            return json.dumps({"custom_id": "a", "params": dict({
                "model": "claude-haiku-4-5", "max_tokens": 20,
                "messages": [{"role": "user", "content": "hello"}]}, **params)}) + "\n"
        for params, field in (({"speed": "fast"}, "speed"), ({"max_tokens": 0}, "max_tokens"), ({"stream": True}, "stream")):
            with self.subTest(field=field):
                (self.dir / "a.jsonl").write_text(line(**params), encoding="utf-8")
                self.refused("input.field", "run", "a.jsonl", "--sim", line=1, field=field)

    def test_odd_files(self):
        (self.dir / "empty.jsonl").write_bytes(b"")
        self.refused("input.empty", "run", "empty.jsonl", "--sim")
        good = self.requests(count=3).read_bytes()
        (self.dir / "utf8.jsonl").write_bytes(good.replace(b"Sort ticket 1 ", b"Sort \xff\xfe 1 "))
        self.refused("input.utf8", "run", "utf8.jsonl", "--sim", line=2)
        (self.dir / "rows.csv").write_text("id,subject,text\n1,a,b\n", encoding="utf-8")
        error = self.refused("input.column", "run", "rows.csv", "--sim", "--model", "gpt-5.4-mini",
                             "--prompt", "Sort: {txt}")
        self.assertIn("text", " ".join(error["next"]))
        with open(self.dir / "long.jsonl", "wb") as file:
            file.write(good)
            for _ in range(300):
                file.write(b"x" * (1 << 20))
            file.write(b"\n")
        self.refused("input.too_long", "run", "long.jsonl", "--sim", line=4)

    def test_files_that_are_not_there(self):
        self.refused("input.file", "run", "absent.jsonl", "--sim")
        self.refused("config.file", "run", self.requests(), "--sim", "--prompt-file", "absent.txt")

    def test_output_files(self):
        path = self.requests()
        self.refused("usage.output", "run", path, "--sim", "-o", path)
        self.refused("output.file", "run", path, "--sim", "-o", "absent/out.jsonl")
        self.check_every_answer_once(path, 20)  # the requests are as they were

    def test_a_cap_needs_a_price(self):
        path = self.requests(model="openai/acme-7b")
        self.refused("money.unknown_price", "run", path, "--sim", "--max-cost", "5.00")

    def test_the_command_line(self):
        path = self.requests()
        cases = [
            ("usage.flag", ["run", path, "--sim", "--whithin", "6h"]),
            ("usage.command", ["rum", path]),
            ("usage.missing", ["run"]),
            ("usage.value", ["run", path, "--max-cost", "much"]),
            ("usage.conflict", ["run", path, "--sim", "--by", "06:00", "--within", "6h"]),
            ("time.by", ["run", path, "--sim", "--by", "tomorrow"]),
            ("time.past", ["run", path, "--sim", "--by", "2020-01-01T00:00:00Z"]),
            ("sim.scenario", ["run", path, "--sim=nosuch"]),
            ("clock.none", ["run", path, "--speed", "60"]),
            ("usage.job", ["show", "7f3c91"]),
        ]
        self.twolane("run", path, "--sim", "--limit", "1")  # there is a home
        for code, args in cases:
            with self.subTest(code=code):
                self.refused(code, *args, nothing_bought=False)

    def test_configuration_and_keys(self):
        path = self.requests()
        error = self.refused("config.no_key", "run", path, "--model", "openai/gpt-5.4-mini")
        self.assertIn("OPENAI_API_KEY", error["why"])
        (self.dir / "twolane.toml").write_text('[store]\nretenton = "7d"\n', encoding="utf-8")
        error = self.refused("config.key", "run", path, "--sim", line=2)
        self.assertEqual(error["next"], ['did you mean "retention"?'])

    def test_keys_appear_nowhere(self):
        secret = "sk-very-secret-0123456789"
        path = self.requests(count=2)
        env = {"OPENAI_API_KEY": secret, "OPENAI_BASE_URL": "http://127.0.0.1:9"}
        texts = [self.twolane("config", "check", env=env)]
        process = self.start("run", path, env=env)
        try:
            process.communicate(timeout=2)
        except Exception:  # it waits for a server that is not there
            process.terminate()
        out, err = process.communicate(timeout=30)
        self.assertNotIn(secret, (out + err).decode("utf-8"))
        for ended in texts:
            self.assertIn("set by OPENAI_API_KEY", ended.out)
            self.assertNotIn(secret, ended.out + ended.err)
        for file in self.home.rglob("*"):
            if file.is_file():
                self.assertNotIn(secret.encode(), file.read_bytes(), str(file))

"""Progress: a block on a terminal, whole lines elsewhere, escapes everywhere."""
import json
import os
import pty
import re
import select
import stat
import time

from harness import BINARY, Command


class Display(Command):
    def on_terminal(self, *args, env=None, typed=b""):
        pid, terminal = pty.fork()
        if pid == 0:
            os.chdir(self.dir)
            os.execve(BINARY, [BINARY, *map(str, args)], self.environment(**(env or {})))
        seen, end = b"", time.time() + 120
        while time.time() < end:
            ready, _, _ = select.select([terminal], [], [], 1)
            if not ready:
                continue
            try:
                piece = os.read(terminal, 65536)
            except OSError:
                break
            if not piece:
                break
            seen += piece
            if typed and b"[y/N]" in seen:
                os.write(terminal, typed)
                typed = b""
        _, status = os.waitpid(pid, 0)
        os.close(terminal)
        return os.waitstatus_to_exitcode(status), seen.decode("utf-8")

    def test_plain_lines_where_there_is_no_terminal(self):
        ended = self.twolane("run", self.requests(), "--sim", "--within", "6h")
        self.assertEqual((ended.exit, ended.out), (0, ""), ended.err)
        self.assertTrue(ended.err.startswith("SIMULATED: no money is spent, time is virtual\n"), ended.err)
        self.assertNotIn("\x1b", ended.err)
        self.assertRegex(ended.err, r"(?m)^\d{4}-\d\d-\d\d \+00:00 job [0-9a-f]{6} \S*in.jsonl 20 requests, due ")
        self.assertRegex(ended.err, r"(?m)^\d\d:\d\d:\d\d batch 1 sent: openai")
        self.assertRegex(ended.err, r"(?m)^done   20 answered, on time")
        self.assertRegex(ended.err, r"(?m)^  total +20 .* saved \d+\.\d+ \(\d+\.\d %\)$")

    def test_quiet_and_none_say_less(self):
        path = self.requests()
        self.assertEqual(self.twolane("run", path, "--sim", "--quiet").err, "")
        ended = self.twolane("run", path, "--sim", "--again", "--progress", "none")
        self.assertNotRegex(ended.err, r"(?m)^\d\d:\d\d:\d\d ")
        self.assertIn("done   20 answered", ended.err)

    def test_a_block_on_a_terminal_and_no_colour_when_asked(self):
        code, text = self.on_terminal("run", self.requests(), "--sim", "--speed", "5000", "--within", "6h")
        self.assertEqual(code, 0, text)
        self.assertIn("\x1b[12A", text)
        self.assertIn("\x1b[32m", text)
        for row in ("done", "in batches", "waiting", "live", "failed", "money", "finish", "rescue", "next"):
            self.assertRegex(text, r"(?m)^(\x1b\[12A\r)?\s*" + row)
        code, text = self.on_terminal("run", self.requests(), "--sim", "--again", env={"NO_COLOR": "1"})
        self.assertEqual(code, 0, text)
        self.assertNotRegex(text, r"\x1b\[\d+m")
        code, text = self.on_terminal("run", self.requests(), "--sim", "--again", env={"TERM": "dumb"})
        self.assertNotIn("\x1b", text)
        for line in text.replace("\r", "").split("\n"):
            self.assertLessEqual(len(line), 110, line)

    def test_the_sample_asks_and_obeys(self):
        path = self.requests(count=30)
        code, text = self.on_terminal("run", path, "--sim", "--sample", "2", typed=b"n\n")
        self.assertEqual(code, 0, text)
        self.assertIn("Buy the rest? [y/N]", text)
        self.assertFalse((self.dir / "in.out.jsonl").exists())
        code, text = self.on_terminal("run", path, "--sim", "--sample", "2", typed=b"y\n")
        self.assertEqual(code, 0, text)
        self.check_every_answer_once(self.dir / "in.out.jsonl", 30)

    def test_hostile_text_is_escaped(self):
        name = "evil\x1b[2J\u202e.jsonl"
        self.requests(name=name, count=3)
        ended = self.twolane("run", name, "--sim")
        self.assertEqual(ended.exit, 0, ended.err)
        for text in (ended.err, self.twolane("jobs").out):
            self.assertNotIn("\x1b", text)
            self.assertNotIn("\u202e", text)
            self.assertIn("\\x1b[2J", text)

    def test_the_home_is_its_owners_only(self):
        self.twolane("run", self.requests(count=3), "--sim")
        self.assertEqual(stat.S_IMODE(os.stat(self.home).st_mode), 0o700)
        for name in ("twolane.db", "payloads"):  # what lies deeper is behind these
            self.assertEqual(stat.S_IMODE(os.stat(self.home / name).st_mode) & 0o077, 0, name)


class Commands(Command):
    def test_jobs_show_results_forget(self):
        self.assertEqual(self.twolane("jobs").out, "no jobs yet: twolane run INPUT\n")
        job = self.twolane("run", self.requests(), "--sim", "--json").json["job"]
        listed = self.twolane("jobs")
        self.assertRegex(listed.out, r"(?m)^JOB +INPUT +DONE +DUE +STATE +USD$")
        self.assertRegex(listed.out, r"(?m)^%s +\S+ +20/20 +.*done on time" % job[:6])
        shown = self.twolane("show", job[:3])
        self.assertRegex(shown.out, r"(?m)^BATCH +REQUESTS +STATE")
        self.assertEqual(self.twolane("show", job, "--json").json["succeeded"], 20)
        results = self.twolane("results", job)
        self.assertEqual([json.loads(line)["custom_id"] for line in results.out.splitlines()],
                         ["t-%05d" % i for i in range(20)])
        self.assertEqual(self.twolane("results", job, "-o", "r.jsonl").exit, 0)
        self.check_every_answer_once(self.dir / "r.jsonl", 20)
        self.assertEqual(self.twolane("forget", job[:6]).exit, 0)
        self.assertEqual(self.twolane("jobs", "--json").json["jobs"], [])

    def test_a_paused_job_whose_deadline_moves_ends_on_time(self):
        path = self.requests(count=60)
        sample = self.twolane("run", path, "--sim", "--sample", "1", "--json").json
        job = sample["job"]
        self.assertEqual(self.twolane("pause", job).exit, 0)
        moved = self.twolane("deadline", job, "--within", "30m", "--json")
        self.assertEqual(moved.exit, 0, moved.err)
        self.assertTrue(moved.json["kept"])
        ended = self.twolane("resume", job, "--json")
        self.assertEqual(ended.exit, 0, ended.err)
        self.assertTrue(ended.json["on_time"])
        self.assertEqual(ended.json["succeeded"], 60)
        self.check_every_answer_once(self.dir / "in.out.jsonl", 60)

    def test_one_request_is_promoted_by_its_id(self):
        path = self.requests(count=30)
        job = self.twolane("run", path, "--sim", "--within", "6h", "--sample", "1", "--json").json["job"]
        self.assertEqual(self.twolane("promote", job, "no-such").exit, 2)
        ended = self.twolane("promote", job, "t-00007", "--json")  # the sample left the job paused
        self.assertEqual(ended.json["succeeded"], 2, ended.err)
        self.assertEqual(self.twolane("promote", job, "3", "--json").json["succeeded"], 3)
        rest = self.twolane("resume", job, "--json")
        self.assertEqual((rest.exit, rest.json["succeeded"]), (0, 30), rest.err)

    def test_cancel_without_an_owner_ends_the_job(self):
        path = self.requests(count=30)
        job = self.twolane("run", path, "--sim", "--sample", "1", "--json").json["job"]
        ended = self.twolane("cancel", job, "--json")
        self.assertEqual(ended.exit, 1, ended.err)
        self.assertEqual((ended.json["cancelled"], ended.json["open"]), (29, 0))

    def test_version_help_and_config(self):
        self.assertRegex(self.twolane("version").out, r"^twolane \d+\.\d+\.\d+\n$")
        self.assertRegex(self.twolane("--version").out, r"^twolane ")
        self.assertIn("--max-cost", self.twolane("run", "--help").out)
        self.assertIn("run", self.twolane().out)
        check = self.twolane("config", "check")
        self.assertEqual(check.exit, 0, check.err)
        for word in ("openai", "anthropic", "gemini", "/v1/embeddings"):
            self.assertIn(word, check.out)
        for line in check.out.splitlines():
            self.assertTrue(re.fullmatch(r"[ -~]*", line), line)

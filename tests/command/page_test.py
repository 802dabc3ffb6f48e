"""The page at "/": what it may do, and what a browser makes of it where there is one."""
import json
import os
import re
import shutil
import subprocess
import time
import unittest

from serve_batches_test import BatchDoor, openai_lines

BROWSER = shutil.which("chromium") or shutil.which("google-chrome")
STUCK = 'base = "calm"\nmedian = "20h"\nsigma = 0\n'


class Page(BatchDoor):
    def begin(self, speed=60):
        (self.dir / "stuck.toml").write_text(STUCK)
        (self.dir / "twolane.toml").write_text("[providers.openai]\nlive_per_minute = 60\n")
        process, self.origin = self.listening("serve", "--sim=" + str(self.dir / "stuck.toml"), "--speed", speed, "--threads", "1",
                                              "--access-log", "off")
        return process

    def give(self, count, **headers):
        batch = self.create(self.upload(openai_lines(count))["id"], **headers).json["id"]
        return self.ask("GET", "/twolane/v1/batches/" + batch).json["job"]

    def test_it_is_a_page_that_talks_to_nobody_else(self):
        self.begin()
        page = self.ask("GET", "/")
        self.assertEqual((page.status, page.headers["content-type"]), (200, "text/html; charset=utf-8"))
        policy = page.headers["content-security-policy"]
        for rule in ("default-src 'none'", "connect-src 'self'", "frame-ancestors 'none'"):
            self.assertIn(rule, policy)
        self.assertNotIn("http", page.text.split("<body>")[1])
        self.assertNotIn("innerHTML", page.text)
        self.assertEqual(self.ask("POST", "/", b"").status, 404)

    def test_the_list_says_what_the_page_shows(self):
        self.begin()
        kept, cannot = self.give(20, twolane_deadline="10h"), self.give(1500, twolane_deadline="2m")
        jobs = {j["id"]: j for j in self.ask("GET", "/twolane/v1/jobs").json["data"]}
        self.assertEqual(jobs[kept]["promise"]["verdict"], "accepted")
        self.assertGreater(jobs[kept]["takeover_at"], jobs[kept]["now"])
        self.assertIn(jobs[cannot]["promise"]["verdict"], ("at_risk", "cannot"))

    def test_a_foreseen_miss_is_said_at_once(self):
        process = self.begin()
        job = self.give(1500, twolane_deadline="2m")
        self.wait("/twolane/v1/jobs/" + job, lambda j: j["miss_foreseen"])
        metrics = self.ask("GET", "/metrics").text
        for _ in range(40):
            if "twolane_deadline_misses_foreseen 1" in metrics:
                break
            time.sleep(0.05)
            metrics = self.ask("GET", "/metrics").text
        self.assertIn("twolane_deadline_misses_foreseen 1", metrics)
        self.ask("POST", "/twolane/v1/jobs/%s/deadline?by=2040-01-01T00:00:00Z" % job, b"")
        self.wait("/twolane/v1/jobs/" + job, lambda j: not j["miss_foreseen"])
        time.sleep(0.4)  # the gateway looks every quarter of a second
        process.terminate()
        said = process.communicate()[1].decode().splitlines()
        about = [line for line in said if job in line]
        self.assertEqual(len(about), 2, said)
        self.assertRegex(about[0], "the deadline .* will be missed; live, the rest takes until 20")
        self.assertIn("can be kept again", about[1])

    @unittest.skipUnless(BROWSER, "no browser here")
    def test_in_a_browser(self):
        self.begin()
        kept = self.give(20, twolane_deadline="20h")
        paused, cut = self.give(30, twolane_deadline="10h"), self.give(40, twolane_deadline="15h")
        self.give(3000, twolane_deadline="5m")
        self.ask("POST", "/twolane/v1/jobs/%s/pause" % paused, b"")
        self.ask("POST", "/twolane/v1/jobs/%s/cancel" % cut, json.dumps({"rows": "21-40"}))
        flags = ["--headless", "--disable-gpu", "--virtual-time-budget=3000", "--user-data-dir=" + str(self.dir / "browser")]
        if os.getuid() == 0:
            flags.append("--no-sandbox")
        shown = subprocess.run([BROWSER, *flags, "--dump-dom", self.origin + "/"], capture_output=True, text=True, timeout=60).stdout
        rows = {m[1]: re.sub(r"<[^>]*>", " ", m[0]) for m in re.finditer(r"<tr>.*?<code>(\w{6})</code>.*?</tr>", shown.split("<tbody")[1])}
        self.assertIn("on track", rows[kept[:6]])
        self.assertIn("paused", rows[paused[:6]])
        self.assertIn("twolane resume " + paused[:6], rows[paused[:6]])
        self.assertRegex(rows[cut[:6]], "cancelled [12]|not wanted any more")
        needs = shown.split('id="needs"')[1].split("</ul>")[0]
        self.assertRegex(needs, "late|at risk|cannot")
        self.assertIn("paused", needs)
        self.assertNotIn(kept[:6], needs)

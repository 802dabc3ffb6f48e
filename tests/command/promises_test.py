"""What is said of a deadline: when it is given, when a miss is foreseen, and what flags allow."""
import decimal
import re
import time

from serve_batches_test import openai_lines
from serve_test import Serving


class Promises(Serving):
    def run_sim(self, *args, count=100, scenario="calm"):
        self.requests(count=count)
        return self.twolane("run", "in.jsonl", "--sim=" + scenario, "--seed", "3", "--json", *args)

    def test_a_miss_is_foreseen_shown_and_ends_with_3(self):
        ended = self.run_sim("--within", "20s", count=400)
        answer = ended.json
        self.assertEqual((ended.exit, answer["on_time"]), (3, False), ended.err)
        self.assertIn(answer["promise"]["verdict"], ("at_risk", "cannot"))
        self.assertGreater(answer["promise"]["earliest"], answer["deadline"])
        self.assertLess(answer["miss_foreseen"]["at"], answer["deadline"])
        self.assertGreater(answer["miss_foreseen"]["finish"], answer["deadline"])
        self.assertIn("the deadline will be missed", ended.err)
        shown = self.twolane("show", answer["job"], "--json").json
        self.assertEqual((shown["promise"], shown["miss_foreseen"]), (answer["promise"], answer["miss_foreseen"]))
        self.assertIn("the deadline was missed, as was foreseen", self.twolane("show", answer["job"]).out)

    def test_what_is_kept_foresees_nothing(self):
        answer = self.run_sim("--within", "6h", "--on-time", "0.999", count=100).json
        self.assertEqual((answer["promise"]["verdict"], answer["on_time"], answer["miss_foreseen"]), ("accepted", True, None))
        self.assertEqual(self.twolane("run", "in.jsonl", "--sim", "--on-time", "1.5").exit, 2)

    def test_best_effort_is_never_promoted(self):
        ended = self.run_sim("--within", "30m", "--best-effort", "--no-probe", count=200, scenario="outage")
        answer = ended.json
        self.assertEqual((answer["promoted"], answer["kept"]), (0, False))
        self.assertEqual(answer["lanes"].get("standard", {"requests": 0})["requests"], 0)
        self.assertLessEqual(2 * decimal.Decimal(answer["cost_usd"]), decimal.Decimal(answer["list_cost_usd"]))

    def test_a_cap_bounds_promotion_and_says_what_that_risks(self):
        answer = self.run_sim("--within", "2h", "--dry-run", count=300).json
        live, batches = (decimal.Decimal(answer[k]) for k in ("list_bound_usd", "batch_bound_usd"))
        cap = (live + batches) / 2
        ended = self.run_sim("--within", "1m", "--max-cost", str(cap), "--no-probe", count=300, scenario="busy")
        self.assertIn("the cap bounds promotion", ended.err)
        self.assertLessEqual(decimal.Decimal(ended.json["cost_usd"]), cap)
        self.assertNotIn("the cap bounds", self.run_sim("--within", "2h", "--again", "--max-cost", str(live), count=30).err)

    def test_a_miss_by_the_cap_alone_is_foreseen(self):
        (self.dir / "stuck.toml").write_text('stuck = 1.0\nflex_refused = 1.0\n')
        probe = self.run_sim("--within", "2h", "--dry-run", count=300, scenario="stuck.toml").json
        cap = decimal.Decimal(probe["batch_bound_usd"]) / 40  # bounds are some fifty times what answers cost here
        ended = self.run_sim("--within", "2h", "--max-cost", str(cap), "--no-probe", count=300, scenario="stuck.toml")
        answer = ended.json
        self.assertIn(ended.exit, (3, 4), ended.err)
        self.assertIn("does not cover what would have to go live", ended.err)
        self.assertLess(answer["miss_foreseen"]["at"], answer["deadline"])
        self.assertIsNone(answer["miss_foreseen"]["finish"])
        self.assertLessEqual(decimal.Decimal(answer["cost_usd"]), cap)

    def test_a_batch_of_the_gateway_is_promised_something(self):
        key = self.twolane("keys", "create", "ana", "--weight", "3", "--json").json["key"]
        self.assertEqual(self.twolane("keys", "list", "--json").json["keys"][0]["weight"], 3)
        self.assertEqual(self.twolane("keys", "create", "ben", "--weight", "0").exit, 2)
        _, self.origin = self.listening("serve", "--sim=busy", "--speed", "60", "--threads", "1", "--access-log", "off")
        mine = {"authorization": "Bearer " + key}
        form = ("--b\r\nContent-Disposition: form-data; name=\"purpose\"\r\n\r\nbatch\r\n"
                "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"in.jsonl\"\r\n\r\n%s\r\n--b--\r\n")

        def batch(count, deadline, **more):
            file = self.ask("POST", "/v1/files", (form % openai_lines(count)).encode(),
                            content_type="multipart/form-data; boundary=b", **mine).json
            return self.ask("POST", "/v1/batches", {"input_file_id": file["id"], "endpoint": "/v1/chat/completions",
                                                    "completion_window": "24h"}, twolane_deadline=deadline, **mine, **more)

        good, bad = batch(20, "20h"), batch(4000, "2m", twolane_on_time="0.999")
        self.assertTrue(good.headers["twolane-promise"].startswith("accepted; on_time=1"), good.headers)
        self.assertRegex(bad.headers["twolane-promise"], r"^(at_risk|cannot); on_time=0[.0-9]*; earliest=20")
        self.assertEqual(batch(1, "2h", twolane_on_time="2").status, 400)
        own = self.wait_for("/twolane/v1/batches/" + bad.json["id"], lambda b: b["miss_foreseen"], **mine)
        self.assertIn(own["promise"]["verdict"], ("at_risk", "cannot"))
        self.assertGreater(own["miss"]["finish"], own["deadline"])
        self.wait_for("/metrics", lambda text: re.search(r"(?m)^twolane_deadline_misses_foreseen 1$", text) and
                      re.search(r"(?m)^twolane_jobs_open [12]$", text), read=lambda reply: reply.text)

    def wait_for(self, path, done, read=lambda reply: reply.json, **headers):
        for _ in range(200):
            reply = self.ask("GET", path, **headers)
            if done(read(reply)):
                return read(reply)
            time.sleep(0.05)
        self.fail("not so: " + reply.text)

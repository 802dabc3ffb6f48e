"""twolane simulate and twolane lanes: the planner alone, and what it believes."""
import csv
import unittest

from harness import Command


class Simulate(Command):
    def test_policies_side_by_side_on_the_same_days(self):
        ended = self.twolane("simulate", "--scenario", "busy", "--items", "1000", "--deadline", "2h", "--days", "60", "--json")
        self.assertEqual(ended.exit, 0, ended.err)
        cells = {cell["policy"]: cell for cell in ended.json["cells"]}
        self.assertEqual(list(cells), ["all-sync", "batch", "rule-24h", "watchdog", "ladder", "ladder-flex", "ladder-safe", "oracle"])
        self.assertEqual(cells["all-sync"]["cost"], 1)
        self.assertGreater(cells["batch"]["late"], 0.3)
        self.assertLess(cells["ladder"]["late"], 0.01)
        self.assertLess(cells["ladder"]["cost"], cells["watchdog"]["cost"])
        self.assertEqual(cells["oracle"]["regret"], 0)
        self.assertGreater(cells["ladder"]["regret"], 0)
        self.assertEqual(ended.out, self.twolane("simulate", "--scenario", "busy", "--items", "1000", "--deadline", "2h",
                                                 "--days", "60", "--json").out)

    def test_one_policy_is_one_object(self):
        ended = self.twolane("simulate", "--policy", "ladder", "--days", "20", "--seed", "7", "--json")
        for name in ("cost", "cost_se", "late", "late_jobs", "billed_twice", "regret", "batches", "cancels"):
            self.assertIsInstance(ended.json[name], (int, float), name)

    def test_the_grid_as_table_and_csv(self):
        ended = self.twolane("simulate", "--grid", "--days", "4", "--policy", "ladder", "--csv", "grid.csv")
        self.assertEqual(ended.exit, 0, ended.err)
        self.assertRegex(ended.out, r"8[345] of 85")
        with open(self.dir / "grid.csv", newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        self.assertEqual(len(rows), 90)
        self.assertEqual(rows[0]["scen"], "calm")

    def test_every_goal_beside_what_is_seen(self):
        ended = self.twolane("simulate", "--gates", "--days", "3", "--json")
        gates = {gate["gate"]: gate for gate in ended.json["gates"]}
        self.assertEqual(ended.exit, 0 if all(gate["kept"] for gate in gates.values()) else 1)
        for policy in ("ladder", "ladder-safe", "ladder-flex"):
            gate = gates[policy + ": late, worst of 85 cells"]
            self.assertEqual((gate["at_most"], gate["kept"]), (0.01, gate["seen"] <= 0.01))
        self.assertIn("frozen: late, load 0.85, frozen 10 h", gates)
        # The study's figure of one cell, and one that is far from it.
        (self.dir / "study.csv").write_text("scen,N,deadline_min,policy,cost,cost_se,miss\n"
                                            "calm,1,30,all-sync,1.0,0.0,0.0\ncalm,1,120,all-sync,0.5,0.0,0.0\n")
        ended = self.twolane("simulate", "--gates", "--days", "3", "--reference", "study.csv")
        self.assertRegex(ended.out, r"three standard errors, of 2 +0 +1   MISSED  all-sync calm 1 in 2 h")
        self.assertEqual(ended.exit, 1)

    def test_a_trial_and_a_trace(self):
        trial = self.twolane("simulate", "--trial", "windows", "--days", "10")
        self.assertEqual(trial.exit, 0, trial.err)
        self.assertIn("deadline 4 h", trial.out)
        trace = self.twolane("simulate", "--trace", "2", "--scenario", "busy", "--items", "1000", "--deadline", "2h", "--json")
        moments = trace.json["moments"]
        self.assertEqual((moments[0]["minute"], moments[0]["in_batches"]), (0, 1000))
        self.assertTrue(all(moment["done_live"] <= moment["done"] and moment["cancelling"] <= moment["in_batches"] for moment in moments))
        self.assertEqual(moments[-1]["done"], 1000)
        for moment in moments:
            self.assertEqual(moment["done"] + moment["open"] + moment["in_batches"] + moment["live"], 1000)

    def test_what_it_does_not_know(self):
        for flags in (["--scenario", "calmer"], ["--policy", "lader"], ["--deadline", "soon"], ["--trial", "x"], ["--items", "0"],
                      ["--trace", "1", "--policy", "oracle"]):
            ended = self.twolane("simulate", *flags, "--json")
            self.assertEqual(ended.exit, 2, flags)
            self.assertEqual(ended.json["error"]["code"], "usage.value", flags)


class Lanes(Command):
    def test_beliefs_come_from_the_home(self):
        self.assertIn("no batch has ended yet", self.twolane("lanes").out)
        self.requests(count=40)
        self.assertEqual(self.twolane("run", "in.jsonl", "--sim", "--within", "24h", "--quiet").exit, 0)
        lanes = self.twolane("lanes", "--json").json["lanes"]
        self.assertEqual([(lane["provider"], lane["model"], lane["batches"]) for lane in lanes], [("openai", "gpt-5.4-mini", 1)])
        self.assertGreater(lanes[0]["days"], 0.9)
        self.assertGreater(lanes[0]["p95_bound_s"], lanes[0]["median_s"])
        self.assertIn("openai/gpt-5.4-mini", self.twolane("lanes").out)


class Promise(Command):
    def test_what_can_be_kept_is_said_beforehand(self):
        self.requests(count=400)
        ended = self.twolane("run", "in.jsonl", "--sim", "--within", "20s", "--json")
        self.assertEqual(ended.json["promise"]["verdict"], "cannot")
        self.assertIn("cannot be done in time", ended.err)
        self.assertEqual(ended.exit, 3)
        easy = self.twolane("run", "in.jsonl", "--sim", "--within", "24h", "--json", "--again")
        self.assertEqual(easy.json["promise"]["verdict"], "accepted")
        self.assertEqual(easy.exit, 0)


if __name__ == "__main__":
    unittest.main()

"""Jobs with deadlines through serve and a simulator of their own; `make bench` runs the long form."""
import importlib.util

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

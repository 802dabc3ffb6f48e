"""Every example runs as it stands in examples/, and leaves what it promises."""
import csv
import json
import os
import shutil
import subprocess

from harness import BINARY, Command, ROOT


class Examples(Command):
    def example(self, name):
        out = self.dir / "out"
        out.mkdir()
        ended = subprocess.run([str(ROOT / "examples" / name / "run.sh")], cwd=self.dir, capture_output=True,
                               timeout=300, env=self.environment(TWOLANE=BINARY, OUT=out))
        self.assertEqual(ended.returncode, 0, ended.stderr.decode())
        return out, ended.stdout.decode()

    def rows(self, path):
        with open(path, newline="", encoding="utf-8") as file:
            return list(csv.DictReader(file))

    def test_all_are_tested(self):
        found = {p.parent.name for p in (ROOT / "examples").glob("*/run.sh")}
        tested = {name[len("test_"):] for name in dir(self) if name.startswith("test_")} - {"all_are_tested"}
        self.assertEqual(found, tested)

    def test_classification(self):
        out, _ = self.example("classification")
        rows = self.rows(out / "labelled.csv")
        self.assertEqual(len(rows), 300)
        with open(ROOT / "examples/classification/system.txt", encoding="utf-8") as file:
            known = {line[2:].split(":")[0] for line in file if line.startswith("- ")}
        self.assertEqual(len(known), 12)
        self.assertLessEqual({row["answer"] for row in rows}, known)
        self.assertGreater(len({row["answer"] for row in rows}), 6)
        original = self.rows(ROOT / "examples/tickets.csv")
        self.assertEqual([r["text"] for r in rows], [r["text"] for r in original])

    def test_extraction(self):
        out, _ = self.example("extraction")
        rows = self.rows(out / "facts.csv")
        self.assertEqual(len(rows), 300)
        for row in rows:
            facts = json.loads(row["answer"])
            self.assertEqual(set(facts), {"order_number", "product", "amount_eur", "urgency", "wants_answer"})
            self.assertIn(facts["urgency"], ("low", "normal", "high"))
            self.assertEqual(row["urgency"], facts["urgency"])

    def test_summaries(self):
        out, _ = self.example("summaries")
        rows = self.rows(out / "summaries.csv")
        self.assertEqual(len([row for row in rows if row["answer"]]), 300)

    def test_embeddings(self):
        out, _ = self.example("embeddings")
        rows = self.rows(out / "vectors.csv")
        self.assertEqual(len(rows), 300)
        vector = json.loads(rows[0]["answer"])
        self.assertGreater(len(vector), 1)
        self.assertIsInstance(vector[0], float)

    def test_eval(self):
        out, said = self.example("eval")
        self.assertRegex(said, r"agreement \d+ of 300 \(")
        self.assertEqual(len(self.rows(out / "eval-gpt-5.4-mini.csv")), 300)

    def test_judge(self):
        out, _ = self.example("judge")
        rows = self.rows(out / "verdicts.csv")
        self.assertEqual(len(rows), 100)
        for row in rows:
            self.assertIn(int(row["score"]), range(1, 6))

    def test_pairs(self):
        out, _ = self.example("pairs")
        lines = self.lines(out / "pairs.out.jsonl")
        self.assertEqual([l["custom_id"] for l in lines], ["q%d-%s" % (q, who) for q in (1, 2, 3) for who in ("a", "b", "judge")])
        for line in lines[2::3]:
            self.assertRegex(line["response"]["body"]["choices"][0]["message"]["content"], r"\[\[\w+\]\]")

    def test_synthetic(self):
        out, _ = self.example("synthetic")
        rows = self.rows(out / "messages.csv")
        self.assertEqual(len({row["answer"] for row in rows}), 20)

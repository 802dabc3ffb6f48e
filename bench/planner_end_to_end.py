#!/usr/bin/env python3
"""Jobs with deadlines through a real gateway, against simulated providers in a process of their own.

    planner_end_to_end.py TWOLANE [--jobs 20] [--speed 240] [--seed 1] [--scenario busy --scenario outage]

Each job is a file and a batch at the OpenAI door, with its deadline in the header Twolane-Deadline: 30 minutes
to 2 days, begun within two hours, on three providers. Printed are the deadlines kept and what it cost beside

  all-sync      every request at list price
  all-batch     every request at half of it, whenever that would have come
  clairvoyant   who knows when each batch will end: half price for the share of a job whose first batches end by
                the deadline if nobody cancels them, list price for the rest

None of that is taken from Twolane's books: charges are the simulator's ledger, and the ends of batches are what the
simulator tells at /batches. The clairvoyant keeps a deadline that the live lane alone can keep, over all jobs
together; the script says so where one cannot be kept at all. Exit 1 if a deadline was missed that can be.

At speed 240 a second of a busy machine is four minutes of the jobs' time, and the planner's margin is two to five.
"""
import argparse
import collections
import datetime
import decimal
import json
import os
import pathlib
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request

MODELS = ("gpt-5.4-mini", "claude-haiku-4-5", "gemini-2.5-flash", "gpt-4.1-nano", "gpt-5.4-nano")
# Deadlines in minutes, and how many requests such a job has.
SHAPES = [(30, 20), (45, 30), (60, 40), (60, 60), (90, 60), (120, 80), (120, 120), (180, 150), (240, 150), (240, 200),
          (360, 250), (360, 300), (480, 300), (480, 400), (720, 400), (720, 500), (1080, 500), (1440, 600),
          (2160, 700), (2880, 800)]
LIVE_PER_MINUTE = 100  # the pace that is counted on for what can be kept at all; the lane allows several times as much
BEGUN_WITHIN = 120     # minutes


def minutes(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp() / 60


class Job:
    def __init__(self, number, within, requests, begin, model):
        self.number, self.within, self.requests, self.begin, self.model = number, within, requests, begin, model
        self.id = self.accepted = self.promise = self.state = self.batches = None

    @property
    def deadline(self):
        return minutes(self.state["deadline"])

    def lines(self):
        text = "Sort ticket %d of job %d into one of: card, cash, transfer."
        return "".join(json.dumps({"custom_id": "r%d" % i, "method": "POST", "url": "/v1/chat/completions", "body": {
            "model": self.model, "max_completion_tokens": 40,
            "messages": [{"role": "user", "content": text % (i, self.number)}]}}) + "\n" for i in range(self.requests))


class Place:
    """A simulator and a gateway before it, in a directory that goes away."""

    def __init__(self, binary, scenario, speed, seed):
        self.binary = binary
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="twolane-planner-"))
        kept = {k: v for k, v in os.environ.items() if not re.search(r"_API_KEY$|_BASE_URL$|^TWOLANE_|_PROXY$|_proxy$", k)}
        self.environment = dict(kept, TWOLANE_HOME=str(self.directory / "home"), TZ="UTC")
        self.processes = []
        self.simulator = self.start("sim", "--listen", "127.0.0.1:0", "--speed", speed, "--seed", seed,
                                    "--scenario", scenario)
        for name, path in (("OPENAI", "/openai/v1"), ("ANTHROPIC", "/anthropic"), ("GOOGLE_GEMINI", "/gemini")):
            self.environment[name + "_BASE_URL"] = self.simulator + path
        for name in ("OPENAI", "ANTHROPIC", "GEMINI"):
            self.environment[name + "_API_KEY"] = "k"
        self.gateway = self.start("serve", "--listen", "127.0.0.1:0", "--speed", speed, "--access-log", "off")

    def start(self, *arguments):
        process = subprocess.Popen([self.binary, *map(str, arguments), "--json"], env=self.environment,
                                   cwd=self.directory, stdout=subprocess.PIPE, text=True)
        self.processes.append(process)
        listening = json.loads(process.stdout.readline())["listening"]
        return listening if listening.startswith("http") else "http://" + listening

    def ask(self, origin, path, body=None, **headers):
        request = urllib.request.Request(origin + path, data=body, headers={k.replace("_", "-"): v for k, v in headers.items()})
        with urllib.request.urlopen(request, timeout=30) as reply:
            return reply.headers, reply.read().decode()

    def now(self):
        return minutes(json.loads(self.ask(self.simulator, "/clock")[1])["now"])

    def submit(self, job):
        form = ("--b\r\nContent-Disposition: form-data; name=\"purpose\"\r\n\r\nbatch\r\n"
                "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"in.jsonl\"\r\n\r\n%s\r\n--b--\r\n" % job.lines())
        file = json.loads(self.ask(self.gateway, "/v1/files", form.encode(), content_type="multipart/form-data; boundary=b")[1])
        headers, text = self.ask(self.gateway, "/v1/batches", json.dumps({
            "input_file_id": file["id"], "endpoint": "/v1/chat/completions", "completion_window": "24h"}).encode(),
            content_type="application/json", twolane_deadline="%dm" % job.within)
        job.id, job.promise = json.loads(text)["id"], headers["twolane-promise"]

    def look(self, job):
        job.state = json.loads(self.ask(self.gateway, "/twolane/v1/batches/" + job.id)[1])
        return job.state["open"] == 0 and job.state["finished_at"] is not None

    def batches_of(self, job):
        shown = subprocess.run([self.binary, "show", job.state["job"], "--json"], env=self.environment,
                               capture_output=True, text=True, check=True)
        answer = json.loads(shown.stdout)
        job.accepted = minutes(answer["accepted_at"])
        return [dict(b, id=b["id"].split("/")[-1]) for b in answer["batches"] if b["tier"] == "batch" and b["id"]]

    def close(self):
        for process in reversed(self.processes):
            process.terminate()
            process.wait()
            process.stdout.close()
        shutil.rmtree(self.directory, True)


def jobs_of(count, seed, longest=2880, begun_within=BEGUN_WITHIN):
    draw = random.Random(seed)
    known = [s for s in SHAPES if s[0] <= longest]
    shapes = [known[i * len(known) // count] for i in range(count)]
    return [Job(i, within, requests, draw.uniform(0, begun_within), MODELS[i % len(MODELS)])
            for i, (within, requests) in enumerate(shapes)]


def possible(job, jobs):
    """The live lane of its provider can answer everything that is due by then, whatever the batches do."""
    provider = job.model.split("-")[0]
    due = [j for j in jobs if j.model.split("-")[0] == provider and j.deadline <= job.deadline]
    begin = min(j.accepted for j in due)
    return sum(j.requests for j in due) / LIVE_PER_MINUTE <= job.deadline - begin and \
        job.requests / LIVE_PER_MINUTE <= job.deadline - job.accepted


def costs(jobs, charges, ends):
    """(paid, all-sync, clairvoyant) from the simulator's ledger and its ends of batches."""
    paid, list_price, count = decimal.Decimal(0), collections.Counter(), collections.Counter()
    for line in charges:
        usd = decimal.Decimal(line["usd"])
        paid += usd
        list_price[line["model"]] += usd * 2 if line["tier"] in ("batch", "flex") else usd
        count[line["model"]] += 1
    sync = clairvoyant = decimal.Decimal(0)
    for job in jobs:
        # The mean over all charges of the model: answers differ in length.
        model = next((m for m in count if m.startswith(job.model) or job.model.startswith(m)), None)
        whole = list_price[model] / count[model] * job.requests if model else decimal.Decimal(0)
        first = [b for b in job.batches if minutes(b["sent_at"]) <= job.accepted + max(20, job.within / 10)]
        sent = sum(b["requests"] for b in first)
        good = sum(b["requests"] for b in first if ends[b["id"]]["would_complete"] and
                   minutes(ends[b["id"]]["would_end"]) <= job.deadline)
        share = decimal.Decimal(good) / sent if sent else decimal.Decimal(0)
        sync += whole
        clairvoyant += whole * (1 - share / 2)
    return paid, sync, clairvoyant


def run(binary, scenario, jobs, speed, seed, patience, say):
    place = Place(binary, scenario, speed, seed)
    try:
        begin, until = place.now(), time.monotonic() + patience
        waiting, open_jobs = sorted(jobs, key=lambda j: j.begin), []
        while waiting or open_jobs:
            while waiting and place.now() >= begin + waiting[0].begin:
                place.submit(waiting[0])
                open_jobs.append(waiting.pop(0))
            open_jobs = [j for j in open_jobs if not place.look(j)]
            if time.monotonic() > until:
                raise SystemExit("%s: not done in %d s: %s" % (scenario, patience, [j.state for j in open_jobs]))
            time.sleep(0.1)
        for job in jobs:
            job.batches = place.batches_of(job)
        charges = [json.loads(l) for l in place.ask(place.simulator, "/ledger")[1].splitlines()]
        ends = {b["id"].split("/")[-1]: b for b in map(json.loads, place.ask(place.simulator, "/batches")[1].splitlines())}
    finally:
        place.close()
    return judge(scenario, jobs, charges, ends, say)


def judge(scenario, jobs, charges, ends, say):
    missed = impossible = failed = promoted = 0
    say("%-8s %8s %9s %9s %9s %6s %9s  %s\n" % ("job", "within", "requests", "batches", "promoted", "late", "spare", "promised"))
    for job in sorted(jobs, key=lambda j: j.begin):
        late = job.state["late"] + job.state["expired"]
        failed += job.state["failed"]
        promoted += job.state["promoted"]
        if not possible(job, jobs):
            impossible += 1
        elif late > 0:
            missed += 1
        spare = job.deadline - minutes(job.state["finished_at"])
        say("%-8d %7dm %9d %9d %9d %6d %8.1fm  %s%s%s\n" % (
            job.number, job.within, job.requests, len(job.batches), job.state["promoted"], late, spare,
            job.promise.split(";")[0], ", %d FAILED" % job.state["failed"] if job.state["failed"] else "",
            "" if possible(job, jobs) else ", cannot be kept"))
    paid, sync, clairvoyant = costs(jobs, charges, ends)
    out = {"scenario": scenario, "jobs": len(jobs), "requests": sum(j.requests for j in jobs), "missed": missed,
           "impossible": impossible, "failed": failed, "promoted": promoted, "cost_usd": str(paid),
           "cost": round(float(paid / sync), 4), "all_sync": 1.0, "all_batch": 0.5,
           "clairvoyant": round(float(clairvoyant / sync), 4),
           "paid_twice": round(float(sum(decimal.Decimal(j.state["paid_twice_usd"]) for j in jobs) / sync), 4)}
    say("%s: %d jobs, %d requests: %d missed that can be kept; cost %.3f of all-sync (all-batch 0.500, clairvoyant %.3f, "
        "paid twice %.3f)\n" % (scenario, out["jobs"], out["requests"], missed, out["cost"], out["clairvoyant"], out["paid_twice"]))
    return out


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("twolane", help="the binary")
    options.add_argument("--jobs", type=int, default=20)
    options.add_argument("--speed", type=int, default=240)
    options.add_argument("--longest", type=int, default=2880, help="deadline in minutes")
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--scenario", action="append", help="busy and outage, when none is named")
    options.add_argument("--patience", type=int, default=900, help="real seconds for each scenario")
    chosen = options.parse_args()
    binary = os.path.abspath(chosen.twolane)
    results = [run(binary, scenario, jobs_of(chosen.jobs, chosen.seed, chosen.longest), chosen.speed, chosen.seed, chosen.patience,
                   sys.stderr.write) for scenario in chosen.scenario or ["busy", "outage"]]
    print(json.dumps({"end_to_end": results}))
    return 1 if any(r["missed"] or r["failed"] for r in results) else 0


if __name__ == "__main__":
    sys.exit(main())

"""kill -9 in the middle of everything: streams, open patient calls, batches. Every charge of the provider is found again."""
import collections
import decimal
import json
import select
import socket
import threading
import time
import urllib.parse

from harness import TOKENS
from serve_batches_test import BatchDoor, openai_lines
from serve_test import CHAT

# Events come slowly, batches take hours: at this speed a stream lasts seconds, and so does a batch.
SCENARIO = 'base = "calm"\nmedian = "6h"\nsigma = 0.1\nchunk_pause = "20m"\nlive_latency = "1m"\nlive_per_minute = 0\n'
SPEED = "3000"
STREAMS, CALLS, LINES = 100, 12, 40
STREAM = {"model": "gpt-5.4-nano", "stream": True, "stream_options": {"include_usage": True}, "max_completion_tokens": 200,
          "messages": [{"role": "user", "content": "Say a good deal about a lost card, and about the one that was found."}]}


def usd(text):
    return decimal.Decimal(text or 0)


class Stream:
    """One call on a socket of its own, of which as much is read as one likes."""

    def __init__(self, origin, body):
        url = urllib.parse.urlsplit(origin)
        self.socket = socket.create_connection((url.hostname, url.port), timeout=30)
        text = json.dumps(body)
        self.socket.sendall(("POST /v1/chat/completions HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer k\r\n"
                             "Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (len(text), text)).encode())
        self.heard = b""

    def read(self, until):
        """Reads until `until` was heard, or the end. Whether it was heard."""
        while until not in self.heard:
            try:
                piece = self.socket.recv(65536)
            except ConnectionError:
                piece = b""
            if not piece:
                return False
            self.heard += piece
        return True


class Kill(BatchDoor):
    def start_gateway(self):
        process, self.origin = self.listening("serve", "--speed", SPEED, "--threads", "2", "--access-log",
                                              str(self.dir / "access.jsonl"), env=self.env)
        return process

    def start_again(self):
        """... and what it says of the calls that were cut off."""
        process = self.start("serve", "--speed", SPEED, "--threads", "1", "--access-log", str(self.dir / "access.jsonl"),
                             "--listen", "127.0.0.1:0", "--json", env=self.env)
        self.addCleanup(process.communicate)
        self.addCleanup(process.terminate)
        self.assertTrue(select.select([process.stdout], [], [], 30)[0], "it said nothing")
        said = json.loads(process.stdout.readline())
        self.origin = said["listening"]
        return said

    def patient(self, i, replies=None):
        reply = self.ask("POST", "/v1/chat/completions", dict(CHAT, seed=i), twolane_deadline="20h", idempotency_key="call-%d" % i)
        if replies is not None:
            replies[i] = reply
        return reply

    def open_patient(self, i):
        connection = self.connect()
        connection.request("POST", "/v1/chat/completions", json.dumps(dict(CHAT, seed=i)),
                           {"Twolane-Deadline": "20h", "Idempotency-Key": "call-%d" % i})
        return connection

    def answer_of(self, connection):
        """The id of its answer; nothing where the connection broke before there was one."""
        try:
            return json.loads(connection.getresponse().read())["id"]
        except OSError:
            return None

    def stream(self, body):
        stream = Stream(self.origin, body)
        self.addCleanup(stream.socket.close)
        return stream

    def charged(self):
        rows = self.ask("GET", "/ledger", connection=self.connect_to(self.sim)).text
        return [json.loads(line) for line in rows.splitlines()]

    def connect_to(self, origin):
        mine, self.origin = self.origin, origin
        connection = self.connect()
        self.origin = mine
        return connection

    def test_streams_patient_calls_and_batches(self):
        (self.dir / "slow.toml").write_text(SCENARIO)
        _, self.sim = self.listening("sim", "--speed", SPEED, "--scenario", "slow.toml", "--home", str(self.dir / "other"))
        self.env = {"OPENAI_BASE_URL": self.sim + "/openai/v1", "OPENAI_API_KEY": "k",
                    "ANTHROPIC_BASE_URL": self.sim + "/anthropic", "ANTHROPIC_API_KEY": "k"}
        process = self.start_gateway()
        whole = [self.stream(dict(STREAM, max_completion_tokens=2, seed=i)) for i in range(5)]
        self.assertTrue(all(s.read(b"data: [DONE]") for s in whole))  # these end in time
        batches = [self.create(self.upload(openai_lines(LINES, model))["id"]).json["id"]
                   for model in ("gpt-5.4-mini", "claude-haiku-4-5", "gpt-4.1-mini")]
        calls = [self.open_patient(i) for i in range(CALLS)]
        for id in batches:  # they are at the providers
            self.wait("/twolane/v1/batches/" + id, lambda b: b["reserved_usd"] != "0.00")
        streams = [self.stream(dict(STREAM, seed=100 + i)) for i in range(STREAMS)]
        self.assertTrue(all(s.read(b"data: ") for s in streams), "a stream did not begin")
        for id in batches:
            self.assertGreater(self.ask("GET", "/twolane/v1/batches/" + id).json["open"], 0, "a batch ended before the kill")
        process.kill()
        process.wait()

        for s in streams:
            self.assertFalse(s.read(b"data: [DONE]"), "a stream ended before the kill: nothing was tested")
        answered = [id for id in map(self.answer_of, calls) if id]  # the engine tries one of a kind live
        self.assertGreaterEqual(CALLS - len(answered), 10)
        said = self.start_again()
        self.assertEqual(said["unconfirmed"]["calls"], STREAMS)
        self.assertEqual(said["unconfirmed"]["unpriced"], 0)

        # The same clients with the same keys: each has its answer, all other work goes on by itself.
        replies = {}
        threads = [threading.Thread(target=self.patient, args=(i, replies)) for i in range(CALLS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual([replies[i].status for i in range(CALLS)], [200] * CALLS, [r.text for r in replies.values()])
        for id in batches:
            counts = self.wait("/v1/batches/" + id, lambda b: b["status"] == "completed")["request_counts"]
            self.assertEqual(counts, {"total": LINES, "completed": LINES, "failed": 0})
        self.assertLessEqual(set(answered), {r.json["id"] for r in replies.values()})
        again = {i: self.patient(i) for i in range(CALLS)}  # and once more: the same answers
        self.assertEqual([again[i].json["id"] for i in range(CALLS)], [replies[i].json["id"] for i in range(CALLS)])
        self.check_every_charge(said["unconfirmed"], replies)

    def check_every_charge(self, unconfirmed, replies):
        rows = collections.defaultdict(list)
        for row in self.charged():
            rows[row["response_id"]].append(row)

        # The patient plane: each booked entry is one charge, with the same tokens and amount, and each was bought once.
        entries = self.ledger_entries()
        booked = [e for e in entries if e["booking"] in ("kept", "paid_twice")]
        for entry in booked:
            self.assertTrue(rows[entry["response_id"]], "booked and never charged: %s" % entry)
            row = rows[entry["response_id"]].pop()
            self.assertEqual({k: int(entry[k]) for k in TOKENS}, {k: row["usage"][k] for k in TOKENS})
            self.assertEqual((usd(entry["cost_usd"]), entry["tier"]), (usd(row["usd"]), row["tier"]), entry)
        kept = [e for e in booked if e["booking"] == "kept"]
        self.assertEqual(len(kept), CALLS + 3 * LINES)
        self.assertEqual(len({(e["job"], e["request"]) for e in kept}), len(kept))
        self.assertEqual({r.json["id"] for r in replies.values()} - {e["response_id"] for e in kept}, set())
        open_to = sum(usd(e["up_to_usd"]) for e in entries if e["booking"] == "unconfirmed")

        # The interactive plane: every call has one line, with what it cost or with its upper bound.
        lines = [l for l in map(json.loads, (self.dir / "access.jsonl").read_text().splitlines())
                 if l["lane"] == "interactive" and "model" in l]
        self.assertEqual(len(lines), len({l["id"] for l in lines}))
        ended = [l for l in lines if l["status"] != 0]
        self.assertEqual([l["status"] for l in ended], [200] * 5)
        for line in ended:
            row = rows[line["response_id"]].pop()
            self.assertEqual((usd(line["cost_usd"]), line["output_tokens"]), (usd(row["usd"]), row["usage"]["output"]))
        cut = [l for l in lines if l["status"] == 0]
        self.assertEqual({l["error"] for l in cut}, {"gateway.killed"})
        self.assertEqual(len(cut), STREAMS)
        self.assertEqual(sum(usd(l["up_to_usd"]) for l in cut), usd(unconfirmed["up_to_usd"]))

        # What is left was charged and heard by nobody: no more of it than was said, for each plane.
        left = [row for several in rows.values() for row in several]
        streamed = [row for row in left if row["model"].startswith("gpt-5.4-nano")]
        self.assertEqual(len(streamed), STREAMS)
        self.assertLessEqual(max(usd(row["usd"]) for row in streamed), min(usd(l["up_to_usd"]) for l in cut))
        self.assertLessEqual(sum(usd(row["usd"]) for row in left) - sum(usd(row["usd"]) for row in streamed), open_to)
        shown = self.twolane("ledger", "--json")
        self.assertEqual(shown.json["interactive_unconfirmed"], unconfirmed)

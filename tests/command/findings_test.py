"""What serve finds about its own traffic, beside what an audit of its access log finds."""
import http.client
import json
import time
import unittest

from serve_test import CHAT, MESSAGE, Serving


class Findings(Serving):
    def get(self, origin, path, key=None):
        connection = http.client.HTTPConnection(origin.split("//")[1], timeout=30)
        connection.request("GET", path, headers={"authorization": "Bearer " + key} if key else {})
        response = connection.getresponse()
        body = json.loads(response.read())
        connection.close()
        return response.status, body

    def calls(self, origin, path, body, n, key=None, **headers):
        connection = http.client.HTTPConnection(origin.split("//")[1], timeout=60)
        for _ in range(n):
            connection.request("POST", path, json.dumps(body), {"content-type": "application/json", **headers,
                                                                **({"authorization": "Bearer " + key} if key else {})})
            answer = connection.getresponse()
            self.assertEqual(answer.status, 200, answer.read())
            answer.read()
        connection.close()

    def findings_of(self, origin, calls, key=None):
        """The findings, once every call is in them."""
        until = time.monotonic() + 20
        while True:
            status, told = self.get(origin, "/twolane/v1/findings?whole=1", key)
            self.assertEqual(status, 200, told)
            if told["calls"] >= calls or time.monotonic() > until:
                return told

    def test_findings_are_the_audit_of_the_access_log(self):
        keys = {name: self.twolane("keys", "create", name, "--json").json["key"] for name in ("ci", "chat")}
        # One thread: lines of several are written in blocks, a second apart.
        process, origin = self.listening("serve", "--sim", "--speed", "1000", "--threads", "1",
                                         "--access-log", str(self.dir / "access.jsonl"))
        self.calls(origin, "/v1/chat/completions", CHAT, 30, keys["ci"], **{"user-agent": "nightly/1.0"})
        self.calls(origin, "/v1/chat/completions", {**CHAT, "stream": True, "stream_options": {"include_usage": True}}, 20,
                   keys["chat"], **{"user-agent": "Mozilla/5.0"})
        marked = [{"type": "text", "text": "Be brief. " * 2000, "cache_control": {"type": "ephemeral"}}]
        self.calls(origin, "/v1/messages", {**MESSAGE, "system": marked}, 3, keys["ci"],
                   **{"user-agent": "nightly/1.0", "anthropic-version": "2023-06-01"})
        told = self.findings_of(origin, 33, keys["ci"])
        self.assertEqual(told["calls"], 33)
        self.assertNotIn("chat", {c["who"]["key"] for c in told["report"]["callers"]}, "a key sees its own")
        chat = self.findings_of(origin, 20, keys["chat"])
        self.assertEqual([c["who"]["key"] for c in chat["report"]["callers"]], ["chat"])
        self.assertTrue(chat["report"]["callers"][0]["who"]["streaming"])
        self.assertEqual(self.get(origin, "/twolane/v1/findings")[0], 401)
        process.terminate()
        process.wait(30)

        lines = [json.loads(line) for line in (self.dir / "access.jsonl").read_text().splitlines()]
        calls = [line for line in lines if line["path"] != "/twolane/v1/findings"]
        self.assertEqual([line["stream"] for line in calls], [False] * 30 + [True] * 20 + [False] * 3)
        self.assertTrue(all(0 < line["first_token_us"] <= line["total_us"] for line in calls))
        self.assertGreater(calls[50]["cache_write_5m_tokens"], 1000)
        audited = self.twolane("audit", self.dir / "access.jsonl", "--json").json
        self.assertEqual(audited["calls"], 53)
        self.assertEqual(sum(f["bad"] for f in audited["files"]), 0)
        ci = [c for c in audited["callers"] if c["who"]["key"] == "ci"]
        live = told["report"]["callers"]
        for field in ("name", "calls", "spend_usd", "tokens", "verdict", "decibans", "evidence"):
            self.assertEqual([c[field] for c in ci], [c[field] for c in live], field)

        # Another process on the same home tells the same.
        _, origin = self.listening("serve", "--sim", "--speed", "1000", "--access-log", "off")
        again = self.findings_of(origin, 33, keys["ci"])
        for field in ("calls", "spend_usd", "could_have_waited_usd", "from"):
            self.assertEqual(again[field], told[field], field)


if __name__ == "__main__":
    unittest.main()

"""The gateway as a process: relays, keys, limits, errors, streams, stopping."""
import base64
import http.client
import json
import select
import signal
import socket
import ssl
import struct
import subprocess
import time
import urllib.parse
from decimal import Decimal

from harness import Command

CHAT = {"model": "gpt-5.4-mini", "max_completion_tokens": 64,
        "messages": [{"role": "user", "content": "Say something about a lost card."}]}
MESSAGE = {"model": "claude-haiku-4-5", "max_tokens": 64,
           "messages": [{"role": "user", "content": "Say something about a lost card."}]}
GENERATE = {"contents": [{"role": "user", "parts": [{"text": "Say something about a lost card."}]}]}
GEMINI = "/v1beta/models/gemini-2.5-flash"


class Reply:
    def __init__(self, response):
        self.status = response.status
        self.headers = {k.lower(): v for k, v in response.getheaders()}
        self.text = response.read().decode()

    @property
    def json(self):
        return json.loads(self.text)

    @property
    def events(self):
        """The data of a stream, [DONE] left out."""
        found = []
        for event in self.text.replace("\r\n", "\n").split("\n\n"):
            data = [line[5:].strip() for line in event.split("\n") if line.startswith("data:")]
            if data and data[0] != "[DONE]":
                found.append(json.loads("\n".join(data)))
        return found


class Serving(Command):
    def listening(self, *args, env=None):
        process = self.start(*args, "--listen", "127.0.0.1:0", "--json", env=env)
        self.addCleanup(process.communicate)
        self.addCleanup(process.terminate)
        ready, _, _ = select.select([process.stdout], [], [], 30)
        self.assertTrue(ready, "it said nothing")
        line = process.stdout.readline()
        self.assertTrue(line, "it ended at once")
        return process, json.loads(line)["listening"]

    def serve(self, *args, env=None, sim="calm"):
        """A gateway on simulated providers of its own, a thousand times as fast as real ones."""
        process, origin = self.listening("serve", "--sim=" + sim, "--speed", "1000", "--threads", "2",
                                         "--access-log", str(self.dir / "access.jsonl"), *args, env=env)
        self.origin = origin
        return process

    def connect(self):
        url = urllib.parse.urlsplit(self.origin)
        connection = http.client.HTTPConnection(url.hostname, url.port, timeout=30)
        self.addCleanup(connection.close)
        return connection

    def ask(self, method, path, body=None, connection=None, **headers):
        connection = connection or self.connect()
        headers = {k.replace("_", "-"): v for k, v in headers.items()}
        headers.setdefault("authorization", "Bearer any")
        if body is not None and not isinstance(body, (bytes, str)):
            body = json.dumps(body)
            headers.setdefault("content-type", "application/json")
        connection.request(method, path, body=body, headers=headers)
        return Reply(connection.getresponse())

    def raw(self, text, wait=5):
        """Exactly these bytes; what comes back until the connection is closed or silent."""
        url = urllib.parse.urlsplit(self.origin)
        with socket.create_connection((url.hostname, url.port), timeout=wait) as s:
            s.sendall(text if isinstance(text, bytes) else text.encode())
            heard = b""
            try:
                while piece := s.recv(65536):
                    heard += piece
            except (TimeoutError, ConnectionResetError):
                pass
            return heard.decode("latin-1")

    def logged(self, count):
        """The first `count` lines of the access log, which is written once a second."""
        path = self.dir / "access.jsonl"
        for _ in range(100):
            lines = path.read_text().splitlines() if path.exists() else []
            if len(lines) >= count:
                return [json.loads(line) for line in lines]
            time.sleep(0.05)
        self.fail("%d lines of the access log, not %d" % (len(lines), count))


class Relay(Serving):
    def test_every_door_answers_and_is_metered(self):
        self.serve()
        one = self.connect()
        chat = self.ask("POST", "/v1/chat/completions", CHAT, one)
        self.assertEqual(chat.status, 200, chat.text)
        self.assertEqual(chat.json["object"], "chat.completion")
        self.assertTrue(chat.headers["x-request-id"].startswith("req_"))
        answer = self.ask("POST", "/v1/responses", {"model": "gpt-5.4-mini", "input": "hello"}, one)
        self.assertEqual((answer.status, answer.json["status"]), (200, "completed"), answer.text)
        vector = self.ask("POST", "/v1/embeddings", {"model": "text-embedding-3-small", "input": "hello",
                                                     "encoding_format": "base64"}, one)
        self.assertIsInstance(vector.json["data"][0]["embedding"], str)
        message = self.ask("POST", "/v1/messages", MESSAGE, one, x_api_key="any", anthropic_version="2023-06-01")
        self.assertEqual((message.status, message.json["type"]), (200, "message"), message.text)
        self.assertIn("request-id", message.headers)
        counted = self.ask("POST", "/v1/messages/count_tokens", {"model": "claude-haiku-4-5",
                           "messages": MESSAGE["messages"]}, one)
        self.assertGreater(counted.json["input_tokens"], 0)
        generated = self.ask("POST", GEMINI + ":generateContent", GENERATE, one, x_goog_api_key="any")
        self.assertEqual((generated.status, len(generated.json["candidates"])), (200, 1), generated.text)
        self.assertGreater(self.ask("POST", GEMINI + ":countTokens", GENERATE, one).json["totalTokens"], 0)
        lines = self.logged(7)
        self.assertEqual([line["status"] for line in lines], [200] * 7)
        self.assertEqual(lines[0]["provider"], "openai")
        self.assertEqual(lines[0]["input_tokens"], chat.json["usage"]["prompt_tokens"])
        self.assertEqual(lines[0]["output_tokens"], chat.json["usage"]["completion_tokens"])
        self.assertRegex(lines[0]["cost_usd"], r"^0\.0*[1-9]")
        self.assertNotIn("lost card", json.dumps(lines))
        metrics = self.ask("GET", "/metrics").text
        self.assertIn('twolane_requests_total{status="200"} 7', metrics)
        self.assertIn('provider="anthropic",model="claude-haiku-4-5"', metrics)

    def test_streams_pass_through_event_by_event(self):
        self.serve()
        one = self.connect()
        chat = self.ask("POST", "/v1/chat/completions",
                        dict(CHAT, stream=True, stream_options={"include_usage": True}), one)
        self.assertTrue(chat.headers["content-type"].startswith("text/event-stream"))
        whole = self.ask("POST", "/v1/chat/completions", CHAT, one).json["choices"][0]["message"]["content"]
        text = "".join(c["delta"].get("content") or "" for e in chat.events for c in e["choices"])
        self.assertEqual(text, whole)
        message = self.ask("POST", "/v1/messages", dict(MESSAGE, stream=True), one, x_api_key="any")
        self.assertEqual(message.events[-1]["type"], "message_stop")
        answer = self.ask("POST", "/v1/responses", {"model": "gpt-5.4-mini", "input": "hi", "stream": True}, one)
        self.assertEqual(answer.events[-1]["type"], "response.completed")
        generated = self.ask("POST", GEMINI + ":streamGenerateContent?alt=sse", GENERATE, one)
        self.assertEqual(generated.events[-1]["candidates"][0]["finishReason"], "STOP")
        lines = self.logged(5)
        self.assertEqual([line.get("output_tokens", 0) > 0 for line in lines], [True] * 5, lines)

    def test_a_stream_without_usage_is_estimated_and_says_so(self):
        self.serve()
        one = self.connect()
        whole = self.ask("POST", "/v1/chat/completions", CHAT, one).json
        stream = self.ask("POST", "/v1/chat/completions", dict(CHAT, stream=True), one)
        self.assertNotIn("usage", stream.text)  # nothing was slipped in
        exact, line = self.logged(2)
        self.assertNotIn("estimated", exact)
        self.assertEqual((line["estimated"], line["response_id"]), (True, stream.events[0]["id"]))
        for ours, theirs in (("input_tokens", "prompt_tokens"), ("output_tokens", "completion_tokens")):
            self.assertAlmostEqual(line[ours], whole["usage"][theirs], delta=max(6, whole["usage"][theirs] * 0.5))
        self.assertRegex(line["cost_usd"], r"^0\.0*[1-9]")
        self.assertIn("twolane_estimated_total{", self.ask("GET", "/metrics").text)

    def test_refusals_speak_the_doors_language(self):
        self.serve()
        one = self.connect()
        broken = self.ask("POST", "/v1/chat/completions", "{", one)
        self.assertEqual((broken.status, broken.json["error"]["type"]), (400, "invalid_request_error"))
        lacking = self.ask("POST", "/v1/messages", {"max_tokens": 3}, one, x_api_key="any")
        self.assertEqual((lacking.status, lacking.json["error"]["type"]), (400, "invalid_request_error"))
        self.assertEqual(lacking.json["request_id"], lacking.headers["request-id"])
        nobody = self.ask("POST", "/v1/chat/completions", dict(CHAT, model="mistral-large-latest"), one)
        self.assertEqual((nobody.status, nobody.json["error"]["code"]), (404, "model_not_found"))
        lost = self.ask("GET", "/v1/nothing", connection=one)
        self.assertEqual((lost.status, lost.json["error"]["type"]), (404, "invalid_request_error"))
        # The provider's own refusals come through as they are.
        refused = self.ask("POST", "/v1/chat/completions", dict(CHAT, temperature=7), one)
        self.assertEqual((refused.status, refused.json["error"]["param"]), (400, "temperature"))
        gemini = self.ask("POST", GEMINI + ":generateContent", {}, one, x_goog_api_key="any")
        self.assertEqual((gemini.status, gemini.json["error"]["status"]), (400, "INVALID_ARGUMENT"))

    def test_models_are_listed_as_each_provider_lists_them(self):
        self.serve()
        one = self.connect()
        self.assertIn("gpt-5.4-mini", [m["id"] for m in self.ask("GET", "/v1/models", connection=one).json["data"]])
        page = self.ask("GET", "/v1/models?limit=2", connection=one, anthropic_version="2023-06-01").json
        self.assertEqual((len(page["data"]), page["has_more"]), (2, True))
        after = self.ask("GET", "/v1/models?limit=2&after_id=" + page["last_id"], connection=one,
                         anthropic_version="2023-06-01").json
        self.assertNotEqual(after["first_id"], page["first_id"])
        self.assertTrue(self.ask("GET", "/v1beta/models?pageSize=2", connection=one).json["nextPageToken"])
        self.assertEqual(self.ask("GET", "/v1/models/no-such", connection=one).status, 404)

    def test_a_client_that_leaves_ends_the_call_upstream(self):
        self.serve()
        connection = self.connect()
        connection.request("POST", "/v1/chat/completions", json.dumps(dict(CHAT, stream=True)))
        response = connection.getresponse()
        response.read(10)
        connection.sock.close() if connection.sock else response.close()
        response.close()
        self.assertEqual(self.ask("GET", "/healthz").text, "ok\n")

    def test_a_stream_that_is_cut_costs_at_most_what_its_line_says(self):
        (self.dir / "slow.toml").write_text('base = "calm"\nchunk_pause = "10m"\n')
        self.serve(sim="slow.toml")
        for path, body in (("/v1/chat/completions", CHAT), ("/v1/responses", {"model": "gpt-5.4-mini", "input": "hello"}),
                           ("/v1/messages", MESSAGE), ("/v1/chat/completions", dict(CHAT, model="claude-haiku-4-5"))):
            connection = self.connect()
            connection.request("POST", path, json.dumps(dict(body, stream=True)))
            connection.getresponse().read(10)
            connection.close()
        ledger = self.home / "sim-server" / "ledger.jsonl"
        charged = {}
        for row in map(json.loads, ledger.read_text().splitlines()):
            charged[row["provider"]] = max(Decimal(row["usd"]), charged.get(row["provider"], 0))
        lines = self.logged(4)
        for line in lines:
            self.assertEqual((line["status"], line["error"]), (499, "gateway.client_left"))
            self.assertGreaterEqual(Decimal(line["up_to_usd"]), charged[line["provider"]])
        for line in lines:  # Anthropic says the input's tokens first, whoever it is told to
            if line["provider"] == "anthropic":
                self.assertGreater(line["input_tokens"], 0, line)
        self.assertIn('twolane_cost_usd_total{provider="anthropic"', self.ask("GET", "/metrics").text)

    def test_a_separate_simulator_is_reached_by_the_sdks_variables(self):
        _, origin = self.listening("sim", "--speed", "1000")
        env = {"OPENAI_BASE_URL": origin + "/openai/v1", "OPENAI_API_KEY": "any"}
        _, self.origin = self.listening("serve", env=env)
        self.assertEqual(self.ask("POST", "/v1/chat/completions", CHAT).status, 200)
        self.assertEqual(self.ask("POST", "/v1/messages", MESSAGE, x_api_key="any").status, 404)

    def certificate(self, name):
        made = subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
                               "-nodes", "-keyout", self.dir / "key.pem", "-out", self.dir / "cert.pem", "-days", "2",
                               "-subj", "/CN=" + name, "-addext", "subjectAltName=IP:127.0.0.1"], capture_output=True)
        self.assertEqual(made.returncode, 0, made.stderr)

    def seen_name(self):
        """The subject of the certificate that the gateway shows now."""
        url = urllib.parse.urlsplit(self.origin)
        context = ssl.create_default_context(cafile=self.dir / "cert.pem")
        try:
            with socket.create_connection((url.hostname, url.port)) as s, context.wrap_socket(s, server_hostname="127.0.0.1") as t:
                t.sendall(b"GET /healthz HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
                self.assertTrue(t.recv(1000).startswith(b"HTTP/1.1 200"))
                return t.getpeercert()["subject"][0][0][1]
        except ssl.SSLCertVerificationError:
            return "another"

    def test_tls_and_a_renewed_certificate(self):
        self.certificate("first")
        self.serve("--tls-certificate", str(self.dir / "cert.pem"), "--tls-key", str(self.dir / "key.pem"))
        self.assertTrue(self.origin.startswith("https://"))
        self.assertEqual(self.seen_name(), "first")
        self.certificate("second")
        for _ in range(100):
            if self.seen_name() == "second":
                return
            time.sleep(0.05)
        self.fail("the new certificate is not shown")

    def test_a_graceful_stop_lets_requests_end(self):
        process = self.serve()
        connection = self.connect()
        connection.request("POST", "/v1/chat/completions", json.dumps(dict(CHAT, stream=True)))
        response = connection.getresponse()
        process.send_signal(signal.SIGTERM)
        self.assertIn("[DONE]", response.read().decode())
        self.assertEqual(process.wait(30), 0)


TOOL = {"type": "function", "function": {"name": "note", "parameters": {
    "type": "object", "properties": {"title": {"type": "string"}}, "required": ["title"]}}}


def told(reply):
    """Text and calls of an answer of any door."""
    if "choices" in reply:
        message = reply["choices"][0]["message"]
        return message["content"], [c["function"]["name"] for c in message.get("tool_calls") or []]
    if "output" in reply:
        texts = [c["text"] for i in reply["output"] if i["type"] == "message" for c in i["content"]]
        return "".join(texts), [i["name"] for i in reply["output"] if i["type"] == "function_call"]
    if "candidates" in reply:
        parts = reply["candidates"][0]["content"]["parts"]
        return ("".join(p.get("text", "") for p in parts if not p.get("thought")),
                [p["functionCall"]["name"] for p in parts if "functionCall" in p])
    blocks = reply["content"]
    return ("".join(b["text"] for b in blocks if b["type"] == "text"), [b["name"] for b in blocks if b["type"] == "tool_use"])


def told_by_events(events):
    text = ""
    for e in events:
        if e.get("type") == "content_block_delta":
            text += e["delta"].get("text", "")
        elif e.get("type") == "response.output_text.delta":
            text += e["delta"]
        elif "choices" in e:
            text += "".join(c["delta"].get("content") or "" for c in e["choices"])
        elif e.get("candidates"):
            text += "".join(p.get("text", "") for p in e["candidates"][0]["content"]["parts"] if not p.get("thought"))
    return text


class Translated(Serving):
    """Every door reaches the models of every provider."""
    MODELS = {"openai": "gpt-4.1-mini", "anthropic": "claude-haiku-4-5", "gemini": "gemini-2.5-flash-lite"}
    TEXT = "Say something about a lost card."

    def calls(self, model):
        """(path, body, streams) at each door."""
        chat = {"model": model, "messages": [{"role": "user", "content": self.TEXT}], "max_completion_tokens": 64}
        yield "/v1/chat/completions", chat, {"stream": True, "stream_options": {"include_usage": True}}
        yield "/v1/responses", {"model": model, "input": self.TEXT, "max_output_tokens": 64}, {"stream": True}
        yield "/v1/messages", dict(MESSAGE, model=model), {"stream": True}
        yield "/v1beta/models/" + model + ":generateContent", dict(GENERATE, generationConfig={"maxOutputTokens": 64}), None

    def test_answers_and_streams_are_the_same_through_every_door(self):
        self.serve()
        one = self.connect()
        for provider, model in self.MODELS.items():
            for path, body, more in self.calls(model):
                with self.subTest(path=path, model=model):
                    reply = self.ask("POST", path, body, one)
                    self.assertEqual(reply.status, 200, reply.text)
                    text, _ = told(reply.json)
                    self.assertIn("lost card", text)
                    if more:
                        stream = self.ask("POST", path, dict(body, **more), one)
                    else:
                        stream = self.ask("POST", path.replace(":generate", ":streamGenerate") + "?alt=sse", body, one)
                    self.assertEqual(stream.status, 200, stream.text)
                    self.assertEqual(told_by_events(stream.events), text, stream.text)
        lines = self.logged(24)
        self.assertEqual([line["status"] for line in lines], [200] * 24)
        self.assertEqual([line for line in lines if not line.get("output_tokens")], [])

    def test_gemini_streams_an_array_too(self):
        self.serve()
        reply = self.ask("POST", "/v1beta/models/claude-haiku-4-5:streamGenerateContent", GENERATE)
        self.assertGreater(len(reply.json), 1)
        self.assertIn("lost card", "".join(p.get("text", "") for c in reply.json for p in c["candidates"][0]["content"]["parts"]))

    def test_tools_and_embeddings_translate(self):
        self.serve()
        chat = {"model": "claude-haiku-4-5", "max_completion_tokens": 200, "tools": [TOOL],
                "tool_choice": {"type": "function", "function": {"name": "note"}},
                "messages": [{"role": "user", "content": self.TEXT}]}
        reply = self.ask("POST", "/v1/chat/completions", chat)
        self.assertEqual(told(reply.json)[1], ["note"], reply.text)
        self.assertEqual(reply.json["choices"][0]["finish_reason"], "tool_calls")
        stream = self.ask("POST", "/v1/chat/completions", dict(chat, stream=True))
        pieces = [c["function"] for e in stream.events for ch in e["choices"] for c in ch["delta"].get("tool_calls", [])]
        self.assertEqual(pieces[0]["name"], "note")
        self.assertIn("title", json.loads("".join(p["arguments"] for p in pieces)))
        vector = self.ask("POST", "/v1/embeddings", {"model": "gemini-embedding-001", "input": "hello",
                                                     "encoding_format": "base64"})
        self.assertIsInstance(vector.json["data"][0]["embedding"], str, vector.text)

    def test_several_texts_become_several_vectors_at_every_provider(self):
        self.serve()
        texts = ["hello", "a lost card", "a found one"]
        for model in ("text-embedding-3-small", "gemini-embedding-001"):
            alone = [self.ask("POST", "/v1/embeddings", {"model": model, "input": t}).json["data"][0]["embedding"] for t in texts]
            floats = self.ask("POST", "/v1/embeddings", {"model": model, "input": texts}).json
            self.assertEqual([v["embedding"] for v in floats["data"]], alone, model)
            self.assertEqual([v["index"] for v in floats["data"]], [0, 1, 2])
            packed = self.ask("POST", "/v1/embeddings", {"model": model, "input": texts, "encoding_format": "base64"}).json
            self.assertEqual(len(packed["data"]), 3)
            for text, vector in zip(packed["data"], floats["data"]):
                raw = base64.b64decode(text["embedding"])
                self.assertEqual(len(raw), 4 * len(vector["embedding"]))
                for a, b in zip(struct.unpack("<%df" % len(vector["embedding"]), raw), vector["embedding"]):
                    self.assertAlmostEqual(a, b, places=5)
        self.assertEqual([line for line in self.logged(10) if not line.get("input_tokens")], [])
        many = self.ask("POST", "/v1/embeddings", {"model": "gemini-embedding-001", "input": ["x"] * 101})
        self.assertEqual((many.status, many.json["error"]["param"]), (400, "input"), many.text)
        tokens = self.ask("POST", "/v1/embeddings", {"model": "gemini-embedding-001", "input": [[1, 2], [3]]})
        self.assertEqual((tokens.status, tokens.json["error"]["param"]), (400, "input"), tokens.text)

    def test_what_cannot_be_said_is_refused_with_its_field(self):
        self.serve()
        chat = {"model": "claude-haiku-4-5", "messages": [{"role": "user", "content": "x"}], "logit_bias": {"5": 1}}
        no = self.ask("POST", "/v1/chat/completions", chat)
        self.assertEqual((no.status, no.json["error"]["param"]), (400, "logit_bias"), no.text)

    def test_the_other_providers_refusal_is_told_in_the_doors_words(self):
        self.serve()
        no = self.ask("POST", "/v1/messages", dict(MESSAGE, model="gpt-9-nano"), x_api_key="k")
        self.assertEqual((no.status, no.json["error"]["type"]), (404, "not_found_error"), no.text)
        no = self.ask("POST", "/v1/messages", dict(MESSAGE, model="openai/gpt-9"), x_api_key="k")
        self.assertEqual((no.status, no.json["error"]["type"]), (404, "not_found_error"), no.text)


class Keys(Serving):
    def key(self, *args):
        ended = self.twolane("keys", "create", *args, "--json")
        self.assertEqual(ended.exit, 0, ended.err)
        return ended.json["key"]

    def test_only_keys_get_in_and_only_hashes_are_kept(self):
        ana = self.key("ana")
        kept = (self.home / "keys.json").read_text()
        self.assertNotIn(ana, kept)
        self.serve()
        self.assertEqual(self.ask("POST", "/v1/chat/completions", CHAT, authorization="Bearer " + ana).status, 200)
        wrong = self.ask("POST", "/v1/chat/completions", CHAT, authorization="Bearer tl-wrong")
        self.assertEqual((wrong.status, wrong.json["error"]["code"]), (401, "invalid_api_key"))
        self.assertEqual(self.ask("POST", "/v1/messages", MESSAGE, x_api_key=ana, authorization="").status, 200)
        none = self.ask("POST", GEMINI + ":generateContent", GENERATE, authorization="")
        self.assertEqual((none.status, none.json["error"]["status"]), (400, "INVALID_ARGUMENT"))
        self.assertEqual(self.ask("POST", GEMINI + ":generateContent?key=" + ana, GENERATE, authorization="").status,
                         200)
        self.assertEqual(self.ask("GET", "/healthz", authorization="").status, 200)
        self.assertEqual(self.twolane("keys", "revoke", "ana").exit, 0)
        for _ in range(100):
            if self.ask("POST", "/v1/chat/completions", CHAT, authorization="Bearer " + ana).status == 401:
                break
            time.sleep(0.05)
        else:
            self.fail("a revoked key still gets in")
        self.assertNotIn(ana, (self.dir / "access.jsonl").read_text())

    def test_models_rates_and_budgets_of_a_key(self):
        one = self.key("one", "--model", "gpt-5.4-mini")
        few = self.key("few", "--requests-per-minute", "1")
        poor = self.key("poor", "--budget-per-day", "0.000001")
        self.serve()
        other = self.ask("POST", "/v1/chat/completions", dict(CHAT, model="gpt-5.4"), authorization="Bearer " + one)
        self.assertEqual((other.status, other.json["error"]["code"]), (403, "model_not_allowed"))
        self.assertEqual(self.ask("POST", "/v1/chat/completions", CHAT, authorization="Bearer " + few).status, 200)
        again = self.ask("POST", "/v1/chat/completions", CHAT, authorization="Bearer " + few)
        self.assertEqual((again.status, again.json["error"]["code"]), (429, "rate_limit_exceeded"))
        self.assertGreater(int(again.headers["retry-after"]), 0)
        self.assertEqual(self.ask("POST", "/v1/chat/completions", CHAT, authorization="Bearer " + poor).status, 200)
        spent = self.ask("POST", "/v1/chat/completions", CHAT, authorization="Bearer " + poor)
        self.assertEqual((spent.status, spent.json["error"]["code"]), (429, "insufficient_quota"))
        self.assertEqual(spent.headers["x-should-retry"], "false")

    def test_limits_of_a_key_are_told_as_each_provider_tells_them(self):
        free, key = self.key("free"), self.key("ana", "--requests-per-minute", "4", "--tokens-per-minute", "100000")
        self.serve()
        # Without limits of its own a key is shown the provider's.
        passed = self.ask("POST", "/v1/chat/completions", CHAT, authorization="Bearer " + free).headers
        self.assertEqual(passed["x-ratelimit-limit-requests"], "6000")
        chat = self.ask("POST", "/v1/chat/completions", CHAT, authorization="Bearer " + key)
        self.assertEqual((chat.headers["x-ratelimit-limit-requests"], chat.headers["x-ratelimit-remaining-requests"],
                          chat.headers["x-ratelimit-limit-tokens"]), ("4", "3", "100000"))
        self.assertRegex(chat.headers["x-ratelimit-reset-requests"], r"^1[0-5]s$")
        message = self.ask("POST", "/v1/messages", dict(MESSAGE, stream=True), x_api_key=key, authorization="")
        self.assertEqual(message.headers["anthropic-ratelimit-requests-remaining"], "2")
        self.assertRegex(message.headers["anthropic-ratelimit-requests-reset"], r"^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ$")
        used = chat.json["usage"]["total_tokens"]
        self.assertLessEqual(int(message.headers["anthropic-ratelimit-tokens-remaining"]), 100000 - used + 2000)
        told = self.ask("POST", "/v1/chat/completions", dict(CHAT, model="claude-haiku-4-5", stream=True), authorization="Bearer " + key)
        self.assertEqual(told.headers["x-ratelimit-remaining-requests"], "1")
        last = self.ask("POST", "/v1/chat/completions", CHAT, authorization="Bearer " + key)
        self.assertEqual(last.headers["x-ratelimit-remaining-requests"], "0")
        over = self.ask("POST", "/v1/chat/completions", CHAT, authorization="Bearer " + key)
        self.assertEqual((over.status, over.headers["x-ratelimit-remaining-requests"]), (429, "0"))
        self.assertIn("retry-after", over.headers)
        # Each name once, whatever the provider said.
        raw = self.raw("POST /v1/chat/completions HTTP/1.1\r\nHost: h\r\nConnection: close\r\nAuthorization: Bearer %s\r\n"
                       "Content-Length: 2\r\n\r\n{}" % key)
        self.assertNotIn("x-ratelimit", raw)  # no call of a model

    def test_without_keys_only_loopback_is_served(self):
        ended = self.twolane("serve", "--sim", "--listen", "0.0.0.0:0", "--json")
        self.assertEqual((ended.exit, ended.json["error"]["code"]), (2, "serve.open"), ended.err)

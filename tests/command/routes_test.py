"""Routes of the gateway: fallbacks, retries, limits of time, circuits, weights, places, tiers, and what the books say."""
import collections
import decimal
import http.client
import http.server
import json
import re
import socket
import threading
import time

from serve_test import CHAT, MESSAGE, Serving

ROUTED = dict(CHAT, model="fast")
ANSWER = {"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "m", "service_tier": "default",
          "choices": [{"index": 0, "message": {"role": "assistant", "content": "here"}, "finish_reason": "stop"}],
          "usage": {"prompt_tokens": 1000, "completion_tokens": 100, "total_tokens": 1100}}
NO_FLEX = {"error": {"message": "The flex tier is currently unavailable.", "type": "rate_limit_error", "param": None,
                     "code": "resource_unavailable"}}


def reply(status=200, body=None, **headers):
    """An answer as a step of a script."""
    def say(request):
        text = json.dumps(body or (ANSWER if status < 300 else {"error": {"message": "no", "type": "x", "code": None}}))
        request.send_response(status)
        for name, value in headers.items():
            request.send_header(name.replace("_", "-"), str(value))
        request.send_header("content-type", "application/json")
        request.send_header("content-length", str(len(text)))
        request.end_headers()
        request.wfile.write(text.encode())
    return say


def hang(request):
    request.server.over.wait(20)
    request.close_connection = True


def drop(request):
    request.close_connection = True


def events(count, then):
    """A stream that begins well: `count` events, then whatever `then` does."""
    def say(request):
        request.send_response(200)
        request.send_header("content-type", "text/event-stream")
        request.send_header("transfer-encoding", "chunked")
        request.end_headers()
        for i in range(count):
            event = "data: " + json.dumps({"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [
                {"index": 0, "delta": {"role": "assistant", "content": "part %d " % i}, "finish_reason": None}]}) + "\n\n"
            request.wfile.write(b"%x\r\n%s\r\n" % (len(event), event.encode()))
        request.wfile.flush()
        then(request)
    return say


def by_tier(**answers):
    """Answers by the tier that the body asks for; "" where it asks for none."""
    return lambda request: answers[request.asked.get("service_tier", "none")](request)


class Upstream(http.server.ThreadingHTTPServer):
    """A provider that plays a script: one step for each request, the last one from then on."""
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, *script):
        self.script, self.asked, self.over, self.lock = list(script), [], threading.Event(), threading.Lock()
        super().__init__(("127.0.0.1", 0), Played)
        self.base_url = "http://127.0.0.1:%d/v1" % self.server_address[1]
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def handle_error(self, *_):
        pass  # clients that go away are part of the play

    def end(self):
        self.over.set()
        self.shutdown()
        self.server_close()


class Played(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_POST(self):
        self.asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        with self.server.lock:
            step = self.server.script[min(len(self.server.asked), len(self.server.script) - 1)]
            self.server.asked.append(self.asked)
        step(self)

    def log_message(self, *_):
        pass


class Routed(Serving):
    def upstream(self, *script):
        up = Upstream(*script)
        self.addCleanup(up.end)
        return up

    def dead_end(self):
        """An address where nobody listens."""
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            return "http://127.0.0.1:%d/v1" % s.getsockname()[1]

    def configure(self, route, **servers):
        text = "".join('[providers.%s]\nbase_url = "%s"\ndialect = "openai"\n' % (name, getattr(up, "base_url", up))
                       for name, up in servers.items())
        (self.dir / "twolane.toml").write_text(text + "[routes.fast]\n" + route)

    def serve_routes(self, *args, env=None):
        """Without simulated providers: those of the configuration, and of `env`."""
        process, self.origin = self.listening("serve", "--threads", "2", "--access-log", str(self.dir / "access.jsonl"),
                                              *args, env=env)
        return process

    def simulator(self, text="", speed=1000):
        scenario = self.dir / "scenario.toml"
        scenario.write_text('live_latency = "1ms"\nlive_per_minute = 0\n' + text)
        directory = self.dir / ("sim-%d" % time.monotonic_ns())
        _, origin = self.listening("sim", "--scenario", str(scenario), "--speed", str(speed), "--home", str(directory))
        return origin

    def charged(self, origin):
        host = origin.removeprefix("http://")
        connection = http.client.HTTPConnection(host, timeout=30)
        connection.request("GET", "/ledger")
        text = connection.getresponse().read().decode()
        connection.close()
        return [json.loads(line) for line in text.splitlines()]

    def tries(self, line):
        return [(t["target"], t["outcome"]) for t in line["tries"]]

    def metric(self, name, **labels):
        """The sum of a metric's series that have these labels."""
        total = 0
        for line in self.ask("GET", "/metrics").text.splitlines():
            found = re.match(r"(\w+)\{(.*)\} (\S+)$", line)
            if found and found[1] == name and all('%s="%s"' % pair in found[2] for pair in labels.items()):
                total += float(found[3])
        return total


class Fallbacks(Routed):
    def test_429_500_and_a_closed_port_lead_to_the_next_target(self):
        a, b = self.upstream(reply(429, retry_after=30), reply(500)), self.upstream(reply())
        self.configure('targets = ["dead/m", "a/m-a", "b/m-b"]\n', dead=self.dead_end(), a=a, b=b)
        self.serve_routes()
        for outcome in ("refused", "refused"):
            answer = self.ask("POST", "/v1/chat/completions", ROUTED)
            self.assertEqual((answer.status, answer.json["choices"][0]["message"]["content"]), (200, "here"), answer.text)
        self.assertEqual((a.asked[0]["model"], b.asked[0]["model"]), ("m-a", "m-b"))
        self.assertEqual(b.asked[0]["messages"], CHAT["messages"])
        lines = self.logged(2)
        for line in lines:
            self.assertEqual(self.tries(line), [("dead/m", "unreached"), ("a/m-a", "refused"), ("b/m-b", "answered")])
            self.assertEqual((line["route"], line["provider"], line["model"], line["status"]), ("fast", "b", "m-b", 200))
        self.assertNotIn("may_be_billed", lines[0]["tries"][1], "a 429 is not billed")
        self.assertTrue(lines[1]["tries"][1]["may_be_billed"], "the work may have been done before the 500")
        self.assertEqual(self.metric("twolane_route_tries_total", target="a/m-a", outcome="refused"), 2)
        self.assertEqual(self.metric("twolane_route_may_be_billed_total", target="a/m-a"), 1)
        self.assertEqual(self.metric("twolane_route_in_flight"), 0)

    def test_errors_of_the_request_itself_are_told_as_they_are(self):
        a, b = self.upstream(reply(400, {"error": {"message": "bad temperature", "param": "temperature"}})), self.upstream(reply())
        self.configure('targets = ["a/m", "b/m"]\n', a=a, b=b)
        self.serve_routes()
        answer = self.ask("POST", "/v1/chat/completions", ROUTED)
        self.assertEqual((answer.status, answer.json["error"]["param"]), (400, "temperature"))
        self.assertEqual(len(b.asked), 0)
        self.assertEqual(self.tries(self.logged(1)[0]), [("a/m", "answered")])

    def test_the_last_refusal_is_told_with_its_headers(self):
        a = self.upstream(reply(429, NO_FLEX, retry_after=30, x_ratelimit_remaining_requests=0, x_request_id="req_theirs"))
        self.configure('targets = ["a/m"]\n', a=a)
        self.serve_routes()
        answer = self.ask("POST", "/v1/chat/completions", ROUTED)
        self.assertEqual((answer.status, answer.json), (429, NO_FLEX))
        self.assertEqual(answer.headers["retry-after"], "30")
        self.assertEqual(answer.headers["x-ratelimit-remaining-requests"], "0")
        self.assertEqual(answer.headers["x-request-id"], "req_theirs")
        self.assertEqual(len(a.asked), 1, "nobody waits for half a minute")

    def test_one_target_is_asked_again_when_it_said(self):
        a = self.upstream(reply(429, retry_after_ms=300), reply())
        self.configure('targets = ["a/m"]\n', a=a)
        self.serve_routes()
        began = time.monotonic()
        self.assertEqual(self.ask("POST", "/v1/chat/completions", ROUTED).status, 200)
        self.assertGreaterEqual(time.monotonic() - began, 0.3)
        self.assertEqual(len(a.asked), 2)

    def test_the_budget_ends_a_storm_of_retries(self):
        a = self.upstream(reply(503))
        self.configure('targets = ["a/m"]\nattempts = 2\nfailures = 1000\n', a=a)
        self.serve_routes()
        def asks():
            connection = self.connect()
            for _ in range(10):
                self.assertEqual(self.ask("POST", "/v1/chat/completions", ROUTED, connection).status, 503)
        threads = [threading.Thread(target=asks) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertLessEqual(len(a.asked), 80 + 20 + 8, "each request, a reserve of 20 and a tenth")
        self.assertGreaterEqual(len(a.asked), 80 + 20)

    def test_no_first_byte_in_time(self):
        headless, silent = self.upstream(hang), self.upstream(events(0, hang))
        b = self.upstream(reply(), events(1, lambda request: request.wfile.write(b"0\r\n\r\n")))
        self.configure('targets = ["headless/m", "silent/m", "b/m"]\nfirst_byte = "200ms"\n', headless=headless, silent=silent, b=b)
        self.serve_routes()
        self.assertEqual(self.ask("POST", "/v1/chat/completions", ROUTED).status, 200)
        streamed = self.ask("POST", "/v1/chat/completions", dict(ROUTED, stream=True))
        self.assertEqual(streamed.events[0]["choices"][0]["delta"]["content"], "part 0 ", streamed.text)
        for line in self.logged(2):
            self.assertEqual(self.tries(line), [("headless/m", "late"), ("silent/m", "late"), ("b/m", "answered")])
            self.assertEqual([t.get("may_be_billed", False) for t in line["tries"]], [True, True, False])

    def test_a_connection_that_breaks_before_the_answer_is_not_asked_elsewhere(self):
        a, b = self.upstream(drop), self.upstream(reply())
        self.configure('targets = ["a/m", "b/m"]\n', a=a, b=b)
        self.serve_routes()
        answer = self.ask("POST", "/v1/chat/completions", ROUTED)
        self.assertEqual((answer.status, answer.json["error"]["code"]), (502, "upstream_broken"))
        self.assertEqual(len(b.asked), 0, "the work may have been done")
        line = self.logged(1)[0]
        self.assertEqual((self.tries(line), line["tries"][0]["may_be_billed"]), ([("a/m", "broken")], True))

    def test_a_stream_that_breaks_off_is_cut_for_the_client_too(self):
        a, b = self.upstream(events(3, drop)), self.upstream(reply())
        self.configure('targets = ["a/m", "b/m"]\n', a=a, b=b)
        self.serve_routes()
        connection = self.connect()
        connection.request("POST", "/v1/chat/completions", json.dumps(dict(ROUTED, stream=True)))
        response = connection.getresponse()
        self.assertEqual(response.status, 200)
        with self.assertRaises(http.client.IncompleteRead) as cut:
            response.read()
        self.assertIn(b"part 2", cut.exception.partial)
        self.assertEqual(len(b.asked), 0)
        line = self.logged(1)[0]
        self.assertEqual((self.tries(line), line["error"]), ([("a/m", "cut")], "upstream.broken"))
        self.assertTrue(line["tries"][0]["may_be_billed"])

    def test_an_idle_stream_is_cut(self):
        a = self.upstream(events(1, hang))
        self.configure('targets = ["a/m"]\nidle = "200ms"\n', a=a)
        self.serve_routes()
        connection = self.connect()
        connection.request("POST", "/v1/chat/completions", json.dumps(dict(ROUTED, stream=True)))
        with self.assertRaises(http.client.IncompleteRead):
            connection.getresponse().read()
        line = self.logged(1)[0]
        self.assertEqual((self.tries(line), line["error"]), ([("a/m", "cut")], "upstream.timeout"))

    def test_a_client_that_leaves_ends_the_walk(self):
        a, b = self.upstream(hang), self.upstream(reply())
        self.configure('targets = ["a/m", "b/m"]\n', a=a, b=b)
        self.serve_routes()
        connection = self.connect()
        connection.request("POST", "/v1/chat/completions", json.dumps(ROUTED))
        while not a.asked:
            time.sleep(0.01)
        connection.close()
        line = self.logged(1)[0]
        self.assertEqual((self.tries(line), line["status"]), ([("a/m", "left")], 499))
        self.assertTrue(line["tries"][0]["may_be_billed"])
        self.assertEqual(self.metric("twolane_route_in_flight"), 0)
        self.assertEqual(len(b.asked), 0)


class Health(Routed):
    def test_a_circuit_opens_and_is_closed_by_a_probe(self):
        a, b = self.upstream(reply(500), reply(500), reply(500), reply()), self.upstream(reply())
        self.configure('targets = ["a/m", "b/m"]\nfailures = 2\ncooldown = "300ms"\n', a=a, b=b)
        self.serve_routes()
        one = self.connect()
        began = time.monotonic()
        for _ in range(6):
            self.assertEqual(self.ask("POST", "/v1/chat/completions", ROUTED, one).status, 200)
        self.assertEqual(len(a.asked), 2, "open: nobody asks")
        self.assertEqual(self.metric("twolane_route_circuit_open", target="a/m"), 1)
        while len(a.asked) < 3:  # the first probe fails
            self.assertEqual(self.ask("POST", "/v1/chat/completions", ROUTED, one).status, 200)
            self.assertLess(time.monotonic() - began, 5)
        self.assertEqual(self.metric("twolane_route_circuit_open", target="a/m"), 1)
        while self.metric("twolane_route_circuit_open", target="a/m"):
            self.assertEqual(self.ask("POST", "/v1/chat/completions", ROUTED, one).status, 200)
            self.assertLess(time.monotonic() - began, 5)
        self.assertGreaterEqual(time.monotonic() - began, 0.59, "two cooldowns")
        asked = len(b.asked)
        self.assertEqual(self.ask("POST", "/v1/chat/completions", ROUTED, one).status, 200)
        self.assertEqual(len(b.asked), asked, "closed: the first target is asked again")

    def test_all_out_of_service_is_said_with_a_time(self):
        a = self.upstream(reply(500))
        self.configure('targets = ["a/m"]\nattempts = 1\nfailures = 2\ncooldown = "20s"\n', a=a)
        self.serve_routes()
        for _ in range(2):
            self.assertEqual(self.ask("POST", "/v1/chat/completions", ROUTED).status, 500)
        closed = self.ask("POST", "/v1/chat/completions", ROUTED)
        self.assertEqual((closed.status, closed.json["error"]["code"]), (503, "no_target"))
        self.assertTrue(15 <= int(closed.headers["retry-after"]) <= 20)
        self.assertEqual(len(a.asked), 2)

    def test_weights_split_the_calls_and_zero_is_for_the_worst(self):
        a, b, c = self.upstream(reply()), self.upstream(reply()), self.upstream(reply())
        self.configure('targets = ["a/m", "b/m", "c/m"]\nweights = [3, 1, 0]\n', a=a, b=b, c=c)
        self.serve_routes()
        one = self.connect()
        for _ in range(300):
            self.assertEqual(self.ask("POST", "/v1/chat/completions", ROUTED, one).status, 200)
        # 225 expected, with a standard deviation of 7.5.
        self.assertTrue(185 < len(a.asked) < 265, len(a.asked))
        self.assertEqual((len(a.asked) + len(b.asked), len(c.asked)), (300, 0))

    def test_places_at_a_target_are_counted_over_all_threads(self):
        held = [self.upstream(hang), self.upstream(hang)]
        self.configure('targets = ["a/m", "b/m"]\nconcurrency = 2\n', a=held[0], b=held[1])
        self.serve_routes()
        connections = []
        for i in range(4):
            connections.append(self.connect())
            connections[-1].request("POST", "/v1/chat/completions", json.dumps(ROUTED))
            while sum(len(up.asked) for up in held) <= i:
                time.sleep(0.01)
        self.assertEqual([len(up.asked) for up in held], [2, 2])
        busy = self.ask("POST", "/v1/chat/completions", ROUTED)
        self.assertEqual((busy.status, busy.json["error"]["code"], busy.headers["retry-after"]), (503, "no_target", "1"))
        self.assertEqual(self.metric("twolane_route_in_flight"), 4)
        connections[0].close()
        while self.metric("twolane_route_in_flight") == 4:
            time.sleep(0.02)
        held[0].script = [reply()]
        self.assertEqual(self.ask("POST", "/v1/chat/completions", ROUTED).status, 200)


class Dialects(Routed):
    def test_the_answer_of_another_dialect_comes_in_the_doors_words(self):
        origin = self.simulator()
        a = self.upstream(reply(500))
        self.configure('targets = ["a/m", "anthropic/claude-haiku-4-5"]\n', a=a)
        self.serve_routes(env={"ANTHROPIC_BASE_URL": origin + "/anthropic", "ANTHROPIC_API_KEY": "any"})
        answer = self.ask("POST", "/v1/chat/completions", ROUTED)
        self.assertEqual((answer.status, answer.json["object"]), (200, "chat.completion"), answer.text)
        streamed = self.ask("POST", "/v1/chat/completions", dict(ROUTED, stream=True))
        text = "".join(c["delta"].get("content") or "" for e in streamed.events for c in e["choices"])
        self.assertEqual(text, answer.json["choices"][0]["message"]["content"])
        lines = self.logged(2)
        for line in lines:
            self.assertEqual(self.tries(line), [("a/m", "refused"), ("anthropic/claude-haiku-4-5", "answered")])
        booked = sum(decimal.Decimal(line["cost_usd"]) for line in lines)
        self.assertEqual(booked, sum(decimal.Decimal(row["usd"]) for row in self.charged(origin)))
        # And the other way round: Anthropic's door, a target that speaks OpenAI's words.
        a.script = [reply()]
        message = self.ask("POST", "/v1/messages", dict(MESSAGE, model="fast"), x_api_key="any")
        self.assertEqual((message.status, message.json["content"][0]["text"]), (200, "here"), message.text)

    def test_a_refusal_of_another_dialect_is_told_in_the_doors_words(self):
        a = self.upstream(reply(429, retry_after=30))
        self.configure('targets = ["a/m"]\n', a=a)
        self.serve_routes()
        refused = self.ask("POST", "/v1/messages", dict(MESSAGE, model="fast"), x_api_key="any")
        self.assertEqual((refused.status, refused.json["error"]["type"]), (429, "rate_limit_error"), refused.text)
        self.assertEqual(refused.headers["retry-after"], "30")

    def test_what_cannot_be_said_in_a_dialect_is_not_asked_there(self):
        a = self.upstream(reply(500), reply())
        self.configure('targets = ["a/m", "anthropic/claude-haiku-4-5"]\n', a=a)
        self.serve_routes(env={"ANTHROPIC_BASE_URL": self.dead_end(), "ANTHROPIC_API_KEY": "any"})
        self.assertEqual(self.ask("POST", "/v1/chat/completions", dict(ROUTED, seed=1)).status, 200)
        self.assertEqual(self.tries(self.logged(1)[0]), [("a/m", "refused"), ("a/m", "answered")], "Anthropic has no seed")

    def test_a_provider_in_trouble_is_left_for_another_and_every_charge_is_seen(self):
        troubled = self.simulator("too_many = 0.2\nserver_error = 0.1\nserver_error_after = 0.2\nrefused = 0.1\n")
        calm = self.simulator()
        self.configure('targets = ["openai/gpt-5.4-mini", "anthropic/claude-haiku-4-5"]\nfailures = 1000\n')
        self.serve_routes(env={"OPENAI_BASE_URL": troubled + "/openai/v1", "OPENAI_API_KEY": "any",
                               "ANTHROPIC_BASE_URL": calm + "/anthropic", "ANTHROPIC_API_KEY": "any"})
        one = self.connect()
        for i in range(60):
            answer = self.ask("POST", "/v1/chat/completions", dict(ROUTED, max_completion_tokens=20 + i), one)
            self.assertIn(answer.status, (200, 502), answer.text)  # 502: it closed the connection when it had the request
        lines = self.logged(60)
        outcomes = collections.Counter(outcome for line in lines for _, outcome in self.tries(line))
        self.assertGreater(outcomes["refused"], 5, outcomes)
        self.assertEqual(self.metric("twolane_route_tries_total"), sum(outcomes.values()))
        booked = collections.Counter(line["provider"] for line in lines if line["status"] == 200)
        charges = self.charged(troubled)
        unclear = sum(t.get("may_be_billed", False) for line in lines for t in line["tries"])
        self.assertEqual(len(self.charged(calm)), booked["anthropic"])
        self.assertGreater(len(charges), booked["openai"], "the simulator billed answers that nobody got")
        self.assertLessEqual(len(charges) - booked["openai"], unclear, "each of them is seen")
        self.assertEqual(self.metric("twolane_route_may_be_billed_total"), unclear)
        exact = {row["response_id"]: row["usd"] for row in charges + self.charged(calm)}
        for line in lines:
            if line["status"] == 200:
                self.assertEqual(decimal.Decimal(exact[line["response_id"]]), decimal.Decimal(line["cost_usd"]), line)


class Tiers(Routed):
    """OpenAI itself is scripted: the flex tier is its own."""

    def serve_scripted(self, up, *args):
        self.serve_routes(*args, env={"OPENAI_BASE_URL": up.base_url, "OPENAI_API_KEY": "any"})

    def served(self, tier):
        return reply(200, dict(ANSWER, service_tier=tier))

    def test_flex_without_capacity_waits_and_steps_up_in_time(self):
        up = self.upstream(by_tier(flex=reply(429, NO_FLEX), default=self.served("default")))
        self.configure('targets = ["openai/gpt-5.4-mini"]\n')
        self.serve_scripted(up)
        began = time.monotonic()
        answer = self.ask("POST", "/v1/chat/completions", dict(ROUTED, service_tier="flex"), twolane_deadline="900ms")
        self.assertEqual((answer.status, answer.json["service_tier"]), (200, "default"), answer.text)
        self.assertTrue(0.5 < time.monotonic() - began < 0.9, time.monotonic() - began)
        line = self.logged(1)[0]
        tiers = [(t["tier"], t["outcome"]) for t in line["tries"]]
        self.assertEqual(tiers[-1], ("standard", "answered"))
        self.assertGreaterEqual(len(tiers), 3)
        self.assertEqual(set(tiers[:-1]), {("flex", "no_capacity")})
        self.assertFalse(any("may_be_billed" in t for t in line["tries"]))
        # 1,000 in and 100 out at the standard tier of gpt-5.4-mini, 0.75 and 4.50 USD a million.
        self.assertEqual((line["tier"], line["cost_usd"]), ("standard", "0.0012"))

    def test_flex_that_comes_back_is_taken_and_booked_as_such(self):
        up = self.upstream(reply(429, NO_FLEX), self.served("flex"))
        self.configure('targets = ["openai/gpt-5.4-mini"]\n')
        self.serve_scripted(up)
        answer = self.ask("POST", "/v1/chat/completions", dict(ROUTED, service_tier="flex"), twolane_deadline="6s")
        self.assertEqual((answer.status, answer.json["service_tier"]), (200, "flex"))
        line = self.logged(1)[0]
        self.assertEqual((line["tier"], line["cost_usd"], len(line["tries"])), ("flex", "0.0006", 2))

    def test_what_was_served_is_booked_not_what_was_asked_for(self):
        up = self.upstream(self.served("default"))
        self.configure('targets = ["openai/gpt-5.4-mini"]\n')
        self.serve_scripted(up)
        for tier in ("flex", "priority"):
            self.assertEqual(self.ask("POST", "/v1/chat/completions", dict(ROUTED, service_tier=tier)).status, 200)
        self.assertEqual([(line["tier"], line["cost_usd"]) for line in self.logged(2)], [("standard", "0.0012")] * 2)
        self.assertEqual([asked["service_tier"] for asked in up.asked], ["flex", "priority"])

    def test_a_route_names_a_tier_and_a_time(self):
        up = self.upstream(by_tier(flex=reply(429, NO_FLEX), default=self.served("default"), none=reply(500)))
        self.configure('targets = ["openai/gpt-5.4-mini"]\ntier = "flex"\ndeadline = "600ms"\n')
        self.serve_scripted(up)
        answer = self.ask("POST", "/v1/chat/completions", ROUTED)
        self.assertEqual((answer.status, answer.json["service_tier"]), (200, "default"), answer.text)
        self.assertEqual([asked["service_tier"] for asked in up.asked][0], "flex")
        plain = self.ask("POST", "/v1/chat/completions", dict(ROUTED, service_tier="default"))
        self.assertEqual(plain.status, 200)
        self.assertEqual(self.tries(self.logged(2)[1]), [("openai/gpt-5.4-mini", "answered")], "the request's own word holds")

    def test_a_model_named_by_itself_waits_for_flex_too(self):
        up = self.upstream(reply(429, NO_FLEX), self.served("flex"))
        self.configure('targets = ["openai/gpt-5.4-mini"]\n')
        self.serve_scripted(up)
        answer = self.ask("POST", "/v1/chat/completions", dict(CHAT, service_tier="flex"), twolane_deadline="6s")
        self.assertEqual((answer.status, answer.json["service_tier"]), (200, "flex"), answer.text)
        self.assertEqual(self.tries(self.logged(1)[0]),
                         [("openai/gpt-5.4-mini", "no_capacity"), ("openai/gpt-5.4-mini", "answered")])
        self.assertEqual(self.metric("twolane_route_tries_total", route="", outcome="no_capacity"), 1)
        # Other errors of it are told at once, as without a route.
        up.script = [reply(500)]
        self.assertEqual(self.ask("POST", "/v1/chat/completions", dict(CHAT, service_tier="flex")).status, 500)
        self.assertEqual(len(up.asked), 4, "and once more at the standard tier")

    def test_tiers_go_to_targets_that_have_them(self):
        up, own = self.upstream(self.served("priority")), self.upstream(reply())
        self.configure('targets = ["own/m", "openai/gpt-5.4-mini"]\n', own=own)
        self.serve_scripted(up)
        self.assertEqual(self.ask("POST", "/v1/chat/completions", dict(ROUTED, service_tier="priority")).json["service_tier"], "priority")
        self.assertEqual((len(own.asked), len(up.asked)), (0, 1))
        self.assertEqual(self.ask("POST", "/v1/chat/completions", ROUTED).status, 200)
        self.assertEqual((len(own.asked), len(up.asked)), (1, 1))
        self.assertEqual(self.logged(1)[0]["tier"], "priority")

    def test_no_target_with_the_tier_is_said(self):
        own = self.upstream(reply())
        self.configure('targets = ["own/m"]\n', own=own)
        self.serve_routes()
        refused = self.ask("POST", "/v1/chat/completions", dict(ROUTED, service_tier="flex"))
        self.assertEqual((refused.status, refused.json["error"]["param"]), (400, "service_tier"), refused.text)
        self.assertEqual(len(own.asked), 0)

    def test_a_simulated_provider_without_flex_is_charged_at_the_standard_tier(self):
        origin = self.simulator("flex_refused = 1\n")
        self.configure('targets = ["openai/gpt-5.4-mini", "gemini/gemini-2.5-flash"]\n')
        # The simulator's clock runs a thousand times as fast: the quarter of an hour takes 0.9 s.
        self.serve_routes("--speed", "1000", env={"OPENAI_BASE_URL": origin + "/openai/v1", "OPENAI_API_KEY": "any",
                                                  "GOOGLE_GEMINI_BASE_URL": origin + "/gemini", "GEMINI_API_KEY": "any",
                                                  "ANTHROPIC_BASE_URL": origin + "/anthropic"})
        answer = self.ask("POST", "/v1/chat/completions", dict(ROUTED, service_tier="flex"))
        self.assertEqual((answer.status, answer.json["service_tier"]), (200, "default"), answer.text)
        line = self.logged(1)[0]
        self.assertEqual({t["target"] for t in line["tries"] if t["tier"] == "flex"},
                         {"openai/gpt-5.4-mini", "gemini/gemini-2.5-flash"})
        charges = self.charged(origin)
        self.assertEqual([row["tier"] for row in charges], ["standard"])
        self.assertEqual(decimal.Decimal(charges[0]["usd"]), decimal.Decimal(line["cost_usd"]))

    def test_flex_of_another_dialect_is_asked_and_booked(self):
        origin = self.simulator("flex_refused = 0\n")
        self.configure('targets = ["gemini/gemini-2.5-flash"]\n')
        self.serve_routes(env={"GOOGLE_GEMINI_BASE_URL": origin + "/gemini", "GEMINI_API_KEY": "any"})
        for stream in (False, True):
            answer = self.ask("POST", "/v1/chat/completions", dict(ROUTED, service_tier="flex", stream=stream))
            self.assertEqual(answer.status, 200, answer.text)
        generated = self.ask("POST", "/v1beta/models/fast:generateContent", {
            "contents": [{"role": "user", "parts": [{"text": "hi"}]}], "serviceTier": "flex"})
        self.assertEqual(generated.status, 200, generated.text)
        charges = self.charged(origin)
        self.assertEqual([row["tier"] for row in charges], ["flex"] * 3)
        self.assertEqual([line["tier"] for line in self.logged(3)], ["flex"] * 3)
        self.assertEqual(sorted(decimal.Decimal(line["cost_usd"]) for line in self.logged(3)),
                         sorted(decimal.Decimal(row["usd"]) for row in charges))


class Around(Routed):
    def serve_patient(self):
        _, self.origin = self.listening("serve", "--sim", "--speed", "20000", "--threads", "1", "--access-log", "off")

    def test_keys_may_name_the_route_or_its_models(self):
        a, b = self.upstream(reply()), self.upstream(reply())
        self.configure('targets = ["a/m-a", "b/m-b"]\n', a=a, b=b)
        secrets = {}
        for name, model in (("whole", "fast"), ("part", "m-b"), ("none", "other")):
            made = self.twolane("keys", "create", name, "--model", model, "--json")
            self.assertEqual(made.exit, 0, made.err)
            secrets[name] = made.json["key"]
        self.serve_routes()
        def ask(name):
            return self.ask("POST", "/v1/chat/completions", ROUTED, authorization="Bearer " + secrets[name])
        self.assertEqual(ask("whole").status, 200)
        self.assertEqual((len(a.asked), len(b.asked)), (1, 0))
        self.assertEqual(ask("part").status, 200)
        self.assertEqual((len(a.asked), len(b.asked)), (1, 1))
        self.assertEqual((ask("none").status, ask("none").json["error"]["code"]), (403, "model_not_allowed"))

    def test_routes_are_listed_and_shown_as_models(self):
        a = self.upstream(reply())
        self.configure('targets = ["a/m"]\n', a=a)
        self.serve_routes()
        self.assertEqual([m["id"] for m in self.ask("GET", "/v1/models").json["data"]], ["fast"])
        self.assertEqual(self.ask("GET", "/v1/models/fast").json["owned_by"], "twolane")
        # A server of one's own is reached by its name, too.
        self.assertEqual(self.ask("POST", "/v1/chat/completions", dict(CHAT, model="a/any")).status, 200)
        self.assertEqual(a.asked[0]["model"], "any")

    def test_a_target_without_a_key_is_said_at_the_start(self):
        self.configure('targets = ["own/m", "anthropic/claude-haiku-4-5"]\n', own=self.dead_end())
        ended = self.twolane("serve", "--listen", "127.0.0.1:0", "--json")
        self.assertEqual((ended.exit, ended.json["error"]["code"]), (2, "provider.no_key"), ended.out)
        self.assertIn("export ANTHROPIC_API_KEY=...", ended.json["error"]["next"])

    def test_a_patient_route_buys_batches_and_an_own_server_answers_at_once(self):
        own = self.upstream(reply())
        self.configure('targets = ["own/m", "openai/gpt-5.4-mini"]\nlane = "patient"\ndeadline = "12h"\n'
                       '[routes.mine]\ntargets = ["own/m"]\n', own=own)
        self.serve_patient()
        answer = self.ask("POST", "/v1/chat/completions", ROUTED)
        self.assertEqual((answer.status, answer.headers["twolane-lane"]), (200, "patient"), answer.text)
        ledger = self.lines(self.home / "sim-server" / "ledger.jsonl")
        self.assertEqual([(row["model"], row["tier"]) for row in ledger], [("gpt-5.4-mini", "batch")])
        at_once = self.ask("POST", "/v1/chat/completions", ROUTED, twolane_lane="interactive")
        self.assertEqual((at_once.status, len(own.asked)), (200, 1))
        mine = self.ask("POST", "/v1/chat/completions", dict(CHAT, model="mine"), twolane_deadline="6h")
        self.assertEqual((mine.status, len(own.asked)), (200, 2), "it has no batches, and keeps any deadline")

    def test_the_audits_snippet_is_a_route_that_serve_follows(self):
        log = self.dir / "log.jsonl"
        with open(log, "w", encoding="utf-8") as file:
            for i in range(3000):
                file.write(json.dumps({
                    "at": "2026-10-%02dT02:%02d:%02dZ" % (1 + i // 100, i % 100 // 60, i % 60), "id": "tw-%d" % i, "key": "nightly",
                    "method": "POST", "path": "/v1/chat/completions", "model": "gpt-5.4-mini", "provider": "openai",
                    "lane": "interactive", "status": 200, "tier": "standard", "input_tokens": 10000, "cached_tokens": 0,
                    "output_tokens": 1000, "cost_usd": "0.0120", "total_us": 20000000}) + "\n")
        audit = self.twolane("audit", log, "--json")
        self.assertEqual(audit.exit, 0, audit.err)
        snippets = [move["snippet"] for move in audit.json["moves"]]
        self.assertEqual(len(snippets), 1, audit.json["moves"])
        self.assertRegex(snippets[0], r'^\[routes\.nightly\]\ntargets = \["openai/gpt-5\.4-mini"\]\n')
        (self.dir / "twolane.toml").write_text(snippets[0])
        checked = self.twolane("config", "check", "--json")
        self.assertEqual(checked.exit, 0, checked.out)
        self.assertEqual([route["name"] for route in checked.json["routes"]], ["nightly"])
        self.serve_patient()
        answer = self.ask("POST", "/v1/chat/completions", dict(CHAT, model="nightly"))
        self.assertEqual((answer.status, answer.json["object"]), (200, "chat.completion"), answer.text)
        self.assertEqual(answer.headers["twolane-lane"], "patient")
        ledger = self.lines(self.home / "sim-server" / "ledger.jsonl")
        self.assertEqual([(row["model"], row["tier"]) for row in ledger], [("gpt-5.4-mini", "batch")])

"""Routes of the gateway: fallbacks, retries, limits of time, circuits, weights, places, dialects, and what the books say."""
import collections
import decimal
import http.client
import json
import threading
import time

from serve_test import CHAT, MESSAGE
from upstreams import NO_FLEX, ROUTED, Routed, drop, events, hang, reply


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

    def test_no_more_calls_than_attempts(self):
        a, b = self.upstream(reply(500)), self.upstream(reply())
        self.configure('targets = ["a/m", "b/m"]\nattempts = 1\n', a=a, b=b)
        self.serve_routes()
        self.assertEqual(self.ask("POST", "/v1/chat/completions", ROUTED).status, 500)
        self.assertEqual((len(a.asked), len(b.asked)), (1, 0))

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
        self.serve_routes(threads=2)
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

    def test_no_connection_in_time(self):
        b = self.upstream(reply())
        self.configure('targets = ["full/m", "b/m"]\nconnect = "200ms"\n', full=self.full_house(), b=b)
        self.serve_routes()
        began = time.monotonic()
        self.assertEqual(self.ask("POST", "/v1/chat/completions", ROUTED).status, 200)
        self.assertLess(time.monotonic() - began, 2)
        line = self.logged(1)[0]
        self.assertEqual(self.tries(line), [("full/m", "unreached"), ("b/m", "answered")])
        self.assertGreaterEqual(line["tries"][0]["ms"], 190)
        self.assertLess(line["overhead_us"], 180000, "waiting for a target is not the gateway's own time")

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
            self.assertNotIn("up_to_usd", line, "no price is known of one's own servers")

    def test_a_refusal_that_stalls_is_given_up(self):
        def stall(request):
            request.send_response(500)
            request.send_header("content-length", "100")
            request.end_headers()
            request.wfile.write(b'{"error":')
            hang(request)
        a, b = self.upstream(stall), self.upstream(reply())
        self.configure('targets = ["a/m", "b/m"]\nfirst_byte = "200ms"\n', a=a, b=b)
        self.serve_routes()
        self.assertEqual(self.ask("POST", "/v1/chat/completions", ROUTED).status, 200)
        line = self.logged(1)[0]
        self.assertEqual(self.tries(line), [("a/m", "refused"), ("b/m", "answered")])
        self.assertLess(line["tries"][0]["ms"], 10000, "not when the upstream closes")

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
        self.until(lambda: a.asked, "it was not asked")
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
        self.serve_routes(threads=2)
        connections = []
        for i in range(4):
            connections.append(self.connect())
            connections[-1].request("POST", "/v1/chat/completions", json.dumps(ROUTED))
            self.until(lambda i=i: sum(len(up.asked) for up in held) > i, "call %d was not made" % i)
        self.assertEqual([len(up.asked) for up in held], [2, 2])
        busy = self.ask("POST", "/v1/chat/completions", ROUTED)
        self.assertEqual((busy.status, busy.json["error"]["code"], busy.headers["retry-after"]), (503, "no_target", "1"))
        self.assertEqual(self.metric("twolane_route_in_flight"), 4)
        connections[0].close()
        self.until(lambda: self.metric("twolane_route_in_flight") == 3, "the place is not free")
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

    def test_a_translated_stream_falls_back_before_its_first_byte_only(self):
        silent, breaks, b = self.upstream(events(0, hang)), self.upstream(events(3, drop)), self.upstream(reply())
        self.configure('targets = ["silent/m", "breaks/m", "b/m"]\nfirst_byte = "200ms"\n', silent=silent, breaks=breaks, b=b)
        self.serve_routes()
        told = self.ask("POST", "/v1/messages", dict(MESSAGE, model="fast", stream=True), x_api_key="any")
        kinds = [event["type"] for event in told.events]
        self.assertEqual((kinds[0], kinds[-1]), ("message_start", "error"), told.text)
        self.assertIn("part 2", told.text)
        self.assertEqual(len(b.asked), 0)
        line = self.logged(1)[0]
        self.assertEqual(self.tries(line), [("silent/m", "late"), ("breaks/m", "cut")])
        self.assertTrue(all(t["may_be_billed"] for t in line["tries"]), line)

    def test_what_only_one_dialect_has_goes_to_its_target(self):
        origin = self.simulator()
        a = self.upstream(reply())
        self.configure('targets = ["a/m", "anthropic/claude-haiku-4-5"]\nattempts = 1\n', a=a)
        self.serve_routes(env={"ANTHROPIC_BASE_URL": origin + "/anthropic", "ANTHROPIC_API_KEY": "any"})
        counted = self.ask("POST", "/v1/messages/count_tokens", {"model": "fast", "messages": MESSAGE["messages"]}, x_api_key="any")
        self.assertGreater(counted.json["input_tokens"], 0, counted.text)
        self.assertEqual(len(a.asked), 0)

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
        for line in lines:  # what a lost answer may cost stands beside what the kept one does
            self.assertEqual("up_to_usd" in line, any("may_be_billed" in t for t in line["tries"]), line)
        exact = {row["response_id"]: row["usd"] for row in charges + self.charged(calm)}
        for line in lines:
            if line["status"] == 200:
                self.assertEqual(decimal.Decimal(exact[line["response_id"]]), decimal.Decimal(line["cost_usd"]), line)

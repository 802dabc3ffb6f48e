"""Patient requests on synchronous doors: held open, tickets, background, cut connections, restarts."""
import json
import threading
import time

from serve_test import CHAT, GEMINI, GENERATE, MESSAGE, Serving, told, told_by_events


class Patient(Serving):
    def serve(self, *args, speed="20000", **more):
        process, self.origin = self.listening("serve", "--sim", "--speed", speed, "--threads", "1",
                                              "--access-log", str(self.dir / "access.jsonl"), *args, **more)
        return process

    def ledger(self):
        path = self.home / "sim-server" / "ledger.jsonl"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    def poll(self, path, done):
        for _ in range(600):
            reply = self.ask("GET", path)
            if done(reply):
                return reply
            time.sleep(0.05)
        self.fail("not done: " + reply.text)

    def test_held_open_at_every_door_and_bought_in_batches(self):
        self.serve()
        chat = self.ask("POST", "/v1/chat/completions", CHAT, twolane_deadline="12h")
        self.assertEqual((chat.status, chat.json["object"]), (200, "chat.completion"), chat.text)
        message = self.ask("POST", "/v1/messages", MESSAGE, x_api_key="k", twolane_lane="patient")
        self.assertEqual((message.status, message.json["type"]), (200, "message"), message.text)
        answer = self.ask("POST", GEMINI + ":generateContent", GENERATE, twolane_lane="patient")
        self.assertIn("candidates", answer.json, answer.text)
        other = self.ask("POST", "/v1/chat/completions", dict(CHAT, model="claude-haiku-4-5"), twolane_deadline="12h")
        self.assertEqual(other.json["object"], "chat.completion", other.text)
        self.assertEqual([line["tier"] for line in self.ledger()], ["batch"] * 4)

    def test_held_open_as_a_stream(self):
        self.serve(speed="8000")
        asked = {"model": "gpt-5.4-mini", "input": "Say something about a lost card."}
        calls = (("/v1/chat/completions", CHAT, {}), ("/v1/responses", asked, {}), ("/v1/messages", MESSAGE, {"x_api_key": "k"}),
                 ("/v1/chat/completions", dict(CHAT, model="claude-haiku-4-5"), {}))
        for path, body, headers in calls:
            whole = told(self.ask("POST", path, body, twolane_deadline="5h", **headers).json)[0]
            stream = self.ask("POST", path, dict(body, stream=True), twolane_deadline="5h", **headers)
            self.assertTrue(stream.headers["content-type"].startswith("text/event-stream"), stream.text)
            self.assertEqual((stream.status, stream.headers["twolane-lane"]), (200, "patient"))
            self.assertEqual(told_by_events(stream.events), whole, stream.text)
        chat = self.ask("POST", "/v1/chat/completions", dict(CHAT, stream=True, stream_options={"include_usage": True}),
                        twolane_deadline="5h")
        self.assertGreater(chat.events[-1]["usage"]["completion_tokens"], 0)
        self.assertTrue(chat.text.endswith("data: [DONE]\n\n"))
        answer = self.ask("POST", GEMINI + ":streamGenerateContent?alt=sse", GENERATE, twolane_lane="patient")
        self.assertIn("candidates", answer.events[0], answer.text)
        array = self.ask("POST", GEMINI + ":streamGenerateContent", GENERATE, twolane_lane="patient")
        self.assertIn("candidates", array.json[0], array.text)
        self.assertEqual({line["tier"] for line in self.ledger()}, {"batch"})

    def test_a_waiting_stream_shows_that_it_lives_and_tells_late_failures_as_events(self):
        self.serve(speed="200")  # the batch takes seconds
        pings = {"/v1/chat/completions": (CHAT, ": "), "/v1/messages": (MESSAGE, "event: ping\n")}
        replies = {}
        def call(path, body):
            replies[path] = self.ask("POST", path, dict(body, stream=True), twolane_deadline="2h", x_api_key="k")
        threads = [threading.Thread(target=call, args=(p, b)) for p, (b, _) in pings.items()]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for path, (_, ping) in pings.items():
            self.assertTrue(replies[path].text.startswith(ping), replies[path].text[:300])
            self.assertIn("lost card", told_by_events(replies[path].events))
        # A refusal that is known at once is one.
        no = self.ask("POST", "/v1/chat/completions", dict(CHAT, stream=True, max_completion_tokens=-1), twolane_deadline="2h")
        self.assertEqual((no.status, no.headers["content-type"]), (400, "application/json"), no.text)

    def test_many_clients_share_a_batch(self):
        self.serve()
        replies = []
        threads = [threading.Thread(target=lambda i=i: replies.append(self.ask(
            "POST", "/v1/chat/completions", dict(CHAT, seed=i), twolane_deadline="20h"))) for i in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual([r.status for r in replies], [200] * 20)
        batches = {line["batch"] for line in self.ledger()}
        self.assertLessEqual(len(batches), 3, batches)

    def test_respond_async_gives_a_ticket(self):
        self.serve()
        reply = self.ask("POST", "/v1/chat/completions", CHAT, prefer="respond-async", twolane_deadline="6h")
        self.assertEqual((reply.status, reply.headers["preference-applied"]), (202, "respond-async"))
        where = reply.headers["location"]
        self.assertIn(self.ask("GET", where).json["status"], ("queued", "in_progress", "completed"))
        self.poll(where, lambda r: r.json["status"] == "completed")
        self.assertEqual(self.ask("GET", where + "/result").json["object"], "chat.completion")
        self.assertEqual(self.ask("GET", "/twolane/v1/tickets/tkt_none").status, 404)

    def test_a_cut_connection_is_attached_again_and_bought_once(self):
        self.serve(speed="1500")  # the answer comes after the last cut
        for _ in range(2):  # cut twice on the way
            connection = self.connect()
            connection.request("POST", "/v1/chat/completions", json.dumps(CHAT), {"Twolane-Deadline": "40h"})
            time.sleep(0.05)
            connection.close()  # and at once again, as impatient clients do
        reply = self.ask("POST", "/v1/chat/completions", CHAT, twolane_deadline="40h")
        self.assertEqual(reply.status, 200, reply.text)
        self.assertEqual(len(self.ledger()), 1)
        # Delivered: the same body is another request now, the same key is not.
        again = [self.ask("POST", "/v1/chat/completions", CHAT, twolane_deadline="40h", idempotency_key="k") for _ in range(2)]
        self.assertEqual([r.status for r in again], [200, 200])
        self.assertEqual(len(self.ledger()), 2)

    def test_how_sure_a_call_is_to_be_on_time(self):
        self.serve()
        wish = {"twolane_deadline": "12h", "prefer": "respond-async"}
        for sure in ({}, {"twolane_on_time": "0.999"}, {"twolane_on_time": "0.999"}):
            taken = self.ask("POST", "/v1/chat/completions", CHAT, **wish, **sure)
            self.assertEqual(taken.status, 202, taken.text)
        jobs = self.poll("/twolane/v1/jobs", lambda r: len(r.json["data"]) == 2).json["data"]
        self.assertEqual(sorted(j["requests"] for j in jobs), [1, 2])  # a job has one target
        asked = {"model": "gpt-5.4-mini", "input": "Say something.", "background": True}
        for nonsense in ("1", "0.2", "often", "99 %"):
            for path, body in (("/v1/chat/completions", CHAT), ("/v1/responses", asked)):
                refused = self.ask("POST", path, body, twolane_deadline="12h", twolane_on_time=nonsense)
                self.assertEqual(refused.status, 400, nonsense)
                self.assertIn("Twolane-On-Time is a probability from 0.5 to below 1", refused.text)

    def test_background_responses(self):
        self.serve()
        made = self.ask("POST", "/v1/responses", {"model": "gpt-5.4-mini", "input": "hello", "background": True})
        self.assertEqual((made.status, made.json["status"] in ("queued", "in_progress")), (200, True), made.text)
        done = self.poll("/v1/responses/" + made.json["id"], lambda r: r.json["status"] == "completed")
        self.assertEqual((done.json["id"], done.json["output"][-1]["type"]), (made.json["id"], "message"))
        self.assertEqual(self.ledger()[0]["tier"], "standard")
        later = self.ask("POST", "/v1/responses", {"model": "gpt-5.4-mini", "input": "hello", "background": True},
                         twolane_deadline="30h")
        ended = self.ask("POST", "/v1/responses/%s/cancel" % later.json["id"], b"")
        self.assertEqual(ended.json["status"], "cancelled", ended.text)
        self.assertTrue(self.ask("DELETE", "/v1/responses/" + made.json["id"]).json["deleted"])

    def test_a_background_response_streams_from_its_id_to_its_end(self):
        self.serve()
        body = {"model": "gpt-5.4-mini", "input": "hello", "background": True, "stream": True}
        events = self.ask("POST", "/v1/responses", body).events
        self.assertEqual([e["type"] for e in events[:3]], ["response.created", "response.queued", "response.in_progress"])
        self.assertEqual([e["sequence_number"] for e in events], list(range(len(events))))
        self.assertEqual((events[-1]["type"], events[-1]["response"]["status"]), ("response.completed", "completed"))
        self.assertEqual(len({e["response"]["id"] for e in events if "response" in e}), 1)
        self.assertEqual(self.ask("GET", "/v1/responses/" + events[0]["response"]["id"]).json, events[-1]["response"])

    def test_who_waits_for_a_cancelled_call_is_told(self):
        self.serve(speed="1")  # it is collected for minutes
        connection = self.connect()
        connection.request("POST", "/v1/responses", json.dumps(
            {"model": "gpt-5.4-mini", "input": "hello", "background": True, "stream": True}), {"Twolane-Deadline": "20h"})
        response = connection.getresponse()
        self.assertEqual(response.readline(), b"event: response.created\n")
        first = json.loads(response.readline()[6:])
        self.assertEqual(first["response"]["status"], "queued")
        self.ask("POST", "/v1/responses/%s/cancel" % first["response"]["id"], b"")
        last = json.loads(response.read().decode().strip().split("data: ")[-1])
        self.assertEqual((last["type"], last["response"]["status"]), ("response.failed", "cancelled"))
        self.assertEqual(self.ledger(), [])

    def test_a_ticket_is_promoted(self):
        self.serve()
        where = self.ask("POST", "/v1/chat/completions", CHAT, prefer="respond-async", twolane_deadline="40h").headers["location"]
        self.ask("POST", where + "/promote", b"")
        self.poll(where, lambda r: r.json["status"] == "completed")
        self.assertEqual([line["tier"] for line in self.ledger()], ["standard"])

    def test_kill_with_open_calls(self):
        """10 open patient calls, kill -9, start again: the clients' retries get their answers, each bought once."""
        _, sim = self.listening("sim", "--speed", "5000", "--home", str(self.dir / "other"))
        env = {"OPENAI_BASE_URL": sim + "/openai/v1", "OPENAI_API_KEY": "k"}
        process, self.origin = self.listening("serve", "--speed", "5000", env=env)
        open_calls = []
        for i in range(10):
            connection = self.connect()
            connection.request("POST", "/v1/chat/completions", json.dumps(dict(CHAT, seed=i)), {"Twolane-Deadline": "20h"})
            open_calls.append(connection)
        time.sleep(0.4)
        process.kill()
        process.wait()
        _, self.origin = self.listening("serve", "--speed", "5000", env=env)
        for i in range(10):
            reply = self.ask("POST", "/v1/chat/completions", dict(CHAT, seed=i), twolane_deadline="20h")
            self.assertEqual(reply.status, 200, reply.text)
        ledger = (self.dir / "other" / "sim-server" / "ledger.jsonl").read_text().splitlines()
        self.assertEqual(len(ledger), 10)

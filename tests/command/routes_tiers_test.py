"""Service tiers along routes, patient routes, and what stands around them: keys, lists, documents, the audit."""
import decimal
import json
import time

from harness import ROOT
from serve_test import CHAT
from upstreams import ANSWER, NO_FLEX, ROUTED, Routed, by_tier, hang, reply


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
        self.assertTrue(0.1 < time.monotonic() - began < 3, time.monotonic() - began)
        line = self.logged(1)[0]
        tiers = [(t["tier"], t["outcome"]) for t in line["tries"]]
        self.assertEqual(tiers[-1], ("standard", "answered"))
        self.assertGreaterEqual(len(tiers), 3)
        self.assertEqual(set(tiers[:-1]), {("flex", "no_capacity")})
        self.assertFalse(any("may_be_billed" in t for t in line["tries"]))
        # 1,000 in and 100 out at the standard tier of gpt-5.4-mini, 0.75 and 4.50 USD a million.
        self.assertEqual((line["tier"], line["cost_usd"]), ("standard", "0.0012"))

    def test_a_flex_answer_that_takes_too_long_for_its_deadline_is_given_up(self):
        up = self.upstream(by_tier(flex=hang, default=self.served("default")))
        self.configure('targets = ["openai/gpt-5.4-mini"]\n')
        self.serve_scripted(up)
        answer = self.ask("POST", "/v1/chat/completions", dict(ROUTED, service_tier="flex"), twolane_deadline="900ms")
        self.assertEqual((answer.status, answer.json["service_tier"]), (200, "default"), answer.text)
        line = self.logged(1)[0]
        self.assertEqual([(t["tier"], t["outcome"]) for t in line["tries"]], [("flex", "late"), ("standard", "answered")])
        self.assertTrue(line["tries"][0]["may_be_billed"])
        self.assertGreater(decimal.Decimal(line["up_to_usd"]), 0)

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

    def test_the_head_of_geminis_answer_says_what_was_served(self):
        def said(tier):
            return reply(200, {"candidates": [{"content": {"role": "model", "parts": [{"text": "hi"}]}, "finishReason": "STOP"}],
                               "usageMetadata": {"promptTokenCount": 1000, "candidatesTokenCount": 100, "serviceTier": "priority"},
                               "modelVersion": "gemini-3.5-flash"}, x_gemini_service_tier=tier)
        up = self.upstream(said("standard"), said("priority"))
        (self.dir / "twolane.toml").write_text('[routes.fast]\ntargets = ["gemini/gemini-3.5-flash"]\ntier = "priority"\n')
        self.serve_routes(env={"GOOGLE_GEMINI_BASE_URL": up.base_url.removesuffix("/v1"), "GEMINI_API_KEY": "any"})
        contents = {"contents": [{"role": "user", "parts": [{"text": "hi"}]}]}
        for _ in range(2):
            answer = self.ask("POST", "/v1beta/models/fast:generateContent", contents)
            self.assertEqual(answer.status, 200, answer.text)
        self.assertEqual(up.asked[0]["serviceTier"], "priority")
        lines = sorted(self.logged(2), key=lambda line: line["at"])
        # 1,000 in and 100 out at 1.50 and 9.00 USD a million: too many of them become standard, silently.
        self.assertEqual((lines[0]["tier"], lines[0]["cost_usd"]), ("standard", "0.0024"))
        self.assertEqual(lines[1]["tier"], "priority")
        self.assertGreater(decimal.Decimal(lines[1]["cost_usd"]), decimal.Decimal("0.0024"))

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
        _, self.origin = self.listening("serve", "--sim", "--speed", "3000", "--threads", "1", "--access-log", "off")

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

    def test_the_documents_example_is_served(self):
        text = (ROOT / "docs" / "routes.md").read_text(encoding="utf-8")
        (self.dir / "twolane.toml").write_text(text.split("```toml\n")[1].split("```")[0])
        self.serve_routes(env={"OPENAI_API_KEY": "any", "ANTHROPIC_API_KEY": "any", "GEMINI_API_KEY": "any"})
        listed = [m["id"] for m in self.ask("GET", "/v1/models").json["data"]]
        self.assertEqual([name for name in ("fast", "split", "nightly", "cheap") if name not in listed], [])

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

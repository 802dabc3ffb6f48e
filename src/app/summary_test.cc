// Endings against the exact text, the JSON against its members, and the precedence of exit codes.
#include "app/summary.h"

#include <gtest/gtest.h>

namespace twolane::app {
namespace {

const Zone zone = Zone::fixed(3600);
Time utc(std::string_view text) { return parse_rfc3339(text).value(); }
PicoUsd usd(std::string_view text) { return parse_usd(text).value(); }

int64_t& of(Totals& t, RequestState s) { return t.requests[static_cast<size_t>(s)]; }
Totals::Lane& lane(Totals& t, ServiceTier tier) { return t.lanes[static_cast<size_t>(tier)]; }

Ending done() {
  Ending e;
  e.input = "tickets.jsonl";
  e.output = "tickets.out.jsonl";
  e.job.id = {0x7f3c91aabbccddeeull};
  e.job.input_name = e.input;
  e.job.requests = 13083;
  e.job.accepted = utc("2026-11-25T20:16:00Z");
  e.job.deadline = utc("2026-11-26T05:00:00Z");
  e.job.kept = true;
  e.job.cap = PicoUsd::from_usd(5);
  e.job.state = JobState::done;
  e.job.last_answer = utc("2026-11-26T04:35:40Z");
  e.job.finished = utc("2026-11-26T04:35:40Z");
  e.now = e.job.finished;
  e.elapsed_s = 12.5;
  Totals& t = e.job.totals;
  of(t, RequestState::succeeded) = 13083;
  lane(t, ServiceTier::batch) = {12410, usd("3.2204"), usd("6.4408")};
  lane(t, ServiceTier::flex) = {510, usd("0.1323"), usd("0.2647")};
  lane(t, ServiceTier::standard) = {163, usd("0.0846"), usd("0.0846")};
  t.cost = usd("3.4472");
  t.paid_twice = usd("0.0099");
  t.paid_twice_attempts = 38;
  t.promoted = 672;
  t.input_tokens = 8111460;
  t.output_tokens = 156996;
  return e;
}

TEST(Summary, TheEndOfAJobThatWentWell) {
  EXPECT_EQ(ending_text(done(), zone),
            "done   13,083 answered, on time: Thu 05:35, 24 min early       tickets.out.jsonl\n"
            "  lane          requests   paid USD   list USD\n"
            "  standard           163     0.0846     0.0846\n"
            "  batch           12,410     3.2204     6.4408\n"
            "  flex               510     0.1323     0.2647\n"
            "  paid twice        (38)     0.0099          -\n"
            "  total           13,083     3.4472     6.7901     saved 3.3429 (49.2 %)\n"
            "672 promoted to a faster lane for the deadline.\n");
}

TEST(Summary, Failures) {
  Ending e = done();
  of(e.job.totals, RequestState::succeeded) = 13041;
  of(e.job.totals, RequestState::failed) = 42;
  e.job.totals.paid_twice = {};
  e.job.totals.cost = usd("3.4373");
  e.causes = {{"content_policy", "refused by openai", 31, 17, false},
              {"server_error", "5 tries", 11, 8114, true}};
  EXPECT_EQ(ending_text(e, zone),
            "done with failures   13,041 answered, 42 failed (exit 1)       tickets.out.jsonl\n"
            "   31  content_policy  refused by openai; first is line 17\n"
            "   11  server_error    5 tries; first is line 8,114; a retry may help\n"
            "paid 3.44 USD, list 6.79, saved 3.35; failures were not billed\n"
            "next  twolane retry 7f3c91\n");
}

TEST(Summary, AMissedDeadlineAndTheCap) {
  Ending late = done();
  late.job.totals.late = 122;
  late.job.last_answer = utc("2026-11-26T05:07:10Z");
  const std::string text = ending_text(late, zone);
  EXPECT_TRUE(text.starts_with(
      "deadline missed   13,083 answered, 122 late, the last Thu 06:07 (exit 3)\n  due Thu 06:00\n"))
      << text;
  EXPECT_NE(text.find("paid 3.45 USD, list 6.79, saved 3.34; answers in tickets.out.jsonl\n"),
            std::string::npos) << text;

  Ending capped = done();
  capped.error = Error{};
  capped.error->code = "money.cap";
  capped.job.cap = PicoUsd::from_usd(3);
  capped.job.totals.cost = usd("2.9998");
  of(capped.job.totals, RequestState::succeeded) = 11559;
  of(capped.job.totals, RequestState::open) = 1524;
  capped.enough_cap = usd("3.5712");
  capped.next_request = usd("0.0004");
  EXPECT_EQ(ending_text(capped, zone),
            "stopped by the cap   11,559 answered, 1,524 not bought (exit 4)\n"
            "  booked 2.9998 of 3.00 USD; the next request could cost 0.00040\n"
            "next  twolane run tickets.jsonl --max-cost 3.58    (enough even at full length)\n"
            "      twolane results 7f3c91\n");
}

TEST(Summary, AnInterruption) {
  Ending e = done();
  e.interrupted = true;
  e.now = utc("2026-11-26T01:00:00Z");
  of(e.job.totals, RequestState::succeeded) = 10001;
  of(e.job.totals, RequestState::batched) = 3082;
  e.job.totals.cost = usd("2.60");
  e.job.totals.reserved = usd("1.16");
  e.running = {{2, "openai", 3082}};
  e.takeover = utc("2026-11-26T04:21:00Z");
  EXPECT_EQ(ending_text(e, zone),
            "interrupted   10,001 of 13,083 kept, 2.60 USD booked (exit 130)\n"
            "  still running   batch 2 at openai, 3,082 requests: bills up to 1.16 USD more\n"
            "  not watched     Thu 06:00: come back before Thu 05:21, or it may be late\n"
            "go on   twolane run tickets.jsonl\n"
            "end it  twolane cancel 7f3c91\n");
}

TEST(Summary, APartThatIsNotWantedAnyMore) {
  Ending e = done();
  of(e.job.totals, RequestState::succeeded) = 10083;
  of(e.job.totals, RequestState::cancelled) = 3000;
  std::string text = ending_text(e, zone);
  EXPECT_EQ(text.substr(0, text.find(" (exit")), "done in part   10,083 answered, 3,000 cancelled");
  EXPECT_NE(text.find("next  twolane run tickets.jsonl --again\n"), text.npos) << text;
  of(e.job.totals, RequestState::succeeded) = 83;
  of(e.job.totals, RequestState::open) = 10000;
  text = ending_text(e, zone);
  EXPECT_EQ(text.substr(0, text.find(" (exit")), "done in part   83 answered, 3,000 cancelled, 10,000 open");
  EXPECT_NE(text.find("next  twolane resume 7f3c91\n"), text.npos) << text;
  e.job.state = JobState::cancelled;
  EXPECT_TRUE(ending_text(e, zone).starts_with("cancelled   ")) << text;
}

TEST(Summary, TheFirstExitCodeThatAppliesWins) {
  Ending e = done();
  EXPECT_EQ(exit_code(e), 0);
  of(e.job.totals, RequestState::failed) = 1;
  EXPECT_EQ(exit_code(e), 1);
  e.job.totals.late = 1;
  EXPECT_EQ(exit_code(e), 3);
  e.error = Error{};
  e.error->code = "money.cap";
  EXPECT_EQ(exit_code(e), 4);
  e.error->code = "provider.account";
  EXPECT_EQ(exit_code(e), 2);
  e.interrupted = true;
  EXPECT_EQ(exit_code(e), 130);

  Ending expired = done();
  of(expired.job.totals, RequestState::expired) = 1;
  EXPECT_EQ(exit_code(expired), 3);
  Ending sample = done();
  of(sample.job.totals, RequestState::open) = 100;
  sample.sampled = true;
  EXPECT_EQ(exit_code(sample), 0);
  Ending cancelled = done();
  of(cancelled.job.totals, RequestState::cancelled) = 100;
  EXPECT_EQ(exit_code(cancelled), 1);
}

TEST(Summary, TheJsonHasEveryMemberAndItsTypes) {
  Ending e = done();
  const auto object = ending_json(e);
  EXPECT_EQ(wire::dump(object),
            R"({"schema":1,"ok":true,"exit":0,"job":"7f3c91aabbccddee","input":"tickets.jsonl",)"
            R"("requests":13083,"succeeded":13083,"failed":0,"expired":0,"cancelled":0,"open":0,"waiting":0,)"
            R"("promoted":672,"late":0,"on_time":true,"deadline":"2026-11-26T05:00:00Z","kept":true,)"
            R"("accepted_at":"2026-11-25T20:16:00Z","finished_at":"2026-11-26T04:35:40Z",)"
            R"("input_tokens":8111460,"cached_tokens":0,"output_tokens":156996,"cost_usd":"3.4472",)"
            R"("list_cost_usd":"6.7901","saved_usd":"3.3429","paid_twice_usd":"0.0099","storage_usd":"0.00",)"
            R"("unconfirmed_usd":"0.00","reserved_usd":"0.00","cap_usd":"5.00",)"
            R"("lanes":{"standard":{"requests":163,"cost_usd":"0.0846","list_cost_usd":"0.0846"},)"
            R"("batch":{"requests":12410,"cost_usd":"3.2204","list_cost_usd":"6.4408"},)"
            R"("flex":{"requests":510,"cost_usd":"0.1323","list_cost_usd":"0.2647"}},)"
            R"("output":"tickets.out.jsonl","elapsed_s":12.5,"promise":{"verdict":"accepted","on_time":1.0,"earliest":null},"miss_foreseen":null,)"
            R"("failures":[],"error":null})");
}

TEST(Promise, SaysWhatACapRisks) {
  const PicoUsd cap = *parse_usd("3"), batches = *parse_usd("2.5"), live = *parse_usd("5");
  EXPECT_EQ(cap_risk_text(live, batches, live), "");
  EXPECT_EQ(cap_risk_text(cap, batches, live),
            "the cap bounds promotion: it covers every request in batches (2.50 USD at most), not live (5.00); should batches "
            "be late, what the cap does not cover is late as well, or not bought\n");
  EXPECT_EQ(cap_risk_text(*parse_usd("1"), batches, live),
            "the cap may not cover every request: in batches they cost 2.50 USD at most; should batches be late, what the cap "
            "does not cover is late as well, or not bought\n");
}

TEST(Promise, SaysWhatCannotBeKept) {
  plan::Verdict v;
  const Time now = utc("2026-11-25T22:00:00Z");
  EXPECT_EQ(promise_text(v, now, Zone::fixed(0)), "");
  v = {plan::Verdict::Kind::at_risk, 0.874, utc("2026-11-26T04:30:00Z")};
  EXPECT_EQ(promise_text(v, now, Zone::fixed(0)),
            "at risk: in time with a probability of about 87 %; the live lane alone takes until Thu 04:30\n");
  v.kind = plan::Verdict::Kind::cannot;
  EXPECT_EQ(promise_text(v, now, Zone::fixed(0)),
            "cannot be done in time: the live lane alone takes until Thu 04:30, the earliest that can be kept\n");
}

}  // namespace
}  // namespace twolane::app

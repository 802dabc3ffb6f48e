#include "gateway/job_json.h"

#include <gtest/gtest.h>

#include "patient/trouble.h"

namespace twolane::gateway {
namespace {

JobView example() {
  JobView view;
  Job& job = view.job;
  job.id = JobId{0x1234567890abcdefull};
  job.input_name = "tickets \"march\".jsonl";
  job.accepted = Time{1'795'000'000'125};
  job.deadline = job.accepted + hours(6);
  job.kept = true;
  job.cap = *parse_usd("5.000000000001");
  job.state = JobState::cancelling;
  job.last_answer = job.accepted + minutes(3);
  job.requests = 28;
  for (size_t i = 0; i < job.totals.requests.size(); ++i) job.totals.requests[i] = static_cast<int64_t>(i + 1);
  job.totals.lanes[static_cast<size_t>(ServiceTier::batch)] = {3, *parse_usd("0.25"), *parse_usd("0.5")};
  job.totals.promoted = 2;
  job.totals.late = 1;
  job.totals.input_tokens = 100;
  job.totals.cached_tokens = 40;
  job.totals.output_tokens = 7;
  job.totals.cost = *parse_usd("0.27");
  job.totals.paid_twice = *parse_usd("0.02");
  job.totals.storage = *parse_usd("0.000000000003");
  job.totals.reserved = *parse_usd("1");
  job.totals.unconfirmed = *parse_usd("0.5");
  Error held;
  held.code = "money.cap";
  held.message = "the cap is reached";
  held.next = {"twolane run in.jsonl --max-cost 6"};
  job.trouble = patient::trouble_to_json(held);
  view.now = job.accepted + minutes(5);
  Batch b;
  b.provider = "openai";
  b.provider_id = "batch_1";
  b.model = "gpt-5.4-mini";
  b.tier = ServiceTier::batch;
  b.state = BatchState::submitted;
  b.cancel_asked = job.accepted + minutes(4);
  b.requests = 20;
  b.created = job.accepted;
  b.sent = job.accepted + seconds(1);
  b.said = "in_progress";
  b.said_done = 12;
  view.batches = {b};
  view.causes = {{"rate_limit", "slow down", 4, 17, true}};
  view.promise = plan::Verdict{plan::Verdict::Kind::at_risk, 0.75, job.accepted + hours(7)};
  view.miss = patient::Miss{job.accepted + minutes(2), job.accepted + hours(7), 0.5};
  view.takeover = job.accepted + hours(1);
  view.cut = 3;
  return view;
}

TEST(JobJson, WhatIsReadBackIsWhatWasWritten) {
  const JobView view = example();
  const auto text = wire::dump(view_to_json(view));
  const auto back = view_from_json(*wire::parse_json(text));
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(wire::dump(view_to_json(*back)), text);
  EXPECT_EQ(back->job.totals, view.job.totals);
  EXPECT_EQ(back->job.id, view.job.id);
  EXPECT_EQ(back->job.deadline, view.job.deadline);
  EXPECT_EQ(back->job.cap, view.job.cap);
  EXPECT_EQ(back->job.state, view.job.state);
  EXPECT_EQ(back->job.finished, Time{});
  EXPECT_EQ(patient::trouble_from_json(back->job.trouble)->next, patient::trouble_from_json(view.job.trouble)->next);
  ASSERT_EQ(back->batches.size(), 1u);
  EXPECT_EQ(back->batches[0].state, BatchState::submitted);
  EXPECT_EQ(back->batches[0].said_done, 12);
  EXPECT_TRUE(back->batches[0].cancelling());
  ASSERT_EQ(back->causes.size(), 1u);
  EXPECT_EQ(back->causes[0].first_line, 17);
  EXPECT_EQ(back->promise->kind, plan::Verdict::Kind::at_risk);
  EXPECT_EQ(back->promise->on_time, 0.75);
  EXPECT_EQ(back->miss, view.miss);
  EXPECT_EQ(back->takeover, view.takeover);
  EXPECT_EQ(back->cut, 3);
}

TEST(JobJson, NothingSecretLeaves) {
  JobView view = example();
  view.job.world = "real openai=https://inner.example/v1";
  view.job.options = R"({"system":"the secret prompt"})";
  const auto text = wire::dump(view_to_json(view));
  EXPECT_EQ(text.find("inner.example"), text.npos);
  EXPECT_EQ(text.find("secret prompt"), text.npos);
}

TEST(JobJson, SomethingElseIsNoJob) {
  for (const char* text : {"{}", "[]", "3", R"({"object":"twolane.job"})", R"({"object":"batch","id":"1234567890abcdef"})",
                           R"({"object":"twolane.job","id":"1234567890abcdeg"})"}) {
    const auto view = view_from_json(*wire::parse_json(text));
    ASSERT_FALSE(view) << text;
    EXPECT_EQ(view.error().code, "server.answer");
  }
}

TEST(JobJson, ErrorsKeepWhatToDo) {
  Error e;
  e.code = "usage.job";
  e.message = "there is no job \"x\"";
  e.why = "nothing of that name is there";
  e.where.field = "JOB";
  e.next = {"twolane jobs lists them"};
  const auto reply = job_refusal(404, e);
  EXPECT_EQ(reply.status, 404);
  const auto json = *wire::parse_json(*reply.body.text());
  EXPECT_EQ(wire::string_at(json["error"], "type"), "invalid_request_error");
  const auto back = error_from_json(json);
  ASSERT_TRUE(back);
  EXPECT_EQ(*back, e);
  EXPECT_FALSE(error_from_json(*wire::parse_json(R"({"detail":"not found"})")));
}

}  // namespace
}  // namespace twolane::gateway

// Anthropic's batch API: calls as they go out, and every reply of its contract.
#include <gtest/gtest.h>

#include "dialect/batch_api.h"
#include "wire/json.h"

namespace twolane::dialect {
namespace {

const BatchApi& api = batch_api(Dialect::anthropic);
const Access access{"https://api.anthropic.com", "sk-ant"};
const BatchSpec spec{"abc123", Endpoint::messages, "", 2};

wire::HttpReply reply(int status, std::string body, wire::Headers headers = {}) {
  wire::HttpReply r;
  r.status = status;
  r.headers = std::move(headers);
  r.body = std::move(body);
  return r;
}

Refusal refused(int status, std::string body, wire::Headers headers = {}) {
  return api.read_refusal(reply(status, std::move(body), std::move(headers)));
}

std::string error(std::string_view type, std::string_view message) {
  return wire::dump({{"type", "error"},
                     {"error", {{"type", type}, {"message", message}}},
                     {"request_id", "req_1"}});
}

TEST(AnthropicBatch, TheCreateBodyIsJson) {
  std::string body = api.inline_head(spec);
  api.append_request(body, spec, "abc123-0", R"({"model":"a"})", true, true);
  api.append_request(body, spec, "abc123-1", R"({"model":"b"})", true, false);
  body += api.inline_tail(spec);
  EXPECT_EQ(body, R"({"requests":[{"custom_id":"abc123-0","params":{"model":"a"}},)"
                  R"({"custom_id":"abc123-1","params":{"model":"b"}}]})");
  EXPECT_EQ(api.upload_call, nullptr);
  wire::HttpCall call = api.create_call(access, spec, "", body);
  EXPECT_EQ(call.url, "https://api.anthropic.com/v1/messages/batches");
  EXPECT_EQ(wire::header(call.headers, "x-api-key"), "sk-ant");
  EXPECT_EQ(wire::header(call.headers, "anthropic-version"), "2023-06-01");
  EXPECT_EQ(api.read_created(reply(200, R"({"id":"msgbatch_1","type":"message_batch"})")).value(),
            "msgbatch_1");
  EXPECT_FALSE(api.read_created(reply(200, "{}")));
}

Polled polled(const char* status, const char* counts, const char* url = "null") {
  return api
      .read_polled(reply(200, std::string(R"({"id":"msgbatch_1","processing_status":")") + status +
                                  R"(","request_counts":)" + counts + R"(,"results_url":)" + url +
                                  "}"))
      .value();
}

TEST(AnthropicBatch, States) {
  const char* fresh = R"({"processing":2,"succeeded":0,"errored":0,"canceled":0,"expired":0})";
  const char* mixed = R"({"processing":0,"succeeded":4,"errored":1,"canceled":2,"expired":3})";
  EXPECT_EQ(polled("in_progress", fresh).phase, Polled::Phase::running);
  EXPECT_EQ(polled("in_progress", fresh).total, 2);
  EXPECT_EQ(polled("in_progress", fresh).done, 0);
  EXPECT_EQ(polled("canceling", fresh).phase, Polled::Phase::finishing);
  EXPECT_EQ(polled("resting", fresh).phase, Polled::Phase::unknown);
  Polled p = polled("ended", mixed, R"("https://elsewhere/results")");
  EXPECT_EQ(p.phase, Polled::Phase::ended);
  EXPECT_EQ(p.total, 10);
  EXPECT_EQ(p.done, 10);
  EXPECT_TRUE(p.cancelled);
  EXPECT_TRUE(p.expired);
  ASSERT_EQ(p.outputs.size(), 1u);
  // The key goes to the host that was configured, whatever the reply says.
  EXPECT_EQ(api.collect_call(access, spec, "msgbatch_1", p.outputs[0]).url,
            "https://api.anthropic.com/v1/messages/batches/msgbatch_1/results");
  EXPECT_TRUE(polled("ended", mixed).outputs.empty());
}

TEST(AnthropicBatch, ListsWithCountsAndNoToken) {
  auto listed = api.read_listed(reply(200, R"({"data":[{"id":"msgbatch_2","created_at":
    "2026-11-20T18:37:24.100435Z","request_counts":{"processing":5,"succeeded":1,"errored":0,"canceled":0,
    "expired":1}}],"has_more":true,"first_id":"msgbatch_2","last_id":"msgbatch_2"})"));
  ASSERT_TRUE(listed);
  ASSERT_EQ(listed->batches.size(), 1u);
  EXPECT_EQ(listed->batches[0].requests, 7);
  EXPECT_EQ(listed->batches[0].token, "");
  EXPECT_EQ(rfc3339(listed->batches[0].created), "2026-11-20T18:37:24.100Z");
  EXPECT_EQ(listed->next, "msgbatch_2");
  EXPECT_TRUE(
      api.list_call(access, spec, "msgbatch_2").url.ends_with("?limit=100&after_id=msgbatch_2"));
}

TEST(AnthropicBatch, RefusalsAreTold) {
  struct Row {
    int status;
    const char *type, *message;
    Verdict verdict;
  };
  const Row rows[] = {
      {400, "invalid_request_error", "messages.0.content: Field required", Verdict::invalid},
      {400, "invalid_request_error", "Your credit balance is too low to access the API.",
       Verdict::no_credit},
      {400, "invalid_request_error", "You have reached your specified API usage limits.",
       Verdict::no_credit},
      {401, "authentication_error", "invalid x-api-key", Verdict::account},
      {402, "billing_error", "pay", Verdict::no_credit},
      {403, "permission_error", "no", Verdict::account},
      {404, "not_found_error", "model: claude-does-not-exist", Verdict::invalid},
      {404, "not_found_error", "Batch not found", Verdict::missing},
      {409, "conflict_error", "busy", Verdict::unavailable},
      {413, "request_too_large", "too large", Verdict::invalid},
      {429, "rate_limit_error", "Number of request tokens has exceeded your limit",
       Verdict::throttled},
      {429, "rate_limit_error", "Too many requests in the batch processing queue",
       Verdict::quota_full},
      {500, "api_error", "internal", Verdict::unavailable},
      {504, "timeout_error", "slow", Verdict::unavailable},
      {529, "overloaded_error", "Overloaded", Verdict::unavailable},
  };
  for (const Row& row : rows) {
    Refusal r = refused(row.status, error(row.type, row.message));
    EXPECT_EQ(r.verdict, row.verdict) << row.message;
    EXPECT_EQ(r.code, row.type);
    EXPECT_EQ(r.message, row.message);
  }
  for (
      const char* body :
      {R"({"type":"error","error":{"type":"rate_limit_error","message":"m","error_code":"enforced_spend_limit_reached"}})",
       R"({"type":"error","error_code":"enforced_spend_limit_reached","error":{"type":"rate_limit_error","message":"m"}})",
       R"({"type":"error","error":{"type":"rate_limit_error","message":"m","details":{"error_code":"enforced_spend_limit_reached"}}})"})
    EXPECT_EQ(refused(429, body).verdict, Verdict::no_credit) << body;
  EXPECT_EQ(refused(413, "<html>413</html>").verdict, Verdict::invalid);
  EXPECT_EQ(refused(529, "").verdict, Verdict::unavailable);
  EXPECT_EQ(refused(429, error("rate_limit_error", "m"), {{"retry-after", "31"}}).retry_after,
            seconds(31));
}

Result<ResultLine> read(std::string_view text) { return api.read_line(Endpoint::messages, text); }

constexpr std::string_view good_line =
    R"({"custom_id":"abc123-1","result":{"type":"succeeded","message":{"id":"msg_01","type":"message",)"
    R"("role":"assistant","model":"claude-haiku-4-5-20251001","content":[{"type":"text","text":"hi"}],)"
    R"("stop_reason":"end_turn","stop_sequence":null,"usage":{"input_tokens":10,"output_tokens":34,)"
    R"("cache_creation_input_tokens":5,"cache_read_input_tokens":7,"cache_creation":)"
    R"({"ephemeral_5m_input_tokens":2,"ephemeral_1h_input_tokens":3},"service_tier":"batch"}}}})";

TEST(AnthropicBatch, AGoodLine) {
  auto r = read(good_line);
  ASSERT_TRUE(r) << r.error().why;
  EXPECT_EQ(r->kind, ResultLine::Kind::answer);
  EXPECT_EQ(r->custom_id, "abc123-1");
  EXPECT_EQ(r->response_id, "msg_01");
  EXPECT_EQ(r->http_status, 200);
  EXPECT_TRUE(r->charged);
  EXPECT_EQ(
      r->usage,
      (Usage{
          .fresh = 10, .cache_read = 7, .cache_write_5m = 2, .cache_write_1h = 3, .output = 34}));
  EXPECT_TRUE(r->body.starts_with(R"({"id":"msg_01")") && r->body.ends_with("}}"));
}

TEST(AnthropicBatch, OtherLines) {
  auto r = read(
      R"({"custom_id":"a-1","result":{"type":"errored","error":{"type":"error","error":)"
      R"({"type":"invalid_request_error","message":"max_tokens: bad"},"request_id":"req_7"}}})");
  ASSERT_TRUE(r);
  EXPECT_EQ(r->kind, ResultLine::Kind::error);
  EXPECT_EQ(r->refusal.verdict, Verdict::invalid);
  EXPECT_EQ(r->refusal.message, "max_tokens: bad");
  EXPECT_EQ(r->http_status, 400);
  EXPECT_EQ(r->response_id, "req_7");
  EXPECT_EQ(r->body, R"({"type":"invalid_request_error","message":"max_tokens: bad"})");
  EXPECT_FALSE(r->charged);

  r = read(
      R"({"result":{"error":{"type":"overloaded_error","message":"m"},"type":"errored"},"custom_id":"a-1"})");
  ASSERT_TRUE(r);
  EXPECT_EQ(r->refusal.verdict, Verdict::unavailable);
  EXPECT_EQ(r->http_status, 529);

  EXPECT_EQ(read(R"({"custom_id":"a-1","result":{"type":"expired"}})")->kind,
            ResultLine::Kind::expired);
  EXPECT_EQ(read(R"({"custom_id":"a-1","result":{"type":"canceled"}})")->kind,
            ResultLine::Kind::cancelled);
  r = read(R"({"custom_id":"a-1","result":{"type":"postponed"}})");
  ASSERT_TRUE(r);
  EXPECT_EQ(r->kind, ResultLine::Kind::error);
  EXPECT_EQ(r->refusal.verdict, Verdict::unavailable);
  EXPECT_EQ(r->refusal.code, "postponed");
}

TEST(AnthropicBatch, ALineCutAnywhereIsCorrupt) {
  for (size_t cut = 0; cut < good_line.size(); ++cut) {
    auto r = read(good_line.substr(0, cut));
    ASSERT_FALSE(r) << cut;
    EXPECT_EQ(r.error().code, "dialect.line");
  }
  for (const char* bad : {R"({"custom_id":"a"})", R"({"custom_id":"a","result":{}})",
                          R"({"custom_id":"a","result":{"type":"succeeded"}})",
                          R"({"result":{"type":"expired"}})", R"({"custom_id":"a","result":[]})"})
    EXPECT_FALSE(read(bad)) << bad;
}

TEST(AnthropicBatch, OtherCalls) {
  EXPECT_EQ(api.cancel_call(access, spec, "msgbatch_1").url,
            "https://api.anthropic.com/v1/messages/batches/msgbatch_1/cancel");
  auto calls = api.cleanup_calls(access, spec, "", "msgbatch_1", {});
  ASSERT_EQ(calls.size(), 1u);
  EXPECT_EQ(calls[0].method, "DELETE");
  EXPECT_EQ(calls[0].url, "https://api.anthropic.com/v1/messages/batches/msgbatch_1");
  EXPECT_TRUE(api.cleanup_calls(access, spec, "", "", {}).empty());
  wire::HttpCall live = api.live_call({"http://127.0.0.1:9/anthropic", "k"}, Endpoint::messages,
                                      "m", "{}", ServiceTier::standard);
  EXPECT_EQ(live.url, "http://127.0.0.1:9/anthropic/v1/messages");
  EXPECT_EQ(api.read_account(reply(200, "", {{"Anthropic-Organization-Id", "org-1"}})), "org-1");
}

}  // namespace
}  // namespace twolane::dialect

// OpenAI's batch API: calls as they go out, and every reply of its contract.
#include <gtest/gtest.h>

#include "dialect/batch_api.h"
#include "wire/json.h"

namespace twolane::dialect {
namespace {

const BatchApi& api = batch_api(Dialect::openai);
const Access access{"https://api.openai.com/v1", "sk-secret"};
const BatchSpec spec{"abc123", Endpoint::chat_completions, "gpt-5.4-mini", 2};

wire::HttpReply reply(int status, std::string body, wire::Headers headers = {}) {
  wire::HttpReply r;
  r.status = status;
  r.headers = std::move(headers);
  r.body = std::move(body);
  return r;
}

std::string body_of(const wire::HttpCall& call) { return call.body.text().value(); }

Polled polled(std::string body) { return api.read_polled(reply(200, std::move(body))).value(); }

Refusal refused(int status, std::string body, wire::Headers headers = {}) {
  return api.read_refusal(reply(status, std::move(body), std::move(headers)));
}

std::string error(std::string_view type, std::string_view code, std::string_view message) {
  return wire::dump(
      {{"error", {{"message", message}, {"type", type}, {"param", nullptr}, {"code", code}}}});
}

TEST(OpenAiBatch, LinesAreOneLineEach) {
  std::string out;
  api.append_request(out, spec, "abc123-0", "{\"model\":\"m\",\r\n \"messages\":[]}", false, true);
  api.append_request(out, spec, "abc123-1", "{\"model\":\"m\"}", false, false);
  EXPECT_EQ(out,
            "{\"custom_id\":\"abc123-0\",\"method\":\"POST\",\"url\":\"/v1/chat/completions\","
            "\"body\":{\"model\":\"m\",   \"messages\":[]}}\n"
            "{\"custom_id\":\"abc123-1\",\"method\":\"POST\",\"url\":\"/v1/chat/completions\","
            "\"body\":{\"model\":\"m\"}}\n");
}

TEST(OpenAiBatch, UploadsThenCreates) {
  wire::HttpCall up = api.upload_call(access, spec, {}, std::string("{\"a\":1}\n"));
  EXPECT_EQ(up.method, "POST");
  EXPECT_EQ(up.url, "https://api.openai.com/v1/files");
  EXPECT_EQ(wire::header(up.headers, "authorization"), "Bearer sk-secret");
  EXPECT_TRUE(
      wire::header(up.headers, "content-type").starts_with("multipart/form-data; boundary="));
  std::string form = body_of(up);
  for (const char* part :
       {"name=\"purpose\"\r\n\r\nbatch\r\n", "name=\"expires_after[seconds]\"\r\n\r\n2592000",
        "filename=\"abc123.jsonl\"", "\r\n\r\n{\"a\":1}\n\r\n--"})
    EXPECT_NE(form.find(part), form.npos) << part;

  auto upload =
      api.read_upload({}, reply(200, R"({"id":"file-1","object":"file","status":"processed"})"));
  ASSERT_TRUE(upload);
  EXPECT_EQ(upload->file_id, "file-1");
  EXPECT_FALSE(api.read_upload({}, reply(200, "<html>")));

  wire::HttpCall create = api.create_call(access, spec, "file-1", {});
  EXPECT_EQ(create.url, "https://api.openai.com/v1/batches");
  EXPECT_EQ(
      body_of(create),
      R"({"input_file_id":"file-1","endpoint":"/v1/chat/completions","completion_window":"24h",)"
      R"("metadata":{"twolane":"abc123"}})");
  EXPECT_EQ(api.read_created(reply(200, R"({"id":"batch_9"})")).value(), "batch_9");
  auto unreadable = api.read_created(reply(200, "{\"id\":"));
  ASSERT_FALSE(unreadable);
  EXPECT_EQ(unreadable.error().code, "provider.reply");
  EXPECT_TRUE(unreadable.error().retryable);
}

TEST(OpenAiBatch, EveryStatusHasItsPhase) {
  using enum Polled::Phase;
  const std::pair<const char*, Polled::Phase> table[] = {
      {"validating", waiting}, {"in_progress", running},    {"finalizing", finishing},
      {"completed", ended},    {"expired", ended},          {"cancelling", finishing},
      {"cancelled", ended},    {"failed", failed},          {"Completed", ended},
      {"canceled", ended},     {"paused_for_tea", unknown}, {"", unknown}};
  for (auto [word, phase] : table) {
    Polled p = polled(wire::dump({{"id", "b"}, {"status", word}}));
    EXPECT_EQ(p.phase, phase) << word;
    EXPECT_EQ(p.said, word);
    EXPECT_EQ(p.cancelled,
              std::string_view(word) == "cancelled" || std::string_view(word) == "canceled");
    EXPECT_EQ(p.expired, std::string_view(word) == "expired");
  }
}

TEST(OpenAiBatch, OutputsAreReadFromBothFilesAndEmptyIdsAreNone) {
  Polled p = polled(R"({"status":"completed","output_file_id":"file-o","error_file_id":"",
                        "request_counts":{"total":10,"completed":1,"failed":0}})");
  ASSERT_EQ(p.outputs.size(), 1u);
  EXPECT_EQ(p.outputs[0].where, "file-o");
  EXPECT_EQ(p.total, 10);
  EXPECT_EQ(p.done, 1);
  p = polled(R"({"status":"completed","output_file_id":null,"error_file_id":"file-e"})");
  ASSERT_EQ(p.outputs.size(), 1u);
  EXPECT_EQ(p.outputs[0].kind, Output::Kind::error_file);
  EXPECT_EQ(p.total, -1);
  EXPECT_TRUE(polled(R"({"status":"completed"})").outputs.empty());
  EXPECT_TRUE(polled(R"({"status":"finalizing","output_file_id":"file-o"})").outputs.empty());
  // Not a reply that may be taken for an end.
  EXPECT_FALSE(api.read_polled(reply(200, "[]")));
  EXPECT_FALSE(api.read_polled(reply(502, R"({"status":"completed"})")));
}

std::string failed(std::string_view errors) {
  return R"({"status":"failed","output_file_id":null,"errors":)" + std::string(errors) + "}";
}

TEST(OpenAiBatch, AFailedBatchSaysWhy) {
  Refusal r = polled(failed(R"({"object":"list","data":[{"code":"streaming_unsupported","line":2,
    "param":"body.stream","message":"Chat Completions: Streaming is not supported."},{"code":"x"}]})"))
                  .refusal;
  EXPECT_EQ(r.verdict, Verdict::invalid);
  EXPECT_EQ(r.code, "streaming_unsupported");
  EXPECT_EQ(r.line, 2);
  EXPECT_EQ(r.message,
            "line 2, body.stream: Chat Completions: Streaming is not supported. (and 1 more)");

  r = polled(failed(R"({"data":[{"code":"token_limit_exceeded","line":null,"param":null,"message":
    "Enqueued token limit reached for gpt-4o-mini in organization org-1. Limit: 2,000,000 enqueued tokens. Please try again once some in_progress batches have been completed."}]})"))
          .refusal;
  EXPECT_EQ(r.verdict, Verdict::quota_full);
  EXPECT_EQ(r.limit, 2'000'000);

  r = polled(failed(R"({"data":[{"code":"invalid_request","param":"file_id",
    "message":"Cannot find file F, or organization O does not have access to it."}]})"))
          .refusal;
  EXPECT_EQ(r.verdict, Verdict::unavailable);

  // A plain array, as one clone sends it; a fault of ours outweighs the quota.
  r = polled(failed(R"([{"code":"token_limit_exceeded","message":"Limit: 5"},
                        {"code":"model_not_found","line":1,"message":"no"}])"))
          .refusal;
  EXPECT_EQ(r.verdict, Verdict::invalid);
  EXPECT_EQ(polled(failed("null")).refusal.verdict, Verdict::unavailable);
}

TEST(OpenAiBatch, ListsNewestFirstWithTokens) {
  auto listed = api.read_listed(reply(200, R"({"object":"list","data":[
    {"id":"batch_2","metadata":{"twolane":"abc123"},"created_at":1787176071,"request_counts":{"total":7}},
    {"id":"batch_1","metadata":null,"request_counts":{"total":0,"completed":0,"failed":0}}],
    "has_more":true,"last_id":"ignored"})"));
  ASSERT_TRUE(listed);
  ASSERT_EQ(listed->batches.size(), 2u);
  EXPECT_EQ(listed->batches[0].token, "abc123");
  EXPECT_EQ(listed->batches[0].requests, 7);
  EXPECT_EQ(listed->batches[0].created.ms, 1787176071000);
  EXPECT_EQ(listed->batches[1].token, "");
  EXPECT_EQ(listed->batches[1].requests, -1);  // not counted while validating
  EXPECT_EQ(listed->next, "batch_1");
  EXPECT_EQ(api.list_call(access, spec, "batch_1").url,
            "https://api.openai.com/v1/batches?limit=100&after=batch_1");
  EXPECT_EQ(api.read_listed(reply(200, R"({"data":[],"has_more":true})"))->next, "");
}

TEST(OpenAiBatch, RefusalsAreTold) {
  struct Row {
    int status;
    const char *type, *code, *message;
    Verdict verdict;
  };
  const Row rows[] = {
      {400, "invalid_request_error", "missing_required_parameter", "Missing.", Verdict::invalid},
      {400, "invalid_request_error", "unknown_parameter", "no", Verdict::invalid},
      {401, "invalid_request_error", "invalid_api_key", "Incorrect API key.", Verdict::account},
      {403, "invalid_request_error", "unsupported_country", "no", Verdict::account},
      {404, "invalid_request_error", "model_not_found", "The model `x` does not exist.",
       Verdict::invalid},
      {404, "invalid_request_error", "", "No batch found with id 'b'.", Verdict::missing},
      {409, "invalid_request_error", "", "Cannot cancel a batch with status 'completed'.",
       Verdict::unavailable},
      {429, "requests", "rate_limit_exceeded", "Rate limit reached.", Verdict::throttled},
      {429, "rate_limit_error", "slow_down", "Slow down.", Verdict::throttled},
      {429, "tokens", "rate_limit_exceeded", "Request too large for gpt-4o on tokens per min",
       Verdict::invalid},
      {429, "insufficient_quota", "insufficient_quota", "You exceeded your quota.",
       Verdict::no_credit},
      {429, "insufficient_quota", "credit_balance_exhausted", "", Verdict::no_credit},
      {429, "insufficient_quota", "organization_spend_limit_exceeded", "", Verdict::no_credit},
      {429, "insufficient_quota", "project_spend_limit_exceeded", "", Verdict::no_credit},
      {429, "insufficient_quota", "organization_usage_limit_exceeded", "", Verdict::no_credit},
      {429, "rate_limit_error", "resource_unavailable", "The flex processing tier is unavailable.",
       Verdict::no_capacity},
      {429, "", "", "Resource Unavailable", Verdict::no_capacity},
      {400, "invalid_request_error", "token_limit_exceeded", "Enqueued token limit reached.",
       Verdict::quota_full},
      {429, "", "", "Enqueued token limit reached for m. Limit: 90,000 enqueued tokens.",
       Verdict::quota_full},
      {500, "server_error", "", "The server had an error.", Verdict::unavailable},
      {503, "service_unavailable_error", "server_is_overloaded", "", Verdict::unavailable},
      {408, "", "", "timeout", Verdict::unavailable},
      {418, "", "", "teapot", Verdict::invalid},
      {302, "", "", "moved", Verdict::unavailable},
  };
  for (const Row& row : rows) {
    Refusal r = refused(row.status, error(row.type, row.code, row.message));
    EXPECT_EQ(r.verdict, row.verdict) << row.status << ' ' << row.code << ' ' << row.message;
    EXPECT_FALSE(r.code.empty());
    EXPECT_FALSE(r.message.empty());
    EXPECT_TRUE(wire::parse_json(r.json)) << r.json;
  }
  EXPECT_EQ(refused(429, error("", "", "Limit: 90,000 enqueued tokens")).limit, 90'000);
}

TEST(OpenAiBatch, BodiesThatAreNoJsonAreJudgedByStatus) {
  Refusal r = refused(502, "<html>\x1b[2J bad\ngateway</html>");
  EXPECT_EQ(r.verdict, Verdict::unavailable);
  EXPECT_EQ(r.code, "http_502");
  EXPECT_EQ(r.message, "<html> [2J bad gateway</html>");
  EXPECT_EQ(refused(413, "").verdict, Verdict::invalid);
  EXPECT_EQ(refused(401, "no").verdict, Verdict::account);
  EXPECT_EQ(refused(429, "").verdict, Verdict::throttled);
  EXPECT_EQ(refused(400, R"({"error":"plain words"})").message, "plain words");
  EXPECT_LE(refused(400, error("t", "c", std::string(10'000, 'x'))).message.size(), 500u);
}

TEST(OpenAiBatch, WaitingTimes) {
  auto wait = [](wire::Headers headers, std::string message = "m") {
    auto d =
        refused(429, error("", "rate_limit_exceeded", message), std::move(headers)).retry_after;
    return d ? d->ms : -1;
  };
  EXPECT_EQ(wait({{"Retry-After", "7"}}), 7000);
  EXPECT_EQ(wait({{"retry-after", "0.5"}}), 500);
  EXPECT_EQ(wait({{"retry-after-ms", "1500"}, {"retry-after", "9"}}), 1500);
  EXPECT_EQ(wait({{"retry-after", "Sat, 21 Nov 2026 00:01:30 GMT"},
                  {"date", "Sat, 21 Nov 2026 00:00:00 GMT"}}),
            90'000);
  EXPECT_EQ(wait({{"retry-after", "Sat, 21 Nov 2026 00:01:30 GMT"}}), -1);
  EXPECT_EQ(wait({{"retry-after", "soon"}}), -1);
  EXPECT_EQ(wait({{"retry-after", "-3"}}), -1);
  EXPECT_EQ(wait({}, "Please try again in 3.89s. Visit https://x"), 3890);
  EXPECT_EQ(wait({}, "Please try again in 1m30s."), 90'000);
  EXPECT_EQ(wait({}, "Please try again in 20ms."), 20);
}

ResultLine line(std::string_view text, Endpoint endpoint = Endpoint::chat_completions) {
  auto r = api.read_line(endpoint, text);
  EXPECT_TRUE(r) << text << ' ' << (r ? "" : r.error().why);
  return r.value_or(ResultLine{});
}

constexpr std::string_view good_line =
    R"({"id":"batch_req_1","custom_id":"t-5","response":{"status_code":200,"request_id":"req_1","body":)"
    R"({"id":"chatcmpl-1","object":"chat.completion","model":"gpt-5.4-mini","choices":[{"index":0,)"
    R"("message":{"role":"assistant","content":"h\"i}{"},"finish_reason":"stop"}],)"
    R"("usage":{"prompt_tokens":19,"completion_tokens":10,"total_tokens":29,)"
    R"("prompt_tokens_details":{"cached_tokens":4}}} },"error":null})";

TEST(OpenAiBatch, AGoodLine) {
  ResultLine r = line(good_line);
  EXPECT_EQ(r.kind, ResultLine::Kind::answer);
  EXPECT_EQ(r.custom_id, "t-5");
  EXPECT_EQ(r.http_status, 200);
  EXPECT_EQ(r.response_id, "chatcmpl-1");
  EXPECT_TRUE(r.charged);
  EXPECT_EQ(r.usage, (Usage{.fresh = 15, .cache_read = 4, .output = 10}));
  EXPECT_TRUE(r.body.starts_with(R"({"id":"chatcmpl-1")"));
  EXPECT_TRUE(r.body.ends_with("}}}"));
  EXPECT_GE(r.body.data(), good_line.data());  // a view into the line
  EXPECT_LE(r.body.data() + r.body.size(), good_line.data() + good_line.size());
}

TEST(OpenAiBatch, EmbeddingsTakeTheRequestsId) {
  ResultLine r = line(
      R"({"error":null,"response":{"body":{"object":"list","data":[],"model":"text-embedding-3-small",)"
      R"("usage":{"prompt_tokens":8,"total_tokens":8}},"request_id":"req_9","status_code":200},)"
      R"("custom_id":"t-0","id":"batch_req_9"})",
      Endpoint::embeddings);
  EXPECT_EQ(r.kind, ResultLine::Kind::answer);
  EXPECT_EQ(r.response_id, "req_9");
  EXPECT_EQ(r.usage.fresh, 8);
}

TEST(OpenAiBatch, ErrorLines) {
  ResultLine r = line(
      R"({"id":"b","custom_id":"t-1","response":{"status_code":400,"request_id":"req_2","body":{"error":)"
      R"({"message":"too long","type":"invalid_request_error","param":"max_tokens","code":null}}},"error":null})");
  EXPECT_EQ(r.kind, ResultLine::Kind::error);
  EXPECT_EQ(r.http_status, 400);
  EXPECT_EQ(r.refusal.verdict, Verdict::invalid);
  EXPECT_EQ(r.refusal.code, "invalid_request_error");
  EXPECT_FALSE(r.charged);
  EXPECT_TRUE(r.body.starts_with(R"({"message":"too long")")) << r.body;
  EXPECT_EQ(r.response_id, "req_2");

  r = line(R"({"custom_id":"t-1","response":{"status_code":500,"body":{"error":{"message":"m"},)"
           R"("usage":{"prompt_tokens":3,"completion_tokens":2,"total_tokens":5}}},"error":null})");
  EXPECT_EQ(r.refusal.verdict, Verdict::unavailable);
  EXPECT_TRUE(r.charged);
  EXPECT_EQ(r.usage.fresh, 3);

  r = line(R"({"custom_id":"t-1","response":{"status_code":503,"body":"upstream"},"error":null})");
  EXPECT_EQ(r.refusal.verdict, Verdict::unavailable);
  EXPECT_EQ(r.refusal.code, "http_503");
}

TEST(OpenAiBatch, LinesThatWereNeverAnswered) {
  auto kind = [](const char* code) {
    return line(R"({"id":"b","custom_id":"t-2","response":null,"error":{"code":")" +
                std::string(code) + R"(","message":"m"}})");
  };
  EXPECT_EQ(kind("batch_expired").kind, ResultLine::Kind::expired);
  EXPECT_EQ(kind("batch_cancelled").kind, ResultLine::Kind::cancelled);
  EXPECT_EQ(kind("request_timeout").kind, ResultLine::Kind::error);
  EXPECT_EQ(kind("request_timeout").refusal.verdict, Verdict::unavailable);
  EXPECT_EQ(kind("invalid_request").refusal.verdict, Verdict::invalid);
  EXPECT_FALSE(kind("request_timeout").charged);
}

TEST(OpenAiBatch, AResponseObjectThatFailedIsAnError) {
  ResultLine r = line(
      R"({"custom_id":"t-3","response":{"status_code":200,"body":{"id":"resp_1","status":"failed",)"
      R"("error":{"code":"server_error","message":"m"},"output":[],"usage":null}},"error":null})",
      Endpoint::responses);
  EXPECT_EQ(r.kind, ResultLine::Kind::error);
  EXPECT_EQ(r.refusal.verdict, Verdict::unavailable);
  EXPECT_FALSE(r.charged);
}

TEST(OpenAiBatch, ALineCutAnywhereIsCorruptAndNeverHalfRead) {
  for (size_t cut = 0; cut < good_line.size(); ++cut) {
    auto r = api.read_line(Endpoint::chat_completions, good_line.substr(0, cut));
    ASSERT_FALSE(r) << cut;
    EXPECT_EQ(r.error().code, "dialect.line");
    if (cut == 0) continue;
    // Run together with the line that followed.
    std::string fused = std::string(good_line.substr(0, cut)) + std::string(good_line);
    EXPECT_FALSE(api.read_line(Endpoint::chat_completions, fused)) << cut;
  }
  for (const char* bad : {"null", "[]", "{}", R"({"custom_id":"a"})",
                          R"({"custom_id":"a","response":null,"error":null})",
                          R"({"response":null,"error":{"code":"batch_expired"}})",
                          R"({"custom_id":"a","response":{"status_code":200,"body":null}})",
                          "{\"custom_id\":\"\xff\",\"response\":null,\"error\":{\"code\":\"x\"}}"})
    EXPECT_FALSE(api.read_line(Endpoint::chat_completions, bad)) << bad;
}

TEST(OpenAiBatch, CleansUpItsFiles) {
  auto calls =
      api.cleanup_calls(access, spec, "file-in", "batch_1",
                        {{Output::Kind::file, "file-out"}, {Output::Kind::error_file, "file-err"}});
  ASSERT_EQ(calls.size(), 3u);
  EXPECT_EQ(calls[0].method, "DELETE");
  EXPECT_EQ(calls[0].url, "https://api.openai.com/v1/files/file-in");
  EXPECT_EQ(calls[2].url, "https://api.openai.com/v1/files/file-err");
  EXPECT_TRUE(api.cleanup_calls(access, spec, "", "", {}).empty());
}

TEST(OpenAiBatch, LiveCallsNameTheirTier) {
  auto text = [](std::string_view body, ServiceTier tier) {
    return body_of(api.live_call(access, Endpoint::chat_completions, "m", body, tier));
  };
  using enum ServiceTier;
  EXPECT_EQ(text(R"({"model":"m"})", standard), R"({"model":"m"})");
  EXPECT_EQ(text(R"({"model":"m"})", flex), R"({"service_tier":"flex","model":"m"})");
  EXPECT_EQ(text("{}", priority), R"({"service_tier":"priority"})");
  EXPECT_EQ(text(R"({"a":{"service_tier":"x"},"service_tier" : "flex" ,"b":1})", standard),
            R"({"a":{"service_tier":"x"},"service_tier" : "default" ,"b":1})");
  EXPECT_EQ(text(R"({"service_tier":null,"b":1})", flex), R"({"service_tier":"flex","b":1})");
  EXPECT_EQ(api.live_call(access, Endpoint::responses, "m", "{}", standard).url,
            "https://api.openai.com/v1/responses");
  EXPECT_EQ(
      api.live_call({"http://127.0.0.1:9/openai/v1", ""}, Endpoint::embeddings, "m", "{}", standard)
          .url,
      "http://127.0.0.1:9/openai/v1/embeddings");
}

TEST(OpenAiBatch, HostileIdsCannotLeaveTheirPlace) {
  EXPECT_EQ(api.poll_call(access, spec, "../x?y#z").url,
            "https://api.openai.com/v1/batches/..%2Fx%3Fy%23z");
}

}  // namespace
}  // namespace twolane::dialect

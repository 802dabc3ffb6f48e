// Gemini's batch API: calls as they go out, and every reply of its contract.
#include <gtest/gtest.h>

#include "dialect/batch_api.h"
#include "wire/json.h"

namespace twolane::dialect {
namespace {

const BatchApi& api = batch_api(Dialect::gemini);
const Access access{"http://127.0.0.1:9/gemini", "key"};
const BatchSpec spec{"abc123", Endpoint::generate_content, "gemini-2.5-flash", 2};

wire::HttpReply reply(int status, std::string body, wire::Headers headers = {}) {
  wire::HttpReply r;
  r.status = status;
  r.headers = std::move(headers);
  r.body = std::move(body);
  return r;
}

Polled polled(std::string body) {
  auto p = api.read_polled(reply(200, std::move(body)));
  EXPECT_TRUE(p);
  return p.value_or(Polled{});
}

TEST(GeminiBatch, InlineCreate) {
  std::string body = api.inline_head(spec);
  api.append_request(body, spec, "abc123-0", R"({"contents":[]})", true, true);
  api.append_request(body, spec, "abc123-1", R"({"contents":[]})", true, false);
  body += api.inline_tail(spec);
  EXPECT_EQ(body,
            R"({"batch":{"displayName":"twolane-abc123","inputConfig":{"requests":{"requests":[)"
            R"({"request":{"contents":[]},"metadata":{"key":"abc123-0"}},)"
            R"({"request":{"contents":[]},"metadata":{"key":"abc123-1"}}]}}}})");
  EXPECT_TRUE(wire::parse_json(body));
  EXPECT_EQ(api.create_call(access, spec, "", body).url,
            "http://127.0.0.1:9/gemini/v1beta/models/gemini-2.5-flash:batchGenerateContent");
}

TEST(GeminiBatch, FileCreate) {
  std::string line;
  api.append_request(line, spec, "abc123-0", "{\n\"contents\":[]}", false, true);
  EXPECT_EQ(line, "{\"key\":\"abc123-0\",\"request\":{ \"contents\":[]}}\n");
  wire::HttpCall create = api.create_call(access, spec, "files/in1", {});
  EXPECT_EQ(create.body.text().value(),
            R"({"batch":{"displayName":"twolane-abc123","inputConfig":{"fileName":"files/in1"}}})");
  EXPECT_EQ(wire::header(create.headers, "x-goog-api-key"), "key");
  EXPECT_EQ(create.url.find("key"), std::string::npos);  // secrets stay out of urls
  BatchSpec embed{"abc123", Endpoint::embed_content, "models/gemini-embedding-001", 1};
  EXPECT_EQ(api.create_call(access, embed, "files/in1", {}).url,
            "http://127.0.0.1:9/gemini/v1beta/models/gemini-embedding-001:asyncBatchEmbedContent");
  EXPECT_EQ(api.read_created(reply(200, R"({"name":"batches/b1","metadata":{}})")).value(),
            "batches/b1");
  EXPECT_FALSE(api.read_created(reply(200, "{}")));
}

TEST(GeminiBatch, ResumableUpload) {
  std::string lines = "{\"key\":\"a\"}\n";
  wire::HttpCall start = api.upload_call(access, spec, {}, lines);
  EXPECT_EQ(start.url, "http://127.0.0.1:9/gemini/upload/v1beta/files");
  EXPECT_EQ(wire::header(start.headers, "x-goog-upload-command"), "start");
  EXPECT_EQ(wire::header(start.headers, "x-goog-upload-header-content-length"), "12");
  auto session =
      api.read_upload({}, reply(200, "",
                                {{"X-Goog-Upload-URL",
                                  "https://real.example/gemini/upload/v1beta/files?upload_id=U"}}));
  ASSERT_TRUE(session);
  EXPECT_EQ(session->file_id, "");

  wire::HttpCall send = api.upload_call(access, spec, *session, lines);
  EXPECT_EQ(send.url,
            "http://127.0.0.1:9/gemini/upload/v1beta/files?upload_id=U");  // never elsewhere
  EXPECT_EQ(wire::header(send.headers, "x-goog-upload-command"), "upload, finalize");
  EXPECT_EQ(wire::header(send.headers, "x-goog-upload-offset"), "0");
  EXPECT_EQ(send.body.text().value(), lines);
  auto done =
      api.read_upload(*session, reply(200, R"({"file":{"name":"files/in1","state":"ACTIVE"}})",
                                      {{"x-goog-upload-status", "final"}}));
  ASSERT_TRUE(done);
  EXPECT_EQ(done->file_id, "files/in1");

  EXPECT_FALSE(api.read_upload({}, reply(200, "{}")));
  EXPECT_FALSE(api.read_upload(*session, reply(200, "", {{"x-goog-upload-status", "active"}})));
  EXPECT_EQ(
      api.read_upload(*session, reply(200, "", {{"x-goog-upload-status", "cancelled"}}))->session,
      "");
}

TEST(GeminiBatch, EveryStateInBothSpellings) {
  using enum Polled::Phase;
  const std::pair<const char*, Polled::Phase> table[] = {
      {"PENDING", waiting}, {"QUEUED", waiting},       {"RUNNING", running},
      {"PAUSED", running},  {"CANCELLING", finishing}, {"SUCCEEDED", ended},
      {"CANCELLED", ended}, {"EXPIRED", ended},        {"PARTIALLY_SUCCEEDED", ended},
      {"FAILED", failed},   {"UNSPECIFIED", unknown},  {"ODD", unknown}};
  for (auto [word, phase] : table) {
    for (const char* prefix : {"BATCH_STATE_", "JOB_STATE_"}) {
      Polled p = polled(R"({"name":"batches/b","metadata":{"state":")" + std::string(prefix) +
                        word + R"("}})");
      EXPECT_EQ(p.phase, phase) << prefix << word;
      EXPECT_EQ(p.said, word);
    }
  }
}

TEST(GeminiBatch, OutputsFromEveryPlace) {
  const char* texts[] = {
      R"({"done":true,"metadata":{"state":"BATCH_STATE_SUCCEEDED"},"response":{"@type":"x","responsesFile":"files/batch-b"}})",
      R"({"done":true,"metadata":{"state":"BATCH_STATE_SUCCEEDED"},"response":{"output":{"responsesFile":"files/batch-b"}}})",
      R"({"metadata":{"state":"BATCH_STATE_SUCCEEDED","output":{"responsesFile":"files/batch-b"}}})",
      R"({"metadata":{"state":"BATCH_STATE_SUCCEEDED","output":{"responsesFile":"files/batch-b"}},
          "done":true,"response":{"responsesFile":"files/batch-b"}})"};
  for (const char* text : texts) {
    Polled p = polled(text);
    ASSERT_EQ(p.outputs.size(), 1u) << text;
    EXPECT_EQ(p.outputs[0].kind, Output::Kind::file);
    EXPECT_EQ(p.outputs[0].where, "files/batch-b");
  }
  Polled p = polled(R"({"done":true,"metadata":{"state":"BATCH_STATE_SUCCEEDED","batchStats":
    {"requestCount":"3","successfulRequestCount":"1","failedRequestCount":2}},
    "response":{"inlinedResponses":{"inlinedResponses":[{"metadata":{"key":"a"},"response":{}}]}}})");
  ASSERT_EQ(p.outputs.size(), 1u);
  EXPECT_EQ(p.outputs[0].kind, Output::Kind::in_poll);
  EXPECT_EQ(p.total, 3);
  EXPECT_EQ(p.done, 3);
  EXPECT_EQ(api.collect_call(access, spec, "batches/b", p.outputs[0]).url,
            "http://127.0.0.1:9/gemini/v1beta/batches/b");
  EXPECT_EQ(api.collect_call(access, spec, "batches/b", {Output::Kind::file, "files/batch-b"}).url,
            "http://127.0.0.1:9/gemini/download/v1beta/files/batch-b:download?alt=media");
  EXPECT_TRUE(
      polled(R"({"metadata":{"state":"BATCH_STATE_RUNNING","batchStats":{"requestCount":"3"}}})")
          .outputs.empty());
}

TEST(GeminiBatch, EndsWithoutResults) {
  Polled p = polled(
      R"({"name":"batches/B","done":true,"error":{"code":13,"message":"Batch was cancelled."},
    "metadata":{"state":"BATCH_STATE_CANCELLED","batchStats":{"requestCount":"1","pendingRequestCount":"1"}}})");
  EXPECT_EQ(p.phase, Polled::Phase::ended);
  EXPECT_TRUE(p.cancelled);
  EXPECT_EQ(p.done, 0);

  p = polled(R"({"done":true,"error":{"code":13,"message":"Batch was cancelled."}})");
  EXPECT_EQ(p.phase, Polled::Phase::ended);
  EXPECT_TRUE(p.cancelled);

  p = polled(
      R"({"done":true,"error":{"code":13,"message":"boom"},"metadata":{"state":"BATCH_STATE_FAILED"}})");
  EXPECT_EQ(p.phase, Polled::Phase::failed);
  EXPECT_EQ(p.refusal.verdict, Verdict::unavailable);
  EXPECT_EQ(p.refusal.message, "boom");

  p = polled(
      R"({"done":true,"error":{"code":3,"message":"row 7 is bad"},"metadata":{"state":"BATCH_STATE_FAILED"}})");
  EXPECT_EQ(p.refusal.verdict, Verdict::invalid);

  p = polled(R"({"metadata":{"state":"JOB_STATE_EXPIRED"}})");
  EXPECT_EQ(p.phase, Polled::Phase::ended);
  EXPECT_TRUE(p.expired);
  EXPECT_TRUE(p.outputs.empty());

  EXPECT_FALSE(api.read_polled(reply(200, "{\"metadata\":")));
  EXPECT_FALSE(api.read_polled(reply(200, "[]")));
}

TEST(GeminiBatch, ListsByDisplayName) {
  auto listed = api.read_listed(reply(200, R"({"operations":[
    {"name":"batches/b2","metadata":{"displayName":"twolane-abc123","createTime":"2026-11-20T10:00:00.123456789Z",
     "batchStats":{"requestCount":"2"}}},
    {"name":"batches/b1","metadata":{"displayName":"somebody"}}],"nextPageToken":"p 2"})"));
  ASSERT_TRUE(listed);
  ASSERT_EQ(listed->batches.size(), 2u);
  EXPECT_EQ(listed->batches[0].token, "abc123");
  EXPECT_EQ(listed->batches[0].requests, 2);
  EXPECT_EQ(rfc3339(listed->batches[0].created), "2026-11-20T10:00:00.123Z");
  EXPECT_EQ(listed->batches[1].token, "");
  EXPECT_TRUE(api.list_call(access, spec, listed->next)
                  .url.ends_with("batches?pageSize=100&pageToken=p%202"));
  EXPECT_TRUE(api.read_listed(reply(200, "{}"))->batches.empty());
}

Refusal refused(int status, std::string error, wire::Headers headers = {}) {
  return api.read_refusal(reply(status, "{\"error\":" + error + "}", std::move(headers)));
}

TEST(GeminiBatch, RefusalsAreTold) {
  struct Row {
    int status;
    const char* error;
    Verdict verdict;
  };
  const Row rows[] = {
      {400, R"({"code":400,"message":"bad row","status":"INVALID_ARGUMENT"})", Verdict::invalid},
      {400,
       R"({"code":400,"message":"Request payload size exceeds the limit: 20971520 bytes.","status":"INVALID_ARGUMENT"})",
       Verdict::invalid},
      {400,
       R"({"code":400,"message":"API key not valid. Please pass a valid API key.","status":"INVALID_ARGUMENT",
                "details":[{"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"API_KEY_INVALID"}]})",
       Verdict::account},
      {400, R"({"message":"billing is off","status":"FAILED_PRECONDITION"})", Verdict::no_credit},
      {403, R"({"message":"no permission","status":"PERMISSION_DENIED"})", Verdict::account},
      {403,
       R"({"message":"You do not have permission, or it may not exist.","status":"PERMISSION_DENIED"})",
       Verdict::missing},
      {404, R"({"message":"models/x is not found for API version v1beta","status":"NOT_FOUND"})",
       Verdict::invalid},
      {404, R"({"message":"Requested entity was not found.","status":"NOT_FOUND"})",
       Verdict::missing},
      {429, R"({"message":"You exceeded your current quota","status":"RESOURCE_EXHAUSTED",
                "details":[{"@type":"type.googleapis.com/google.rpc.Help","links":[]}]})",
       Verdict::quota_full},
      {429, R"({"message":"You exceeded your current quota","status":"RESOURCE_EXHAUSTED",
                "details":[{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"36s"}]})",
       Verdict::throttled},
      {429,
       R"({"message":"q","status":"RESOURCE_EXHAUSTED","details":[{"@type":"x/google.rpc.QuotaFailure",
                "violations":[{"quotaId":"GenerateRequestsPerMinute"}]}]})",
       Verdict::throttled},
      {500, R"({"message":"internal","status":"INTERNAL"})", Verdict::unavailable},
      {503, R"({"message":"The model is overloaded.","status":"UNAVAILABLE"})",
       Verdict::unavailable},
      {504, R"({"message":"late","status":"DEADLINE_EXCEEDED"})", Verdict::unavailable},
      {499, R"({"message":"closed","status":"CANCELLED"})", Verdict::unavailable},
  };
  for (const Row& row : rows)
    EXPECT_EQ(refused(row.status, row.error).verdict, row.verdict) << row.error;
  EXPECT_EQ(refused(429, rows[9].error).retry_after, seconds(36));
  EXPECT_EQ(refused(429, rows[8].error).code, "RESOURCE_EXHAUSTED");
  EXPECT_EQ(refused(429, rows[8].error, {{"retry-after", "5"}}).verdict, Verdict::throttled);
  Refusal quota =
      refused(429, R"({"message":"q","details":[{"@type":"x/google.rpc.QuotaFailure","violations":
    [{"quotaId":"BatchEnqueuedTokens","quotaValue":"3000000"}]}]})");
  EXPECT_EQ(quota.verdict, Verdict::quota_full);
  EXPECT_EQ(quota.limit, 3'000'000);
  EXPECT_EQ(api.read_refusal(reply(503, "not json")).verdict, Verdict::unavailable);
}

Result<ResultLine> read(std::string_view text, Endpoint endpoint = Endpoint::generate_content) {
  return api.read_line(endpoint, text);
}

constexpr std::string_view answer =
    R"({"candidates":[{"content":{"role":"model","parts":[{"text":"hi"}]},"finishReason":"STOP"}],)"
    R"("usageMetadata":{"promptTokenCount":8,"cachedContentTokenCount":3,"candidatesTokenCount":11,)"
    R"("thoughtsTokenCount":29,"totalTokenCount":48},"modelVersion":"gemini-2.5-flash","responseId":"6VF"})";

TEST(GeminiBatch, GoodLinesInAnyOrder) {
  std::string body(answer);
  for (const std::string& text :
       {R"({"key":"abc123-1","response":)" + body + "}",
        R"({"response":)" + body + R"(,"key":"abc123-1"})",
        R"({"metadata":{"key":"abc123-1"},"response":)" + body + "}",
        R"({"response":)" + body + R"(,"metadata":{"other":{"key":"no"},"key":"abc123-1"}})"}) {
    auto r = read(text);
    ASSERT_TRUE(r) << text << r.error().why;
    EXPECT_EQ(r->kind, ResultLine::Kind::answer);
    EXPECT_EQ(r->custom_id, "abc123-1");
    EXPECT_EQ(r->response_id, "6VF");
    EXPECT_EQ(r->usage, (Usage{.fresh = 5, .cache_read = 3, .output = 40, .reasoning = 29}));
    EXPECT_EQ(r->body, answer);
  }
}

TEST(GeminiBatch, EmbeddingLines) {
  auto r = read(
      R"({"response":{"tokenCount":"17","embedding":{"values":[0.1,-2e-3]}},"key":"abc123-0"})",
      Endpoint::embed_content);
  ASSERT_TRUE(r);
  EXPECT_EQ(r->kind, ResultLine::Kind::answer);
  EXPECT_TRUE(r->charged);
  EXPECT_EQ(r->usage, Usage{.fresh = 17});
  EXPECT_EQ(r->response_id, "abc123-0");
}

TEST(GeminiBatch, ErrorLines) {
  auto error = [](std::string_view text) {
    return read(R"({"key":"a-1","error":)" + std::string(text) + "}");
  };
  EXPECT_EQ(error(R"({"code":1})")->kind, ResultLine::Kind::cancelled);
  EXPECT_EQ(error(R"({"code":3,"message":"bad"})")->refusal.verdict, Verdict::invalid);
  EXPECT_EQ(error(R"({"code":3,"message":"bad"})")->http_status, 400);
  EXPECT_EQ(error(R"({"code":8})")->refusal.verdict, Verdict::throttled);
  for (const char* code : {"4", "13", "14", "2", "99", "\"13\"", "503"})
    EXPECT_EQ(error(R"({"code":)" + std::string(code) + "}")->refusal.verdict, Verdict::unavailable)
        << code;
  EXPECT_EQ(error(R"({"code":404})")->refusal.verdict, Verdict::invalid);
  EXPECT_EQ(error(R"({"code":13})")->refusal.message, "INTERNAL");
  EXPECT_FALSE(error(R"({"code":13})")->charged);
  auto bare = read(R"({"key":"a-1","code":13,"message":"m","details":[]})");
  ASSERT_TRUE(bare);
  EXPECT_EQ(bare->kind, ResultLine::Kind::error);
  EXPECT_EQ(bare->refusal.message, "m");
}

TEST(GeminiBatch, ALineCutAnywhereIsCorrupt) {
  std::string text = R"({"key":"abc123-1","response":)" + std::string(answer) + "}";
  for (size_t cut = 0; cut < text.size(); ++cut) EXPECT_FALSE(read(text.substr(0, cut))) << cut;
  for (const char* bad : {R"({"code":3,"message":"no key"})", R"({"key":"a"})",
                          R"({"key":"a","response":null})", "7"})
    EXPECT_FALSE(read(bad)) << bad;
}

std::vector<std::string> split(const std::string& reply_text) {
  auto lines = api.split_inline(reply_text);
  EXPECT_TRUE(lines);
  std::vector<std::string> ids;
  std::string_view rest = lines ? std::string_view(*lines) : "";
  while (!rest.empty()) {
    std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(line.size() + 1);
    auto r = read(line);
    ids.push_back(r ? r->custom_id : "corrupt");
  }
  return ids;
}

TEST(GeminiBatch, InlineResultsBecomeLines) {
  std::string results = R"("inlinedResponses":{"inlinedResponses":[
    {"metadata":{"key":"abc123-1"},"response":{"usageMetadata":{},
     "candidates":[]}},{"error":{"code":1},"metadata":{"key":"abc123-0"}}]})";
  std::vector<std::string> expected = {"abc123-1", "abc123-0"};
  EXPECT_EQ(split("{\"response\":{" + results + "}}"), expected);
  EXPECT_EQ(split("{\"metadata\":{\"output\":{" + results + "}},\"response\":{" + results + "}}"),
            expected);
  EXPECT_TRUE(split("{}").empty());
  EXPECT_FALSE(api.split_inline("{\"response\":"));
}

TEST(GeminiBatch, PositionServesOnlyWhereEveryKeyIsGoneAndNothingIsMissing) {
  auto text = [](const char* name, const char* count, const char* items) {
    return R"({"metadata":{"displayName":")" + std::string(name) +
           R"(","batchStats":{"requestCount":")" + count +
           R"("}},"response":{"inlinedResponses":{"inlinedResponses":[)" + items + "]}}}";
  };
  using Ids = std::vector<std::string>;
  const char* two = R"({"error":{"code":1}},{"error":{"code":13}})";
  EXPECT_EQ(split(text("twolane-abc123", "2", two)), (Ids{"abc123-0", "abc123-1"}));
  EXPECT_EQ(split(text("twolane-abc123", "3", two)), (Ids{"corrupt", "corrupt"}));
  EXPECT_EQ(split(text("somebody", "2", two)), (Ids{"corrupt", "corrupt"}));
  EXPECT_EQ(
      split(text("twolane-abc123", "2",
                 R"({"error":{"code":1}},{"error":{"code":1},"metadata":{"key":"abc123-0"}})")),
      (Ids{"corrupt", "abc123-0"}));
}

TEST(GeminiBatch, CleansUpTheBatchBeforeItsInput) {
  auto calls = api.cleanup_calls(access, spec, "files/in1", "batches/b",
                                 {{Output::Kind::file, "files/batch-b"}});
  ASSERT_EQ(calls.size(), 2u);
  EXPECT_EQ(calls[0].url, "http://127.0.0.1:9/gemini/v1beta/batches/b");
  EXPECT_EQ(calls[1].url, "http://127.0.0.1:9/gemini/v1beta/files/in1");
}

TEST(GeminiBatch, LiveCallsAndTiers) {
  using enum ServiceTier;
  auto live = [](std::string_view body, ServiceTier tier) {
    return api.live_call(access, Endpoint::generate_content, "gemini-2.5-flash", body, tier);
  };
  EXPECT_EQ(live("{}", standard).url,
            "http://127.0.0.1:9/gemini/v1beta/models/gemini-2.5-flash:generateContent");
  EXPECT_EQ(live(R"({"contents":[]})", standard).body.text().value(), R"({"contents":[]})");
  EXPECT_EQ(live(R"({"contents":[]})", flex).body.text().value(),
            R"({"serviceTier":"flex","contents":[]})");
  EXPECT_EQ(live(R"({"service_tier":"priority","a":1})", standard).body.text().value(),
            R"({"service_tier":"standard","a":1})");
  EXPECT_EQ(api.live_call(access, Endpoint::embed_content, "models/e", "{}", standard).url,
            "http://127.0.0.1:9/gemini/v1beta/models/e:embedContent");
  EXPECT_EQ(api.read_tier(Endpoint::generate_content,
                          reply(200, "", {{"x-gemini-service-tier", "flex"}}), "{}")
                .value(),
            flex);
  EXPECT_FALSE(api.read_tier(Endpoint::generate_content, reply(200, ""), answer));
}

}  // namespace
}  // namespace twolane::dialect

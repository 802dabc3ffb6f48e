// Helicone, Langfuse and OpenTelemetry: ../shared/contracts/log_formats.md, sections 3.3 to 3.5.
#include "audit/reading_for_test.h"

namespace twolane::audit {
namespace {

TEST(Helicone, CachedTokensStandBesideThePrompt) {
  const auto r = read_text(
      R"({"response_id":"res1","response_created_at":"2025-06-01T10:00:02.500Z","response_status":200,"response_model":"claude-sonnet-4-5","request_id":"req1","request_created_at":"2025-06-01T10:00:00.000Z","request_path":"https://api.anthropic.com/v1/messages","request_user_id":"u1","request_properties":{"Helicone-Session-Id":"s1","Helicone-Session-Path":"/report"},"request_model":"claude-sonnet-4-5","provider":"ANTHROPIC","delay_ms":2500,"time_to_first_token":400,"total_tokens":110,"prompt_tokens":100,"prompt_cache_write_tokens":40,"prompt_cache_read_tokens":900,"completion_tokens":10,"reasoning_tokens":0,"costUSD":0.001,"cache_reference_id":"00000000-0000-0000-0000-000000000000","request_body":{"stream":true,"max_tokens":50,"messages":[{"role":"user","content":"hi"}]},"prompt_id":"greeting"})");
  ASSERT_EQ(r.calls.size(), 1u) << r.error.message;
  EXPECT_EQ(r.calls[0].text,
            "start=2025-06-01T10:00:00Z took=2500ms first=400ms model=claude-sonnet-4-5 provider=ANTHROPIC "
            "at=/v1/messages usage=100+900+40+0->10/0 cost=0.001 stream=yes outcome=succeeded status=200 limit=50 "
            "user=u1 route=/report prompt=greeting id=req1 response=res1 session=s1");
}

TEST(Helicone, TheProvidersOwnUsageCountsBeforeTheColumns) {
  const auto r = read_text(
      R"({"request_id":"req1","request_created_at":"2025-06-01 10:00:00","response_status":429,"provider":"OPENAI","prompt_tokens":100,"prompt_cache_read_tokens":64,"completion_tokens":10,"cache_reference_id":"6b3a1c1e-0000-4000-8000-000000000001","response_body":{"id":"x","model":"gpt-4o","usage":{"prompt_tokens":100,"completion_tokens":10,"prompt_tokens_details":{"cached_tokens":64}}}})");
  ASSERT_EQ(r.calls.size(), 1u);
  EXPECT_EQ(r.calls[0].text,
            "start=2025-06-01T10:00:00Z model=gpt-4o provider=OPENAI usage=36+64+0+0->10/0 outcome=failed status=429 "
            "gateway_cached=yes id=req1 response=x");
}

// Seconds, not milliseconds; spans are no calls; usage keys as the SDK sent them.
TEST(Langfuse, OnlyGenerationsAndEmbeddingsAreCalls) {
  const auto r = read_text(
      R"({"id":"o1","trace_id":"t1","project_id":"p","type":"SPAN","start_time":"2025-05-01 08:00:00.000000","end_time":"2025-05-01 08:00:09.000000","name":"agent","usage_details":{}}
{"id":"o2","trace_id":"t1","project_id":"p","type":"GENERATION","parent_observation_id":"o1","start_time":"2025-05-01 08:00:00.123456","end_time":"2025-05-01 08:00:04.123456","name":"answer","input":"[{\"role\":\"system\",\"content\":\"Be brief.\"},{\"role\":\"user\",\"content\":\"Hi\"}]","output":"{\"role\":\"assistant\",\"content\":\"Hello.\"}","provided_model_name":"gpt-4o","model_parameters":"{\"max_tokens\":64}","usage_details":{"input":200,"output":50,"total":1050,"input_cached_tokens":800},"completion_start_time":"2025-05-01 08:00:01.123456","total_cost":0.0031,"latency":4.0,"time_to_first_token":1.0,"user_id":"u","session_id":"s","tags":["x"]}
{"id":"o3","trace_id":"t1","project_id":"p","type":"EMBEDDING","start_time":"2025-05-01 08:00:05","end_time":"2025-05-01 08:00:06","name":"embed","provided_model_name":"text-embedding-3-small","usage_details":{"input":7},"level":"ERROR","latency":1.0}
)");
  EXPECT_EQ(r.read.passed, 1);
  ASSERT_EQ(r.calls.size(), 2u) << r.error.message;
  EXPECT_EQ(r.calls[0].text,
            "start=2025-05-01T08:00:00.123Z took=4000ms first=1000ms model=gpt-4o usage=200+800+0+0->50/0 cost=0.0031 "
            "stream=yes limit=64 user=u team=p route=answer tags=[\"x\"] id=o2 trace=t1 session=s parent=o1");
  EXPECT_NE(r.calls[0].family, 0u);
  EXPECT_NE(r.calls[0].answer, 0u);
  EXPECT_EQ(r.calls[1].text,
            "start=2025-05-01T08:00:05Z took=1000ms model=text-embedding-3-small at=/v1/embeddings usage=7+0+0+0->0/0 outcome=failed "
            "team=p route=embed id=o3 trace=t1");
}

TEST(Langfuse, AnInputThatHoldsTheCachedTokensIsSeenByItsTotal) {
  const auto r = read_text(
      R"([{"id":"o","traceId":"t","type":"GENERATION","startTime":"2025-05-01T08:00:00Z","providedModelName":"m","usageDetails":{"input":1000,"output":50,"total":1050,"input_cached_tokens":800}}])");
  ASSERT_EQ(r.calls.size(), 1u) << r.error.message;
  EXPECT_EQ(r.calls[0].text, "start=2025-05-01T08:00:00Z model=m usage=200+800+0+0->50/0 id=o trace=t");
}

TEST(Langfuse, CsvWithJsonInItsCells) {
  const auto r = read_text(
      "id,trace_id,type,start_time,end_time,provided_model_name,usage_details,latency,completion_start_time\n"
      "o1,t1,SPAN,2025-05-01 08:00:00,2025-05-01 08:00:01,,,1,\n"
      "o2,t1,GENERATION,2025-05-01 08:00:00,2025-05-01 08:00:01,gpt-4o,\"{\"\"input\"\":5,\"\"output\"\":6}\",1.5,\n");
  EXPECT_EQ(r.read.passed, 1);
  ASSERT_EQ(r.calls.size(), 1u) << r.error.message;
  EXPECT_EQ(r.calls[0].text, "start=2025-05-01T08:00:00Z took=1500ms model=gpt-4o usage=5+0+0+0->6/0 id=o2 trace=t1");
}

std::string attribute(std::string_view key, std::string_view kind, std::string_view value) {
  return "{\"key\":\"" + std::string(key) + "\",\"value\":{\"" + std::string(kind) + "\":" + std::string(value) + "}}";
}

std::string span(std::string_view id, std::string_view parent, const std::vector<std::string>& attributes) {
  std::string all;
  for (const auto& a : attributes) all += (all.empty() ? "" : ",") + a;
  return "{\"traceId\":\"0af7\",\"spanId\":\"" + std::string(id) + "\",\"parentSpanId\":\"" + std::string(parent) +
         "\",\"name\":\"n\",\"kind\":3,\"startTimeUnixNano\":\"1790949733500000000\",\"endTimeUnixNano\":"
         "\"1790949735000000000\",\"attributes\":[" + all + "]}";
}

// The sample of the contract, one agent around it: tokens must not be counted twice.
TEST(OpenTelemetry, OnlyInferenceSpansAreCalls) {
  const std::string agent = span("a", "", {attribute("gen_ai.operation.name", "stringValue", "\"invoke_agent\""),
                                           attribute("gen_ai.usage.input_tokens", "intValue", "\"1200\"")});
  const std::string chat =
      span("b7ad", "a",
           {attribute("gen_ai.operation.name", "stringValue", "\"chat\""),
            attribute("gen_ai.provider.name", "stringValue", "\"openai\""),
            attribute("gen_ai.request.model", "stringValue", "\"gpt-4o\""),
            attribute("gen_ai.conversation.id", "stringValue", "\"c1\""),
            attribute("gen_ai.usage.input_tokens", "intValue", "\"1200\""),
            attribute("gen_ai.usage.output_tokens", "intValue", "300"),
            attribute("gen_ai.usage.cache_read.input_tokens", "intValue", "\"1000\""),
            attribute("gen_ai.response.time_to_first_chunk", "doubleValue", "0.25"),
            attribute("gen_ai.response.finish_reasons", "arrayValue", R"({"values":[{"stringValue":"stop"}]})")});
  const std::string text =
      R"({"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"bot"}}]},"scopeSpans":[{"spans":[)" +
      agent + ',' + chat + "]}]}]}";
  const std::string expected =
      "start=2026-10-02T14:02:13.500Z took=1500ms first=250ms model=gpt-4o provider=openai at=/v1/chat/completions "
      "usage=200+1000+0+0->300/0 route=bot trace=0af7 session=c1 span=b7ad parent=a";
  for (const auto& file : {text, text + '\n' + text + '\n', "\n " + text}) {
    const auto r = read_text(file);
    ASSERT_FALSE(r.calls.empty()) << r.error.message;
    EXPECT_EQ(r.read.format, Format::otel_genai);
    EXPECT_EQ(r.calls[0].text, expected);
    EXPECT_EQ(r.read.passed, static_cast<int64_t>(r.calls.size()));
  }
}

TEST(OpenTelemetry, SnakeCaseAndOlderNames) {
  const auto r = read_text(
      R"({"resource_spans":[{"scope_spans":[{"spans":[{"trace_id":"t","span_id":"s","start_time_unix_nano":1790949733500000000,"end_time_unix_nano":1790949734000000000,"status":{"code":2},"attributes":[{"key":"gen_ai.system","value":{"stringValue":"anthropic"}},{"key":"gen_ai.request.model","value":{"stringValue":"claude-x"}},{"key":"gen_ai.usage.prompt_tokens","value":{"intValue":5}},{"key":"gen_ai.usage.completion_tokens","value":{"intValue":6}}]}]}]}]})");
  ASSERT_EQ(r.calls.size(), 1u) << r.error.message;
  EXPECT_EQ(r.calls[0].text,
            "start=2026-10-02T14:02:13.500Z took=500ms model=claude-x provider=anthropic usage=5+0+0+0->6/0 "
            "outcome=failed trace=t span=s");
}

}  // namespace
}  // namespace twolane::audit

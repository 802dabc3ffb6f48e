// LiteLLM: ../shared/contracts/log_formats.md, sections 3.1 and 3.2.
#include "audit/reading_for_test.h"

namespace twolane::audit {
namespace {

// The repository's own fixture, metadata shortened: JSON stands in texts.
constexpr std::string_view spend =
    R"({"request_id":"chatcmpl-2283081b","session_id":"1234567890","call_type":"acompletion","api_key":"","cache_hit":"None","startTime":"2025-01-24 09:20:46.847371","endTime":"2025-01-24 09:20:46.851954","completionStartTime":"2025-01-24 09:20:46.851954","model":"gpt-4o","user":"","team_id":"","organization_id":"","metadata":"{\"batch_models\": null, \"usage_object\": {\"completion_tokens\": 20, \"prompt_tokens\": 10, \"total_tokens\": 30, \"prompt_tokens_details\": null}, \"azure_spillover\": null}","cache_key":"Cache OFF","spend":0.00022500000000000002,"total_tokens":30,"prompt_tokens":10,"completion_tokens":20,"request_tags":"[]","end_user":"","api_base":"","model_group":"","model_id":"","requester_ip_address":null,"custom_llm_provider":"openai","messages":"{}","response":"{}","proxy_server_request":"{}","status":"success","mcp_namespaced_tool_name":null,"agent_id":null})";

TEST(LiteLlm, SpendLogOfTheRepository) {
  const auto r = read_text(spend);
  EXPECT_EQ(r.read.format, Format::litellm_spend);
  ASSERT_EQ(r.calls.size(), 1u) << r.error.message;
  EXPECT_EQ(r.calls[0].text,
            "start=2025-01-24T09:20:46.847Z took=4ms model=gpt-4o provider=openai at=/v1/chat/completions "
            "usage=10+0+0+0->20/0 cost=0.000225 stream=no outcome=succeeded tags=[] "
            "id=chatcmpl-2283081b session=1234567890");
  EXPECT_FALSE(r.calls[0].cache_known);
}

TEST(LiteLlm, SpendLogWithCachedTokensInMetadataAndNames) {
  const auto r = read_text(
      R"({"request_id":"r1","call_type":"aresponses","api_key":"88dc28d0f0","spend":"1.5e-3","startTime":"2025-01-24T09:00:00.000Z","endTime":"2025-01-24T09:00:10.000Z","completionStartTime":"2025-01-24T09:00:01.250Z","request_duration_ms":10050,"model":"gpt-5.4","model_group":"chat","custom_llm_provider":"openai","user":"dev","end_user":"eu-7","team_id":"t1","prompt_tokens":1000,"completion_tokens":50,"total_tokens":1050,"cache_hit":"True","status":"success","metadata":{"user_api_key_alias":"nightly","usage_object":{"prompt_tokens":1000,"completion_tokens":50,"total_tokens":1050,"prompt_tokens_details":{"cached_tokens":800},"completion_tokens_details":{"reasoning_tokens":30}}}})");
  ASSERT_EQ(r.calls.size(), 1u) << r.error.message;
  EXPECT_EQ(r.calls[0].text,
            "start=2025-01-24T09:00:00Z took=10050ms first=1250ms model=gpt-5.4 provider=openai at=/v1/responses "
            "usage=200+800+0+0->50/30 cost=0.0015 stream=yes outcome=succeeded gateway_cached=yes key=nightly "
            "user=eu-7 team=t1 route=chat id=r1");
  EXPECT_TRUE(r.calls[0].cache_known);
}

TEST(LiteLlm, CachedTokensOfAnthropicStandInsideThePrompt) {
  const auto r = read_text(
      R"({"request_id":"r1","call_type":"acompletion","spend":0,"startTime":"2025-01-24 09:00:00","model":"claude-sonnet-4-5","prompt_tokens":2000,"completion_tokens":5,"metadata":{"usage_object":{"prompt_tokens":2000,"completion_tokens":5,"cache_read_input_tokens":1500,"cache_creation_input_tokens":300,"prompt_tokens_details":{"cached_tokens":1500}}}})");
  ASSERT_EQ(r.calls.size(), 1u);
  EXPECT_NE(r.calls[0].text.find("usage=200+1500+300+0->5/0"), std::string::npos) << r.calls[0].text;
}

TEST(LiteLlm, BatchIsSeenByItsModels) {
  const auto r = read_text(
      R"({"request_id":"b","call_type":"aretrieve_batch","spend":1,"startTime":"2025-01-24 09:00:00","model":"gpt-4o","prompt_tokens":1,"completion_tokens":1,"metadata":"{\"batch_models\": [\"gpt-4o\"]}"})");
  ASSERT_EQ(r.calls.size(), 1u);
  EXPECT_NE(r.calls[0].text.find("tier=batch"), std::string::npos) << r.calls[0].text;
}

// Declared as floats, text in its own fixture; response_time of a stream is not its duration.
TEST(LiteLlm, StandardLoggingPayload) {
  const std::string_view head =
      R"({"id":"p1","trace_id":"tr1","call_type":"acompletion","stream":true,"response_cost":2.25e-05,"status":"success","custom_llm_provider":"openai","prompt_tokens":12,"completion_tokens":3,"total_tokens":15,)";
  const std::string_view tail =
      R"("response_time":0.4,"model":"gpt-4o-mini","model_group":"mini","metadata":{"user_api_key_hash":"hash1","user_api_key_alias":"app","user_api_key_team_id":"t9","requester_metadata":{"user_agent":"curl/8"}},"end_user":"u1","request_tags":["a","b"],"messages":[{"role":"user","content":"hi"}],"response":{"id":"chatcmpl-1","usage":{"prompt_tokens":12,"completion_tokens":3,"total_tokens":15,"prompt_tokens_details":{"cached_tokens":4}},"choices":[{"message":{"role":"assistant","content":"Hello"}}]},"model_parameters":{"max_tokens":100,"service_tier":"flex"},"error_str":null,"hidden_params":{"batch_models":null}})";
  const std::string expected =
      "start=2025-01-24T09:20:46.847Z took=2000ms first=500ms model=gpt-4o-mini provider=openai "
      "at=/v1/chat/completions usage=8+4+0+0->3/0 cost=0.0000225 tier=flex stream=yes outcome=succeeded limit=100 "
      "key=app user=u1 team=t9 route=mini agent=curl/8 tags=[\"a\",\"b\"] id=p1 response=chatcmpl-1 trace=tr1";
  const auto floats = read_text(std::string(head) +
                                R"("startTime":1737710446.847,"endTime":1737710448.847,"completionStartTime":1737710447.347,)" +
                                std::string(tail));
  ASSERT_EQ(floats.calls.size(), 1u) << floats.error.message;
  EXPECT_EQ(floats.read.format, Format::litellm_payload);
  EXPECT_EQ(floats.calls[0].text, expected);
  EXPECT_NE(floats.calls[0].answer, 0u);
  EXPECT_NE(floats.calls[0].prompt, 0u);
  const auto texts = read_text(
      std::string(head) +
      R"("startTime":"2025-01-24 09:20:46.847","endTime":"2025-01-24 09:20:48.847","completionStartTime":"2025-01-24 09:20:47.347",)" +
      std::string(tail));
  ASSERT_EQ(texts.calls.size(), 1u);
  EXPECT_EQ(texts.calls[0].text, expected);
}

TEST(LiteLlm, FailuresAreSeen) {
  const auto r = read_text(
      R"({"id":"p2","call_type":"completion","stream":false,"response_cost":0,"status":"failure","startTime":1737710446,"endTime":1737710447,"model":"m","prompt_tokens":0,"completion_tokens":0,"error_str":"rate limit","error_information":{"error_code":"429"}})");
  ASSERT_EQ(r.calls.size(), 1u);
  EXPECT_NE(r.calls[0].text.find("stream=no outcome=failed status=429"), std::string::npos) << r.calls[0].text;
}

TEST(LiteLlm, SpendLogAsCsvWithColumnsInAnyPlace) {
  const auto r = read_text(
      "spend,startTime,endTime,call_type,request_id,model,metadata,prompt_tokens,completion_tokens\n"
      "0.5,2025-01-24 09:20:46.847371,2025-01-24 09:20:47.847371,acompletion,r9,gpt-4o,"
      "\"{\"\"usage_object\"\": {\"\"prompt_tokens\"\": 10, \"\"completion_tokens\"\": 2, \"\"prompt_tokens_details\"\": "
      "{\"\"cached_tokens\"\": 4}}}\",10,2\n");
  ASSERT_EQ(r.calls.size(), 1u) << r.error.message;
  EXPECT_EQ(r.calls[0].text,
            "start=2025-01-24T09:20:46.847Z took=1000ms model=gpt-4o at=/v1/chat/completions usage=6+4+0+0->2/0 "
            "cost=0.50 id=r9");
}

}  // namespace
}  // namespace twolane::audit

// Portkey, OpenRouter, Bedrock, Azure, batch files and our own access log: ../shared/contracts/log_formats.md,
// sections 3.6 and 3.8 to 3.11; src/gateway/books.cc for the last.
#include "audit/reading_for_test.h"

namespace twolane::audit {
namespace {

// Cents; the user picks the columns.
TEST(Portkey, CostsAreCentsAndBodiesTellWhatIsCached) {
  const auto r = read_text(
      R"({"created_at":"2025-03-01T12:00:00Z","is_success":1,"ai_org":"openai","ai_model":"gpt-4o","req_units":100,"res_units":20,"total_units":120,"cost":0.25,"cost_currency":"USD","request_url":"https://api.openai.com/v1/chat/completions","response_status_code":200,"response_time":1800,"cache_status":"SEMANTIC HIT","stream_mode":"TRUE","retry_success_count":2,"trace_id":"t","virtual_key":"vk","prompt_slug":"greet","request":{"body":{"model":"gpt-4o","max_tokens":30,"messages":[{"role":"user","content":"hi"}]}},"response":{"body":{"usage":{"prompt_tokens":100,"completion_tokens":20,"prompt_tokens_details":{"cached_tokens":60}}}}}
{"created_at":"2025-03-01 12:00:01","ai_model":"gpt-4o","req_units":5,"res_units":1,"cost":"1","is_success":0,"cache_status":"MISS","stream_mode":"FALSE","request.body":"{\"user\":\"u\"}"}
)");
  EXPECT_EQ(r.texts(),
            "start=2025-03-01T12:00:00Z took=1800ms model=gpt-4o provider=openai at=/v1/chat/completions "
            "usage=40+60+0+0->20/0 cost=0.0025 stream=yes outcome=succeeded status=200 limit=30 gateway_cached=yes "
            "retries=2 key=vk prompt=greet trace=t\n"
            "start=2025-03-01T12:00:01Z model=gpt-4o usage=5+0+0+0->1/0 cost=0.01 stream=no outcome=failed user=u\n");
}

// The full header, and an older one in which tokens_cached was not yet inserted.
TEST(OpenRouter, ColumnsAreReadByName) {
  const auto now = read_text(
      "generation_id,created_at,cost_total,cost_web_search,cost_cache,cost_file_processing,byok_usage_inference,"
      "tokens_prompt,tokens_completion,tokens_reasoning,tokens_cached,model_permaslug,provider_name,variant,cancelled,"
      "streamed,user,finish_reason_raw,finish_reason_normalized,generation_time_ms,time_to_first_token_ms,"
      "api_key_disabled,api_key_name,app_name\r\n"
      "gen-1782618417-a,2026-06-28 03:46:57.713,0.0123,0,0,0,0,10389,137,100,8192,openai/gpt-oss-120b,DeepInfra,free,"
      "true,true,user_1,stop,stop,4200,350,false,nightly,\"My, app\"\r\n");
  EXPECT_EQ(now.texts(),
            "start=2026-06-28T03:46:57.713Z took=4200ms first=350ms model=openai/gpt-oss-120b provider=DeepInfra "
            "usage=2197+8192+0+0->137/100 cost=0.0123 stream=yes outcome=disconnected key=nightly user=user_1 "
            "route=My, app response=gen-1782618417-a\n");
  const auto before = read_text(
      "generation_id,created_at,cost_total,tokens_prompt,tokens_completion,model_permaslug,variant\n"
      "gen-1782618417-billableAAA,2026-06-28 03:46:57.713,0.0123,10389,137,openai/gpt-oss-120b,free\n");
  EXPECT_EQ(before.texts(),
            "start=2026-06-28T03:46:57.713Z model=openai/gpt-oss-120b usage=10389+0+0+0->137/0 cost=0.0123 "
            "response=gen-1782618417-billableAAA\n");
  EXPECT_EQ(before.read.format, Format::openrouter);
}

// Disjoint counts; cache counters with and without "Count"; no latency.
TEST(Bedrock, CachedTokensStandBesideTheInput) {
  const std::string first =
      R"({"schemaType":"ModelInvocationLog","schemaVersion":"1.0","timestamp":"2024-01-15T12:00:00Z","accountId":"123456789012","region":"ap-southeast-2","requestId":"abcd1234","operation":"InvokeModelWithResponseStream","modelId":"anthropic.claude-sonnet-4-20250514-v1:0","identity":{"arn":"arn:aws:iam::1:user/x"},"requestMetadata":{"team":"engineering","costCentre":"CC-1234"},"input":{"inputContentType":"application/json","inputBodyJson":{},"inputTokenCount":1500,"cacheReadInputTokenCount":9000,"cacheWriteInputTokenCount":400},"output":{"outputContentType":"application/json","outputBodyJson":{},"outputTokenCount":500}})";
  const std::string second =
      R"({"schemaType":"ModelInvocationLog","timestamp":"2024-01-15T12:00:01Z","requestId":"e","operation":"Converse","modelId":"m","input":{"inputTokenCount":1,"cacheReadInputTokens":7},"output":{"outputTokenCount":2,"outputBodyJson":[{"type":"message_start","message":{"usage":{"input_tokens":1,"cache_read_input_tokens":7,"cache_creation":{"ephemeral_5m_input_tokens":3,"ephemeral_1h_input_tokens":4},"output_tokens":1}}},{"type":"message_delta","usage":{"output_tokens":2}}]}})";
  const std::string expected =
      "start=2024-01-15T12:00:00Z model=anthropic.claude-sonnet-4-20250514-v1:0 usage=1500+9000+400+0->500/0 "
      "stream=yes key=arn:aws:iam::1:user/x team=123456789012 "
      "tags={\"team\":\"engineering\",\"costCentre\":\"CC-1234\"} id=abcd1234\n"
      "start=2024-01-15T12:00:01Z model=m usage=1+7+3+4->2/0 stream=no id=e\n";
  const auto lines = read_text(first + '\n' + second + '\n');
  EXPECT_EQ(lines.texts(), expected);
  // CloudWatch wraps records as texts.
  const auto quoted = [](std::string text) {
    std::string out;
    for (const char c : text) out += c == '"' ? std::string("\\\"") : std::string(1, c);
    return out;
  };
  const std::string wrapped = R"({"messageType":"DATA_MESSAGE","logEvents":[{"id":"1","timestamp":1,"message":")" +
                              quoted(first) + R"("},{"id":"2","timestamp":2,"message":")" + quoted(second) + "\"}]}";
  for (const auto& text : {wrapped, wrapped + '\n'}) {
    const auto r = read_text(text);
    EXPECT_EQ(r.texts(), expected) << r.error.message << ' ' << r.faults();
  }
}

TEST(AzureDiagnostics, TellWhoAndWhenButNoTokens) {
  const auto r = read_text(
      R"({"time":"2025-02-01T10:00:00.1234567Z","resourceId":"/S","category":"RequestResponse","operationName":"ChatCompletions_Create","resultSignature":"200","durationMs":812,"callerIpAddress":"10.0.0.***","correlationId":"c1","properties":"{\"apiName\":\"Azure OpenAI API\",\"streamType\":\"Non-Streaming\",\"modelDeploymentName\":\"prod\",\"modelName\":\"gpt-4o\"}"}
{"time":"2025-02-01T10:00:01Z","category":"Audit","operationName":"ListKey","properties":"{}"}
)");
  EXPECT_EQ(r.texts(),
            "start=2025-02-01T10:00:00.123Z took=812ms model=gpt-4o at=/v1/chat/completions stream=no outcome=succeeded "
            "status=200 user=10.0.0.*** route=prod id=c1\n");
  EXPECT_EQ(r.read.passed, 1);
  EXPECT_EQ(r.read.without_tokens, 1);
}

TEST(BatchFiles, AnswersAreCallsAtBatchTier) {
  const auto r = read_text(
      R"({"id":"batch_req_1","custom_id":"c-1","response":{"status_code":200,"request_id":"req_1","body":{"id":"chatcmpl-1","object":"chat.completion","created":1736640000,"model":"gpt-4o-mini-2024-07-18","choices":[{"index":0,"message":{"role":"assistant","content":"Yes"}}],"usage":{"prompt_tokens":1200,"completion_tokens":2,"total_tokens":1202,"prompt_tokens_details":{"cached_tokens":1024}}}},"error":null}
{"id":"batch_req_2","custom_id":"c-2","response":null,"error":{"code":"batch_expired","message":"late"}}
{"custom_id":"c-3","result":{"type":"succeeded","message":{"id":"msg_1","model":"claude-x","content":[{"type":"text","text":"No"}],"usage":{"input_tokens":10,"cache_read_input_tokens":90,"cache_creation_input_tokens":5,"output_tokens":1}}}}
)");
  EXPECT_EQ(r.texts(),
            "start=2025-01-12T00:00:00Z model=gpt-4o-mini-2024-07-18 usage=176+1024+0+0->2/0 tier=batch "
            "outcome=succeeded status=200 id=c-1 response=req_1\n"
            "tier=batch outcome=failed id=c-2\n"
            "model=claude-x usage=10+90+5+0->1/0 tier=batch outcome=succeeded id=c-3 response=msg_1\n");
}

TEST(BatchFiles, RequestsTellTheirPromptsAndNoTokens) {
  const auto r = read_text(
      R"({"custom_id":"a","method":"POST","url":"/v1/responses","body":{"model":"gpt-5.4","instructions":"Label it.","input":"text","max_output_tokens":9}})");
  EXPECT_EQ(r.texts(), "model=gpt-5.4 at=/v1/responses tier=batch limit=9 id=a\n");
  ASSERT_EQ(r.calls.size(), 1u);
  EXPECT_NE(r.calls[0].family, 0u);
}

// As src/gateway/books.cc writes it: `at` is the end.
TEST(AccessLog, OfTwolaneServe) {
  const auto r = read_text(
      R"({"at":"2026-11-20T10:00:02.500Z","id":"tw-1","upstream_id":"req_9","trace":"tr","key":"app","method":"POST","path":"/v1/messages","model":"claude-x","provider":"anthropic","lane":"interactive","status":499,"tier":"standard","input_tokens":1000,"cached_tokens":800,"output_tokens":20,"cost_usd":"0.0123","bytes_in":10,"bytes_out":20,"total_us":2500000,"overhead_us":80}
{"at":"2026-11-20T10:00:03Z","id":"tw-2","method":"GET","path":"/v1/models","lane":"interactive","status":404,"bytes_in":0,"bytes_out":2,"total_us":90,"overhead_us":90,"error":"door.unknown"}
{"at":"2026-11-20T10:00:03Z","id":"tw-3","method":"POST","path":"/v1/chat/completions","model":"gpt-5.4","lane":"patient","status":202,"bytes_in":0,"bytes_out":2,"total_us":90,"overhead_us":90}
{"at":"2026-11-20T10:00:03Z","id":"tw-4","method":"POST","path":"/v1/messages/count_tokens","model":"claude-x","lane":"interactive","status":200,"bytes_in":0,"bytes_out":2,"total_us":90,"overhead_us":90}
{"at":"2026-11-20T10:00:03Z","id":"tw-5","method":"POST","path":"/v1/messages","model":"claude-x","provider":"anthropic","lane":"interactive","stream":true,"user_agent":"node/22 \"x\"","status":200,"tier":"standard","input_tokens":1000,"cached_tokens":100,"cache_write_5m_tokens":200,"cache_write_1h_tokens":300,"output_tokens":20,"bytes_in":10,"bytes_out":20,"total_us":3000000,"first_token_us":250000,"overhead_us":80,"route":"fast"}
)");
  EXPECT_EQ(r.read.passed, 3) << "a list, a patient request and a count of tokens are no live calls";
  EXPECT_EQ(r.texts(),
            "start=2026-11-20T10:00:00Z took=2500ms model=claude-x provider=anthropic at=/v1/messages "
            "usage=200+800+0+0->20/0 cost=0.0123 tier=standard outcome=disconnected status=499 key=app "
            "tags=interactive id=tw-1 response=req_9 trace=tr\n"
            "start=2026-11-20T10:00:00Z took=3000ms first=250ms model=claude-x provider=anthropic at=/v1/messages "
            "usage=400+100+200+300->20/0 tier=standard stream=yes outcome=succeeded status=200 route=fast "
            "agent=node/22 \"x\" tags=interactive id=tw-5\n");
}

}  // namespace
}  // namespace twolane::audit

// Usage and cost exports: ../shared/contracts/log_formats.md, sections 3.6 and 3.7. Buckets stay buckets.
#include "audit/reading_for_test.h"

namespace twolane::audit {
namespace {

// A real organisation's bucket, of the OpenAI cookbook: 23,340 s wide, because the export began in mid-day.
constexpr std::string_view openai_bucket =
    R"({"object":"bucket","start_time":1736616660,"end_time":1736640000,"results":[{"object":"organization.usage.completions.result","input_tokens":141201,"output_tokens":9756,"num_model_requests":470,"project_id":null,"user_id":null,"api_key_id":null,"model":null,"batch":null,"input_cached_tokens":0,"input_audio_tokens":0,"output_audio_tokens":0}]})";

TEST(OpenAiExport, BucketsOfUnequalWidth) {
  const std::string expected =
      "start=2025-01-11T17:31:00Z width=23340s requests=470 usage=141201+0+0+0->9756/0\n";
  EXPECT_EQ(read_text(openai_bucket).texts(), expected);
  const std::string page = R"({"object":"page","data":[)" + std::string(openai_bucket) + ',' +
                           R"({"object":"bucket","start_time":1736640000,"end_time":1736726400,"results":[]})" +
                           R"(],"has_more":true,"next_page":"page_x"})";
  const auto r = read_text(page);
  EXPECT_EQ(r.texts(), expected) << r.error.message;
  EXPECT_EQ(r.read.passed, 1) << "an empty bucket is no sum";
  EXPECT_EQ(r.read.format, Format::openai_usage);
  EXPECT_TRUE(r.calls.empty());
  const auto pages = read_text(page + '\n' + page + '\n');
  EXPECT_EQ(pages.texts(), expected + expected) << "a page on each line";
}

TEST(OpenAiExport, GroupedWithCachedTokensInside) {
  const auto r = read_text(
      R"({"data":[{"start_time":1736640000,"end_time":1736643600,"results":[{"input_tokens":1000,"output_tokens":10,"input_cached_tokens":800,"num_model_requests":3,"project_id":"proj","user_id":"user-1","api_key_id":"key_1","model":"gpt-4o","batch":true,"service_tier":"default"},{"input_tokens":5,"output_tokens":1,"model":"gpt-4o","batch":false,"service_tier":"flex"}]}]})");
  EXPECT_EQ(r.texts(),
            "start=2025-01-12T00:00:00Z width=3600s model=gpt-4o requests=3 usage=200+800+0+0->10/0 tier=batch "
            "key=key_1 user=user-1 team=proj\n"
            "start=2025-01-12T00:00:00Z width=3600s model=gpt-4o usage=5+0+0+0->1/0 tier=flex\n");
  EXPECT_EQ(r.read.buckets, 2);
  EXPECT_EQ(r.read.bucket_records, 1);
}

// The generated reference writes `result`; `value` is sometimes a text.
TEST(OpenAiExport, CostsInDollarsUnderBothSpellings) {
  const auto r = read_text(
      R"({"object":"page","data":[
        {"object":"bucket","start_time":1736640000,"end_time":1736726400,"results":[{"object":"organization.costs.result","amount":{"value":0.06,"currency":"usd"},"line_item":"gpt-4o, input","project_id":"p"}]},
        {"object":"bucket","start_time":1736726400,"end_time":1736812800,"result":[{"amount":{"value":"1.25","currency":"usd"},"line_item":null}]},
        {"object":"bucket","start_time":1736726400,"end_time":1736812800,"results":[{"amount":{"value":3,"currency":"eur"}}]}]})");
  EXPECT_EQ(r.texts(),
            "start=2025-01-12T00:00:00Z width=86400s line=gpt-4o, input cost=0.06 team=p\n"
            "start=2025-01-13T00:00:00Z width=86400s cost=1.25\n");
  EXPECT_EQ(r.read.format, Format::openai_costs);
  EXPECT_EQ(r.faults(), "currency:1@4");
}

TEST(AnthropicExport, CountsAreDisjointAndRequestsUnknown) {
  const auto r = read_text(
      R"({"starting_at":"2025-08-01T00:00:00Z","ending_at":"2025-08-02T00:00:00Z","results":[{"account_id":null,"api_key_id":"apikey_01","cache_creation":{"ephemeral_1h_input_tokens":1000,"ephemeral_5m_input_tokens":500},"cache_read_input_tokens":200,"context_window":"0-200k","inference_geo":"global","model":"claude-sonnet-4-5","output_tokens":500,"server_tool_use":{"web_search_requests":10},"service_account_id":null,"service_tier":"standard","uncached_input_tokens":1500,"workspace_id":"wrkspc_01"},{"model":"claude-sonnet-4-5","uncached_input_tokens":1,"output_tokens":2,"context_window":"200k-1M","service_tier":"batch"}]})");
  EXPECT_EQ(r.texts(),
            "start=2025-08-01T00:00:00Z width=86400s model=claude-sonnet-4-5 usage=1500+200+500+1000->500/0 "
            "tier=standard key=apikey_01 team=wrkspc_01\n"
            "start=2025-08-01T00:00:00Z width=86400s model=claude-sonnet-4-5 usage=1+0+0+0->2/0 tier=batch long=yes\n");
  EXPECT_EQ(r.read.format, Format::anthropic_usage);
}

// Cents, as decimal texts: "123.78912" is 1.2378912 USD.
TEST(AnthropicExport, CostsAreCents) {
  const auto r = read_text(
      R"({"data":[{"starting_at":"2025-08-01T00:00:00Z","ending_at":"2025-08-02T00:00:00Z","results":[{"amount":"123.78912","context_window":"0-200k","cost_type":"tokens","currency":"USD","description":"Claude Sonnet 4.5 Usage - Input Tokens","inference_geo":"global","model":"claude-sonnet-4-5","service_tier":"standard","token_type":"uncached_input_tokens","workspace_id":"wrkspc_01"}]}],"has_more":false,"next_page":null})");
  EXPECT_EQ(r.texts(),
            "start=2025-08-01T00:00:00Z width=86400s model=claude-sonnet-4-5 line=Claude Sonnet 4.5 Usage - Input Tokens "
            "cost=1.2378912 tier=standard team=wrkspc_01\n");
  EXPECT_EQ(r.read.format, Format::anthropic_cost);
}

}  // namespace
}  // namespace twolane::audit

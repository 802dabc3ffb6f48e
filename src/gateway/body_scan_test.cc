// What routing reads of a body, and what it refuses.
#include "gateway/body_scan.h"

#include <gtest/gtest.h>

namespace twolane::gateway {
namespace {

TEST(BodyScan, ReadsTheTopLevelOnly) {
  std::string body = R"( {"messages":[{"model":"no","stream":true}], "stream" : true,
    "model" : "gpt-5.4-mini" ,"service_tier":"flex","stream_options":{"include_usage":true}} )";
  const size_t size = body.size();
  const auto scan = scan_body(body);
  ASSERT_TRUE(scan);
  EXPECT_EQ(body.size(), size);
  EXPECT_EQ(scan->model, "gpt-5.4-mini");
  EXPECT_TRUE(scan->stream);
  EXPECT_TRUE(scan->has_stream_usage);
  EXPECT_FALSE(scan->background);
  EXPECT_EQ(scan->service_tier, "flex");
  EXPECT_EQ(body.substr(scan->model_at, scan->model_length), "\"gpt-5.4-mini\"");
  const std::string other = with_model(body, *scan, "a\"b");
  EXPECT_NE(other.find(R"("model" : "a\"b" ,)"), other.npos);
  EXPECT_EQ(other.size(), body.size() - 12 + 4);
}

TEST(BodyScan, RefusesWhatIsNoObjectOrNamesItsModelTwice) {
  const std::pair<std::string, std::string> cases[] = {
      {"", "gateway.json"},
      {"[1]", "gateway.json"},
      {"\"text\"", "gateway.json"},
      {R"({"model":"a")", "gateway.json"},
      {R"({"model":"a"} x)", "gateway.json"},
      {R"({"model":"a"}{"model":"b"})", "gateway.json"},
      {R"({"model":"a","model":"b"})", "gateway.twice"},
      {R"({"model":"a","mod\u0065l":"b"})", "gateway.twice"},
      {"{" + std::string(100, ','), "gateway.json"},
  };
  for (const auto& [text, code] : cases) {
    std::string body = text;
    const auto scan = scan_body(body);
    ASSERT_FALSE(scan) << text;
    EXPECT_EQ(scan.error().code, code) << text;
  }
}

TEST(BodyScan, ReadsTheLimitsOfEveryDialect) {
  const struct { const char* text; int64_t limit, choices; } cases[] = {
      {R"({"model":"m","max_tokens":5})", 5, 1},
      {R"({"model":"m","max_completion_tokens":6,"n":3})", 6, 3},
      {R"({"model":"m","max_output_tokens":7})", 7, 1},
      {R"({"generationConfig":{"temperature":1,"maxOutputTokens":8,"candidateCount":2}})", 8, 2},
      {R"({"generation_config":{"max_output_tokens":9}})", 9, 1},
      {R"({"model":"m","max_tokens":"many","n":null})", -1, 1},
      {R"({"model":"m"})", -1, 1},
  };
  for (const auto& c : cases) {
    std::string body = c.text;
    const auto scan = scan_body(body);
    ASSERT_TRUE(scan) << c.text;
    EXPECT_EQ(scan->output_limit, c.limit) << c.text;
    EXPECT_EQ(scan->choices, c.choices) << c.text;
  }
}

TEST(BodyScan, DeepNestingEndsCleanly) {
  std::string body = R"({"model":"m","x":)" + std::string(2'000'000, '[');
  EXPECT_FALSE(scan_body(body));
}

TEST(BodyScan, AModelThatIsNoStringCountsAsNone) {
  std::string body = R"({"model":5})";
  const auto scan = scan_body(body);
  ASSERT_TRUE(scan);
  EXPECT_EQ(scan->model, "");
}

TEST(BodyScan, ModelAndTierAreRewrittenInPlace) {
  struct Case {
    std::string body;
    Rewrite to;
    std::string expected;
  };
  const Case cases[] = {
      {R"({"model":"a","service_tier": "flex" ,"n":1})", {"b", "service_tier", "default"},
       R"({"model":"b","service_tier": "default" ,"n":1})"},
      {R"({"service_tier":"flex","model":"a"})", {"b", "service_tier", "default"},
       R"({"service_tier":"default","model":"b"})"},
      {R"({"serviceTier":null,"contents":[]})", {"b", "serviceTier", "flex"}, R"({"serviceTier":"flex","contents":[]})"},
      {R"( { "model":"a"})", {"", "service_tier", "flex"}, R"( {"service_tier":"flex", "model":"a"})"},
      {R"({"model":"a","service_tier":"flex"})", {"say \"b\"", "", ""}, R"({"model":"say \"b\"","service_tier":"flex"})"},
      {"{}", {"b", "serviceTier", "flex"}, R"({"serviceTier":"flex"})"},
      {R"({"model":"a"})", {}, R"({"model":"a"})"},
  };
  for (const Case& c : cases) {
    std::string body = c.body;
    const auto scan = scan_body(body);
    ASSERT_TRUE(scan) << c.body;
    EXPECT_EQ(rewritten(body, *scan, c.to), c.expected);
  }
}

}  // namespace
}  // namespace twolane::gateway

// Usage read from answers as they pass, however they are cut.
#include "gateway/meter.h"

#include <gtest/gtest.h>

namespace twolane::gateway {
namespace {

struct Case {
  Endpoint endpoint;
  bool events;
  std::string text;
  int64_t input, output;
  ServiceTier tier;
};

const Case cases[] = {
    {Endpoint::chat_completions, false,
     R"({"id":"c","usage":{"prompt_tokens":7,"completion_tokens":3,"total_tokens":10},"service_tier":"flex"})", 7, 3,
     ServiceTier::flex},
    {Endpoint::chat_completions, true,
     "data: {\"choices\":[{\"delta\":{\"content\":\"the \\\"usage\\\": {\"}}],\"usage\":null}\n\n"
     "data: {\"id\":\"c\",\"choices\":[],\"service_tier\":\"priority\",\"usage\":{\"prompt_tokens\":7,"
     "\"completion_tokens\":3,\"total_tokens\":10}}\n\ndata: [DONE]\n\n",
     7, 3, ServiceTier::priority},
    {Endpoint::messages, true,
     "event: message_start\r\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"m\",\"usage\":"
     "{\"input_tokens\":5,\"cache_read_input_tokens\":2,\"output_tokens\":1,\"service_tier\":\"standard\"}}}\r\n\r\n"
     "event: message_delta\r\ndata: {\"type\":\"message_delta\",\"usage\":{\"output_tokens\":9}}\r\n\r\n"
     "event: message_stop\r\ndata: {\"type\":\"message_stop\"}\r\n\r\n",
     7, 9, ServiceTier::standard},
    {Endpoint::responses, true,
     "event: response.created\ndata: {\"type\":\"response.created\",\"response\":{\"usage\":null}}\n\n"
     "event: response.completed\ndata: {\"type\":\"response.completed\",\"response\":{\"id\":\"r\",\"usage\":"
     "{\"input_tokens\":4,\"output_tokens\":2,\"total_tokens\":6}}}\n\n",
     4, 2, ServiceTier::standard},
    {Endpoint::generate_content, true,
     "data: {\"usageMetadata\":{\"promptTokenCount\":6,\"candidatesTokenCount\":1}}\n\n"
     "data: {\"usageMetadata\":{\"promptTokenCount\":6,\"candidatesTokenCount\":8,\"thoughtsTokenCount\":2}}\n\n",
     6, 10, ServiceTier::standard},
};

TEST(Meter, ReadsTheSameHoweverTheAnswerIsCut) {
  for (const Case& c : cases)
    for (const size_t piece : {size_t{1}, size_t{2}, size_t{7}, size_t{64}, c.text.size()}) {
      Meter meter;
      meter.start(c.endpoint, c.events);
      for (size_t at = 0; at < c.text.size(); at += piece)
        meter.take(std::string_view(c.text).substr(at, piece));
      const auto served = meter.served();
      ASSERT_TRUE(served) << c.text << " by " << piece;
      EXPECT_EQ(served->usage.input(), c.input) << c.text;
      EXPECT_EQ(served->usage.output, c.output) << c.text << " by " << piece;
      EXPECT_EQ(served->tier, c.tier) << c.text;
    }
}

TEST(Meter, SaysNothingWhereTheAnswerDoesNot) {
  Meter meter;
  meter.start(Endpoint::chat_completions, true);
  meter.take("data: {\"choices\":[],\"usage\":null}\n\ndata: [DONE]\n\n");
  EXPECT_FALSE(meter.served());
  meter.start(Endpoint::chat_completions, false);
  meter.take("<html>");
  EXPECT_FALSE(meter.served());
}

TEST(Meter, GathersWhatTheModelWroteHoweverTheStreamIsCut) {
  const std::string stream =
      "data: {\"id\":\"c-1\",\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\"},\"finish_reason\":null}]}\n\n"
      "data: {\"id\":\"c-1\",\"choices\":[{\"delta\":{\"content\":\"a \\\"delta\\\":{\\n\"},\"logprobs\":{\"content\":[{\"token\":\"no\"}]}}]}\n\n"
      "data: {\"id\":\"c-1\",\"choices\":[{\"delta\": {\"content\": \"caf\\u00e9 \"}}],\"usage\":null}\n\n"
      "data: {\"id\":\"c-1\",\"choices\":[{\"delta\":{\"reasoning_content\":\"hm \",\"tool_calls\":[{\"id\":\"x\",\"function\":{\"name\":\"f\",\"arguments\":\"{}\"}}]}}]}\n\n"
      "data: {\"id\":\"c-1\",\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}],\"service_tier\":\"default\"}\n\ndata: [DONE]\n\n";
  for (const size_t piece : {size_t{1}, size_t{5}, size_t{100}, stream.size()}) {
    Meter meter;
    meter.start(Endpoint::chat_completions, true, true);
    for (size_t at = 0; at < stream.size(); at += piece) meter.take(std::string_view(stream).substr(at, piece));
    EXPECT_FALSE(meter.served());
    ASSERT_TRUE(meter.has_text());
    EXPECT_EQ(meter.text(), "a \"delta\":{\ncaf\u00e9 hm f{}") << piece;
    EXPECT_EQ(meter.response_id(), "c-1");
  }
  Meter meter;
  meter.start(Endpoint::chat_completions, true);
  meter.take(stream);
  EXPECT_FALSE(meter.has_text());  // not asked for
}

}  // namespace
}  // namespace twolane::gateway

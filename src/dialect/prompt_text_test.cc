// What of each dialect's body a model reads, and in which order.
#include "dialect/prompt_text.h"

#include <gtest/gtest.h>

#include <string>

namespace twolane::dialect {
namespace {

struct Read {
  std::string text;
  PromptParts parts;
};

Read read(Endpoint endpoint, std::string_view body) {
  Read r;
  const auto parts = each_prompt_text(endpoint, body, [&](std::string_view text) {
    r.text += (r.text.empty() ? "" : "|") + std::string(text);
  });
  EXPECT_TRUE(parts);
  if (parts) r.parts = *parts;
  return r;
}

TEST(PromptText, ChatCompletions) {
  const Read r =
      read(Endpoint::chat_completions,
           R"({"model":"m","messages":[{"role":"system","content":"S"},{"role":"user","content":[)"
           R"({"type":"text","text":"U"},{"type":"image_url","image_url":{"url":"data:x"}}]},)"
           R"({"role":"assistant","tool_calls":[{"id":"c"}]},)"
           R"({"role":"tool","tool_call_id":"c","content":"T"}],"tools":[{"name":"f"}]})");
  EXPECT_EQ(r.text, R"([{"name":"f"}]|S|U|[{"id":"c"}]|T)");
  EXPECT_EQ(r.parts.messages, 4);
  EXPECT_EQ(r.parts.head_bytes, static_cast<int64_t>(sizeof(R"([{"name":"f"}]S)") - 1));
  EXPECT_EQ(r.parts.media, 1);
  EXPECT_FALSE(r.parts.marked);
}

TEST(PromptText, Responses) {
  EXPECT_EQ(read(Endpoint::responses, R"({"instructions":"I","input":"U"})").text, "I|U");
  const Read r = read(Endpoint::responses,
                      R"({"input":[{"role":"user","content":[{"type":"input_text","text":"U"}]},)"
                      R"({"type":"function_call_output","call_id":"c","output":"O"}]})");
  EXPECT_EQ(r.text, "U|O");
  EXPECT_EQ(r.parts.messages, 2);
  EXPECT_EQ(r.parts.head_bytes, 0);
  EXPECT_EQ(read(Endpoint::responses, R"({"instructions":"I","input":"U"})").parts.head_bytes, 1);
}

TEST(PromptText, Anthropic) {
  const Read r =
      read(Endpoint::messages,
           R"({"system":[{"type":"text","text":"S","cache_control":{"type":"ephemeral"}}],)"
           R"("messages":[{"role":"user","content":"U"},{"role":"assistant","content":[)"
           R"({"type":"tool_use","id":"t","name":"f","input":{"a":1}}]},{"role":"user","content":[)"
           R"({"type":"tool_result","tool_use_id":"t","content":[{"type":"text","text":"R"}]},)"
           R"({"type":"document","source":{}}]}]})");
  EXPECT_EQ(r.text, R"(S|U|{"type":"tool_use","id":"t","name":"f","input":{"a":1}}|R)");
  EXPECT_EQ(r.parts.media, 1);
  EXPECT_TRUE(r.parts.marked);
  EXPECT_EQ(r.parts.head_bytes, 1);
}

TEST(PromptText, Gemini) {
  const Read r =
      read(Endpoint::generate_content,
           R"({"contents":[{"role":"user","parts":[{"text":"U"},{"inlineData":{"data":"x"}}]}],)"
           R"("system_instruction":{"parts":[{"text":"S"}]}})");
  EXPECT_EQ(r.text, "S|U");
  EXPECT_EQ(r.parts.media, 1);
  EXPECT_EQ(read(Endpoint::embed_content, R"({"content":{"parts":[{"text":"E"}]}})").text, "E");
}

TEST(PromptText, EmbeddingsOfTextsAndOfTokens) {
  EXPECT_EQ(read(Endpoint::embeddings, R"({"input":["a","b"]})").text, "a|b");
  EXPECT_EQ(read(Endpoint::embeddings, R"({"input":[[1,2],[3]]})").parts.token_ids, 3);
  EXPECT_EQ(read(Endpoint::moderations, R"({"input":"a"})").text, "a");
}

TEST(PromptText, RefusesWhatIsNoJson) {
  EXPECT_FALSE(each_prompt_text(Endpoint::messages, "{", [](std::string_view) {}));
}

TEST(PromptText, KnowsWhereTheLastBlockOfTheFirstTurnBegins) {
  const auto blocks = [](Endpoint endpoint, std::string_view body) {
    return each_prompt_text(endpoint, body, [](std::string_view) {})->block_bytes;
  };
  EXPECT_EQ(blocks(Endpoint::messages, R"({"system":"ab","messages":[{"role":"user","content":[)"
                                       R"({"type":"text","text":"cde"},{"type":"text","text":"f"}]}]})"),
            5);
  EXPECT_EQ(blocks(Endpoint::chat_completions, R"({"messages":[{"role":"system","content":"ab"},{"role":"user","content":[)"
                                               R"({"type":"text","text":"c"},{"type":"text","text":"d"},{"type":"text","text":"e"}]}]})"),
            4);
  for (const char* body : {R"({"messages":[{"role":"user","content":"ab"}]})",
                           R"({"messages":[{"role":"user","content":[{"type":"text","text":"ab"}]}]})",
                           R"({"messages":[{"role":"user","content":[{"type":"image","source":{}},{"type":"text","text":"ab"}]}]})",
                           R"({"messages":[{"role":"assistant","content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]}]})"})
    EXPECT_EQ(blocks(Endpoint::messages, body), 0) << body;
}

}  // namespace
}  // namespace twolane::dialect

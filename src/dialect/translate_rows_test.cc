// Rows as requests and answers as text.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "dialect/translate.h"
#include "dialect/translate_bodies_for_test.h"
#include "dialect/translate_fields.h"

namespace twolane::dialect {
namespace {

TEST(RequestFromPrompt, IsWhatAPersonWouldWrite) {
  const Json schema = {{"type", "object"}};
  const auto body = [&](Endpoint e, std::string_view system, const Json& s, int64_t limit) {
    return request_from_prompt(e, "m", system, "hi", s, limit);
  };
  EXPECT_EQ(body(chat, "", {}, -1), R"({"model":"m","messages":[{"role":"user","content":"hi"}]})");
  EXPECT_EQ(
      body(chat, "s", schema, 9),
      R"({"model":"m","messages":[{"role":"system","content":"s"},{"role":"user","content":"hi"}],)"
      R"("response_format":{"type":"json_schema","json_schema":{"name":"answer","schema":{"type":"object"},)"
      R"("strict":true}},"max_completion_tokens":9})");
  EXPECT_EQ(
      body(responses, "s", schema, 9),
      R"({"model":"m","instructions":"s","input":"hi","text":{"format":{"type":"json_schema","name":"answer",)"
      R"("schema":{"type":"object"},"strict":true}},"max_output_tokens":9})");
  EXPECT_EQ(
      body(messages, "s", schema, 9),
      R"({"model":"m","max_tokens":9,"system":"s","messages":[{"role":"user","content":"hi"}],)"
      R"("output_config":{"format":{"type":"json_schema","schema":{"type":"object"}}}})");
  EXPECT_EQ(
      body(gemini, "s", schema, 9),
      R"({"systemInstruction":{"parts":[{"text":"s"}]},"contents":[{"role":"user","parts":[{"text":"hi"}]}],)"
      R"("generationConfig":{"responseMimeType":"application/json","responseJsonSchema":{"type":"object"},)"
      R"("maxOutputTokens":9}})");
  EXPECT_EQ(body(embeddings, "", {}, -1), R"({"model":"m","input":"hi"})");
  EXPECT_EQ(body(embed, "", {}, -1), R"({"content":{"parts":[{"text":"hi"}]}})");
  for (const Endpoint e : {chat, responses, messages, gemini, embeddings, embed, moderations}) {
    const auto facts = check_body(e, body(e, operation_of(e) == Operation::chat ? "s" : "", {}, 0));
    EXPECT_TRUE(facts) << wire_name(e) << " " << (facts ? "" : facts.error().message);
  }
}

TEST(AnswerText, IsTheFirstChoicesText) {
  EXPECT_EQ(
      answer_text(chat, R"({"choices":[{"message":{"content":"a"}},{"message":{"content":"b"}}]})"),
      "a");
  EXPECT_EQ(answer_text(chat, R"({"choices":[{"message":{"content":null}}]})"), "");
  EXPECT_EQ(answer_text(chat, R"({"choices":[]})"), "");
  EXPECT_EQ(
      answer_text(
          responses,
          R"({"output":[{"type":"reasoning","content":[{"text":"no"}]},{"type":"message",)"
          R"("content":[{"type":"output_text","text":"a"},{"type":"output_text","text":"b"}]}]})"),
      "ab");
  EXPECT_EQ(answer_text(
                messages,
                R"({"content":[{"type":"thinking","thinking":"no"},{"type":"text","text":"a"}]})"),
            "a");
  EXPECT_EQ(
      answer_text(
          gemini,
          R"({"candidates":[{"content":{"parts":[{"text":"no","thought":true},{"text":"a"}]}}]})"),
      "a");
  EXPECT_EQ(answer_text(gemini, "not json"), "");
}

}  // namespace
}  // namespace twolane::dialect

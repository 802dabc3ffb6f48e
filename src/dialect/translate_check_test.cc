// What a batch refuses, what a body's facts are, and that the shape of a request ignores its text.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "dialect/translate.h"
#include "dialect/translate_bodies_for_test.h"

namespace twolane::dialect {
namespace {

struct Refused {
  Endpoint endpoint;
  std::string body;
  std::string code;
  std::string field;
};

const std::string hi = R"("messages":[{"role":"user","content":"hi"}])";
const std::string hi_gemini = R"("contents":[{"role":"user","parts":[{"text":"hi"}]}])";

std::string many_inputs(int n) {
  std::string body = R"({"model":"m","input":[)";
  for (int i = 0; i < n; ++i) body += i ? R"(,"x")" : R"("x")";
  return body + "]}";
}

TEST(CheckBody, RefusesWithCodeAndField) {
  const std::vector<Refused> table = {
      {chat, "{" + hi + R"(,"stream":true})", "input.field", "stream"},
      {chat, "{" + hi + R"(,"stream":"yes"})", "input.field", "stream"},
      {chat, R"({"stream":false,"stream":true,)" + hi + "}", "input.field", "stream"},
      {responses, R"({"input":"hi","stream":true})", "input.field", "stream"},
      {messages, "{" + hi + R"(,"max_tokens":5,"stream":true})", "input.field", "stream"},
      {chat, "{" + hi + R"(,"speed":"fast"})", "input.field", "speed"},
      {chat, R"({"model":"m"})", "input.field", "messages"},
      {chat, R"({"messages":"hi"})", "input.field", "messages"},
      {chat, R"({"messages":null})", "input.field", "messages"},
      {chat, R"({"messages":[]})", "input.field", "messages"},
      {chat, R"({"messages":["hi"]})", "input.field", "messages[0]"},
      {chat, R"({"messages":[{"content":"hi"}]})", "input.field", "messages[0].role"},
      {chat, R"({"messages":[{"role":"user","content":"a"},{"role":7,"content":"b"}]})",
       "input.field", "messages[1].role"},
      {chat, R"({"messages":[{"role":"model","content":"a"}]})", "input.field", "messages[0].role"},
      {chat, R"({"messages":[{"role":"user","content":7}]})", "input.field", "messages[0].content"},
      {chat, R"({"messages":[{"role":"user","content":[7]}]})", "input.field",
       "messages[0].content[0]"},
      {chat, "{" + hi + R"(,"model":7})", "input.field", "model"},
      {chat, "{" + hi + R"(,"model":""})", "input.field", "model"},
      {chat, "{" + hi + R"(,"n":0})", "input.field", "n"},
      {chat, "{" + hi + R"(,"n":1.5})", "input.field", "n"},
      {chat, "{" + hi + R"(,"max_tokens":0})", "input.field", "max_tokens"},
      {chat, "{" + hi + R"(,"max_completion_tokens":-3})", "input.field", "max_completion_tokens"},
      {responses, R"({"input":"hi","background":true})", "input.field", "background"},
      {responses, R"({"model":"m"})", "input.field", "input"},
      {responses, R"({"input":7})", "input.field", "input"},
      {responses, R"({"input":[{"type":"message","content":"x"}]})", "input.field",
       "input[0].role"},
      {responses, R"({"input":[{"role":"tool","content":"x"}]})", "input.field", "input[0].role"},
      {messages, "{" + hi + "}", "input.field", "max_tokens"},
      {messages, "{" + hi + R"(,"max_tokens":null})", "input.field", "max_tokens"},
      {messages, "{" + hi + R"(,"max_tokens":0})", "input.field", "max_tokens"},
      {messages, "{" + hi + R"(,"max_tokens":5,"speed":"fast"})", "input.field", "speed"},
      {messages, R"({"max_tokens":5,"messages":[{"role":"tool","content":"x"}]})", "input.field",
       "messages[0].role"},
      {messages, R"({"max_tokens":5,"messages":[{"role":"user"}]})", "input.field",
       "messages[0].content"},
      {gemini, R"({"generationConfig":{}})", "input.field", "contents"},
      {gemini, R"({"contents":"hi"})", "input.field", "contents"},
      {gemini, R"({"contents":[]})", "input.field", "contents"},
      {gemini, R"({"contents":[{"role":"assistant","parts":[]}]})", "input.field",
       "contents[0].role"},
      {gemini, R"({"contents":[{"parts":["x"]}]})", "input.field", "contents[0].parts[0]"},
      {gemini, "{" + hi_gemini + R"(,"generationConfig":{"candidateCount":0}})", "input.field",
       "generationConfig.candidateCount"},
      {gemini, "{" + hi_gemini + R"(,"generation_config":{"max_output_tokens":0}})", "input.field",
       "generationConfig.max_output_tokens"},
      {embeddings, R"({"model":"m"})", "input.field", "input"},
      {embeddings, R"({"input":""})", "input.field", "input"},
      {embeddings, R"({"input":[]})", "input.field", "input"},
      {embeddings, R"({"input":["a",""]})", "input.field", "input[1]"},
      {embeddings, R"({"input":["a",7]})", "input.field", "input"},
      {embeddings, R"({"input":[[1,"x"]]})", "input.field", "input[0]"},
      {embeddings, R"({"input":{"text":"a"}})", "input.field", "input"},
      {embeddings, many_inputs(2049), "input.field", "input"},
      {moderations, R"({"input":[7]})", "input.field", "input[0]"},
      {embed, R"({"model":"models/m"})", "input.field", "content"},
      {embed, R"({"content":"hi"})", "input.field", "content"},
      {chat, "[]", "input.field", ""},
      {chat, R"({"messages":[{"role":"user","content":"hi"}],})", "wire.json", ""},
      {chat, R"({"messages":[{"role":"user","content":"hi" "x"}]})", "wire.json", ""},
      {chat, "{" + hi + R"(,"user":")" + "\xff" + R"("})", "wire.json", ""},
      {chat, "", "wire.json", ""},
  };
  for (const Refused& r : table) {
    const auto facts = check_body(r.endpoint, r.body);
    ASSERT_FALSE(facts) << r.body.substr(0, 200);
    EXPECT_EQ(facts.error().code, r.code) << r.body.substr(0, 200);
    EXPECT_EQ(facts.error().where.field, r.field) << r.body.substr(0, 200);
    EXPECT_FALSE(facts.error().message.empty());
    EXPECT_EQ(facts.error().where.column > 0, r.code == "wire.json") << r.body;
  }
}

TEST(CheckBody, SaysWhatPeopleRead) {
  const auto facts = check_body(chat, "{" + hi + R"(,"stream":true})");
  ASSERT_FALSE(facts);
  EXPECT_EQ(facts.error().message, "a batch cannot stream");
  EXPECT_EQ(facts.error().why, "batch results come as one file");
  EXPECT_EQ(facts.error().next, std::vector<std::string>{"remove the field"});
}

TEST(CheckBody, AcceptsWhatABatchMayHold) {
  const std::vector<std::pair<Endpoint, std::string>> table = {
      {chat, "{" + hi + R"(,"stream":false,"n":null,"max_tokens":null})"},
      {chat, R"({"messages":[{"role":"assistant","content":null,"tool_calls":[]},)"
             R"({"role":"tool","tool_call_id":"c","content":"x"}]})"},
      {responses, R"({"previous_response_id":"resp_1","input":"go on"})"},
      {responses, R"({"prompt":{"id":"pmpt_1"}})"},
      {responses, R"({"input":[{"type":"function_call_output","call_id":"c","output":"x"}]})"},
      {messages, "{" + hi + R"(,"max_tokens":1,"stream":null})"},
      {gemini, R"({"contents":{"parts":{"text":"hi"}}})"},
      {embeddings, R"({"input":[1,2,3]})"},
      {embeddings, R"({"input":[[1,2],[3]]})"},
      {embeddings, many_inputs(2048)},
      {moderations, R"({"input":[{"type":"text","text":"a"}]})"},
      {embed, R"({"content":{"parts":[{"text":"a"}]}})"},
  };
  for (const auto& [endpoint, body] : table) {
    const auto facts = check_body(endpoint, body);
    EXPECT_TRUE(facts) << body << "\n" << (facts ? "" : facts.error().message);
  }
}

BodyFacts facts_of(Endpoint endpoint, const std::string& body) {
  const auto facts = check_body(endpoint, body);
  EXPECT_TRUE(facts) << body;
  return facts.value_or(BodyFacts{});
}

TEST(CheckBody, ReadsModelAndOutputLimit) {
  const std::string body =
      R"({"model":"gpt-5.4-mini","max_completion_tokens":100,"n":3,)" + hi + "}";
  const auto facts = facts_of(chat, body);
  EXPECT_EQ(facts.model, "gpt-5.4-mini");
  EXPECT_GE(facts.model.data(), body.data());
  EXPECT_LE(facts.model.data() + facts.model.size(), body.data() + body.size());
  EXPECT_EQ(facts.output_limit, 300);
  EXPECT_EQ(facts_of(chat, "{" + hi + "}").output_limit, -1);
  EXPECT_EQ(facts_of(chat, "{" + hi + "}").model, "");
  EXPECT_EQ(facts_of(chat, R"({"model":"a\/b",)" + hi + "}").model, "a/b");
  EXPECT_EQ(facts_of(messages, "{" + hi + R"(,"max_tokens":7})").output_limit, 7);
  EXPECT_EQ(facts_of(responses, R"({"input":"x","max_output_tokens":9})").output_limit, 9);
  EXPECT_EQ(facts_of(gemini, "{" + hi_gemini +
                                 R"(,"generationConfig":{"maxOutputTokens":5,"candidateCount":2}})")
                .output_limit,
            10);
  EXPECT_EQ(facts_of(embeddings, R"({"input":"x"})").output_limit, 0);
  EXPECT_GT(facts_of(chat, "{" + hi + R"(,"n":128,"max_tokens":9000000000000000000})").output_limit,
            0);
}

TEST(CheckBody, OneShapeForOneTemplate) {
  const auto shape = [](const std::string& body) { return facts_of(chat, body).fingerprint; };
  const uint64_t first =
      shape(R"({"model":"m","temperature":1,"messages":[{"role":"user","content":"a"}],"seed":1})");
  for (
      const std::string same :
      {R"({"model":"m","temperature":1,"messages":[{"role":"user","content":"other text"}],"seed":2})",
       R"({"temperature": 1.0, "model": "m", "messages": [{"role": "user", "content": "a"}]})",
       R"({"model":"m","temperature":1,"user":"u7","metadata":{"row":"9"},"messages":[)"
       R"({"role":"system","content":"s"},{"role":"user","content":"a"}]})",
       R"({"model":"m","temperature":1,"stop":null,"messages":[{"role":"user","content":[)"
       R"({"type":"text","text":"a"}]}]})"})
    EXPECT_EQ(shape(same), first) << same;
  for (
      const std::string other :
      {R"({"model":"n","temperature":1,"messages":[{"role":"user","content":"a"}]})",
       R"({"model":"m","temperature":0.9,"messages":[{"role":"user","content":"a"}]})",
       R"({"model":"m","messages":[{"role":"user","content":"a"}]})",
       R"({"model":"m","temperature":1,"max_tokens":5,"messages":[{"role":"user","content":"a"}]})",
       R"({"model":"m","temperature":1,"tools":[],"messages":[{"role":"user","content":"a"}]})",
       R"({"model":"m","temperature":1,"messages":[{"role":"user","content":[)"
       R"({"type":"image_url","image_url":{"url":"https://x/y.png"}}]}]})"})
    EXPECT_NE(shape(other), first) << other;
  EXPECT_NE(facts_of(responses, R"({"input":"x"})").fingerprint,
            facts_of(embeddings, R"({"input":"x"})").fingerprint);
  EXPECT_NE(
      facts_of(gemini, "{" + hi_gemini + R"(,"generationConfig":{"temperature":1}})").fingerprint,
      facts_of(gemini, "{" + hi_gemini + R"(,"generationConfig":{"temperature":2}})").fingerprint);
}

TEST(CheckBody, OrderAndTypesMatterInAShape) {
  const auto shape = [](const std::string& stop) {
    return facts_of(chat, R"({"stop":)" + stop + "," + hi + "}").fingerprint;
  };
  EXPECT_NE(shape(R"(["a","b"])"), shape(R"(["b","a"])"));
  EXPECT_NE(shape(R"("1")"), shape("1"));
  EXPECT_NE(shape(R"({"a":1,"b":2})"), shape(R"({"a":2,"b":1})"));
  EXPECT_EQ(shape(R"({"a":1,"b":2})"), shape(R"({"b":2,"a":1})"));
  EXPECT_NE(shape("true"), shape("false"));
}

TEST(CheckBody, BoundsTheInput) {
  const std::string plain = "{" + hi + "}";
  const auto bound = facts_of(chat, plain).input_bound;
  EXPECT_GE(bound, static_cast<int64_t>(plain.size()));
  EXPECT_LT(bound, static_cast<int64_t>(plain.size()) + 2'000);
  const std::string pixels(300'000, 'A');
  const auto image = facts_of(chat, R"({"messages":[{"role":"user","content":[{"type":"image_url",)"
                                    R"("image_url":{"url":"data:image/png;base64,)" +
                                        pixels + R"("}}]}]})")
                         .input_bound;
  EXPECT_GT(image, 48'169);   // the dearest documented image
  EXPECT_LT(image, 100'000);  // not its bytes
  const auto pdf =
      facts_of(messages, R"({"max_tokens":1,"messages":[{"role":"user","content":[)"
                         R"({"type":"document","source":{"type":"url","url":"https://x/y"}}]}]})")
          .input_bound;
  EXPECT_GT(pdf, 1'000'000);
  const std::string words(5'000, 'w');
  const auto text_document =
      facts_of(gemini,
               R"({"contents":[{"parts":[{"inline_data":{"mime_type":"text/plain","data":")" +
                   words + R"("}}]}]})")
          .input_bound;
  EXPECT_GT(text_document, 5'000);
  EXPECT_LT(text_document, 10'000);
  EXPECT_GT(facts_of(responses, R"({"input":"x","tools":[{"type":"web_search"}]})").input_bound,
            1'000'000);
}

}  // namespace
}  // namespace twolane::dialect

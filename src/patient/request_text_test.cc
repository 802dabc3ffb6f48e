// Stored lines taken apart again, and the options that they are read by.
#include "patient/request_text.h"

#include <gtest/gtest.h>

#include "dialect/translate.h"

namespace twolane::patient {
namespace {

InputOptions of(InputFormat format) {
  InputOptions o;
  o.format = format;
  return o;
}

TEST(RequestText, OpenAiLines) {
  const std::string line =
      R"( {"custom_id" : "a", "method":"POST","body" : {"messages":[{"role":"user","content":"}"}], "model":"m" } ,"url":"/v1/responses"} )";
  const auto request = request_text(of(InputFormat::openai_jsonl), line, 0);
  ASSERT_TRUE(request) << request.error().message;
  EXPECT_EQ(request->custom_id, "a");
  EXPECT_EQ(request->endpoint, Endpoint::responses);
  EXPECT_EQ(request->body, R"({"messages":[{"role":"user","content":"}"}], "model":"m" })");
  EXPECT_EQ(request->model, "m");
  EXPECT_GE(request->body.data(), line.data()) << "a view, not a copy";
  EXPECT_LT(request->body.data(), line.data() + line.size());
}

TEST(RequestText, EscapedNamesOutliveTheCall) {
  const auto options = of(InputFormat::anthropic_jsonl);
  const std::string line = R"({"custom_id":"\u00e9\n","params":{"model":"x","max_tokens":1}})";
  std::vector<RequestText> kept;
  for (int i = 0; i < 20; ++i) kept.push_back(request_text(options, line, i).value());
  EXPECT_EQ(kept.front().custom_id, "\u00e9\n");
  EXPECT_EQ(kept.front().model, "x");
  EXPECT_EQ(kept.front().endpoint, Endpoint::messages);
  EXPECT_EQ(kept.front().body, R"({"model":"x","max_tokens":1})");
}

TEST(RequestText, GeminiLines) {
  const auto options = of(InputFormat::gemini_jsonl);
  const auto chat =
      request_text(options, R"({"request":{"contents":[],"model":"models/g"},"key":"k"})", 0);
  ASSERT_TRUE(chat);
  EXPECT_EQ(chat->custom_id, "k");
  EXPECT_EQ(chat->endpoint, Endpoint::generate_content);
  EXPECT_EQ(chat->model, "models/g");
  const auto embed =
      request_text(options, R"({"key":"k","request":{"content":{"parts":[{"text":"x"}]}}})", 0);
  ASSERT_TRUE(embed);
  EXPECT_EQ(embed->endpoint, Endpoint::embed_content);
}

TEST(RequestText, Rows) {
  InputOptions options = of(InputFormat::csv_rows);
  options.columns = {"id", "text"};
  options.prompt = "Say {text}";
  options.models = {{"openai", "gpt-5.4-mini"}, {"anthropic", "claude-haiku-4-5"}};
  std::vector<RequestText> kept;
  for (int i = 0; i < 3; ++i)
    kept.push_back(request_text(options, i == 1 ? "b,two" : ",\"one, 1\"", i).value());
  EXPECT_EQ(kept[0].custom_id, "row-1");
  EXPECT_EQ(kept[1].custom_id, "b");
  EXPECT_EQ(kept[0].endpoint, Endpoint::chat_completions);
  EXPECT_TRUE(dialect::check_body(Endpoint::chat_completions, kept[0].body));
  EXPECT_NE(kept[0].body.find("Say one, 1"), std::string::npos);
  EXPECT_EQ(*body_for(options, kept[0], Endpoint::chat_completions, "gpt-5.4-mini"), kept[0].body);
  const auto other = body_for(options, kept[0], Endpoint::messages, "claude-haiku-4-5");
  ASSERT_TRUE(other) << other.error().message;
  EXPECT_TRUE(dialect::check_body(Endpoint::messages, *other)) << *other;

  options.prompt = "Shout {text}";
  EXPECT_NE(request_text(options, "b,two", 0)->body.find("Shout two"), std::string::npos)
      << "compiled templates belong to their options";
}

TEST(RequestText, WhatItComesAfter) {
  const auto after = [](const std::string& member) {
    const std::string line = R"({"custom_id":"c","after":)" + member + R"(,"method":"POST","url":"/v1/responses","body":{"model":"m"}})";
    return request_text(of(InputFormat::openai_jsonl), line, 0).value().after;
  };
  EXPECT_EQ(after(R"("a\"b")"), std::vector<std::string>{"a\"b"});
  EXPECT_EQ(after(R"(["a","b"])"), (std::vector<std::string>{"a", "b"}));
  EXPECT_TRUE(after("7").empty()) << "of a job that was taken in before lines could come after others";
}

TEST(RequestText, WhatIsNoRequest) {
  for (const char* line :
       {"", "{", "[]", R"({"custom_id":"a"})", R"({"body":3,"url":"/v1/responses"})",
        R"({"custom_id":"a","url":"/v1/none","body":{}})", R"({"body":{}} x)"})
    EXPECT_FALSE(request_text(of(InputFormat::openai_jsonl), line, 0)) << line;
}

TEST(BodyFor, OnlyTheModelIsReplaced) {
  const std::string line =
      R"({"custom_id":"a","method":"POST","url":"/v1/chat/completions","body":{ "model":"m1","x": 1.50,"messages":[]}})";
  const auto request = request_text(of(InputFormat::openai_jsonl), line, 0);
  ASSERT_TRUE(request);
  EXPECT_EQ(*body_for({}, *request, Endpoint::chat_completions, "m2"),
            R"({ "model":"m2","x": 1.50,"messages":[]})");
}

TEST(InputOptions, RoundTrip) {
  InputOptions o = of(InputFormat::csv_rows);
  o.prompt = "Say {text}\n";
  o.system = "é";
  o.schema = {{"type", "object"}, {"properties", {{"b", 1}, {"a", 2}}}};
  o.models = {{"openai", "m"}, {"gemini", "g"}};
  o.columns = {"id", "te,xt"};
  o.output_tokens = 12;
  const auto back = input_options_from_json(to_json(o));
  ASSERT_TRUE(back);
  EXPECT_EQ(to_json(*back), to_json(o));
  EXPECT_EQ(back->columns, o.columns);
  EXPECT_EQ(back->models, o.models);
  EXPECT_EQ(wire::dump(back->schema), wire::dump(o.schema)) << "its order is part of the prompt";
  EXPECT_FALSE(input_options_from_json(R"({"format":"unheard_of"})"));
}

}  // namespace
}  // namespace twolane::patient

// Requests from one dialect into another: how things are said there.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "dialect/translate.h"
#include "dialect/translate_bodies_for_test.h"
#include "dialect/translate_fields.h"

namespace twolane::dialect {
namespace {

struct Said {
  Endpoint from;
  Endpoint to;
  std::string body;
  std::string expected;
};

void expect_said(const std::vector<Said>& table, std::string_view openai_model = "gpt-4.1") {
  for (const Said& s : table) {
    const auto model = dialect_of(s.to) == Dialect::openai ? openai_model : model_at(s.to);
    const auto out = translate_request(s.from, s.body, s.to, model);
    ASSERT_TRUE(out) << s.body << "\n" << out.error().message << ": " << out.error().why;
    EXPECT_EQ(*out, wire::dump(*wire::parse_json(s.expected))) << s.body;
  }
}

TEST(TranslateRequest, SaysSystemTurnsAndParameters) {
  const std::string from_chat =
      R"({"model":"gpt-4o","temperature":0.2,"top_p":0.9,"max_tokens":50,"stop":"END","user":"u1","messages":[)"
      R"({"role":"system","content":"Be brief."},{"role":"user","content":"a"},{"role":"user","content":"b"}]})";
  expect_said({
      {chat, messages, from_chat,
       R"({"model":"claude-sonnet-4-5","max_tokens":50,"messages":[{"role":"user","content":[)"
       R"({"type":"text","text":"a"},{"type":"text","text":"b"}]}],"system":"Be brief.","temperature":0.2,)"
       R"("top_p":0.9,"stop_sequences":["END"]})"},
      {chat, gemini, from_chat,
       R"({"contents":[{"role":"user","parts":[{"text":"a"},{"text":"b"}]}],"systemInstruction":{"parts":)"
       R"([{"text":"Be brief."}]},"generationConfig":{"maxOutputTokens":50,"temperature":0.2,"topP":0.9,)"
       R"("stopSequences":["END"]}})"},
      {messages, responses,
       R"({"model":"c","max_tokens":7,"system":"Be brief.","messages":[{"role":"user","content":"hi"}]})",
       R"({"model":"gpt-4.1","instructions":"Be brief.","input":[{"role":"user","content":"hi"}],)"
       R"("max_output_tokens":7})"},
      {messages, chat,
       messages_with(R"("system":[{"type":"text","text":"a"},{"type":"text","text":"b"}])"),
       R"({"model":"gpt-4.1","messages":[{"role":"system","content":[{"type":"text","text":"a"},)"
       R"({"type":"text","text":"b"}]},{"role":"user","content":"hi"}],"max_completion_tokens":9})"},
      {gemini, chat,
       R"({"system_instruction":{"parts":[{"text":"s"}]},"contents":[{"parts":[{"text":"hi"}]}],)"
       R"("generation_config":{"max_output_tokens":5,"stop_sequences":["x"],"candidate_count":2,"seed":3}})",
       R"({"model":"gpt-4.1","messages":[{"role":"system","content":"s"},{"role":"user","content":"hi"}],)"
       R"("max_completion_tokens":5,"seed":3,"n":2,"stop":["x"]})"},
  });
}

TEST(TranslateRequest, AnthropicGetsTheLimitOfItsModel) {
  const std::string body = R"({"model":"m","messages":[{"role":"user","content":"hi"}]})";
  const auto known = translate_request(chat, body, messages, "claude-sonnet-4-5");
  ASSERT_TRUE(known) << known.error().message;
  EXPECT_GE(wire::int_at(*wire::parse_json(*known), "max_tokens"), 8'192);
  const auto unknown = translate_request(chat, body, messages, "nobody-knows-this");
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().code, "dialect.untranslatable");
  EXPECT_EQ(unknown.error().where.field, "max_completion_tokens");
}

TEST(TranslateRequest, SaysToolsCallsAndResults) {
  const std::string schema = R"({"type":"object","properties":{"city":{"type":"string"}}})";
  const std::string from_chat =
      R"({"model":"m","max_tokens":9,"messages":[{"role":"user","content":"weather?"},{"role":"assistant","content":null,)"
      R"("tool_calls":[{"id":"c1","type":"function","function":{"name":"get","arguments":"{\"city\":\"Paris\"}"}},)"
      R"({"id":"c2","type":"function","function":{"name":"get","arguments":"{\"city\":\"Rome\"}"}}]},)"
      R"({"role":"tool","tool_call_id":"c1","content":"sunny"},{"role":"tool","tool_call_id":"c2","content":"{\"rain\": 1}"},)"
      R"({"role":"user","content":"and?"}],"tools":[{"type":"function","function":{"name":"get","description":"d",)"
      R"("parameters":)" +
      schema + R"(,"strict":true}}],"tool_choice":"required"})";
  expect_said({
      {chat, messages, from_chat,
       R"({"model":"claude-sonnet-4-5","max_tokens":9,"messages":[{"role":"user","content":[{"type":"text","text":"weather?"}]},)"
       R"({"role":"assistant","content":[{"type":"tool_use","id":"c1","name":"get","input":{"city":"Paris"}},)"
       R"({"type":"tool_use","id":"c2","name":"get","input":{"city":"Rome"}}]},{"role":"user","content":[)"
       R"({"type":"tool_result","tool_use_id":"c1","content":"sunny"},)"
       R"({"type":"tool_result","tool_use_id":"c2","content":"{\"rain\": 1}"},{"type":"text","text":"and?"}]}],)"
       R"("tools":[{"name":"get","description":"d","input_schema":)" +
           schema +
           R"(,"strict":true}],)"
           R"("tool_choice":{"type":"any"}})"},
      {chat, gemini, from_chat,
       R"({"contents":[{"role":"user","parts":[{"text":"weather?"}]},{"role":"model","parts":[)"
       R"({"functionCall":{"id":"c1","name":"get","args":{"city":"Paris"}}},)"
       R"({"functionCall":{"id":"c2","name":"get","args":{"city":"Rome"}}}]},{"role":"user","parts":[)"
       R"({"functionResponse":{"id":"c1","name":"get","response":{"output":"sunny"}}},)"
       R"({"functionResponse":{"id":"c2","name":"get","response":{"rain":1}}},{"text":"and?"}]}],)"
       R"("tools":[{"functionDeclarations":[{"name":"get","description":"d","parametersJsonSchema":)" +
           schema +
           R"(}]}],)"
           R"("toolConfig":{"functionCallingConfig":{"mode":"ANY"}},"generationConfig":{"maxOutputTokens":9}})"},
      {chat, responses, from_chat,
       R"({"model":"gpt-4.1","input":[{"role":"user","content":"weather?"},)"
       R"({"type":"function_call","call_id":"c1","name":"get","arguments":"{\"city\":\"Paris\"}"},)"
       R"({"type":"function_call","call_id":"c2","name":"get","arguments":"{\"city\":\"Rome\"}"},)"
       R"({"type":"function_call_output","call_id":"c1","output":"sunny"},)"
       R"({"type":"function_call_output","call_id":"c2","output":"{\"rain\": 1}"},{"role":"user","content":"and?"}],)"
       R"("tools":[{"type":"function","name":"get","description":"d","parameters":)" +
           schema +
           R"(,"strict":true}],)"
           R"("tool_choice":"required","max_output_tokens":9})"},
  });
}

TEST(TranslateRequest, GeminiCallsWithoutIdsGetOnes) {
  expect_said(
      {{gemini, chat,
        R"({"contents":[{"role":"user","parts":[{"text":"go"}]},{"role":"model","parts":[)"
        R"({"functionCall":{"name":"a","args":{}},"thoughtSignature":"c2ln"},{"functionCall":{"name":"b","args":{}}}]},)"
        R"({"role":"function","parts":[{"functionResponse":{"name":"b","response":{"output":"2"}}},)"
        R"({"functionResponse":{"name":"a","response":{"k":[1]}}}]}]})",
        R"({"model":"gpt-4.1","messages":[{"role":"user","content":"go"},{"role":"assistant","content":null,)"
        R"("tool_calls":[{"id":"call_0","type":"function","function":{"name":"a","arguments":"{}"}},)"
        R"({"id":"call_1","type":"function","function":{"name":"b","arguments":"{}"}}]},)"
        R"({"role":"tool","tool_call_id":"call_1","content":"2"},)"
        R"({"role":"tool","tool_call_id":"call_0","content":"{\"k\":[1]}"}]})"}});
}

TEST(TranslateRequest, SaysStructuredOutput) {
  const std::string schema = R"({"type":"object","properties":{"a":{"type":"integer"}}})";
  expect_said({
      {chat, messages,
       chat_with(
           R"("max_tokens":9,"response_format":{"type":"json_schema","json_schema":{"name":"n","description":"of a",)"
           R"("schema":)" +
           schema + "}}"),
       R"({"model":"claude-sonnet-4-5","max_tokens":9,"messages":[{"role":"user","content":[{"type":"text","text":"hi"}]}],)"
       R"("output_config":{"format":{"type":"json_schema","schema":{"type":"object","properties":{"a":{"type":"integer"}},)"
       R"("description":"of a"}}}})"},
      {chat, gemini,
       chat_with(R"("response_format":{"type":"json_schema","json_schema":{"name":"n","schema":)" +
                 schema + "}}"),
       R"({"contents":[{"role":"user","parts":[{"text":"hi"}]}],"generationConfig":{"responseMimeType":"application/json",)"
       R"("responseJsonSchema":)" +
           schema + "}}"},
      {chat, gemini, chat_with(R"("response_format":{"type":"json_object"})"),
       R"({"contents":[{"role":"user","parts":[{"text":"hi"}]}],"generationConfig":{"responseMimeType":"application/json"}})"},
      {messages, responses,
       messages_with(R"("output_config":{"format":{"type":"json_schema","schema":)" + schema +
                     "}}"),
       R"({"model":"gpt-4.1","input":[{"role":"user","content":"hi"}],"max_output_tokens":9,"text":{"format":)"
       R"({"type":"json_schema","name":"answer","schema":)" +
           schema + R"(,"strict":true}}})"},
      // Gemini's own schema is the same in JSON Schema.
      {gemini, messages,
       gemini_with(
           R"("generationConfig":{"maxOutputTokens":9,"responseMimeType":"application/json","responseSchema":)"
           R"({"type":"OBJECT","properties":{"a":{"type":"ARRAY","items":{"type":"STRING","nullable":true},)"
           R"("minItems":"1"}},"propertyOrdering":["a"],"required":["a"]}})"),
       R"({"model":"claude-sonnet-4-5","max_tokens":9,"messages":[{"role":"user","content":[{"type":"text","text":"hi"}]}],)"
       R"("output_config":{"format":{"type":"json_schema","schema":{"type":"object","properties":{"a":{"type":"array",)"
       R"("items":{"type":["string","null"]},"minItems":1}},"required":["a"]}}}})"},
  });
}

TEST(TranslateRequest, SaysReasoning) {
  const std::string claude =
      R"({"model":"claude-sonnet-4-5","max_tokens":9,"messages":[{"role":"user","content":[{"type":"text","text":"hi"}]}])";
  const std::string flash_hi = R"({"contents":[{"role":"user","parts":[{"text":"hi"}]}])";
  expect_said({
      {chat, messages, chat_with(R"("max_tokens":9,"reasoning_effort":"high")"),
       claude + R"(,"output_config":{"effort":"high"},"thinking":{"type":"adaptive"}})"},
      {chat, messages, chat_with(R"("max_tokens":9,"reasoning_effort":"none")"),
       claude + R"(,"thinking":{"type":"disabled"}})"},
      {chat, gemini, chat_with(R"("reasoning_effort":"low")"),
       flash_hi + R"(,"generationConfig":{"thinkingConfig":{"thinkingLevel":"LOW"}}})"},
      {chat, gemini, chat_with(R"("reasoning_effort":"none")"),
       flash_hi + R"(,"generationConfig":{"thinkingConfig":{"thinkingBudget":0}}})"},
      {messages, gemini, messages_with(R"("thinking":{"type":"enabled","budget_tokens":2048})"),
       flash_hi +
           R"(,"generationConfig":{"maxOutputTokens":9,"thinkingConfig":{"thinkingBudget":2048}}})"},
      {gemini, messages,
       gemini_with(
           R"("generationConfig":{"maxOutputTokens":9,"thinkingConfig":{"thinkingBudget":-1,"includeThoughts":true}})"),
       claude + R"(,"thinking":{"type":"adaptive","display":"summarized"}})"},
  });
  expect_said(
      {{messages, chat,
        messages_with(R"("thinking":{"type":"adaptive"},"output_config":{"effort":"low"})"),
        R"({"model":"gpt-5.4-mini","messages":[{"role":"user","content":"hi"}],"max_completion_tokens":9,)"
        R"("reasoning_effort":"low"})"},
       {responses, messages,
        responses_with(R"("max_output_tokens":9,"reasoning":{"effort":"high","summary":"auto"})"),
        claude +
            R"(,"output_config":{"effort":"high"},"thinking":{"type":"adaptive","display":"summarized"}})"}},
      mini);
}

TEST(TranslateRequest, SaysImagesDocumentsAndAudio) {
  const std::string png = "iVBORw0KGgo=";
  expect_said({
      {chat, messages,
       chat_part(R"({"type":"image_url","image_url":{"url":"data:image/png;base64,)" + png +
                 R"("}})")
           .insert(1, R"("max_tokens":9,)"),
       R"({"model":"claude-sonnet-4-5","max_tokens":9,"messages":[{"role":"user","content":[{"type":"image","source":)"
       R"({"type":"base64","media_type":"image/png","data":")" +
           png + R"("}}]}]})"},
      {chat, gemini,
       chat_part(R"({"type":"image_url","image_url":{"url":"data:image/png;base64,)" + png +
                 R"(","detail":"high"}})"),
       R"({"contents":[{"role":"user","parts":[{"inlineData":{"mimeType":"image/png","data":")" +
           png + R"("}}]}]})"},
      {chat, gemini, chat_part(R"({"type":"image_url","image_url":{"url":"https://x/y.JPG?s=1"}})"),
       R"({"contents":[{"role":"user","parts":[{"fileData":{"mimeType":"image/jpeg","fileUri":"https://x/y.JPG?s=1"}}]}]})"},
      {messages, responses,
       messages_block(R"({"type":"image","source":{"type":"url","url":"https://x/y"}})"),
       R"({"model":"gpt-4.1","input":[{"role":"user","content":[{"type":"input_image","image_url":"https://x/y"}]}],)"
       R"("max_output_tokens":9})"},
      {messages, chat,
       messages_block(
           R"({"type":"document","title":"t.pdf","source":{"type":"base64","media_type":"application/pdf","data":"AAAA"}})"),
       R"({"model":"gpt-4.1","messages":[{"role":"user","content":[{"type":"file","file":{"filename":"t.pdf","file_data":)"
       R"("data:application/pdf;base64,AAAA"}}]}],"max_completion_tokens":9})"},
      {messages, gemini,
       messages_block(
           R"({"type":"document","source":{"type":"text","media_type":"text/plain","data":"hi"}})"),
       R"({"contents":[{"role":"user","parts":[{"inlineData":{"mimeType":"text/plain","data":"aGk="}}]}],)"
       R"("generationConfig":{"maxOutputTokens":9}})"},
      {chat, gemini,
       chat_part(R"({"type":"input_audio","input_audio":{"data":"UklG","format":"mp3"}})"),
       R"({"contents":[{"role":"user","parts":[{"inlineData":{"mimeType":"audio/mp3","data":"UklG"}}]}]})"},
  });
}

TEST(TranslateRequest, DropsOnlyWhatHasNoEffect) {
  expect_said({
      {chat, gemini,
       chat_with(
           R"("user":"u","metadata":{"a":"b"},"store":true,"safety_identifier":"s","prompt_cache_key":"k",)"
           R"("prompt_cache_retention":"24h","service_tier":"flex","stream":false,"n":1,"logprobs":false,)"
           R"("frequency_penalty":0,"parallel_tool_calls":true,"logit_bias":{},"modalities":["text"],)"
           R"("response_format":{"type":"text"},"verbosity":"medium","seed":null)"),
       R"({"contents":[{"role":"user","parts":[{"text":"hi"}]}],"generationConfig":{"candidateCount":1,)"
       R"("frequencyPenalty":0,"responseLogprobs":false}})"},
      {messages, chat,
       R"({"model":"c","max_tokens":9,"metadata":{"user_id":"u"},"cache_control":{"type":"ephemeral"},"service_tier":"auto",)"
       R"("messages":[{"role":"user","content":[{"type":"text","text":"hi","cache_control":{"type":"ephemeral","ttl":"1h"}}]}]})",
       R"({"model":"gpt-4.1","messages":[{"role":"user","content":"hi"}],"max_completion_tokens":9})"},
  });
}

TEST(TranslateRequest, KeepsEveryOtherByteAtHome) {
  struct Spliced {
    Endpoint endpoint;
    std::string body, model, expected;
  };
  const std::vector<Spliced> table = {
      {chat,
       R"({ "messages" : [ {"role":"user","content":"\u00e9 model"} ] , "model" : "old" , "x":1.0 })",
       "new",
       R"({ "messages" : [ {"role":"user","content":"\u00e9 model"} ] , "model" : "new" , "x":1.0 })"},
      {chat, R"({"messages":[{"model":"inner"}]})", "new",
       R"({"model":"new","messages":[{"model":"inner"}]})"},
      {chat, " {} ", "a\"b", R"( {"model":"a\"b"} )"},
      {chat, R"({"model":null,"n":1})", "new", R"({"model":"new","n":1})"},
      {chat, R"({"model":"a","n":1,"model":"b"})", "new", R"({"model":"new","n":1,"model":"new"})"},
      {messages, R"({"max_tokens":1.50,"model":"a\/b"})", "c",
       R"({"max_tokens":1.50,"model":"c"})"},
      {gemini, R"({"contents":[]})", "new", R"({"contents":[]})"},
      {embed, R"({"model":"models/old","content":{}})", "new",
       R"({"model":"models/new","content":{}})"},
      {moderations, R"({"input":"x"})", "new", R"({"model":"new","input":"x"})"},
  };
  for (const Spliced& s : table) {
    const auto out = translate_request(s.endpoint, s.body, s.endpoint, s.model);
    ASSERT_TRUE(out) << s.body << " " << out.error().message;
    EXPECT_EQ(*out, s.expected);
  }
  for (const std::string broken : {"", "[]", "7", R"({"model":7})", R"({"model":{}})", R"({"a":1)"})
    EXPECT_FALSE(translate_request(chat, broken, chat, "m")) << broken;
}

TEST(TranslateRequest, Embeddings) {
  expect_said({
      {embeddings, embed,
       R"({"model":"m","input":"text","dimensions":256,"encoding_format":"base64","user":"u"})",
       R"({"content":{"parts":[{"text":"text"}]},"outputDimensionality":256})"},
      {embeddings, embed, R"({"model":"m","input":["text"]})",
       R"({"content":{"parts":[{"text":"text"}]}})"},
      {embed, embeddings,
       R"({"model":"models/m","content":{"parts":[{"text":"text"}]},"output_dimensionality":8})",
       R"({"model":"gpt-4.1","input":"text","dimensions":8})"},
  });
}

}  // namespace
}  // namespace twolane::dialect

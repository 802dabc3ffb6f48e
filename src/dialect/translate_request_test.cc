// Requests from one dialect into another: what is refused and where, and how the rest is said.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "dialect/translate.h"
#include "dialect/translate_fields.h"

namespace twolane::dialect {
namespace {

constexpr auto chat = Endpoint::chat_completions;
constexpr auto responses = Endpoint::responses;
constexpr auto messages = Endpoint::messages;
constexpr auto gemini = Endpoint::generate_content;
constexpr auto embeddings = Endpoint::embeddings;
constexpr auto embed = Endpoint::embed_content;
constexpr auto moderations = Endpoint::moderations;

constexpr std::string_view sonnet = "claude-sonnet-4-5", flash = "gemini-2.5-flash", mini = "gpt-5.4-mini";

std::string_view model_at(Endpoint e) {
  return dialect_of(e) == Dialect::openai ? mini : dialect_of(e) == Dialect::anthropic ? sonnet : flash;
}

// A chat body with one user message and the members given.
std::string chat_with(const std::string& members) {
  return R"({"model":"m","messages":[{"role":"user","content":"hi"}],)" + members + "}";
}
std::string responses_with(const std::string& members) { return R"({"model":"m","input":"hi",)" + members + "}"; }
std::string messages_with(const std::string& members) {
  return R"({"model":"m","max_tokens":9,"messages":[{"role":"user","content":"hi"}],)" + members + "}";
}
std::string gemini_with(const std::string& members) {
  return R"({"contents":[{"role":"user","parts":[{"text":"hi"}]}],)" + members + "}";
}
std::string chat_part(const std::string& part) {
  return R"({"model":"m","messages":[{"role":"user","content":[)" + part + "]}]}";
}
std::string messages_block(const std::string& block) {
  return R"({"model":"m","max_tokens":9,"messages":[{"role":"user","content":[)" + block + "]}]}";
}
std::string gemini_part(const std::string& part) {
  return R"({"contents":[{"role":"user","parts":[)" + part + "]}]}";
}

const std::string chat_tool = R"("tools":[{"type":"function","function":{"name":"f"}}])";

struct Refused {
  Endpoint from;
  Endpoint to;
  std::string body;
  std::string field;
};

TEST(TranslateRequest, RefusesWhatTheTargetCannotSay) {
  const std::vector<Refused> table = {
      // sampling
      {chat, messages, chat_with(R"("temperature":1.7)"), "temperature"},
      {gemini, messages, gemini_with(R"("generationConfig":{"temperature":1.7})"), "generationConfig.temperature"},
      {chat, messages, chat_with(R"("n":2)"), "n"},
      {chat, responses, chat_with(R"("n":2)"), "n"},
      {gemini, messages, gemini_with(R"("generationConfig":{"candidateCount":2})"), "generationConfig.candidateCount"},
      {chat, messages, chat_with(R"("seed":7)"), "seed"},
      {chat, responses, chat_with(R"("seed":7)"), "seed"},
      {chat, messages, chat_with(R"("frequency_penalty":0.5)"), "frequency_penalty"},
      {chat, responses, chat_with(R"("presence_penalty":-1)"), "presence_penalty"},
      {chat, messages, chat_with(R"("logprobs":true)"), "logprobs"},
      {chat, messages, chat_with(R"("logit_bias":{"50256":-100})"), "logit_bias"},
      {chat, gemini, chat_with(R"("logit_bias":{"50256":-100})"), "logit_bias"},
      {messages, chat, messages_with(R"("top_k":40)"), "top_k"},
      {gemini, responses, gemini_with(R"("generation_config":{"top_k":40})"), "generation_config.top_k"},
      {messages, chat, messages_with(R"("temperature":0.5)"), "temperature"},  // the model reasons
      {messages, responses, messages_with(R"("top_p":0.5)"), "top_p"},
      // stop
      {messages, chat, messages_with(R"("stop_sequences":["a","b","c","d","e"])"), "stop_sequences"},
      {messages, gemini, messages_with(R"("stop_sequences":["a","b","c","d","e","f"])"), "stop_sequences"},
      {chat, responses, chat_with(R"("stop":"END")"), "stop"},
      {chat, messages, chat_with(R"("stop":["END","\n"])"), "stop[1]"},
      {chat, messages, chat_with(R"("stop":" ")"), "stop"},
      // output
      {chat, messages, chat_with(R"("response_format":{"type":"json_object"})"), "response_format"},
      {responses, messages, responses_with(R"("text":{"format":{"type":"json_object"}})"), "text.format"},
      {gemini, messages, gemini_with(R"("generationConfig":{"responseMimeType":"application/json"})"),
       "generationConfig.responseMimeType"},
      {gemini, chat, gemini_with(R"("generationConfig":{"responseMimeType":"text/x.enum"})"),
       "generationConfig.responseMimeType"},
      {gemini, chat, gemini_with(R"("generationConfig":{"responseModalities":["TEXT","IMAGE"]})"),
       "generationConfig.responseModalities"},
      {chat, gemini, chat_with(R"("modalities":["text","audio"],"audio":{"voice":"x","format":"wav"})"), "modalities"},
      {chat, messages, chat_with(R"("verbosity":"low")"), "verbosity"},
      {chat, gemini, chat_with(R"("verbosity":"high")"), "verbosity"},
      // reasoning
      {messages, chat, messages_with(R"("thinking":{"type":"enabled","budget_tokens":2048})"), "thinking.budget_tokens"},
      {gemini, responses, gemini_with(R"("generationConfig":{"thinkingConfig":{"thinkingBudget":99}})"),
       "generationConfig.thinkingConfig.thinkingBudget"},
      {gemini, messages, gemini_with(R"("generationConfig":{"thinkingConfig":{"thinkingBudget":99}})"),
       "generationConfig.thinkingConfig.thinkingBudget"},
      {chat, messages, chat_with(R"("reasoning_effort":"minimal")"), "reasoning_effort"},
      {chat, gemini, chat_with(R"("reasoning_effort":"xhigh")"), "reasoning_effort"},
      {responses, chat, responses_with(R"("reasoning":{"summary":"auto"})"), "reasoning.summary"},
      {responses, gemini, responses_with(R"("reasoning":{"summary":"detailed"})"), "reasoning.summary"},
      {gemini, chat, gemini_with(R"("generationConfig":{"thinkingConfig":{"includeThoughts":true}})"),
       "generationConfig.thinkingConfig.includeThoughts"},
      {responses, chat, responses_with(R"("reasoning":{"context":"x"})"), "reasoning.context"},
      // tools
      {chat, messages,
       chat_with(chat_tool + R"(,"tool_choice":{"type":"allowed_tools","allowed_tools":{"mode":"auto","tools":[)"
                             R"({"type":"function","function":{"name":"f"}}]}})"),
       "tool_choice"},
      {chat, gemini, chat_with(chat_tool + R"(,"parallel_tool_calls":false)"), "parallel_tool_calls"},
      {messages, gemini,
       messages_with(R"("tools":[{"name":"f","input_schema":{}}],"tool_choice":{"type":"auto",)"
                     R"("disable_parallel_tool_use":true})"),
       "tool_choice.disable_parallel_tool_use"},
      {messages, chat, messages_with(R"("tools":[{"type":"web_search_20250305","name":"web_search"}])"), "tools[0]"},
      {gemini, chat, gemini_with(R"("tools":[{"googleSearch":{}}])"), "tools[0].googleSearch"},
      {responses, messages, responses_with(R"("tools":[{"type":"web_search"}])"), "tools[0]"},
      {gemini, messages, gemini_with(R"("tools":[{"functionDeclarations":[{"name":"a.b"}]}])"),
       "tools[0].functionDeclarations[0].name"},
      {chat, messages, chat_with(R"("tools":[{"type":"function","function":{"name":"a b"}}])"), "tools[0].function.name"},
      {messages, chat, messages_with(R"("tools":[{"name":"f","input_schema":{},"input_examples":[{}]}])"),
       "tools[0].input_examples"},
      {chat, messages, chat_with(R"("tool_choice":"required")"), "tool_choice"},
      // parts
      {chat, messages, chat_part(R"({"type":"input_audio","input_audio":{"data":"UklG","format":"wav"}})"),
       "messages[0].content[0].input_audio"},
      {chat, responses, chat_part(R"({"type":"text","text":"a"},{"type":"input_audio","input_audio":{"data":"UklG","format":"wav"}})"),
       "messages[0].content[1].input_audio"},
      {chat, messages, chat_part(R"({"type":"image_url","image_url":{"url":"data:image/bmp;base64,AAAA"}})"),
       "messages[0].content[0].image_url"},
      {chat, messages, chat_part(R"({"type":"image_url","image_url":{"url":"https://x/y.png","detail":"low"}})"),
       "messages[0].content[0].image_url.detail"},
      {chat, gemini, chat_part(R"({"type":"image_url","image_url":{"url":"https://x/picture"}})"),
       "messages[0].content[0].image_url"},
      {chat, gemini, chat_part(R"({"type":"file","file":{"file_id":"file-1"}})"), "messages[0].content[0].file"},
      {chat, gemini, chat_part(R"({"type":"video_url","video_url":{"url":"https://x/y.mp4"}})"),
       "messages[0].content[0].video_url"},
      {messages, chat, messages_block(R"({"type":"document","source":{"type":"url","url":"https://x/y.pdf"}})"),
       "messages[0].content[0]"},
      {messages, gemini, messages_block(R"({"type":"document","source":{"type":"file","file_id":"f"}})"),
       "messages[0].content[0]"},
      {messages, chat, messages_block(R"({"type":"search_result","source":"x"})"), "messages[0].content[0]"},
      {messages, chat,
       messages_block(R"({"type":"document","citations":{"enabled":true},"source":{"type":"base64",)"
                      R"("media_type":"application/pdf","data":"AAAA"}})"),
       "messages[0].content[0].citations"},
      {gemini, chat, gemini_part(R"({"fileData":{"mimeType":"application/pdf","fileUri":"gs://b/x.pdf"}})"),
       "contents[0].parts[0].fileData"},
      {gemini, messages, gemini_part(R"({"inline_data":{"mime_type":"video/mp4","data":"AAAA"}})"),
       "contents[0].parts[0].inline_data"},
      {gemini, chat, gemini_part(R"({"text":"a","mediaResolution":{"level":"HIGH"}})"),
       "contents[0].parts[0].mediaResolution"},
      // messages
      {chat, messages, R"({"messages":[{"role":"user","name":"ann","content":"hi"}]})", "messages[0].name"},
      {chat, messages, R"({"messages":[{"role":"user","content":"a"},{"role":"system","content":"b"}]})", "messages[1]"},
      {chat, gemini, R"({"messages":[{"role":"user","content":"a"},{"role":"system","content":"b"}]})", "messages[1]"},
      {chat, messages, R"({"messages":[{"role":"user","content":"a"},{"role":"assistant","content":"b"}]})", "messages[1]"},
      {messages, gemini,
       R"({"max_tokens":9,"messages":[{"role":"user","content":"a"},{"role":"assistant","content":"{"}]})", "messages[1]"},
      {messages, chat,
       R"({"max_tokens":9,"messages":[{"role":"user","content":"a"},{"role":"assistant","content":[)"
       R"({"type":"thinking","thinking":"hm","signature":"s"},{"type":"text","text":"b"}]},{"role":"user","content":"c"}]})",
       "messages[1].content[0]"},
      {messages, chat,
       R"({"max_tokens":9,"messages":[{"role":"assistant","content":[{"type":"tool_use","id":"t","name":"f","input":{}}]},)"
       R"({"role":"user","content":[{"type":"tool_result","tool_use_id":"t","content":"x","is_error":true}]}]})",
       "messages[1].content[0].is_error"},
      {messages, chat,
       R"({"max_tokens":9,"messages":[{"role":"assistant","content":[{"type":"tool_use","id":"t","name":"f","input":{}}]},)"
       R"({"role":"user","content":[{"type":"tool_result","tool_use_id":"t","content":[{"type":"image","source":)"
       R"({"type":"url","url":"https://x/y.png"}}]}]}]})",
       "messages[1].content[0].content[0]"},
      {chat, gemini, R"({"messages":[{"role":"tool","tool_call_id":"lost","content":"x"}]})", "messages[0]"},
      {chat, messages,
       R"({"messages":[{"role":"assistant","tool_calls":[{"id":"c","type":"function","function":{"name":"f",)"
       R"("arguments":"[1]"}}]},{"role":"tool","tool_call_id":"c","content":"x"}]})",
       "messages[0].tool_calls[0]"},
      {chat, messages, R"({"messages":[{"role":"system","content":"only"}]})", "messages[0]"},
      // what lies at the provider, and the rest
      {responses, chat, responses_with(R"("previous_response_id":"resp_1")"), "previous_response_id"},
      {responses, messages, responses_with(R"("conversation":"conv_1")"), "conversation"},
      {responses, gemini, R"({"input":[{"type":"web_search_call","id":"w"}]})", "input[0]"},
      {gemini, chat, gemini_with(R"("cachedContent":"cachedContents/x")"), "cachedContent"},
      {gemini, chat, gemini_with(R"("safetySettings":[{"category":"x","threshold":"y"}])"), "safetySettings"},
      {messages, chat, messages_with(R"("container":"c")"), "container"},
      {messages, gemini, messages_with(R"("output_config":{"task_budget":{"type":"tokens","total":1}})"),
       "output_config.task_budget"},
      {chat, messages, chat_with(R"("web_search_options":{})"), "web_search_options"},
      {chat, gemini, chat_with(R"("a_member_of_tomorrow":1)"), "a_member_of_tomorrow"},
      // embeddings
      {embeddings, embed, R"({"model":"m","input":["a","b"]})", "input"},
      {embeddings, embed, R"({"model":"m","input":[1,2]})", "input"},
      {embeddings, embed, R"({"model":"m","input":[[1,2]]})", "input"},
      {embed, embeddings, R"({"content":{"parts":[{"text":"a"}]},"taskType":"CLUSTERING"})", "taskType"},
      {embed, embeddings, R"({"content":{"parts":[{"text":"a"},{"text":"b"}]}})", "content.parts"},
      {embed, embeddings, R"({"content":{"parts":[{"inlineData":{}}]}})", "content.parts[0]"},
      {chat, embeddings, chat_with(R"("n":1)"), ""},
      {moderations, chat, R"({"input":"a"})", ""},
  };
  for (const Refused& r : table) {
    const auto out = translate_request(r.from, r.body, r.to, model_at(r.to));
    ASSERT_FALSE(out) << r.body << "\n became " << *out;
    EXPECT_EQ(out.error().code, "dialect.untranslatable") << r.body << " " << out.error().message;
    EXPECT_EQ(out.error().where.field, r.field) << r.body << " " << out.error().message;
    EXPECT_FALSE(out.error().message.empty());
    EXPECT_FALSE(out.error().why.empty());
  }
}

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
       R"({"model":"gpt-4.1","input":[{"role":"user","content":"hi"}],"instructions":"Be brief.",)"
       R"("max_output_tokens":7})"},
      {messages, chat, messages_with(R"("system":[{"type":"text","text":"a"},{"type":"text","text":"b"}])"),
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
      R"("parameters":)" + schema + R"(,"strict":true}}],"tool_choice":"required"})";
  expect_said({
      {chat, messages, from_chat,
       R"({"model":"claude-sonnet-4-5","max_tokens":9,"messages":[{"role":"user","content":[{"type":"text","text":"weather?"}]},)"
       R"({"role":"assistant","content":[{"type":"tool_use","id":"c1","name":"get","input":{"city":"Paris"}},)"
       R"({"type":"tool_use","id":"c2","name":"get","input":{"city":"Rome"}}]},{"role":"user","content":[)"
       R"({"type":"tool_result","tool_use_id":"c1","content":"sunny"},)"
       R"({"type":"tool_result","tool_use_id":"c2","content":"{\"rain\": 1}"},{"type":"text","text":"and?"}]}],)"
       R"("tools":[{"name":"get","description":"d","input_schema":)" + schema + R"(,"strict":true}],)"
       R"("tool_choice":{"type":"any"}})"},
      {chat, gemini, from_chat,
       R"({"contents":[{"role":"user","parts":[{"text":"weather?"}]},{"role":"model","parts":[)"
       R"({"functionCall":{"id":"c1","name":"get","args":{"city":"Paris"}}},)"
       R"({"functionCall":{"id":"c2","name":"get","args":{"city":"Rome"}}}]},{"role":"user","parts":[)"
       R"({"functionResponse":{"id":"c1","name":"get","response":{"output":"sunny"}}},)"
       R"({"functionResponse":{"id":"c2","name":"get","response":{"rain":1}}},{"text":"and?"}]}],)"
       R"("tools":[{"functionDeclarations":[{"name":"get","description":"d","parametersJsonSchema":)" + schema + R"(}]}],)"
       R"("toolConfig":{"functionCallingConfig":{"mode":"ANY"}},"generationConfig":{"maxOutputTokens":9}})"},
      {chat, responses, from_chat,
       R"({"model":"gpt-4.1","input":[{"role":"user","content":"weather?"},)"
       R"({"type":"function_call","call_id":"c1","name":"get","arguments":"{\"city\":\"Paris\"}"},)"
       R"({"type":"function_call","call_id":"c2","name":"get","arguments":"{\"city\":\"Rome\"}"},)"
       R"({"type":"function_call_output","call_id":"c1","output":"sunny"},)"
       R"({"type":"function_call_output","call_id":"c2","output":"{\"rain\": 1}"},{"role":"user","content":"and?"}],)"
       R"("tools":[{"type":"function","name":"get","description":"d","parameters":)" + schema + R"(,"strict":true}],)"
       R"("tool_choice":"required","max_output_tokens":9})"},
  });
}

TEST(TranslateRequest, GeminiCallsWithoutIdsGetOnes) {
  expect_said({{gemini, chat,
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
       chat_with(R"("max_tokens":9,"response_format":{"type":"json_schema","json_schema":{"name":"n","description":"of a",)"
                 R"("schema":)" + schema + "}}"),
       R"({"model":"claude-sonnet-4-5","max_tokens":9,"messages":[{"role":"user","content":[{"type":"text","text":"hi"}]}],)"
       R"("output_config":{"format":{"type":"json_schema","schema":{"type":"object","properties":{"a":{"type":"integer"}},)"
       R"("description":"of a"}}}})"},
      {chat, gemini, chat_with(R"("response_format":{"type":"json_schema","json_schema":{"name":"n","schema":)" + schema + "}}"),
       R"({"contents":[{"role":"user","parts":[{"text":"hi"}]}],"generationConfig":{"responseMimeType":"application/json",)"
       R"("responseJsonSchema":)" + schema + "}}"},
      {chat, gemini, chat_with(R"("response_format":{"type":"json_object"})"),
       R"({"contents":[{"role":"user","parts":[{"text":"hi"}]}],"generationConfig":{"responseMimeType":"application/json"}})"},
      {messages, responses, messages_with(R"("output_config":{"format":{"type":"json_schema","schema":)" + schema + "}}"),
       R"({"model":"gpt-4.1","input":[{"role":"user","content":"hi"}],"max_output_tokens":9,"text":{"format":)"
       R"({"type":"json_schema","name":"answer","schema":)" + schema + R"(,"strict":true}}})"},
      // Gemini's own schema is the same in JSON Schema.
      {gemini, messages,
       gemini_with(R"("generationConfig":{"maxOutputTokens":9,"responseMimeType":"application/json","responseSchema":)"
                   R"({"type":"OBJECT","properties":{"a":{"type":"ARRAY","items":{"type":"STRING","nullable":true},)"
                   R"("minItems":"1"}},"propertyOrdering":["a"],"required":["a"]}})"),
       R"({"model":"claude-sonnet-4-5","max_tokens":9,"messages":[{"role":"user","content":[{"type":"text","text":"hi"}]}],)"
       R"("output_config":{"format":{"type":"json_schema","schema":{"type":"object","properties":{"a":{"type":"array",)"
       R"("items":{"type":["string","null"]},"minItems":1}},"required":["a"]}}}})"},
  });
}

TEST(TranslateRequest, SaysReasoning) {
  const std::string claude = R"({"model":"claude-sonnet-4-5","max_tokens":9,"messages":[{"role":"user","content":[{"type":"text","text":"hi"}]}])";
  const std::string flash_hi = R"({"contents":[{"role":"user","parts":[{"text":"hi"}]}])";
  expect_said({
      {chat, messages, chat_with(R"("max_tokens":9,"reasoning_effort":"high")"),
       claude + R"(,"output_config":{"effort":"high"},"thinking":{"type":"adaptive"}})"},
      {chat, messages, chat_with(R"("max_tokens":9,"reasoning_effort":"none")"), claude + R"(,"thinking":{"type":"disabled"}})"},
      {chat, gemini, chat_with(R"("reasoning_effort":"low")"),
       flash_hi + R"(,"generationConfig":{"thinkingConfig":{"thinkingLevel":"LOW"}}})"},
      {chat, gemini, chat_with(R"("reasoning_effort":"none")"),
       flash_hi + R"(,"generationConfig":{"thinkingConfig":{"thinkingBudget":0}}})"},
      {messages, gemini, messages_with(R"("thinking":{"type":"enabled","budget_tokens":2048})"),
       flash_hi + R"(,"generationConfig":{"maxOutputTokens":9,"thinkingConfig":{"thinkingBudget":2048}}})"},
      {gemini, messages,
       gemini_with(R"("generationConfig":{"maxOutputTokens":9,"thinkingConfig":{"thinkingBudget":-1,"includeThoughts":true}})"),
       claude + R"(,"thinking":{"type":"adaptive","display":"summarized"}})"},
  });
  expect_said({{messages, chat, messages_with(R"("thinking":{"type":"adaptive"},"output_config":{"effort":"low"})"),
                R"({"model":"gpt-5.4-mini","messages":[{"role":"user","content":"hi"}],"max_completion_tokens":9,)"
                R"("reasoning_effort":"low"})"},
               {responses, messages, responses_with(R"("max_output_tokens":9,"reasoning":{"effort":"high","summary":"auto"})"),
                claude + R"(,"output_config":{"effort":"high"},"thinking":{"type":"adaptive","display":"summarized"}})"}},
              mini);
}

TEST(TranslateRequest, SaysImagesDocumentsAndAudio) {
  const std::string png = "iVBORw0KGgo=";
  expect_said({
      {chat, messages, chat_part(R"({"type":"image_url","image_url":{"url":"data:image/png;base64,)" + png + R"("}})")
                           .insert(1, R"("max_tokens":9,)"),
       R"({"model":"claude-sonnet-4-5","max_tokens":9,"messages":[{"role":"user","content":[{"type":"image","source":)"
       R"({"type":"base64","media_type":"image/png","data":")" + png + R"("}}]}]})"},
      {chat, gemini, chat_part(R"({"type":"image_url","image_url":{"url":"data:image/png;base64,)" + png + R"(","detail":"high"}})"),
       R"({"contents":[{"role":"user","parts":[{"inlineData":{"mimeType":"image/png","data":")" + png + R"("}}]}]})"},
      {chat, gemini, chat_part(R"({"type":"image_url","image_url":{"url":"https://x/y.JPG?s=1"}})"),
       R"({"contents":[{"role":"user","parts":[{"fileData":{"mimeType":"image/jpeg","fileUri":"https://x/y.JPG?s=1"}}]}]})"},
      {messages, responses, messages_block(R"({"type":"image","source":{"type":"url","url":"https://x/y"}})"),
       R"({"model":"gpt-4.1","input":[{"role":"user","content":[{"type":"input_image","image_url":"https://x/y"}]}],)"
       R"("max_output_tokens":9})"},
      {messages, chat,
       messages_block(R"({"type":"document","title":"t.pdf","source":{"type":"base64","media_type":"application/pdf","data":"AAAA"}})"),
       R"({"model":"gpt-4.1","messages":[{"role":"user","content":[{"type":"file","file":{"filename":"t.pdf","file_data":)"
       R"("data:application/pdf;base64,AAAA"}}]}],"max_completion_tokens":9})"},
      {messages, gemini, messages_block(R"({"type":"document","source":{"type":"text","media_type":"text/plain","data":"hi"}})"),
       R"({"contents":[{"role":"user","parts":[{"inlineData":{"mimeType":"text/plain","data":"aGk="}}]}],)"
       R"("generationConfig":{"maxOutputTokens":9}})"},
      {chat, gemini, chat_part(R"({"type":"input_audio","input_audio":{"data":"UklG","format":"mp3"}})"),
       R"({"contents":[{"role":"user","parts":[{"inlineData":{"mimeType":"audio/mp3","data":"UklG"}}]}]})"},
  });
}

TEST(TranslateRequest, DropsOnlyWhatHasNoEffect) {
  expect_said({
      {chat, gemini,
       chat_with(R"("user":"u","metadata":{"a":"b"},"store":true,"safety_identifier":"s","prompt_cache_key":"k",)"
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
      {chat, R"({ "messages" : [ {"role":"user","content":"\u00e9 model"} ] , "model" : "old" , "x":1.0 })", "new",
       R"({ "messages" : [ {"role":"user","content":"\u00e9 model"} ] , "model" : "new" , "x":1.0 })"},
      {chat, R"({"messages":[{"model":"inner"}]})", "new", R"({"model":"new","messages":[{"model":"inner"}]})"},
      {chat, " {} ", "a\"b", R"( {"model":"a\"b"} )"},
      {chat, R"({"model":null,"n":1})", "new", R"({"model":"new","n":1})"},
      {chat, R"({"model":"a","n":1,"model":"b"})", "new", R"({"model":"new","n":1,"model":"new"})"},
      {messages, R"({"max_tokens":1.50,"model":"a\/b"})", "c", R"({"max_tokens":1.50,"model":"c"})"},
      {gemini, R"({"contents":[]})", "new", R"({"contents":[]})"},
      {embed, R"({"model":"models/old","content":{}})", "new", R"({"model":"models/new","content":{}})"},
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
      {embeddings, embed, R"({"model":"m","input":"text","dimensions":256,"encoding_format":"base64","user":"u"})",
       R"({"content":{"parts":[{"text":"text"}]},"outputDimensionality":256})"},
      {embeddings, embed, R"({"model":"m","input":["text"]})", R"({"content":{"parts":[{"text":"text"}]}})"},
      {embed, embeddings, R"({"model":"models/m","content":{"parts":[{"text":"text"}]},"output_dimensionality":8})",
       R"({"model":"gpt-4.1","input":"text","dimensions":8})"},
  });
}

TEST(RequestFromPrompt, IsWhatAPersonWouldWrite) {
  const Json schema = {{"type", "object"}};
  const auto body = [&](Endpoint e, std::string_view system, const Json& s, int64_t limit) {
    return request_from_prompt(e, "m", system, "hi", s, limit);
  };
  EXPECT_EQ(body(chat, "", {}, -1), R"({"model":"m","messages":[{"role":"user","content":"hi"}]})");
  EXPECT_EQ(body(chat, "s", schema, 9),
            R"({"model":"m","messages":[{"role":"system","content":"s"},{"role":"user","content":"hi"}],)"
            R"("response_format":{"type":"json_schema","json_schema":{"name":"answer","schema":{"type":"object"},)"
            R"("strict":true}},"max_completion_tokens":9})");
  EXPECT_EQ(body(responses, "s", schema, 9),
            R"({"model":"m","instructions":"s","input":"hi","text":{"format":{"type":"json_schema","name":"answer",)"
            R"("schema":{"type":"object"},"strict":true}},"max_output_tokens":9})");
  EXPECT_EQ(body(messages, "s", schema, 9),
            R"({"model":"m","max_tokens":9,"system":"s","messages":[{"role":"user","content":"hi"}],)"
            R"("output_config":{"format":{"type":"json_schema","schema":{"type":"object"}}}})");
  EXPECT_EQ(body(gemini, "s", schema, 9),
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

}  // namespace
}  // namespace twolane::dialect

// Every reason to refuse a translation, with the member that is named.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "dialect/translate.h"
#include "dialect/translate_bodies_for_test.h"
#include "dialect/translate_fields.h"

namespace twolane::dialect {
namespace {

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
      {gemini, messages, gemini_with(R"("generationConfig":{"temperature":1.7})"),
       "generationConfig.temperature"},
      {chat, messages, chat_with(R"("n":2)"), "n"},
      {chat, responses, chat_with(R"("n":2)"), "n"},
      {gemini, messages, gemini_with(R"("generationConfig":{"candidateCount":2})"),
       "generationConfig.candidateCount"},
      {chat, messages, chat_with(R"("seed":7)"), "seed"},
      {chat, responses, chat_with(R"("seed":7)"), "seed"},
      {chat, messages, chat_with(R"("frequency_penalty":0.5)"), "frequency_penalty"},
      {chat, responses, chat_with(R"("presence_penalty":-1)"), "presence_penalty"},
      {chat, messages, chat_with(R"("logprobs":true)"), "logprobs"},
      {chat, messages, chat_with(R"("logit_bias":{"50256":-100})"), "logit_bias"},
      {chat, gemini, chat_with(R"("logit_bias":{"50256":-100})"), "logit_bias"},
      {messages, chat, messages_with(R"("top_k":40)"), "top_k"},
      {gemini, responses, gemini_with(R"("generation_config":{"top_k":40})"),
       "generation_config.top_k"},
      {messages, chat, messages_with(R"("temperature":0.5)"), "temperature"},  // the model reasons
      {messages, responses, messages_with(R"("top_p":0.5)"), "top_p"},
      // stop
      {messages, chat, messages_with(R"("stop_sequences":["a","b","c","d","e"])"),
       "stop_sequences"},
      {messages, gemini, messages_with(R"("stop_sequences":["a","b","c","d","e","f"])"),
       "stop_sequences"},
      {chat, responses, chat_with(R"("stop":"END")"), "stop"},
      {chat, messages, chat_with(R"("stop":["END","\n"])"), "stop[1]"},
      {chat, messages, chat_with(R"("stop":" ")"), "stop"},
      // output
      {chat, messages, chat_with(R"("response_format":{"type":"json_object"})"), "response_format"},
      {responses, messages, responses_with(R"("text":{"format":{"type":"json_object"}})"),
       "text.format"},
      {gemini, messages,
       gemini_with(R"("generationConfig":{"responseMimeType":"application/json"})"),
       "generationConfig.responseMimeType"},
      {gemini, chat, gemini_with(R"("generationConfig":{"responseMimeType":"text/x.enum"})"),
       "generationConfig.responseMimeType"},
      {gemini, chat, gemini_with(R"("generationConfig":{"responseModalities":["TEXT","IMAGE"]})"),
       "generationConfig.responseModalities"},
      {chat, gemini,
       chat_with(R"("modalities":["text","audio"],"audio":{"voice":"x","format":"wav"})"),
       "modalities"},
      {chat, messages, chat_with(R"("verbosity":"low")"), "verbosity"},
      {chat, gemini, chat_with(R"("verbosity":"high")"), "verbosity"},
      // reasoning
      {messages, chat, messages_with(R"("thinking":{"type":"enabled","budget_tokens":2048})"),
       "thinking.budget_tokens"},
      {gemini, responses,
       gemini_with(R"("generationConfig":{"thinkingConfig":{"thinkingBudget":99}})"),
       "generationConfig.thinkingConfig.thinkingBudget"},
      {gemini, messages,
       gemini_with(R"("generationConfig":{"thinkingConfig":{"thinkingBudget":99}})"),
       "generationConfig.thinkingConfig.thinkingBudget"},
      {chat, messages, chat_with(R"("reasoning_effort":"minimal")"), "reasoning_effort"},
      {chat, gemini, chat_with(R"("reasoning_effort":"xhigh")"), "reasoning_effort"},
      {responses, chat, responses_with(R"("reasoning":{"summary":"auto"})"), "reasoning.summary"},
      {responses, gemini, responses_with(R"("reasoning":{"summary":"detailed"})"),
       "reasoning.summary"},
      {gemini, chat,
       gemini_with(R"("generationConfig":{"thinkingConfig":{"includeThoughts":true}})"),
       "generationConfig.thinkingConfig.includeThoughts"},
      {responses, chat, responses_with(R"("reasoning":{"context":"x"})"), "reasoning.context"},
      // tools
      {chat, messages,
       chat_with(
           chat_tool +
           R"(,"tool_choice":{"type":"allowed_tools","allowed_tools":{"mode":"auto","tools":[)"
           R"({"type":"function","function":{"name":"f"}}]}})"),
       "tool_choice"},
      {chat, gemini, chat_with(chat_tool + R"(,"parallel_tool_calls":false)"),
       "parallel_tool_calls"},
      {messages, gemini,
       messages_with(R"("tools":[{"name":"f","input_schema":{}}],"tool_choice":{"type":"auto",)"
                     R"("disable_parallel_tool_use":true})"),
       "tool_choice.disable_parallel_tool_use"},
      {messages, chat,
       messages_with(R"("tools":[{"type":"web_search_20250305","name":"web_search"}])"),
       "tools[0]"},
      {gemini, chat, gemini_with(R"("tools":[{"googleSearch":{}}])"), "tools[0].googleSearch"},
      {responses, messages, responses_with(R"("tools":[{"type":"web_search"}])"), "tools[0]"},
      {gemini, messages, gemini_with(R"("tools":[{"functionDeclarations":[{"name":"a.b"}]}])"),
       "tools[0].functionDeclarations[0].name"},
      {chat, messages, chat_with(R"("tools":[{"type":"function","function":{"name":"a b"}}])"),
       "tools[0].function.name"},
      {messages, chat,
       messages_with(R"("tools":[{"name":"f","input_schema":{},"input_examples":[{}]}])"),
       "tools[0].input_examples"},
      {chat, messages, chat_with(R"("tool_choice":"required")"), "tool_choice"},
      // parts
      {chat, messages,
       chat_part(R"({"type":"input_audio","input_audio":{"data":"UklG","format":"wav"}})"),
       "messages[0].content[0].input_audio"},
      {chat, responses,
       chat_part(
           R"({"type":"text","text":"a"},{"type":"input_audio","input_audio":{"data":"UklG","format":"wav"}})"),
       "messages[0].content[1].input_audio"},
      {chat, messages,
       chat_part(R"({"type":"image_url","image_url":{"url":"data:image/bmp;base64,AAAA"}})"),
       "messages[0].content[0].image_url"},
      {chat, messages,
       chat_part(R"({"type":"image_url","image_url":{"url":"https://x/y.png","detail":"low"}})"),
       "messages[0].content[0].image_url.detail"},
      {chat, gemini, chat_part(R"({"type":"image_url","image_url":{"url":"https://x/picture"}})"),
       "messages[0].content[0].image_url"},
      {chat, gemini, chat_part(R"({"type":"file","file":{"file_id":"file-1"}})"),
       "messages[0].content[0].file"},
      {chat, gemini, chat_part(R"({"type":"video_url","video_url":{"url":"https://x/y.mp4"}})"),
       "messages[0].content[0].video_url"},
      {messages, chat,
       messages_block(R"({"type":"document","source":{"type":"url","url":"https://x/y.pdf"}})"),
       "messages[0].content[0]"},
      {messages, gemini,
       messages_block(R"({"type":"document","source":{"type":"file","file_id":"f"}})"),
       "messages[0].content[0]"},
      {messages, chat, messages_block(R"({"type":"search_result","source":"x"})"),
       "messages[0].content[0]"},
      {messages, chat,
       messages_block(
           R"({"type":"document","citations":{"enabled":true},"source":{"type":"base64",)"
           R"("media_type":"application/pdf","data":"AAAA"}})"),
       "messages[0].content[0].citations"},
      {gemini, chat,
       gemini_part(R"({"fileData":{"mimeType":"application/pdf","fileUri":"gs://b/x.pdf"}})"),
       "contents[0].parts[0].fileData"},
      {gemini, messages, gemini_part(R"({"inline_data":{"mime_type":"video/mp4","data":"AAAA"}})"),
       "contents[0].parts[0].inline_data"},
      {gemini, chat, gemini_part(R"({"text":"a","mediaResolution":{"level":"HIGH"}})"),
       "contents[0].parts[0].mediaResolution"},
      // messages
      {chat, messages, R"({"messages":[{"role":"user","name":"ann","content":"hi"}]})",
       "messages[0].name"},
      {chat, messages,
       R"({"messages":[{"role":"user","content":"a"},{"role":"system","content":"b"}]})",
       "messages[1]"},
      {chat, gemini,
       R"({"messages":[{"role":"user","content":"a"},{"role":"system","content":"b"}]})",
       "messages[1]"},
      {chat, messages,
       R"({"messages":[{"role":"user","content":"a"},{"role":"assistant","content":"b"}]})",
       "messages[1]"},
      {messages, gemini,
       R"({"max_tokens":9,"messages":[{"role":"user","content":"a"},{"role":"assistant","content":"{"}]})",
       "messages[1]"},
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
      {chat, gemini, R"({"messages":[{"role":"tool","tool_call_id":"lost","content":"x"}]})",
       "messages[0]"},
      {chat, messages,
       R"({"messages":[{"role":"assistant","tool_calls":[{"id":"c","type":"function","function":{"name":"f",)"
       R"("arguments":"[1]"}}]},{"role":"tool","tool_call_id":"c","content":"x"}]})",
       "messages[0].tool_calls[0]"},
      {chat, messages, R"({"messages":[{"role":"system","content":"only"}]})", "messages[0]"},
      // what lies at the provider, and the rest
      {responses, chat, responses_with(R"("previous_response_id":"resp_1")"),
       "previous_response_id"},
      {responses, messages, responses_with(R"("conversation":"conv_1")"), "conversation"},
      {responses, gemini, R"({"input":[{"type":"web_search_call","id":"w"}]})", "input[0]"},
      {gemini, chat, gemini_with(R"("cachedContent":"cachedContents/x")"), "cachedContent"},
      {gemini, chat, gemini_with(R"("safetySettings":[{"category":"x","threshold":"y"}])"),
       "safetySettings"},
      {messages, chat, messages_with(R"("container":"c")"), "container"},
      {messages, gemini,
       messages_with(R"("output_config":{"task_budget":{"type":"tokens","total":1}})"),
       "output_config.task_budget"},
      {chat, messages, chat_with(R"("web_search_options":{})"), "web_search_options"},
      {chat, gemini, chat_with(R"("a_member_of_tomorrow":1)"), "a_member_of_tomorrow"},
      // embeddings
      {embeddings, embed, R"({"model":"m","input":["a","b"]})", "input"},
      {embeddings, embed, R"({"model":"m","input":[1,2]})", "input"},
      {embeddings, embed, R"({"model":"m","input":[[1,2]]})", "input"},
      {embed, embeddings, R"({"content":{"parts":[{"text":"a"}]},"taskType":"CLUSTERING"})",
       "taskType"},
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

}  // namespace
}  // namespace twolane::dialect

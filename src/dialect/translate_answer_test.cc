// Answers: usage in every convention, ends, refusals, blocks, ids, vectors, streams.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "dialect/translate.h"
#include "dialect/translate_bodies_for_test.h"
#include "dialect/translate_fields.h"

namespace twolane::dialect {
namespace {

Json answer(Endpoint from, const std::string& body, Endpoint to) {
  const auto out = translate_answer(from, body, to, "asked");
  EXPECT_TRUE(out) << body << " " << (out ? "" : out.error().message);
  return out ? *wire::parse_json(*out) : Json();
}

const std::string chat_usage =
    R"("usage":{"prompt_tokens":100,"completion_tokens":30,"total_tokens":130,"prompt_tokens_details":)"
    R"({"cached_tokens":40,"cache_write_tokens":10},"completion_tokens_details":{"reasoning_tokens":12}})";
const std::string claude_usage =
    R"("usage":{"input_tokens":50,"cache_read_input_tokens":40,"cache_creation_input_tokens":10,"cache_creation":)"
    R"({"ephemeral_5m_input_tokens":7,"ephemeral_1h_input_tokens":3},"output_tokens":30,"service_tier":"priority",)"
    R"("output_tokens_details":{"thinking_tokens":12}})";
const std::string gemini_usage =
    R"("usageMetadata":{"promptTokenCount":90,"toolUsePromptTokenCount":10,"cachedContentTokenCount":40,)"
    R"("candidatesTokenCount":18,"thoughtsTokenCount":12,"totalTokenCount":130,"serviceTier":"flex"})";

std::string chat_answer(const std::string& message, const std::string& reason) {
  return R"({"id":"chatcmpl-1","object":"chat.completion","created":5,"model":"gpt","choices":[{"index":0,"message":)" +
         message + R"(,"finish_reason":")" + reason + R"("}],)" + chat_usage + "}";
}
std::string claude_answer(const std::string& content, const std::string& reason,
                          const std::string& more = "") {
  return R"({"id":"msg_1","type":"message","role":"assistant","model":"claude","content":[)" +
         content + R"(],"stop_reason":")" + reason + R"(",)" + more + claude_usage + "}";
}
std::string gemini_answer(const std::string& candidates, const std::string& more = "") {
  return R"({"candidates":[)" + candidates + "]," + more + gemini_usage +
         R"(,"modelVersion":"gemini","responseId":"r1"})";
}

TEST(ReadServed, FoldsEveryConvention) {
  const auto one = read_served(chat, chat_answer(R"({"content":"x"})", "stop"));
  ASSERT_TRUE(one);
  EXPECT_EQ(one->usage, (Usage{.fresh = 50,
                               .cache_read = 40,
                               .cache_write_5m = 10,
                               .cache_write_1h = 0,
                               .output = 30,
                               .reasoning = 12}));
  EXPECT_FALSE(one->tier_said);
  EXPECT_EQ(one->response_id, "chatcmpl-1");
  EXPECT_EQ(one->model, "gpt");
  const auto two = read_served(messages, claude_answer("", "end_turn"));
  ASSERT_TRUE(two);
  EXPECT_EQ(two->usage, (Usage{.fresh = 50,
                               .cache_read = 40,
                               .cache_write_5m = 7,
                               .cache_write_1h = 3,
                               .output = 30,
                               .reasoning = 12}));
  EXPECT_TRUE(two->tier_said);
  EXPECT_EQ(two->tier, ServiceTier::priority);
  const auto three = read_served(gemini, gemini_answer(""));
  ASSERT_TRUE(three);
  EXPECT_EQ(three->usage, (Usage{.fresh = 60,
                                 .cache_read = 40,
                                 .cache_write_5m = 0,
                                 .cache_write_1h = 0,
                                 .output = 30,
                                 .reasoning = 12}));
  EXPECT_EQ(three->tier, ServiceTier::flex);
  EXPECT_EQ(three->response_id, "r1");
}

TEST(ReadServed, OddUsage) {
  struct Odd {
    Endpoint endpoint;
    std::string body;
    Usage usage;
  };
  const std::vector<Odd> table = {
      // Reasoning left out of the completion but not of the total.
      {chat,
       R"({"usage":{"prompt_tokens":35,"completion_tokens":12,"total_tokens":109}})",
       {.fresh = 35, .output = 74, .reasoning = 62}},
      // Written and read overlap: the total stays.
      {chat,
       R"({"usage":{"prompt_tokens":100,"completion_tokens":1,"total_tokens":101,"prompt_tokens_details":)"
       R"({"cached_tokens":95,"cache_write_tokens":95}}})",
       {.fresh = 0, .cache_read = 95, .cache_write_5m = 5, .output = 1}},
      {chat,
       R"({"usage":{"prompt_tokens":10,"completion_tokens":1,"prompt_cache_hit_tokens":8}})",
       {.fresh = 2, .cache_read = 8, .output = 1}},
      // Writes without their duration are of five minutes.
      {messages,
       R"({"usage":{"input_tokens":1,"cache_creation_input_tokens":9,"output_tokens":2}})",
       {.fresh = 1, .cache_write_5m = 9, .output = 2}},
      // Counts as text.
      {embed, R"({"tokenCount":"7","embedding":{"values":[1]}})", {.fresh = 7}},
      {gemini, R"({"usageMetadata":{"promptTokenCount":"3","totalTokenCount":"3"}})", {.fresh = 3}},
      {embeddings, R"({"usage":{"prompt_tokens":4,"total_tokens":4}})", {.fresh = 4}},
      {Endpoint::moderations, R"({"id":"modr-1","results":[]})", {}},
  };
  for (const Odd& o : table) {
    const auto served = read_served(o.endpoint, o.body);
    ASSERT_TRUE(served) << o.body;
    EXPECT_EQ(served->usage, o.usage) << o.body;
  }
  for (const Endpoint e : {chat, responses, messages, gemini, embeddings, embed}) {
    const auto none = read_served(e, R"({"id":"x"})");
    ASSERT_FALSE(none);
    EXPECT_EQ(none.error().code, "dialect.no_usage");
    EXPECT_EQ(read_served(e, R"({"id")").error().code, "wire.json");
  }
}

TEST(TranslateAnswer, UsageInTheTargetsConvention) {
  const auto to_claude =
      answer(chat, chat_answer(R"({"content":"x"})", "stop"), messages).at("usage");
  EXPECT_EQ(to_claude.at("input_tokens"), 50);
  EXPECT_EQ(to_claude.at("cache_read_input_tokens"), 40);
  EXPECT_EQ(to_claude.at("cache_creation_input_tokens"), 10);
  EXPECT_EQ(to_claude.at("output_tokens"), 30);
  const auto to_gemini =
      answer(messages, claude_answer("", "end_turn"), gemini).at("usageMetadata");
  EXPECT_EQ(to_gemini.at("promptTokenCount"), 100);
  EXPECT_EQ(to_gemini.at("cachedContentTokenCount"), 40);
  EXPECT_EQ(to_gemini.at("candidatesTokenCount"), 18);
  EXPECT_EQ(to_gemini.at("thoughtsTokenCount"), 12);
  EXPECT_EQ(to_gemini.at("totalTokenCount"), 130);
  const auto to_chat = answer(
      gemini, gemini_answer(R"({"content":{"parts":[{"text":"x"}]},"finishReason":"STOP"})"), chat);
  EXPECT_EQ(to_chat.at("usage").at("prompt_tokens"), 100);
  EXPECT_EQ(to_chat.at("usage").at("prompt_tokens_details").at("cached_tokens"), 40);
  EXPECT_EQ(to_chat.at("usage").at("completion_tokens"), 30);
  EXPECT_EQ(to_chat.at("usage").at("completion_tokens_details").at("reasoning_tokens"), 12);
  EXPECT_EQ(to_chat.at("service_tier"), "flex");
}

TEST(TranslateAnswer, Ends) {
  struct End {
    Endpoint from;
    std::string body;
    std::string at_chat, at_messages, at_gemini;
  };
  const std::string said = R"({"content":"x"})", block = R"({"type":"text","text":"x"})";
  const auto candidate = [](const std::string& reason) {
    return gemini_answer(R"({"content":{"parts":[{"text":"x"}]},"finishReason":")" + reason +
                         R"("})");
  };
  const std::vector<End> table = {
      {chat, chat_answer(said, "stop"), "stop", "end_turn", "STOP"},
      {chat, chat_answer(said, "length"), "length", "max_tokens", "MAX_TOKENS"},
      {chat, chat_answer(said, "content_filter"), "content_filter", "refusal", "SAFETY"},
      {chat,
       chat_answer(
           R"({"content":null,"tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":"{}"}}]})",
           "tool_calls"),
       "tool_calls", "tool_use", "STOP"},
      {chat, chat_answer(R"({"content":null,"refusal":"I cannot."})", "stop"), "stop", "refusal",
       "SAFETY"},
      {messages, claude_answer(block, "end_turn"), "stop", "end_turn", "STOP"},
      {messages, claude_answer(block, "max_tokens"), "length", "max_tokens", "MAX_TOKENS"},
      {messages, claude_answer(block, "model_context_window_exceeded"), "length", "", "MAX_TOKENS"},
      {messages, claude_answer(block, "stop_sequence", R"("stop_sequence":"END",)"), "stop",
       "stop_sequence", "STOP"},
      {messages,
       claude_answer(block, "refusal", R"("stop_details":{"type":"refusal","explanation":"no"},)"),
       "content_filter", "refusal", "SAFETY"},
      {gemini, candidate("STOP"), "stop", "end_turn", "STOP"},
      {gemini, candidate("MAX_TOKENS"), "length", "max_tokens", "MAX_TOKENS"},
      {gemini, candidate("SAFETY"), "content_filter", "refusal", "SAFETY"},
      {gemini, candidate("MALFORMED_FUNCTION_CALL"), "content_filter", "refusal", ""},
      {gemini,
       gemini_answer(
           R"({"content":{"parts":[{"functionCall":{"name":"f","args":{}}}]},"finishReason":"STOP"})"),
       "tool_calls", "tool_use", "STOP"},
  };
  for (const End& e : table) {
    SCOPED_TRACE(e.body);
    if (e.from != chat) {
      EXPECT_EQ(answer(e.from, e.body, chat)["choices"][0]["finish_reason"], e.at_chat);
    }
    if (e.from != messages) {
      EXPECT_EQ(answer(e.from, e.body, messages)["stop_reason"], e.at_messages);
    }
    if (e.from != gemini) {
      EXPECT_EQ(answer(e.from, e.body, gemini)["candidates"][0]["finishReason"], e.at_gemini);
    }
  }
}

TEST(TranslateAnswer, ResponsesSayWhyTheyAreIncomplete) {
  const auto cut = answer(chat, chat_answer(R"({"content":"x"})", "length"), responses);
  EXPECT_EQ(cut["status"], "incomplete");
  EXPECT_EQ(cut["incomplete_details"]["reason"], "max_output_tokens");
  const std::string incomplete =
      R"({"id":"resp_1","object":"response","status":"incomplete","incomplete_details":{"reason":"max_output_tokens"},)"
      R"("model":"m","output":[{"type":"message","content":[{"type":"output_text","text":"x"}]}]})";
  EXPECT_EQ(answer(responses, incomplete, chat)["choices"][0]["finish_reason"], "length");
  const auto failed = translate_answer(
      responses,
      R"({"id":"resp_1","status":"failed","error":{"code":"server_error","message":"broke"},"output":[]})",
      chat, "m");
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code, "dialect.failed_answer");
  EXPECT_EQ(failed.error().why, "broke");
}

TEST(TranslateAnswer, ABlockedPromptIsARefusal) {
  const std::string blocked = R"({"promptFeedback":{"blockReason":"PROHIBITED_CONTENT"},)" +
                              gemini_usage + R"(,"modelVersion":"gemini","responseId":"r1"})";
  const auto at_chat = answer(gemini, blocked, chat)["choices"][0];
  EXPECT_EQ(at_chat["finish_reason"], "content_filter");
  EXPECT_TRUE(at_chat["message"]["content"].is_null());
  EXPECT_EQ(at_chat["message"]["refusal"], "gemini blocked the prompt: PROHIBITED_CONTENT");
  const auto at_messages = answer(gemini, blocked, messages);
  EXPECT_EQ(at_messages["stop_reason"], "refusal");
  EXPECT_EQ(at_messages["content"], Json::array());
  EXPECT_EQ(at_messages["stop_details"]["explanation"],
            "gemini blocked the prompt: PROHIBITED_CONTENT");
  const auto at_responses = answer(gemini, blocked, responses);
  EXPECT_EQ(at_responses["incomplete_details"]["reason"], "content_filter");
  EXPECT_EQ(at_responses["output"][0]["content"][0]["type"], "refusal");
}

TEST(TranslateAnswer, CallsKeepTheirIdsOrGetTheSameOnes) {
  const auto kept = answer(
      messages,
      claude_answer(R"({"type":"tool_use","id":"toolu_1","name":"f","input":{"a":1}})", "tool_use"),
      chat);
  EXPECT_EQ(kept["choices"][0]["message"]["tool_calls"][0]["id"], "toolu_1");
  EXPECT_EQ(kept["choices"][0]["message"]["tool_calls"][0]["function"]["arguments"], R"({"a":1})");
  const std::string two = gemini_answer(
      R"({"content":{"parts":[{"functionCall":{"name":"f","args":{}}},{"functionCall":{"name":"f","args":{}}}]}})");
  const auto once = answer(gemini, two, chat)["choices"][0]["message"]["tool_calls"];
  const auto again = answer(gemini, two, messages)["content"];
  EXPECT_EQ(once[0]["id"], again[0]["id"]);
  EXPECT_NE(once[0]["id"], once[1]["id"]);
  const auto cut = answer(
      chat,
      chat_answer(
          R"({"tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":"{\"a\":"}}]})",
          "length"),
      messages);
  EXPECT_EQ(cut["content"][0]["input"], (Json{{"INVALID_JSON", "{\"a\":"}}));
}

TEST(TranslateAnswer, ReasoningStaysReadable) {
  const std::string thought = claude_answer(
      R"({"type":"thinking","thinking":"hm","signature":"s"},{"type":"text","text":"x"})",
      "end_turn");
  EXPECT_EQ(answer(messages, thought, chat)["choices"][0]["message"]["reasoning_content"], "hm");
  EXPECT_EQ(answer(messages, thought, responses)["output"][0]["summary"][0]["text"], "hm");
  EXPECT_EQ(answer(messages, thought, gemini)["candidates"][0]["content"]["parts"][0]["thought"],
            true);
  EXPECT_EQ(answer_text(messages, thought), "x");
}

TEST(TranslateAnswer, LogprobsBothWays) {
  const std::string with = gemini_answer(
      R"({"content":{"parts":[{"text":"x"}]},"finishReason":"STOP","logprobsResult":{"chosenCandidates":[{"token":"x",)"
      R"("tokenId":1,"logProbability":-0.5}],"topCandidates":[{"candidates":[{"token":"y","logProbability":-2}]}]}})");
  const auto tokens = answer(gemini, with, chat)["choices"][0]["logprobs"]["content"];
  EXPECT_EQ(tokens[0]["token"], "x");
  EXPECT_EQ(tokens[0]["logprob"], -0.5);
  EXPECT_EQ(tokens[0]["top_logprobs"][0]["token"], "y");
  const auto back = answer(chat, *translate_answer(gemini, with, chat, "m"),
                           gemini)["candidates"][0]["logprobsResult"];
  EXPECT_EQ(back["chosenCandidates"][0]["logProbability"], -0.5);
  EXPECT_EQ(back["topCandidates"][0]["candidates"][0]["token"], "y");
}

TEST(TranslateAnswer, NamesModelAndIdWhereTheAnswerDoesNot) {
  const std::string bare =
      R"({"candidates":[{"content":{"parts":[{"text":"x"}]},"finishReason":"STOP"}]})";
  const auto once = answer(gemini, bare, chat);
  EXPECT_EQ(once["model"], "asked");
  EXPECT_FALSE(once["id"].get<std::string>().empty());
  EXPECT_EQ(once["id"], answer(gemini, bare, messages)["id"]);
  EXPECT_FALSE(once.contains("usage"));
}

TEST(TranslateAnswer, WhatIsNoAnswerIsSaidSo) {
  for (const Endpoint from : {chat, responses, messages, gemini})
    for (const Endpoint to : {chat, responses, messages, gemini}) {
      if (from == to) continue;
      const auto out = translate_answer(from, R"({"error":{"message":"overloaded"}})", to, "m");
      ASSERT_FALSE(out);
      EXPECT_EQ(out.error().code, "dialect.no_answer");
      EXPECT_EQ(out.error().why, "the provider says: overloaded");
    }
}

TEST(TranslateAnswer, Vectors) {
  const std::string at_gemini =
      R"({"embedding":{"values":[0.5,-1,3.1415927]},"usageMetadata":{"promptTokenCount":4}})";
  const auto floats = answer(embed, at_gemini, embeddings);
  EXPECT_EQ(floats["data"][0]["embedding"], Json::array({0.5, -1, 3.1415927}));
  EXPECT_EQ(floats["usage"]["total_tokens"], 4);
  EXPECT_EQ(floats["model"], "asked");
  const auto base64 = translate_answer(embed, at_gemini, embeddings, "m",
                                       R"({"input":"x","encoding_format":"base64"})");
  ASSERT_TRUE(base64);
  // Little-endian float32: 0.5 is 00 00 00 3f, -1 is 00 00 80 bf, 3.1415927 is db 0f 49 40.
  EXPECT_EQ((*wire::parse_json(*base64))["data"][0]["embedding"], "AAAAPwAAgL/bD0lA");
  EXPECT_EQ(answer(embeddings, *base64, embed)["embedding"]["values"],
            Json::array({0.5, -1.0, 3.1415927}));
  const auto several = answer(embed, R"({"embeddings":[{"values":[1]},{"values":[2,3]}]})", embeddings);
  EXPECT_EQ(several["data"][1]["index"], 1);
  EXPECT_EQ(several["data"][1]["embedding"], Json::array({2, 3}));
  EXPECT_FALSE(translate_answer(embed, R"({"embeddings":[{"values":[1]},{}]})", embeddings, "m"));
  EXPECT_EQ(answer_text(embeddings, *base64), "[0.5,-1.0,3.1415927]");
  EXPECT_EQ(answer_text(embed, at_gemini), "[0.5,-1,3.1415927]");
}

TEST(AssembleStream, SaysHowItEnded) {
  const std::string chunk =
      R"(data: {"id":"c","model":"m","choices":[{"index":0,"delta":{"content":"he"}}]})";
  const std::string last =
      R"(data: {"id":"c","choices":[{"index":0,"delta":{"content":"y"},"finish_reason":"stop"}]})";
  const auto whole = assemble_stream(chat, chunk + "\n\n" + last + "\n\ndata: [DONE]\n\n");
  ASSERT_TRUE(whole) << whole.error().message;
  EXPECT_EQ(answer_text(chat, *whole), "hey");
  EXPECT_EQ(assemble_stream(chat, chunk + "\n\n").error().code, "dialect.stream_cut");
  EXPECT_EQ(assemble_stream(chat, "").error().code, "dialect.stream_cut");
  const auto failed =
      assemble_stream(chat, chunk + "\n\ndata: {\"error\":{\"message\":\"overloaded\"}}\n\n");
  EXPECT_EQ(failed.error().code, "dialect.stream_error");
  EXPECT_EQ(failed.error().why, "overloaded");
  EXPECT_EQ(
      assemble_stream(
          messages,
          "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\"}}\n\n")
          .error()
          .why,
      "overloaded_error");
  EXPECT_EQ(assemble_stream(embeddings, "").error().code, "dialect.stream_error");
}

}  // namespace
}  // namespace twolane::dialect

// Streamed answers add up to the whole ones.
#include "sim/streams.h"

#include <gtest/gtest.h>

#include "sim/client_for_tests.h"
#include "wire/sse.h"

namespace twolane::sim {
namespace {

using wire::Json;

std::vector<Json> events(const std::string& text) {
  wire::SseDecoder decoder;
  std::vector<wire::SseEvent> found;
  EXPECT_TRUE(decoder.feed(text, found));
  std::vector<Json> all;
  for (const auto& event : found)
    if (event.data != "[DONE]") {
      all.push_back(wire::parse_json(event.data).value());
      if (event.event != "message") {
        EXPECT_EQ(event.event, wire::string_at(all.back(), "type"));
      }
    }
  return all;
}

const std::string sentence = "In short: Wörter, and more of them, until it ends.";

TEST(Streams, ChatDeltasAddUp) {
  const Json answer = {{"id", "chatcmpl-1"},
                       {"created", 1},
                       {"model", "m"},
                       {"choices", Json::array({{{"index", 0},
                                                 {"message", {{"role", "assistant"}, {"content", sentence}}},
                                                 {"finish_reason", "stop"}}})},
                       {"usage", {{"prompt_tokens", 3}}}};
  std::string text, finish;
  const std::string sse = sse_of(Endpoint::chat_completions, answer, true);
  EXPECT_TRUE(sse.ends_with("data: [DONE]\n\n"));
  const auto all = events(sse);
  for (const Json& chunk : all) {
    EXPECT_EQ(chunk["object"], "chat.completion.chunk");
    for (const Json& choice : chunk["choices"]) {
      text += wire::string_at(choice["delta"], "content");
      finish += wire::string_at(choice, "finish_reason");
    }
  }
  EXPECT_EQ(text, sentence);
  EXPECT_EQ(finish, "stop");
  EXPECT_EQ(all.back()["usage"]["prompt_tokens"], 3);
}

TEST(Streams, MessageEventsAddUp) {
  const Json answer = {{"id", "msg_1"},
                       {"content", Json::array({{{"type", "tool_use"}, {"id", "t"}, {"name", "f"},
                                                 {"input", {{"a", sentence}}}}})},
                       {"stop_reason", "tool_use"},
                       {"stop_sequence", nullptr},
                       {"stop_details", nullptr},
                       {"usage", {{"input_tokens", 5}, {"output_tokens", 9}}}};
  std::string partial;
  const auto all = events(sse_of(Endpoint::messages, answer, false));
  for (const Json& event : all)
    if (event["type"] == "content_block_delta") partial += event["delta"]["partial_json"];
  EXPECT_EQ(wire::parse_json(partial).value()["a"], sentence);
  EXPECT_EQ(all.front()["message"]["usage"]["output_tokens"], 1);
  EXPECT_EQ(all[all.size() - 2]["usage"]["output_tokens"], 9);
  EXPECT_EQ(all.back()["type"], "message_stop");
}

TEST(Streams, ResponseEventsAreNumberedAndEndWithTheWhole) {
  const Json answer = {
      {"id", "resp_1"},
      {"status", "completed"},
      {"output",
       Json::array({{{"id", "msg_1"},
                     {"type", "message"},
                     {"status", "completed"},
                     {"content", Json::array({{{"type", "output_text"}, {"text", sentence}}})}}})}};
  std::string text;
  int64_t number = 0;
  const auto all = events(sse_of(Endpoint::responses, answer, false));
  for (const Json& event : all) {
    EXPECT_EQ(event["sequence_number"], number++);
    if (event["type"] == "response.output_text.delta") text += event["delta"];
  }
  EXPECT_EQ(text, sentence);
  EXPECT_EQ(all.back()["response"], answer);
}

TEST(Streams, GeminiChunksAddUpEitherWay) {
  const Json answer = {
      {"candidates",
       Json::array({{{"content", {{"parts", Json::array({{{"text", sentence}}})}, {"role", "model"}}},
                     {"finishReason", "STOP"},
                     {"index", 0}}})},
      {"usageMetadata", {{"promptTokenCount", 4}}}};
  const auto text_of = [](const auto& chunks) {
    std::string text;
    for (const Json& chunk : chunks)
      text += chunk["candidates"][0]["content"]["parts"][0]["text"].template get<std::string>();
    return text;
  };
  EXPECT_EQ(text_of(events(sse_of(Endpoint::generate_content, answer, false))), sentence);
  EXPECT_EQ(text_of(wire::parse_json(array_of_chunks(answer)).value()), sentence);
}

}  // namespace
}  // namespace twolane::sim

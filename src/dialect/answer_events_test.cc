// Every recorded answer, told as events, adds up to itself.
#include "dialect/answer_events.h"

#include <gtest/gtest.h>

#include "dialect/translate.h"
#include "dialect/translate_recordings_for_test.h"

namespace twolane::dialect {
namespace {

using wire::Json;

Endpoint another(Endpoint endpoint) {
  return endpoint == Endpoint::messages ? Endpoint::chat_completions : Endpoint::messages;
}

TEST(AnswerEvents, RecordedAnswersAddUpToThemselves) {
  NEED_RECORDINGS();
  std::map<Endpoint, int> told;
  for (const Exchange& e : recordings().covered) {
    if (e.status != 200 || !e.response.is_object() || operation_of(e.endpoint) != Operation::chat) continue;
    Json response = e.response;
    if (e.endpoint == Endpoint::generate_content) response["responseId"] = "r";  // else it follows from the bytes
    const std::string body = wire::dump(response);
    const auto whole = translate_answer(e.endpoint, body, another(e.endpoint), "m");
    if (!whole) continue;
    const auto events = answer_events(e.endpoint, body, true);
    ASSERT_TRUE(events) << e.at;
    const auto assembled = assemble_stream(e.endpoint, *events);
    ASSERT_TRUE(assembled) << e.at << ' ' << assembled.error().message << ' ' << assembled.error().why;
    const auto again = translate_answer(e.endpoint, *assembled, another(e.endpoint), "m");
    ASSERT_TRUE(again) << e.at << ' ' << again.error().message;
    EXPECT_EQ(*again, *whole) << e.at;
    ++told[e.endpoint];
  }
  EXPECT_GT(told[Endpoint::chat_completions], 200);
  EXPECT_GT(told[Endpoint::responses], 100);
  EXPECT_GT(told[Endpoint::messages], 100);
  EXPECT_GT(told[Endpoint::generate_content], 150);
}

std::vector<Json> events_of(std::string_view sse) {
  std::vector<Json> found;
  while (!sse.empty()) {
    const size_t end = sse.find("\n\n");
    const std::string_view event = sse.substr(0, end);
    const size_t data = event.find("data: ");
    if (const auto json = wire::parse_json(event.substr(data + 6))) found.push_back(*json);
    sse.remove_prefix(end + 2);
  }
  return found;
}

constexpr std::string_view chat = R"({"id":"c","object":"chat.completion","created":5,"model":"m","choices":[
  {"index":0,"message":{"role":"assistant","content":null,"refusal":null,"tool_calls":[
    {"id":"a","type":"function","function":{"name":"f","arguments":"{}"}},
    {"id":"b","type":"function","function":{"name":"g","arguments":"{}"}}]},"finish_reason":"tool_calls"}],
  "usage":{"prompt_tokens":1,"completion_tokens":2,"total_tokens":3}})";

TEST(AnswerEvents, ChatShowsUsageOnlyWhereItWasAskedFor) {
  const auto bare = answer_events(Endpoint::chat_completions, chat, false);
  ASSERT_TRUE(bare);
  EXPECT_TRUE(bare->ends_with("data: [DONE]\n\n"));
  EXPECT_EQ(bare->find("usage"), std::string::npos);
  const auto events = events_of(*bare);
  ASSERT_EQ(events.size(), 3u);
  EXPECT_EQ(events[0]["object"], "chat.completion.chunk");
  EXPECT_EQ(events[1]["choices"][0]["delta"]["tool_calls"][1]["index"], 1);
  EXPECT_EQ(events[2]["choices"][0]["finish_reason"], "tool_calls");
  const auto full = answer_events(Endpoint::chat_completions, chat, true);
  ASSERT_TRUE(full);
  EXPECT_EQ(events_of(*full).back()["usage"]["total_tokens"], 3);
}

TEST(AnswerEvents, ResponsesAreNumberedAndEndAsTheyDid) {
  const auto told = answer_events(Endpoint::responses, R"({"id":"r","status":"incomplete","output":[
    {"type":"reasoning","id":"i0","summary":[{"type":"summary_text","text":"hm"}]},
    {"type":"message","id":"i1","role":"assistant","status":"completed","content":[
      {"type":"output_text","text":"hi","annotations":[{"type":"url_citation"}]},{"type":"refusal","refusal":"no"}]},
    {"type":"web_search_call","id":"i2","status":"completed"}]})", false);
  ASSERT_TRUE(told);
  const auto events = events_of(*told);
  std::vector<std::string> types;
  for (size_t i = 0; i < events.size(); ++i) {
    EXPECT_EQ(events[i]["sequence_number"], i);
    types.push_back(events[i]["type"].get<std::string>().substr(9));
  }
  const std::vector<std::string> expected = {
      "created", "in_progress",
      "output_item.added", "reasoning_summary_part.added", "reasoning_summary_text.delta",
      "reasoning_summary_text.done", "reasoning_summary_part.done", "output_item.done",
      "output_item.added", "content_part.added", "output_text.delta", "output_text.annotation.added",
      "output_text.done", "content_part.done", "content_part.added", "refusal.delta", "refusal.done",
      "content_part.done", "output_item.done",
      "output_item.added", "output_item.done", "incomplete"};
  EXPECT_EQ(types, expected);
  EXPECT_EQ(events.back()["response"]["output"].size(), 3u);
}

TEST(AnswerEvents, AResponseThatWasQueuedGoesOnWhereItStood) {
  const std::string pending = R"({"id":"r","status":"in_progress","output":[]})";
  const auto first = response_begun(pending);
  ASSERT_TRUE(first);
  const auto rest = answer_events(Endpoint::responses, R"({"id":"r","status":"cancelled","output":[]})", false, true);
  ASSERT_TRUE(rest);
  const auto events = events_of(*first + *rest);
  ASSERT_EQ(events.size(), 4u);
  const char* const types[] = {"response.created", "response.queued", "response.in_progress", "response.failed"};
  for (size_t i = 0; i < events.size(); ++i) {
    EXPECT_EQ(events[i]["type"], types[i]);
    EXPECT_EQ(events[i]["sequence_number"], i);
  }
  EXPECT_EQ(events[1]["response"]["status"], "queued");
  EXPECT_EQ(events[3]["response"]["status"], "cancelled");
}

TEST(AnswerEvents, WhatIsNoAnswerOfAChatIsRefused) {
  EXPECT_FALSE(answer_events(Endpoint::chat_completions, "[]", false));
  EXPECT_FALSE(answer_events(Endpoint::chat_completions, "{", false));
  EXPECT_FALSE(answer_events(Endpoint::embeddings, "{}", false));
}

}  // namespace
}  // namespace twolane::dialect

// Every recorded stream, told in every other endpoint's words, adds up to the translated answer.
#include "dialect/stream_translation.h"

#include <gtest/gtest.h>

#include "dialect/translate_recordings_for_test.h"
#include "wire/json.h"

namespace twolane::dialect {
namespace {

using wire::Json;

// What matters of an answer in the words of `endpoint`: texts, calls and the end.
Json gist(Endpoint endpoint, const std::string& body) {
  const auto text = translate_answer(endpoint, body, Endpoint::chat_completions, "m");
  if (!text) return text.error().message;
  const Json chat = wire::parse_json(*text).value();
  Json out = Json::array();
  for (const Json& choice : chat["choices"]) {
    Json one;
    const Json& message = choice["message"];
    for (const char* key : {"content", "refusal", "reasoning_content"}) {
      const Json* value = wire::find(message, key);
      one[key] = value && value->is_string() ? *value : Json("");
    }
    one["calls"] = Json::array();
    if (const Json* calls = wire::find(message, "tool_calls"))
      for (const Json& call : *calls) {
        const auto arguments = wire::parse_json(wire::string_at(call["function"], "arguments"));
        one["calls"].push_back({{"name", call["function"]["name"]}, {"arguments", arguments ? *arguments : Json()}});
      }
    one["finish"] = choice["finish_reason"];
    out.push_back(one);
  }
  return out;
}

TEST(StreamTranslation, RecordedStreamsAddUpInEveryOtherDialect) {
  NEED_RECORDINGS();
  int streams = 0;
  for (const Exchange& exchange : recordings().covered) {
    if (exchange.status != 200 || !exchange.response.is_string()) continue;
    const std::string& sse = exchange.response.get_ref<const std::string&>();
    const auto assembled = assemble_stream(exchange.endpoint, sse);
    if (!assembled) continue;
    ++streams;
    for (const Endpoint to : chat_endpoints) {
      if (to == exchange.endpoint) continue;
      const auto whole = translate_answer(exchange.endpoint, *assembled, to, "m");
      if (!whole) continue;
      for (const size_t piece : {size_t{1}, size_t{97}, sse.size()}) {
        StreamTranslation translation(exchange.endpoint, to, "m", "id-1", true);
        std::string out;
        for (size_t at = 0; at < sse.size(); at += piece) {
          const Status fed = translation.feed(std::string_view(sse).substr(at, piece), out);
          ASSERT_TRUE(fed) << exchange.at << fed.error().message;
        }
        const Status ended = translation.finish(out);
        ASSERT_TRUE(ended) << exchange.at << ended.error().message << ended.error().why;
        const auto again = assemble_stream(to, out);
        ASSERT_TRUE(again) << exchange.at << " to " << wire_name(to) << ": " << again.error().message << ' '
                           << again.error().why << '\n' << out.substr(0, 3000);
        EXPECT_EQ(gist(to, *again).dump(1), gist(to, *whole).dump(1)) << exchange.at << " to " << wire_name(to);
        const auto served = read_served(to, *again), expected = read_served(to, *whole);
        ASSERT_EQ(served.has_value(), expected.has_value()) << exchange.at << " to " << wire_name(to);
        if (served) {
          EXPECT_EQ(served->usage, expected->usage) << exchange.at << " to " << wire_name(to);
        }
      }
    }
  }
  EXPECT_GT(streams, 40);
}

TEST(StreamTranslation, AnErrorInMidStreamIsTheProvidersWords) {
  StreamTranslation translation(Endpoint::messages, Endpoint::chat_completions, "m", "id", false);
  std::string out;
  const Status fed = translation.feed(
      "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"Overloaded\"}}\n\n",
      out);
  ASSERT_FALSE(fed);
  EXPECT_EQ(fed.error().code, "dialect.stream_error");
  EXPECT_EQ(fed.error().why, "Overloaded");
}

TEST(StreamTranslation, AStreamThatIsCutOffIsNoAnswer) {
  StreamTranslation translation(Endpoint::chat_completions, Endpoint::messages, "m", "id", false);
  std::string out;
  ASSERT_TRUE(translation.feed("data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"a\"}}]}\n\n", out));
  const Status ended = translation.finish(out);
  ASSERT_FALSE(ended);
  EXPECT_EQ(ended.error().code, "dialect.stream_cut");
  EXPECT_NE(out.find("text_delta"), out.npos);
}

}  // namespace
}  // namespace twolane::dialect

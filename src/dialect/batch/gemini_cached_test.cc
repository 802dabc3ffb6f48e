// Cached contents of Gemini: what goes into one, the calls of its life, and its replies.
#include <gtest/gtest.h>

#include "dialect/cached_content.h"
#include "wire/json.h"

namespace twolane::dialect {
namespace {

const Access access{"http://127.0.0.1:9/gemini", "key"};

wire::HttpReply reply(int status, std::string body) {
  wire::HttpReply r;
  r.status = status;
  r.body = std::move(body);
  return r;
}

TEST(GeminiContent, AHeadIsTakenOutWhateverItsSpelling) {
  const auto camel = split_head(
      R"({"systemInstruction":{"parts":[{"text":"s"}]},"contents":[1],"tools":[{"a":1}]})");
  const auto snake = split_head(
      R"({"contents":[1],"system_instruction": {"parts":[{"text":"s"}]},"tools":[{"a":1}]})");
  ASSERT_TRUE(camel && *camel && snake && *snake);
  EXPECT_EQ((*camel)->head, R"({"systemInstruction":{"parts":[{"text":"s"}]},"tools":[{"a":1}]})");
  EXPECT_EQ((*camel)->head, (*snake)->head);
  EXPECT_EQ((*camel)->rest, R"({"contents":[1]})");
  EXPECT_EQ(naming_content((*camel)->rest, "cachedContents/x"),
            R"({"cachedContent":"cachedContents/x","contents":[1]})");
}

TEST(GeminiContent, WhatCannotNameOneIsLeftWhole) {
  for (const char* body :
       {R"({"contents":[1]})", R"({"systemInstruction":{},"toolConfig":{},"contents":[1]})",
        R"({"tools":[],"tool_config":{}})", R"({"systemInstruction":{},"cachedContent":"c"})"}) {
    const auto split = split_head(body);
    ASSERT_TRUE(split) << body;
    EXPECT_FALSE(*split) << body;
  }
  EXPECT_FALSE(split_head("{"));
}

TEST(GeminiContent, TheCallsOfItsLife) {
  const auto create = create_content_call(access, "gemini-2.5-flash", "abc123",
                                          R"({"systemInstruction":{"parts":[]}})", hours(27));
  EXPECT_EQ(create.method + ' ' + create.url, "POST http://127.0.0.1:9/gemini/v1beta/cachedContents");
  EXPECT_EQ(create.body.text().value(),
            R"({"model":"models/gemini-2.5-flash","displayName":"twolane-abc123","ttl":"97200s",)"
            R"("systemInstruction":{"parts":[]}})");
  const auto end = end_content_call(access, "cachedContents/x", Time{1'700'000'000'123});
  EXPECT_EQ(end.method + ' ' + end.url,
            "PATCH http://127.0.0.1:9/gemini/v1beta/cachedContents/x?updateMask=expireTime");
  EXPECT_EQ(end.body.text().value(), R"({"expireTime":"2023-11-14T22:13:20.123Z"})");
  EXPECT_EQ(get_content_call(access, "cachedContents/x").method, "GET");
  EXPECT_EQ(delete_content_call(access, "cachedContents/x").method, "DELETE");
  EXPECT_EQ(list_contents_call(access, "a b").url,
            "http://127.0.0.1:9/gemini/v1beta/cachedContents?pageSize=100&pageToken=a%20b");
}

TEST(GeminiContent, ItsReplies) {
  const std::string shown =
      R"({"name":"cachedContents/x","model":"models/m","displayName":"twolane-abc123",)"
      R"("createTime":"2023-11-14T22:13:20Z","expireTime":"2023-11-14T23:13:20.5Z",)"
      R"("usageMetadata":{"totalTokenCount":4007}})";
  const auto seen = read_content(reply(200, shown));
  ASSERT_TRUE(seen);
  EXPECT_EQ(seen->name, "cachedContents/x");
  EXPECT_EQ(seen->token, "abc123");
  EXPECT_EQ(seen->tokens, 4007);
  EXPECT_EQ(seen->expires - seen->created, milliseconds(3'600'500));
  EXPECT_FALSE(read_content(reply(200, "{}"))) << "it may exist all the same";
  EXPECT_FALSE(read_content(reply(200, R"({"name":"cachedContents/x"})")));
  const auto listed =
      read_contents(reply(200, R"({"cachedContents":[)" + shown + R"(,{"name":"c"}],"nextPageToken":"n"})"));
  ASSERT_TRUE(listed);
  EXPECT_EQ(listed->contents.size(), 1u) << "what cannot be read is nobody's";
  EXPECT_EQ(listed->next, "n");
  EXPECT_TRUE(read_contents(reply(200, "{}"))->contents.empty());
}

TEST(GeminiContent, GoneIsToldFromAForbiddenKey) {
  const auto refusal = [](const char* message) {
    return batch_api(Dialect::gemini)
        .read_refusal(reply(403, std::string(R"({"error":{"code":403,"status":"PERMISSION_DENIED","message":")") +
                                     message + "\"}}"));
  };
  EXPECT_TRUE(says_content_gone(refusal("CachedContent not found (or permission denied)")));
  EXPECT_FALSE(says_content_gone(refusal("Method doesn't allow unregistered callers.")));
}

}  // namespace
}  // namespace twolane::dialect

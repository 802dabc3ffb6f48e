// Which door each path of each SDK leads to.
#include "gateway/doors.h"

#include <gtest/gtest.h>

namespace twolane::gateway {
namespace {

const wire::Headers plain = {{"authorization", "Bearer k"}};
const wire::Headers anthropic = {{"x-api-key", "k"}, {"anthropic-version", "2023-06-01"}};
const wire::Headers gemini = {{"x-goog-api-key", "k"}};

struct Case {
  const char *method, *target;
  const wire::Headers& headers;
  Want want;
  Dialect dialect;
  Endpoint endpoint = Endpoint::chat_completions;
};

TEST(Doors, EverySdksPathsLeadToItsDoor) {
  const Case cases[] = {
      {"POST", "/v1/chat/completions", plain, Want::call, Dialect::openai},
      {"POST", "/v1/responses", plain, Want::call, Dialect::openai, Endpoint::responses},
      {"GET", "/v1/responses/resp_1", plain, Want::responses, Dialect::openai},
      {"POST", "/v1/embeddings", plain, Want::call, Dialect::openai, Endpoint::embeddings},
      {"POST", "/v1/moderations", plain, Want::call, Dialect::openai, Endpoint::moderations},
      {"GET", "/v1/models", plain, Want::models, Dialect::openai},
      {"GET", "/v1/models/gpt-5.4-mini", plain, Want::model, Dialect::openai},
      {"GET", "/v1/models?limit=3", anthropic, Want::models, Dialect::anthropic},
      {"GET", "/v1/files?purpose=batch", plain, Want::files, Dialect::openai},
      {"POST", "/v1/uploads/upload_1/parts", plain, Want::uploads, Dialect::openai},
      {"POST", "/v1/batches", plain, Want::batches, Dialect::openai},
      {"POST", "/v1/messages?beta=true", anthropic, Want::call, Dialect::anthropic, Endpoint::messages},
      {"POST", "/v1/messages", plain, Want::call, Dialect::anthropic, Endpoint::messages},
      {"POST", "/v1/messages/count_tokens", anthropic, Want::count_tokens, Dialect::anthropic,
       Endpoint::messages},
      {"GET", "/v1/messages/batches/msgbatch_1/results", anthropic, Want::batches, Dialect::anthropic,
       Endpoint::messages},
      {"POST", "/v1beta/models/gemini-2.5-flash:generateContent", gemini, Want::call, Dialect::gemini,
       Endpoint::generate_content},
      {"POST", "/v1/models/gemini-2.5-flash:generateContent", gemini, Want::call, Dialect::gemini,
       Endpoint::generate_content},
      {"POST", "/v1beta/models/m:embedContent?key=k", {}, Want::call, Dialect::gemini,
       Endpoint::embed_content},
      {"POST", "/v1beta/models/m:batchEmbedContents", gemini, Want::embed_many, Dialect::gemini,
       Endpoint::embed_content},
      {"POST", "/v1beta/models/m:countTokens", gemini, Want::count_tokens, Dialect::gemini,
       Endpoint::generate_content},
      {"POST", "/v1beta/models/m:batchGenerateContent", gemini, Want::create_batch, Dialect::gemini,
       Endpoint::generate_content},
      {"POST", "/v1beta/models/m:asyncBatchEmbedContent", gemini, Want::create_batch, Dialect::gemini,
       Endpoint::embed_content},
      {"GET", "/v1beta/batches/1", gemini, Want::batches, Dialect::gemini},
      {"GET", "/v1beta/files", gemini, Want::files, Dialect::gemini},
      {"POST", "/upload/v1beta/files", gemini, Want::uploads, Dialect::gemini},
      {"GET", "/v1/models", gemini, Want::models, Dialect::gemini},
      {"GET", "/healthz", {}, Want::healthz, Dialect::openai},
      {"GET", "/", {}, Want::page, Dialect::openai},
      {"POST", "/", {}, Want::nothing, Dialect::openai},
      {"GET", "/metrics", {}, Want::metrics, Dialect::openai},
      {"GET", "/v1/chat/completions", plain, Want::nothing, Dialect::openai},
      {"POST", "/v1beta/models/m:explode", gemini, Want::nothing, Dialect::gemini},
      {"POST", "/v1/filesystem", plain, Want::nothing, Dialect::openai},
      {"POST", "/v1/../v1/chat/completions", plain, Want::nothing, Dialect::openai},
  };
  for (const Case& c : cases) {
    const Door door = find_door(c.method, c.target, c.headers);
    EXPECT_EQ(static_cast<int>(door.want), static_cast<int>(c.want)) << c.method << ' ' << c.target;
    if (c.want == Want::nothing) continue;
    EXPECT_EQ(door.dialect, c.dialect) << c.target;
    if (c.want == Want::call) {
      EXPECT_EQ(door.endpoint, c.endpoint) << c.target;
    }
  }
}

TEST(Doors, GeminiNamesItsModelInThePath) {
  const Door door = find_door("POST", "/v1beta/models/gemini-2.5-pro:streamGenerateContent?alt=sse&key=x", gemini);
  EXPECT_EQ(door.model, "gemini-2.5-pro");
  EXPECT_TRUE(door.streams);
  EXPECT_EQ(asked(door.query, "alt"), "sse");
  EXPECT_EQ(asked(door.query, "ke"), "");
}

TEST(Doors, WhatFollowsACollectionIsItsRest) {
  EXPECT_EQ(find_door("GET", "/v1/files/file-1/content", plain).rest, "/file-1/content");
  EXPECT_EQ(find_door("GET", "/v1/messages/batches/b/results", anthropic).rest, "/b/results");
}

}  // namespace
}  // namespace twolane::gateway

// Explicit caches of the simulated Gemini: their life, what they save, and their fee.
#include <unistd.h>

#include <filesystem>

#include "sim/cached_contents.h"
#include "sim/client_for_tests.h"

namespace twolane::sim {
namespace {

const std::string root = "/gemini/v1beta/";
const std::string model = "gemini-2.5-flash";

std::string create(Client& c, size_t bytes, Json more = Json::object()) {
  Json body = {{"model", "models/" + model},
               {"displayName", "head-1"},
               {"systemInstruction", {{"parts", Json::array({{{"text", std::string(bytes, 'r')}}})}}},
               {"ttl", "7200s"}};
  body.update(more);
  return c.post(root + "cachedContents", wire::dump(body)).text;
}

std::string name_of_content(const std::string& reply) {
  return std::string(wire::string_at(wire::parse_json(reply).value_or(Json()), "name"));
}

Json asking(const std::string& name) {
  return {{"cachedContent", name},
          {"contents", Json::array({{{"role", "user"},
                                     {"parts", Json::array({{{"text", "where is my card"}}})}}})}};
}

std::string ask_model(const std::string& which = model) {
  return root + "models/" + which + ":generateContent";
}

TEST(GeminiCached, ItsTokensAreReadAtTheCachedRateAndItsStorageIsARowOfItsOwn) {
  Client c;
  const Json made = wire::parse_json(create(c, 16'000)).value_or(Json());
  const std::string name = made["name"];
  const int64_t tokens = made["usageMetadata"]["totalTokenCount"];
  EXPECT_EQ(tokens, 4'007);  // 16,000 / 4, 4 for the message, 3 for the prompt
  EXPECT_EQ(made["expireTime"], rfc3339(c.now + hours(2)));
  EXPECT_EQ(c.get(root + "cachedContents").json()["cachedContents"][0]["displayName"], "head-1");

  const Reply answer = c.post(ask_model(), wire::dump(asking(name)));
  ASSERT_EQ(answer.status, 200) << answer.text;
  const Json usage = answer.json()["usageMetadata"];
  EXPECT_EQ(usage["cachedContentTokenCount"], tokens);
  EXPECT_GT(usage["promptTokenCount"].get<int64_t>(), tokens);

  c.now = c.now + minutes(90);
  EXPECT_EQ(c.call("DELETE", root + name).text, "{}");
  EXPECT_EQ(c.call("DELETE", root + name).status, 403);
  ASSERT_EQ(c.ledger().size(), 2u);
  const LedgerLine fee = c.ledger().back();
  EXPECT_EQ(fee.response_id, name);
  EXPECT_EQ(fee.tier, "storage");
  EXPECT_EQ(fee.usd, "0.0060105");  // 4,007 tokens x 1.5 h x 1.00 a million
  EXPECT_EQ(c.post(ask_model(), wire::dump(asking(name))).status, 403);
}

TEST(GeminiCached, ExpiryEndsItInVirtualTimeAndOnlyExpiryCanBeMoved) {
  Client c;
  const std::string name = name_of_content(create(c, 16'000));
  const Time begin = c.now;
  c.now = c.now + minutes(30);
  EXPECT_EQ(c.call("PATCH", root + name + "?updateMask=displayName", wire::Body("{}")).status, 400);
  EXPECT_EQ(c.call("PATCH", root + name + "?updateMask=expireTime",
                   wire::Body(wire::dump(Json{{"expireTime", rfc3339(c.now)}})))
                .status,
            400);
  const Reply moved = c.call("PATCH", root + name + "?updateMask=expireTime",
                             wire::Body(wire::dump(Json{{"expireTime", rfc3339(begin + hours(1))}})));
  EXPECT_EQ(moved.json()["expireTime"], rfc3339(begin + hours(1)));
  EXPECT_TRUE(c.ledger().empty());
  c.now = begin + hours(5);
  EXPECT_EQ(c.get(root + name).status, 403);
  ASSERT_EQ(c.ledger().size(), 1u);
  EXPECT_EQ(c.ledger()[0].at, begin + hours(1));
  EXPECT_EQ(c.ledger()[0].usd, "0.004007");
}

TEST(GeminiCached, WhatAContentMayNotBeUsedForIsRefused) {
  Client c;
  EXPECT_NE(create(c, 8'000).find("min_total_token_count=2048"), std::string::npos);
  const std::string name = name_of_content(create(c, 16'000));
  EXPECT_EQ(c.post(ask_model("gemini-2.5-pro"), wire::dump(asking(name))).status, 400);
  Json again = asking(name);
  again["systemInstruction"] = {{"parts", Json::array({{{"text", "once more"}}})}};
  EXPECT_EQ(c.post(ask_model(), wire::dump(again)).status, 400);
  const std::string key = c.key;
  c.key = "sk-other";
  EXPECT_EQ(c.get(root + name).status, 403) << "another account's";
  EXPECT_EQ(c.post(ask_model(), wire::dump(asking(name))).status, 403);
  c.key = key;
  EXPECT_EQ(c.post(ask_model(), wire::dump(asking(name))).status, 200);
}

TEST(GeminiCached, ListsComeInPagesNewestFirstAndAfterTheirLag) {
  Scenario s;
  s.list_lag = minutes(2);
  Client c(s);
  std::vector<std::string> made;
  for (int i = 0; i < 3; ++i) made.push_back(name_of_content(create(c, 16'000)));
  EXPECT_TRUE(c.get(root + "cachedContents").json().empty());
  EXPECT_EQ(c.get(root + made[0]).status, 200) << "a name is good at once";
  c.now = c.now + minutes(2);
  const Json first = c.get(root + "cachedContents?pageSize=2").json();
  ASSERT_EQ(first["cachedContents"].size(), 2u);
  EXPECT_EQ(first["cachedContents"][0]["name"], made[2]);
  const Json rest = c.get(root + "cachedContents?pageSize=2&pageToken=" +
                          first["nextPageToken"].get<std::string>())
                        .json();
  ASSERT_EQ(rest["cachedContents"].size(), 1u);
  EXPECT_EQ(rest["cachedContents"][0]["name"], made[0]);
  EXPECT_FALSE(rest.contains("nextPageToken"));
}

TEST(GeminiCached, ToolsLieInItAndTheAnswerIsAsWithoutIt) {
  Client c;
  const Json tools = Json::array(
      {{{"functionDeclarations",
         Json::array({{{"name", "sort"},
                       {"parameters",
                        {{"type", "object"}, {"properties", {{"desk", {{"type", "string"}}}}}}}}})}}});
  const Json must = {{"functionCallingConfig", {{"mode", "ANY"}}}};
  const std::string name =
      name_of_content(create(c, 16'000, {{"tools", tools}, {"toolConfig", must}}));
  const Json cached = c.post(ask_model(), wire::dump(asking(name))).json();
  Json plain = asking(name);
  plain.erase("cachedContent");
  plain["systemInstruction"] = {{"parts", Json::array({{{"text", std::string(16'000, 'r')}}})}};
  plain["tools"] = tools;
  plain["toolConfig"] = must;
  const Json whole = c.post(ask_model(), wire::dump(plain)).json();
  EXPECT_EQ(cached["candidates"][0]["content"]["parts"][0]["functionCall"]["name"], "sort");
  EXPECT_EQ(cached["candidates"], whole["candidates"]);
  EXPECT_EQ(cached["usageMetadata"]["promptTokenCount"], whole["usageMetadata"]["promptTokenCount"]);
  const std::string counting = root + "models/" + model + ":countTokens";
  const Json counted = c.post(counting, wire::dump(asking(name))).json();
  EXPECT_EQ(counted["totalTokens"], cached["usageMetadata"]["promptTokenCount"]);
  EXPECT_EQ(counted["cachedContentTokenCount"],
            cached["usageMetadata"]["cachedContentTokenCount"]);
}

TEST(GeminiCached, StorageCostsWhatTheModelsListSays) {
  const Time year_end = to_time({.year = 2027});
  struct Case {
    const char* model;
    Time from;
    int64_t pico;  // of 1,000,000 tokens for an hour
  };
  const Case cases[] = {{"gemini-2.5-pro", start_of_tests(), 4'500'000'000'000},
                        {"gemini-2.5-flash", start_of_tests(), 1'000'000'000'000},
                        {"gemini-3.6-flash", start_of_tests(), 500'000'000'000},
                        {"gemini-3.6-flash", year_end, 1'000'000'000'000}};
  for (const Case& one : cases) {
    CachedContent content;
    content.tokens = 1'000'000;
    content.created = one.from;
    EXPECT_EQ(
        storage_charge(*find_model(Provider::gemini, one.model), content, one.from + hours(1)).n,
        one.pico)
        << one.model;
  }
  CachedContent odd;  // less than a pico-dollar is rounded up
  odd.tokens = 1;
  odd.created = start_of_tests();
  EXPECT_EQ(storage_charge(*find_model(Provider::gemini, "gemini-2.5-flash"), odd,
                           odd.created + milliseconds(1))
                .n,
            1);
}

TEST(GeminiCached, ABatchReadsItAndFailsWhereItIsGone) {
  Scenario s;
  s.median = hours(1);
  s.sigma = 0;
  Client c(s);
  const std::string name = name_of_content(create(c, 16'000));
  auto batch = [&] {
    Json one = {{"request", asking(name)}, {"metadata", {{"key", "k"}}}};
    return root + c.post(root + "models/" + model + ":batchGenerateContent",
                         wire::dump(Json{{"batch",
                                          {{"displayName", "b"},
                                           {"inputConfig",
                                            {{"requests", {{"requests", Json::array({one})}}}}}}}}))
                      .json()["name"]
                      .get<std::string>();
  };
  auto result = [&](const std::string& at) {
    return c.get(at).json()["response"]["inlinedResponses"]["inlinedResponses"][0];
  };
  const std::string early = batch();
  c.now = c.now + minutes(115);
  const std::string late = batch();  // its turn comes when the two hours are over
  c.now = c.now + hours(6);
  EXPECT_EQ(result(early)["response"]["usageMetadata"]["cachedContentTokenCount"], 4'007);
  EXPECT_EQ(result(late)["error"]["code"], 7);
  ASSERT_EQ(c.ledger().size(), 2u);
}

TEST(GeminiCached, ARestartForgetsNothing) {
  const std::string directory = ::testing::TempDir() + "/twolane-cached-" + std::to_string(getpid());
  {
    Client c({}, 1, directory);
    const std::string kept = name_of_content(create(c, 16'000));
    const std::string gone = name_of_content(create(c, 16'000));
    c.now = c.now + minutes(10);
    c.call("DELETE", root + gone);
    c.reopen();
    EXPECT_EQ(c.get(root + gone).status, 403);
    EXPECT_EQ(c.post(ask_model(), wire::dump(asking(kept))).status, 200);
    c.now = c.now + hours(3);
    EXPECT_EQ(c.ledger().size(), 3u);
  }
  std::filesystem::remove_all(directory);
}

}  // namespace
}  // namespace twolane::sim

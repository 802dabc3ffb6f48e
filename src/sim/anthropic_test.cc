// The Anthropic batch life, refusals and messages, as a client sees them.

#include "sim/client_for_tests.h"

namespace twolane::sim {
namespace {

constexpr const char* batches = "/anthropic/v1/messages/batches";

Json request(const std::string& id, Json change = Json::object()) {
  Json params = {{"model", "claude-haiku-4-5"},
                 {"max_tokens", 30},
                 {"messages", Json::array({{{"role", "user"}, {"content", "Where is my card?"}}})}};
  params.merge_patch(change);
  return {{"custom_id", id}, {"params", params}};
}
std::string body_of(std::vector<Json> requests) { return wire::dump(Json{{"requests", requests}}); }
std::string many(int n) {
  std::vector<Json> all;
  for (int i = 0; i < n; ++i) all.push_back(request("a-" + std::to_string(i)));
  return body_of(all);
}

TEST(AnthropicBatch, CountsAreFrozenUntilItEnds) {
  Client c;
  const Json made = c.post(batches, many(50)).json();
  const std::string at = std::string(batches) + "/" + made["id"].get<std::string>();
  c.now = c.now + minutes(10);
  Json b = c.get(at).json();
  EXPECT_EQ(b["processing_status"], "in_progress");
  EXPECT_EQ(b["request_counts"]["processing"], 50);
  EXPECT_TRUE(b["results_url"].is_null());
  EXPECT_EQ(c.get(at + "/results").status, 400);
  EXPECT_EQ(c.call("DELETE", at).status, 400);
  c.now = c.now + hours(20);
  b = c.get(at).json();
  EXPECT_EQ(b["processing_status"], "ended");
  EXPECT_EQ(b["request_counts"]["succeeded"], 50);
  EXPECT_EQ(b["results_url"], "http://sim" + at + "/results");
  std::set<std::string> ids, responses, charged;
  for (const Json& line : c.get(at + "/results").lines()) {
    ids.insert(line["custom_id"].get<std::string>());
    EXPECT_EQ(line["result"]["type"], "succeeded");
    EXPECT_EQ(line["result"]["message"]["usage"]["service_tier"], "batch");
    responses.insert(line["result"]["message"]["id"].get<std::string>());
  }
  EXPECT_EQ(ids.size(), 50u);
  for (const LedgerLine& l : c.ledger()) charged.insert(l.response_id);
  EXPECT_EQ(charged, responses);
  c.now = c.now + days(30);
  b = c.get(at).json();
  EXPECT_TRUE(b["results_url"].is_null());
  EXPECT_TRUE(b["archived_at"].is_string());
  EXPECT_EQ(c.get(at + "/results").status, 404);
  EXPECT_EQ(c.call("DELETE", at).json()["type"], "message_batch_deleted");
  EXPECT_EQ(c.get(at).status, 404);
}

TEST(AnthropicBatch, IdsRefuseTheWholeCreate) {
  Client c;
  for (const auto& [body, words] :
       {std::pair{body_of({request("a"), request("not good")}), "requests.1.custom_id"},
        {body_of({request(std::string(65, 'x'))}), "requests.0.custom_id"},
        {body_of({request("a"), request("a")}), "requests.1.custom_id"},
        {std::string("{\"requests\":[]}"), "requests"},
        {std::string("{\"requests\":[{\"custom_id\":\"a\"}]}"), "requests.0.params"},
        {std::string("{\"requests\":[{\"custom_id\":\"a\""), "not valid JSON"},
        {std::string("{}"), "requests"}}) {
    const Reply r = c.post(batches, body);
    EXPECT_EQ(r.status, 400) << body;
    EXPECT_EQ(r.json()["type"], "error");
    EXPECT_NE(r.json()["error"]["message"].get<std::string>().find(words), std::string::npos)
        << r.text;
    EXPECT_FALSE(wire::header(r.headers, "request-id").empty());
  }
  EXPECT_TRUE(c.get(batches).json()["data"].empty());
}

TEST(AnthropicBatch, ParametersAreJudgedAtTheEnd) {
  Client c;
  const Json made = c.post(batches, body_of({request("good"), request("zero", {{"max_tokens", 0}}),
                                             request("none", {{"max_tokens", nullptr}}),
                                             request("stream", {{"stream", true}}),
                                             request("fast", {{"speed", "fast"}}),
                                             request("who", {{"model", "claude-9"}})}))
                        .json();
  const std::string at = std::string(batches) + "/" + made["id"].get<std::string>();
  c.now = c.now + hours(20);
  EXPECT_EQ(c.get(at).json()["request_counts"]["errored"], 5);
  for (const Json& line : c.get(at + "/results").lines()) {
    if (line["custom_id"] == "good") continue;
    EXPECT_EQ(line["result"]["type"], "errored");
    EXPECT_EQ(line["result"]["error"]["type"], "error");
    EXPECT_EQ(line["result"]["error"]["error"]["type"],
              line["custom_id"] == "who" ? "not_found_error" : "invalid_request_error");
  }
  EXPECT_EQ(c.ledger().size(), 1u);
}

TEST(AnthropicBatch, CancelAndExpiryNameEachRequest) {
  Scenario s;
  s.stuck = 1;
  Client c(s);
  const std::string first =
      std::string(batches) + "/" + c.post(batches, many(5)).json()["id"].get<std::string>();
  const std::string second =
      std::string(batches) + "/" + c.post(batches, many(5)).json()["id"].get<std::string>();
  EXPECT_EQ(c.post(first + "/cancel", "").json()["processing_status"], "canceling");
  EXPECT_EQ(c.post(first + "/cancel", "").status, 200);
  c.now = c.now + minutes(11);
  EXPECT_EQ(c.get(first).json()["request_counts"]["canceled"], 5);
  EXPECT_EQ(c.post(first + "/cancel", "").status, 400);
  c.now = c.now + hours(24);
  EXPECT_EQ(c.get(second).json()["request_counts"]["expired"], 5);
  EXPECT_EQ(c.get(second + "/results").lines()[0]["result"]["type"], "expired");
  EXPECT_TRUE(c.ledger().empty());
}

TEST(AnthropicLive, MessagesCountsAndErrors) {
  Client c;
  const std::string body = wire::dump(request("x")["params"]);
  const Reply r = c.post("/anthropic/v1/messages", body);
  ASSERT_EQ(r.status, 200);
  EXPECT_EQ(r.json()["usage"]["input_tokens"],
            c.post("/anthropic/v1/messages/count_tokens", body).json()["input_tokens"]);
  EXPECT_EQ(wire::header(r.headers, "anthropic-ratelimit-requests-limit"), "6000");
  ASSERT_EQ(c.ledger().size(), 1u);
  EXPECT_EQ(c.ledger()[0].response_id, r.json()["id"]);
  EXPECT_EQ(
      c.post("/anthropic/v1/messages", wire::dump(request("x", {{"model", "claude-9"}})["params"]))
          .json()["error"]["type"],
      "not_found_error");
  c.key = "";
  EXPECT_EQ(c.post("/anthropic/v1/messages", body).status, 401);
}

}  // namespace
}  // namespace twolane::sim

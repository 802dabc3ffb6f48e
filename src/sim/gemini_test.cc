// Gemini files, the batch life and calls, as a client sees them.

#include "sim/client_for_tests.h"

namespace twolane::sim {
namespace {

const std::string model = "/gemini/v1beta/models/gemini-2.5-flash";

Json request(int n) {
  return {{"contents",
           Json::array({{{"role", "user"},
                         {"parts", Json::array({{{"text", "hello " + std::to_string(n)}}})}}})}};
}
std::string inline_batch(int n, int64_t limit = 0) {
  Json all = Json::array();
  for (int i = 0; i < n; ++i) {
    Json one = request(i);
    if (limit > 0) one["generation_config"] = {{"max_output_tokens", limit}};
    all.push_back({{"request", one}, {"metadata", {{"key", "k" + std::to_string(i)}}}});
  }
  return wire::dump(Json{
      {"batch", {{"displayName", "tok"}, {"inputConfig", {{"requests", {{"requests", all}}}}}}}});
}
std::string upload(Client& c, const std::string& text, size_t piece = 1000) {
  const Reply start =
      c.call("POST", "/gemini/upload/v1beta/files", wire::Body(R"({"file":{"displayName":"in"}})"),
             {{"x-goog-upload-protocol", "resumable"},
              {"x-goog-upload-command", "start"},
              {"x-goog-upload-header-content-type", "application/jsonl"}});
  const std::string url(wire::header(start.headers, "x-goog-upload-url"));
  EXPECT_TRUE(url.starts_with("http://sim/gemini/upload/")) << url;
  Reply last;
  for (size_t at = 0; at < text.size(); at += piece) {
    const bool end = at + piece >= text.size();
    last = c.call("POST", url.substr(10), wire::Body(text.substr(at, piece)),
                  {{"x-goog-upload-offset", std::to_string(at)},
                   {"x-goog-upload-command", end ? "upload, finalize" : "upload"}});
    EXPECT_EQ(wire::header(last.headers, "x-goog-upload-status"), end ? "final" : "active");
  }
  return last.json()["file"]["name"];
}
std::string rows(int n) {
  std::string all;
  for (int i = 0; i < n; ++i)
    all += wire::dump(Json{{"key", "r" + std::to_string(i)}, {"request", request(i)}}) + "\n";
  return all;
}
Reply file_batch(Client& c, const std::string& name) {
  return c.post(
      model + ":batchGenerateContent",
      wire::dump(
          Json{{"batch", {{"display_name", "tok"}, {"input_config", {{"file_name", name}}}}}}));
}

TEST(GeminiBatch, InlineResultsStandInBothPlaces) {
  Client c;
  const Json made = c.post(model + ":batchGenerateContent", inline_batch(20)).json();
  EXPECT_EQ(made["metadata"]["state"], "BATCH_STATE_PENDING");
  EXPECT_EQ(made["metadata"]["batchStats"]["requestCount"], "20");
  EXPECT_EQ(made["metadata"]["displayName"], "tok");
  EXPECT_FALSE(made.contains("done"));
  const std::string at = "/gemini/v1beta/" + made["name"].get<std::string>();
  c.now = c.now + minutes(5);
  EXPECT_EQ(c.get(at).json()["metadata"]["state"], "BATCH_STATE_RUNNING");
  c.now = c.now + hours(20);
  const Json done = c.get(at).json();
  EXPECT_EQ(done["done"], true);
  const Json& one = done["response"]["inlinedResponses"]["inlinedResponses"];
  EXPECT_EQ(one, done["metadata"]["output"]["inlinedResponses"]["inlinedResponses"]);
  std::set<std::string> keys, ids, charged;
  for (const Json& item : one) {
    keys.insert(item["metadata"]["key"].get<std::string>());
    ids.insert(item["response"]["responseId"].get<std::string>());
    const Json& u = item["response"]["usageMetadata"];
    EXPECT_EQ(u["totalTokenCount"], u["promptTokenCount"].get<int64_t>() +
                                        u["candidatesTokenCount"].get<int64_t>() +
                                        u["thoughtsTokenCount"].get<int64_t>());
  }
  EXPECT_EQ(keys.size(), 20u);
  for (const LedgerLine& l : c.ledger()) charged.insert(l.response_id);
  EXPECT_EQ(charged, ids);
  const Json listed = c.get("/gemini/v1beta/batches").json();
  EXPECT_EQ(listed["operations"][0]["metadata"]["displayName"], "tok");
  EXPECT_FALSE(listed["operations"][0]["response"].contains("inlinedResponses"));
  EXPECT_EQ(c.call("DELETE", at).text, "{}");
  EXPECT_EQ(c.get(at).status, 404);
}

TEST(GeminiBatch, FileResultsAreDownloaded) {
  Client c;
  const std::string name = upload(c, rows(30));
  const Json made = file_batch(c, name).json();
  EXPECT_EQ(made["metadata"]["inputConfig"]["fileName"], name);
  c.now = c.now + hours(20);
  const Json done = c.get("/gemini/v1beta/" + made["name"].get<std::string>()).json();
  const std::string out = done["response"]["responsesFile"];
  EXPECT_EQ(out, done["metadata"]["output"]["responsesFile"]);
  const Reply text = c.get("/gemini/download/v1beta/" + out + ":download?alt=media");
  EXPECT_EQ(text.text, c.get("/gemini/v1beta/" + out + ":download?alt=media").text);
  std::set<std::string> keys;
  for (const Json& line : text.lines()) keys.insert(line["key"].get<std::string>());
  EXPECT_EQ(keys.size(), 30u);
  EXPECT_EQ(c.call("DELETE", "/gemini/v1beta/" + out).status, 400) << "results go with their batch";
  EXPECT_EQ(c.call("DELETE", "/gemini/v1beta/" + name).status, 200);
  EXPECT_EQ(c.call("DELETE", "/gemini/v1beta/" + name).status, 403);
}

TEST(GeminiBatch, BadRowsAndUnknownThingsCreateNothing) {
  Client c;
  EXPECT_EQ(file_batch(c, upload(c, rows(3) + "{\"key\":\n")).status, 400);
  EXPECT_EQ(file_batch(c, upload(c, rows(3) + "{\"key\":\"x\"}\n")).status, 400);
  EXPECT_EQ(file_batch(c, "files/nope").status, 403);
  EXPECT_EQ(c.post("/gemini/v1beta/models/gemini-9:batchGenerateContent", inline_batch(1)).status,
            404);
  EXPECT_EQ(c.post(model + ":asyncBatchEmbedContent", inline_batch(1)).status, 404);
  EXPECT_EQ(c.post(model + ":batchGenerateContent", inline_batch(1) + std::string(20'971'520, ' '))
                .status,
            400);
  EXPECT_TRUE(c.get("/gemini/v1beta/batches").json().empty());
  c.key = "bad";
  EXPECT_EQ(c.get("/gemini/v1beta/batches").status, 400);
}

TEST(GeminiBatch, UploadsAreGoneAfterTwoDays) {
  Client c;
  const std::string name = upload(c, rows(3));
  c.now = c.now + hours(47);
  EXPECT_EQ(c.get("/gemini/v1beta/" + name).json()["state"], "ACTIVE");
  c.now = c.now + hours(1);
  EXPECT_EQ(file_batch(c, name).status, 403);
}

TEST(GeminiBatch, ExpiryLeavesNothingAndCostsNothing) {
  Scenario s;
  s.median = hours(60);
  s.sigma = 0;
  Client c(s);
  const std::string at =
      "/gemini/v1beta/" + file_batch(c, upload(c, rows(50))).json()["name"].get<std::string>();
  c.now = c.now + hours(47);
  EXPECT_EQ(c.get(at).json()["metadata"]["state"], "BATCH_STATE_RUNNING");
  c.now = c.now + hours(1);
  const Json gone = c.get(at).json();
  EXPECT_EQ(gone["metadata"]["state"], "BATCH_STATE_EXPIRED");
  EXPECT_EQ(gone["done"], true);
  EXPECT_FALSE(gone.contains("response"));
  EXPECT_TRUE(c.ledger().empty());
}

TEST(GeminiBatch, CancellingHasTwoEndings) {
  Scenario s;
  s.sigma = 0;
  s.median = hours(1);
  s.validation = hours(1);
  s.cancel_lag = s.cancel_lag_most = minutes(1);
  Client c(s);
  const std::string waiting =
      "/gemini/v1beta/" +
      c.post(model + ":batchGenerateContent", inline_batch(40)).json()["name"].get<std::string>();
  EXPECT_EQ(c.post(waiting + ":cancel", "{}").text, "{}");
  c.now = c.now + minutes(2);
  Json done = c.get(waiting).json();
  EXPECT_EQ(done["metadata"]["state"], "BATCH_STATE_CANCELLED");
  EXPECT_EQ(done["error"]["code"], 13);
  EXPECT_EQ(done["metadata"]["batchStats"]["pendingRequestCount"], "40");
  const std::string running =
      "/gemini/v1beta/" +
      c.post(model + ":batchGenerateContent", inline_batch(40)).json()["name"].get<std::string>();
  c.now = c.now + minutes(60 + 45);
  c.post(running + ":cancel", "{}");
  c.now = c.now + minutes(2);
  done = c.get(running).json();
  EXPECT_EQ(done["metadata"]["state"], "BATCH_STATE_SUCCEEDED");
  size_t cancelled = 0;
  for (const Json& item : done["response"]["inlinedResponses"]["inlinedResponses"])
    if (item.contains("error")) cancelled += item["error"] == Json{{"code", 1}};
  EXPECT_GT(cancelled, 5u);
  EXPECT_EQ(c.ledger().size(), 40 - cancelled);
  EXPECT_EQ(done["metadata"]["batchStats"]["failedRequestCount"], std::to_string(cancelled));
  EXPECT_EQ(c.post(running + ":cancel", "{}").status, 400);
}

TEST(GeminiBatch, EnqueuedTokensAndJobsAreLimited) {
  Scenario s;
  s.enqueued_tokens = 300;
  Client c(s);
  EXPECT_EQ(c.post(model + ":batchGenerateContent", inline_batch(20)).status, 200);
  const Reply no = c.post(model + ":batchGenerateContent", inline_batch(20));
  EXPECT_EQ(no.status, 429);
  EXPECT_EQ(no.json()["error"]["status"], "RESOURCE_EXHAUSTED");
  EXPECT_FALSE(wire::header(no.headers, "retry-after").empty());
  Client d;
  for (int i = 0; i < 100; ++i)
    EXPECT_EQ(d.post(model + ":batchGenerateContent", inline_batch(1)).status, 200);
  EXPECT_EQ(d.post(model + ":batchGenerateContent", inline_batch(1)).status, 429);
}

TEST(GeminiBatch, EmbeddingsHaveTheirOwnShape) {
  Client c;
  const std::string name = upload(c,
                                  "{\"key\":\"e1\",\"request\":{\"content\":{\"parts\":[{\"text\":"
                                  "\"one\"}]},\"outputDimensionality\":3}}\n");
  const Json made =
      c.post("/gemini/v1beta/models/gemini-embedding-001:asyncBatchEmbedContent",
             wire::dump(
                 Json{{"batch", {{"displayName", "t"}, {"inputConfig", {{"fileName", name}}}}}}))
          .json();
  c.now = c.now + hours(20);
  const std::string id = made["name"].get<std::string>().substr(8);
  const auto lines =
      c.get("/gemini/download/v1beta/files/batch-" + id + ":download?alt=media").lines();
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_EQ(lines[0]["response"]["tokenCount"], "1");
  EXPECT_EQ(lines[0]["response"]["embedding"]["values"].size(), 3u);
  ASSERT_EQ(c.ledger().size(), 1u);
  EXPECT_EQ(c.ledger()[0].response_id, id + "#e1");
}

TEST(GeminiLive, CallsAreAnsweredAndCharged) {
  Client c;
  const Reply r = c.post(model + ":generateContent", wire::dump(request(1)));
  ASSERT_EQ(r.status, 200);
  EXPECT_EQ(wire::header(r.headers, "x-gemini-service-tier"), "standard");
  Json flex = request(1);
  flex["serviceTier"] = "flex";
  Reply shed = c.post(model + ":generateContent", wire::dump(flex));
  for (int i = 0; i < 200 && shed.status != 503; ++i) {
    EXPECT_EQ(wire::header(shed.headers, "x-gemini-service-tier"), "flex");
    c.now = c.now + seconds(1);
    shed = c.post(model + ":generateContent", wire::dump(flex));
  }
  EXPECT_EQ(shed.status, 503);
  EXPECT_EQ(
      c.post(
           "/gemini/v1beta/models/gemini-embedding-001:batchEmbedContents",
           R"({"requests":[{"content":{"parts":[{"text":"a"}]}},{"content":{"parts":[{"text":"b"}]}}]})")
          .json()["embeddings"]
          .size(),
      2u);
  EXPECT_EQ(
      c.post(model + ":generateContent", R"({"contents":[{"parts":[{"text":"x"}]}],"nope":1})")
          .status,
      400);
  EXPECT_EQ(c.ledger().back().model, "gemini-embedding-001");
}

}  // namespace
}  // namespace twolane::sim

// The OpenAI batch life, validation and synchronous calls, as a client sees them.

#include "sim/client_for_tests.h"

namespace twolane::sim {
namespace {

TEST(OpenAiBatch, LivesFromUploadToResultsAndIsCharged) {
  Client c;
  const Json file = c.upload(chat_lines(100)).json();
  EXPECT_EQ(file["object"], "file");
  EXPECT_EQ(file["purpose"], "batch");
  EXPECT_EQ(file["expires_at"].get<int64_t>() - file["created_at"].get<int64_t>(), 2592000);
  const std::string id = c.batch_of(chat_lines(100));
  EXPECT_EQ(c.batch(id)["status"], "validating");
  EXPECT_EQ(c.batch(id)["request_counts"]["total"], 0);
  c.now = c.now + seconds(10);
  EXPECT_EQ(c.batch(id)["status"], "in_progress");
  EXPECT_EQ(c.batch(id)["model"], "gpt-5.4-mini-2026-03-17");
  EXPECT_EQ(c.batch(id)["metadata"]["token"], "t1");
  c.now = c.now + hours(23);
  const Json done = c.batch(id);
  ASSERT_EQ(done["status"], "completed");
  EXPECT_TRUE(done["error_file_id"].is_null());
  EXPECT_EQ(done["request_counts"]["completed"], 100);
  std::set<std::string> ids, responses;
  int64_t input = 0;
  for (const Json& line : c.file(done["output_file_id"])) {
    ids.insert(line["custom_id"].get<std::string>());
    EXPECT_EQ(line["response"]["status_code"], 200);
    responses.insert(line["response"]["body"]["id"].get<std::string>());
    EXPECT_EQ(line["response"]["body"]["choices"][0]["finish_reason"], "stop");
    input += line["response"]["body"]["usage"]["prompt_tokens"].get<int64_t>();
  }
  EXPECT_EQ(ids.size(), 100u);
  EXPECT_EQ(done["usage"]["input_tokens"], input);
  std::set<std::string> charged;
  for (const LedgerLine& l : c.ledger()) {
    charged.insert(l.response_id);
    EXPECT_EQ(l.tier, "batch");
    EXPECT_EQ(l.batch, id);
    EXPECT_EQ(l.model, "gpt-5.4-mini");
    EXPECT_GT(l.pico_usd, 0);
  }
  EXPECT_EQ(charged, responses);
}

TEST(OpenAiBatch, EveryFaultOfAFileFailsTheBatchWithItsCode) {
  struct Case {
    std::string lines, code, param;
    int64_t line;
  };
  auto with = [](Json change, const char* remove = nullptr) {
    Json line = *wire::parse_json(chat_line("b", "text"));
    line.merge_patch(change);
    if (remove) line.erase(remove);
    return chat_line("a", "text") + wire::dump(line) + "\n";
  };
  for (const Case& c : {
           Case{chat_line("a", "x") + "{\"custom_id\":\n", "invalid_json_line", "", 2},
           Case{with(Json::object(), "custom_id"), "missing_required_parameter", "custom_id", 2},
           Case{with(Json::object(), "body"), "missing_required_parameter", "body", 2},
           Case{chat_line("a", "x") + chat_line("a", "y"), "duplicate_custom_id", "custom_id", 2},
           Case{with({{"url", "v1/chat/completions"}}), "invalid_url", "url", 2},
           Case{with({{"body", {{"model", "gpt-9"}}}}), "model_not_found", "body.model", 2},
           Case{with({{"body", {{"model", "gpt-5.4"}}}}), "mismatched_model", "body.model", 2},
           Case{with({{"body", {{"model", nullptr}}}}), "invalid_request", "body.model", 2},
           Case{with({{"body", {{"messages", nullptr}}}}), "invalid_request", "body.messages", 2},
           Case{with({{"body", {{"stream", true}}}}), "streaming_unsupported", "body.stream", 2},
       }) {
    Client c2;
    const std::string id = c2.batch_of(c.lines);
    EXPECT_EQ(c2.batch(id)["status"], "validating");
    c2.now = c2.now + minutes(1);
    const Json b = c2.batch(id);
    EXPECT_EQ(b["status"], "failed") << c.lines;
    ASSERT_TRUE(b["errors"].is_object()) << c.lines;
    const Json& first = b["errors"]["data"][0];
    EXPECT_EQ(first["code"], c.code);
    EXPECT_EQ(first["line"], c.line);
    if (!c.param.empty()) {
      EXPECT_EQ(first["param"], c.param);
    }
    EXPECT_EQ(b["request_counts"]["total"], 0);
    EXPECT_TRUE(c2.ledger().empty());
    EXPECT_EQ(c2.post("/openai/v1/batches/" + id + "/cancel", "").status, 409);
  }
}

TEST(OpenAiBatch, TooManyLinesAndAMissingFileFailToo) {
  Client c;
  std::string many;
  for (int i = 0; i < 50'001; ++i) many += chat_line("r" + std::to_string(i), "x");
  const std::string big = c.batch_of(many);
  const std::string lost(wire::string_at(
      c.post(
           "/openai/v1/batches",
           R"({"input_file_id":"file-nope","endpoint":"/v1/chat/completions","completion_window":"24h"})")
          .json(),
      "id"));
  c.now = c.now + minutes(1);
  EXPECT_EQ(c.batch(big)["errors"]["data"][0]["code"], "too_many_tasks");
  EXPECT_EQ(c.batch(lost)["errors"]["data"][0]["code"], "invalid_request");
  EXPECT_NE(
      c.batch(lost)["errors"]["data"][0]["message"].get<std::string>().find("Cannot find file"),
      std::string::npos);
}

TEST(OpenAiBatch, CreatingRefusesAtOnceWhatIsNotTheFile) {
  Client c;
  for (
      auto [body, param] :
      {std::pair{R"({"endpoint":"/v1/chat/completions","completion_window":"24h"})",
                 "input_file_id"},
       {R"({"input_file_id":"f","endpoint":"/v1/x","completion_window":"24h"})", "endpoint"},
       {R"({"input_file_id":"f","endpoint":"/v1/chat/completions","completion_window":"1h"})",
        "completion_window"},
       {R"({"input_file_id":"f","endpoint":"/v1/chat/completions","completion_window":"24h","metadata":{"a":[1]}})",
        "metadata.a"}}) {
    const Reply r = c.post("/openai/v1/batches", body);
    EXPECT_EQ(r.status, 400);
    EXPECT_EQ(r.json()["error"]["param"], param);
  }
  EXPECT_EQ(c.upload("", "in.jsonl").status, 400);
  EXPECT_EQ(c.upload("not json\n").status, 400);
  EXPECT_EQ(c.upload(chat_lines(1), "in.txt").status, 400);
}

TEST(OpenAiBatch, CancellingBillsWhatWasFinishedAndMarksTheRest) {
  Client c;
  const std::string id = c.batch_of(chat_lines(400));
  while (c.batch(id)["request_counts"]["completed"].get<int64_t>() < 40)
    c.now = c.now + seconds(20);
  EXPECT_EQ(c.post("/openai/v1/batches/" + id + "/cancel", "").json()["status"], "cancelling");
  EXPECT_EQ(c.batch(id)["status"], "cancelling");
  c.now = c.now + minutes(11);
  const Json b = c.batch(id);
  ASSERT_EQ(b["status"], "cancelled");
  const auto good = c.file(b["output_file_id"]), bad = c.file(b["error_file_id"]);
  EXPECT_EQ(good.size() + bad.size(), 400u);
  EXPECT_GT(good.size(), 30u);
  EXPECT_GT(bad.size(), 30u);
  for (const Json& line : bad) {
    EXPECT_TRUE(line["response"].is_null());
    EXPECT_EQ(line["error"]["code"], "batch_cancelled");
  }
  EXPECT_EQ(c.ledger().size(), good.size());
  EXPECT_EQ(c.post("/openai/v1/batches/" + id + "/cancel", "").status,
            200);  // once more is allowed
}

TEST(OpenAiBatch, ExpiryLeavesPartialResults) {
  Scenario s;
  s.median = hours(30);
  s.sigma = 0;
  Client c(s);
  const std::string id = c.batch_of(chat_lines(300));
  c.now = c.now + hours(23);
  EXPECT_EQ(c.batch(id)["status"], "in_progress");
  c.now = c.now + hours(2);
  const Json b = c.batch(id);
  ASSERT_EQ(b["status"], "expired");
  EXPECT_TRUE(b["completed_at"].is_null());
  const auto good = c.file(b["output_file_id"]), bad = c.file(b["error_file_id"]);
  EXPECT_EQ(good.size() + bad.size(), 300u);
  EXPECT_GT(good.size(), 100u);
  EXPECT_GT(bad.size(), 50u);
  EXPECT_EQ(bad[0]["error"]["code"], "batch_expired");
  EXPECT_EQ(c.ledger().size(), good.size());
}

TEST(OpenAiBatch, EnqueuedTokensOfAModelAreLimited) {
  Scenario s;
  s.enqueued_tokens = 1500;
  Client c(s);
  const std::string first = c.batch_of(chat_lines(60)), second = c.batch_of(chat_lines(60)),
                    other = c.batch_of(chat_lines(60, "gpt-5.4-nano"));
  c.now = c.now + minutes(1);
  EXPECT_EQ(c.batch(first)["status"], "in_progress");
  EXPECT_EQ(c.batch(other)["status"], "in_progress");
  EXPECT_EQ(c.batch(second)["status"], "failed");
  EXPECT_EQ(c.batch(second)["errors"]["data"][0]["code"], "token_limit_exceeded");
  c.now = c.now + hours(20);
  const std::string third = c.batch_of(chat_lines(60));
  c.now = c.now + minutes(1);
  EXPECT_EQ(c.batch(third)["status"], "in_progress") << "what has ended no longer counts";
}

TEST(OpenAiBatch, OtherAccountsSeeNothing) {
  Client c;
  const std::string id = c.batch_of(chat_lines(1));
  const std::string file = c.batch(id)["input_file_id"];
  c.key = "sk-other";
  EXPECT_EQ(c.get("/openai/v1/batches/" + id).status, 404);
  EXPECT_EQ(c.get("/openai/v1/files/" + file).status, 404);
  EXPECT_TRUE(c.get("/openai/v1/batches").json()["data"].empty());
  c.key = "bad-key";
  EXPECT_EQ(c.get("/openai/v1/batches").status, 401);
}

TEST(OpenAiBatch, InputsMayBeDeletedWhileItRuns) {
  Client c;
  const std::string id = c.batch_of(chat_lines(10));
  const std::string file = c.batch(id)["input_file_id"];
  EXPECT_EQ(c.call("DELETE", "/openai/v1/files/" + file).status, 200);
  EXPECT_EQ(c.get("/openai/v1/files/" + file).status, 404);
  c.now = c.now + hours(20);
  EXPECT_EQ(c.file(c.batch(id)["output_file_id"]).size(), 10u);
}

TEST(OpenAiBatch, BadBodiesAreErrorLines) {
  Client c;
  Json hot = *wire::parse_json(chat_line("hot", "x"));
  hot["body"]["temperature"] = 9;
  const std::string id = c.batch_of(chat_line("fine", "x") + wire::dump(hot) + "\n");
  c.now = c.now + hours(20);
  const Json b = c.batch(id);
  EXPECT_EQ(b["request_counts"]["failed"], 1);
  const auto bad = c.file(b["error_file_id"]);
  ASSERT_EQ(bad.size(), 1u);
  EXPECT_EQ(bad[0]["response"]["status_code"], 400);
  EXPECT_EQ(bad[0]["response"]["body"]["error"]["param"], "temperature");
  EXPECT_EQ(c.ledger().size(), 1u);
}

TEST(OpenAiLive, AnswersAndChargesWhatItServed) {
  Client c;
  Reply r = c.post("/openai/v1/chat/completions",
                   R"({"model":"gpt-5.4-mini","messages":[{"role":"user","content":"hi"}]})");
  ASSERT_EQ(r.status, 200);
  EXPECT_EQ(r.json()["service_tier"], "default");
  EXPECT_EQ(wire::header(r.headers, "x-ratelimit-limit-requests"), "6000");
  r = c.post("/openai/v1/responses",
             R"({"model":"gpt-5.4-mini","service_tier":"priority","input":"hi"})");
  EXPECT_EQ(r.json()["service_tier"], "priority");
  const std::string response = r.json()["id"];
  r = c.post("/openai/v1/embeddings", R"({"model":"text-embedding-3-small","input":"hi"})");
  const std::string request(wire::header(r.headers, "x-request-id"));
  const auto ledger = c.ledger();
  ASSERT_EQ(ledger.size(), 3u);
  EXPECT_EQ(ledger[0].tier, "standard");
  EXPECT_EQ(ledger[1].tier, "priority");
  EXPECT_EQ(ledger[1].response_id, response);
  EXPECT_EQ(ledger[2].response_id, request);
  EXPECT_EQ(c.post("/openai/v1/chat/completions",
                   R"({"model":"gpt-9","messages":[{"role":"user","content":"x"}]})")
                .status,
            404);
  EXPECT_EQ(c.post("/openai/v1/chat/completions", "{").status, 400);
  EXPECT_EQ(
      c.post(
           "/openai/v1/chat/completions",
           R"({"model":"gpt-4.1","service_tier":"flex","messages":[{"role":"user","content":"x"}]})")
          .status,
      400);
  EXPECT_EQ(c.ledger().size(), 3u) << "refusals cost nothing";
}

TEST(OpenAiLive, TheMinuteAndFlexHaveLimits) {
  Scenario s;
  s.live_per_minute = 60;
  s.flex_refused = 1;
  Client c(s);
  const std::string body =
      R"({"model":"gpt-5.4-mini","messages":[{"role":"user","content":"hi"}]})";
  int granted = 0;
  Reply last;
  for (int i = 0; i < 20; ++i)
    granted += (last = c.post("/openai/v1/chat/completions", body)).status == 200;
  EXPECT_EQ(granted, 10);  // ten seconds' worth at once
  EXPECT_EQ(last.status, 429);
  EXPECT_EQ(wire::header(last.headers, "retry-after"), "1");
  c.now = c.now + seconds(1);
  EXPECT_EQ(c.post("/openai/v1/chat/completions", body).status, 200);
  c.now = c.now + minutes(1);
  const Reply flex = c.post(
      "/openai/v1/chat/completions",
      R"({"model":"gpt-5.4-mini","service_tier":"flex","messages":[{"role":"user","content":"hi"}]})");
  EXPECT_EQ(flex.status, 429);
  EXPECT_EQ(flex.json()["error"]["code"], "resource_unavailable");
}

}  // namespace
}  // namespace twolane::sim

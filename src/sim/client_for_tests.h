// A client as simple as can be, for the tests of the simulator: calls and reads whole answers.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/money.h"
#include "sim/providers.h"
#include "wire/json.h"

namespace twolane::sim {

using wire::Json;

inline Time start_of_tests() { return to_time({.year = 2026, .month = 11, .day = 20, .hour = 8}); }

struct Reply {
  int status = 0;
  std::string text;
  wire::Headers headers;
  Answer::Fault fault = Answer::Fault::none;
  Duration latency;

  Json json() const {
    auto parsed = wire::parse_json(text);
    EXPECT_TRUE(parsed) << text.substr(0, 300);
    return parsed.value_or(Json());
  }
  std::vector<Json> lines() const {
    std::vector<Json> all;
    for (size_t from = 0; from < text.size();) {
      const size_t end = std::min(text.find('\n', from), text.size());
      if (auto one = wire::parse_json(std::string_view(text).substr(from, end - from)))
        all.push_back(*one);
      from = end + 1;
    }
    return all;
  }
};

class Client {
 public:
  explicit Client(Scenario scenario = {}, uint64_t seed = 1, std::string directory = {})
      : scenario_(scenario), seed_(seed), directory_(directory) {
    reopen();
  }
  void reopen() {
    providers_.reset();
    auto opened = Providers::open(scenario_, seed_, directory_);
    ASSERT_TRUE(opened) << opened.error().message << ": " << opened.error().why;
    providers_ = std::move(*opened);
  }

  Reply call(std::string method, std::string path, wire::Body body = {}, wire::Headers more = {}) {
    wire::HttpCall call;
    call.method = std::move(method);
    call.url = "http://sim" + path;
    call.headers = std::move(more);
    call.headers.emplace_back(path.starts_with("/anthropic") ? "x-api-key"
                              : path.starts_with("/gemini")  ? "x-goog-api-key"
                                                             : "authorization",
                              path.starts_with("/openai") ? "Bearer " + key : key);
    call.body = std::move(body);
    Answer answer = providers_->handle(call, now);
    return {answer.reply.status, answer.reply.body.text().value_or("unreadable"),
            answer.reply.headers, answer.fault, answer.latency};
  }
  Reply get(std::string path) { return call("GET", std::move(path)); }
  Reply post(std::string path, std::string body) {
    return call("POST", std::move(path), wire::Body(std::move(body)));
  }

  Reply upload(const std::string& jsonl, const std::string& name = "in.jsonl") {
    const std::string body =
        "--B\r\nContent-Disposition: form-data; name=\"purpose\"\r\n\r\nbatch\r\n"
        "--B\r\nContent-Disposition: form-data; name=\"file\"; filename=\"" +
        name +
        "\"\r\n"
        "Content-Type: application/jsonl\r\n\r\n" +
        jsonl + "\r\n--B--\r\n";
    return call("POST", "/openai/v1/files", wire::Body(body),
                {{"content-type", "multipart/form-data; boundary=B"}});
  }
  std::string batch_of(const std::string& jsonl,
                       const std::string& endpoint = "/v1/chat/completions") {
    const std::string file(wire::string_at(upload(jsonl).json(), "id"));
    return std::string(wire::string_at(
        post("/openai/v1/batches", wire::dump(Json{{"input_file_id", file},
                                                   {"endpoint", endpoint},
                                                   {"completion_window", "24h"},
                                                   {"metadata", {{"token", "t1"}}}}))
            .json(),
        "id"));
  }
  Json batch(const std::string& id) { return get("/openai/v1/batches/" + id).json(); }
  std::vector<Json> file(const Json& id) {
    if (!id.is_string() || id.get<std::string>().empty()) return {};
    return get("/openai/v1/files/" + id.get<std::string>() + "/content").lines();
  }
  std::vector<LedgerLine> ledger() {
    std::vector<LedgerLine> all;
    providers_->each_charge(now, [&](const LedgerLine& line) { all.push_back(line); });
    return all;
  }
  Providers& providers() { return *providers_; }

  Time now = start_of_tests();
  std::string key = "sk-test";

 private:
  Scenario scenario_;
  uint64_t seed_;
  std::string directory_;
  std::unique_ptr<Providers> providers_;
};

inline std::string chat_line(const std::string& id, const std::string& text,
                             const std::string& model = "gpt-5.4-mini") {
  return wire::dump(Json{{"custom_id", id},
                         {"method", "POST"},
                         {"url", "/v1/chat/completions"},
                         {"body",
                          {{"model", model},
                           {"max_completion_tokens", 50},
                           {"messages", Json::array({{{"role", "user"}, {"content", text}}})}}}}) +
         "\n";
}

inline std::string chat_lines(int n, const std::string& model = "gpt-5.4-mini") {
  std::string all;
  for (int i = 0; i < n; ++i)
    all += chat_line("r-" + std::to_string(i), "Where is my card number " + std::to_string(i) + "?",
                     model);
  return all;
}

}  // namespace twolane::sim

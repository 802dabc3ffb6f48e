// Determinism, and restarts: the simulator killed after any effect goes on as if nothing had been.

#include <filesystem>
#include <fstream>

#include "sim/client_for_tests.h"

namespace twolane::sim {
namespace {

namespace fs = std::filesystem;

// A walk through all three batch APIs and the live lane; `between` runs before every step.
struct Walk {
  std::string openai, anthropic, gemini, text;
};
Walk walk(Client& c, const std::function<void()>& between) {
  Walk w;
  between();
  const std::string file(wire::string_at(c.upload(chat_lines(40)).json(), "id"));
  between();
  w.openai = c.post("/openai/v1/batches", wire::dump(Json{{"input_file_id", file},
                                                          {"endpoint", "/v1/chat/completions"},
                                                          {"completion_window", "24h"}}))
                 .json()["id"];
  between();
  w.anthropic =
      c.post(
           "/anthropic/v1/messages/batches",
           R"({"requests":[{"custom_id":"a","params":{"model":"claude-haiku-4-5","max_tokens":9,"messages":[{"role":"user","content":"x"}]}}]})")
          .json()["id"];
  between();
  const Reply start = c.call("POST", "/gemini/upload/v1beta/files", wire::Body("{}"),
                             {{"x-goog-upload-command", "start"}});
  const std::string url = std::string(wire::header(start.headers, "x-goog-upload-url")).substr(10);
  const std::string row = R"({"key":"k","request":{"contents":[{"parts":[{"text":"x"}]}]}})"
                          "\n";
  between();
  c.call("POST", url, wire::Body(row.substr(0, 10)),
         {{"x-goog-upload-command", "upload"}, {"x-goog-upload-offset", "0"}});
  between();
  const std::string in =
      c.call("POST", url, wire::Body(row.substr(10)),
             {{"x-goog-upload-command", "upload, finalize"}, {"x-goog-upload-offset", "10"}})
          .json()["file"]["name"];
  between();
  w.gemini =
      c.post(
           "/gemini/v1beta/models/gemini-2.5-flash:batchGenerateContent",
           wire::dump(Json{{"batch", {{"displayName", "t"}, {"inputConfig", {{"fileName", in}}}}}}))
          .json()["name"];
  between();
  EXPECT_EQ(c.post("/openai/v1/chat/completions",
                   R"({"model":"gpt-5.4-mini","messages":[{"role":"user","content":"hi"}]})")
                .status,
            200);
  between();
  c.call("DELETE", "/openai/v1/files/" + file);
  between();
  c.now = c.now + minutes(8);
  c.post("/openai/v1/batches/" + w.openai + "/cancel", "");
  between();
  c.now = c.now + hours(20);
  w.text += wire::dump(c.batch(w.openai)["request_counts"]);
  between();
  const Json done = c.batch(w.openai);
  for (const char* key : {"output_file_id", "error_file_id"})
    if (done[key].is_string())
      w.text += c.get("/openai/v1/files/" + done[key].get<std::string>() + "/content").text;
  between();
  w.text += c.get("/anthropic/v1/messages/batches/" + w.anthropic + "/results").text;
  between();
  w.text +=
      c.get("/gemini/download/v1beta/files/batch-" + w.gemini.substr(8) + ":download?alt=media")
          .text;
  between();
  c.call("DELETE", "/anthropic/v1/messages/batches/" + w.anthropic);
  between();
  EXPECT_EQ(c.get("/anthropic/v1/messages/batches/" + w.anthropic).status, 404);
  return w;
}

class Restarts : public testing::Test {
 protected:
  void SetUp() override {
    path_ = fs::path(testing::TempDir()) / ("sim-restart-" + std::to_string(::getpid()));
    fs::remove_all(path_);
  }
  void TearDown() override { fs::remove_all(path_); }
  std::string directory(const std::string& name) const { return (path_ / name).string(); }
  fs::path path_;
};

std::vector<std::string> charges(Client& c) {
  std::vector<std::string> all;
  for (const LedgerLine& l : c.ledger())
    all.push_back(l.custom_id + " " + l.model + " " + l.tier + " " + l.usage + " " + l.usd);
  return all;
}

TEST_F(Restarts, TheSameSeedGivesTheSameBytes) {
  Client a({}, 7), b({}, 7), other({}, 8);
  const Walk first = walk(a, [] {}), second = walk(b, [] {}), third = walk(other, [] {});
  EXPECT_EQ(first.text, second.text);
  EXPECT_EQ(a.get("/ledger").text, b.get("/ledger").text);
  EXPECT_NE(first.text, third.text);
  EXPECT_EQ(a.providers().id(), b.providers().id());
}

// The ends that /batches tells are those that the seed drew: no restart and no end that has come moves them.
TEST_F(Restarts, WhatAClairvoyantKnowsStays) {
  Client c({}, 7, directory("told"));
  walk(c, [] {});
  const std::string told = c.get("/batches").text;
  EXPECT_NE(told.find("\"would_complete\":true"), told.npos) << told;
  EXPECT_EQ(std::count(told.begin(), told.end(), '\n'), std::count(told.begin(), told.end(), '{'));
  c.reopen();
  EXPECT_EQ(c.get("/batches").text, told);
}

TEST_F(Restarts, AfterEveryStepNothingIsLostOrDoubled) {
  Client calm({}, 7, directory("calm"));
  const Walk wanted = walk(calm, [] {});
  Client c({}, 7, directory("restarted"));
  const std::string id = c.providers().id();
  const Walk seen = walk(c, [&] { c.reopen(); });
  EXPECT_EQ(c.providers().id(), id);
  // Ids of live calls depend on the start; everything else is the same.
  EXPECT_EQ(charges(c), charges(calm));
  EXPECT_EQ(std::count(seen.text.begin(), seen.text.end(), '\n'),
            std::count(wanted.text.begin(), wanted.text.end(), '\n'));
  c.reopen();
  EXPECT_EQ(charges(c), charges(calm));
}

// The journal is cut after each record in turn, as if the process had died right there, with the
// files of the whole run still lying about. What is left must open, and every batch in it must end
// just as before.
TEST_F(Restarts, FromEveryRecordOfTheJournal) {
  std::vector<std::string> whole;
  Time end;
  std::string openai;
  {
    Client c({}, 7, directory("whole"));
    openai = walk(c, [] {}).openai;
    end = c.now;
    std::ifstream in(path_ / "whole/journal.jsonl");
    for (std::string line; std::getline(in, line);) whole.push_back(line);
  }
  ASSERT_GT(whole.size(), 12u);
  std::vector<LedgerLine> wanted;
  {
    Client c({}, 7, directory("whole"));
    c.now = end;
    wanted = c.ledger();
  }
  for (size_t keep = 1; keep <= whole.size(); ++keep) {
    fs::remove_all(path_ / "cut");
    fs::copy(path_ / "whole", path_ / "cut", fs::copy_options::recursive);
    std::ofstream out(path_ / "cut/journal.jsonl", std::ios::trunc | std::ios::binary);
    for (size_t i = 0; i < keep; ++i) out << whole[i] << '\n';
    out << whole[keep % whole.size()].substr(0, 20);  // and a torn one
    out.close();
    Client c({}, 7, directory("cut"));
    c.now = end;
    std::map<std::string, int> seen;
    for (const LedgerLine& l : c.ledger()) ++seen[l.response_id];
    for (const auto& [id, times] : seen) EXPECT_EQ(times, 1) << keep << " " << id;
    // All charges of a batch that was created, none of one that was not.
    const Reply batch = c.get("/openai/v1/batches/" + openai);
    if (batch.status != 200 || batch.json()["cancelling_at"].is_null()) continue;
    for (const LedgerLine& l : wanted) {
      if (l.batch == openai) {
        EXPECT_TRUE(seen.contains(l.response_id)) << keep;
      }
    }
  }
}

TEST_F(Restarts, HostileWorldsRepeatTheirFaults) {
  auto faults = [&](uint64_t seed) {
    Client c(*scenario("hostile"), seed);
    std::string seen;
    for (int i = 0; i < 300; ++i) {
      const Reply r = c.get("/openai/v1/batches");
      seen += std::to_string(r.status) + "/" + std::to_string(static_cast<int>(r.fault)) + " ";
      c.now = c.now + seconds(7);
    }
    return seen;
  };
  EXPECT_EQ(faults(3), faults(3));
  EXPECT_NE(faults(3), faults(4));
}

TEST_F(Restarts, TheLedgerIsTheSumOfTheAnswers) {
  Scenario s;
  s.cache_hits = 0.5;
  Client c(s);
  std::string lines;
  const std::string shared(5000, 'p');
  for (int i = 0; i < 200; ++i)
    lines += chat_line("r" + std::to_string(i), shared + std::to_string(i));
  const std::string id = c.batch_of(lines);
  c.now = c.now + hours(20);
  PicoUsd sum;
  int64_t cached = 0;
  for (const Json& line : c.file(c.batch(id)["output_file_id"])) {
    const Json& u = line["response"]["body"]["usage"];
    const int64_t hit = u["prompt_tokens_details"]["cached_tokens"];
    cached += hit;
    // gpt-5.4-mini in a batch: 0.375, 0.075 and 2.25 USD per million
    sum += PicoUsd{(u["prompt_tokens"].get<int64_t>() - hit) * 375'000 + hit * 75'000 +
                   u["completion_tokens"].get<int64_t>() * 2'250'000};
  }
  PicoUsd billed;
  for (const LedgerLine& l : c.ledger()) billed += PicoUsd{l.pico_usd};
  EXPECT_TRUE(sum == billed) << exact_usd(sum) << " " << exact_usd(billed);
  EXPECT_NEAR(static_cast<double>(cached) / 1024, 100, 30);
}

}  // namespace
}  // namespace twolane::sim

// Each knob of a scenario does what it says, and nothing else.

#include <functional>

#include "sim/client_for_tests.h"

namespace twolane::sim {
namespace {

Scenario with(const std::function<void(Scenario&)>& change) {
  Scenario s;
  change(s);
  return s;
}

struct Ended {
  Json batch;
  std::vector<Json> good, bad;
  std::string raw;
  std::vector<LedgerLine> ledger;
};
Ended run(const Scenario& s, int n = 1000) {
  Client c(s);
  const std::string id = c.batch_of(chat_lines(n));
  c.now = c.now + hours(30);
  Ended e;
  e.batch = c.batch(id);
  e.good = c.file(e.batch["output_file_id"]);
  e.bad = c.file(e.batch["error_file_id"]);
  if (e.batch["output_file_id"].is_string())
    e.raw =
        c.get("/openai/v1/files/" + e.batch["output_file_id"].get<std::string>() + "/content").text;
  e.ledger = c.ledger();
  return e;
}
std::map<std::string, int> times(const std::vector<Json>& lines) {
  std::map<std::string, int> seen;
  for (const Json& line : lines) ++seen[line["custom_id"].get<std::string>()];
  return seen;
}
int64_t sum(const std::vector<LedgerLine>& ledger) {
  int64_t all = 0;
  for (const LedgerLine& l : ledger) all += l.pico_usd;
  return all;
}

TEST(LineFaults, AMissingLineWasBilled) {
  const Ended calm = run({}), e = run(with([](Scenario& s) { s.missing_line = 0.1; }));
  EXPECT_LT(e.good.size(), 950u);
  EXPECT_GT(e.good.size(), 850u);
  EXPECT_EQ(e.ledger.size(), 1000u);
  EXPECT_EQ(sum(e.ledger), sum(calm.ledger));
}

TEST(LineFaults, ADuplicateIsTheSameAnswerBilledOnce) {
  const Ended e = run(with([](Scenario& s) { s.duplicate_line = 0.1; }));
  const auto seen = times(e.good);
  EXPECT_EQ(seen.size(), 1000u);
  EXPECT_GT(e.good.size(), 1050u);
  EXPECT_EQ(e.ledger.size(), 1000u);
  std::map<std::string, std::set<std::string>> answers;
  for (const Json& line : e.good)
    answers[line["custom_id"].get<std::string>()].insert(
        line["response"]["body"]["id"].get<std::string>());
  for (const auto& [id, responses] : answers) EXPECT_EQ(responses.size(), 1u) << id;
}

TEST(LineFaults, AForeignLineIsNotOurs) {
  const Ended e = run(with([](Scenario& s) { s.foreign_line = 0.1; }));
  std::set<std::string> billed;
  for (const LedgerLine& l : e.ledger) billed.insert(l.response_id);
  EXPECT_EQ(billed.size(), 1000u);
  size_t strangers = 0;
  for (const Json& line : e.good)
    if (!line["custom_id"].get<std::string>().starts_with("r-")) {
      ++strangers;
      EXPECT_FALSE(billed.contains(line["response"]["body"]["id"].get<std::string>()));
    }
  EXPECT_GT(strangers, 50u);
  EXPECT_EQ(e.good.size(), 1000 + strangers);
}

TEST(LineFaults, ACorruptLineIsCutOff) {
  const Ended e = run(with([](Scenario& s) { s.corrupt_line = 0.1; }));
  EXPECT_LT(e.good.size(), 950u);
  EXPECT_EQ(std::count(e.raw.begin(), e.raw.end(), '\n'), 1000);
  EXPECT_EQ(e.ledger.size(), 1000u);
}

TEST(LineFaults, ShufflingCanBeTurnedOff) {
  const Ended e = run(with([](Scenario& s) { s.shuffled = false; }));
  for (size_t i = 0; i < e.good.size(); ++i)
    EXPECT_EQ(e.good[i]["custom_id"], "r-" + std::to_string(i));
  const Ended mixed = run({});
  size_t in_place = 0;
  for (size_t i = 0; i < mixed.good.size(); ++i)
    in_place += mixed.good[i]["custom_id"] == "r-" + std::to_string(i);
  EXPECT_LT(in_place, 50u);
}

TEST(LineFaults, RequestErrorsAreFreeAndServerErrorsSometimesNot) {
  const Ended e = run(with([](Scenario& s) {
                        s.request_error = 0.1;
                        s.request_server_error = 0.2;
                        s.billed_failure = 0.5;
                      }),
                      2000);
  size_t permanent = 0, server = 0, with_usage = 0;
  std::set<std::string> billed, failed;
  for (const LedgerLine& l : e.ledger) billed.insert(l.response_id);
  for (const Json& line : e.bad) {
    const int status = line["response"]["status_code"];
    const std::string id = line["response"]["request_id"];
    (status >= 500 ? server : permanent) += 1;
    if (status < 500) {
      EXPECT_FALSE(billed.contains(id));
    }
    if (billed.contains(id)) failed.insert(id);
    if (line["response"]["body"].contains("usage")) {
      ++with_usage;
      EXPECT_TRUE(billed.contains(id));
    }
  }
  EXPECT_NEAR(static_cast<double>(permanent), 200, 50);
  EXPECT_NEAR(static_cast<double>(server), 360, 80);
  EXPECT_NEAR(static_cast<double>(failed.size()), static_cast<double>(server) / 2, 40);
  EXPECT_NEAR(static_cast<double>(with_usage), static_cast<double>(failed.size()) / 2, 30);
  EXPECT_EQ(e.ledger.size(), e.good.size() + failed.size());
  EXPECT_EQ(e.batch["request_counts"]["failed"], permanent + server);
}

TEST(LineFaults, WhenAllFailThereIsOnlyAnErrorFile) {
  const Ended e = run(with([](Scenario& s) {
                        s.request_error = 1;
                        s.empty_string_ids = true;
                      }),
                      10);
  EXPECT_EQ(e.batch["status"], "completed");
  EXPECT_EQ(e.batch["output_file_id"], "");
  EXPECT_EQ(e.bad.size(), 10u);
}

TEST(LineFaults, AShareIsLeftOverAtTheWindow) {
  const Ended e = run(with([](Scenario& s) {
    s.median = hours(40);
    s.sigma = 0;
    s.expired_share = 0.25;
  }));
  EXPECT_EQ(e.batch["status"], "expired");
  EXPECT_NEAR(static_cast<double>(e.bad.size()), 250, 60);
  EXPECT_EQ(e.ledger.size(), e.good.size());
}

TEST(PollFaults, CountsLieAndStatesAreUnknown) {
  Client c(with([](Scenario& s) {
    s.counts_lie = 0.5;
    s.unknown_state = 0.5;
  }));
  const std::string id = c.batch_of(chat_lines(100));
  c.now = c.now + hours(30);
  int lies = 0, unknown = 0;
  for (int i = 0; i < 200; ++i) {
    const Json b = c.batch(id);
    lies += b["request_counts"]["completed"] != 100;
    unknown += b["status"] != "completed";
    EXPECT_FALSE(b["output_file_id"].is_null());
  }
  EXPECT_NEAR(lies, 100, 35);
  EXPECT_NEAR(unknown, 100, 35);
}

TEST(PollFaults, TheIncidentCounts885Of758And97) {
  const Ended e = run(*scenario("incident"), 300);
  EXPECT_EQ(e.batch["request_counts"], (Json{{"total", 885}, {"completed", 758}, {"failed", 97}}));
  EXPECT_EQ(e.good.size() + e.bad.size(), 300u);
  EXPECT_GT(e.bad.size(), 10u);
  EXPECT_GT(e.ledger.size(), e.good.size()) << "failures that were billed";
}

TEST(PollFaults, TheOutputFileComesLate) {
  Client c(with([](Scenario& s) { s.late_output = minutes(30); }));
  const std::string id = c.batch_of(chat_lines(3));
  while (c.batch(id)["status"] != "completed") c.now = c.now + seconds(30);
  EXPECT_TRUE(c.batch(id)["output_file_id"].is_null());
  c.now = c.now + minutes(31);
  EXPECT_TRUE(c.batch(id)["output_file_id"].is_string());
}

TEST(PollFaults, ADownloadIsCutThisTimeOnly) {
  Client c(with([](Scenario& s) { s.truncated_download = 0.5; }));
  const std::string id = c.batch_of(chat_lines(50));
  c.now = c.now + hours(30);
  const std::string file = c.batch(id)["output_file_id"];
  int cut = 0;
  for (int i = 0; i < 100; ++i)
    cut += c.get("/openai/v1/files/" + file + "/content").fault == Answer::Fault::cut;
  EXPECT_NEAR(cut, 50, 25);
}

TEST(PollFaults, ListsLagBehind) {
  Client c(with([](Scenario& s) { s.list_lag = minutes(3); }));
  const std::string id = c.batch_of(chat_lines(1));
  EXPECT_TRUE(c.get("/openai/v1/batches").json()["data"].empty());
  EXPECT_EQ(c.batch(id)["id"], id);
  c.now = c.now + minutes(3);
  EXPECT_EQ(c.get("/openai/v1/batches").json()["data"][0]["id"], id);
}

// How often a create call had an effect, and what its caller was told.
struct Tried {
  size_t created = 0;
  std::map<int, int> statuses;
  std::map<Answer::Fault, int> faults;
  int unreadable = 0;
};
Tried try_creates(const Scenario& s) {
  Client c(s);
  Tried t;
  for (int i = 0; i < 200; ++i) {
    const Reply r =
        c.post("/openai/v1/batches",
               R"({"input_file_id":"f","endpoint":"/v1/embeddings","completion_window":"24h"})");
    ++t.faults[r.fault];
    if (r.fault == Answer::Fault::none) ++t.statuses[r.status];
    if (r.fault == Answer::Fault::none && r.status == 200)
      t.unreadable += !wire::parse_json(r.text);
  }
  for (int i = 0; i < 1000 && t.created == 0; ++i) {  // the list has faults as well
    const Reply r = c.get("/openai/v1/batches?limit=100");
    if (r.fault != Answer::Fault::none || r.status != 200) continue;
    if (auto page = wire::parse_json(r.text))
      t.created = (*page)["data"].size() + ((*page)["has_more"] == true ? 100 : 0);
    if (t.created == 0) break;
  }
  return t;
}

TEST(CallFaults, ComeBeforeOrAfterTheEffect) {
  const Tried many = try_creates(with([](Scenario& s) { s.too_many = 0.9; }));
  EXPECT_NEAR(many.statuses.at(429), 180, 15);
  EXPECT_EQ(many.created, static_cast<size_t>(many.statuses.at(200)));

  const Tried before = try_creates(with([](Scenario& s) { s.server_error = 0.9; }));
  EXPECT_EQ(before.created, static_cast<size_t>(before.statuses.at(200)));
  EXPECT_NEAR(before.statuses.at(500) + before.statuses.at(503), 180, 15);

  const Tried refused = try_creates(with([](Scenario& s) { s.refused = 0.9; }));
  EXPECT_EQ(refused.created, static_cast<size_t>(refused.statuses.at(200)));
  EXPECT_NEAR(refused.faults.at(Answer::Fault::refused), 180, 15);

  const Tried lost = try_creates(with([](Scenario& s) { s.lost = 0.9; }));
  EXPECT_EQ(lost.created, static_cast<size_t>(lost.statuses.at(200)));
  EXPECT_NEAR(lost.faults.at(Answer::Fault::lost), 180, 15);

  const Tried after = try_creates(with([](Scenario& s) { s.server_error_after = 0.5; }));
  EXPECT_EQ(after.created, 200u);
  EXPECT_NEAR(after.statuses.at(200), 100, 30);

  const Tried lost_after = try_creates(with([](Scenario& s) { s.lost_after = 0.5; }));
  EXPECT_EQ(lost_after.created, 200u);
  EXPECT_NEAR(lost_after.faults.at(Answer::Fault::lost), 100, 30);

  const Tried unreadable = try_creates(with([](Scenario& s) { s.unreadable = 0.5; }));
  EXPECT_EQ(unreadable.created, 200u);
  EXPECT_NEAR(unreadable.unreadable, 100, 30);
}

TEST(CallFaults, A429SaysWhenToComeBack) {
  Client c(with([](Scenario& s) { s.too_many = 1; }));
  for (const char* path :
       {"/openai/v1/batches", "/anthropic/v1/messages/batches", "/gemini/v1beta/batches"}) {
    const Reply r = c.get(path);
    EXPECT_EQ(r.status, 429);
    const int wait = std::atoi(std::string(wire::header(r.headers, "retry-after")).c_str());
    EXPECT_GE(wait, 1);
    EXPECT_LE(wait, 30);
  }
}

TEST(CallFaults, ALostLiveAnswerWasCharged) {
  Client c(with([](Scenario& s) { s.lost_after = 1; }));
  const Reply r = c.post("/openai/v1/chat/completions",
                         R"({"model":"gpt-5.4-mini","messages":[{"role":"user","content":"hi"}]})");
  EXPECT_EQ(r.fault, Answer::Fault::lost);
  EXPECT_EQ(c.ledger().size(), 1u);
}

TEST(CallFaults, ABlackoutIsOverAfterItsTime) {
  Client c(with([](Scenario& s) {
    s.blackout_at = {minutes(5)};
    s.blackout = minutes(10);
  }));
  EXPECT_EQ(c.get("/openai/v1/batches").status, 200);
  c.now = c.now + minutes(6);
  EXPECT_EQ(c.get("/openai/v1/batches").status, 503);
  EXPECT_EQ(c.get("/anthropic/v1/messages/batches").status, 529);
  EXPECT_EQ(c.get("/clock").status, 200);
  c.now = c.now + minutes(10);
  EXPECT_EQ(c.get("/openai/v1/batches").status, 200);
}

TEST(BatchLife, StuckBatchesNeverMoveAndSlowDaysAreSlow) {
  Client c(with([](Scenario& s) { s.stuck = 1; }));
  const std::string id = c.batch_of(chat_lines(5));
  c.now = c.now + hours(23);
  EXPECT_EQ(c.batch(id)["request_counts"]["completed"], 0);
  EXPECT_EQ(c.batch(id)["status"], "in_progress");
  c.now = c.now + hours(2);
  EXPECT_EQ(c.batch(id)["status"], "expired");

  auto finished = [](const Scenario& s) {
    Client d(s);
    const std::string b = d.batch_of(chat_lines(1));
    while (d.batch(b)["status"] != "completed") d.now = d.now + minutes(1);
    return d.now - start_of_tests();
  };
  const Scenario plain = with([](Scenario& s) { s.sigma = 0; });
  const Scenario slow = with([](Scenario& s) {
    s.sigma = 0;
    s.slow_days = 1;
  });
  EXPECT_GT(finished(slow), finished(plain) * 8);
}

}  // namespace
}  // namespace twolane::sim

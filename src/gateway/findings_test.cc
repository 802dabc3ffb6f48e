// What the relay notes of a call is what the audit reads from the call's line in the access log; and findings
// are there after a restart, for their own key only.
#include "gateway/findings.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "audit/reader.h"
#include "gateway/books.h"

namespace twolane::gateway {
namespace {

constexpr Time begin{1'780'272'000'000};  // Monday 2026-06-01 00:00 UTC

// What findings depend on.
std::string facts(const audit::Call& c) {
  std::string t = rfc3339(*c.start) + " took " + std::to_string(c.latency->ms);
  t += " first " + (c.first_token ? std::to_string(c.first_token->ms) : "-");
  for (const std::string_view text : {c.key, c.route, c.model, c.provider, c.user_agent}) t += " [" + std::string(text) + "]";
  t += c.streaming ? (*c.streaming ? " streams" : " whole") : " unknown";
  t += " outcome " + std::to_string(static_cast<int>(c.outcome)) + " status " + std::to_string(c.http_status.value_or(0));
  t += c.tier ? " " + std::string(name_of(*c.tier)) : " no tier";
  if (c.usage)
    for (const int64_t n : {c.usage->fresh, c.usage->cache_read, c.usage->cache_write_5m, c.usage->cache_write_1h, c.usage->output, c.usage->reasoning})
      t += " " + std::to_string(n);
  t += c.cost ? " " + exact_usd(*c.cost) : " no cost";
  return t + (c.cache_known ? " known" : "");
}

class Kept final : public audit::Sink {
 public:
  std::vector<std::string> calls;
  void call(const audit::Call& c) override { calls.push_back(facts(c)); }
  void bucket(const audit::Bucket&) override {}
};

Record plain() {
  Record r;
  r.at = begin + hours(9), r.id = "req_1", r.key = "ci", r.path = "/v1/chat/completions", r.model = "gpt-5.4", r.provider = "openai";
  r.method = "POST", r.status = 200, r.model_call = true, r.user_agent = "OpenAI/Python 2.1", r.total_us = 2'345'678;
  r.metered = true, r.usage = {.fresh = 900, .cache_read = 100, .output = 40, .reasoning = 10};
  r.priced = true, r.cost = PicoUsd::from_usd(1);
  return r;
}

std::vector<Record> records() {
  std::vector<Record> all(1, plain());
  Record r = plain();
  r.streaming = true, r.first_us = 345'678, r.route = "fast \"one\"", r.user_agent = "", r.key = "";
  r.usage = {.fresh = 10, .cache_read = 20, .cache_write_5m = 30, .cache_write_1h = 40, .output = 5};
  all.push_back(r);
  r = plain(), r.status = 499, r.metered = false, r.priced = false, r.error = "gateway.client_left", all.push_back(r);
  r = plain(), r.status = 429, r.metered = false, r.priced = false, r.error = "gateway.rate", all.push_back(r);
  r = plain(), r.tier = ServiceTier::flex, all.push_back(r);
  // No live calls: neither notes nor calls for the audit.
  r = plain(), r.lane = "patient", r.metered = false, all.push_back(r);
  r = plain(), r.model = "", r.model_call = false, r.path = "/v1/models", r.metered = false, all.push_back(r);
  r = plain(), r.model_call = false, r.path = "/v1/messages/count_tokens", r.metered = false, all.push_back(r);
  return all;
}

TEST(Findings, NotesAreTheLinesOfTheLog) {
  auto off = AccessLog::open("");
  Books books(**off);
  Kept read, noted;
  audit::Lengths lengths;
  audit::LogReader reader("log", nullptr, lengths, read);
  for (const Record& r : records()) {
    books.record(r);
    ASSERT_TRUE(reader.feed(Books::line_of(r)).has_value());
  }
  ASSERT_TRUE(reader.finish().has_value());
  EXPECT_EQ(reader.read().bad(), 0);
  EXPECT_EQ(reader.read().passed, 3);
  std::string bytes;
  books.take_sightings(bytes);
  for (SightingReader reader(bytes); reader.next();) noted.call(reader.call());
  EXPECT_EQ(noted.calls.size(), 5u);
  EXPECT_EQ(noted.calls, read.calls);
  books.take_sightings(bytes);
  EXPECT_TRUE(bytes.empty()) << "each is taken once";
}

class FindingsOfAWeek : public testing::Test {
 protected:
  FindingsOfAWeek() : directory_(testing::TempDir() + "findings-" + std::to_string(::getpid())) {
    std::filesystem::create_directories(directory_);
  }
  ~FindingsOfAWeek() override { std::filesystem::remove_all(directory_); }

  // Seven nights of a job with a key of its own, and people by day.
  void week(Findings& findings, int from, int until) {
    for (int day = from; day < until; ++day) {
      for (int i = 0; i < 300; ++i) call(begin + days(day) + hours(2) + seconds(i), "night", false);
      for (int i = 0; i < 60; ++i) call(begin + days(day) + hours(9) + minutes(7 * i), "people", true);
      ASSERT_TRUE(findings.look(begin + days(day) + hours(20)).has_value());
    }
  }
  void call(Time at, std::string_view key, bool streaming) {
    Record r = plain();
    r.at = at, r.key = key, r.streaming = streaming, r.usage = {.fresh = 100'000, .output = 100};
    books_.record(r);
  }

  std::string directory_;
  std::unique_ptr<AccessLog> log_ = std::move(*AccessLog::open(""));
  Books books_{*log_};
  const Time now_ = begin + days(7) + Duration{-1};
};

TEST_F(FindingsOfAWeek, SayWhatCouldHaveWaited) {
  Findings findings(directory_ + "/findings.json", 0, "UTC");
  findings.follow({&books_});
  week(findings, 0, 7);
  const auto told = findings.told(now_, {}, false);
  ASSERT_EQ(told["findings"].size(), 1u);
  const auto& night = told["findings"][0];
  EXPECT_EQ(night["key"], "night");
  EXPECT_EQ(night["verdict"], "can_wait_hours");
  EXPECT_EQ(night["calls"], 2100);
  EXPECT_EQ(night["spend_usd"], "528.15");  // 2,100 x (0.1 M x 2.50 + 100 x 15 / 10^6)
  EXPECT_EQ(night["words"], "key night could have waited for hours; last 7 days that was 528.15 USD");
  EXPECT_EQ(told["could_have_waited_usd"], "528.15");
  EXPECT_EQ(night["saves_usd"], "264.075");
  EXPECT_EQ(told["calls"], 2520);
  EXPECT_FALSE(told.contains("report"));
  EXPECT_EQ(findings.told(now_, {}, true)["report"]["calls"], 2520);
}

// Dealt out to two threads, a pool of workers is the same pool.
TEST_F(FindingsOfAWeek, ThreadsAreOneTraffic) {
  Books other(*log_);
  Findings one(directory_ + "/one.json", 0, "UTC"), two(directory_ + "/two.json", 0, "UTC");
  one.follow({&books_}), two.follow({&other, &books_});
  const auto evidence = [&](Findings& findings, bool dealt) {
    for (int i = 0; i < 400; ++i) {
      Record r = plain();
      r.at = begin + milliseconds(2'345 * i + 2'345), r.key = "pool";
      (dealt && i % 3 == 0 ? other : books_).record(r);
    }
    EXPECT_TRUE(findings.look(begin + hours(1)).has_value());
    return wire::dump(findings.told(begin + hours(1), {}, true)["report"]["callers"][0]["evidence"]);
  };
  const std::string alone = evidence(one, false);
  EXPECT_NE(alone.find("pool"), std::string::npos) << alone;
  EXPECT_EQ(evidence(two, true), alone);
}

TEST_F(FindingsOfAWeek, AKeySeesItsOwn) {
  Findings findings(directory_ + "/findings.json", 0, "UTC");
  findings.follow({&books_});
  week(findings, 0, 7);
  EXPECT_EQ(findings.told(now_, "night", false)["calls"], 2100);
  const auto people = findings.told(now_, "people", true);
  EXPECT_EQ(people["calls"], 420);
  EXPECT_TRUE(people["findings"].empty());
  EXPECT_EQ(wire::dump(people).find("night"), std::string::npos);
}

TEST_F(FindingsOfAWeek, SurviveARestart) {
  const std::string path = directory_ + "/findings.json";
  Findings before(path, 0, "UTC");
  before.follow({&books_});
  week(before, 0, 7);
  const auto told = before.told(now_, {}, false);
  ASSERT_TRUE(before.save().has_value());
  Findings after(path, 0, "UTC");
  ASSERT_TRUE(after.load().has_value());
  EXPECT_EQ(wire::dump(after.told(now_, {}, false)), wire::dump(told));
  EXPECT_LT(std::filesystem::file_size(path), 200'000u);
}

// Beyond its room a buffer takes no more: memory is bounded where nobody folds.
TEST(Findings, NotesAreBounded) {
  Sightings sightings;
  for (int i = 0; i < 100'000; ++i) sightings.add(plain());
  std::string bytes;
  sightings.take(bytes);
  EXPECT_LT(bytes.size(), Sightings::most_bytes + 4096);
  EXPECT_GT(bytes.size(), Sightings::most_bytes - 4096);
}

}  // namespace
}  // namespace twolane::gateway

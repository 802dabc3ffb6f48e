// What a dead process leaves of its calls, and that it costs no more than is said.
#include "gateway/in_flight.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "price/price.h"

namespace twolane::gateway {
namespace {

class InFlightTest : public testing::Test {
 protected:
  void SetUp() override { std::filesystem::create_directories(directory); }
  void TearDown() override { std::filesystem::remove_all(directory); }

  std::unique_ptr<InFlightFile> open(int threads = 2, int calls = 4) {
    auto file = InFlightFile::open(directory, threads, calls);
    EXPECT_TRUE(file) << file.error().message;
    return std::move(*file);
  }
  int64_t lines() const {
    std::ifstream in(directory + "/killed.jsonl");
    int64_t n = 0;
    for (std::string line; std::getline(in, line);) ++n;
    return n;
  }

  const std::string directory = testing::TempDir() + "in-flight-" + std::to_string(::getpid());
};

Sent call(std::string_view id, int64_t output_limit = 100) {
  Sent sent;
  sent.at = Time{1'790'000'000'000};
  sent.id = id;
  sent.key = "ana";
  sent.provider = "openai";
  sent.model = "gpt-5.4-mini";
  sent.bytes = 1000;
  sent.output_limit = output_limit;
  return sent;
}

TEST_F(InFlightTest, WhatWasWrittenLeavesNothing) {
  {
    auto file = open();
    InFlight calls = file->of(1);
    calls.ended(calls.sent(-1, call("req_a")), {});
    calls.written();
  }
  EXPECT_TRUE(open()->left().empty());
  EXPECT_EQ(lines(), 0);
}

TEST_F(InFlightTest, ACallWithoutAnEndHasItsUpperBound) {
  {
    auto file = open();
    file->of(0).sent(-1, call("req_a"));
    file->of(1).sent(-1, call("req_b", -1));  // the model's own limit holds
  }
  const auto file = open();
  ASSERT_EQ(file->left().size(), 2u);
  const Record& r = file->left()[0]->record;
  EXPECT_EQ(r.id, "req_a");
  EXPECT_EQ(r.key, "ana");
  EXPECT_EQ(r.status, 0);
  const auto most = price::bound({"openai", "gpt-5.4-mini"}, ServiceTier::standard, 1000, 100, {.at = r.at});
  ASSERT_TRUE(most);
  ASSERT_TRUE(r.up_to);
  EXPECT_EQ(*r.up_to, *most);
  ASSERT_TRUE(file->left()[1]->record.up_to);
  EXPECT_GT(*file->left()[1]->record.up_to, *most);
  const auto sum = unconfirmed_calls(directory);
  EXPECT_EQ(sum.calls, 2);
  EXPECT_EQ(sum.up_to, *most + *file->left()[1]->record.up_to);
  EXPECT_TRUE(open()->left().empty());  // told once
  EXPECT_EQ(unconfirmed_calls(directory).calls, 2);
}

TEST_F(InFlightTest, AnotherAttemptTakesThePlaceOfTheFirst) {
  {
    auto file = open();
    InFlight calls = file->of(0);
    const int place = calls.sent(-1, call("req_a"));
    Sent again = call("req_a");
    again.provider = "anthropic";
    again.model = "claude-haiku-4.5";
    EXPECT_EQ(calls.sent(place, again), place);
  }
  const auto file = open();
  ASSERT_EQ(file->left().size(), 1u);
  EXPECT_EQ(file->left()[0]->provider, "anthropic");
}

TEST_F(InFlightTest, AnEndWhoseLineWasNotWrittenKeepsItsFigures) {
  {
    auto file = open();
    InFlight calls = file->of(0);
    Record record;
    record.status = 200;
    record.response_id = "chatcmpl-1";
    record.metered = record.priced = true;
    record.usage.output = 7;
    record.cost = PicoUsd{12345};
    calls.ended(calls.sent(-1, call("req_a")), record);
  }
  const auto file = open();
  ASSERT_EQ(file->left().size(), 1u);
  const Record& r = file->left()[0]->record;
  EXPECT_EQ(r.status, 200);
  EXPECT_EQ(r.usage.output, 7);
  EXPECT_EQ(r.response_id, "chatcmpl-1");
  EXPECT_EQ(r.cost, PicoUsd{12345});
  EXPECT_FALSE(r.up_to);
  EXPECT_EQ(unconfirmed_calls(directory).calls, 0);
}

TEST_F(InFlightTest, AModelWithoutAPriceHasNoBound) {
  {
    auto file = open();
    Sent strange = call("req_a", -1);
    strange.provider = "own";
    strange.model = "llama";
    file->of(0).sent(-1, strange);
  }
  open();
  const auto sum = unconfirmed_calls(directory);
  EXPECT_EQ(sum.calls, 1);
  EXPECT_EQ(sum.unpriced, 1);
}

TEST_F(InFlightTest, PlacesAreUsedAgainAndMayRunOut) {
  auto file = open(1, 2);
  InFlight calls = file->of(0);
  const int a = calls.sent(-1, call("req_a"));
  EXPECT_EQ(calls.sent(-1, call("req_b")), 1);
  EXPECT_EQ(calls.sent(-1, call("req_c")), -1);
  calls.ended(-1, {});  // it had no place
  calls.ended(a, {});
  EXPECT_EQ(calls.sent(-1, call("req_d")), -1);  // its line is not written yet
  calls.written();
  EXPECT_EQ(calls.sent(-1, call("req_e")), a);
}

TEST_F(InFlightTest, ADamagedFileOfAnEarlierProcessIsNoObstacle) {
  {
    std::ofstream out(directory + "/in_flight", std::ios::binary);
    for (int i = 0; i < 1000; ++i) out << "not a slot ";
  }
  EXPECT_TRUE(open()->left().empty());
}

}  // namespace
}  // namespace twolane::gateway

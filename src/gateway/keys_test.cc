// Keys on disk and at work.
#include "gateway/keys.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

namespace twolane::gateway {
namespace {

class KeysTest : public testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::create_directories(directory);
  }
  void TearDown() override { std::filesystem::remove_all(directory); }
  const std::string directory = testing::TempDir() + "keys-" + std::to_string(::getpid());
  const std::string path = directory + "/keys.json";
};

KeyRules named(std::string name, std::string hash) {
  KeyRules rules;
  rules.name = std::move(name);
  rules.hash = std::move(hash);
  return rules;
}

TEST_F(KeysTest, OnlyHashesAreWrittenAndAChangeIsNoticed) {
  const FreshKey fresh = fresh_key();
  EXPECT_EQ(fresh.secret.size(), 43u);
  EXPECT_NE(fresh.secret, fresh_key().secret);
  KeyRing ring(path);
  ASSERT_TRUE(ring.refresh());
  EXPECT_TRUE(ring.open());
  KeyRules rules = named("ana", fresh.hash);
  rules.models = {"gpt-5-4-mini"};
  rules.weight = 3;
  rules.budget_per_day = PicoUsd::from_usd(2);
  ASSERT_TRUE(write_keys(path, {rules}));
  struct stat there{};
  ASSERT_EQ(::stat(path.c_str(), &there), 0);
  EXPECT_EQ(there.st_mode & 0777, 0600u);
  ASSERT_TRUE(ring.refresh());
  EXPECT_FALSE(ring.open());
  const auto key = ring.find(fresh.secret);
  ASSERT_TRUE(key);
  EXPECT_EQ(key->rules.name, "ana");
  EXPECT_EQ(key->rules.budget_per_day, PicoUsd::from_usd(2));
  EXPECT_EQ(ring.weight_of("ana"), 3);
  EXPECT_EQ(ring.weight_of("ben"), 1);
  EXPECT_TRUE(key->allows("gpt-5-4-mini"));
  EXPECT_FALSE(key->allows("gpt-5-4"));
  EXPECT_FALSE(ring.find("tl-wrong"));
  rules.revoked = Time{1};
  ASSERT_TRUE(write_keys(path, {rules}));
  ASSERT_TRUE(ring.refresh());
  EXPECT_FALSE(ring.find(fresh.secret));
  EXPECT_FALSE(ring.open());  // revoked keys do not open the door to everybody
}

TEST_F(KeysTest, ADamagedFileLeavesTheKeysAsTheyWere) {
  const FreshKey fresh = fresh_key();
  ASSERT_TRUE(write_keys(path, {named("a", fresh.hash)}));
  KeyRing ring(path);
  ASSERT_TRUE(ring.refresh());
  std::FILE* file = std::fopen(path.c_str(), "wb");
  std::fputs("{\"keys\":[{}]}", file);
  std::fclose(file);
  const Status read = ring.refresh();
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, "keys.file");
  EXPECT_TRUE(ring.find(fresh.secret));
}

TEST(Key, RequestsPerMinuteFillUpAgain) {
  KeyRules rules;
  rules.requests_per_minute = 2;
  Key key(rules);
  const Time t{1'000'000};
  EXPECT_EQ(key.admit(t).is, Key::Verdict::Is::good);
  EXPECT_EQ(key.admit(t).is, Key::Verdict::Is::good);
  const auto no = key.admit(t);
  EXPECT_EQ(no.is, Key::Verdict::Is::requests);
  EXPECT_EQ(no.wait, milliseconds(30'001));
  EXPECT_EQ(key.admit(t + no.wait).is, Key::Verdict::Is::good);
}

TEST(Key, TokensAreCountedAfterwards) {
  KeyRules rules;
  rules.tokens_per_minute = 100;
  Key key(rules);
  const Time t{1'000'000};
  EXPECT_EQ(key.admit(t).is, Key::Verdict::Is::good);
  key.used(t, 250, {});
  EXPECT_EQ(key.admit(t).is, Key::Verdict::Is::tokens);
  EXPECT_EQ(key.admit(t + minutes(1)).is, Key::Verdict::Is::tokens);
  EXPECT_EQ(key.admit(t + minutes(2)).is, Key::Verdict::Is::good);
}

TEST(Key, ABudgetLastsADayAndAMonth) {
  KeyRules rules;
  rules.budget_per_day = PicoUsd::from_usd(1);
  rules.budget_per_month = PicoUsd::from_usd(2);
  Key key(rules);
  const Time day = parse_rfc3339("2026-11-20T12:00:00Z").value();
  key.used(day, 0, PicoUsd::from_usd(1));
  EXPECT_EQ(key.admit(day).is, Key::Verdict::Is::budget);
  EXPECT_EQ(key.admit(day + days(1)).is, Key::Verdict::Is::good);
  key.used(day + days(1), 0, PicoUsd::from_usd(1));
  EXPECT_EQ(key.admit(day + days(2)).is, Key::Verdict::Is::budget);
  EXPECT_EQ(key.admit(day + days(15)).is, Key::Verdict::Is::good);
}

}  // namespace
}  // namespace twolane::gateway

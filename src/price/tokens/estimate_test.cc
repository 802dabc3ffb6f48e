// Estimates of short texts by hand, their error on real data, and what usage teaches.
#include "price/tokens/estimate.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

namespace twolane::price::tokens {
namespace {

Features of(std::string_view text) {
  Features features;
  features.add(text);
  return features;
}

TEST(Features, CountWhatATokenizerWouldCut) {
  const Features f =
      of("Hello WORLD, 12345 internationalisation!  \n\u00e9t\u00e9 \u043c\u0438\u0440 "
         "\u65e5\u672c \U0001F642x");
  EXPECT_EQ(f.of(Feature::word), 4);
  EXPECT_EQ(f.of(Feature::long_letter), 15);
  EXPECT_EQ(f.of(Feature::longer_letter), 10);
  EXPECT_EQ(f.of(Feature::glued_word), 2);
  EXPECT_EQ(f.of(Feature::capital), 4);
  EXPECT_EQ(f.of(Feature::number), 2);
  EXPECT_EQ(f.of(Feature::sign), 2);
  EXPECT_EQ(f.of(Feature::blank), 2);
  EXPECT_EQ(f.of(Feature::latin_word), 1);
  EXPECT_EQ(f.of(Feature::latin_letter), 3);
  EXPECT_EQ(f.of(Feature::cyrillic_word), 1);
  EXPECT_EQ(f.of(Feature::cyrillic_letter), 3);
  EXPECT_EQ(f.of(Feature::han), 2);
}

TEST(Features, AddUp) {
  Features sum = of("one two");
  sum.add(of(" three"));
  EXPECT_EQ(estimate(Family::o200k, sum), estimate(Family::o200k, of("one two three")));
}

TEST(Estimate, OfNothingIsNothing) {
  for (const Family f :
       {Family::o200k, Family::cl100k, Family::claude, Family::gemini, Family::other})
    EXPECT_EQ(estimate(f, of("")), 0);
}

TEST(Estimate, TheErrorToStateGrowsWithForeignLetters) {
  const auto english = error_thousandths(Family::o200k, of("an English sentence"));
  EXPECT_EQ(english, 60);
  EXPECT_GT(error_thousandths(Family::o200k, of("\u043c\u0438\u0440")), 2 * english);
  EXPECT_GT(error_thousandths(Family::claude, of("an English sentence")), english);
}

TEST(Estimate, KnowsTheFamilies) {
  const std::pair<const char*, Family> rows[] = {
      {"gpt-5.4-mini", Family::o200k},        {"gpt-4o", Family::o200k},
      {"gpt-4.1-nano", Family::o200k},        {"o3-mini", Family::o200k},
      {"gpt-4-turbo", Family::cl100k},        {"gpt-4", Family::cl100k},
      {"gpt-3.5-turbo", Family::cl100k},      {"text-embedding-3-small", Family::cl100k},
      {"claude-haiku-4.5", Family::claude},   {"anthropic/claude-opus-4-6", Family::claude},
      {"gemini-3.5-flash", Family::gemini},   {"mistral-large", Family::other},
      {"openai/gpt-oss-120b", Family::o200k}, {"omni-moderation-latest", Family::o200k},
  };
  for (const auto& [model, family] : rows) EXPECT_EQ(family_of(model), family) << model;
}

// Whole data sets, against counts made with tiktoken.
TEST(Estimate, LiesWithinItsStatedErrorOnRealData) {
  struct Row {
    const char *path, *members[2];
    int64_t o200k, cl100k;
  };
  const Row rows[] = {{"gsm8k/train.jsonl", {"question", "answer"}, 1'170'402, 1'178'040},
                      {"peps_documents/peps.jsonl", {"text", nullptr}, 3'190'272, 3'185'557}};
  for (const Row& row : rows) {
    std::ifstream file(std::string(TWOLANE_SHARED_DIR "/data/") + row.path);
    if (!file) {
      if (std::getenv("CI")) FAIL() << "no data in " TWOLANE_SHARED_DIR;
      GTEST_SKIP() << "no data in " TWOLANE_SHARED_DIR;
    }
    Features features;
    for (std::string line; std::getline(file, line);) {
      const auto object = nlohmann::json::parse(line);
      for (const char* member : row.members)
        if (member) features.add(object[member].get<std::string>());
    }
    for (const auto& [family, exact] :
         {std::pair(Family::o200k, row.o200k), std::pair(Family::cl100k, row.cl100k)}) {
      const int64_t off = std::abs(estimate(family, features) - exact);
      EXPECT_LE(off * 1000 / exact, error_thousandths(family, features)) << row.path;
    }
  }
}

TEST(Correction, WithNoEvidenceChangesNothing) {
  const Correction none;
  EXPECT_EQ(none.corrected(12'345), 12'345);
  EXPECT_EQ(none.error(150), 150);
}

TEST(Correction, LearnsAFactorAndNarrowsTheError) {
  Correction c;
  for (int i = 0; i < 500; ++i) c.learn(1'000, 1'300);
  EXPECT_NEAR(static_cast<double>(c.corrected(100'000)), 130'000, 300);
  EXPECT_LT(c.error(150), 20);
  EXPECT_GE(c.error(150), 5);
}

TEST(Correction, AFewTokensSayLittle) {
  Correction c;
  c.learn(10, 20);
  EXPECT_NEAR(static_cast<double>(c.corrected(10'000)), 10'050, 10);
  EXPECT_GE(c.error(150), 145);
}

TEST(Correction, FollowsAChangeOfTheTokenizer) {
  Correction c;
  for (int i = 0; i < 200'000; ++i) c.learn(1'000, 1'000);
  for (int i = 0; i < 200'000; ++i) c.learn(1'000, 1'350);
  EXPECT_NEAR(static_cast<double>(c.corrected(1'000'000)), 1'350'000, 30'000);
}

}  // namespace
}  // namespace twolane::price::tokens

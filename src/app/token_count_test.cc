#include "app/token_count.h"

#include <gtest/gtest.h>

namespace twolane::app {
namespace {

TEST(TokenCount, ReadsUnitsExactly) {
  const auto n = [](std::string_view text) { return parse_tokens(text, "--input").value_or(-1); };
  EXPECT_EQ(n("0"), 0);
  EXPECT_EQ(n("1500"), 1500);
  EXPECT_EQ(n("1,500"), 1500);
  EXPECT_EQ(n("1_500"), 1500);
  EXPECT_EQ(n("1.5k"), 1500);
  EXPECT_EQ(n("30M"), 30'000'000);
  EXPECT_EQ(n("0.5B"), 500'000'000);
  EXPECT_EQ(n("1.500000001B"), 1'500'000'001);
  EXPECT_EQ(n("2.0"), 2);
  EXPECT_EQ(n("9T"), 9'000'000'000'000);
  EXPECT_EQ(n("9223372036854775807"), INT64_MAX);
}

TEST(TokenCount, RefusesEverythingElse) {
  for (const char* text : {"", "M", ".5M", "-1", "+1", "1e6", "30MB", "1.5", "0.0000001M",
                           "9223372036854775808", "10000000T", "3 M"}) {
    const auto n = parse_tokens(text, "--input");
    ASSERT_FALSE(n) << text;
    EXPECT_EQ(n.error().code, "usage.value");
    EXPECT_EQ(n.error().where.field, "--input");
  }
}

}  // namespace
}  // namespace twolane::app

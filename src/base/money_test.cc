#include "base/money.h"

#include <gtest/gtest.h>

namespace twolane {
namespace {

PicoUsd usd(std::string_view text) { return parse_usd(text).value(); }

TEST(Money, ParsesAndPrintsExactly) {
  for (const char* text : {"0.00", "1.00", "12.50", "3.4472", "0.000000000001", "-0.000000000001",
                           "99999999999999999999.999999999999", "-7.10"})
    EXPECT_EQ(exact_usd(usd(text)), text);
  EXPECT_EQ(exact_usd(usd("5")), "5.00");
  EXPECT_EQ(exact_usd(usd("0.1000")), "0.10");
  EXPECT_TRUE(usd("12.5").n == __int128{12'500'000'000'000});
}

TEST(Money, RefusesWhatIsNoPlainDecimal) {
  for (const char* text : {"", ".", "1.", ".5", "-", "--1", "+1", "1e3", "1,000", " 1", "1 ", "0x1",
                           "1.0000000000001", "100000000000000000000", "nan", "1.2.3", "1.-2"}) {
    auto r = parse_usd(text);
    ASSERT_FALSE(r) << text;
    EXPECT_EQ(r.error().code, "money.syntax");
  }
}

TEST(Money, LongGarbageIsCutInTheMessage) {
  EXPECT_LT(parse_usd(std::string(5000, 'x')).error().message.size(), 100u);
}

TEST(Money, RatesAreWholePicoUsdPerToken) {
  EXPECT_EQ(parse_usd_per_million("0.15").value().n, 150'000);
  EXPECT_EQ(parse_usd_per_million("0.000001").value().n, 1);
  EXPECT_EQ(parse_usd_per_million("75").value().n, 75'000'000);
  EXPECT_FALSE(parse_usd_per_million("0.0000001"));
  EXPECT_FALSE(parse_usd_per_million("-1"));
  EXPECT_FALSE(parse_usd_per_million("9223372036855"));  // beyond 64 bits of PicoUsd
  EXPECT_TRUE(parse_usd_per_million("9223372036854"));
}

TEST(Money, ProductsDoNotOverflow64Bits) {
  const PicoUsd cost = PicoUsdPerToken{75'000'000} * 1'000'000'000'000;
  EXPECT_EQ(exact_usd(cost), "75000000.00");
}

TEST(Money, ShownHalfEven) {
  EXPECT_EQ(shown_usd(usd("0.125"), 2, Round::half_even), "0.12");
  EXPECT_EQ(shown_usd(usd("0.135"), 2, Round::half_even), "0.14");
  EXPECT_EQ(shown_usd(usd("0.125000000001"), 2, Round::half_even), "0.13");
  EXPECT_EQ(shown_usd(usd("-0.135"), 2, Round::half_even), "-0.14");
  EXPECT_EQ(shown_usd(usd("0.5"), 0, Round::half_even), "0");
  EXPECT_EQ(shown_usd(usd("1.5"), 0, Round::half_even), "2");
  EXPECT_EQ(shown_usd(usd("9.995"), 2, Round::half_even), "10.00");
  EXPECT_EQ(shown_usd(usd("-0.001"), 2, Round::half_even), "0.00");  // no negative zero
  EXPECT_EQ(shown_usd(usd("1.000000000001"), 12, Round::half_even), "1.000000000001");
}

TEST(Money, ShownUpNeverShowsLess) {
  EXPECT_EQ(shown_usd(usd("0.000000000001"), 2, Round::up), "0.01");
  EXPECT_EQ(shown_usd(usd("0.12"), 2, Round::up), "0.12");
  EXPECT_EQ(shown_usd(usd("0.1201"), 2, Round::up), "0.13");
  EXPECT_EQ(shown_usd(usd("-0.129"), 2, Round::up), "-0.12");
}

TEST(Money, ArithmeticAndOrder) {
  PicoUsd sum = usd("0.1") + usd("0.2");
  EXPECT_TRUE(sum == usd("0.3"));
  sum -= usd("0.5");
  EXPECT_EQ(exact_usd(sum), "-0.20");
  EXPECT_TRUE(sum < PicoUsd{});
  EXPECT_TRUE(PicoUsd::from_usd(3) > usd("2.999999999999"));
}

}  // namespace
}  // namespace twolane

// Series of arrivals: exact while they fit, bounded always, and the same in any order.
#include "audit/arrivals.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace twolane::audit {
namespace {

std::string text(const Arrivals& a) {
  std::string out = std::to_string(a.width()) + ":";
  for (const auto& s : a.spans()) out += " " + std::to_string(s.at) + "=" + std::to_string(s.calls) + "/" + std::to_string(s.tokens);
  return out;
}

TEST(Arrivals, MinutesAreExactWhileTheyFit) {
  Arrivals a;
  a.add(100, 1, 10);
  a.add(100, 1, 5);
  a.add(103, 2, 1);
  a.add(-1, 1, 0);
  EXPECT_EQ(text(a), "1: -1=1/0 100=2/15 103=2/1");
  EXPECT_EQ(a.busiest_minute(), 2);
}

TEST(Arrivals, TooManyMinutesBecomeWiderSpansAndLoseNothing) {
  Arrivals a(4);
  for (int minute = 0; minute < 10; ++minute) a.add(minute, 1, 100);
  EXPECT_EQ(text(a), "4: 0=4/400 1=4/400 2=2/200");
  EXPECT_EQ(a.busiest_minute(), 1);
}

TEST(Arrivals, OrderDoesNotMatter) {
  std::vector<int64_t> minutes;
  for (int64_t i = 0; i < 3000; ++i) minutes.push_back(i * i % 7001 - 500);
  Arrivals sorted(256), reversed(256), shuffled(256), halves(256), second(256);
  std::ranges::sort(minutes);
  for (const int64_t m : minutes) sorted.add(m, 1, m);
  for (size_t i = minutes.size(); i-- > 0;) reversed.add(minutes[i], 1, minutes[i]);
  for (size_t i = 0; i < minutes.size(); ++i) {
    const int64_t m = minutes[i * 1009 % minutes.size()];
    shuffled.add(m, 1, m);
    (i % 2 ? halves : second).add(m, 1, m);
  }
  halves.merge(second);
  for (Arrivals* a : {&sorted, &reversed, &shuffled, &halves}) a->tidy();
  EXPECT_GT(sorted.width(), 1);
  EXPECT_EQ(text(sorted), text(reversed));
  EXPECT_EQ(text(sorted), text(shuffled));
  EXPECT_EQ(text(sorted), text(halves));
}

TEST(Arrivals, ALowerLimitWidens) {
  Arrivals a;
  for (int minute = 0; minute < 100; ++minute) a.add(minute, 1, 1);
  a.limit(10);
  EXPECT_EQ(a.width(), 16);
  EXPECT_EQ(a.spans().size(), 7u);
}

}  // namespace
}  // namespace twolane::audit

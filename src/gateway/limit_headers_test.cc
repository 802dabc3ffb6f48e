// The headers by which a client learns of its key's limits.
#include "gateway/limit_headers.h"

#include <gtest/gtest.h>

namespace twolane::gateway {
namespace {

TEST(LimitHeaders, GoDurations) {
  EXPECT_EQ(go_duration(milliseconds(0)), "0ms");
  EXPECT_EQ(go_duration(milliseconds(999)), "999ms");
  EXPECT_EQ(go_duration(milliseconds(1001)), "2s");
  EXPECT_EQ(go_duration(minutes(6)), "6m0s");
  EXPECT_EQ(go_duration(hours(1) + minutes(2) + seconds(3)), "1h2m3s");
}

TEST(LimitHeaders, OfAKeyAtWorkInTwoDialects) {
  KeyRules rules;
  rules.requests_per_minute = 60;
  rules.tokens_per_minute = 6000;
  Key key(rules);
  const Time now = *parse_rfc3339("2026-11-21T06:00:00Z");
  for (int i = 0; i < 3; ++i) ASSERT_EQ(key.admit(now).is, Key::Verdict::Is::good);
  key.used(now, 1000, {});
  const wire::Headers openai = limit_headers(Dialect::openai, key.room(now), now);
  EXPECT_EQ(wire::header(openai, "x-ratelimit-limit-requests"), "60");
  EXPECT_EQ(wire::header(openai, "x-ratelimit-remaining-requests"), "57");
  EXPECT_EQ(wire::header(openai, "x-ratelimit-reset-requests"), "3s");
  EXPECT_EQ(wire::header(openai, "x-ratelimit-remaining-tokens"), "5000");
  EXPECT_EQ(wire::header(openai, "x-ratelimit-reset-tokens"), "10s");
  const wire::Headers anthropic = limit_headers(Dialect::anthropic, key.room(now), now);
  EXPECT_EQ(wire::header(anthropic, "anthropic-ratelimit-requests-remaining"), "57");
  EXPECT_EQ(wire::header(anthropic, "anthropic-ratelimit-tokens-reset"), "2026-11-21T06:00:10Z");
  EXPECT_TRUE(limit_headers(Dialect::gemini, key.room(now), now).empty());
  // Below its bottom a bucket shows nothing left, and when it is full again.
  key.used(now, 11'000, {});
  EXPECT_EQ(wire::header(limit_headers(Dialect::openai, key.room(now), now), "x-ratelimit-remaining-tokens"), "0");
  EXPECT_EQ(wire::header(limit_headers(Dialect::openai, key.room(now), now), "x-ratelimit-reset-tokens"), "2m0s");
}

TEST(LimitHeaders, AKeyWithoutLimitsSaysNothing) {
  Key key{KeyRules{}};
  EXPECT_TRUE(limit_headers(Dialect::openai, key.room(Time{}), Time{}).empty());
}

}  // namespace
}  // namespace twolane::gateway

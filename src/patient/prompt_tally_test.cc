// Sums of tokens, bands, limits and shared prefixes over a handful of requests.
#include "patient/prompt_tally.h"

#include <gtest/gtest.h>

#include "wire/json.h"

namespace twolane::patient {
namespace {

struct Seen {
  TokenCounting counting{{}};
  PromptTally tally{counting};
  Shape shape;

  Seen() { shape.targets = {{"openai", "gpt-5.4-mini"}, {"anthropic", "claude-haiku-4-5"}}; }

  void see(const std::string& content, int64_t limit = 10, bool own = true) {
    const std::string body = wire::dump({{"messages", {{{"role", "user"}, {"content", content}}}}});
    const auto seen = tally.see({shape, Endpoint::chat_completions, body, limit, own});
    ASSERT_TRUE(seen) << seen.error().message;
  }
};

TEST(PromptTally, SumsForEachChoiceOfModels) {
  Seen s;
  for (int i = 0; i < 3; ++i) s.see("one two three");
  s.see("four", 500, false);
  EXPECT_EQ(s.tally.choices(), 2);
  ASSERT_EQ(s.tally.models().size(), 2u);
  const auto& m = s.tally.models()[0];
  EXPECT_EQ(m.requests, 4);
  EXPECT_FALSE(m.exact);
  EXPECT_GE(m.tokens, 4 * 6 + 10);  // turn marks and words
  EXPECT_EQ(m.output_limit, 3 * 10 + 500);
  EXPECT_EQ(m.without_limit, 1);
  int64_t in_bands = 0;
  for (const auto& band : m.bands) in_bands += band.tokens;
  EXPECT_EQ(in_bands, m.tokens);
  EXPECT_EQ(s.tally.models()[1].choice, 1);
}

TEST(PromptTally, FindsWhatRequestsBeginWith) {
  Seen s;
  const std::string common(3'000, 'x');
  for (int i = 0; i < 5; ++i)
    s.see(common + " and then " + std::to_string(i) + std::string(50, 'y'));
  s.see("short");
  s.see(std::string(2'000, 'z'));
  ASSERT_EQ(s.tally.prefixes().size(), 2u);
  EXPECT_EQ(s.tally.prefixes()[0].text, common + " and then ");
  EXPECT_EQ(s.tally.prefixes()[0].requests, 5);
  EXPECT_EQ(s.tally.prefixes()[1].requests, 1);
}

TEST(PromptTally, FollowsNoMoreThanSixtyFourPrefixes) {
  Seen s;
  for (int i = 0; i < 200; ++i) s.see(std::to_string(i) + std::string(2'000, 'x'));
  EXPECT_EQ(s.tally.prefixes().size(), 64u);
}

}  // namespace
}  // namespace twolane::patient

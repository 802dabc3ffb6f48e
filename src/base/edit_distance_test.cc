#include "base/edit_distance.h"

#include <gtest/gtest.h>

namespace twolane {
namespace {

TEST(EditDistance, CountsChanges) {
  struct Case {
    std::string_view a, b;
    size_t changes;
  };
  constexpr Case table[] = {
      {"", "", 0},        {"", "abc", 3},          {"abc", "", 3},         {"abc", "abc", 0},
      {"abc", "abd", 1},  {"abc", "ac", 1},        {"ac", "abc", 1},       {"ab", "ba", 2},
      {"kitten", "sitting", 3}, {"--withn", "--within", 1}, {"gpt-5.4-mni", "gpt-5.4-mini", 1},
  };
  for (const Case& c : table) {
    EXPECT_EQ(edit_distance(c.a, c.b), c.changes) << c.a << " " << c.b;
    EXPECT_EQ(edit_distance(c.b, c.a), c.changes) << c.b << " " << c.a;
  }
}

}  // namespace
}  // namespace twolane

#include "app/nearest.h"

#include <gtest/gtest.h>

#include <array>

namespace twolane::app {
namespace {

TEST(Nearest, FindsTheWordThatWasMeant) {
  constexpr std::array<std::string_view, 4> known = {"deadline", "max-cost", "by", "within"};
  EXPECT_EQ(nearest("dealine", known), "deadline");
  EXPECT_EQ(nearest("maxcost", known), "max-cost");
  EXPECT_EQ(nearest("whitin", known), "within");
  EXPECT_EQ(nearest("something", known), "");
  EXPECT_EQ(nearest("deadline", {}), "");
}

}  // namespace
}  // namespace twolane::app

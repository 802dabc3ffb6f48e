// How a request says that it can wait: what comes first wins.
#include "gateway/lane.h"

#include <gtest/gtest.h>

namespace twolane::gateway {
namespace {

constexpr Time now{1'800'000'000'000};

TEST(Lane, TheFirstWordWins) {
  struct Case {
    wire::Headers headers;
    std::string_view tier;
    LaneDefaults otherwise;
    bool patient, kept;
    Duration window;
  };
  const Case cases[] = {
      {{}, "", {}, false, false, hours(24)},
      {{{"Twolane-Deadline", "6h"}}, "", {}, true, true, hours(6)},
      {{{"Twolane-Deadline", "6h"}}, "", {"interactive", {}}, true, true, hours(6)},
      {{{"Twolane-Lane", "interactive"}}, "batch", {"patient", hours(1)}, false, true, hours(1)},
      {{{"Twolane-Lane", "patient"}}, "", {}, true, false, hours(24)},
      {{{"Prefer", "respond-async"}}, "", {}, true, false, hours(24)},
      {{}, "batch", {}, true, false, hours(24)},
      {{}, "", {"patient", minutes(30)}, true, true, minutes(30)},
      // Flex is sent live, whatever a default says, and a deadline is its patience.
      {{}, "flex", {"patient", {}}, false, false, hours(24)},
      {{}, "flex", {"", minutes(40)}, false, true, minutes(40)},
      {{{"Twolane-Deadline", "20m"}}, "flex", {}, false, true, minutes(20)},
      {{{"Twolane-Deadline", "20m"}, {"Twolane-Lane", "patient"}}, "flex", {}, true, true, minutes(20)},
      {{{"Prefer", "respond-async"}}, "flex", {}, true, false, hours(24)},
  };
  for (const Case& c : cases) {
    const auto lane = choose_lane(c.headers, c.tier, c.otherwise, now);
    ASSERT_TRUE(lane);
    const auto at = &c - cases;
    EXPECT_EQ(lane->patient, c.patient) << at;
    EXPECT_EQ(lane->kept, c.kept) << at;
    EXPECT_EQ(lane->window, c.window) << at;
  }
}

TEST(Lane, HeadersThatSayNothingAreRefused) {
  EXPECT_EQ(choose_lane({{"Twolane-Deadline", "soon"}}, "", {}, now).error().code, "gateway.deadline");
  EXPECT_EQ(choose_lane({{"Twolane-Lane", "slow"}}, "", {}, now).error().code, "gateway.lane");
}

TEST(Lane, HowSureItIsToBe) {
  EXPECT_EQ(asked_on_time({})->value_or(0), 0);
  EXPECT_EQ(asked_on_time({{"twolane-on-time", "0.999"}})->value_or(0), 0.999);
  for (const char* bad : {"1", "0.4", "often", "0.99 %", "-1"})
    EXPECT_EQ(asked_on_time({{"Twolane-On-Time", bad}}).error().code, "gateway.on_time") << bad;
}

TEST(Lane, HowManyStepsWaitForThisOne) {
  EXPECT_EQ(*asked_steps_after({}), 0);
  EXPECT_EQ(*asked_steps_after({{"twolane-steps-after", "9"}}), 9);
  for (const char* bad : {"-1", "1001", "nine", "9 steps"})
    EXPECT_EQ(asked_steps_after({{"Twolane-Steps-After", bad}}).error().code, "gateway.steps_after") << bad;
}

}  // namespace
}  // namespace twolane::gateway

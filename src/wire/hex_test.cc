#include "wire/hex.h"

#include <gtest/gtest.h>

namespace twolane::wire {
namespace {

TEST(Hex, TwoDigitsForEachByte) {
  const unsigned char bytes[] = {0x00, 0x0f, 0xa0, 0xff};
  EXPECT_EQ(hex_of(bytes), "000fa0ff");
  EXPECT_EQ(hex_of({bytes, 2}), "000f");
  EXPECT_EQ(hex_of({}), "");
}

}  // namespace
}  // namespace twolane::wire

// Hostile text never reaches a terminal as it is.
#include "app/escape.h"

#include <gtest/gtest.h>

namespace twolane::app {
namespace {

struct Case {
  std::string_view raw, shown;
};

TEST(Escape, WritesOutWhatCouldActOnATerminal) {
  const Case cases[] = {
      {"card_arrival", "card_arrival"},
      {"I'm sorry\x1b[2J, as a bank I", "I'm sorry\\x1b[2J, as a bank I"},
      {"\x1b]52;c;aGk=\x07", "\\x1b]52;c;aGk=\\x07"},
      {"a\nb\tc\r", "a\\nb\\tc\\r"},
      {"abc\xE2\x80\xAE"
       "def",
       "abc\\u202Edef"},
      {"z\xE2\x80\x8Bw", "z\\u200Bw"},
      {"\xC2\x9B"
       "31m",
       "\\u009B31m"},
      {"\xF3\xA0\x81\x81", "\\U000E0041"},
      {"\xFF\xC3(", "\\xff\\xc3("},
      {"\xED\xA0\x80", "\\xed\\xa0\\x80"},
      {"gr\xC3\xBC\xC3\x9F dich", "gr\xC3\xBC\xC3\x9F dich"},
  };
  for (const auto& c : cases) EXPECT_EQ(escaped(c.raw), c.shown);
  EXPECT_EQ(escaped(std::string_view("a\0b", 3)), "a\\x00b");
}

TEST(Escape, CutsByColumnsAndSaysSo) {
  EXPECT_EQ(escaped("abcdef", 6), "abcdef");
  EXPECT_EQ(escaped("abcdefg", 6), "abc...");
  EXPECT_EQ(escaped("\xE6\x97\xA5\xE6\x9C\xAC\xE8\xAA\x9E", 6), "\xE6\x97\xA5\xE6\x9C\xAC\xE8\xAA\x9E");
  EXPECT_EQ(escaped("\xE6\x97\xA5\xE6\x9C\xAC\xE8\xAA\x9E!", 6), "\xE6\x97\xA5...");
  EXPECT_EQ(escaped(std::string(1 << 20, 'x'), 10), "xxxxxxx...");
}

TEST(Escape, CountsColumns) {
  EXPECT_EQ(columns_of("abc"), 3u);
  EXPECT_EQ(columns_of("e\xCC\x81"), 1u);
  EXPECT_EQ(columns_of("\xE6\x97\xA5"), 2u);
}

}  // namespace
}  // namespace twolane::app

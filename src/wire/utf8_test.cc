#include "wire/utf8.h"

#include <gtest/gtest.h>

#include <string>

namespace twolane::wire {
namespace {

// The definition, straight from the table of code points.
bool valid_by_decoding(std::string_view s) {
  for (size_t i = 0; i < s.size();) {
    const auto b = static_cast<unsigned char>(s[i]);
    const size_t n = b < 0x80 ? 1 : b >> 5 == 6 ? 2 : b >> 4 == 14 ? 3 : b >> 3 == 30 ? 4 : 0;
    if (n == 0 || i + n > s.size()) return false;
    unsigned point = n == 1 ? b : b & (0xFFu >> (n + 1));
    for (size_t k = 1; k < n; ++k) {
      if (!is_utf8_continuation(s[i + k])) return false;
      point = point << 6 | (static_cast<unsigned char>(s[i + k]) & 0x3F);
    }
    constexpr unsigned least[] = {0, 0, 0x80, 0x800, 0x10000};
    if (point < least[n] || point > 0x10FFFF || (point >= 0xD800 && point <= 0xDFFF)) return false;
    i += n;
  }
  return true;
}

TEST(Utf8, AllPairsAndEdgesOfLongerForms) {
  const unsigned char edges[] = {0x00, 0x41, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF,
                                 0xC0, 0xC1, 0xC2, 0xDF, 0xE0, 0xE1, 0xEC, 0xED, 0xEE,
                                 0xEF, 0xF0, 0xF1, 0xF3, 0xF4, 0xF5, 0xFF};
  std::string s(4, 'x');
  for (unsigned char a : edges)
    for (unsigned char b : edges)
      for (unsigned char c : edges)
        for (unsigned char d : edges) {
          s[0] = static_cast<char>(a), s[1] = static_cast<char>(b);
          s[2] = static_cast<char>(c), s[3] = static_cast<char>(d);
          ASSERT_EQ(is_utf8(s), valid_by_decoding(s));
          ASSERT_EQ(!find_utf8_fault(s), valid_by_decoding(s));
        }
}

TEST(Utf8, TheFaultIsWhereTheBadCharacterBegins) {
  EXPECT_EQ(find_utf8_fault("abc\xFFz"), 3u);
  EXPECT_EQ(find_utf8_fault("é\xC3"), 2u);
  EXPECT_EQ(find_utf8_fault("é€😀"), std::nullopt);
  EXPECT_EQ(find_utf8_fault(""), std::nullopt);
  std::string long_text(100'000, 'a');
  long_text.append("\xE2\x82");
  EXPECT_EQ(find_utf8_fault(long_text), 100'000u);
}

}  // namespace
}  // namespace twolane::wire

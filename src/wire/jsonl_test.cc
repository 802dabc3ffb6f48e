#include "wire/jsonl.h"

#include <gtest/gtest.h>

#include <vector>

namespace twolane::wire {
namespace {

struct Seen {
  std::string text;
  int64_t number, offset, length;
  bool ended, too_long;
  bool operator==(const Seen&) const = default;
};

void PrintTo(const Seen& s, std::ostream* out) {
  *out << s.number << '@' << s.offset << '+' << s.length << (s.ended ? "" : " open")
       << (s.too_long ? " long " : " ") << '[' << s.text << ']';
}

std::vector<Seen> split(const std::vector<std::string>& pieces, size_t limit = 100) {
  LineSplitter splitter(limit);
  std::vector<Seen> seen;
  const auto note = [&](const Line& l) {
    seen.push_back({std::string(l.text), l.number, l.offset, l.length, l.ended, l.too_long});
  };
  for (const std::string& piece : pieces) {
    splitter.feed(piece);
    while (auto line = splitter.next()) note(*line);
  }
  if (auto line = splitter.finish()) note(*line);
  EXPECT_FALSE(splitter.finish());
  EXPECT_EQ(splitter.lines(), static_cast<int64_t>(seen.size()));
  return seen;
}

void expect_at_every_split(const std::string& text, const std::vector<Seen>& expected,
                           size_t limit = 100) {
  EXPECT_EQ(split({text}, limit), expected);
  std::vector<std::string> bytes;
  for (char c : text) bytes.emplace_back(1, c);
  EXPECT_EQ(split(bytes, limit), expected);
  for (size_t a = 0; a <= text.size(); ++a)
    for (size_t b = a; b <= text.size(); ++b)
      ASSERT_EQ(split({text.substr(0, a), text.substr(a, b - a), text.substr(b)}, limit), expected)
          << "cut at " << a << " and " << b;
}

TEST(Lines, EndsOfLines) {
  expect_at_every_split("a\nbc\r\n\n\r\nd\re\n", {{"a", 1, 0, 1, true, false},
                                                  {"bc", 2, 2, 2, true, false},
                                                  {"", 3, 6, 0, true, false},
                                                  {"", 4, 7, 0, true, false},
                                                  {"d\re", 5, 9, 3, true, false}});
}

TEST(Lines, TheLastLineMayLackItsEnd) {
  expect_at_every_split("ab\ncd", {{"ab", 1, 0, 2, true, false}, {"cd", 2, 3, 2, false, false}});
  expect_at_every_split("cd\r", {{"cd", 1, 0, 2, false, false}});
}

TEST(Lines, NothingInNothingOut) {
  expect_at_every_split("", {});
  expect_at_every_split("\xEF\xBB\xBF", {});
}

TEST(Lines, AByteOrderMarkIsSkippedOnceAtTheStart) {
  expect_at_every_split("\xEF\xBB\xBF{}\n\xEF\xBB\xBFx\n",
                        {{"{}", 1, 3, 2, true, false}, {"\xEF\xBB\xBFx", 2, 6, 4, true, false}});
}

TEST(Lines, TooLongLinesAreCutAndTheNextOnesAreWhole) {
  expect_at_every_split("12345\n123456\r\n12345\r\n1234567890",
                        {{"12345", 1, 0, 5, true, false},
                         {"12345", 2, 6, 6, true, true},
                         {"12345", 3, 14, 5, true, false},
                         {"12345", 4, 21, 10, false, true}},
                        5);
}

TEST(Lines, AByteOrderMarkTakesNothingFromTheLimit) {
  expect_at_every_split(
      "\xEF\xBB\xBF"
      "12345\r\n",
      {{"12345", 1, 3, 5, true, false}}, 5);
}

TEST(Lines, ALineWithoutEndDoesNotGrowMemory) {
  LineSplitter splitter(1000);
  const std::string piece(1 << 16, 'x');
  for (int i = 0; i < 1000; ++i) {
    splitter.feed(piece);
    ASSERT_FALSE(splitter.next());
  }
  const auto line = splitter.finish();
  ASSERT_TRUE(line);
  EXPECT_TRUE(line->too_long);
  EXPECT_EQ(line->text.size(), 1000u);
  EXPECT_EQ(line->length, 1000 << 16);
}

TEST(Lines, LinesWithinAPieceAreNotCopied) {
  const std::string piece = "one\ntwo\n";
  LineSplitter splitter(100);
  splitter.feed(piece);
  EXPECT_EQ(splitter.next()->text.data(), piece.data());
  EXPECT_EQ(splitter.next()->text.data(), piece.data() + 4);
}

}  // namespace
}  // namespace twolane::wire

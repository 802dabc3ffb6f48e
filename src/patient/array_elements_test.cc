// Elements are the same however the bytes are cut into pieces.
#include "patient/array_elements.h"

#include <gtest/gtest.h>

#include <vector>

namespace twolane::patient {
namespace {

struct Seen {
  std::string text;
  int64_t offset, line, column;
  std::string fault;
  bool operator==(const Seen&) const = default;
};

std::vector<Seen> read(const std::vector<std::string>& pieces, size_t limit = 1000) {
  ArrayElements elements(limit);
  std::vector<Seen> seen;
  const auto take = [&](const ArrayElement& e) {
    if (e.fault)
      seen.push_back({"", 0, e.fault->where.line, e.fault->where.column, e.fault->why});
    else
      seen.push_back(
          {std::string(e.text), e.offset, e.line, e.column, e.too_long ? "too long" : ""});
  };
  for (const auto& piece : pieces) {
    elements.feed(piece);
    while (auto e = elements.next()) take(*e);
  }
  while (auto e = elements.finish()) take(*e);
  return seen;
}

void same_for_every_split(const std::string& text, const std::vector<Seen>& expected) {
  for (size_t a = 0; a <= text.size(); ++a)
    for (size_t b = a; b <= text.size(); b += 3)
      ASSERT_EQ(read({text.substr(0, a), text.substr(a, b - a), text.substr(b)}), expected)
          << a << ' ' << b;
}

TEST(ArrayElements, EverySplit) {
  const std::string text =
      "\xEF\xBB\xBF{ \"requests\" :\n [ {\"a\":\"}\\\"]\"},\n{\"b\":[{}]}, {}\n] }\n";
  same_for_every_split(text, {{"{\"a\":\"}\\\"]\"}", 21, 2, 4, ""},
                              {"{\"b\":[{}]}", 35, 3, 1, ""},
                              {"{}", 47, 3, 13, ""}});
}

TEST(ArrayElements, AnEmptyArray) { same_for_every_split("{\"requests\":[]}", {}); }

TEST(ArrayElements, BrokenArrays) {
  same_for_every_split(
      "{\"requests\":[{}\n {}]}",
      {{"{}", 13, 1, 14, ""}, {"", 0, 2, 2, "expected a comma or the end of the array"}});
  same_for_every_split("{\"request\":[]}",
                       {{"", 0, 1, 10, "expected \"requests\" and nothing else"}});
  same_for_every_split(
      "{\"requests\":[{}",
      {{"{}", 13, 1, 14, ""}, {"", 0, 1, 16, "the text ends before the array does"}});
  same_for_every_split("{\"requests\":[3]}", {{"", 0, 1, 14, "expected an object"}});
  same_for_every_split("{\"requests\":[]} 1", {{"", 0, 1, 17, "nothing may follow the value"}});
}

TEST(ArrayElements, AnElementThatNeverEnds) {
  const auto seen = read({"{\"requests\":[\n {\"a\":1,\n", " \"b\" 2"});
  ASSERT_EQ(seen.size(), 1u);
  EXPECT_EQ(seen[0].line, 3);
  EXPECT_EQ(seen[0].column, 6);
}

TEST(ArrayElements, TooLong) {
  const std::string text = "{\"requests\":[{\"a\":\"" + std::string(50, 'x') + "\"},{}]}";
  for (size_t cut = 0; cut <= text.size(); ++cut) {
    const auto seen = read({text.substr(0, cut), text.substr(cut)}, 40);
    ASSERT_EQ(seen.size(), 2u) << cut;
    EXPECT_EQ(seen[0].fault, "too long");
    EXPECT_EQ(seen[0].text.size(), 40u);
    EXPECT_EQ(seen[1].text, "{}");
  }
}

}  // namespace
}  // namespace twolane::patient

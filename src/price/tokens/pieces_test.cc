// Pieces as the patterns cut them, row by row; the expectations were made with tiktoken's patterns.
#include "price/tokens/pieces.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace twolane::price::tokens {
namespace {

std::string cut(Encoding encoding, std::string_view text) {
  Pieces pieces(encoding, text);
  std::string joined, whole;
  for (auto piece = pieces.next(); !piece.empty(); piece = pieces.next()) {
    joined += (joined.empty() ? "" : "|") + std::string(piece);
    whole += piece;
  }
  EXPECT_EQ(whole, text);
  return joined;
}

struct Row {
  const char *text, *o200k, *cl100k;
};

TEST(Pieces, EachAlternativeOfThePatterns) {
  const Row rows[] = {
      {"", "", ""},
      {"hello world", "hello| world", "hello| world"},
      {"it's I'LL we'Ve x'y", "it's| I'LL| we'Ve| x|'y", "it|'s| I|'LL| we|'Ve| x|'y"},
      {"camelCase HTTPServer", "camel|Case| HTTPServer", "camelCase| HTTPServer"},
      {"1234567 x", "123|456|7| x", "123|456|7| x"},
      {"a  b", "a| | b", "a| | b"},
      {"a\n\n  b", "a|\n\n| | b", "a|\n\n| | b"},
      {"a \n b", "a| \n| b", "a| \n| b"},
      {"end  ", "end|  ", "end|  "},
      {"foo//\n/x", "foo|//\n/|x", "foo|//\n|/x"},
      {"(x) !? a", "(x|)| !?| a", "(x|)| !?| a"},
      {"\tx", "\tx", "\tx"},
      {"\u00e9t\u00e9 \u00c9T", "\u00e9t\u00e9| \u00c9T", "\u00e9t\u00e9| \u00c9T"},
      {"\u65e5\u672cAB", "\u65e5\u672c|AB", "\u65e5\u672cAB"},
      {"A\u0300B", "A\u0300|B", "A|\u0300B"},
      {"\u0300A", "\u0300|A", "\u0300A"},
      {"it'\u017f", "it'\u017f", "it|'\u017f"},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(cut(Encoding::o200k, row.text), row.o200k) << row.text;
    EXPECT_EQ(cut(Encoding::cl100k, row.text), row.cl100k) << row.text;
  }
}

TEST(Pieces, BytesThatAreNoCharactersAreLostNowhere) {
  for (const char* text : {"\xff\xfe", "a\xc3", "\xe2\x82 b", "\xf5\x80\x80\x80", "\x80x"}) {
    cut(Encoding::o200k, text);
    cut(Encoding::cl100k, text);
  }
}

TEST(UnicodeClasses, OneOfEachKind) {
  const auto& classes = unicode_classes();
  EXPECT_EQ(classes.of('\n'), CharClass::newline);
  EXPECT_EQ(classes.of(' '), CharClass::space);
  EXPECT_EQ(classes.of(0x85), CharClass::space);
  EXPECT_EQ(classes.of(0xFEFF), CharClass::other);
  EXPECT_EQ(classes.of('Z'), CharClass::upper);
  EXPECT_EQ(classes.of(0x100), CharClass::upper);  // within a run of pairs
  EXPECT_EQ(classes.of(0x101), CharClass::lower);
  EXPECT_EQ(classes.of(0x1C5), CharClass::upper);  // a title-case letter
  EXPECT_EQ(classes.of(0x2B0), CharClass::other_letter);
  EXPECT_EQ(classes.of(0x4E2D), CharClass::other_letter);
  EXPECT_EQ(classes.of(0x301), CharClass::mark);
  EXPECT_EQ(classes.of(0xBD), CharClass::number);
  EXPECT_EQ(classes.of(0x10D50), CharClass::upper);  // new in Unicode 16
  EXPECT_EQ(classes.of(0x110000), CharClass::other);
}

}  // namespace
}  // namespace twolane::price::tokens

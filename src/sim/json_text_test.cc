// Writing JSON: what comes out reads back as what went in.

#include "sim/json_text.h"

#include <gtest/gtest.h>

#include "base/money.h"
#include "sim/lines.h"
#include "sim/storage.h"
#include "wire/json.h"

namespace twolane::sim {
namespace {

TEST(JsonText, QuotedTextsReadBack) {
  std::string all;
  for (int c = 1; c < 128; ++c) all += static_cast<char>(c);
  for (const std::string& text :
       {std::string(), all, std::string("h\u00e4 \U0001F600 \"x\" \\"), std::string("a\0b", 3)}) {
    std::string out;
    append_quoted(out, text);
    const auto back = wire::parse_json(out);
    ASSERT_TRUE(back) << out;
    EXPECT_EQ(back->get<std::string>(), text);
  }
}

TEST(JsonText, AmountsAreThoseOfMoney) {
  for (int64_t pico : {0ll, 1ll, 10'000'000'000ll, 123'456'789'000'000ll, 999'999'999'999ll,
                       1'000'000'000'000ll, 2'500'000'000'000ll}) {
    std::string out;
    append_usd(out, pico);
    EXPECT_EQ(out, exact_usd(PicoUsd{pico}));
  }
}

TEST(JsonText, NumbersAndCuts) {
  std::string out;
  append_fixed(out, -0.03125, 5), out += ' ', append_fixed(out, 1, 5), out += ' ',
      append_fixed(out, 0.5, 2);
  EXPECT_EQ(out, "-0.03125 1 0.5");
  EXPECT_EQ(cut_utf8("a\u00e4b", 2), "a");
  EXPECT_EQ(cut_utf8("a\u00e4b", 3), "a\u00e4");
  std::string code;
  append_base64(code, "ab"), append_base64(code, "abc"), append_base64(code, "a");
  EXPECT_EQ(code, "YWI=YWJjYQ==");
}

TEST(Lines, AreTheSameWhateverTheirLength) {
  auto storage = Storage::open("");
  ASSERT_TRUE(storage);
  std::vector<std::string> wanted = {"", "one", std::string(3 << 20, 'x'), "two",
                                     std::string(1 << 20, 'y')};
  auto blob = (*storage)->create("b");
  ASSERT_TRUE(blob);
  for (size_t i = 0; i < wanted.size(); ++i)
    ASSERT_TRUE((*blob)->append(wanted[i] +
                                (i + 1 < wanted.size() ? "\n" : "")));  // the last one has no end
  Lines lines(*(*storage)->read("b"));
  std::string_view line;
  for (const std::string& text : wanted) {
    ASSERT_TRUE(*lines.next(line));
    EXPECT_TRUE(line == text) << line.size();
  }
  EXPECT_FALSE(*lines.next(line));
}

}  // namespace
}  // namespace twolane::sim

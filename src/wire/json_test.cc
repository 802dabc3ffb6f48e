#include "wire/json.h"

#include <gtest/gtest.h>

#include <limits>

#include "wire/json_fault.h"
#include "wire/utf8.h"

namespace twolane::wire {
namespace {

TEST(Json, KeepsOrderAndNumbers) {
  for (const char* text :
       {R"({"z":1,"a":[true,null,"é\n"],"m":{"b":{},"a":[]}})", "18446744073709551615",
        "-9223372036854775808", "0.1", "1e+100", R"("\u0000")", "[]", "null"})
    EXPECT_EQ(dump(parse_json(text).value()), text);
}

TEST(Json, ARepeatedNameKeepsItsLastValueInItsFirstPlace) {
  EXPECT_EQ(dump(parse_json(R"({"a":1,"b":2,"a":{"x":3}})").value()), R"({"a":{"x":3},"b":2})");
  std::string many = "{", expected = "{";
  for (int i = 0; i < 40; ++i) many += "\"k" + std::to_string(i) + "\":" + std::to_string(i) + ",";
  for (int i = 0; i < 40; ++i)
    expected +=
        "\"k" + std::to_string(i) + "\":" + std::to_string(i == 7 ? 700 : i) + (i < 39 ? "," : "}");
  EXPECT_EQ(dump(parse_json(many + "\"k7\":70,\"k7\":700}").value()), expected);
}

TEST(Json, AnObjectOfManyNamesIsNotQuadratic) {
  std::string text = "{";
  for (int i = 0; i < 200'000; ++i) text += "\"" + std::to_string(i) + "\":0,";
  text.back() = '}';
  EXPECT_EQ(parse_json(text).value().size(), 200'000u);  // minutes if each name were looked up
}

struct Faulty {
  std::string text;
  int64_t line, column;
  std::string why;
};

TEST(Json, SaysWhereAndWhat) {
  const std::vector<Faulty> cases = {
      {R"({"a":1,url":"x"})", 1, 8, "expected a quoted name"},
      {R"({"a":1,})", 1, 8, "expected a quoted name"},
      {R"({'a':1})", 1, 2, "expected a quoted name"},
      {R"({"a" 1})", 1, 6, "expected ':' after the name"},
      {R"({"a":1 "b":2})", 1, 8, "expected ',' or '}'"},
      {"{\n \"a\":\n  None}", 3, 3, "expected a value"},
      {"[1 2]", 1, 4, "expected ',' or ']'"},
      {"[1,2", 1, 5, "the text ends inside an array"},
      {R"({"a":"b)", 1, 8, "the text ends inside a string"},
      {R"({"a":1)", 1, 7, "the text ends inside an object"},
      {"", 1, 1, "expected a value, but the text ends here"},
      {"{} x", 1, 4, "nothing may follow the value"},
      {std::string("{}\0x", 4), 1, 3, "nothing may follow the value"},
      {"[tru]", 1, 2, "expected true"},
      {"[01]", 1, 3, "a number does not begin with 0"},
      {"[-]", 1, 3, "expected a digit"},
      {"[1.]", 1, 4, "expected a digit"},
      {"[1e999]", 1, 2, "the number is too large"},
      {"[\"a\tb\"]", 1, 4, "a control character in a string must be escaped"},
      {R"(["a\x"])", 1, 4, "unknown escape"},
      {R"(["\u12g4"])", 1, 7, "expected four hex digits"},
      {R"(["\ud83d"])", 1, 3, "half of a surrogate pair"},
      {R"(["\ude00"])", 1, 3, "half of a surrogate pair"},
      {"[\"ab\xFF\"]", 1, 5, "invalid UTF-8"},
      {"[\"\xED\xA0\x80\"]", 1, 3, "invalid UTF-8"},
  };
  for (const Faulty& c : cases) {
    auto r = parse_json(c.text);
    ASSERT_FALSE(r) << c.text;
    EXPECT_EQ(r.error().code, "wire.json");
    EXPECT_EQ(r.error().where.line, c.line) << c.text;
    EXPECT_EQ(r.error().where.column, c.column) << c.text;
    EXPECT_EQ(r.error().why, c.why) << c.text;
  }
}

TEST(Json, TheExcerptPointsAtTheFault) {
  const std::string line = R"({"custom_id":"t-07001","method":"POST",url":"/v1/chat/completions"})";
  const Error e = parse_json(line).error();
  EXPECT_EQ(e.where.column, 40);
  EXPECT_EQ(e.excerpt, R"(...,"method":"POST",url":"/v1/chat/)");
  EXPECT_EQ(e.excerpt.substr(static_cast<size_t>(e.excerpt_caret), 3), "url");
}

TEST(Json, TheExcerptIsCleanUtf8) {
  std::string text = "[\"";
  for (int i = 0; i < 30; ++i) text += "é\x1b";
  for (size_t cut = 2; cut < text.size(); ++cut) {
    const Error e = error_at("x", "x", text, cut, "");
    EXPECT_TRUE(is_utf8(e.excerpt));
    EXPECT_EQ(e.excerpt.find('\x1b'), std::string::npos);
    EXPECT_LE(e.excerpt.size(), 36u);
    EXPECT_GE(e.excerpt_caret, 0);
    EXPECT_LE(e.excerpt_caret, static_cast<int64_t>(e.excerpt.size()));
  }
}

TEST(Json, Depth) {
  const auto nested = [](size_t n) { return std::string(n, '[') + std::string(n, ']'); };
  EXPECT_TRUE(parse_json(nested(256)));
  EXPECT_EQ(parse_json(nested(257)).error().why, "nested too deeply");
  EXPECT_EQ(parse_json(std::string(1'000'000, '[')).error().where.column, 257);
}

// Every text of up to six pieces of this alphabet: both readers agree on what is JSON.
TEST(Json, TheFaultFinderAgreesWithTheParser) {
  const std::vector<std::string> alphabet = {"{",     "}", "[", "]",    ",", ":",
                                             "\"a\"", "1", "-", "true", " ", "\"\\u00"};
  std::vector<std::string> texts = {""};
  size_t checked = 0, good = 0;
  for (int length = 0; length < 5; ++length) {
    std::vector<std::string> longer;
    for (const auto& t : texts)
      for (const auto& piece : alphabet) longer.push_back(t + piece);
    for (const auto& t : longer) {
      const bool accepted = Json::accept(t);
      ASSERT_EQ(accepted, !find_json_fault(t)) << t;
      good += accepted;
      ++checked;
    }
    texts = std::move(longer);
  }
  EXPECT_EQ(checked, 12u + 144 + 1728 + 20736 + 248832);
  EXPECT_GT(good, 200u);
}

TEST(Json, LooksUpWithoutThrowing) {
  const Json j =
      parse_json(R"({"s":"text","n":12,"f":12.0,"h":0.5,"big":18446744073709551615,"o":{}})")
          .value();
  EXPECT_EQ(string_at(j, "s"), "text");
  EXPECT_EQ(string_at(j, "n"), "");
  EXPECT_EQ(string_at(j, "absent"), "");
  EXPECT_EQ(int_at(j, "n"), 12);
  EXPECT_EQ(int_at(j, "f"), 12);
  EXPECT_EQ(int_at(j, "h", -1), -1);
  EXPECT_EQ(int_at(j, "big", -1), -1);
  EXPECT_EQ(int_at(j, "s", 7), 7);
  EXPECT_EQ(find(Json::array(), "s"), nullptr);
  EXPECT_EQ(find(j, "o")->size(), 0u);
}

// What nlohmann's own writer makes of it, which the faster one must not differ from.
std::string reference(const Json& value) { return value.dump(-1, ' ', false, Json::error_handler_t::replace); }

TEST(Json, DumpIsWhatNlohmannWrites) {
  for (int c = 0; c < 256; ++c)
    for (const size_t before : {0u, 1u, 6u, 7u, 8u, 15u, 64u}) {
      const std::string text = std::string(before, 'x') + static_cast<char>(c) + "y" + std::string(before, 'z');
      EXPECT_EQ(dump(text), reference(text)) << c << ' ' << before;
      EXPECT_EQ(dump(Json{{text, 1}}), reference(Json{{text, 1}})) << c;
    }
  for (const char* text : {"", "\xC3\xA9t\xC3\xA9 \"\n\\", "\xE2\x82\xAC\x01\xF0\x9F\x98\x80", "12345678\xFF\"", "\xED\xA0\x80", "\x7F"})
    EXPECT_EQ(dump(Json(text)), reference(Json(text))) << text;
  for (const Json& value :
       {Json(nullptr), Json(true), Json(false), Json(0), Json(-1), Json(INT64_MIN), Json(UINT64_MAX), Json(0.1), Json(1.0),
        Json(1e300), Json(-0.0), Json::array(), Json::object(), Json::array({1, "a", Json::array(), Json::object()}),
        Json{{"", Json{{"b", nullptr}}}, {"a", Json::array({0.5, -7})}}})
    EXPECT_EQ(dump(value), reference(value));
}

TEST(Json, DumpWritesScalarsAsNlohmannDoes) {
  for (const double n : {0.0, -0.0, 0.2, 1.0, 1e20, 1e-5, 123456789.125, 5e-324, 1.7976931348623157e308})
    EXPECT_EQ(dump(Json(n)), reference(Json(n)));
  EXPECT_EQ(dump(Json(std::numeric_limits<double>::infinity())), "null");
  EXPECT_EQ(dump(parse_json("[true,false,null,-1,18446744073709551615]").value()),
            "[true,false,null,-1,18446744073709551615]");
}

TEST(Json, AnObjectFromMembersKeepsTheirOrderAndMovesThem) {
  std::string text(100, 'x');
  const char* const bytes = text.data();
  Json object = object_of({{"b", std::move(text)}, {"a", object_of({{"n", 1}})}, {"c", nullptr}}, 1);
  EXPECT_EQ(object["b"].get_ref<const std::string&>().data(), bytes);
  object["more"] = Json::array({true});
  object["and more"] = "";
  EXPECT_EQ(dump(object), "{\"b\":\"" + std::string(100, 'x') + R"(","a":{"n":1},"c":null,"more":[true],"and more":""})");
  EXPECT_EQ(dump(object_of({})), "{}");
}

TEST(Json, ATreeGivesBackWhatIsDeep) {
  std::string deep;
  for (int i = 0; i < 127; ++i) deep += "[{\"a\":";
  deep += "\"text that is too long to lie within its string\"";
  for (int i = 0; i < 127; ++i) deep += "}]";
  const Tree tree(parse_json(deep).value());
  EXPECT_EQ(dump(tree.json), deep);
}

TEST(Json, BothWaysInGiveTheSame) {
  // Left: as a usual text is read. Right: the same behind a byte order mark, which nlohmann reads.
  for (const char* text :
       {R"({"a":[1,-1,0,-0,1.5,1e3,-2.5E-3,true,false,null,"x"],"b":{},"c":[]})", R"("\u00e9\n\t\/\"\\")", R"({"a":1,"b":2,"a":3})",
        "18446744073709551615", "9223372036854775807", "9223372036854775808", "-9223372036854775808", "[[[[1]]]]", R"("")",
        R"({"":{"":""}})", " [ 1 , 2 ] ", "0.1", "1E400", "-9223372036854775809", "18446744073709551616", "1e-400",
        R"("\ud83d\ude00")", R"("\ud83d")", R"("\udc00")", "\"\xC0\x80\"", "01", "1.", "[1,]", "{\"a\":1,}", "nul", "[1] 2",
        "\"a\nb\"", "-", "+1", ".5", "NaN", "\"\\x\""}) {
    const auto usual = parse_json(text);
    const auto other = parse_json("\xEF\xBB\xBF" + std::string(text));
    ASSERT_EQ(usual.has_value(), other.has_value()) << text;
    if (!usual) continue;
    EXPECT_EQ(dump(*usual), dump(*other)) << text;
    EXPECT_EQ(usual->type() == Json::value_t::number_float, other->type() == Json::value_t::number_float) << text;
  }
}

TEST(Json, LargeTextsAreReadLikeSmallOnes) {
  std::string text = "[";
  for (int i = 0; i < 40'000; ++i) text += "{\"n\":" + std::to_string(i) + ",\"s\":\"\\u00e9\"},";
  text += "null]";
  ASSERT_GT(text.size(), size_t{256 << 10});
  const auto value = parse_json(text);
  ASSERT_TRUE(value);
  EXPECT_EQ(value->size(), 40'001u);
  EXPECT_EQ((*value)[39'999]["n"], 39'999);
  EXPECT_FALSE(parse_json(text.substr(0, text.size() - 1)));
  EXPECT_EQ(dump(*parse_json(dump(*value))), dump(*value));
}

TEST(Json, DumpReplacesInvalidUtf8) { EXPECT_EQ(dump(Json("a\xFFz")), "\"a\xEF\xBF\xBDz\""); }

}  // namespace
}  // namespace twolane::wire

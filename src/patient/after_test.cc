// Which ids a line comes after, and where their answers go.
#include "patient/after.h"

#include <gtest/gtest.h>

namespace twolane::patient {
namespace {

using Ids = std::vector<std::string>;

BatchLine::Member json(std::string_view text) { return {BatchLine::Is::other, text}; }

std::string filled(std::string_view body, const Ids& ids, const Ids& texts) {
  const auto places = answer_places(body, ids);
  if (!places) return places.error().code + ": " + places.error().message;
  int64_t inserted = 0;
  return with_answers(body, *places, texts, inserted);
}

TEST(After, one_id_or_several) {
  EXPECT_EQ(ids_after({}).value(), Ids());
  EXPECT_EQ(ids_after({BatchLine::Is::text, "a"}).value(), Ids{"a"});
  EXPECT_EQ(ids_after(json(R"(["a","b\"c"])")).value(), (Ids{"a", "b\"c"}));
  EXPECT_EQ(ids_after(json("[]")).value(), Ids());
  EXPECT_EQ(ids_after(json("null")).value(), Ids());
  for (const BatchLine::Member& bad : {BatchLine::Member{BatchLine::Is::text, ""}, json("7"), json("{}"), json("[1]"),
                                       json(R"(["a",""])"), json(R"(["a","a"])"), json("[\"a\"")}) {
    const auto ids = ids_after(bad);
    ASSERT_FALSE(ids.has_value()) << bad.text;
    EXPECT_EQ(ids.error().code, "input.after");
    EXPECT_EQ(ids.error().where.field, "after");
  }
}

TEST(After, answers_are_put_where_they_are_named) {
  EXPECT_EQ(filled(R"({"t":"x {{answer}} y {{answer:a}}"})", {"a"}, {"42"}), R"({"t":"x 42 y 42"})");
  EXPECT_EQ(filled(R"({"t":["{{answer:a}}","{{answer:b c}}"]})", {"a", "b c"}, {"1", "2"}), R"({"t":["1","2"]})");
  EXPECT_EQ(filled(R"({"t":"{{answer:q\"q}}"})", {"q\"q"}, {"1"}), R"({"t":"1"})");
  EXPECT_EQ(filled(R"({"t":"{{answer:a}}"})", {"a"}, {"say \"hi\"\n{{answer}} \\ \x01 é"}),
            "{\"t\":\"say \\\"hi\\\"\\n{{answer}} \\\\ \\u0001 é\"}");
}

TEST(After, what_is_no_place_stays) {
  for (const char* body : {R"({"t":"{{answers}} {{ answer }} {answer}"})", R"({"t":"{{answer:a"})",
                           R"({"t":"{{answer:","u":"}}"})", R"({"t":"{{answer"})"})
    EXPECT_EQ(filled(body, {"a"}, {"1"}), body);
}

TEST(After, places_of_nobody_are_refused) {
  EXPECT_EQ(filled(R"({"t":"{{answer}}"})", {"a", "b"}, {}), "input.after: {{answer}} does not say whose");
  EXPECT_EQ(filled(R"({"t":"{{answer:c}}"})", {"a"}, {}),
            "input.after: {{answer:c}} is the answer of no request in after");
  EXPECT_EQ(filled(R"({"t":"{{answer}}"})", {}, {}).substr(0, 11), "input.after");
}

TEST(After, inserted_bytes_are_counted) {
  const std::string body = R"({"t":"{{answer}}{{answer}}"})";
  const Ids ids{"a"}, texts{"\n\n\n"};
  int64_t inserted = 10;
  with_answers(body, answer_places(body, ids).value(), texts, inserted);
  EXPECT_EQ(inserted, 16);
}

}  // namespace
}  // namespace twolane::patient

// The quick look at a line agrees with the full one wherever it has an opinion.
#include "patient/batch_line.h"

#include <gtest/gtest.h>

#include <vector>

namespace twolane::patient {
namespace {

struct Parts {
  std::string id, method, url, body;
  bool operator==(const Parts&) const = default;
};

Parts parts(const BatchLine& line) {
  return {std::string(line.custom_id.text), std::string(line.method.text),
          std::string(line.url.text), std::string(line.body.text)};
}

std::optional<Parts> usual(std::string_view text, InputFormat format = InputFormat::openai_jsonl) {
  BatchLine line;
  if (!BatchLineReader::read_usual(format, text, line)) return std::nullopt;
  return parts(line);
}

std::optional<Parts> full(std::string_view text, InputFormat format = InputFormat::openai_jsonl) {
  BatchLineReader reader;
  PaddedLine padded;
  BatchLine line;
  if (reader.read(format, padded.hold(text), line)) return std::nullopt;
  return parts(line);
}

TEST(BatchLine, UsualLinesReadTheSame) {
  const Parts expected{"a", "POST", "/v1/responses", R"({"model":"m","x":[{"y":"}"}]})"};
  const std::string head = R"({"custom_id":"a","method":"POST","url":"/v1/responses","body":)";
  for (const std::string& text :
       {head + expected.body + "}", head + " " + expected.body + " } ",
        R"( { "custom_id" : "a" , "method":"POST", "url":"/v1/responses" ,"body" :)" +
            expected.body + "\t}"}) {
    EXPECT_EQ(usual(text), expected) << text;
    EXPECT_EQ(full(text), expected) << text;
  }
}

TEST(BatchLine, UnusualLinesAreLeftToTheFullReader) {
  for (const char* text : {
           R"({"custom_id":"\u0061","method":"POST","url":"/v1/responses","body":{"model":"m"}})",
           R"({"custom_id":"é","body":{"model":"m"}})",
           R"({"custom_id":7,"body":{"model":"m"}})",
           R"({"custom_id":"a","custom_id":"b","body":{"model":"m"}})",
           R"({"note":"x","custom_id":"a","body":{"model":"m"}})",
           R"({"custom_id":"a","body":[{"model":"m"}]})",
           R"({"custom_id":"a"})",
       }) {
    EXPECT_FALSE(usual(text)) << text;
    EXPECT_TRUE(full(text)) << text;
  }
  EXPECT_EQ(full(R"({"custom_id":"\u0061\n","body":{}})")->id, "a\n");
}

TEST(BatchLine, MembersBehindTheBody) {
  const std::string text =
      R"({"custom_id":"a","body":{"model":"m"},"method":"POST","url":"/v1/responses"})";
  EXPECT_FALSE(usual(text)) << "the line does not end with two braces";
  EXPECT_EQ(full(text), (Parts{"a", "POST", "/v1/responses", R"({"model":"m"})"}));
  const std::string object_behind = R"({"custom_id":"a","body":{"model":"m"},"z":{}})";
  ASSERT_TRUE(usual(object_behind));
  EXPECT_FALSE(full(usual(object_behind)->body)) << "what was taken for the body is no JSON";
  EXPECT_EQ(full(object_behind)->body, R"({"model":"m"})");
}

TEST(BatchLine, NoJson) {
  for (const char* text : {"", "{", "x", R"({"custom_id":"a" "body":{}})", R"({"body":{}} {})",
                           R"({"body":{})", "{\"custom_id\":\"a\x01\",\"body\":{}}"}) {
    EXPECT_FALSE(full(text)) << text;
    EXPECT_FALSE(usual(text)) << text;
  }
}

}  // namespace
}  // namespace twolane::patient

// Output lines in every dialect.
#include <gtest/gtest.h>

#include "dialect/batch_api.h"
#include "wire/json.h"

namespace twolane::dialect {
namespace {

std::string line(Dialect dialect, const OutputLine& output) {
  std::string text;
  append_output_line(text, dialect, output);
  EXPECT_TRUE(text.ends_with('\n'));
  EXPECT_EQ(text.find('\n'), text.size() - 1);
  EXPECT_TRUE(wire::parse_json(text)) << text;
  return text.substr(0, text.size() - 1);
}

TEST(OutputLine, OpenAi) {
  auto d = Dialect::openai;
  EXPECT_EQ(
      line(d, {"t\"1", RequestState::succeeded, 200, "req_1", "{\"id\":\n1}", ""}),
      R"({"id":"req_1","custom_id":"t\"1","response":{"status_code":200,"request_id":"req_1","body":{"id": 1}},"error":null})");
  EXPECT_EQ(
      line(d, {"t", RequestState::failed, 400, "", "",
               R"({"message":"m\u0007","type":"invalid_request_error","param":"p","code":null})"}),
      R"({"id":"t","custom_id":"t","response":{"status_code":400,"request_id":"","body":{"error":{"message":"m\u0007","type":"invalid_request_error","param":"p","code":"invalid_request_error"}}},"error":null})");
  EXPECT_EQ(
      line(d, {"t", RequestState::failed, 0, "", "", R"({"code":"input.json","message":"bad"})"}),
      R"({"id":"t","custom_id":"t","response":null,"error":{"code":"input.json","message":"bad"}})");
  EXPECT_EQ(
      line(d, {"t", RequestState::expired, 0, "", "", ""}),
      R"({"id":"t","custom_id":"t","response":null,"error":{"code":"batch_expired","message":"The request was not answered within its window."}})");
  EXPECT_NE(
      line(d, {"t", RequestState::cancelled, 0, "", "", ""}).find(R"("code":"batch_cancelled")"),
      std::string::npos);
  EXPECT_NE(line(d, {"t", RequestState::open, 0, "", "", R"({"code":"open","message":"m"})"})
                .find(R"("code":"open")"),
            std::string::npos);
}

TEST(OutputLine, Anthropic) {
  auto d = Dialect::anthropic;
  EXPECT_EQ(line(d, {"t", RequestState::succeeded, 200, "", R"({"id":"msg_1"})", ""}),
            R"({"custom_id":"t","result":{"type":"succeeded","message":{"id":"msg_1"}}})");
  EXPECT_EQ(
      line(d, {"t", RequestState::failed, 400, "req", "",
               R"({"type":"invalid_request_error","message":"m"})"}),
      R"({"custom_id":"t","result":{"type":"errored","error":{"type":"error","error":{"type":"invalid_request_error","message":"m"},"request_id":"req"}}})");
  EXPECT_EQ(
      line(d, {"t", RequestState::failed, 429, "", "",
               R"({"code":8,"status":"RESOURCE_EXHAUSTED","message":"m"})"}),
      R"({"custom_id":"t","result":{"type":"errored","error":{"type":"error","error":{"type":"rate_limit_error","message":"m"},"request_id":null}}})");
  EXPECT_EQ(line(d, {"t", RequestState::expired, 0, "", "", ""}),
            R"({"custom_id":"t","result":{"type":"expired"}})");
  EXPECT_EQ(line(d, {"t", RequestState::cancelled, 0, "", "", ""}),
            R"({"custom_id":"t","result":{"type":"canceled"}})");
}

TEST(OutputLine, Gemini) {
  auto d = Dialect::gemini;
  EXPECT_EQ(line(d, {"t", RequestState::succeeded, 200, "", R"({"candidates":[]})", ""}),
            R"({"key":"t","response":{"candidates":[]}})");
  EXPECT_EQ(line(d, {"t", RequestState::failed, 400, "", "", R"({"code":"x","message":"m"})"}),
            R"({"key":"t","error":{"code":3,"message":"m"}})");
  EXPECT_EQ(
      line(d, {"t", RequestState::cancelled, 0, "", "", "not json"}),
      R"({"key":"t","error":{"code":1,"message":"The request was cancelled before it was answered."}})");
}

}  // namespace
}  // namespace twolane::dialect

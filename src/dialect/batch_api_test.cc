// custom_ids, and the table of batch APIs.
#include "dialect/batch_api.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "wire/json.h"

namespace twolane::dialect {
namespace {

TEST(CustomId, GoesThereAndBack) {
  for (int32_t n : {0, 1, 49'999, 2'147'483'647}) {
    std::string id = custom_id_of("0123456789abcdef", n);
    EXPECT_LE(id.size(), 64u);
    auto parsed = parse_custom_id(id);
    ASSERT_TRUE(parsed) << id;
    EXPECT_EQ(parsed->token, "0123456789abcdef");
    EXPECT_EQ(parsed->position, n);
  }
}

TEST(CustomId, NothingElseIsTakenForOurs) {
  for (const char* id :
       {"", "-", "a", "a-", "-1", "a-01", "a--1", "a-+1", "a-1 ", "a-1x", "A-1", "a_b-1",
        "a-2147483648", "a-99999999999999999999", "a-b-1", "012345678901234567890123456789012-1"})
    EXPECT_FALSE(parse_custom_id(id)) << id;
}

TEST(BatchApis, EveryDialectHasAllOfItsFunctions) {
  for (Dialect d : {Dialect::openai, Dialect::anthropic, Dialect::gemini}) {
    const BatchApi& api = batch_api(d);
    EXPECT_TRUE(api.append_request && api.inline_head && api.inline_tail && api.read_upload &&
                api.create_call && api.read_created && api.poll_call && api.read_polled &&
                api.list_call && api.read_listed && api.cancel_call && api.collect_call &&
                api.split_inline && api.read_line && api.cleanup_calls && api.live_call &&
                api.read_tier && api.read_refusal && api.read_account)
        << name_of(d);
    EXPECT_EQ(api.upload_call == nullptr, d == Dialect::anthropic);
  }
}

// Every refusal in the recordings is an unknown model or a parameter that the model does not take.
TEST(BatchApis, RecordedRefusalsAreFinal) {
  const std::filesystem::path folder = std::filesystem::path(TWOLANE_SHARED_DIR) / "recordings";
  if (!std::filesystem::exists(folder)) {
    ASSERT_EQ(std::getenv("CI"), nullptr) << "the recordings are missing: " << folder;
    GTEST_SKIP() << "no recordings at " << folder;
  }
  int refusals = 0;
  for (Dialect d : {Dialect::openai, Dialect::anthropic, Dialect::gemini}) {
    std::ifstream file(folder / (std::string(name_of(d)) + ".jsonl"));
    for (std::string text; std::getline(file, text);) {
      auto exchange = wire::parse_json(text);
      ASSERT_TRUE(exchange);
      wire::HttpReply reply;
      reply.status = static_cast<int>(wire::int_at(*exchange, "status"));
      if (reply.status < 400) continue;
      const wire::Json* body = wire::find(*exchange, "response");
      ASSERT_NE(body, nullptr);
      reply.body = body->is_string() ? body->get<std::string>() : wire::dump(*body);
      Refusal refusal = batch_api(d).read_refusal(reply);
      EXPECT_EQ(refusal.verdict, Verdict::invalid) << name_of(d) << ' ' << refusal.message;
      EXPECT_NE(text.find(refusal.code), text.npos) << refusal.code;
      ++refusals;
    }
  }
  EXPECT_GE(refusals, 8);
}

}  // namespace
}  // namespace twolane::dialect

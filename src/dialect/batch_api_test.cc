// custom_ids, and the table of batch APIs.
#include "dialect/batch_api.h"

#include <gtest/gtest.h>

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

}  // namespace
}  // namespace twolane::dialect

#include "model/endpoint.h"

#include <gtest/gtest.h>

#include <set>

namespace twolane {
namespace {

TEST(Endpoint, OnlyOpenAiUrlsNameAnEndpoint) {
  std::set<std::string_view> names;
  for (int i = 0; i < endpoint_count; ++i) {
    const auto e = static_cast<Endpoint>(i);
    EXPECT_FALSE(wire_name(e).empty());
    EXPECT_TRUE(names.insert(wire_name(e)).second);
    const auto found = endpoint_of_url(wire_name(e));
    if (dialect_of(e) == Dialect::openai)
      EXPECT_EQ(found, e);
    else
      EXPECT_FALSE(found);
  }
  for (const char* url :
       {"", "/v1/chat/completions/", "v1/responses", "/v1/images", "/V1/responses"})
    EXPECT_FALSE(endpoint_of_url(url)) << url;
}

TEST(Endpoint, OperationsGroupWhatTranslates) {
  EXPECT_EQ(operation_of(Endpoint::messages), Operation::chat);
  EXPECT_EQ(operation_of(Endpoint::responses), Operation::chat);
  EXPECT_EQ(operation_of(Endpoint::embed_content), Operation::embedding);
  EXPECT_EQ(operation_of(Endpoint::moderations), Operation::moderation);
}

TEST(Endpoint, Names) {
  EXPECT_EQ(name_of(Dialect::anthropic), "anthropic");
  EXPECT_EQ(name_of(ServiceTier::flex), "flex");
  EXPECT_EQ(name_of(ServiceTier::standard), "standard");
}

}  // namespace
}  // namespace twolane

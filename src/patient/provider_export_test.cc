// The providers' reports as their references print them, and amounts as they come.
#include "patient/provider_export.h"

#include <gtest/gtest.h>

namespace twolane::patient {
namespace {

TEST(ProviderExport, OpenaisUsageCountsCachedTokensInsideTheInput) {
  const auto read = read_provider_export(
      R"({"object":"page","data":[{"object":"bucket","start_time":1736616660,"end_time":1736640000,"results":[)"
      R"({"object":"organization.usage.completions.result","input_tokens":141201,"output_tokens":9756,)"
      R"("num_model_requests":470,"project_id":null,"model":null,"batch":null,"input_cached_tokens":1201}]}],)"
      R"("has_more":true,"next_page":"p2"})");
  ASSERT_TRUE(read) << read.error().why;
  EXPECT_EQ(read->provider, "openai");
  EXPECT_TRUE(read->more);
  ASSERT_EQ(read->lines.size(), 1u);
  const ExportLine& line = read->lines[0];
  EXPECT_EQ(line.begin.ms, 1736616660000);
  EXPECT_EQ(line.usage.fresh, 140'000);
  EXPECT_EQ(line.usage.cache_read, 1'201);
  EXPECT_EQ(line.usage.output, 9'756);
  EXPECT_EQ(line.requests, 470);
  EXPECT_TRUE(line.model.empty());
  EXPECT_TRUE(line.covers(ServiceTier::batch) && line.covers(ServiceTier::flex));
}

TEST(ProviderExport, OpenaisTiers) {
  const auto with = [](const char* members) {
    const auto read = read_provider_export(
        std::string(
            R"({"start_time":0,"end_time":60,"results":[{"input_tokens":1,"output_tokens":1,)") +
        members + "}]}");
    return read.value().lines.at(0);
  };
  const auto batch = with(R"("batch":true,"model":"gpt-5.4-mini")");
  EXPECT_TRUE(batch.covers(ServiceTier::batch));
  EXPECT_FALSE(batch.covers(ServiceTier::standard));
  EXPECT_EQ(batch.model, "gpt-5.4-mini");
  EXPECT_FALSE(batch.splits_cache);
  EXPECT_FALSE(with(R"("batch":false)").covers(ServiceTier::batch));
  EXPECT_TRUE(with(R"("batch":false)").covers(ServiceTier::flex));
  EXPECT_FALSE(with(R"("batch":false,"service_tier":"flex")").covers(ServiceTier::standard));
  EXPECT_TRUE(with(R"("service_tier":"default")").covers(ServiceTier::standard));
}

TEST(ProviderExport, OpenaisCostsAreUsdAsNumberOrText) {
  const auto read = read_provider_export(
      R"([{"data":[{"start_time":0,"end_time":86400,"results":[
         {"object":"organization.costs.result","amount":{"value":0.06,"currency":"usd"},"line_item":null},
         {"amount":{"value":"1.5e-05","currency":"usd"},"line_item":"gpt-4o-2024-08-06, input"}]}]}])");
  ASSERT_TRUE(read) << read.error().why;
  EXPECT_EQ(exact_usd(read->lines.at(0).cost), "0.06");
  EXPECT_EQ(exact_usd(read->lines.at(1).cost), "0.000015");
  EXPECT_EQ(read->lines.at(1).model, "gpt-4o-2024-08-06");
}

TEST(ProviderExport, AnthropicsReports) {
  const auto read = read_provider_export(
      R"({"starting_at":"2025-08-01T00:00:00Z","ending_at":"2025-08-02T00:00:00Z","results":[{"cache_creation":)"
      R"({"ephemeral_1h_input_tokens":1000,"ephemeral_5m_input_tokens":500},"cache_read_input_tokens":200,)"
      R"("model":"claude-sonnet-4-5","output_tokens":500,"service_tier":"batch","uncached_input_tokens":1500}]})"
      "\n\n"
      R"({"starting_at":"2025-08-01T00:00:00Z","ending_at":"2025-08-02T00:00:00Z","results":[{"amount":"123.78912",)"
      R"("cost_type":"tokens","currency":"USD","model":"claude-sonnet-4-5","service_tier":"standard"}]})"
      "\n");
  ASSERT_TRUE(read) << read.error().why;
  EXPECT_EQ(read->provider, "anthropic");
  ASSERT_EQ(read->lines.size(), 2u);
  const Usage& u = read->lines[0].usage;
  EXPECT_EQ(u.input(), 1500 + 200 + 1000 + 500);
  EXPECT_EQ(u.cache_write_1h, 1000);
  EXPECT_EQ(read->lines[0].requests, -1);
  EXPECT_TRUE(read->lines[0].covers(ServiceTier::batch));
  EXPECT_EQ(exact_usd(read->lines[1].cost), "1.2378912");  // cents
}

TEST(ProviderExport, RefusesWhatIsNoneAndWhatIsBoth) {
  EXPECT_EQ(read_provider_export("{}").error().code, "export.format");
  EXPECT_EQ(read_provider_export("[1]").error().code, "export.format");
  EXPECT_EQ(read_provider_export(R"({"data":[{"results":[]}]})").error().code, "export.format");
  const auto second = read_provider_export("{\"data\":[]}\nnonsense\n");
  EXPECT_EQ(second.error().code, "export.format");
  EXPECT_EQ(second.error().where.line, 2);
  EXPECT_EQ(
      read_provider_export(
          R"([{"start_time":0,"end_time":60,"results":[]},)"
          R"({"starting_at":"2025-08-01T00:00:00Z","ending_at":"2025-08-02T00:00:00Z","results":[]}])")
          .error()
          .code,
      "export.mixed");
}

TEST(ReportedAmount, IsReadExactlyAndRoundedHalfToEven) {
  const std::pair<const char*, const char*> rows[] = {
      {"0", "0.00"},
      {"12", "12.00"},
      {"-0.5", "-0.50"},
      {"6e-05", "0.00006"},
      {"1.25E+2", "125.00"},
      {"0.06034340000000001", "0.0603434"},
      {"1e-13", "0.00"},
      {"5e-13", "0.00"},
      {"15e-13", "0.000000000002"},
      {"1e-40", "0.00"},
      {"16e-13", "0.000000000002"},
  };
  for (const auto& [text, usd] : rows) {
    const auto amount = parse_reported_amount(text, 0);
    ASSERT_TRUE(amount) << text;
    EXPECT_EQ(exact_usd(*amount), usd) << text;
  }
  EXPECT_EQ(exact_usd(*parse_reported_amount("123.78912", 2)), "1.2378912");
  for (const char* text : {"", "-", "1.2.3", "abc", "1e", "1e99", "1e-99", "0x10", " 1",
                           "9999999999999999999999999999"})
    EXPECT_EQ(parse_reported_amount(text, 0).error().code, "money.syntax") << text;
}

}  // namespace
}  // namespace twolane::patient

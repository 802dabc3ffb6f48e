// Entries in cells: by time, model and tiers.
#include "patient/reconciliation.h"

#include <gtest/gtest.h>

namespace twolane::patient {
namespace {

struct Booked {
  Batch batch;
  Attempt attempt;
  LedgerEntry entry() const { return {{7}, nullptr, &batch, &attempt, Booking::kept}; }
};

Booked booked(int64_t second, std::string model, ServiceTier tier, int64_t fresh, int64_t pico) {
  Booked b;
  b.batch.provider = "openai";
  b.batch.model = std::move(model);
  b.attempt.state = AttemptState::answered;
  b.attempt.charged = true;
  b.attempt.served = tier;
  b.attempt.at = {second * 1000};
  b.attempt.usage.fresh = fresh;
  b.attempt.cost = {pico};
  return b;
}

ExportLine line(int64_t hour, std::string model, ExportLine::Tiers tiers, int64_t fresh,
                int64_t requests) {
  ExportLine l;
  l.begin = Time{} + hours(hour);
  l.end = l.begin + hours(1);
  l.model = std::move(model);
  l.tiers = tiers;
  l.has_usage = true;
  l.usage.fresh = fresh;
  l.requests = requests;
  return l;
}

using Tiers = ExportLine::Tiers;

TEST(Reconciliation, FindsTheCellOfEachEntry) {
  ProviderExport report{"openai",
                        {line(0, "gpt-5.4-mini-2026-03-05", Tiers::batch, 30, 2),
                         line(0, "gpt-5.4-mini-2026-03-05", Tiers::not_batch, 5, 1),
                         line(1, "gpt-5.4-mini-2026-03-05", Tiers::batch, 7, 1)},
                        false};
  Reconciliation r(report);
  for (const auto& b : {booked(10, "gpt-5.4-mini", ServiceTier::batch, 10, 0),
                        booked(3599, "gpt-5.4-mini", ServiceTier::batch, 20, 0),
                        booked(20, "gpt-5.4-mini", ServiceTier::flex, 5, 0),
                        booked(3600, "gpt-5.4-mini", ServiceTier::batch, 8, 0),
                        booked(30, "gpt-4o", ServiceTier::batch, 9, 0),
                        booked(7200, "gpt-5.4-mini", ServiceTier::batch, 100, 0)})
    r.add(b.entry());
  ASSERT_EQ(r.cells().size(), 3u);
  EXPECT_FALSE(r.cells()[0].differs());
  EXPECT_FALSE(r.cells()[1].differs());
  EXPECT_TRUE(r.cells()[2].differs());
  EXPECT_EQ(r.cells()[2].ours.usage.fresh, 8);
  EXPECT_EQ(r.entries(), 5);            // the last one is after the report
  EXPECT_EQ(r.unmatched().entries, 1);  // gpt-4o
}

TEST(Reconciliation, SumsSeeThroughAShiftBetweenBuckets) {
  ProviderExport report{
      "openai", {line(0, "", Tiers::any, 10, 1), line(1, "", Tiers::any, 10, 1)}, false};
  Reconciliation r(report);
  for (int i = 0; i < 2; ++i) r.add(booked(3700, "gpt-4o", ServiceTier::standard, 10, 0).entry());
  EXPECT_TRUE(r.cells()[0].differs());
  EXPECT_TRUE(r.cells()[1].differs());
  ASSERT_EQ(r.sums().size(), 1u);
  EXPECT_FALSE(r.sums()[0].differs());
}

TEST(Reconciliation, AmountsMayDifferByWhatTheReportRounds) {
  ExportLine cost = line(0, "", Tiers::any, 0, -1);
  cost.has_usage = false;
  cost.has_cost = true;
  cost.cost = {5'000'000};
  Reconciliation near({"openai", {cost}, false});
  near.add(booked(1, "gpt-4o", ServiceTier::batch, 1, 5'900'000).entry());
  EXPECT_FALSE(near.cells()[0].differs());
  Reconciliation far({"openai", {cost}, false});
  far.add(booked(1, "gpt-4o", ServiceTier::batch, 1, 6'100'000).entry());
  EXPECT_TRUE(far.cells()[0].differs());
}

TEST(Reconciliation, OtherProvidersAndUnbookedEntriesArePassedOver) {
  Reconciliation r({"anthropic", {line(0, "", Tiers::any, 0, 0)}, false});
  r.add(booked(1, "gpt-4o", ServiceTier::batch, 1, 1).entry());
  EXPECT_EQ(r.entries(), 0);
  EXPECT_FALSE(r.cells()[0].differs());
}

}  // namespace
}  // namespace twolane::patient

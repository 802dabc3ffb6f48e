// Verdicts against a month of which it is known who waited.
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <functional>
#include <map>

#include "audit/callers.h"
#include "audit/labelled_month_for_test.h"
#include "price/price.h"

namespace twolane::audit {
namespace {

// USD by label and verdict.
struct Confusion {
  std::array<std::array<double, verdict_count>, 3> usd{};
  std::map<std::string, std::array<double, verdict_count>> crowds;

  double sum(Label label, bool waiting) const {
    double s = 0;
    for (int v = 0; v < verdict_count; ++v)
      if (can_wait(static_cast<Verdict>(v)) == waiting) s += usd[static_cast<size_t>(label)][static_cast<size_t>(v)];
    return s;
  }
  double precision() const { return sum(Label::can_wait, true) / (sum(Label::can_wait, true) + sum(Label::waits, true) + sum(Label::batched, true)); }
  double recall() const { return sum(Label::can_wait, true) / (sum(Label::can_wait, true) + sum(Label::can_wait, false)); }
  double false_on_people() const { return sum(Label::waits, true) / (sum(Label::waits, true) + sum(Label::waits, false)); }
};

double usd(PicoUsd amount) { return static_cast<double>(amount.n) / 1e12; }

// Whose verdict a call shares: its names, as judge_callers puts them together.
const Caller* caller_of(const std::vector<Caller>& callers, const LabelledCall& call) {
  for (const Caller& c : callers) {
    const CallerName& n = c.profile.name;
    char hex[20];
    std::snprintf(hex, sizeof hex, "%016lx", call.family);
    const bool family = call.family == 0 ? n.family.empty() : n.family == std::string_view(hex, 8);
    if (n.key != call.key || n.route != call.route || n.streaming != call.streaming || n.tier != call.tier || !family) continue;
    if (c.users.empty() ? n.user == call.user : std::ranges::find(c.users, call.user) != c.users.end()) return &c;
  }
  return nullptr;
}

Confusion judge_month(uint64_t seed, const std::function<void(const Caller&)>& each = {}) {
  const LabelledMonth month(seed);
  Collector collector({.zone_minutes = LabelledMonth::zone_minutes, .zone = "+02:00"});
  for (const LabelledCall& c : month.calls()) collector.call(c.call());
  Collected collected = collector.finish();
  const auto callers = judge_callers(collected, {});
  Confusion confusion;
  std::map<std::string, const Caller*> seen;
  for (const LabelledCall& c : month.calls()) {
    const std::string name = c.key + '/' + c.user + '/' + c.route + (c.streaming ? "s" : "p") + std::to_string(c.family) + std::to_string(static_cast<int>(c.tier));
    auto it = seen.find(name);
    if (it == seen.end()) it = seen.emplace(name, caller_of(callers, c)).first;
    EXPECT_NE(it->second, nullptr) << name;
    if (it->second == nullptr) return confusion;
    const auto charge = price::charge({c.provider, c.model}, c.tier, c.usage, {.at = c.start});
    const auto v = static_cast<size_t>(it->second->finding.verdict);
    confusion.usd[static_cast<size_t>(c.label)][v] += usd(*charge);
    confusion.crowds[c.crowd][v] += usd(*charge);
  }
  for (const Caller& c : callers)
    if (each) each(c);
  return confusion;
}

// The crowds with their verdicts, as docs/audit.md shows them.
void print_table(const Confusion& c) {
  std::printf("| crowd | interactive | minutes | hours | batched | cannot tell |\n|---|---:|---:|---:|---:|---:|\n");
  for (const auto& [crowd, row] : c.crowds) {
    std::printf("| %s |", crowd.c_str());
    for (const double x : row) std::printf(" %.2f |", x);
    std::printf("\n");
  }
  std::printf("precision %.4f, recall %.4f, people's spend judged to wait %.5f\n", c.precision(), c.recall(), c.false_on_people());
}

class LabelledMonths : public testing::TestWithParam<uint64_t> {};

// Weights were set while looking at seeds 1 to 4 only.
TEST_P(LabelledMonths, VerdictsHold) {
  const Confusion c = judge_month(GetParam());
  if (std::getenv("TWOLANE_AUDIT_PRINT") != nullptr) print_table(c);
  EXPECT_GE(c.precision(), 0.98);
  EXPECT_GE(c.recall(), 0.90);
  EXPECT_LT(c.false_on_people(), 0.001);
  EXPECT_GT(c.sum(Label::can_wait, true), 200);  // and there is something to find
}
INSTANTIATE_TEST_SUITE_P(Seeds, LabelledMonths, testing::Values(101, 102, 103, 104, 105));

// Callers one by one, for whoever changes a weight: AUDIT_SEED=1 audit_test --gtest_filter='*OneSeed'
TEST(LabelledMonth, OneSeed) {
  const char* seed = std::getenv("AUDIT_SEED");
  if (seed == nullptr) GTEST_SKIP() << "set AUDIT_SEED to print the callers of a seed";
  const Confusion c = judge_month(std::strtoull(seed, nullptr, 10), [](const Caller& caller) {
    std::printf("%9.2f %s: %s, %d dB\n", usd(caller.profile.spend), shown(caller.profile.name).c_str(),
                std::string(words_of(caller.finding.verdict)).c_str(), caller.finding.decibans);
    for (const Evidence& e : caller.finding.evidence) std::printf("          %+d %s\n", e.decibans, e.words.c_str());
  });
  print_table(c);
}

}  // namespace
}  // namespace twolane::audit

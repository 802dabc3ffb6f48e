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

// Whose verdict a call shares: its names, as judge_callers puts them together. `as_read`: its family there.
const Caller* caller_of(const std::vector<Caller>& callers, const LabelledCall& call, uint64_t as_read) {
  for (const Caller& c : callers) {
    const CallerName& n = c.profile.name;
    char hex[20];
    std::snprintf(hex, sizeof hex, "%016lx", as_read);
    const bool family = as_read == 0 ? n.family.empty() : n.family == std::string_view(hex, 8);
    if (n.key != call.key || n.route != call.route || n.streaming != call.streaming || n.tier != call.tier || !family) continue;
    if (c.users.empty() ? n.user == call.user : std::ranges::find(c.users, call.user) != c.users.end()) return &c;
  }
  return nullptr;
}

// Takes what a log's reader gives; the collector gets it on.
class Families final : public Sink {
 public:
  explicit Families(Sink& to) : to_(to) {}
  std::vector<uint64_t> seen;  // of each call, as read
  void call(const Call& c) override {
    seen.push_back(c.prompt_family);
    to_.call(c);
  }
  void bucket(const Bucket& b) override { to_.bucket(b); }

 private:
  Sink& to_;
};

using Line = std::function<std::string(const LabelledCall&)>;

// The calls through the reader of a log whose lines `line` writes; without it, as they are.
std::vector<uint64_t> read_month(const std::vector<LabelledCall>& calls, const Line& line, Sink& to) {
  Families families(to);
  Lengths lengths;
  LogReader reader("month", nullptr, lengths, families);
  for (const LabelledCall& c : calls)
    if (!line) families.call(c.call());
    else EXPECT_TRUE(reader.feed(line(c)).has_value());
  if (line) {
    EXPECT_TRUE(reader.finish().has_value());
    EXPECT_EQ(reader.read().bad() + reader.read().passed, 0);
  }
  EXPECT_EQ(families.seen.size(), calls.size());
  families.seen.resize(calls.size());
  return families.seen;
}

Confusion judge_calls(const std::vector<LabelledCall>& calls, const Line& line = {}, const std::function<void(const Caller&)>& each = {}) {
  Collector collector({.zone_minutes = LabelledMonth::zone_minutes, .zone = "+02:00"});
  const std::vector<uint64_t> families = read_month(calls, line, collector);
  Collected collected = collector.finish();
  const auto callers = judge_callers(collected, {});
  Confusion confusion;
  std::map<std::string, const Caller*> seen;
  for (size_t i = 0; i < calls.size(); ++i) {
    const LabelledCall& c = calls[i];
    const std::string name = c.key + '/' + c.user + '/' + c.route + (c.streaming ? "s" : "p") + std::to_string(c.family) + std::to_string(static_cast<int>(c.tier));
    auto it = seen.find(name);
    if (it == seen.end()) it = seen.emplace(name, caller_of(callers, c, families[i])).first;
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

Confusion judge_month(uint64_t seed, const std::function<void(const Caller&)>& each = {}) {
  return judge_calls(LabelledMonth(seed).calls(), {}, each);
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

std::string epoch_seconds(Time t) {
  char text[32];
  std::snprintf(text, sizeof text, "%ld.%03ld", static_cast<long>(t.ms / 1000), static_cast<long>(t.ms % 1000));
  return text;
}

// As LiteLLM's StandardLoggingPayload: a system prompt for each family, the answer before quoted in the prompt.
std::string litellm_line(const LabelledCall& c) {
  std::string t = R"({"id":"x","call_type":"acompletion","response_cost":null,"stream":)" + std::string(c.streaming ? "true" : "false") +
                  R"(,"custom_llm_provider":")" + c.provider + R"(","model":")" + c.model + R"(","model_group":")" + c.route +
                  R"(","prompt_tokens":)" + std::to_string(c.usage.input()) + R"(,"completion_tokens":)" + std::to_string(c.usage.output) +
                  R"(,"startTime":)" + epoch_seconds(c.start);
  if (c.latency_known) t += R"(,"endTime":)" + epoch_seconds(c.start + c.latency);
  if (c.first_token) t += R"(,"completionStartTime":)" + epoch_seconds(c.start + *c.first_token);
  t += R"(,"trace_id":")" + c.session + R"(","end_user":")" + c.user + R"(","metadata":{"user_api_key_alias":")" + c.key +
       R"(","requester_metadata":{"user_agent":")" + c.client + R"("}})";
  if (c.tier == ServiceTier::batch) t += R"(,"hidden_params":{"batch_models":["m"]})";
  if (c.outcome_known) t += c.outcome == Outcome::succeeded ? R"(,"status":"success")" : R"(,"status":"failure")";
  if (c.outcome_known && c.outcome == Outcome::disconnected) t += R"(,"error_information":{"error_code":"499"})";
  if (c.family != 0) {
    t += R"(,"messages":[{"role":"system","content":"You are number )" + std::to_string(c.family) + R"("})";
    if (c.answer_before != 0) t += R"(,{"role":"user","content":"first"},{"role":"assistant","content":"answer )" + std::to_string(c.answer_before) + R"("})";
    t += R"(,{"role":"user","content":"next"}])";
  }
  if (c.answer != 0) t += R"(,"response":{"choices":[{"index":0,"message":{"role":"assistant","content":"answer )" + std::to_string(c.answer) + R"("}}]})";
  return t + "}\n";
}

// As our own access log, which knows neither users nor sessions nor prompts.
std::string access_line(const LabelledCall& c) {
  constexpr std::array status{200, 200, 500, 499};  // by Outcome
  std::string t = R"({"at":")" + rfc3339(c.start + c.latency) + R"(","id":"x","key":")" + c.key + R"(","path":"/v1/chat/completions","model":")" + c.model +
                  R"(","provider":")" + c.provider + R"(","lane":"interactive","stream":)" + (c.streaming ? "true" : "false") +
                  R"(,"user_agent":")" + c.client + R"(/1.0","status":)" + std::to_string(status[static_cast<size_t>(c.outcome)]) +
                  R"(,"tier":")" + std::string(name_of(c.tier)) + R"(","input_tokens":)" + std::to_string(c.usage.input()) + R"(,"output_tokens":)" +
                  std::to_string(c.usage.output) + R"(,"total_us":)" + std::to_string(c.latency.ms * 1000);
  if (c.first_token) t += R"(,"first_token_us":)" + std::to_string(c.first_token->ms * 1000);
  return t + R"(,"route":")" + c.route + "\"}\n";
}

// Read from a log file, the month is judged as it is without one: the same table, crowd by crowd.
TEST(LabelledMonth, AsALiteLlmLog) {
  const LabelledMonth month(101);
  const Confusion with = judge_calls(month.calls(), litellm_line), without = judge_calls(month.calls());
  EXPECT_EQ(with.crowds, without.crowds);
  EXPECT_GE(with.precision(), 0.98);
  EXPECT_GE(with.recall(), 0.90);
}

TEST(LabelledMonth, AsOurAccessLog) {
  std::vector<LabelledCall> calls = LabelledMonth(101).calls();
  for (LabelledCall& c : calls) {
    c.user.clear(), c.session.clear(), c.family = c.answer = c.answer_before = 0;
    c.latency_known = c.outcome_known = true;  // the gateway always knows them
  }
  const Confusion with = judge_calls(calls, access_line), without = judge_calls(calls);
  EXPECT_EQ(with.crowds, without.crowds);
  EXPECT_GE(with.precision(), 0.98) << "fewer names, not less care";
  EXPECT_LT(with.false_on_people(), 0.001);
  if (std::getenv("TWOLANE_AUDIT_PRINT") != nullptr) print_table(with);
}

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

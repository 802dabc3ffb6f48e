// Requests that come after others of their file: their order, the answers in their bodies, their deadline.
#include "dialect/translate.h"
#include "one_engine.h"
#include "price/price.h"
#include "wire/json.h"

namespace twolane {
namespace {

// What the simulator says to a prompt of words.
std::string said_to(const std::string& prompt) {
  std::string start;
  int words = 0;
  for (const char c : prompt) {
    if (c == ' ' && ++words == 14) break;
    start += c;
  }
  return "In short: " + start + '.';
}

std::string line(const std::string& id, const std::string& content, const std::vector<std::string>& after = {},
                 const wire::Json& more = wire::Json::object()) {
  wire::Json body = {{"model", "gpt-5.4-mini"}, {"max_completion_tokens", 60}};
  body["messages"].push_back({{"role", "user"}, {"content", content}});
  body.update(more);
  wire::Json line = {{"custom_id", id}, {"method", "POST"}, {"url", "/v1/chat/completions"}};
  if (after.size() == 1) line["after"] = after.front();
  else if (!after.empty()) line["after"] = after;
  line["body"] = std::move(body);
  return wire::dump(line) + "\n";
}

constexpr int steps = 10;
std::string name(int step, int ticket) { return "s" + std::to_string(step) + "-" + std::to_string(ticket); }
std::string words(int step, int ticket, const std::string& before) {
  return "Step " + std::to_string(step) + " of ticket " + std::to_string(ticket) + ": " + before;
}
// A file of chains, step by step.
std::string chains(int tickets) {
  std::string text;
  for (int step = 0; step < steps; ++step)
    for (int t = 0; t < tickets; ++t) {
      if (step == 0) text += line(name(0, t), words(0, t, "a card"));
      else text += line(name(step, t), words(step, t, "{{answer}}"), {name(step - 1, t)});
    }
  return text;
}

class Chains : public OneEngine {
 protected:
  std::string answer(JobId job, int64_t index) {
    const auto rows = store_->outcomes(job, index, 1).value();
    const auto& row = rows.at(0);
    if (row.state != RequestState::succeeded) return "(" + std::string(name_of(row.state)) + " after " + std::to_string(row.tries) + " tries: " + row.error + ")";
    return dialect::answer_text(row.endpoint, payloads_.read(row.result).value());
  }
  std::string error(JobId job, int64_t index) { return store_->outcomes(job, index, 1).value().at(0).error; }

  // Every step was asked with the answer of the one before in it.
  void expect_chained(JobId job, int tickets) {
    for (int t = 0; t < tickets; ++t) {
      std::string before = "a card";
      for (int step = 0; step < steps; ++step) {
        before = said_to(words(step, t, before));
        ASSERT_EQ(answer(job, step * tickets + t), before) << "step " << step;
      }
    }
  }
  plan::Verdict promise(JobId job) { return engine_->forecast(job).promise; }
};

class ChainsInWeather : public Chains, public testing::WithParamInterface<const char*> {};

TEST_P(ChainsInWeather, ten_steps_by_six_in_the_morning) {
  open(sim::scenario(GetParam()).value(), 0);
  const JobId job = give({"ana", 1, 0, hours(10), true, chains(30)});
  EXPECT_EQ(promise(job).kind, plan::Verdict::Kind::accepted);
  EXPECT_EQ(totals(job).of(RequestState::waiting), 270);
  EXPECT_LE(done(job, begin + hours(30)), begin + hours(10));
  EXPECT_EQ(answered(job), 300);
  EXPECT_EQ(totals(job).late, 0);
  EXPECT_EQ(totals(job).paid_twice_attempts, 0);
  expect_chained(job, 30);
}
INSTANTIATE_TEST_SUITE_P(Weather, ChainsInWeather, testing::Values("calm", "busy", "outage"),
                         [](const auto& weather) { return std::string(weather.param); });

TEST_F(Chains, steps_share_the_time_where_no_batch_returns) {
  open(steady(hours(30)), 0);
  const JobId job = give({"ana", 1, 0, hours(10), true, chains(3)});
  std::vector<Duration> ended;
  for (int step = 0; step < steps; ++step) {
    while (answered(job) < 3 * (step + 1) && world_->step()) {
    }
    ended.push_back(world_->now() - begin);
  }
  for (int step = 0; step < steps; ++step) EXPECT_LE(ended[static_cast<size_t>(step)], hours(step + 1)) << step;
  EXPECT_EQ(totals(job).late, 0);
  expect_chained(job, 3);
}

TEST_F(Chains, a_calm_day_costs_half_for_all_steps) {
  open(steady(minutes(10)), 0);
  const JobId job = give({"ana", 1, 0, hours(20), true, chains(20)});
  done(job, begin + hours(20));
  PicoUsd list;
  for (const Totals::Lane& lane : totals(job).lanes) list += lane.list;
  EXPECT_EQ(answered(job), 200);
  EXPECT_EQ(totals(job).cost.n * 2, list.n);
}

TEST_F(Chains, a_judge_reads_both_answers) {
  open(steady(minutes(5)), 0);
  const JobId job = give({"ana", 1, 0, hours(6), true,
                          line("a", "say \"one\"") + line("b", "say two") +
                              line("judge", "A: {{answer:a}} B: {{answer:b}} A again: {{answer:a}}", {"a", "b"})});
  done(job, begin + hours(6));
  const std::string a = said_to("say \"one\""), b = said_to("say two");
  EXPECT_EQ(answer(job, 2), said_to("A: " + a + " B: " + b + " A again: " + a));
}

TEST_F(Chains, an_order_without_an_answer_is_an_order) {
  open(steady(minutes(5)), 0);
  const JobId job = give({"ana", 1, 0, hours(6), true, line("a", "first") + line("b", "second {{answers}}", {"a"})});
  EXPECT_EQ(store_->request(job, 1).value()->state, RequestState::waiting);
  done(job, begin + hours(6));
  EXPECT_EQ(answer(job, 1), said_to("second {{answers}}"));
}

// Whatever the answers are: no attempt can cost more than was reserved for it.
TEST_F(Chains, the_reserve_counts_the_answers) {
  open(steady(hours(30)), 0);
  const JobId job = give({"ana", 1, 0, hours(2), true, line("a", "first words") + line("b", "x {{answer}} {{answer}}", {"a"})});
  while (answered(job) < 1 && world_->step()) {
  }
  while (placed(job) == 0 && world_->step()) {
  }
  const RequestRow row = *store_->request(job, 1).value();
  const auto inserted = 2 * static_cast<int64_t>(answer(job, 0).size());
  const auto attempts = store_->ledger(job, 0, 100).value();
  for (const Attempt& a : attempts) {
    if (a.index != 1) continue;
    const auto bound = [&](int64_t more) {
      return price::bound({"openai", "gpt-5.4-mini"}, store_->batch(a.key.batch).value()->tier, row.input_bound + more,
                          row.output_bound, {.at = world_->now()}).value();
    };
    EXPECT_EQ(a.reserve, bound(inserted));
    EXPECT_LT(bound(0), bound(inserted));
    return;
  }
  FAIL() << "it was never placed";
}

TEST_F(Chains, a_failure_ends_what_comes_after_and_a_retry_brings_it_back) {
  sim::Scenario bad = steady(minutes(5));
  bad.request_error = 1;
  open(bad, 0);
  const JobId job = give({"ana", 1, 0, hours(6), false,
                          line("a", "one") + line("b", "two {{answer}}", {"a"}) + line("c", "three {{answer}}", {"b"})});
  done(job, begin + hours(6));
  EXPECT_EQ(totals(job).of(RequestState::failed), 3);
  EXPECT_EQ(store_->job(job).value()->state, JobState::done);
  for (const int64_t index : {1, 2}) {
    EXPECT_NE(error(job, index).find("request.after_failed"), std::string::npos);
    EXPECT_NE(error(job, index).find("line 1, "), std::string::npos);
  }
  open(steady(minutes(5)), 0);
  say(job, "retry", "2");
  EXPECT_EQ(totals(job).of(RequestState::waiting), 2);
  done(job, begin + hours(6));
  EXPECT_EQ(answer(job, 2), said_to("three " + said_to("two " + said_to("one"))));
}

TEST_F(Chains, cancelling_ends_what_waits) {
  open(steady(hours(2)), 0);
  const JobId job = give({"ana", 1, 0, hours(20), false, chains(3)});
  run_until(begin + minutes(30));
  say(job, "cancel", "0");
  done(job, begin + hours(1));
  run_until(begin + minutes(40));
  say(job, "cancel");
  done(job, begin + hours(20));
  EXPECT_EQ(totals(job).unfinished(), 0);
  EXPECT_GE(totals(job).of(RequestState::cancelled), 27);
  EXPECT_EQ(store_->job(job).value()->state, JobState::cancelled);
}

TEST_F(Chains, an_answer_without_text_goes_into_no_body) {
  open(steady(minutes(5)), 0);
  wire::Json tools;
  tools["tools"].push_back({{"type", "function"}, {"function", {{"name", "f"}, {"parameters", {{"type", "object"}}}}}});
  tools["tool_choice"] = "required";
  const JobId job = give({"ana", 1, 0, hours(6), true,
                          line("a", "one", {}, tools) + line("b", "two {{answer}}", {"a"}) + line("c", "three", {"a"})});
  done(job, begin + hours(6));
  EXPECT_EQ(store_->request(job, 0).value()->state, RequestState::succeeded);
  EXPECT_NE(error(job, 1).find("request.answer_without_text"), std::string::npos) << error(job, 1);
  EXPECT_EQ(answer(job, 2), said_to("three"));
}

TEST_F(Chains, a_chain_that_cannot_fit_is_not_accepted) {
  open(steady(minutes(10)), 0);
  EXPECT_EQ(promise(give({"ana", 1, 0, hours(6), true, chains(3)})).kind, plan::Verdict::Kind::accepted);
  const plan::Verdict none = promise(give({"ana", 1, 0, minutes(1), true, chains(4)}));
  EXPECT_EQ(none.kind, plan::Verdict::Kind::cannot);
  EXPECT_GT(none.earliest, begin + minutes(1));
  // One alone would take three of these minutes live.
  const plan::Verdict many = promise(give({"ana", 1, 0, minutes(20), true, chains(1'800)}));
  EXPECT_NE(many.kind, plan::Verdict::Kind::accepted);
}

// Its first level alone could be in time, so only who looks at the whole chain sees it.
TEST_F(Chains, a_miss_is_foreseen_while_the_first_steps_run) {
  open(steady(hours(30)), 0, 20);
  const JobId job = give({"ana", 1, 0, hours(5), true, chains(700)});
  EXPECT_NE(promise(job).kind, plan::Verdict::Kind::accepted);
  run_until(begin + minutes(30));
  ASSERT_TRUE(engine_->forecast(job).miss.has_value());
  EXPECT_GT(engine_->forecast(job).miss->finish, begin + hours(5));
  EXPECT_GT(totals(job).of(RequestState::waiting), 5000);
}

// A short chain passes the levels that a long one reaches later: those have their share of what is left then.
TEST_F(Chains, chains_of_different_lengths_share_the_time) {
  open(steady(hours(30)), 0);
  std::string lines;
  for (int step = 0; step < 6; ++step)
    lines += line(name(step, 0), "long " + std::to_string(step), step ? std::vector{name(step - 1, 0)} : std::vector<std::string>{});
  for (int step = 0; step < 3; ++step)
    lines += line(name(step, 1), "short " + std::to_string(step), step ? std::vector{name(step - 1, 1)} : std::vector<std::string>{});
  const JobId job = give({"ana", 1, 0, hours(12), true, lines});
  std::vector<Duration> ended(9);
  while (totals(job).unfinished() > 0 && world_->step())
    for (int64_t i = 0; i < 9; ++i)
      if (ended[static_cast<size_t>(i)].ms == 0 && store_->request(job, i).value()->state == RequestState::succeeded)
        ended[static_cast<size_t>(i)] = world_->now() - begin;
  for (size_t step = 0; step < 6; ++step) EXPECT_LE(ended[step], hours(2 * static_cast<int64_t>(step + 1))) << step;
  EXPECT_EQ(totals(job).late, 0);
}

TEST_F(Chains, a_cap_stops_a_chain_before_it_is_exceeded) {
  open(steady(minutes(5)), 0);
  const JobId job = give({"ana", 1, 0, hours(10), true, chains(5), PicoUsd{2'000'000'000}});
  run_until(begin + hours(12));
  ASSERT_TRUE(engine_->held(job).has_value());
  EXPECT_EQ(engine_->held(job)->code, "money.cap");
  EXPECT_TRUE(engine_->finished(job));
  const Totals t = totals(job);
  EXPECT_LE(t.cost.n, 2'000'000'000);
  EXPECT_GT(answered(job), 0);
  EXPECT_GT(t.of(RequestState::waiting), 0);
}

}  // namespace
}  // namespace twolane

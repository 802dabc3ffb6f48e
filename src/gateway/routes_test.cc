// Routes as threads share them, and the steps of one request along them.
#include "gateway/routes.h"

#include <gtest/gtest.h>

#include "gateway/routed_call.h"

namespace twolane::gateway {
namespace {

constexpr Time start{1'800'000'000'000};

RouteRules rules(std::vector<std::string> targets) {
  RouteRules r;
  r.name = "fast";
  r.targets = std::move(targets);
  r.failures = 2;
  r.cooldown = seconds(10);
  return r;
}

class Walk : public testing::Test {
 protected:
  static std::vector<Provider> providers() {
    std::vector<Provider> all;
    for (const char* name : {"openai", "anthropic", "gemini", "local"})
      all.push_back(*make_provider(name, "http://127.0.0.1:1/v1", "k"));
    return all;
  }
  std::unique_ptr<RoutedCall> enter(RouteRules r) {
    auto call = std::make_unique<RoutedCall>(std::make_shared<Route>(std::move(r)));
    for (size_t i = 0; i < call->choices.size(); ++i) {
      auto choice = router.choose(door, call->route->rules().targets[i]);
      if (choice) call->choices[i] = std::make_shared<const Choice>(std::move(*choice));
    }
    return call;
  }

  Door door{.want = Want::call};
  const Router router{providers()};  // choices point into it
};

TEST(Routes, AreFoundByNameAndAModelOfItsOwnHasOne) {
  Routes routes({rules({"openai/a"})});
  EXPECT_EQ(routes.find("slow"), nullptr);
  ASSERT_NE(routes.find("fast"), nullptr);
  EXPECT_EQ(routes.find("fast")->rules().targets[0], "openai/a");
  EXPECT_EQ(Routes(std::vector<RouteRules>()).find("fast"), nullptr);
  const auto flex = routes.flex_to("openai/gpt-5.4-mini");
  EXPECT_EQ(flex, routes.flex_to("openai/gpt-5.4-mini"));
  EXPECT_EQ(flex->rules().most_attempts(), 1);
}

TEST(Routes, StrangersNamesDoNotFillTheMemory) {
  Routes routes{std::vector<RouteRules>()};
  for (int i = 0; i < 1000; ++i) routes.flex_to("openai/m" + std::to_string(i));
  const std::string text = routes.metrics();
  EXPECT_NE(text.find("openai/m255"), text.npos);
  EXPECT_EQ(text.find("openai/m256"), text.npos);
}

TEST(Routes, TheBudgetIsForTargetsAskedBeforeAndNotForTriesWithoutCapacity) {
  Route route(rules({"openai/a", "openai/b"}));
  const std::vector<size_t> order = {0};
  int more = 0;
  for (int i = 0; i < 100; ++i) {
    Progress p;
    ASSERT_TRUE(route.next(Route::Try::first, order, p, start, 0));
    if (route.next(Route::Try::another, order, p, start, 0)) ++more;
  }
  EXPECT_EQ(more, 20 + 100 / 10 - 1) << "a reserve of 20 and a tenth of the requests, but for what it was full of";
  Progress p;
  ASSERT_TRUE(route.next(Route::Try::first, order, p, start, 0));
  EXPECT_TRUE(route.next(Route::Try::at_no_cost, order, p, start, 0));
  Progress other;
  ASSERT_TRUE(route.next(Route::Try::first, {0, 1}, other, start, 0));
  EXPECT_TRUE(route.next(Route::Try::another, {0, 1}, other, start, 0)) << "another target";
}

TEST(Routes, MetricsSayWhatBecameOfEachTarget) {
  Routes routes({rules({"openai/a", "local/say \"b\""})});
  EXPECT_EQ(Routes(std::vector<RouteRules>()).metrics(), "");
  const auto route = routes.find("fast");
  for (int i = 0; i < 2; ++i) {
    Progress p;
    const auto step = route->next(Route::Try::first, {0, 1}, p, start, 0);
    ASSERT_TRUE(step);
    route->end(step->target, {Outcome::late, false, true}, start);
  }
  Progress p;
  ASSERT_EQ(route->next(Route::Try::first, {0, 1}, p, start, 0)->target, 1u) << "the first one's circuit is open";
  const std::string text = routes.metrics();
  for (const char* line : {
           "twolane_route_tries_total{route=\"fast\",target=\"openai/a\",outcome=\"late\"} 2\n",
           "twolane_route_may_be_billed_total{route=\"fast\",target=\"openai/a\"} 2\n",
           "twolane_route_circuit_open{route=\"fast\",target=\"openai/a\"} 1\n",
           "twolane_route_in_flight{route=\"fast\",target=\"local/say \\\"b\\\"\"} 1\n",
       })
    EXPECT_NE(text.find(line), text.npos) << line << " in\n" << text;
  EXPECT_EQ(route->closed_for({0}, start + seconds(4)), seconds(6));
  EXPECT_EQ(route->closed_for({0, 1}, start), Duration{}) << "one of them is in service";
}

TEST(Routes, AnAnswerClosesACircuitAtItsFirstByteAndACutCountsAgainstIt) {
  Route route(rules({"openai/a"}));
  const auto once = [&route](Outcome outcome, bool answered, Time now) {
    Progress p;
    const auto step = route.next(Route::Try::first, {0}, p, now, 0);
    if (!step) return false;
    if (answered) route.answers(0, now);
    route.end(0, {outcome, answered, false}, now);
    return true;
  };
  EXPECT_TRUE(once(Outcome::broken, false, start));
  EXPECT_TRUE(once(Outcome::broken, false, start));
  EXPECT_FALSE(once(Outcome::answered, true, start)) << "open";
  EXPECT_TRUE(once(Outcome::no_capacity, false, start + seconds(10))) << "half open; no capacity is an answer";
  EXPECT_TRUE(once(Outcome::cut, true, start + seconds(10)));
  EXPECT_TRUE(once(Outcome::cut, true, start + seconds(10)));
  EXPECT_FALSE(once(Outcome::answered, true, start + seconds(11)));
}

TEST_F(Walk, GoesToTargetsThatSellTheTier) {
  const auto call = enter(rules({"local/m", "anthropic/claude-haiku-4-5", "openai/gpt-4.1", "openai/gpt-5.4-mini", "gemini/gemini-2.5-flash"}));
  ASSERT_TRUE(call->aim_at(std::nullopt, 0));
  EXPECT_EQ(call->order, (std::vector<size_t>{0, 1, 2, 3, 4}));
  ASSERT_TRUE(call->aim_at(ServiceTier::flex, 0));
  EXPECT_EQ(call->order, (std::vector<size_t>{3, 4})) << "gpt-4.1 has no flex";
  ASSERT_TRUE(call->aim_at(ServiceTier::priority, 0));
  EXPECT_EQ(call->order, (std::vector<size_t>{1, 2, 3, 4}));
  EXPECT_EQ(call->for_batches()->target.provider, "anthropic");
  const auto own = enter(rules({"local/m"}));
  ASSERT_TRUE(own->aim_at(std::nullopt, 0));
  EXPECT_FALSE(own->aim_at(ServiceTier::flex, 0));
  EXPECT_EQ(own->order.size(), 1u) << "it stays as it was";
  EXPECT_EQ(own->for_batches(), nullptr);
}

TEST_F(Walk, ATargetThatCannotBeAskedIsNotAskedAgainNorCounted) {
  RouteRules r = rules({"openai/a", "openai/b", "openai/c"});
  r.attempts = 2;
  const auto call = enter(r);
  ASSERT_TRUE(call->aim_at(std::nullopt, 0));
  std::vector<std::string> asked;
  bool step = call->step_on(Route::Try::first, start, 0);
  while (step) {
    const std::string& target = call->choices[call->step.target]->target.model;
    asked.push_back(target);
    if (target == "a" || target == "b") call->drop_target(start);
    else call->end(Outcome::refused, 500, true, start);
    step = !call->order.empty() && call->step_on(Route::Try::at_no_cost, start, 0);
  }
  EXPECT_EQ(asked, (std::vector<std::string>{"a", "b", "c", "c"}));
  EXPECT_EQ(call->tries.find("\"target\":\"openai/a\""), call->tries.npos);
}

TEST_F(Walk, EveryTryStandsInTheLogOnce) {
  const auto call = enter(rules({"openai/gpt-5.4-mini"}));
  ASSERT_TRUE(call->aim_at(ServiceTier::flex, 0));
  ASSERT_TRUE(call->step_on(Route::Try::first, start, 0));
  call->end(Outcome::late, 0, true, start);
  call->end(Outcome::left, 0, true, start);
  EXPECT_TRUE(call->tries.starts_with("{\"target\":\"openai/gpt-5.4-mini\",\"outcome\":\"late\",")) << call->tries;
  EXPECT_NE(call->tries.find("\"tier\":\"flex\",\"may_be_billed\":true}"), call->tries.npos) << call->tries;
  EXPECT_EQ(call->tries.find("left"), call->tries.npos);
}

TEST_F(Walk, APlaceIsGivenBackWithTheCall) {
  RouteRules r = rules({"openai/a"});
  r.concurrency = 1;
  auto first = enter(r);
  ASSERT_TRUE(first->aim_at(std::nullopt, 0));
  ASSERT_TRUE(first->step_on(Route::Try::first, start, 0));
  const auto route = first->route;
  Progress p;
  EXPECT_FALSE(route->next(Route::Try::first, {0}, p, start, 0));
  first.reset();
  EXPECT_TRUE(route->next(Route::Try::first, {0}, p, start, 0));
}

TEST_F(Walk, ServersOfTheUsersOwnAreAskedInOpenAisWords) {
  const auto chat = router.choose(door, "local/llama-3/70b");
  ASSERT_TRUE(chat);
  EXPECT_EQ(chat->target.model, "llama-3/70b");
  EXPECT_FALSE(chat->translated);
  EXPECT_EQ(target_at(*chat, find_door("POST", "/v1/chat/completions", {}), false), "/v1/chat/completions");
  door.dialect = Dialect::anthropic;
  door.endpoint = Endpoint::messages;
  EXPECT_EQ(router.choose(door, "local/m")->endpoint, Endpoint::chat_completions);
  door.endpoint = Endpoint::embed_content;
  EXPECT_EQ(router.choose(door, "local/m")->endpoint, Endpoint::embeddings);
  EXPECT_EQ(make_provider("local", "http://x/v1", "")->auth, "") << "no key is sent where there is none";
}

}  // namespace
}  // namespace twolane::gateway

// Where marks pay, and how bodies get them. Prices are the built-in book's; the expectations hold
// as long as a write of an hour costs twice the input and a read a tenth at Anthropic.
#include "patient/cache_marks.h"

#include <gtest/gtest.h>

#include "price/price.h"
#include "wire/json.h"

namespace twolane::patient {
namespace {

using price::CacheWay;

const Target haiku{"anthropic", "claude-haiku-4-5"}, mini{"openai", "gpt-5.4-mini"},
    flash{"gemini", "gemini-3.5-flash"};

std::string long_text(int words) {
  std::string text;
  for (int i = 0; i < words; ++i) text += "rule " + std::to_string(i) + " holds. ";
  return text;
}

struct Seen {
  TokenCounting counting{{}};
  PromptTally tally{counting};

  void messages(const Target& target, const std::string& system, int requests,
                std::string_view more = "") {
    Shape shape;
    shape.endpoint = Endpoint::messages;
    shape.targets = {target};
    shape.number = static_cast<int32_t>(tally.models().size());
    for (int i = 0; i < requests; ++i) {
      const std::string body =
          wire::dump({{"system", system},
                      {"messages", {{{"role", "user"}, {"content", std::to_string(i)}}}}}) +
          std::string(more);
      ASSERT_TRUE(tally.see({shape, Endpoint::messages, body, 10, true}));
    }
  }
  CacheMarks plan() const { return plan_marks(tally, price::book().date()); }
};

TEST(PlanMarks, AHeadThatManyShareIsMarkedForAnHour) {
  Seen seen;
  seen.messages(haiku, long_text(2'000), 50);
  const auto marks = seen.plan();
  ASSERT_EQ(marks.all().size(), 1u);
  EXPECT_EQ(marks.all()[0].way, CacheWay::marked);
  EXPECT_EQ(marks.all()[0].requests, 50);
  EXPECT_NE(marks.find("claude-haiku-4.5", seen.tally.heads()[0].hash), nullptr);
  EXPECT_EQ(marks.find("claude-haiku-4.5", 1), nullptr);
}

TEST(PlanMarks, NotForOneRequestNorBelowTheProvidersMinimum) {
  Seen seen;
  seen.messages(haiku, long_text(2'000), 1);
  seen.messages(haiku, long_text(400), 50);  // about 2,000 tokens; 4,096 are needed
  EXPECT_FALSE(seen.plan().any());
}

TEST(PlanMarks, OpenAiGetsAKeyAndGeminiAContent) {
  Seen seen;
  seen.messages(mini, long_text(2'000), 5);
  seen.messages(flash, long_text(2'000), 50);
  const auto marks = seen.plan();
  ASSERT_EQ(marks.all().size(), 2u);
  EXPECT_EQ(marks.all()[0].target, mini);
  EXPECT_EQ(marks.all()[0].way, CacheWay::automatic);
  EXPECT_EQ(marks.all()[1].target, flash);
  EXPECT_EQ(marks.all()[1].way, CacheWay::explicit_);
  EXPECT_TRUE(marks.any_at("gemini", "models/gemini-3.5-flash"));
  EXPECT_FALSE(marks.any_at("vertex", "gemini-3.5-flash"));
}

// gemini-2.5-flash in batches: input 0.15, cached 0.03 a million, storage 1.00 a million and hour. Of n
// requests each saves 0.12; one write at 0.15 and an hour at 1.00 are paid back from 1.15 / 0.12 = 9.58 on.
TEST(AddedByContent, PaysFromTheTenthRequestOnForAnHour) {
  const Target old{"gemini", "gemini-2.5-flash"};
  const Time at = price::book().date();
  EXPECT_EQ(exact_usd(*added_by_content(old, 9, 1'000'000, hours(1), at)), "0.07");
  EXPECT_EQ(exact_usd(*added_by_content(old, 10, 1'000'000, hours(1), at)), "-0.05");
  EXPECT_EQ(exact_usd(*added_by_content(old, 10, 1'000'000, hours(2), at)), "0.95");
  EXPECT_FALSE(added_by_content({"gemini", "gemini-unknown"}, 10, 1'000'000, hours(1), at));
}

TEST(PlanMarks, HeadsAreToldApart) {
  Seen seen;
  seen.messages(haiku, long_text(2'000), 30);
  seen.messages(haiku, long_text(2'001), 40);
  EXPECT_EQ(seen.plan().all().size(), 2u);
}

// Ten questions on each of two documents: the block of the document is marked.
TEST(PlanMarks, AHeadThatEndsWithABlockOfTheFirstMessage) {
  TokenCounting counting({});
  PromptTally tally(counting);
  Shape shape;
  shape.endpoint = Endpoint::messages;
  shape.targets = {haiku};
  std::string body;
  for (int i = 0; i < 20; ++i) {
    const wire::Json document = {{"type", "text"}, {"text", long_text(2'000 + i % 2)}};
    const wire::Json question = {{"type", "text"}, {"text", "What of " + std::to_string(i) + "?"}};
    const wire::Json turn = {{"role", "user"}, {"content", wire::Json::array({document, question})}};
    body = wire::dump(wire::Json{{"system", "Be short."}, {"messages", wire::Json::array({turn})}});
    ASSERT_TRUE(tally.see({shape, Endpoint::messages, body, 10, true}));
  }
  const auto marks = plan_marks(tally, price::book().date());
  ASSERT_EQ(marks.all().size(), 2u);
  EXPECT_EQ(marks.requests(), 20);
  const PromptText last = *prompt_text(Endpoint::messages, body);
  const CacheMark* mark = marks.find("claude-haiku-4.5", last);
  ASSERT_NE(mark, nullptr);
  EXPECT_TRUE(mark->in_message);
  EXPECT_EQ(mark->requests, 10);
  EXPECT_EQ(CacheMarks::from_json(marks.to_json()).all(), marks.all());
}

// At the assumed 65 % of hits a mark of an hour pays, at 40 % seen it does not.
TEST(PlanMarks, HitsThatWereSeenDecide) {
  Seen seen;
  seen.messages(haiku, long_text(2'000), 300);
  const auto marks_at = [&](int64_t hits) {
    return plan_marks(seen.tally, price::book().date(), [&](const Target&, CacheWay way, ServiceTier tier) {
      return hits_seen(way, tier, 1, 1'000, hits);
    });
  };
  EXPECT_TRUE(marks_at(600).any());
  EXPECT_FALSE(marks_at(400).any());
}

TEST(CacheMarks, ComeBackFromTheStore) {
  Seen seen;
  seen.messages(haiku, long_text(2'000), 30);
  seen.messages(mini, long_text(2'000), 3);
  seen.messages(flash, long_text(2'000), 50);
  const auto marks = seen.plan();
  EXPECT_EQ(CacheMarks::from_json(marks.to_json()).all(), marks.all());
  EXPECT_FALSE(CacheMarks::from_json("").any());
  EXPECT_FALSE(CacheMarks::from_json("{").any());
}

TEST(WithMark, AnthropicsStandsOnTheLastSystemBlockOrTool) {
  const CacheMark mark{haiku, 7, CacheWay::marked, 2};
  const std::pair<const char*, const char*> rows[] = {
      {R"({"model":"m","system":"S","messages":[]})",
       R"({"model":"m","system":[{"type":"text","text":"S","cache_control":{"type":"ephemeral","ttl":"1h"}}],"messages":[]})"},
      {R"({"system":[{"type":"text","text":"A"},{"type":"text","text":"B"}]})",
       R"({"system":[{"type":"text","text":"A"},{"type":"text","text":"B","cache_control":{"type":"ephemeral","ttl":"1h"}}]})"},
      {R"({"tools":[{"name":"f"}],"messages":[]})",
       R"({"tools":[{"name":"f","cache_control":{"type":"ephemeral","ttl":"1h"}}],"messages":[]})"},
      {R"({"messages":[]})", R"({"messages":[]})"},
  };
  for (const auto& [body, marked] : rows)
    EXPECT_EQ(*with_mark(body, Endpoint::messages, mark), marked);
}

TEST(WithMark, OnTheBlockBeforeTheLastOfTheFirstMessage) {
  const CacheMark mark{haiku, 7, CacheWay::marked, 2, 5'000, true};
  EXPECT_EQ(*with_mark(R"({"messages":[{"role":"user","content":[{"type":"text","text":"D"},{"type":"text","text":"Q"}]}]})",
                       Endpoint::messages, mark),
            R"({"messages":[{"role":"user","content":[{"type":"text","text":"D","cache_control":{"type":"ephemeral","ttl":"1h"}},)"
            R"({"type":"text","text":"Q"}]}]})");
  for (const char* body : {R"({"messages":[{"role":"user","content":"D"}]})", R"({"messages":[]})",
                           R"({"messages":[{"role":"user","content":[{"type":"text","text":"D"}]}]})"})
    EXPECT_EQ(*with_mark(body, Endpoint::messages, mark), body);
}

TEST(WithMark, OpenAisIsAKeyThatDoesNotReplaceTheCallers) {
  const CacheMark mark{mini, 7, CacheWay::automatic, 2};
  EXPECT_EQ(*with_mark(R"({"model":"m"})", Endpoint::chat_completions, mark),
            R"({"prompt_cache_key":"twolane-0000000000000007","model":"m"})");
  const std::string own = R"({"model":"m","prompt_cache_key":"mine"})";
  EXPECT_EQ(*with_mark(own, Endpoint::responses, mark), own);
  EXPECT_EQ(*with_mark(R"({"contents":[]})", Endpoint::generate_content, mark),
            R"({"contents":[]})");
}

}  // namespace
}  // namespace twolane::patient

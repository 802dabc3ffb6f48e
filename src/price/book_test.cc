// The built-in book: what every row must obey. And the text format: what is refused, and where.
#include "price/book.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace twolane::price {
namespace {

// A time at which the row is in force; where it always is, that of the book.
Time within(const Row& row) {
  return row.from.ms != 0 ? row.from : row.until.ms != 0 ? row.until - milliseconds(1) : Time{};
}

constexpr std::string_view tiny = R"(book 2026-10-15
source page published 2026-09 a page
source rule rule 2026-09 a rule
source third third 2026-09 somebody
source dear third 2026-09 somebody else
stacking half
  batch input 0.5 output 0.5 rule
  batch cached 1 dear
  batch cached 0.5 third
model acme/big
  stacking half
  sells batch
  standard        2  0.2  =  =  10  page
  standard >1000  4  0.4  =  =  15  page
model acme/printed
  stacking half
  sells batch
  standard        2  0.2  =    =   10  page
  batch           .  0.1  .    .   .   page
  priority        4  ?    2.5  4   20  page
)";

Book made(std::string_view text) {
  auto book = Book::parse(text, "test.prices");
  EXPECT_TRUE(book) << (book ? ""
                             : book.error().message + " line " +
                                   std::to_string(book.error().where.line));
  return book ? *std::move(book) : Book();
}

std::string without(std::string text, std::string_view what, std::string_view with) {
  const size_t at = text.find(what);
  EXPECT_NE(at, text.npos) << what;
  return text.replace(at, what.size(), with);
}

TEST(Book, BuiltInIsReadable) {
  const auto read = Book::parse(built_in_text(), "src/price/book.prices");
  ASSERT_TRUE(read) << read.error().message << " line " << read.error().where.line;
  EXPECT_GT(read->models().size(), 200u);
}

TEST(Book, RulesMakeRowsWherePagesPrintNone) {
  const Book b = made(tiny);
  const Model* m = b.find("acme", "BIG");
  ASSERT_TRUE(m);
  const Row* r = b.row(*m, ServiceTier::batch, 1001, {});
  ASSERT_TRUE(r);
  EXPECT_EQ(r->above, 1000);
  EXPECT_EQ(r->ranked.fresh.n, 2'000'000);
  EXPECT_EQ(r->ranked.output.n, 7'500'000);
  EXPECT_EQ(r->ranked.cache_write_5m, r->ranked.fresh);  // no fee for writing
  EXPECT_TRUE(r->claim_of(Kind::fresh, r->ranked.fresh)->derived);
}

TEST(Book, WithinOneRankTheDearerReadingIsUsed) {
  const Book b = made(tiny);
  const Row* r = b.row(*b.find("acme", "big"), ServiceTier::batch, 10, {});
  ASSERT_TRUE(r);
  EXPECT_EQ(r->ranked.cache_read.n, 200'000);
  EXPECT_EQ(r->other.cache_read.n, 100'000);
  EXPECT_EQ(r->open, 1 << static_cast<int>(Kind::cache_read));
}

TEST(Book, APrintedRateOutranksRulesAndThirdParties) {
  const Book b = made(tiny);
  const Row* r = b.row(*b.find("acme", "printed"), ServiceTier::batch, 10, {});
  ASSERT_TRUE(r);
  EXPECT_EQ(r->ranked.cache_read.n, 100'000);  // printed, though cheaper
  EXPECT_EQ(r->other.cache_read.n, 200'000);
  EXPECT_EQ(r->ranked.fresh.n, 1'000'000);  // by the rule
  const Row* p = b.row(*b.find("acme", "printed"), ServiceTier::priority, 10, {});
  ASSERT_TRUE(p);
  EXPECT_FALSE(p->ranked.knows(Kind::cache_read));
  EXPECT_EQ(p->ranked.cache_write_1h.n, 4'000'000);
}

TEST(Book, WhatAnExportSettlesOutranksAll) {
  const std::string text = without(without(std::string(tiny), "source dear",
                                           "source export settled 2026-11 an export\nsource dear"),
                                   "batch cached 0.5 third", "batch cached 0.5 export");
  const Book b = made(text);
  EXPECT_EQ(b.row(*b.find("acme", "big"), ServiceTier::batch, 10, {})->ranked.cache_read.n,
            100'000);
}

TEST(Book, RowsHoldFromTheirDateUntilTheNext) {
  const Book b = made(R"(book 2026-10-15
source page published 2026-09 a page
model acme/m
  standard until 2027-01-01                  1 0.1 = = 2 page
  standard from 2027-01-01 until 2027-02-01  3 0.1 = = 2 page
)");
  const Model& m = *b.find("acme", "m");
  const auto fresh = [&](std::string_view at) {
    const Row* r = b.row(m, ServiceTier::standard, 1, parse_rfc3339(at).value());
    return r ? r->ranked.fresh.n : 0;
  };
  EXPECT_EQ(fresh("2026-12-31T23:59:59.999Z"), 1'000'000);
  EXPECT_EQ(fresh("2027-01-01T00:00:00Z"), 3'000'000);
  EXPECT_EQ(fresh("2027-02-01T00:00:00Z"), 0);  // nobody says: unknown
  EXPECT_EQ(b.row(m, ServiceTier::standard, 1, {})->ranked.fresh.n, 1'000'000);
}

TEST(Book, WhatCannotBeReadIsRefusedWithItsLine) {
  struct Wrong {
    std::string_view what, with, code;
    int64_t line;
  };
  for (const Wrong& w : std::initializer_list<Wrong>{
           {"10  page\n  standard >1000", "ten  page\n  standard >1000", "book.syntax", 13},
           {"0.2  =  =  10  page", "0.2  =  =  10", "book.syntax", 13},
           {"0.2  =  =  10  page", "0.2  =  =  10  nobody", "book.source", 13},
           {"0.2  =  =  10  page", "-0.2  =  =  10  page", "book.syntax", 13},
           {"standard >1000", "standard >0", "book.syntax", 14},
           {"sells batch", "sells night", "book.syntax", 12},
           {"stacking half\n  sells", "stacking none\n  sells", "book.syntax", 11},
           {"batch input 0.5 output 0.5 rule", "batch input half output 0.5 rule", "book.syntax",
            7},
           {"model acme/printed", "model acme/big", "book.syntax", 15},
           {"model acme/big", "model acme", "book.syntax", 10},
           {"model acme/printed", "model acme/printed = BIG", "book.syntax", 15},
           {"standard >1000", "standard >1000 from 2026-10-02 until 2026-10-02", "book.syntax", 14},
           {"source rule rule", "source rule best", "book.syntax", 3},
           {"book 2026-10-15", "book tomorrow", "book.syntax", 1},
           {"priority ", "priority @noon ", "book.syntax", 20},
           {"priority ", "  surcharge ", "book.syntax", 20},
       }) {
    const auto read = Book::parse(without(std::string(tiny), w.what, w.with), "x.prices");
    ASSERT_FALSE(read) << w.with;
    EXPECT_EQ(read.error().code, w.code) << w.with;
    EXPECT_EQ(read.error().where.line, w.line) << w.with;
    EXPECT_EQ(read.error().where.file, "x.prices");
  }
}

TEST(Book, TwoRowsForOnePlaceAtOneTimeAreRefused) {
  const auto read = Book::parse(R"(book 2026-10-15
source page published 2026-09 a page
model acme/m
  standard until 2027-01-01  1 0.1 = = 2 page
  standard from 2026-12-01   3 0.1 = = 2 page
)",
                                "x.prices");
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, "book.overlap");
  EXPECT_EQ(read.error().where.line, 5);
}

TEST(Book, EveryPrefixOfTheTextIsReadOrRefusedButNeverMisread) {
  for (size_t n = 0; n < tiny.size(); n += 3) {
    const auto read = Book::parse(tiny.substr(0, n), "x");
    if (!read) EXPECT_TRUE(read.error().code.starts_with("book.")) << n;
  }
}

TEST(Book, CacheableCountsWholeStepsFromTheMinimum) {
  Caching openai{.minimum = 1024, .step = 128};
  EXPECT_EQ(cacheable(openai, 1023), 0);
  EXPECT_EQ(cacheable(openai, 1024), 1024);
  EXPECT_EQ(cacheable(openai, 1500), 1408);
  EXPECT_EQ(cacheable({.minimum = 4096}, 1500), 0);
  EXPECT_EQ(cacheable({.minimum = 512}, 513), 513);
  EXPECT_EQ(cacheable({}, 100'000), 0);  // unknown: nothing may be counted on
}

// What every row of the built-in book obeys.
TEST(BuiltInBook, RowsAreWellFormed) {
  const Book& b = book();
  for (const Model& m : b.models()) {
    const Row* before = nullptr;
    EXPECT_FALSE(m.rows.empty()) << m.name;
    for (const Row& r : m.rows) {
      const std::string key = m.provider + '/' + m.name + ' ' + std::string(name_of(r.tier)) + ' ' +
                              std::to_string(r.above);
      ASSERT_TRUE(r.ranked.knows(Kind::fresh)) << key;
      ASSERT_TRUE(r.ranked.knows(Kind::output)) << key;
      for (const Rates* rates : {&r.ranked, &r.other}) {
        if (rates->knows(Kind::cache_read)) EXPECT_LE(rates->cache_read.n, rates->fresh.n) << key;
        if (rates->knows(Kind::cache_write_5m))
          EXPECT_GE(rates->cache_write_5m.n, rates->fresh.n) << key;
        if (rates->knows(Kind::cache_write_1h) && rates->knows(Kind::cache_write_5m))
          EXPECT_GE(rates->cache_write_1h.n, rates->cache_write_5m.n) << key;
      }
      EXPECT_EQ(r.ranked.fresh.n == 0, m.name.starts_with("omni-moderation")) << key;
      for (const Claim& c : r.claims) EXPECT_GE(c.source, 0) << key;
      // Rates only rise from band to band, so the band of the longest prompt is the dearest.
      if (r.above > 0 && before && before->tier == r.tier && before->above < r.above &&
          before->from == r.from) {
        EXPECT_GE(r.ranked.fresh.n, before->ranked.fresh.n) << key;
        EXPECT_GE(r.ranked.output.n, before->ranked.output.n) << key;
      }
      before = &r;
    }
  }
}

TEST(BuiltInBook, HasTheTwelveProviders) {
  std::set<std::string> seen;
  for (const Model& m : book().models()) seen.insert(m.provider);
  for (const char* p : {"openai", "anthropic", "gemini", "vertex", "mistral", "together", "groq",
                        "deepseek", "xai", "fireworks", "azure", "bedrock"})
    EXPECT_TRUE(seen.contains(p)) << p;
}

TEST(BuiltInBook, HasEveryModelTheBackgroundNames) {
  for (const auto& [provider, model] : std::initializer_list<std::pair<const char*, const char*>>{
           {"anthropic", "claude-opus-4.7"},
           {"anthropic", "claude-sonnet-4.6"},
           {"anthropic", "claude-opus-4.6"},
           {"anthropic", "claude-haiku-4.5"},
           {"anthropic", "claude-sonnet-4"},
           {"anthropic", "claude-opus-4"},
           {"openai", "gpt-5.4"},
           {"openai", "gpt-5.4-mini"},
           {"openai", "gpt-5"},
           {"openai", "gpt-5-mini"},
           {"openai", "gpt-5-nano"},
           {"openai", "gpt-4o"},
           {"openai", "gpt-4o-2024-08-06"},
           {"openai", "text-embedding-3-large"},
           {"openai", "text-embedding-3-small"},
           {"gemini", "gemini-3.1-pro"},
           {"gemini", "gemini-3-flash"},
           {"gemini", "gemini-3.5-flash"},
           {"gemini", "gemini-2.5-pro"},
           {"gemini", "gemini-2.5-flash"},
           {"gemini", "gemini-2.5-flash-lite"},
           {"gemini", "gemini-embedding-001"},
           {"deepseek", "deepseek-v3.2"},
           {"deepseek", "deepseek-chat"},
           {"deepseek", "deepseek-reasoner"}})
    EXPECT_TRUE(book().find(provider, model)) << model;
}

TEST(BuiltInBook, BatchAndFlexAreHalfWhereTheProviderSaysSo) {
  for (const Model& m : book().models())
    for (const Row& r : m.rows) {
      if (r.tier != ServiceTier::batch && r.tier != ServiceTier::flex) continue;
      const Row* full = book().row(m, ServiceTier::standard, r.above + 1, within(r));
      ASSERT_TRUE(full) << m.name;
      // xAI takes 20 % off, Together nothing unless listed, and Groq's flex costs what on demand
      // does.
      const bool half = m.provider != "xai" && m.provider != "together" &&
                        !(m.provider == "groq" && r.tier == ServiceTier::flex);
      const int64_t by = half ? 2 : 1;
      if (half || m.provider == "groq" || m.provider == "together") {
        EXPECT_EQ(r.ranked.fresh.n * by, full->ranked.fresh.n) << m.name;
        EXPECT_EQ(r.ranked.output.n * by, full->ranked.output.n) << m.name;
      } else {
        EXPECT_EQ(r.ranked.fresh.n * 5, full->ranked.fresh.n * 4) << m.name;
      }
    }
}

TEST(BuiltInBook, AnthropicCacheMultiples) {
  for (const Model& m : book().models()) {
    if (m.provider != "anthropic" || m.name == "claude-3-haiku")
      continue;  // 0.30 and 0.03 are rounded there
    for (const Row& r : m.rows) {
      EXPECT_EQ(r.ranked.cache_write_5m.n * 4, r.ranked.fresh.n * 5) << m.name;
      EXPECT_EQ(r.ranked.cache_write_1h.n, r.ranked.fresh.n * 2) << m.name;
    }
  }
}

TEST(BuiltInBook, SaysWhoSellsWhichTier) {
  const auto sells = [](const char* p, const char* m, ServiceTier t) {
    return book().find(p, m)->sells(t);
  };
  EXPECT_EQ(sells("openai", "gpt-5.4", ServiceTier::flex), Sold::yes);
  EXPECT_EQ(sells("openai", "gpt-5.1-codex", ServiceTier::batch), Sold::unknown);
  EXPECT_EQ(sells("xai", "grok-4.5", ServiceTier::batch), Sold::no);
  EXPECT_EQ(sells("xai", "grok-4.3", ServiceTier::batch), Sold::yes);
  EXPECT_TRUE(book().find_not_sold("deepseek", ServiceTier::batch));
}

}  // namespace
}  // namespace twolane::price

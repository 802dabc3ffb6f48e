// The price book: who sells which model on which tier, at which rates, from when, and who says so.
//
// A Book is read from text (the compiled-in price/book.prices, or a user's file) and does not
// change afterwards. Rows are put together from claims: what a source prints for a model and tier,
// what a provider's stacking rule makes of its standard rate, what third parties say. Where claims
// differ, both readings are kept; see Row. What nobody claims is unknown, which is neither zero nor
// half.
//
// Pure. Threads: any number may read one Book.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/money.h"
#include "base/result.h"
#include "base/time.h"
#include "model/endpoint.h"
#include "model/job.h"
#include "price/window.h"

namespace twolane::price {

// What tokens are billed as.
enum class Kind : uint8_t { fresh, cache_read, cache_write_5m, cache_write_1h, output };
inline constexpr int kind_count = 5;
inline constexpr int tier_count = 5;
std::string_view name_of(Kind kind);  // "input", "cached", "write_5m", "write_1h", "output"

// Whose word weighs more, best first. `settled`: an export of the provider's own billing shows it.
enum class Rank : uint8_t { settled, published, rule, third_party };
std::string_view name_of(Rank rank);

struct Source {
  std::string key, text, date;
  Rank rank = Rank::third_party;
};

// What every kind of token costs. A kind in `unknown` (bit by Kind) has no rate.
struct Rates {
  PicoUsdPerToken fresh, cache_read, cache_write_5m, cache_write_1h, output;
  uint8_t unknown = 0;

  bool knows(Kind kind) const { return ((unknown >> static_cast<int>(kind)) & 1) == 0; }
  PicoUsdPerToken of(Kind kind) const;
  bool operator==(const Rates&) const = default;
};

// One source's word on one row; a kind it does not speak of is in `rates.unknown`.
struct Claim {
  Rates rates;
  int source = -1;       // in Book::sources
  bool derived = false;  // by a stacking rule from the standard rate, not printed as a number
};

// The rates of a tier for prompts of more than `above` tokens, from `from` until before `until`,
// while `window` holds. The whole request is billed at its row.
//
// For each kind, `ranked` is the claim of the best rank, within one rank the dearer one; `other` is
// the first claim in that order with a different rate, and equals `ranked` where nobody disagrees.
// `open` has the bit of each kind on which two claims differ.
struct Row {
  ServiceTier tier = ServiceTier::standard;
  int64_t above = 0;
  Time from;        // 0: always was
  Time until;       // 0: no end known
  int window = -1;  // in Book::windows; -1: at any hour
  Rates ranked, other;
  uint8_t open = 0;
  std::vector<Claim> claims;

  bool in_force(Time at) const { return at >= from && (until.ms == 0 || at < until); }
  const Claim* claim_of(Kind kind, PicoUsdPerToken rate) const;  // the best one with that rate
};

// Where prompt caching begins, what a cache lives and what keeping it costs.
struct Caching {
  int64_t minimum = -1;             // tokens; a shorter prefix is silently not cached. -1: unknown
  int64_t step = 0;                 // beyond the minimum only whole steps count; 0: any length
  bool automatic = false;           // without being asked for
  bool on_request = false;          // by marks or a cache object in the request
  std::vector<Duration> lifetimes;  // that can be had, shortest first
  int source = -1;
  // USD per token and hour of an explicit cache, by tier; nothing where the provider takes none or
  // is not known to. 1.00 USD per million tokens and hour is 1,000,000 PicoUsd per token and hour.
  std::array<std::optional<PicoUsdPerToken>, tier_count> storage{};
  int storage_source = -1;
};

// The tokens of a prefix that this model can cache: 0 below the minimum, whole steps above.
int64_t cacheable(const Caching& caching, int64_t prefix_tokens);

// Something with a rate of its own: "audio_input" and "image_output" by "1M-tokens", on the standard
// tier, in place of the rate of other tokens; "web_search" by "1k-searches", on every tier, beside them.
struct Extra {
  std::string what, unit;
  PicoUsd price;
  int source = -1;
};

// A surcharge for where the data stays: 1.1 is 1100 thousandths.
struct Residency {
  std::string region;  // "us", "eu", "any"
  int64_t thousandths = 1000;
  int source = -1;
};

// How a provider's discounts combine, as it says itself or others say of it: what each tier makes
// of the standard rate of each kind.
struct Factor {
  ServiceTier tier = ServiceTier::standard;
  Kind kind = Kind::fresh;
  int64_t millionths = 0;
  bool as_input = false;  // billed as this tier's fresh input instead
  int source = -1;
};

// The steps from a rate to a bill, in the order in which they apply.
enum class Step : uint8_t { tier, cache, band, window, residency, discount, bonus };
std::string_view name_of(Step step);

struct Stacking {
  std::string name;
  std::vector<Factor> factors;
  std::vector<Residency> residencies;
  std::vector<Step> order;
  std::string note;
};

// Whether a provider sells a model on a tier: `unknown` where no source says.
enum class Sold : uint8_t { unknown, no, yes };

struct Model {
  std::string provider, name;
  std::vector<std::string> aliases;
  int stacking = -1;  // in Book::stackings
  Caching caching;
  std::vector<Row> rows;  // one tier stands together, its bands ascending
  std::vector<Extra> extras;
  std::array<Sold, tier_count> sold{};
  std::string note;

  const Extra* extra(std::string_view what) const;  // nullptr: the book has no rate
  Sold sells(ServiceTier tier) const { return sold[static_cast<size_t>(tier)]; }
};

// Why a provider does not sell a tier: "sells hours, not batches".
struct NotSold {
  std::string provider;
  ServiceTier tier = ServiceTier::batch;
  std::string why;
  int source = -1;
};

class Book {
 public:
  // Errors: book.syntax, book.source, book.overlap, each with file and line.
  static Result<Book> parse(std::string_view text, std::string_view file);

  Time date() const { return date_; }  // of its newest prices; holds where no time is given
  const std::vector<Source>& sources() const { return sources_; }
  const std::vector<Window>& windows() const { return windows_; }
  const std::vector<Stacking>& stackings() const { return stackings_; }
  const std::vector<Model>& models() const { return models_; }
  const std::vector<NotSold>& not_sold() const { return not_sold_; }

  // By any spelling, alias or dated snapshot; nullptr where the book does not have it. Constant
  // time, no allocation.
  const Model* find(std::string_view provider, std::string_view model) const;
  const NotSold* find_not_sold(std::string_view provider, ServiceTier tier) const;
  // The row for a prompt of that many tokens at that time, or nullptr.
  const Row* row(const Model& model, ServiceTier tier, int64_t input_tokens, Time at) const;

  const Source& source(int index) const;  // of -1: an empty one

 private:
  friend class BookParser;
  void index();
  const Model* lookup(std::string_view key) const;

  Time date_;
  std::vector<Source> sources_;
  std::vector<Window> windows_;
  std::vector<Stacking> stackings_;
  std::vector<Model> models_;
  std::vector<NotSold> not_sold_;
  struct Slot {
    uint64_t hash = 0;
    int32_t model = -1;
    std::string key;
  };
  std::vector<Slot> slots_;  // open addressing; a power of two
};

// The book in use: the compiled-in one until install() replaces it.
const Book& book();
// Replaces the book for the whole process. Call it before anything else of this room, from one
// thread.
void install(Book replacement);
// The text that is compiled in (src/price/book.prices), for `twolane price --print-book` and tests.
std::string_view built_in_text();

}  // namespace twolane::price

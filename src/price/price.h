// What tokens cost, exactly, by the price book in use (price/book.h).
//
// Pure; any thread. Money is never rounded here except where `Conditions` divide it, once, at the
// end (see adjusted). Errors: money.unknown_price (unknown is not zero), money.tier_not_sold,
// money.overflow, money.negative, money.unknown_residency.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/money.h"
#include "base/result.h"
#include "base/time.h"
#include "model/job.h"
#include "model/usage.h"
#include "price/book.h"

namespace twolane::price {

// Which of two readings of an open rule holds; see Row.
enum class Reading : uint8_t { ranked, other };
std::string_view name_of(Reading reading);

// A share in millionths: 15 % is 150,000.
struct Share {
  int64_t millionths = 0;
  bool operator==(const Share&) const = default;
};
// "15%", "12.5%": at most four decimals, 0 to 100. Error money.syntax.
Result<Share> parse_share(std::string_view text);

// What decides a price beside model, tier and tokens. Values, nothing is owned.
struct Conditions {
  Time at;  // 0: the date of the book
  Reading reading = Reading::ranked;
  int64_t prompt_tokens = -1;       // per request, decides the band; -1: the input of the usage
  std::string_view residency = {};  // "us", "eu": where the data stays; empty: anywhere
  Share discount = {};              // of the account, off every rate
  Share bonus = {};  // credit given on top of prepaid money: 10 % makes 1.10 out of 1.00

  bool adjusts() const {
    return !residency.empty() || discount.millionths != 0 || bonus.millionths != 0;
  }
};

// Whether the provider sells this model on that tier, as far as the book knows.
Sold sold(const Target& target, ServiceTier tier);

// The rates of one request with that many input tokens (long prompts move as a whole to a higher
// band), before residency, discount and bonus. Some kinds may be unknown in them.
Result<Rates> rates(const Target& target, ServiceTier tier, int64_t input_tokens,
                    const Conditions& conditions = {});

// The exact charge of what was served, with the extras that the book has rates for (see Extra); audio
// and images without one are charged as other tokens, searches without one not at all.
Result<PicoUsd> charge(const Target& target, ServiceTier tier, const Usage& usage,
                       const Conditions& conditions = {});

// Whether something in the usage has no rate of its own in the book although it is billed by one.
bool has_unknown_extras(const Target& target, ServiceTier tier, const Usage& usage);

// The same with a row found before: Book::row, for who charges many requests of one
// model; without extras.
Result<PicoUsd> charge(const Rates& rates, const Usage& usage);

// No charge for such a request within three days from `conditions.at` can be higher, by either
// reading: every input token at the dearest input rate of the tier. Web searches are not in it: how
// many a model makes is its own choice.
Result<PicoUsd> bound(const Target& target, ServiceTier tier, int64_t input_tokens,
                      int64_t output_tokens, const Conditions& conditions = {});

// An amount after residency, discount and bonus, in the order of the provider's stacking rule. What
// does not divide is rounded up to the next PicoUsd, once.
Result<PicoUsd> adjusted(const Model& model, PicoUsd amount, const Conditions& conditions);

// The fee for keeping an explicit cache, in USD per token and hour. A cache lies outside the tiers,
// so where none is printed for the tier, that of standard holds; nothing where none is printed at
// all.
std::optional<PicoUsdPerToken> storage_fee(const Model& model, ServiceTier tier);

// Keeping an explicit cache: tokens times hours. Error money.unknown_price where no fee is
// published.
Result<PicoUsd> storage_charge(const Model& model, ServiceTier tier, int64_t token_hours);

// Keeping that many tokens at that fee for so long: to the millisecond, what does not divide rounded
// up, once.
PicoUsd storage_charge(PicoUsdPerToken per_hour, int64_t tokens, Duration kept);

// The error that says so; `known` lists what could be asked for instead.
Error unknown_price(const Target& target, ServiceTier tier);

}  // namespace twolane::price

// Looking up rates and multiplying, with every overflow an error.
#include "price/price.h"

#include <algorithm>
#include <array>
#include <numeric>

namespace twolane::price {
namespace {

constexpr Duration bound_horizon =
    days(3);                        // no provider's batch lives longer than it takes to settle
constexpr int64_t one = 1'000'000;  // of a Share

std::unexpected<Error> overflow() {
  return fail("money.overflow", "the amount does not fit into 128 bits of 10^-12 USD",
              "that is more than 10^26 USD");
}

// total += rate * tokens; false when that does not fit or makes no sense.
bool add(__int128& total, PicoUsdPerToken rate, int64_t tokens) {
  return !__builtin_add_overflow(total, static_cast<__int128>(rate.n) * tokens, &total);
}

int64_t tokens_of(const Usage& u, Kind kind) {
  switch (kind) {
    case Kind::fresh:
      return u.fresh;
    case Kind::cache_read:
      return u.cache_read;
    case Kind::cache_write_5m:
      return u.cache_write_5m;
    case Kind::cache_write_1h:
      return u.cache_write_1h;
    case Kind::output:
      return u.output;
  }
  return 0;
}

bool negative(const Usage& u) {
  return (u.fresh | u.cache_read | u.cache_write_5m | u.cache_write_1h | u.output | u.audio_input |
          u.image_output | u.searches) < 0;
}

// What one of a usage's extras is billed by: `count` of it at `extra` instead of `instead`.
struct BilledExtra {
  int64_t count = 0;
  const Extra* extra = nullptr;  // null: no rate is known
  int64_t of_unit = 1;
  PicoUsdPerToken instead;
};

std::array<BilledExtra, 3> extras_of(const Model& model, ServiceTier tier, const Rates& rates,
                                     const Usage& u) {
  const bool printed = tier == ServiceTier::standard;  // what other tiers make of it nobody prints
  const auto by_token = [&](std::string_view what) { return printed ? model.extra(what) : nullptr; };
  return {{{u.audio_input, by_token("audio_input"), 1'000'000, rates.fresh},
           {u.image_output, by_token("image_output"), 1'000'000, rates.output},
           {u.searches, model.extra("web_search"), 1'000, {}}}};
}

bool add_extras(const Model& model, ServiceTier tier, const Rates& rates, const Usage& usage, PicoUsd& total) {
  bool fits = true;
  for (const BilledExtra& b : extras_of(model, tier, rates, usage)) {
    if (b.count == 0 || !b.extra) continue;
    const PicoUsdPerToken rate{static_cast<int64_t>(b.extra->price.n / b.of_unit) - b.instead.n};
    fits = fits && add(total.n, rate, b.count);
  }
  return fits;
}

Result<int64_t> input_of(const Usage& u) {
  int64_t sum = 0;
  for (const int64_t n : {u.fresh, u.cache_read, u.cache_write_5m, u.cache_write_1h})
    if (__builtin_add_overflow(sum, n, &sum)) return overflow();
  return sum;
}

const Rates& by(const Row& row, Reading reading) {
  return reading == Reading::ranked ? row.ranked : row.other;
}

struct Found {
  const Model* model;
  const Row* row;
};

Result<Found> find(const Target& target, ServiceTier tier, int64_t input_tokens, Time at) {
  const Book& all = book();
  const Model* model = all.find(target.provider, target.model);
  if (model == nullptr) return fail(unknown_price(target, tier));
  const Row* row = all.row(*model, tier, input_tokens, at);
  if (row == nullptr) return fail(unknown_price(target, tier));
  return Found{model, row};
}

// A product of fractions, reduced as it grows.
struct Fraction {
  __int128 over = 1, under = 1;

  void times(int64_t a, int64_t b) {
    over *= a, under *= b;
    __int128 x = over, y = under;
    while (y != 0) std::swap(x %= y, y);
    if (x > 1) over /= x, under /= x;
  }
};

Result<int64_t> residency_of(const Model& model, std::string_view region) {
  if (region.empty()) return 1000;
  if (model.stacking >= 0)
    for (const Residency& r : book().stackings()[static_cast<size_t>(model.stacking)].residencies)
      if (r.region == region || r.region == "any") return r.thousandths;
  return fail("money.unknown_residency",
              "what " + model.provider + '/' + model.name + " costs with data residency \"" +
                  std::string(region) + "\" is unknown",
              "the price book has no such surcharge for this model");
}

}  // namespace

std::string_view name_of(Reading reading) {
  return reading == Reading::ranked ? "ranked" : "other";
}

Result<Share> parse_share(std::string_view text) {
  const bool percent = text.ends_with('%');
  const auto wrong = [&] {
    return fail("money.syntax", '"' + std::string(text.substr(0, 40)) + "\" is no share",
                "a share is 0% to 100%, like 15% or 12.5%");
  };
  if (!percent) return wrong();
  const auto rate = parse_usd_per_million(text.substr(0, text.size() - 1));  // 15 -> 15,000,000
  if (!rate || rate->n % 100 != 0 || rate->n > 100 * one) return wrong();
  return Share{rate->n / 100};
}

Error unknown_price(const Target& target, ServiceTier tier) {
  const std::string name = target.provider + '/' + target.model;
  Error e;
  e.where.provider = target.provider;
  const NotSold* not_sold = book().find_not_sold(target.provider, tier);
  const Model* model = book().find(target.provider, target.model);
  if (not_sold != nullptr && (model == nullptr || model->sells(tier) != Sold::yes)) {
    e.code = "money.tier_not_sold";
    e.message = target.provider + " does not sell " + std::string(name_of(tier));
    e.why = not_sold->why;
    return e;
  }
  if (model != nullptr && model->sells(tier) == Sold::no) {
    e.code = "money.tier_not_sold";
    e.message = name + " is not sold on tier " + std::string(name_of(tier));
    e.why = "the provider says so";
    return e;
  }
  e.code = "money.unknown_price";
  e.message = "the price of " + name + " on tier " + std::string(name_of(tier)) + " is unknown";
  e.why = "unknown is not zero";
  return e;
}

Sold sold(const Target& target, ServiceTier tier) {
  const Model* model = book().find(target.provider, target.model);
  if (model != nullptr && model->sells(tier) != Sold::unknown) return model->sells(tier);
  return book().find_not_sold(target.provider, tier) != nullptr ? Sold::no : Sold::unknown;
}

Result<Rates> rates(const Target& target, ServiceTier tier, int64_t input_tokens,
                    const Conditions& conditions) {
  const Found found = TRY(find(target, tier, input_tokens, conditions.at));
  return by(*found.row, conditions.reading);
}

Result<PicoUsd> charge(const Rates& r, const Usage& usage) {
  if (negative(usage))
    return fail("money.negative", "a count of tokens is negative", "usage only adds up");
  __int128 total = 0;
  bool fits = true;
  for (int k = 0; k < kind_count; ++k) {
    const auto kind = static_cast<Kind>(k);
    const int64_t tokens = tokens_of(usage, kind);
    if (tokens == 0) continue;
    if (!r.knows(kind))
      return fail("money.unknown_price",
                  "the price of " + std::string(name_of(kind)) + " tokens is unknown here",
                  "unknown is not zero");
    fits = fits && add(total, r.of(kind), tokens);
  }
  if (!fits) return overflow();
  return PicoUsd{total};
}

Result<PicoUsd> charge(const Target& target, ServiceTier tier, const Usage& usage,
                       const Conditions& conditions) {
  const int64_t prompt =
      conditions.prompt_tokens >= 0 ? conditions.prompt_tokens : TRY(input_of(usage));
  const Found found = TRY(find(target, tier, prompt, conditions.at));
  const Rates& row = by(*found.row, conditions.reading);
  auto amount = charge(row, usage);
  if (amount && usage.has_extras() && !add_extras(*found.model, tier, row, usage, *amount)) return overflow();
  if (!amount) {
    Error e = std::move(amount).error();
    e.where.provider = target.provider;
    e.where.note = target.model;
    return fail(std::move(e));
  }
  return conditions.adjusts() ? adjusted(*found.model, *amount, conditions) : amount;
}

bool has_unknown_extras(const Target& target, ServiceTier tier, const Usage& usage) {
  const Model* model = usage.has_extras() ? book().find(target.provider, target.model) : nullptr;
  if (model == nullptr) return usage.has_extras();
  const auto extras = extras_of(*model, tier, {}, usage);
  return std::any_of(extras.begin(), extras.end(), [](const BilledExtra& b) { return b.count > 0 && !b.extra; });
}

Result<PicoUsd> bound(const Target& target, ServiceTier tier, int64_t input_tokens,
                      int64_t output_tokens, const Conditions& conditions) {
  const Time from = conditions.at.ms == 0 ? book().date() : conditions.at;
  const Found found = TRY(find(target, tier, input_tokens, from));
  int64_t input = 0, output = 0;
  for (const Row& row : found.model->rows) {
    const bool meets = row.from < from + bound_horizon && (row.until.ms == 0 || row.until > from);
    if (row.tier != tier || !meets || (row.above > 0 && input_tokens <= row.above)) continue;
    for (const Rates* r : {&row.ranked, &row.other}) {
      input =
          std::max({input, r->fresh.n, r->cache_read.n, r->cache_write_5m.n, r->cache_write_1h.n});
      output = std::max(output, r->output.n);
    }
  }
  // Audio is bounded by its bytes, which are far more than its tokens; searches are not bounded.
  if (const Extra* image = found.model->extra("image_output"); image && tier == ServiceTier::standard)
    output = std::max(output, static_cast<int64_t>(image->price.n / 1'000'000));
  if (input_tokens < 0 || output_tokens < 0)
    return fail("money.negative", "a count of tokens is negative", "a request has none or more");
  const PicoUsd most{static_cast<__int128>(input) * input_tokens +
                     static_cast<__int128>(output) * output_tokens};
  return conditions.adjusts() ? adjusted(*found.model, most, conditions) : Result<PicoUsd>(most);
}

Result<PicoUsd> adjusted(const Model& model, PicoUsd amount, const Conditions& c) {
  Fraction f;
  f.times(TRY(residency_of(model, c.residency)), 1000);
  f.times(one - c.discount.millionths, one);
  f.times(one, one + c.bonus.millionths);
  __int128 n = 0;
  if (__builtin_mul_overflow(amount.n, f.over, &n)) return overflow();
  return PicoUsd{n / f.under + (n % f.under > 0 ? 1 : 0)};
}

std::optional<PicoUsdPerToken> storage_fee(const Model& model, ServiceTier tier) {
  const auto& fees = model.caching.storage;
  const auto printed = fees[static_cast<size_t>(tier)];
  return printed ? printed : fees[static_cast<size_t>(ServiceTier::standard)];
}

Result<PicoUsd> storage_charge(const Model& model, ServiceTier tier, int64_t token_hours) {
  const auto fee = storage_fee(model, tier);
  if (token_hours == 0) return PicoUsd{};
  if (token_hours < 0)
    return fail("money.negative", "token-hours are negative", "storage only adds up");
  if (!fee)
    return fail("money.unknown_price",
                "the storage fee of " + model.provider + '/' + model.name + " on tier " +
                    std::string(name_of(tier)) + " is unknown",
                "no source prints one; automatic caches have none to pay");
  return *fee * token_hours;
}

PicoUsd storage_charge(PicoUsdPerToken per_hour, int64_t tokens, Duration kept) {
  constexpr int64_t hour = hours(1).ms;
  const __int128 token_ms = static_cast<__int128>(tokens) * kept.ms;
  return {(token_ms * per_hour.n + hour - 1) / hour};
}

}  // namespace twolane::price

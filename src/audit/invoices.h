// Two periods of a provider's own exports side by side: what a switch saved, beside what was promised, and
// what else changed the bill.
//
// Pure. Amounts are exact until they are brought to a day, which rounds down to 10^-12 USD. The steps from one
// bill to the other are bills in between, so they add up to the difference exactly:
//   before -> more or less traffic, in the same mix          (volume)
//          -> the models as they are used after              (models)
//          -> the tiers as they are used after: the switch   (tiers)
//          -> prices of a token as they are after: rates, cached share, share of output (price)
//          -> what the invoice has beside tokens             (other)
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "audit/book_models.h"
#include "audit/reader.h"
#include "base/money.h"
#include "base/result.h"

namespace twolane::audit {

// One model on one tier in one period. Tier standard where the export does not tell.
struct InvoiceLine {
  int64_t requests = 0;
  Usage usage;
  PicoUsd list;                   // the tokens at the price book's rates of their time
  int64_t without_price = 0;      // tokens that the book cannot price
  std::optional<PicoUsd> billed;  // where a cost export names model and tier
  int64_t tokens() const { return usage.input() + usage.output; }
};
using InvoiceKey = std::pair<std::string, ServiceTier>;

// What the exports of one period say. Usage and cost exports of it are given together.
class Invoices final : public Sink {
 public:
  // Single calls of a log count as its usage.
  void call(const Call& call) override;
  void bucket(const Bucket& bucket) override;

  std::map<InvoiceKey, InvoiceLine> lines;
  std::map<std::string, PicoUsd> items;  // what is billed for no model: by line item
  PicoUsd billed;                        // all of it
  bool has_costs = false, has_usage = false;
  std::optional<Time> from, until;       // from the first bucket to the end of the last

  Duration span() const { return from ? *until - *from : Duration{}; }

 private:
  void tokens(std::string_view provider, std::string_view model, ServiceTier tier, const Usage& usage, int64_t requests, bool long_context, Time at);
  void see(Time begin, Time end);
  BookModels models_;
};

// Per day of its period.
struct PerDay {
  int64_t tokens = 0;
  PicoUsd cost;
};

struct InvoiceRow {
  std::string model;
  ServiceTier tier = ServiceTier::standard;
  InvoiceLine before, after;
  PerDay before_day, after_day;
};

struct Comparison {
  Time before_from, before_until, after_from, after_until;
  bool rows_billed = false;   // amounts of rows are the invoice's; else the book's for their tokens
  bool total_billed = false;  // amounts of days are the invoice's; else the sums of the rows
  std::vector<InvoiceRow> rows;  // by what they cost per day, before and after together
  PerDay before, after;
  // Per day; they sum to after.cost - before.cost.
  PicoUsd volume, models, tiers, price, other;
  int64_t without_price = 0;  // tokens, in both periods

  PicoUsd saved_day() const { return PicoUsd{} - tiers; }
  PicoUsd saved_month() const { return {saved_day().n * 30}; }
};

// Errors: audit.invoices where a period has no tokens, or no time.
Result<Comparison> compare_invoices(const Invoices& before, const Invoices& after);

}  // namespace twolane::audit

// Bills before and after a switch.
#include "app/audit_bills.h"

#include <fstream>
#include <sstream>

#include "app/audit_files.h"
#include "app/escape.h"
#include "app/figures.h"
#include "audit/collector.h"

namespace twolane::app {
namespace {

using audit::Comparison;
using wire::Json;

constexpr size_t rows_shown = 12;

std::string usd(PicoUsd amount, int decimals = 2) { return shown_usd(amount, decimals, Round::half_even); }
std::string signed_usd(PicoUsd amount, int decimals) { return (amount.n > 0 ? "+" : "") + usd(amount, decimals); }

// Of a million tokens; "-" where there are none.
std::string per_million(const audit::PerDay& day) {
  if (day.tokens == 0) return "-";
  return usd({day.cost.n / day.tokens * 1'000'000}, 3);
}

std::string date(Time t) { return rfc3339(t).substr(0, 10); }
std::string period(Time from, Time until) { return date(from) + " to " + date(until + Duration{-1}); }

Result<std::optional<PicoUsd>> promise_in(const std::string& path) {
  if (path.empty()) return std::nullopt;
  std::ifstream in(path, std::ios::binary);
  std::stringstream text;
  if (in) text << in.rdbuf();
  const auto json = in && text ? wire::parse_json(text.str()) : Result<Json>(fail("audit.promised", "unreadable"));
  const auto month = json ? parse_usd(wire::string_at(*json, "saves_month_usd")) : Result<PicoUsd>(fail("audit.promised", "none"));
  if (month) return *month;
  Error e;
  e.code = "audit.promised";
  e.message = "no promise was found";
  e.where.file = path;
  e.where.field = "--promised";
  e.why = !json ? "it is no JSON" : "it has no saves_month_usd: an audit promises for a month from a week of traffic on";
  e.next = {"give what `twolane audit LOGS --json` printed before the switch"};
  return fail(std::move(e));
}

Result<std::vector<audit::FileRead>> read_period(const std::vector<std::string>& paths, audit::Invoices& into) {
  audit::Lengths lengths;
  std::vector<audit::FileRead> files;
  for (const LogFile& file : TRY(order_logs(paths, nullptr))) files.push_back(TRY(read_log(file, nullptr, lengths, into)));
  return files;
}

Json day_json(const audit::InvoiceLine& line, const audit::PerDay& day) {
  return {{"requests", line.requests > 0 ? Json(line.requests) : Json(nullptr)},
          {"input_tokens", line.usage.input()},
          {"cached_tokens", line.usage.cache_read},
          {"output_tokens", line.usage.output},
          {"tokens_day", day.tokens},
          {"cost_day_usd", exact_usd(day.cost)}};
}

Json bills_json(const Comparison& c, const std::optional<PicoUsd>& promised) {
  Json rows = Json::array();
  for (const auto& r : c.rows)
    rows.push_back({{"model", r.model}, {"tier", name_of(r.tier)}, {"before", day_json(r.before, r.before_day)}, {"after", day_json(r.after, r.after_day)}});
  const auto side = [](Time from, Time until, const audit::PerDay& day) {
    return Json({{"from", rfc3339(from)}, {"until", rfc3339(until)}, {"tokens_day", day.tokens}, {"cost_day_usd", exact_usd(day.cost)}});
  };
  Json out = {{"before", side(c.before_from, c.before_until, c.before)},
              {"after", side(c.after_from, c.after_until, c.after)},
              {"billed", c.total_billed},
              {"rows_billed", c.rows_billed},
              {"tokens_without_price", c.without_price}};
  out["difference_day_usd"] = {{"all", exact_usd(c.after.cost - c.before.cost)},
                               {"volume", exact_usd(c.volume)},
                               {"models", exact_usd(c.models)},
                               {"tiers", exact_usd(c.tiers)},
                               {"price", exact_usd(c.price)},
                               {"other", exact_usd(c.other)}};
  out["switch_saves_month_usd"] = exact_usd(c.saved_month());
  out["promised_month_usd"] = promised ? Json(exact_usd(*promised)) : Json(nullptr);
  out["rows"] = std::move(rows);
  return out;
}

std::string rows_text(const Comparison& c) {
  std::string text = left("model, tier", 34) + right("USD/day", 11) + right("then", 11) + right("USD/M tok", 12) + right("then", 10) + '\n';
  for (size_t i = 0; i < c.rows.size() && i < rows_shown; ++i) {
    const auto& r = c.rows[i];
    text += "  " + left(escaped(r.model, 22) + ", " + std::string(name_of(r.tier)), 32) + right(usd(r.before_day.cost), 11) + right(usd(r.after_day.cost), 11) +
            right(per_million(r.before_day), 12) + right(per_million(r.after_day), 10) + '\n';
  }
  if (c.rows.size() > rows_shown) text += "  " + counted(static_cast<int64_t>(c.rows.size() - rows_shown), "more row") + " (--json)\n";
  return text;
}

std::string steps_text(const Comparison& c) {
  const PicoUsd parts[] = {c.volume, c.models, c.tiers, c.price, c.other};
  const int decimals = decimals_that_add_up(parts, c.after.cost - c.before.cost);
  const auto step = [&](std::string_view what, PicoUsd amount) { return "  " + left(what, 56) + right(signed_usd(amount, decimals), 14) + '\n'; };
  std::string text = "a day cost" + right(usd(c.before.cost, decimals), 62) + '\n';
  text += step("volume: " + grouped(c.before.tokens) + " -> " + grouped(c.after.tokens) + " tokens", c.volume);
  text += step("models: other ones are used, or in other shares", c.models);
  text += step("tiers: the switch", c.tiers);
  text += step("price of a token: rates, cached share, share of output", c.price);
  if (c.other.n != 0) text += step("other: what the bill has beside these tokens", c.other);
  return text + "and costs" + right(usd(c.after.cost, decimals), 63) + '\n';
}

}  // namespace

std::string bills_text(const Comparison& c, const std::optional<PicoUsd>& promised) {
  std::string text = "before " + period(c.before_from, c.before_until) + ", after " + period(c.after_from, c.after_until) + '\n';
  text += rows_text(c) + steps_text(c);
  const bool saves = c.saved_month().n >= 0;
  text += std::string("the switch ") + (saves ? "saves " : "costs ") + usd(saves ? c.saved_month() : PicoUsd{} - c.saved_month()) + " USD in 30 days";
  if (promised) text += "; promised were " + usd(*promised) + (promised->n > 0 && saves ? " (" + share(c.saved_month(), *promised) + " of it)" : "");
  text += '\n';
  if (!c.total_billed) text += "note   no cost exports of both periods: amounts are these tokens at the price book's rates\n";
  else if (!c.rows_billed) text += "note   the bill names no model and tier: rows are at the price book's rates, days as billed\n";
  if (c.without_price > 0) text += "note   " + grouped(c.without_price) + " tokens have no price in the book and are in no row's amount\n";
  return text;
}

Result<int> compare_bills(const Shell& shell) {
  const AuditFlags& flags = shell.in.audit;
  if (flags.before.empty() || flags.after.empty() || !flags.logs.empty()) {
    Error e;
    e.code = "usage.missing";
    e.message = "--before and --after stand together, without LOGS";
    e.where.field = "audit";
    e.why = "two periods are compared";
    e.next = {"twolane audit --before EXPORT... --after EXPORT..."};
    return fail(std::move(e));
  }
  const auto promised = TRY(promise_in(flags.promised));
  audit::Invoices before, after;
  auto files = TRY(read_period(flags.before, before));
  for (auto& file : TRY(read_period(flags.after, after))) files.push_back(std::move(file));
  show_faults(shell, files);
  const Comparison c = TRY(audit::compare_invoices(before, after));
  if (shell.in.common.json) {
    auto object = good_answer();
    object.update(bills_json(c, promised));
    object["error"] = nullptr;
    shell.answer(object);
  } else {
    shell.print(bills_text(c, promised));
  }
  return 0;
}

}  // namespace twolane::app

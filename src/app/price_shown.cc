// Prices as text and as JSON.
#include "app/price_shown.h"

#include <algorithm>

#include "app/figures.h"
#include "price/price.h"

namespace twolane::app {
namespace {

using price::Book;
using price::Kind;
using price::Model;
using price::Row;
using price::Sold;

constexpr Kind columns[] = {Kind::fresh, Kind::cache_read, Kind::cache_write_5m,
                            Kind::cache_write_1h, Kind::output};
constexpr ServiceTier tiers[] = {ServiceTier::standard, ServiceTier::batch, ServiceTier::flex,
                                 ServiceTier::priority};

struct Line {
  const Model* model = nullptr;
  ServiceTier tier = ServiceTier::standard;
  const Row* row = nullptr;  // nullptr: not sold or unknown
  std::string why;
};

bool shows(const Row& row, ServiceTier tier, Time at) {
  return row.tier == tier && row.in_force(at);
}

std::vector<Line> lines_of(const Book& book, const Model& model, Time at, bool all_tiers) {
  std::vector<Line> lines;
  for (const ServiceTier tier : tiers) {
    const size_t before = lines.size();
    for (const Row& row : model.rows)
      if (shows(row, tier, at)) lines.push_back({&model, tier, &row, {}});
    if (lines.size() > before) continue;
    const auto* not_sold = book.find_not_sold(model.provider, tier);
    const bool no = not_sold != nullptr || model.sells(tier) == Sold::no;
    if (!all_tiers && tier != ServiceTier::batch) continue;
    lines.push_back({&model, tier, nullptr,
                     not_sold ? not_sold->why.substr(0, not_sold->why.find(':'))
                     : no     ? "not sold"
                              : "not published"});
  }
  return lines;
}

std::string source_text(const price::Source& s) {
  return s.key.empty() ? "" : s.key + ' ' + s.date;
}

std::string name_of_line(const Line& line, const Book& book) {
  std::string name = line.model->provider + '/' + line.model->name + ' ' +
                     std::string(twolane::name_of(line.tier));
  if (line.row == nullptr) return name;
  if (line.row->above > 0) name += " >" + grouped(line.row->above);
  if (line.row->window >= 0)
    name += " @" + book.windows()[static_cast<size_t>(line.row->window)].name;
  return name;
}

std::string cell(const Row& row, Kind kind) {
  if (!row.ranked.knows(kind)) return "unknown";
  const bool open = ((row.open >> static_cast<int>(kind)) & 1) != 0;
  return rate_text(row.ranked.of(kind)) + (open ? "*" : "");
}

const price::Source& source_of(const Book& book, const Row& row, Kind kind) {
  const auto* claim = row.ranked.knows(kind) ? row.claim_of(kind, row.ranked.of(kind)) : nullptr;
  return book.source(claim ? claim->source : -1);
}

wire::Json rate_or_null(const price::Rates& rates, Kind kind) {
  return rates.knows(kind) ? wire::Json(rate_text(rates.of(kind))) : wire::Json(nullptr);
}

wire::Json when(Time t) { return t.ms == 0 ? wire::Json(nullptr) : wire::Json(rfc3339(t)); }

wire::Json source_json(const price::Source& s) {
  if (s.key.empty()) return nullptr;
  return {{"name", s.key}, {"text", s.text}, {"date", s.date}, {"rank", price::name_of(s.rank)}};
}

wire::Json row_json(const Book& book, const Row& row) {
  wire::Json rates, other;
  for (const Kind kind : columns) {
    rates[std::string(price::name_of(kind))] = rate_or_null(row.ranked, kind);
    if ((row.open >> static_cast<int>(kind)) & 1)
      other[std::string(price::name_of(kind))] = rate_or_null(row.other, kind);
  }
  return {{"above_prompt_tokens", row.above},
          {"from", when(row.from)},
          {"until", when(row.until)},
          {"window", row.window < 0
                         ? wire::Json(nullptr)
                         : wire::Json(book.windows()[static_cast<size_t>(row.window)].text())},
          {"usd_per_million", rates},
          {"other_reading", other.empty() ? wire::Json::object() : other},
          {"source", source_json(source_of(book, row, Kind::fresh))}};
}

std::string_view sold_text(Sold sold) {
  return sold == Sold::yes ? "yes" : sold == Sold::no ? "no" : "unknown";
}

std::string sourced(const price::Source& s, bool derived) {
  return s.key + ' ' + s.date + (derived ? ", by the stacking rule" : "");
}

void add_open(std::string& out, const price::Explanation& e) {
  const Book& book = price::book();
  for (const auto& r : e.open) {
    const auto &used = book.source(r.used_source), &other = book.source(r.other_source);
    out += "\ntwo readings of " + std::string(price::name_of(r.kind)) + " on " +
           std::string(twolane::name_of(e.tier)) + '\n';
    out += "  used   " + left(rate_text(r.used), 9) + std::string(price::name_of(used.rank)) +
           ": " + used.text + " (" + used.key + ", " + used.date + ")\n";
    out += "  other  " + left(rate_text(r.other), 9) + std::string(price::name_of(other.rank)) +
           ": " + other.text + " (" + other.key + ", " + other.date + ")\n";
    out += "  " +
           std::string(r.by_rank ? "the better rank decides" : "one rank, so the dearer is used");
    out += "; by the other it is " + exact_usd(r.cost_if_other) + " USD\n";
  }
}

void add_rules(std::string& out, const price::Explanation& e) {
  const Book& book = price::book();
  const Model& m = *e.model;
  if (m.stacking >= 0) {
    const auto& s = book.stackings()[static_cast<size_t>(m.stacking)];
    out += "\nstacking " + s.name + ", in the order";
    for (const auto step : s.order) out += ' ' + std::string(price::name_of(step));
    out += '\n';
    if (!s.note.empty()) out += "  " + s.note + '\n';
  }
  out += model_facts(book, m);
}

}  // namespace

std::string model_facts(const Book& book, const Model& m) {
  std::string out;
  const auto& c = m.caching;
  if (c.automatic || c.on_request) {
    out += c.minimum < 0 ? "caching  from an unknown length"
                         : "caching  from " + grouped(c.minimum) + " tokens";
    if (c.step > 0) out += " in steps of " + grouped(c.step);
    out += " (" + source_text(book.source(c.source)) + ")\n";
  }
  for (const ServiceTier tier : tiers)
    if (const auto fee = c.storage[static_cast<size_t>(tier)])
      out += "storage  " + rate_text(*fee) + " per million tokens and hour, " +
             std::string(twolane::name_of(tier)) + '\n';
  for (const auto& x : m.extras)
    out += "also     " + x.what + ' ' + exact_usd(x.price) + " per " + x.unit + " (" +
           source_text(book.source(x.source)) + ")\n";
  if (!m.note.empty()) out += "note     " + m.note + '\n';
  return out;
}

wire::Json model_facts_json(const Book& book, const Model& m) {
  const auto& c = m.caching;
  wire::Json lifetimes = wire::Json::array(), storage = wire::Json::object(),
             extras = wire::Json::array();
  for (const Duration d : c.lifetimes) lifetimes.push_back(d.ms / 1000);
  for (const ServiceTier tier : tiers)
    if (const auto fee = c.storage[static_cast<size_t>(tier)])
      storage[std::string(twolane::name_of(tier))] = rate_text(*fee);
  for (const auto& x : m.extras)
    extras.push_back({{"what", x.what},
                      {"usd", exact_usd(x.price)},
                      {"per", x.unit},
                      {"source", source_json(book.source(x.source))}});
  return {{"caching",
           {{"automatic", c.automatic},
            {"on_request", c.on_request},
            {"minimum_tokens", c.minimum < 0 ? wire::Json(nullptr) : wire::Json(c.minimum)},
            {"step_tokens", c.step},
            {"lifetimes_s", std::move(lifetimes)},
            {"storage_usd_per_million_token_hours", std::move(storage)},
            {"source", source_json(book.source(c.source))}}},
          {"extras", std::move(extras)},
          {"note", m.note.empty() ? wire::Json(nullptr) : wire::Json(m.note)}};
}

std::string rate_text(PicoUsdPerToken rate) {
  std::string text = exact_usd(PicoUsd{static_cast<__int128>(rate.n) * 1'000'000});
  return text;
}

std::string price_table(const Book& book, const std::vector<const Model*>& models, Time at) {
  std::vector<Line> lines;
  for (const Model* m : models)
    for (Line& line : lines_of(book, *m, at, models.size() == 1)) lines.push_back(std::move(line));
  size_t width = 24;
  for (const Line& line : lines) width = std::max(width, name_of_line(line, book).size() + 1);
  std::string out = left("USD per million tokens", width) + right("input", 10) +
                    right("cached", 11) + right("write 5m", 10) + right("write 1h", 10) +
                    right("output", 10) + "  source\n";
  bool starred = false;
  constexpr size_t widths[] = {10, 11, 10, 10, 10};
  for (const Line& line : lines) {
    out += left(name_of_line(line, book), width);
    for (size_t k = 0; k < std::size(columns); ++k) {
      const std::string text = line.row                      ? cell(*line.row, columns[k])
                               : line.why == "not published" ? "unknown"
                                                             : "none";
      starred = starred || text.ends_with('*');
      out += right(text, widths[k]);
    }
    out +=
        "  " + (line.row ? source_text(source_of(book, *line.row, Kind::fresh)) : line.why) + '\n';
  }
  if (starred)
    out += "* sources differ: --model NAME --tier TIER --input N --explain shows both readings\n";
  return models.size() == 1 ? out + model_facts(book, *models.front()) : out;
}

wire::Json price_table_json(const Book& book, const std::vector<const Model*>& models, Time at) {
  wire::Json all = wire::Json::array();
  for (const Model* m : models)
    for (const ServiceTier tier : tiers) {
      wire::Json rows = wire::Json::array();
      for (const Row& row : m->rows)
        if (shows(row, tier, at)) rows.push_back(row_json(book, row));
      const auto* not_sold = book.find_not_sold(m->provider, tier);
      const Sold sold = !rows.empty() ? Sold::yes : not_sold ? Sold::no : m->sells(tier);
      if (rows.empty() && sold == Sold::unknown && models.size() > 1) continue;
      all.push_back({{"model", m->provider + '/' + m->name},
                     {"tier", twolane::name_of(tier)},
                     {"sold", sold_text(sold)},
                     {"why_not", not_sold ? wire::Json(not_sold->why) : wire::Json(nullptr)},
                     {"rows", std::move(rows)}});
    }
  return all;
}

std::string price_text(const price::Explanation& e, bool explain) {
  const Book& book = price::book();
  std::string out =
      e.model->provider + '/' + e.model->name + ' ' + std::string(twolane::name_of(e.tier));
  if (e.row->above > 0) out += ", prompts above " + grouped(e.row->above) + " tokens";
  if (e.row->window >= 0) out += ", " + book.windows()[static_cast<size_t>(e.row->window)].text();
  out += '\n';
  out += "  " + left("", 10) + right(e.terms.empty() ? "" : "tokens", 16) + right("USD per M", 12) +
         right("USD", 16) + "  source\n";
  for (const auto& t : e.terms)
    out += "  " + left(t.what, 10) + right(grouped(t.tokens), 16) + right(rate_text(t.rate), 12) +
           right(exact_usd(t.amount), 16) + "  " + sourced(book.source(t.source), t.derived) + '\n';
  for (const auto& a : e.adjustments)
    out += "  " + left(a.text, 38) + right(exact_usd(a.after), 16) + '\n';
  out += "  " + left("total", 38) + right(exact_usd(e.cost), 16) + '\n';
  if (e.list) {
    out += "  " + left("standard, list", 38) + right(exact_usd(*e.list), 16);
    if (e.list->n > e.cost.n && e.list->n > 0)
      out +=
          "  saved " + exact_usd(*e.list - e.cost) + " (" + share(*e.list - e.cost, *e.list) + ')';
    out += '\n';
  }
  if (explain) {
    add_open(out, e);
    add_rules(out, e);
  } else if (!e.open.empty()) {
    out += "  * sources differ on a rate used here: --explain shows both readings\n";
  }
  return out;
}

wire::Json price_json(const price::Explanation& e) {
  const Book& book = price::book();
  wire::Json terms = wire::Json::array(), steps = wire::Json::array(), open = wire::Json::array();
  for (const auto& t : e.terms)
    terms.push_back({{"what", t.what},
                     {"tokens", t.tokens},
                     {"usd_per_million", rate_text(t.rate)},
                     {"amount_usd", exact_usd(t.amount)},
                     {"derived", t.derived},
                     {"source", source_json(book.source(t.source))}});
  for (const auto& a : e.adjustments)
    steps.push_back(
        {{"step", price::name_of(a.step)}, {"text", a.text}, {"after_usd", exact_usd(a.after)}});
  for (const auto& r : e.open)
    open.push_back({{"what", price::name_of(r.kind)},
                    {"used_usd_per_million", rate_text(r.used)},
                    {"used_source", source_json(book.source(r.used_source))},
                    {"other_usd_per_million", rate_text(r.other)},
                    {"other_source", source_json(book.source(r.other_source))},
                    {"decided_by", r.by_rank ? "rank" : "dearer"},
                    {"cost_by_other_usd", exact_usd(r.cost_if_other)}});
  wire::Json out;
  out["model"] = e.model->provider + '/' + e.model->name;
  out["tier"] = twolane::name_of(e.tier);
  out["cost_usd"] = exact_usd(e.cost);
  out["list_cost_usd"] = e.list ? wire::Json(exact_usd(*e.list)) : wire::Json(nullptr);
  out["tokens_usd"] = exact_usd(e.tokens);
  out["row"] = row_json(book, *e.row);
  out["terms"] = std::move(terms);
  out["adjustments"] = std::move(steps);
  out["open_readings"] = std::move(open);
  return out;
}

}  // namespace twolane::app

// Holding catalogues against the book.
#include "app/price_import.h"

#include <algorithm>
#include <map>
#include <tuple>

#include "model/model_name.h"

namespace twolane::app {
namespace {

using price::Kind;
using price::Rates;

std::string columns_text(const Rates& r) {
  std::string out;
  for (int k = 0; k < price::kind_count; ++k) {
    const auto kind = static_cast<Kind>(k);
    const bool write = kind == Kind::cache_write_5m || kind == Kind::cache_write_1h;
    if (r.knows(kind)) {
      std::string text = exact_usd(PicoUsd{static_cast<__int128>(r.of(kind).n) * 1'000'000});
      out += "  " + text;
    } else {
      out += write ? "  =" : kind == Kind::output ? "  -" : "  ?";
    }
  }
  return out;
}

// A line of a price book.
std::string row_text(const CatalogueRow& row, const std::string& source) {
  std::string out = "  " + std::string(twolane::name_of(row.tier));
  if (row.above > 0) out += " >" + std::to_string(row.above);
  if (row.from.ms > 0) out += " from " + rfc3339(row.from).substr(0, 10);
  return out + columns_text(row.rates) + "  " + source + '\n';
}

}  // namespace

Comparison compare(const price::Book& book, const Catalogue& catalogue) {
  Comparison c;
  for (const CatalogueRow& theirs : catalogue.rows) {
    const price::Model* model = book.find(theirs.provider, theirs.model);
    if (model == nullptr) {
      c.unknown_to_book.push_back(&theirs);
      continue;
    }
    const Time at = std::max(book.date(), theirs.from);
    const price::Row* row = book.row(*model, theirs.tier, theirs.above + 1, at);
    if (row != nullptr && row->above != theirs.above) row = nullptr;
    for (int k = 0; k < price::kind_count; ++k) {
      const auto kind = static_cast<Kind>(k);
      if (!theirs.rates.knows(kind)) continue;
      const auto rate = theirs.rates.of(kind);
      if (row != nullptr && row->ranked.knows(kind) && row->ranked.of(kind) == rate) {
        ++c.agree;
      } else {
        const bool known = row != nullptr && row->claim_of(kind, rate) != nullptr;
        c.differ.push_back({model, row, &theirs, kind, known});
      }
    }
  }
  return c;
}

std::string additions(const Catalogue& catalogue, const Comparison& comparison,
                      std::string_view date) {
  // A catalogue may name a model twice, in two spellings; the first row for a place counts.
  std::map<std::string, std::vector<const CatalogueRow*>> models;
  for (const CatalogueRow* row : comparison.unknown_to_book) {
    if (!row->rates.knows(Kind::fresh)) continue;
    if (row->model.find_first_of(" #\n\t\r") != row->model.npos) continue;  // no name for a line
    auto& rows = models[row->provider + '/' + model_key(row->model)];
    const bool again = std::ranges::any_of(rows, [&](const CatalogueRow* r) {
      return std::tie(r->tier, r->above, r->from) == std::tie(row->tier, row->above, row->from);
    });
    if (!again) rows.push_back(row);
  }
  const std::string source = "imported-" + catalogue.format;
  std::string out = "\nsource " + source + " third " + std::string(date) + " " + catalogue.format +
                    ", imported\n";
  for (const auto& [key, rows] : models) {
    out += "\nmodel " + rows.front()->provider + '/' + rows.front()->model + '\n';
    for (const CatalogueRow* row : rows) out += row_text(*row, source);
  }
  return out;
}

}  // namespace twolane::app

// Community catalogues of prices beside the price book: what they add, and where they disagree.
//
// Pure. Reads LiteLLM's model_prices_and_context_window.json, genai-prices' data.json and
// OpenRouter's list of models, told apart by their form. The decimals of the first two are rounded
// half to even to 10^-12 USD per token, since JSON numbers are doubles; every published price
// survives that.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "price/book.h"

namespace twolane::app {

// One price of a catalogue: rates it does not name are unknown in it.
struct CatalogueRow {
  std::string provider, model;  // as Twolane calls them
  ServiceTier tier = ServiceTier::standard;
  int64_t above = 0;
  Time from;  // 0: always
  price::Rates rates;
  std::string name;  // as the catalogue says it
};

struct Catalogue {
  std::string format;  // "litellm", "genai-prices", "openrouter"
  std::vector<CatalogueRow> rows;
  int64_t skipped = 0;  // entries of other providers, or priced by something else than tokens
};

// Of dated prices, those that hold at `at` or come later. Errors: price.catalogue (neither form),
// wire.json.
Result<Catalogue> read_catalogue(std::string_view text, std::string_view file, Time at);

struct Disagreement {
  const price::Model* model = nullptr;
  const price::Row* row = nullptr;  // nullptr: the book has no such row
  const CatalogueRow* theirs = nullptr;
  price::Kind kind = price::Kind::fresh;
  bool known_reading = false;  // the book has that figure too, as the reading that is not used
};

struct Comparison {
  int64_t agree = 0;  // rates that are the same
  std::vector<Disagreement> differ;
  std::vector<const CatalogueRow*> unknown_to_book;  // models that the book does not have
};
// At the date of the book, or of the catalogue's row where that is later.
Comparison compare(const price::Book& book, const Catalogue& catalogue);

// A book of the models that the book in use does not have: append it to a copy of that.
std::string additions(const Catalogue& catalogue, const Comparison& comparison,
                      std::string_view date);

}  // namespace twolane::app

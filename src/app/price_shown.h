// Prices as people and machines see them: the table, and one price with its terms.
//
// Pure. Amounts are exact; rates are USD per million tokens.
#pragma once

#include <string>
#include <vector>

#include "base/time.h"
#include "price/book.h"
#include "price/explain.h"
#include "wire/json.h"

namespace twolane::app {

// "0.75", "1,250": USD per million tokens, at least two decimals.
std::string rate_text(PicoUsdPerToken rate);

// Lines of the rates in force at `at`, one for each tier and band; "unknown" where nobody says,
// "none" where it is not sold, "*" behind a rate that has two readings.
std::string price_table(const price::Book& book, const std::vector<const price::Model*>& models,
                        Time at);
// What the book knows of a model beside its rates: caching, storage, what is billed that is no
// token.
std::string model_facts(const price::Book& book, const price::Model& model);
wire::Json model_facts_json(const price::Book& book, const price::Model& model);
wire::Json price_table_json(const price::Book& book, const std::vector<const price::Model*>& models,
                            Time at);

// One price: its terms, steps, and under `explain` both readings with sources, and the stacking
// rule.
std::string price_text(const price::Explanation& e, bool explain);
wire::Json price_json(const price::Explanation& e);

}  // namespace twolane::app

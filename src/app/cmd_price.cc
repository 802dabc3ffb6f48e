// twolane price: what tokens cost, one price with its terms or the whole table; price import:
// community catalogues held against the book.
#include <cstdio>

#include "app/commands.h"
#include "app/config.h"
#include "app/escape.h"
#include "app/figures.h"
#include "app/output_file.h"
#include "app/price_book.h"
#include "app/price_import.h"
#include "app/price_shown.h"
#include "app/token_count.h"
#include "app/usage_error.h"
#include "app/when.h"
#include "dialect/catalogue.h"
#include "price/explain.h"

namespace twolane::app {
namespace {

Result<ServiceTier> tier_named(const std::string& text) {
  for (const ServiceTier tier : {ServiceTier::standard, ServiceTier::batch, ServiceTier::flex,
                                 ServiceTier::priority, ServiceTier::scale})
    if (text == twolane::name_of(tier)) return tier;
  return fail(no_value("--tier", text, "tiers are standard, batch, flex and priority", "--tier batch"));
}

// A point of time: RFC 3339, or a day, which begins at midnight UTC.
Result<Time> time_named(const std::string& text) {
  if (text.empty()) return Time{};
  const auto t = parse_rfc3339(text.size() == 10 ? text + "T00:00:00Z" : text);
  if (t) return *t;
  return fail(no_value("--at", text, "it is a day or a time with its zone", "--at 2027-01-01T09:30:00Z"));
}

Result<price::Share> share_of(const std::string& text, const std::string& flag) {
  if (text.empty()) return price::Share{};
  const auto share = price::parse_share(text);
  if (share) return *share;
  return fail(no_value(flag, text, "it is a share from 0% to 100%", flag + " 15%"));
}

Result<int64_t> tokens_or(const std::string& text, const std::string& flag, int64_t otherwise = 0) {
  if (text.empty()) return otherwise;
  return parse_tokens(text, flag);
}

// "openai/gpt-5.4", or a bare name that the catalogue knows.
Result<Target> target_named(const std::string& text) {
  const size_t slash = text.find('/');
  if (slash != std::string::npos) {
    const Target t{text.substr(0, slash), text.substr(slash + 1)};
    if (price::book().find(t.provider, t.model) != nullptr) return t;
    if (price::book().find_not_sold(t.provider, ServiceTier::batch) != nullptr) return t;
  }
  return dialect::parse_target(text);
}

struct Asked {
  Target target;
  ServiceTier tier = ServiceTier::standard;
  price::Quantity quantity;
  price::Conditions conditions;
};

Result<Asked> read_flags(const PriceFlags& f) {
  Asked a;
  a.target = TRY(target_named(f.model));
  if (!f.tier.empty()) a.tier = TRY(tier_named(f.tier));
  Usage& u = a.quantity.usage;
  u.fresh = TRY(tokens_or(f.input, "--input"));
  u.cache_read = TRY(tokens_or(f.cached, "--cached"));
  u.cache_write_5m = TRY(tokens_or(f.write_5m, "--write-5m"));
  u.cache_write_1h = TRY(tokens_or(f.write_1h, "--write-1h"));
  u.output = TRY(tokens_or(f.output, "--output"));
  a.quantity.storage_token_hours = TRY(tokens_or(f.storage, "--storage"));
  // The quantities are totals over many requests: only a length per request decides the band.
  a.conditions.prompt_tokens = TRY(tokens_or(f.prompt_tokens, "--prompt-tokens"));
  a.conditions.discount = TRY(share_of(f.discount, "--discount"));
  a.conditions.bonus = TRY(share_of(f.bonus, "--bonus"));
  a.conditions.at = TRY(time_named(f.at));
  a.conditions.residency = f.residency;
  return a;
}

Error with_remedy(Error e, const Target& target) {
  if (!e.next.empty()) return e;
  const std::string name = target.provider + '/' + target.model;
  if (e.code == "money.tier_not_sold")
    e.next = {target.provider == "deepseek" ? "twolane price --model " + name + " --at TIME"
                                            : "twolane price --model " + name};
  else if (e.code == "money.unknown_price")
    e.next = {"twolane price --model " + name + ", for what is known of it",
              "twolane price import FILE, or add a line to a book of your own: price_book = FILE"};
  else
    e.next = {"twolane price --model " + name};
  return e;
}

Result<int> one_price(const Shell& shell) {
  const PriceFlags& f = shell.in.price;
  const Asked a = TRY(read_flags(f));
  auto priced = price::explain(a.target, a.tier, a.quantity, a.conditions);
  if (!priced) return fail(with_remedy(std::move(priced).error(), a.target));
  if (!shell.in.common.json) shell.print(price_text(*priced, f.explain));
  auto object = good_answer();
  object.update(price_json(*priced));
  object["at"] = rfc3339(a.conditions.at.ms == 0 ? price::book().date() : a.conditions.at);
  object["book"] = rfc3339(price::book().date()).substr(0, 10);
  object["error"] = nullptr;
  shell.answer(object);
  return 0;
}

Result<int> table(const Shell& shell) {
  const PriceFlags& f = shell.in.price;
  const Time asked = TRY(time_named(f.at));
  const Time at = asked.ms == 0 ? price::book().date() : asked;
  std::vector<const price::Model*> models;
  if (!f.model.empty()) {
    const Target target = TRY(target_named(f.model));
    const price::Model* model = price::book().find(target.provider, target.model);
    if (model == nullptr)
      return fail(with_remedy(price::unknown_price(target, ServiceTier::standard), target));
    models.push_back(model);
  } else {
    for (const price::Model& m : price::book().models()) models.push_back(&m);
  }
  if (!shell.in.common.json) shell.print(price_table(price::book(), models, at));
  auto object = good_answer();
  object["at"] = rfc3339(at);
  object["book"] = rfc3339(price::book().date()).substr(0, 10);
  object["prices"] = price_table_json(price::book(), models, at);
  if (models.size() == 1) object.update(model_facts_json(price::book(), *models.front()));
  object["error"] = nullptr;
  shell.answer(object);
  return 0;
}

std::string place_of(const CatalogueRow& row) {
  std::string out = row.provider + '/' + row.model + ' ' + std::string(twolane::name_of(row.tier));
  if (row.above > 0) out += " >" + grouped(row.above);
  if (row.from.ms > 0) out += " from " + rfc3339(row.from).substr(0, 10);
  return out;
}

std::string ours_of(const Disagreement& d) {
  return d.row == nullptr || !d.row->ranked.knows(d.kind) ? "unknown"
                                                          : rate_text(d.row->ranked.of(d.kind));
}

wire::Json disagreements_json(const Comparison& c) {
  wire::Json all = wire::Json::array();
  for (const Disagreement& d : c.differ)
    all.push_back({{"model", d.theirs->provider + '/' + d.theirs->model},
                   {"tier", twolane::name_of(d.theirs->tier)},
                   {"above_prompt_tokens", d.theirs->above},
                   {"what", price::name_of(d.kind)},
                   {"book_usd_per_million",
                    ours_of(d) == "unknown" ? wire::Json(nullptr) : wire::Json(ours_of(d))},
                   {"file_usd_per_million", rate_text(d.theirs->rates.of(d.kind))},
                   {"known_reading", d.known_reading}});
  return all;
}

std::string comparison_text(const Catalogue& catalogue, const Comparison& c) {
  size_t width = 30;
  for (const Disagreement& d : c.differ)
    width = std::max(width, escaped(place_of(*d.theirs)).size() + 1);
  std::string out;
  if (!c.differ.empty())
    out += left("USD per million tokens", width) + left("what", 10) + right("book", 12) +
           right("file", 12) + '\n';
  for (const Disagreement& d : c.differ)
    out += left(escaped(place_of(*d.theirs)), width) +
           left(std::string(price::name_of(d.kind)), 10) + right(ours_of(d), 12) +
           right(rate_text(d.theirs->rates.of(d.kind)), 12) +
           (d.known_reading ? "  the reading not used" : "") + '\n';
  return out + counted(c.agree, "rate") + " agree, " +
         grouped(static_cast<int64_t>(c.differ.size())) + " differ; " +
         grouped(static_cast<int64_t>(c.unknown_to_book.size())) +
         " rows of models that the book does not have, " + grouped(catalogue.skipped) +
         " entries not compared (" + catalogue.format + ")\n";
}

Result<int> import(const Shell& shell, const std::string& book_file) {
  const PriceFlags& f = shell.in.price;
  const std::string text = TRY(read_text_file(f.file, "FILE"));
  const Catalogue catalogue = TRY(read_catalogue(text, f.file, price::book().date()));
  const Comparison compared = compare(price::book(), catalogue);
  if (!f.write.empty()) {
    const std::string own =
        book_file.empty() ? std::string() : TRY(read_text_file(book_file, "--book"));
    OutputFile out = TRY(OutputFile::create(f.write));
    CHECKED(out.write(own.empty() ? price::built_in_text() : std::string_view(own)));
    CHECKED(out.write(additions(catalogue, compared, rfc3339(price::book().date()).substr(0, 10))));
    CHECKED(out.publish());
  }
  if (!shell.in.common.json) {
    shell.print(comparison_text(catalogue, compared));
    if (!f.write.empty())
      shell.print(escaped(f.write) +
                  " holds the book and the new models; what differs is as it was\n");
    else if (!compared.differ.empty() || !compared.unknown_to_book.empty())
      shell.print("The book is unchanged. -o BOOK writes it with the new models added.\n");
  }
  auto object = good_answer();
  object["format"] = catalogue.format;
  object["agree"] = compared.agree;
  object["differ"] = disagreements_json(compared);
  object["new_rows"] = compared.unknown_to_book.size();
  object["skipped"] = catalogue.skipped;
  object["output"] = f.write.empty() ? wire::Json(nullptr) : wire::Json(f.write);
  object["error"] = nullptr;
  shell.answer(object);
  return 0;
}

bool names_a_price(const PriceFlags& f) {
  for (const std::string* s : {&f.tier, &f.input, &f.cached, &f.output, &f.write_5m, &f.write_1h,
                               &f.storage, &f.prompt_tokens, &f.discount, &f.bonus, &f.residency})
    if (!s->empty()) return true;
  return f.explain;
}

}  // namespace

int price_command(const Shell& shell) {
  const auto priced = [&shell]() -> Result<int> {
    const Config config = TRY(load_config(shell.in.common.config));
    const PriceFlags& f = shell.in.price;
    CHECKED(use_price_book(f.book, "--book"));
    if (shell.in.verb == Verb::price_import)
      return import(shell, f.book.empty() ? config.price_book : f.book);
    if (f.model.empty() && names_a_price(f))
      return fail(no_value("--model", "", "these flags price one model",
                           "twolane price --model openai/gpt-5.4 --tier batch --input 30M"));
    return names_a_price(f) ? one_price(shell) : table(shell);
  };
  const auto done = priced();
  return done ? *done : shell.refuse(done.error());
}

}  // namespace twolane::app

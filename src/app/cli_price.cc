// Flags of `twolane price`.
#include "app/cli_price.h"

#include <CLI/CLI.hpp>

namespace twolane::app {

void declare_price(CLI::App* price, PriceFlags& f) {
  price->add_option("--model", f.model, "one model instead of the table")->type_name("MODEL");
  price->add_option("--tier", f.tier, "standard, batch, flex or priority")->type_name("TIER");
  price
      ->add_option("--input", f.input,
                   "tokens that are not cached, of all requests: 1500, 30M, 0.5B")
      ->type_name("N");
  price->add_option("--cached", f.cached, "tokens read from a cache")->type_name("N");
  price->add_option("--write-5m", f.write_5m, "tokens written to a cache for 5 minutes")
      ->type_name("N");
  price->add_option("--write-1h", f.write_1h, "tokens written to a cache for an hour")
      ->type_name("N");
  price->add_option("--output", f.output, "output tokens, reasoning included")->type_name("N");
  price->add_option("--storage", f.storage, "an explicit cache: tokens times hours")
      ->type_name("N");
  price
      ->add_option("--prompt-tokens", f.prompt_tokens,
                   "length of one prompt, for long-context rates")
      ->type_name("N");
  price->add_option("--discount", f.discount, "of the account, off every rate: 15%")
      ->type_name("SHARE");
  price->add_option("--bonus", f.bonus, "on prepaid money: 10%")->type_name("SHARE");
  price->add_option("--residency", f.residency, "where the data stays: us, eu")
      ->type_name("REGION");
  price->add_option("--at", f.at, "when: a day, or RFC 3339 (default: the date of the book)")
      ->type_name("TIME");
  price->add_option("--book", f.book, "a price book instead of the built-in one")
      ->type_name("FILE");
  price->add_flag("--explain", f.explain, "where each rate comes from, and which sources differ");
  CLI::App* import = price->add_subcommand("import", "hold a community catalogue against the book");
  import->add_option("FILE", f.file, "LiteLLM's, genai-prices' or OpenRouter's JSON")->required();
  import->add_option("-o,--output", f.write, "write the book with the new models added")
      ->type_name("BOOK");
  import->add_option("--book", f.book, "a price book instead of the built-in one")
      ->type_name("FILE");
}

}  // namespace twolane::app

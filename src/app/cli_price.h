// The flags of `twolane price` and `twolane price import`.
#pragma once

#include <string>

namespace CLI {
class App;
}

namespace twolane::app {

// As written; cmd_price.cc reads them.
struct PriceFlags {
  std::string model, tier;
  std::string input, cached, write_5m, write_1h, output, storage, prompt_tokens;
  std::string discount, bonus, residency, at;
  std::string book;
  bool explain = false;
  std::string file, write;  // of import
};

// Adds them to the command `price`, with its subcommand `import`.
void declare_price(CLI::App* price, PriceFlags& flags);

}  // namespace twolane::app

// Reading a user's price book.
#include "app/price_book.h"

#include <utility>

#include "app/config.h"
#include "price/book.h"

namespace twolane::app {

Status use_price_book(const std::string& file, std::string_view from) {
  if (file.empty()) return {};
  const std::string text = TRY(read_text_file(file, from));
  price::install(TRY(price::Book::parse(text, file)));
  return {};
}

}  // namespace twolane::app

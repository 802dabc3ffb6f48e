// The book in use. The compiled-in text comes from src/price/book.prices (cmake/embed.cmake).
#include <cstdlib>

#include "price/book.h"

extern const char price_book_text[];
extern const unsigned long price_book_text_size;

namespace twolane::price {
namespace {

Book& current() {
  static Book in_use = [] {
    auto read = Book::parse(built_in_text(), "the built-in price book");
    if (!read) std::abort();  // a test reads it first
    return *std::move(read);
  }();
  return in_use;
}

}  // namespace

std::string_view built_in_text() { return {price_book_text, price_book_text_size}; }
const Book& book() { return current(); }
void install(Book replacement) { current() = std::move(replacement); }

}  // namespace twolane::price

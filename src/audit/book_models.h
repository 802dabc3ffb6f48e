// From a model's name in a log to its entry in the price book.
//
// Logs spell providers in their own way ("vertex_ai", "OpenAI") or not at all. Without a provider the
// model's maker is assumed, then whoever else the book has it from.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>

#include "price/book.h"

namespace twolane::audit {

class BookModels {
 public:
  // Null where the book does not have it. Remembers up to 4,096 spellings; reads price::book().
  const price::Model* find(std::string_view provider, std::string_view model);

 private:
  std::unordered_map<std::string, const price::Model*> known_;
  std::string key_;
};

}  // namespace twolane::audit

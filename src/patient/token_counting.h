// The tokens of requests, per model: counted exactly where the model's table is there, estimated
// otherwise, with what real usage has taught.
//
// Threads: one. The tables are read when the first request of their family comes.
#pragma once

#include <array>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/job.h"
#include "price/tokens/estimate.h"
#include "price/tokens/vocabulary.h"
#include "store/payloads.h"
#include "store/store.h"

namespace twolane::patient {

// A prompt taken apart once, for all models that are asked about it.
struct PromptText {
  std::string bytes;
  std::vector<size_t> ends;  // of its texts in `bytes`, which lie side by side
  int64_t messages = 0, media = 0, token_ids = 0;
  bool marked = false;  // it sets cache marks itself
  int64_t head_bytes = 0, block_bytes = 0;  // see dialect::PromptParts
  Operation operation = Operation::chat;

  void each(const std::function<void(std::string_view)>& take) const;
  // Tools, schemas and system: what lies before the first turn.
  std::string_view head() const {
    return std::string_view(bytes).substr(0, static_cast<size_t>(head_bytes));
  }
  uint64_t head_hash() const;
  // The head and the first turn without its last block; empty where that is no list of texts.
  std::string_view blocks() const {
    return std::string_view(bytes).substr(0, static_cast<size_t>(block_bytes));
  }
  uint64_t blocks_hash() const;
};
Result<PromptText> prompt_text(Endpoint endpoint, std::string_view body);

// What a picture or file is taken for: providers count 85 to some thousands.
inline constexpr int64_t tokens_of_media = 1'000;

class TokenCounting {
 public:
  explicit TokenCounting(std::vector<std::string> table_directories)
      : directories_(std::move(table_directories)) {}

  // The input tokens that the provider will report: text, and the turn marks around it. Exact for
  // OpenAI's text where the table is there (checked against recorded usage).
  Result<int64_t> count(const Target& target, const PromptText& prompt);
  // Of a text alone.
  Result<int64_t> count_text(const Target& target, std::string_view text);

  // Whether the model's tokens are counted, not estimated.
  Result<bool> exact(const Target& target);

 private:
  using Family = price::tokens::Family;
  struct Table {
    bool looked = false;
    std::unique_ptr<price::tokens::Vocabulary> vocabulary;
    std::unique_ptr<price::tokens::Counter> counter;
  };
  Result<price::tokens::Counter*> counter_of(const Target& target);

  std::vector<std::string> directories_;
  std::array<Table, 2> tables_;  // by Encoding
};

// What was learned of a model in a world, in the store.
Result<price::tokens::Correction> learned_tokens(store::Store& store, const std::string& world,
                                                 const Target& target);
// Holds a sample of a finished job's answers against the estimates of their requests, once for each
// job, and remembers what it teaches.
Status learn_tokens(store::Store& store, store::Payloads& payloads, const Job& job);

}  // namespace twolane::patient

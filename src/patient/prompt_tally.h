// What a quote needs of an input, gathered while its lines are checked: tokens by model and price
// band, limits of output, and prefixes that requests share.
//
// Memory does not grow with the input: models are few, and of prefixes and heads 64 at most are
// followed, with 128 KB of each prefix; of heads that end in a message, which are as many as documents,
// 4,096 hashes. Requests whose first 1,024 bytes are equal are taken for
// one prefix's, and the prefix is what all of them begin with. Threads: one.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "patient/line_checker.h"
#include "patient/token_counting.h"

namespace twolane::patient {

class PromptTally {
 public:
  // Sums of one model as the nth choice of its requests.
  struct PerModel {
    int choice = 0;  // 0: the first target of each shape, 1: the second, ...
    Target target;
    bool exact = false;
    int64_t requests = 0;
    int64_t tokens = 0;  // input
    struct Band {
      int64_t above = 0;  // prompts of more tokens than this
      int64_t requests = 0, tokens = 0;
    };
    std::vector<Band> bands;  // as the price book has them, ascending
    int64_t output_limit = 0;
    int64_t without_limit = 0;  // requests that set none of their own
    int64_t media = 0;
    int64_t marked = 0;                // requests that set cache marks themselves
    int64_t answers = 0;               // of other requests, that go into these
    price::tokens::Features features;  // for the error of an estimate
  };
  // Requests that begin alike.
  struct Prefix {
    std::string text;
    int64_t requests = 0;
    std::vector<int> models;  // their PerModels
  };

  // Requests with the same head: the same tools, schemas and system prompt, or these and all blocks of
  // the first turn but its last. What a cache mark can stand behind without cutting a text in two.
  struct Head {
    uint64_t hash = 0;
    bool in_message = false;  // it ends with a block of the first turn
    int64_t requests = 0;
    std::vector<int> models;      // their PerModels
    std::vector<int64_t> tokens;  // by `models`
  };

  explicit PromptTally(TokenCounting& counting) : counting_(counting) {}

  Status see(const SeenRequest& request);

  const std::vector<PerModel>& models() const { return models_; }
  const std::vector<Prefix>& prefixes() const { return prefixes_; }
  const std::vector<Head>& heads() const { return heads_; }
  int choices() const { return choices_; }

 private:
  const std::vector<int>& models_of(const Shape& shape);
  int model(int choice, const Target& target);
  Status add(PerModel& to, const SeenRequest& request, const PromptText& prompt);
  void follow_prefix(std::string_view all, const std::vector<int>& models);
  Status follow_head(std::string_view text, uint64_t hash, bool in_message, const std::vector<int>& models);

  TokenCounting& counting_;
  std::vector<PerModel> models_;
  std::vector<std::vector<int>> by_shape_;
  std::vector<Prefix> prefixes_;
  std::map<uint64_t, size_t> by_beginning_;
  std::vector<Head> heads_;
  std::map<std::pair<uint64_t, int>, size_t> by_head_;
  size_t heads_in_messages_ = 0;
  int choices_ = 0;
};

}  // namespace twolane::patient

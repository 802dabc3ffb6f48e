// One request at a time.
#include "patient/prompt_tally.h"

#include <algorithm>
#include <set>

#include "dialect/translate_scan.h"
#include "price/price.h"

namespace twolane::patient {
namespace {

constexpr size_t beginning = 1024, most_prefix = 128 << 10, most_prefixes = 64, most_blocks = 4096;

// Where the price of a longer prompt changes, on any tier.
std::vector<PromptTally::PerModel::Band> bands_of(const Target& target) {
  std::set<int64_t> above = {0};
  if (const auto* model = price::book().find(target.provider, target.model))
    for (const auto& row : model->rows) above.insert(row.above);
  std::vector<PromptTally::PerModel::Band> bands;
  for (const int64_t a : above) bands.push_back({a, 0, 0});
  return bands;
}

}  // namespace

int PromptTally::model(int choice, const Target& target) {
  for (size_t i = 0; i < models_.size(); ++i)
    if (models_[i].choice == choice && models_[i].target == target) return static_cast<int>(i);
  PerModel fresh;
  fresh.choice = choice;
  fresh.target = target;
  fresh.bands = bands_of(target);
  models_.push_back(std::move(fresh));
  return static_cast<int>(models_.size()) - 1;
}

const std::vector<int>& PromptTally::models_of(const Shape& shape) {
  const auto number = static_cast<size_t>(shape.number);
  if (by_shape_.size() <= number) by_shape_.resize(number + 1);
  auto& models = by_shape_[number];
  if (!models.empty()) return models;
  for (size_t i = 0; i < shape.targets.size(); ++i)
    models.push_back(model(static_cast<int>(i), shape.targets[i]));
  choices_ = std::max(choices_, static_cast<int>(models.size()));
  return models;
}

Status PromptTally::add(PerModel& to, const SeenRequest& request, const PromptText& prompt) {
  if (to.requests == 0) to.exact = TRY(counting_.exact(to.target));
  const int64_t tokens = TRY(counting_.count(to.target, prompt));
  ++to.requests;
  to.tokens += tokens;
  auto band = std::find_if(to.bands.rbegin(), to.bands.rend() - 1,
                           [&](const PerModel::Band& b) { return tokens > b.above; });
  ++band->requests;
  band->tokens += tokens;
  to.output_limit += request.output_bound;
  to.without_limit += !request.own_limit;
  to.media += prompt.media;
  to.marked += prompt.marked;
  to.answers += static_cast<int64_t>(request.answers);
  if (to.exact) return {};
  prompt.each([&](std::string_view text) { to.features.add(text); });
  return {};
}

void PromptTally::follow_prefix(std::string_view all, const std::vector<int>& models) {
  if (all.size() < beginning) return;
  const uint64_t key =
      dialect::hash_bytes(all.substr(0, beginning), static_cast<uint64_t>(models[0]));
  const auto found = by_beginning_.find(key);
  if (found == by_beginning_.end()) {
    if (prefixes_.size() == most_prefixes) return;
    by_beginning_.emplace(key, prefixes_.size());
    prefixes_.push_back({std::string(all.substr(0, most_prefix)), 1, models});
    return;
  }
  Prefix& prefix = prefixes_[found->second];
  ++prefix.requests;
  const auto [differs, ignored] =
      std::mismatch(prefix.text.begin(), prefix.text.end(), all.begin(), all.end());
  prefix.text.erase(differs, prefix.text.end());
}

Status PromptTally::follow_head(std::string_view text, uint64_t hash, bool in_message,
                                const std::vector<int>& models) {
  if (text.size() < beginning) return {};
  const auto key = std::pair(hash, models[0]);
  const auto found = by_head_.find(key);
  if (found != by_head_.end()) {
    ++heads_[found->second].requests;
    return {};
  }
  const size_t plain = heads_.size() - heads_in_messages_;
  if (in_message ? heads_in_messages_ == most_blocks : plain == most_prefixes) return {};
  heads_in_messages_ += in_message ? 1 : 0;
  Head head{hash, in_message, 1, models, {}};
  for (const int m : models)
    head.tokens.push_back(TRY(counting_.count_text(models_[static_cast<size_t>(m)].target, text)));
  by_head_.emplace(key, heads_.size());
  heads_.push_back(std::move(head));
  return {};
}

Status PromptTally::see(const SeenRequest& request) {
  const auto& models = models_of(request.shape);
  const PromptText prompt = TRY(prompt_text(request.endpoint, request.body));
  for (const int m : models) CHECKED(add(models_[static_cast<size_t>(m)], request, prompt));
  if (prompt.operation != Operation::chat) return {};
  // From the first answer of another request on, no two prompts are alike.
  const auto alike = [&](std::string_view text) {
    return request.answers == 0 ? text.size() : std::min(text.find("{{answer"), text.size());
  };
  const auto whole = [&](std::string_view text) { return alike(text) == text.size(); };
  follow_prefix(std::string_view(prompt.bytes).substr(0, alike(prompt.bytes)), models);
  if (prompt.marked) return {};
  if (whole(prompt.head())) CHECKED(follow_head(prompt.head(), prompt.head_hash(), false, models));
  if (!whole(prompt.blocks())) return {};
  return follow_head(prompt.blocks(), prompt.blocks_hash(), true, models);
}

}  // namespace twolane::patient

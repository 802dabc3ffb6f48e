// Finding models and rows in a Book. Reading one is in book_parser.cc.
#include "price/book.h"

#include <algorithm>
#include <utility>

#include "model/model_name.h"

namespace twolane::price {
namespace {

// The key of provider and model in a buffer of its own: lower case, dashes for dots, no allocation.
class Key {
 public:
  Key(std::string_view provider, std::string_view model) {
    model = bare_model_name(model);
    if (provider.size() + 1 + model.size() > text_.size()) return;
    add(provider);
    text_[size_++] = '/';
    add(model);
  }
  std::string_view view() const { return {text_.data(), size_}; }

 private:
  void add(std::string_view part) {
    for (char c : part) {
      if (c == '.') c = '-';
      if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
      text_[size_++] = c;
    }
  }
  std::array<char, 160> text_;
  size_t size_ = 0;
};

// FNV-1a.
uint64_t hash_of(std::string_view text) {
  uint64_t h = 14695981039346656037ULL;
  for (const char c : text) h = (h ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
  return h;
}

}  // namespace

std::string_view name_of(Kind kind) {
  static constexpr std::array<std::string_view, kind_count> names = {"input", "cached", "write_5m",
                                                                     "write_1h", "output"};
  return names[static_cast<size_t>(kind)];
}

std::string_view name_of(Rank rank) {
  switch (rank) {
    case Rank::settled:
      return "settled by an export";
    case Rank::published:
      return "published for this model and tier";
    case Rank::rule:
      return "the provider's stated rule";
    case Rank::third_party:
      return "third party";
  }
  return "";
}

std::string_view name_of(Step step) {
  static constexpr std::array<std::string_view, 7> names = {
      "tier", "cache", "band", "window", "residency", "discount", "bonus"};
  return names[static_cast<size_t>(step)];
}

PicoUsdPerToken Rates::of(Kind kind) const {
  switch (kind) {
    case Kind::fresh:
      return fresh;
    case Kind::cache_read:
      return cache_read;
    case Kind::cache_write_5m:
      return cache_write_5m;
    case Kind::cache_write_1h:
      return cache_write_1h;
    case Kind::output:
      return output;
  }
  return {};
}

const Claim* Row::claim_of(Kind kind, PicoUsdPerToken rate) const {
  for (const Claim& claim : claims)
    if (claim.rates.knows(kind) && claim.rates.of(kind) == rate) return &claim;
  return nullptr;
}

int64_t cacheable(const Caching& caching, int64_t prefix_tokens) {
  if (caching.minimum < 0 || prefix_tokens < caching.minimum) return 0;
  if (caching.step <= 0) return prefix_tokens;
  return caching.minimum + (prefix_tokens - caching.minimum) / caching.step * caching.step;
}

void Book::index() {
  size_t size = 64;
  size_t names = 0;
  for (const Model& m : models_) names += 1 + m.aliases.size();
  while (size < names * 3) size *= 2;
  slots_.assign(size, {});
  const auto put = [&](const Model& m, std::string_view name, size_t number) {
    const Key key(m.provider, name);
    const uint64_t h = hash_of(key.view());
    size_t at = h & (size - 1);
    while (slots_[at].model >= 0) at = (at + 1) & (size - 1);
    slots_[at] = {h, static_cast<int32_t>(number), std::string(key.view())};
  };
  for (size_t i = 0; i < models_.size(); ++i) {
    put(models_[i], models_[i].name, i);
    for (const std::string& alias : models_[i].aliases) put(models_[i], alias, i);
  }
}

const Model* Book::lookup(std::string_view key) const {
  if (slots_.empty()) return nullptr;
  const uint64_t h = hash_of(key);
  for (size_t at = h & (slots_.size() - 1);; at = (at + 1) & (slots_.size() - 1)) {
    const Slot& slot = slots_[at];
    if (slot.model < 0) return nullptr;
    if (slot.hash == h && slot.key == key) return &models_[static_cast<size_t>(slot.model)];
  }
}

const Extra* Model::extra(std::string_view what) const {
  const auto found = std::find_if(extras.begin(), extras.end(), [&](const Extra& x) { return x.what == what; });
  return found == extras.end() ? nullptr : &*found;
}

const Model* Book::find(std::string_view provider, std::string_view model) const {
  const Key key(provider, model);
  std::string_view text = key.view();
  if (text.empty()) return nullptr;
  if (const Model* exact = lookup(text)) return exact;
  const size_t suffix = snapshot_suffix(text.substr(provider.size() + 1));
  if (suffix == 0) return nullptr;
  text.remove_suffix(suffix);
  return lookup(text);
}

const NotSold* Book::find_not_sold(std::string_view provider, ServiceTier tier) const {
  for (const NotSold& n : not_sold_)
    if (n.provider == provider && n.tier == tier) return &n;
  return nullptr;
}

const Row* Book::row(const Model& model, ServiceTier tier, int64_t input_tokens, Time at) const {
  if (at.ms == 0) at = date_;
  const Row* best = nullptr;
  bool banded = false;  // on any tier
  for (const Row& row : model.rows) {
    if (input_tokens <= row.above && row.above > 0) continue;
    if (!row.in_force(at)) continue;
    banded = banded || row.above > 0;
    if (row.tier != tier) continue;
    if (row.window >= 0 && !windows_[static_cast<size_t>(row.window)].holds(at)) continue;
    const auto precedence = [](const Row& r) { return std::pair(r.above, r.window >= 0); };
    if (best == nullptr || precedence(*best) < precedence(row)) best = &row;
  }
  // A tier that prints no rate for long prompts does not sell them at its rate for short ones.
  if (best != nullptr && banded && best->above == 0) return nullptr;
  return best;
}

const Source& Book::source(int index) const {
  static const Source none;
  return index < 0 ? none : sources_[static_cast<size_t>(index)];
}

}  // namespace twolane::price

// The table of providers, endpoints and tiers, and the questions asked of it. Models are listed in
// model_table.cc.
#include "dialect/catalogue.h"

#include <algorithm>
#include <array>
#include <map>

#include "base/edit_distance.h"
#include "model/model_name.h"

namespace twolane::dialect {
namespace {

// Limits are the providers' own where docs/providers.md names a source. Ours are: the byte count
// just below what "MB" may mean, the ceiling (window and a little, but hours before Gemini drops a
// job with all its results), and Gemini's inline size: inline answers come back whole in every poll
// reply.
constexpr BatchLimits openai_limits{.requests = 50'000,
                                    .bytes = 209'715'200,
                                    .creates_per_hour = 2'000,
                                    .window = hours(24),
                                    .ceiling = hours(26),
                                    .cancel_lag = minutes(10),
                                    .settle = minutes(10),
                                    .results_kept = days(30)};
constexpr BatchLimits anthropic_limits{.requests = 100'000,
                                       .bytes = 256'000'000,
                                       .inline_bytes = 256'000'000,
                                       .creates_per_hour = 3'000,
                                       .one_model = false,
                                       .lists_token = false,
                                       .window = hours(24),
                                       .ceiling = hours(26),
                                       .cancel_lag = minutes(10),
                                       .settle = minutes(10),
                                       .results_kept = days(29)};
constexpr BatchLimits gemini_limits{.requests = 200'000,
                                    .bytes = 2'000'000'000,
                                    .inline_bytes = 4 << 20,
                                    .concurrent = 100,
                                    .silent_end = true,
                                    .window = hours(48),
                                    .ceiling = hours(26),
                                    .cancel_lag = minutes(10),
                                    .settle = minutes(10),
                                    .results_kept = hours(48)};

constexpr BatchLimits stated(int64_t requests, int64_t bytes, Duration window) {
  BatchLimits limits;
  limits.requests = requests;
  limits.bytes = bytes;
  limits.window = window;
  return limits;
}

constexpr int64_t MB = 1'000'000, GB = 1'000 * MB;

constexpr ProviderEntry provider_table[] = {
    {"openai", Dialect::openai, "https://api.openai.com/v1", "OPENAI_BASE_URL", "OPENAI_API_KEY",
     openai_limits, true},
    {"anthropic", Dialect::anthropic, "https://api.anthropic.com", "ANTHROPIC_BASE_URL",
     "ANTHROPIC_API_KEY", anthropic_limits, true},
    {"gemini", Dialect::gemini, "https://generativelanguage.googleapis.com",
     "GOOGLE_GEMINI_BASE_URL", "GEMINI_API_KEY", gemini_limits, true},
    {"vertex", Dialect::gemini, "https://aiplatform.googleapis.com", "GOOGLE_VERTEX_BASE_URL", "",
     stated(200'000, 1 * GB, hours(96))},
    {"mistral", Dialect::openai, "https://api.mistral.ai/v1", "MISTRAL_BASE_URL", "MISTRAL_API_KEY",
     stated(100'000, 512 * MB, hours(24))},
    {"together", Dialect::openai, "https://api.together.ai/v1", "TOGETHER_BASE_URL",
     "TOGETHER_API_KEY", stated(50'000, 100 * MB, hours(24))},
    {"groq", Dialect::openai, "https://api.groq.com/openai/v1", "GROQ_BASE_URL", "GROQ_API_KEY",
     stated(50'000, 200 * MB, hours(24))},
    {"deepseek",
     Dialect::openai,
     "https://api.deepseek.com",
     "DEEPSEEK_BASE_URL",
     "DEEPSEEK_API_KEY",
     {}},
    {"xai", Dialect::openai, "https://api.x.ai/v1", "XAI_BASE_URL", "XAI_API_KEY",
     stated(50'000, 200 * MB, days(30))},
    {"fireworks", Dialect::openai, "https://api.fireworks.ai/inference/v1", "FIREWORKS_BASE_URL",
     "FIREWORKS_API_KEY", stated(0, 500 * MB, hours(24))},
    {"azure", Dialect::openai, "", "AZURE_OPENAI_ENDPOINT", "AZURE_OPENAI_API_KEY",
     stated(100'000, 200 * MB, {})},
    {"bedrock", Dialect::anthropic, "", "AWS_ENDPOINT_URL_BEDROCK", "AWS_BEARER_TOKEN_BEDROCK",
     stated(50'000, 1 * GB, hours(168))},
};

constexpr uint8_t on(std::initializer_list<ServiceTier> tiers) {
  uint8_t bits = 0;
  for (ServiceTier t : tiers) bits |= static_cast<uint8_t>(1 << static_cast<int>(t));
  return bits;
}

using enum ServiceTier;
using enum Offer::Known;

// Where a provider has two endpoints of one operation, the first is what foreign requests become.
constexpr Offer offer_table[] = {
    {"openai", Endpoint::chat_completions, on({standard, batch, flex, priority, scale}), yes, yes},
    {"openai", Endpoint::responses, on({standard, batch, flex, priority, scale}), yes, yes},
    {"openai", Endpoint::embeddings, on({standard, batch}), no, no},
    {"openai", Endpoint::moderations, on({standard, batch}), yes, no},
    {"anthropic", Endpoint::messages, on({standard, batch, priority}), yes, yes},
    {"gemini", Endpoint::generate_content, on({standard, batch, flex, priority}), yes, yes},
    {"gemini", Endpoint::embed_content, on({standard, batch}), unstated, unstated},
    {"vertex", Endpoint::generate_content, on({standard, batch, flex, priority}), yes, yes},
    {"vertex", Endpoint::embed_content, on({standard}), unstated, unstated},
    {"mistral", Endpoint::chat_completions, on({standard, batch}), unstated, unstated},
    {"mistral", Endpoint::embeddings, on({standard, batch}), no, no},
    {"mistral", Endpoint::moderations, on({standard, batch}), unstated, no},
    {"together", Endpoint::chat_completions, on({standard, batch}), unstated, unstated},
    {"together", Endpoint::embeddings, on({standard}), no, no},
    {"groq", Endpoint::chat_completions, on({standard, batch, flex}), unstated, unstated},
    {"deepseek", Endpoint::chat_completions, on({standard}), no, no},
    {"xai", Endpoint::chat_completions, on({standard, batch, priority}), unstated, unstated},
    {"xai", Endpoint::responses, on({standard, batch, priority}), unstated, unstated},
    {"fireworks", Endpoint::chat_completions, on({standard, batch}), unstated, unstated},
    {"fireworks", Endpoint::embeddings, on({standard}), no, no},
    {"azure", Endpoint::chat_completions, on({standard, batch, priority}), yes, unstated},
    {"azure", Endpoint::responses, on({standard, priority}), yes, unstated},
    {"azure", Endpoint::embeddings, on({standard}), no, no},
    {"bedrock", Endpoint::messages, on({standard, batch, flex, priority}), yes, yes},
};

std::string_view plural(Operation operation) {
  switch (operation) {
    case Operation::chat:
      return "chat";
    case Operation::embedding:
      return "embeddings";
    case Operation::moderation:
      return "moderations";
  }
  return "";
}

// "openai", "openai and gemini", "openai, gemini and mistral".
std::string listed(const std::vector<std::string_view>& names) {
  std::string text;
  for (size_t i = 0; i < names.size(); ++i) {
    if (i > 0) text += i + 1 == names.size() ? " and " : ", ";
    text += names[i];
  }
  return text;
}

// Who could take such requests now: driven providers only where it is about batches.
std::vector<std::string_view> who_sells(Operation operation, ServiceTier tier) {
  std::vector<std::string_view> names;
  for (const ProviderEntry& p : providers())
    if (sells(p.name, operation, tier) && (tier != batch || p.driven)) names.push_back(p.name);
  return names;
}

std::unexpected<Error> no_endpoint(std::string_view provider, Operation operation,
                                   ServiceTier tier) {
  Error e;
  e.code = "provider.no_endpoint";
  e.where.provider = provider;
  bool has_elsewhere = false;
  for (const Offer& o : offers())
    has_elsewhere |= o.provider == provider && operation_of(o.endpoint) == operation;
  std::string what(plural(operation)), tier_name(name_of(tier));
  if (sells(provider, operation, tier)) {
    e.message = "batches at " + std::string(provider) + " are not run by this version";
    e.why =
        std::string(provider) + " sells them, but this version does not speak its batch interface";
  } else if (has_elsewhere) {
    e.message = std::string(provider) + " has no " + what + " on tier " + tier_name;
    e.why = "its contract has them on other tiers only";
  } else {
    e.message = std::string(provider) + " has no " + what;
    e.why = "not in its contract, on any tier";
  }
  std::vector<std::string_view> others = who_sells(operation, tier);
  std::erase(others, provider);
  if (!others.empty())
    e.next.push_back(listed(others) + (others.size() == 1 ? " has" : " have") + " " + what +
                     " on tier " + tier_name + ": --model " + std::string(others.front()) + "/...");
  return fail(std::move(e));
}

using ModelIndex = std::multimap<std::string, const ModelEntry*, std::less<>>;

const ModelIndex& model_index() {
  static const ModelIndex index = [] {
    ModelIndex all;
    for (const ModelEntry& m : models()) all.emplace(model_key(m.name), &m);
    return all;
  }();
  return index;
}

const ModelEntry* with_key(std::string_view provider, std::string_view key) {
  auto [at, end] = model_index().equal_range(key);
  for (; at != end; ++at)
    if (provider.empty() || at->second->provider == provider) return at->second;
  return nullptr;
}

// An empty provider means any.
const ModelEntry* find(std::string_view provider, std::string_view name) {
  std::string key = model_key(name);
  if (const ModelEntry* exact = with_key(provider, key)) return exact;
  size_t suffix = snapshot_suffix(key);
  return suffix > 0 ? with_key(provider, std::string_view(key).substr(0, key.size() - suffix))
                    : nullptr;
}

// The name to send: the provider's own spelling, with the snapshot that was asked for.
std::string spelled(const ModelEntry& model, std::string_view written) {
  std::string_view bare = bare_model_name(written);
  std::string name(model.name);
  if (model_key(bare) != model_key(model.name))
    name += bare.substr(bare.size() - snapshot_suffix(bare));
  return name;
}

// Up to three known names close to a misspelt one, nearest first.
std::vector<std::string> nearest(std::string_view written) {
  std::string key = model_key(written).substr(0, 100);
  key.resize(key.size() - snapshot_suffix(key));
  size_t most = std::max<size_t>(2, key.size() / 4);
  std::vector<std::pair<size_t, const ModelEntry*>> close;
  for (const ModelEntry& m : models())
    if (size_t d = edit_distance(key, model_key(m.name)); d <= most) close.emplace_back(d, &m);
  std::stable_sort(close.begin(), close.end(), [](auto& a, auto& b) { return a.first < b.first; });
  if (close.size() > 3) close.resize(3);
  std::vector<std::string> names;
  for (auto& [d, m] : close) names.push_back(std::string(m->provider) + '/' + std::string(m->name));
  return names;
}

std::unexpected<Error> unknown_model(std::string_view text) {
  Error e;
  e.code = "input.model";
  e.message = "model \"" + std::string(text.substr(0, 100)) + "\" is not in the catalogue";
  e.why = "without a known provider nobody can be asked for it";
  for (const std::string& name : nearest(text)) e.next.push_back("did you mean " + name + '?');
  if (e.next.empty()) e.next.push_back("name its provider, as in openai/MODEL");
  return fail(std::move(e));
}

std::string_view word(Offer::Known known) { return known == yes ? "yes" : known == no ? "-" : "?"; }

}  // namespace

std::span<const ProviderEntry> providers() { return provider_table; }
std::span<const Offer> offers() { return offer_table; }

const ProviderEntry* find_provider(std::string_view name) {
  for (const ProviderEntry& p : provider_table)
    if (p.name == name) return &p;
  return nullptr;
}

bool sells(std::string_view provider, Operation operation, ServiceTier tier) {
  for (const Offer& o : offer_table)
    if (o.provider == provider && operation_of(o.endpoint) == operation && o.on(tier)) return true;
  return false;
}

Result<Endpoint> endpoint_at(std::string_view provider, Endpoint written, ServiceTier tier) {
  Operation operation = operation_of(written);
  const ProviderEntry* known = find_provider(provider);
  if (known && tier == batch && !known->driven) return no_endpoint(provider, operation, tier);
  const Offer* own = nullptr;
  for (const Offer& o : offer_table) {
    if (o.provider != provider || operation_of(o.endpoint) != operation || !o.on(tier)) continue;
    if (o.endpoint == written) return written;
    if (!own) own = &o;
  }
  if (own) return own->endpoint;
  return no_endpoint(provider, operation, tier);
}

const ModelEntry* find_model(std::string_view name) { return find({}, name); }

const ModelEntry* find_model(std::string_view provider, std::string_view name) {
  return provider.empty() ? nullptr : find(provider, name);
}

Result<Target> parse_target(std::string_view text) {
  size_t slash = text.find('/');
  if (slash != text.npos && slash > 0 && slash + 1 < text.size()) {
    std::string_view provider = text.substr(0, slash), name = text.substr(slash + 1);
    if (find_provider(provider)) {
      const ModelEntry* model = find(provider, name);
      return Target{std::string(provider), model ? spelled(*model, name) : std::string(name)};
    }
  }
  if (const ModelEntry* model = find_model(text))
    return Target{std::string(model->provider), spelled(*model, text)};
  return unknown_model(text);
}

std::string endpoint_table() {
  auto padded = [](std::string_view text, size_t width) {
    std::string cell(text);
    cell.resize(std::max(width, cell.size() + 1), ' ');
    return cell;
  };
  auto line = [&](std::string_view provider, std::string_view endpoint,
                  const std::array<std::string_view, 6>& cells) {
    std::string text = padded(provider, 11) + padded(endpoint, 22);
    const std::array<size_t, 6> widths = {9, 7, 6, 10, 8, 5};
    for (size_t i = 0; i < cells.size(); ++i) text += padded(cells[i], widths[i]);
    text.resize(text.find_last_not_of(' ') + 1);
    return text + '\n';
  };
  std::string out =
      line("PROVIDER", "ENDPOINT", {"STANDARD", "BATCH", "FLEX", "PRIORITY", "IMAGES", "PDF"});
  for (const Offer& o : offer_table) {
    auto tier = [&](ServiceTier t) -> std::string_view {
      if (!o.on(t)) return "-";
      return t == batch && !find_provider(o.provider)->driven ? "(yes)" : "yes";
    };
    out += line(
        o.provider, wire_name(o.endpoint),
        {tier(standard), tier(batch), tier(flex), tier(priority), word(o.images), word(o.pdf)});
  }
  return out + "(yes): sold there, not run by this version.  ?: its contract does not say.\n";
}

}  // namespace twolane::dialect

// Two small tables: how logs spell providers, and in which order makers are tried.
#include "audit/book_models.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>

namespace twolane::audit {
namespace {

constexpr std::array<std::pair<std::string_view, std::string_view>, 18> spellings{{
    {"azure_openai", "azure"},       {"azure-openai", "azure"},   {"azure_ai", "azure"},
    {"google", "gemini"},            {"google_ai_studio", "gemini"}, {"gcp.gemini", "gemini"},
    {"vertex_ai", "vertex"},         {"vertex-ai", "vertex"},     {"gcp.vertex_ai", "vertex"},
    {"aws_bedrock", "bedrock"},      {"aws.bedrock", "bedrock"},  {"aws", "bedrock"},
    {"mistralai", "mistral"},        {"mistral_ai", "mistral"},   {"x-ai", "xai"},
    {"x_ai", "xai"},                 {"together_ai", "together"}, {"fireworks_ai", "fireworks"},
}};

constexpr std::array<std::string_view, 12> makers{"openai", "anthropic", "gemini",   "mistral",
                                                  "deepseek", "xai",     "groq",     "together",
                                                  "fireworks", "vertex", "bedrock",  "azure"};

std::string provider_key(std::string_view provider) {
  std::string name(provider);
  for (char& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  for (const auto& [spelt, meant] : spellings)
    if (name == spelt) return std::string(meant);
  return name;
}

const price::Model* look_up(std::string_view provider, std::string_view model) {
  const price::Book& book = price::book();
  const std::string named = provider_key(provider);
  if (!named.empty())
    if (const auto* m = book.find(named, model)) return m;
  if (const size_t slash = model.find('/'); slash != std::string_view::npos)
    if (const auto* m = look_up(model.substr(0, slash), model.substr(slash + 1))) return m;
  // A provider that the book knows sells what the book says it sells; another's name may be a gateway's.
  if (std::find(makers.begin(), makers.end(), named) != makers.end()) return nullptr;
  for (const std::string_view maker : makers)
    if (const auto* m = book.find(maker, model)) return m;
  return nullptr;
}

}  // namespace

const price::Model* BookModels::find(std::string_view provider, std::string_view model) {
  if (model.empty()) return nullptr;
  key_.assign(provider).append(1, '\n').append(model);
  if (const auto it = known_.find(key_); it != known_.end()) return it->second;
  const price::Model* found = look_up(provider, model);
  if (known_.size() < 4096) known_.emplace(key_, found);
  return found;
}

}  // namespace twolane::audit

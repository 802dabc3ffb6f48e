// Names of endpoints, dialects and tiers.
#include "model/endpoint.h"

namespace twolane {

std::string_view wire_name(Endpoint e) {
  switch (e) {
    case Endpoint::chat_completions:
      return "/v1/chat/completions";
    case Endpoint::responses:
      return "/v1/responses";
    case Endpoint::embeddings:
      return "/v1/embeddings";
    case Endpoint::moderations:
      return "/v1/moderations";
    case Endpoint::messages:
      return "/v1/messages";
    case Endpoint::generate_content:
      return "generateContent";
    case Endpoint::embed_content:
      return "embedContent";
  }
  return {};
}

std::optional<Endpoint> endpoint_of_url(std::string_view url) {
  for (int i = 0; i < endpoint_count; ++i) {
    const auto e = static_cast<Endpoint>(i);
    if (dialect_of(e) == Dialect::openai && wire_name(e) == url) return e;
  }
  return std::nullopt;
}

std::string_view name_of(Dialect d) {
  switch (d) {
    case Dialect::openai:
      return "openai";
    case Dialect::anthropic:
      return "anthropic";
    case Dialect::gemini:
      return "gemini";
  }
  return {};
}

std::string_view name_of(ServiceTier t) {
  switch (t) {
    case ServiceTier::standard:
      return "standard";
    case ServiceTier::batch:
      return "batch";
    case ServiceTier::flex:
      return "flex";
    case ServiceTier::priority:
      return "priority";
    case ServiceTier::scale:
      return "scale";
  }
  return {};
}

}  // namespace twolane

// What can be called, in whose words: the wire formats that requests are written in.
//
// A Dialect is a family of formats, an Endpoint one of them. Where an endpoint can be bought (which
// provider, which service tier) is said by dialect/catalogue.h.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace twolane {

enum class Dialect : uint8_t { openai, anthropic, gemini };

enum class Endpoint : uint8_t {
  chat_completions,  // OpenAI  POST /v1/chat/completions
  responses,         // OpenAI  POST /v1/responses
  embeddings,        // OpenAI  POST /v1/embeddings
  moderations,       // OpenAI  POST /v1/moderations
  messages,          // Anthropic POST /v1/messages
  generate_content,  // Gemini  models/{m}:generateContent
  embed_content,     // Gemini  models/{m}:embedContent
};
inline constexpr int endpoint_count = 7;

// What kind of work it is: requests translate between endpoints of the same operation only.
enum class Operation : uint8_t { chat, embedding, moderation };

// What a provider sells. `scale` is committed capacity, passed through.
enum class ServiceTier : uint8_t { standard, batch, flex, priority, scale };

constexpr Dialect dialect_of(Endpoint e) {
  switch (e) {
    case Endpoint::messages: return Dialect::anthropic;
    case Endpoint::generate_content:
    case Endpoint::embed_content: return Dialect::gemini;
    default: return Dialect::openai;
  }
}

constexpr Operation operation_of(Endpoint e) {
  switch (e) {
    case Endpoint::embeddings:
    case Endpoint::embed_content: return Operation::embedding;
    case Endpoint::moderations: return Operation::moderation;
    default: return Operation::chat;
  }
}

// The url of an OpenAI batch line, or the method name elsewhere: "/v1/responses", "/v1/messages",
// "generateContent".
std::string_view wire_name(Endpoint e);
// The OpenAI url only ("/v1/chat/completions"); nothing for any other text.
std::optional<Endpoint> endpoint_of_url(std::string_view url);
std::string_view name_of(Dialect d);
std::string_view name_of(ServiceTier t);

}  // namespace twolane

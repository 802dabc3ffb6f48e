// Which door a request knocks at: method, path and headers to what is wanted, in whose words.
//
// Pure. Paths are those of the providers' own SDKs when only their base URL is changed: OpenAI below
// /v1, Anthropic below /v1 (told from OpenAI by its headers where both have the path), Gemini below
// /v1beta (also /v1, as its newest SDK says). Views point into the target.
#pragma once

#include <cstdint>
#include <string_view>

#include "model/endpoint.h"
#include "wire/http.h"

namespace twolane::gateway {

enum class Want : uint8_t {
  call,          // a model call at `endpoint`
  count_tokens,  // Anthropic and Gemini
  embed_many,    // Gemini :batchEmbedContents
  models,        // the list
  model,         // one, `id`
  files,         // /files and below; `rest` after it
  uploads,       // OpenAI /uploads, Gemini /upload/v1beta/files
  batches,       // every door's batches and below; `rest` after it
  create_batch,  // Gemini :batchGenerateContent and :asyncBatchEmbedContent
  responses,     // OpenAI /responses/ID and below
  tickets,       // ours, /twolane/v1/...
  healthz,
  readyz,
  metrics,
  page,          // for people with a browser, "/"
  nothing,
};

struct Door {
  Want want = Want::nothing;
  Dialect dialect = Dialect::openai;
  Endpoint endpoint = Endpoint::chat_completions;
  bool streams = false;    // by its path: Gemini :streamGenerateContent
  std::string_view model;  // by its path: Gemini
  std::string_view id;     // of a model
  std::string_view path;   // the target without its query
  std::string_view query;
  std::string_view rest;   // of the path, behind the collection: "", "/file-1/content"
};

Door find_door(std::string_view method, std::string_view target, const wire::Headers& headers);

// The value of a query parameter as written, or empty.
std::string_view asked(std::string_view query, std::string_view name);

}  // namespace twolane::gateway

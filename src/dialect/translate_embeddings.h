// Embedding requests and answers between OpenAI's /v1/embeddings and Gemini's embedContent and
// batchEmbedContents.
#pragma once

#include <string_view>

#include "base/result.h"
#include "dialect/translate.h"
#include "dialect/translate_fields.h"

namespace twolane::dialect {

Result<Json> embedding_request_to_gemini(const Json& body);
// Several texts, as batchEmbedContents takes them: `input` is an array.
Result<Json> embedding_list_to_gemini(const Json& body, std::string_view model);
Result<Json> embedding_request_to_openai(const Json& body, std::string_view model);
Result<Json> embedding_answer_to_gemini(const Json& body, const Served* served);
// With `base64` the vector is written as little-endian float32, as the request wanted it.
Result<Json> embedding_answer_to_openai(const Json& body, const Served* served,
                                        std::string_view model, bool base64);

// OpenAI's base64 vector as an array of numbers, each the shortest that means the same float.
Result<Json> floats_of_base64(std::string_view text);

}  // namespace twolane::dialect

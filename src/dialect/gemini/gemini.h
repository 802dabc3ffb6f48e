// Gemini's generateContent and embedContent, to and from the neutral forms. Pure; rules as in
// openai/openai.h. Input is understood in camelCase and snake_case, output is camelCase.
#pragma once

#include <string_view>

#include "base/result.h"
#include "dialect/translate.h"
#include "dialect/translate_fields.h"
#include "model/chat.h"

namespace twolane::dialect::gemini {

Result<ChatRequest> decode_request(const Json& body);
Result<Json> encode_request(ChatRequest request, std::string_view model);

Result<ChatAnswer> decode_answer(const Json& body);
Json encode_answer(const ChatAnswer& answer, const Served* served);

Result<Json> assemble(std::string_view sse);

// A Schema (OpenAPI subset: upper-case types, nullable, numbers as text) as JSON Schema.
Json json_schema(const Json& schema);

// A tool's answer as the struct that functionResponse holds, and back. Text that is an object is
// that object; other text is {"output": text}, an error {"error": text}. Nothing is lost either
// way.
Json response_of_text(std::string_view text, bool failed);
struct ResponseText {
  std::string text;
  bool failed = false;
};
ResponseText text_of_response(const Json& response);

}  // namespace twolane::dialect::gemini

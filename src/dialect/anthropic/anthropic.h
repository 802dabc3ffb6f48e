// Anthropic's /v1/messages, to and from the neutral forms of model/chat.h. Pure; rules as in
// openai/openai.h.
#pragma once

#include <string_view>

#include "base/result.h"
#include "dialect/translate.h"
#include "dialect/translate_fields.h"
#include "model/chat.h"

namespace twolane::dialect::anthropic {

Result<ChatRequest> decode_request(const Json& body);
Result<Json> encode_request(ChatRequest request, std::string_view model);

Result<ChatAnswer> decode_answer(const Json& body);
Json encode_answer(const ChatAnswer& answer, const Served* served);

Result<Json> assemble(std::string_view sse);

}  // namespace twolane::dialect::anthropic

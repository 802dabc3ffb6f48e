// OpenAI's endpoints, to and from the neutral forms of model/chat.h.
//
// Pure. Decoders refuse what no endpoint would take (input.field); encoders refuse what theirs
// cannot say (dialect.untranslatable). Encoding where `request.from` is the encoder's own endpoint
// gives everything back.
#pragma once

#include <string_view>

#include "base/result.h"
#include "dialect/translate.h"
#include "dialect/translate_fields.h"
#include "model/chat.h"

namespace twolane::dialect::openai {

Result<ChatRequest> decode_chat_request(const Json& body);
Result<Json> encode_chat_request(ChatRequest request, std::string_view model);
Result<ChatRequest> decode_responses_request(const Json& body);
Result<Json> encode_responses_request(ChatRequest request, std::string_view model);

Result<ChatAnswer> decode_chat_answer(const Json& body);
Json encode_chat_answer(const ChatAnswer& answer, const Served* served);
// Error dialect.failed_answer: the response ended with an error instead of an answer.
Result<ChatAnswer> decode_responses_answer(const Json& body);
Json encode_responses_answer(const ChatAnswer& answer, const Served* served);

Result<Json> assemble_chat(std::string_view sse);
Result<Json> assemble_responses(std::string_view sse);

// What the two chat endpoints share.
Result<Part> decode_image(const Fields::Member& url, Setting detail, std::string path);
Result<Part> decode_file(Fields& file, std::string path);
// Parts that both know under other names: image and document sources as data URI, url or id.
Result<std::string> image_url(const Part& part, Endpoint from, Endpoint to);
// Refuses what reasoning models do not take.
Status check_reasoning_model(const ChatRequest& request, std::string_view model, Endpoint to);
// reasoning_effort of a request, null for none; refuses budgets.
Result<Json> effort_of(const ChatRequest& request, std::string_view model, Endpoint to);
// {name, schema, strict, description} of a json_schema format.
Result<Json> schema_format(const ChatRequest& request);

}  // namespace twolane::dialect::openai

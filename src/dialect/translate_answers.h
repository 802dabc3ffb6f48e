// What the decoders and encoders of answers share.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "dialect/translate.h"
#include "model/chat.h"
#include "wire/json.h"

namespace twolane::dialect {

// dialect.no_answer: the body is no answer of its endpoint; quotes the error it holds instead, if
// any.
std::unexpected<Error> no_answer(const wire::Json& body, std::string_view lacking);

// OpenAI's word for the tier; empty where the answer did not name one or OpenAI has no word for it.
std::string_view openai_tier(const Served& served);

// The id of a call that came without one: the same for the same answer.
std::string derived_call_id(std::string_view answer_id, size_t position);

// Arguments as the object that Anthropic and Gemini want. Text that is no object (cut off by the
// output limit, say) is kept as {"INVALID_JSON": text}.
wire::Json arguments_or_text(std::string_view arguments);

// The events of a recorded stream, without "[DONE]". Errors: wire.sse; dialect.stream_error with
// the provider's words where the stream carries an error; dialect.line where an event is not JSON.
Result<std::vector<wire::Json>> stream_events(std::string_view sse);
// dialect.stream_cut: the stream ended before its answer did.
std::unexpected<Error> stream_cut(std::string_view lacking);

}  // namespace twolane::dialect

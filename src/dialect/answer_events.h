// A whole answer as the events by which its endpoint streams it: for answers that were bought in a
// batch and asked for as a stream.
//
// Pure. The events come at once, each text in one piece; what accumulates them (the SDKs' stream
// helpers) ends with the answer as it was. Members that an endpoint shows only at the end of its
// streams stand there.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "model/endpoint.h"

namespace twolane::dialect {

// `body`: an answer of a chat endpoint, with status 200. `with_usage`: OpenAI's chat shows usage only
// where include_usage asked for it. `begun`: response_begun() was told before. Errors: wire.json,
// dialect.no_answer.
Result<std::string> answer_events(Endpoint endpoint, std::string_view body, bool with_usage, bool begun = false);

// The first events of a response that is still to come: it has an id, and is queued. Error wire.json.
Result<std::string> response_begun(std::string_view body);

}  // namespace twolane::dialect

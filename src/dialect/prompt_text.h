// The text of a request in the order in which a model reads it: tools and schemas, system,
// messages.
//
// For counting tokens and for finding prefixes that requests share; not for sending. Pure. Views
// hold until the next scan of the same thread (translate_scan.h).
#pragma once

#include <functional>
#include <string_view>

#include "base/result.h"
#include "model/endpoint.h"

namespace twolane::dialect {

struct PromptParts {
  int64_t messages = 0;    // turns, the system's included
  int64_t media = 0;       // pictures, files, sounds: tokens that text does not tell
  int64_t token_ids = 0;   // embedding inputs that came as token numbers
  bool marked = false;     // the request sets cache marks itself
  int64_t head_bytes = 0;  // of its texts: tools, schemas and system, all before the first turn
  // The same and the first turn without its last block, where a user's first turn is a list of texts;
  // 0 where it is not.
  int64_t block_bytes = 0;
};

// Calls take() with each text. Expects a body that check_body has passed; error wire.json.
Result<PromptParts> each_prompt_text(Endpoint endpoint, std::string_view body,
                                     const std::function<void(std::string_view)>& take);

}  // namespace twolane::dialect

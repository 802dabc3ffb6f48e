// The BatchApi value of each dialect. Callers use batch_api(); this is for its table only.
#pragma once

#include "dialect/batch_api.h"

namespace twolane::dialect::batch {

extern const BatchApi openai_api;
extern const BatchApi anthropic_api;
extern const BatchApi gemini_api;

}  // namespace twolane::dialect::batch

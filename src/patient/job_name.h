// What a job is called: a hash of everything that decides its content.
#pragma once

#include <string_view>

#include "base/ids.h"
#include "patient/input_pump.h"
#include "patient/request_text.h"

namespace twolane::patient {

// The first 64 bits of a SHA-256 over the provider world, the hash of the input's bytes, the
// options in their canonical form, the salt and the limit. Pure. Tokens that are only assumed
// (--output-tokens, where it is not sent as a limit) do not count: the same requests stay the same
// job.
JobId name_job(std::string_view world, const Sha256& input, const InputOptions& options,
               std::string_view salt, int64_t limit);

}  // namespace twolane::patient

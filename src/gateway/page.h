// The page at "/": where the jobs of a gateway stand, for a browser. It only reads, by /twolane/v1/jobs, with a key
// that stays in its tab.
#pragma once

#include "wire/http.h"

namespace twolane::gateway {

wire::HttpReply jobs_page();

}  // namespace twolane::gateway

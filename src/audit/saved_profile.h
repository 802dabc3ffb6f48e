// A profile as JSON and back: what live findings keep of a day, so that they survive a restart.
//
// Pure. Everything that findings, savings and moves read is kept; what only collecting needs (an open run, the
// ends of the latest calls) is not. Prices are kept as places in the book: read under another book they are
// looked up again, and what the book no longer has counts as unknown.
#pragma once

#include "audit/profile.h"
#include "base/result.h"
#include "wire/json.h"

namespace twolane::audit {

wire::Json profile_json(const Profile& profile);
// Error audit.saved.
Result<Profile> profile_of(const wire::Json& json);

}  // namespace twolane::audit

// Whether a key may use every model that the requests of a file name.
//
// A pass over the file before it is accepted, made only for keys that are bound to some models.
// Threads: any. Errors: gateway.model_not_allowed with where.line of the first such request; those of
// reading the file. A line that is no request is left to the intake, which says what is wrong with it.
#pragma once

#include <string>

#include "base/result.h"
#include "gateway/keys.h"
#include "patient/request_text.h"

namespace twolane::gateway {

// As the key's rules have it: by the name as written, or by the model that it leads to.
bool may_use(const Key& key, std::string_view model);

Status check_models(const Key& key, const std::string& path, const patient::InputOptions& options);

}  // namespace twolane::gateway

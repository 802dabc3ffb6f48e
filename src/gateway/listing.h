// The list of models as each door shows it: the names of routes, and everything that a configured
// provider sells.
//
// Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/doors.h"
#include "gateway/router.h"

namespace twolane::gateway {

// Want::models or Want::model; nothing where there is no such model.
std::optional<std::string> model_listing(const Door& door, const Router& router,
                                         const std::vector<std::string_view>& routes);

}  // namespace twolane::gateway

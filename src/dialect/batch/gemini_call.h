// What all calls to Gemini have in common: the key, the address of a resource, our name for things.
#pragma once

#include <string>
#include <string_view>

#include "dialect/batch_api.h"

namespace twolane::dialect::batch {

// Before our token, in display names.
inline constexpr std::string_view gemini_name_prefix = "twolane-";

inline wire::Headers gemini_auth(const Access& access) {
  return {{"x-goog-api-key", access.key}, {"accept", "application/json"}};
}

// A resource name such as "files/x" or "tunedModels/y": its parts encoded, its slashes kept.
inline std::string gemini_resource(std::string_view name) {
  size_t slash = name.find('/');
  if (slash == name.npos) return wire::percent_encoded(name);
  return wire::percent_encoded(name.substr(0, slash)) + '/' +
         wire::percent_encoded(name.substr(slash + 1));
}

inline std::string gemini_api_url(const Access& access) { return access.base_url + "/v1beta/"; }

// "models/x" for "x"; what names its kind already is left alone.
inline std::string gemini_model_name(std::string_view model) {
  return model.find('/') == model.npos ? "models/" + std::string(model) : std::string(model);
}

}  // namespace twolane::dialect::batch

// Names of models, as people and providers spell them, brought to one key.
//
// Pure. "models/Gemini-2.5-Flash" and "gemini-2-5-flash" are one model; a dated snapshot is another
// name, but belongs to its family.
#pragma once

#include <string>
#include <string_view>

namespace twolane {

// The name as written, without a provider's prefix ("models/", "anthropic/", ...). Fine-tuned
// models
// ("ft:...", "tunedModels/...") are left alone.
std::string_view bare_model_name(std::string_view name);

// The key under which names are compared: bare, lower case, dashes for dots.
std::string model_key(std::string_view name);

// How many bytes at the end of a key or bare name say which snapshot is meant: "-2024-07-18",
// "-20250929", "-latest", "-001", "-preview-09-2025". Zero where the name is a family's.
size_t snapshot_suffix(std::string_view name);

}  // namespace twolane

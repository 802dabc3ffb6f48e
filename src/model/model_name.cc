// Spellings of model names; see model_name.h.
#include "model/model_name.h"

#include <array>

namespace twolane {
namespace {

constexpr std::array<std::string_view, 5> prefixes = {"models/", "openai/", "anthropic/", "gemini/",
                                                      "google/"};

// '#' stands for a digit.
bool ends_with_pattern(std::string_view text, std::string_view pattern) {
  if (text.size() <= pattern.size()) return false;
  text.remove_prefix(text.size() - pattern.size());
  for (size_t i = 0; i < pattern.size(); ++i) {
    bool digit = text[i] >= '0' && text[i] <= '9';
    if (pattern[i] == '#' ? !digit : text[i] != pattern[i]) return false;
  }
  return true;
}

// Longest first: "-preview-09-2025" ends in nothing shorter that is also a snapshot.
constexpr std::array<std::string_view, 6> snapshots = {
    "-preview-##-####", "-preview-##-##", "-####-##-##", "-########", "-latest", "-00#"};

}  // namespace

std::string_view bare_model_name(std::string_view name) {
  if (name.starts_with("ft:")) return name;
  for (bool again = true; again;) {
    again = false;
    for (std::string_view prefix : prefixes) {
      if (name.size() <= prefix.size() || !name.starts_with(prefix)) continue;
      name.remove_prefix(prefix.size());
      again = true;
    }
  }
  return name;
}

std::string model_key(std::string_view name) {
  std::string key(bare_model_name(name));
  for (char& c : key) {
    if (c == '.') c = '-';
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return key;
}

size_t snapshot_suffix(std::string_view name) {
  if (name.starts_with("ft:")) return 0;
  for (std::string_view pattern : snapshots)
    if (ends_with_pattern(name, pattern)) return pattern.size();
  return 0;
}

}  // namespace twolane

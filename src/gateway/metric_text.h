// The text of /metrics: Prometheus' exposition format, version 0.0.4.
//
// Pure. Whoever writes a family puts its type first and its samples right behind it.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

namespace twolane::gateway {

struct Label {
  std::string_view name, value;  // the value as it is; names are letters, digits and _
};

// A label's value as it stands between quotes: backslash, quote and line end escaped.
std::string label_text(std::string_view text);

void put_type(std::string& out, std::string_view name, std::string_view type);  // counter, gauge, histogram
void put_sample(std::string& out, std::string_view name, std::initializer_list<Label> labels, std::string_view value);
void put_sample(std::string& out, std::string_view name, std::initializer_list<Label> labels, int64_t value);
// A family of one sample without labels.
void put_gauge(std::string& out, std::string_view name, std::string_view value);
void put_gauge(std::string& out, std::string_view name, int64_t value);

}  // namespace twolane::gateway

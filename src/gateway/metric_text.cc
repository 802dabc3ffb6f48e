// Lines of the exposition format.
#include "gateway/metric_text.h"

namespace twolane::gateway {

std::string label_text(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '"' || c == '\\' || c == '\n') out += '\\';
    out += c == '\n' ? 'n' : c;
  }
  return out;
}

void put_type(std::string& out, std::string_view name, std::string_view type) {
  out.append("# TYPE ").append(name).append(" ").append(type).append("\n");
}

void put_sample(std::string& out, std::string_view name, std::initializer_list<Label> labels, std::string_view value) {
  out.append(name);
  char before = '{';
  for (const Label& label : labels) {
    out += before;
    out.append(label.name).append("=\"").append(label_text(label.value)).append("\"");
    before = ',';
  }
  if (labels.size() > 0) out += '}';
  out.append(" ").append(value).append("\n");
}

void put_sample(std::string& out, std::string_view name, std::initializer_list<Label> labels, int64_t value) {
  put_sample(out, name, labels, std::to_string(value));
}

void put_gauge(std::string& out, std::string_view name, std::string_view value) {
  put_type(out, name, "gauge");
  put_sample(out, name, {}, value);
}

void put_gauge(std::string& out, std::string_view name, int64_t value) { put_gauge(out, name, std::to_string(value)); }

}  // namespace twolane::gateway

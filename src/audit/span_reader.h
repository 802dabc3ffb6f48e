// Spans of OpenTelemetry as OTLP writes them in JSON: resources hold scopes, scopes hold spans, and what a
// span says stands in lists of key and value.
//
// Pure. Integers come as texts or numbers, keys in camelCase or snake_case. Only spans of inference are
// calls: an agent's own span repeats the tokens of the calls inside it.
#pragma once

#include <functional>

#include "audit/row_reader.h"

namespace twolane::audit {

class SpanReader {
 public:
  SpanReader(const FormatSpec& spec, const FieldTree& tree) : spec_(spec), rows_(tree) {}

  // `object` is a resource with its scopes, a scope with its spans, or a span; `json` is its text. `each` is
  // called for every span, with its fault. False: the object is broken.
  using Each = std::function<void(Draft&, FieldFault)>;
  bool read(ondemand::object object, std::string_view json, Draft& draft, const Each& each);

 private:
  bool read_group(ondemand::object object, Draft& draft, const Each& each, bool& group);
  bool read_span(std::string_view json, Draft& draft, const Each& each);
  void take_member(std::string_view name, ondemand::value& value, Draft& draft);
  void take_attributes(std::string_view json, Draft& draft);
  void take_attribute(ondemand::object attribute, Draft& draft);
  void take_status(ondemand::value& value, Draft& draft);

  const FormatSpec& spec_;
  RowReader rows_;
  std::string resource_;  // attributes of the resource, as JSON with padding
  size_t resource_size_ = 0;
  ondemand::parser span_, attributes_;
};

}  // namespace twolane::audit

// OTLP JSON.
#include "audit/span_reader.h"

namespace twolane::audit {
namespace {

bool array_of(ondemand::value& value, ondemand::array& out) {
  ondemand::json_type type;
  return value.type().get(type) == simdjson::SUCCESS && type == ondemand::json_type::array &&
         value.get_array().get(out) == simdjson::SUCCESS;
}

bool object_of(ondemand::value& value, ondemand::object& out) {
  ondemand::json_type type;
  return value.type().get(type) == simdjson::SUCCESS && type == ondemand::json_type::object &&
         value.get_object().get(out) == simdjson::SUCCESS;
}

}  // namespace

bool SpanReader::read(ondemand::object object, std::string_view json, Draft& draft, const Each& each) {
  resource_size_ = 0;
  bool group = false;
  if (!read_group(object, draft, each, group)) return false;
  return group || read_span(json, draft, each);
}

bool SpanReader::read_group(ondemand::object object, Draft& draft, const Each& each, bool& group) {
  bool good = true;
  const bool read = each_member(object, [&](std::string_view name, ondemand::value& value) {
    ondemand::array array;
    ondemand::object inner;
    if (name == "resource" && object_of(value, inner)) {
      each_member(inner, [&](std::string_view n, ondemand::value& v) {
        if (n != "attributes") return true;
        resource_.assign(raw_of(v));
        resource_size_ = resource_.size();
        resource_.append(simdjson::SIMDJSON_PADDING, ' ');
        return false;
      });
    } else if ((name == "scopeSpans" || name == "scope_spans" || name == "instrumentationLibrarySpans") &&
               array_of(value, array)) {
      group = true;
      good = each_element(array, [&](ondemand::value& v) {
        ondemand::object scope;
        return object_of(v, scope) && read_group(scope, draft, each, group);
      }) && good;
    } else if (name == "spans" && array_of(value, array)) {
      group = true;
      good = each_element(array, [&](ondemand::value& v) {
        const auto raw = raw_of(v);
        return !raw.empty() && read_span(raw, draft, each);
      }) && good;
    }
    return true;
  });
  return read && good;
}

bool SpanReader::read_span(std::string_view json, Draft& draft, const Each& each) {
  ondemand::document document;
  ondemand::object object;
  if (!open_json(span_, json, document) || document.get_object().get(object) != simdjson::SUCCESS) return false;
  draft.begin(spec_);
  rows_.clear_fault();
  const bool read = each_member(object, [&](std::string_view name, ondemand::value& value) {
    take_member(name, value, draft);
    return true;
  });
  if (!read) return false;
  if (resource_size_ > 0) take_attributes(std::string_view(resource_).substr(0, resource_size_), draft);
  each(draft, rows_.fault());
  return true;
}

void SpanReader::take_member(std::string_view name, ondemand::value& value, Draft& draft) {
  const auto put = [&](Slot slot) {
    ondemand::json_type type;
    std::string_view text;
    if (value.type().get(type) != simdjson::SUCCESS) return;
    if (type == ondemand::json_type::string) {
      if (value.get_string().get(text) == simdjson::SUCCESS) draft.set(slot, Unit::none, {text});
    } else if (type == ondemand::json_type::number) {
      draft.set(slot, Unit::none, {token_of(value), true});
    }
  };
  if (name == "attributes") take_attributes(raw_of(value), draft);
  else if (name == "traceId" || name == "trace_id") put(Slot::trace);
  else if (name == "spanId" || name == "span_id") put(Slot::span);
  else if (name == "parentSpanId" || name == "parent_span_id") put(Slot::parent);
  else if (name == "startTimeUnixNano" || name == "start_time_unix_nano") put(Slot::start);
  else if (name == "endTimeUnixNano" || name == "end_time_unix_nano") put(Slot::end);
  else if (name == "status") take_status(value, draft);
}

void SpanReader::take_status(ondemand::value& value, Draft& draft) {
  ondemand::object object;
  if (!object_of(value, object)) return;
  each_member(object, [&](std::string_view name, ondemand::value& v) {
    if (name != "code") return true;
    const auto code = raw_of(v);
    if (code == "2" || code == "\"STATUS_CODE_ERROR\"") draft.set(Slot::failure, Unit::none, {"error"});
    return false;
  });
}

void SpanReader::take_attributes(std::string_view json, Draft& draft) {
  ondemand::document document;
  ondemand::array array;
  if (json.empty() || !open_json(attributes_, json, document) ||
      document.get_array().get(array) != simdjson::SUCCESS)
    return;
  each_element(array, [&](ondemand::value& item) {
    ondemand::object attribute;
    if (object_of(item, attribute)) take_attribute(attribute, draft);
    return true;
  });
}

// {"key": "...", "value": {"stringValue" | "intValue" | "doubleValue" | "boolValue": ...}}
void SpanReader::take_attribute(ondemand::object attribute, Draft& draft) {
  std::string_view key;
  each_member(attribute, [&](std::string_view name, ondemand::value& value) {
    if (name == "key") {
      if (value.get_string().get(key) != simdjson::SUCCESS) key = {};
      return true;
    }
    ondemand::object holder;
    if (name != "value" || key.empty() || !object_of(value, holder)) return true;
    each_member(holder, [&](std::string_view, ondemand::value& v) {
      rows_.set(key, v, draft);
      return false;
    });
    return true;
  });
}

}  // namespace twolane::audit

// The row's bytes are kept; what is added is written behind them.
#include "patient/row_output.h"

#include <algorithm>

#include "wire/csv.h"

namespace twolane::patient {
namespace {

constexpr std::string_view not_as_asked =
    R"({"code":"answer.schema","message":"the answer is not an object of the schema"})";

std::vector<std::string> properties_of(const wire::Json& schema) {
  std::vector<std::string> names;
  const wire::Json* object = &schema;
  // A schema may come as providers take it, wrapped with its name.
  for (const char* wrap : {"json_schema", "schema"})
    if (const auto* inner = wire::find(*object, wrap); inner && inner->is_object()) object = inner;
  if (const auto* properties = wire::find(*object, "properties");
      properties && properties->is_object())
    for (const auto& [name, unused] : properties->items()) names.push_back(name);
  return names;
}

std::string cell(const wire::Json* value) {
  if (!value || value->is_null()) return {};
  return value->is_string() ? value->get<std::string>() : wire::dump(*value);
}

std::string json_text(std::string_view text) { return wire::dump(wire::Json(std::string(text))); }

}  // namespace

std::string error_words(std::string_view error_json) {
  const auto parsed = wire::parse_json(error_json);
  if (!parsed) return std::string(error_json);
  const wire::Json* error = &*parsed;
  for (int depth = 0; depth < 2; ++depth)  // {"type":"error","error":{...}}
    if (const auto* inner = wire::find(*error, "error"); inner && inner->is_object()) error = inner;
  std::string code(wire::string_at(*error, "code"));
  if (code.empty()) code = wire::string_at(*error, "type");
  if (code.empty()) code = wire::string_at(*error, "status");
  const std::string_view message = wire::string_at(*error, "message");
  if (code.empty() && message.empty()) return std::string(error_json);
  if (code.empty() || message.empty()) return code + std::string(message);
  return code + ": " + std::string(message);
}

RowOutput::RowOutput(const InputOptions& options)
    : options_(options), properties_(properties_of(options.schema)) {
  std::vector<std::string> wanted = properties_;
  wanted.insert(wanted.end(), {"answer", "error"});
  const auto taken = [&](const std::string& name) {
    return std::ranges::find(options.columns, name) != options.columns.end() ||
           std::ranges::find(names_, name) != names_.end();
  };
  for (std::string& name : wanted) {
    while (taken(name)) name = "answer_" + name;
    names_.push_back(std::move(name));
  }
}

void RowOutput::append_head(std::string& out) const {
  if (options_.format != InputFormat::csv_rows) return;
  std::vector<std::string_view> fields(options_.columns.begin(), options_.columns.end());
  fields.insert(fields.end(), names_.begin(), names_.end());
  wire::append_csv_record(out, fields);
}

wire::Json RowOutput::structured(const RowAnswer& answer) const {
  if (properties_.empty() || !answer.text) return nullptr;
  auto object = wire::parse_json(*answer.text);
  return object && object->is_object() ? std::move(*object) : wire::Json(nullptr);
}

void RowOutput::append_row(std::string& out, std::string_view row, std::string_view beginning,
                           const RowAnswer& answer) {
  if (options_.format == InputFormat::csv_rows) {
    append_csv(out, row, beginning, answer);
  } else {
    append_json(out, row, answer);
  }
}

void RowOutput::append_csv(std::string& out, std::string_view row, std::string_view beginning,
                           const RowAnswer& answer) {
  if (!row.empty()) {
    out += row;
  } else {
    // A row that was set aside: what can be read of it, in as many fields as the header has.
    std::vector<std::string_view> fields;
    std::string unquoted;
    beginning = beginning.substr(0, beginning.find('\n'));
    if (beginning.ends_with('\r')) beginning.remove_suffix(1);
    if (!wire::split_csv_record(beginning, ',', fields, unquoted)) fields.clear();
    fields.resize(options_.columns.size());
    wire::append_csv_record(out, fields);
    out.pop_back();  // its line end
  }
  const wire::Json object = structured(answer);
  std::vector<std::string> cells;
  for (const std::string& p : properties_) cells.push_back(cell(wire::find(object, p)));
  cells.push_back(answer.text.value_or(""));
  if (!answer.text) {
    cells.push_back(error_words(answer.error_json));
  } else {
    cells.push_back(!properties_.empty() && object.is_null() ? error_words(not_as_asked)
                                                             : std::string());
  }
  std::vector<std::string_view> fields = {
      "-"};  // never empty, or a lone empty cell would be quoted
  fields.insert(fields.end(), cells.begin(), cells.end());
  std::string added;
  wire::append_csv_record(added, fields);
  out += std::string_view(added).substr(1);
}

void RowOutput::append_json(std::string& out, std::string_view row, const RowAnswer& answer) {
  const wire::Json object = structured(answer);
  const bool readable = !row.empty() && row_.read_json(row).has_value();
  size_t close = readable ? row.rfind('}') : row.npos;
  if (close == row.npos) {
    out += '{';
  } else {
    out += row.substr(0, close);
    if (row_.size() > 0) out += ',';
  }
  const auto name = [&](size_t i) {
    std::string free = names_[i];
    while (readable && row_.value(free))
      free = "answer_" + free;  // this row has more than the first
    return json_text(free) + ":";
  };
  for (size_t i = 0; i < properties_.size(); ++i) {
    const wire::Json* value = wire::find(object, properties_[i]);
    out += name(i) + (value ? wire::dump(*value) : "null") + ",";
  }
  const size_t p = properties_.size();
  out += name(p) +
         (!answer.text    ? "null"
          : answer.vector ? *answer.text
                          : json_text(*answer.text)) +
         ",";
  out += name(p + 1);
  if (answer.text) {
    out += !properties_.empty() && object.is_null() ? not_as_asked : std::string_view("null");
  } else {
    const auto error = wire::parse_json(answer.error_json);
    out += error ? wire::dump(*error) : json_text(answer.error_json);
  }
  out += "}\n";
}

}  // namespace twolane::patient

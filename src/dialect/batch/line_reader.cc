// Reading result lines in place; see line_reader.h.
#include "dialect/batch/line_reader.h"

#include <algorithm>
#include <cstring>

#include "dialect/batch/reply.h"

namespace twolane::dialect::batch {

LineReader& LineReader::outer() {
  thread_local LineReader reader;
  return reader;
}

LineReader& LineReader::inner() {
  thread_local LineReader reader;
  return reader;
}

simdjson::error_code LineReader::open(std::string_view line,
                                      simdjson::ondemand::document& document) {
  if (capacity_ > kept && line.size() <= kept) {
    parser_ = simdjson::ondemand::parser();
    capacity_ = 0;
  }
  if (capacity_ < line.size() || !buffer_) {
    capacity_ = std::max<size_t>(line.size() + line.size() / 4, 4096);
    buffer_ = std::make_unique<char[]>(capacity_ + simdjson::SIMDJSON_PADDING);
  }
  if (!line.empty()) std::memcpy(buffer_.get(), line.data(), line.size());  // may have no address
  line_ = line;
  return parser_
      .iterate(simdjson::padded_string_view(buffer_.get(), line.size(),
                                            line.size() + simdjson::SIMDJSON_PADDING))
      .get(document);
}

simdjson::error_code LineReader::object_text(
    simdjson::simdjson_result<simdjson::ondemand::value> value, std::string_view& text) const {
  namespace ondemand = simdjson::ondemand;
  text = {};
  ondemand::value v;
  ondemand::json_type type;
  if (auto error = std::move(value).get(v)) return error;
  if (auto error = v.type().get(type)) return error;
  if (type != ondemand::json_type::object)
    return simdjson::SUCCESS;  // left to the iteration to skip
  ondemand::object object;
  std::string_view raw;
  if (auto error = v.get_object().get(object)) return error;
  if (auto error = object.raw_json().get(raw)) return error;
  text = in_line(raw.substr(0, raw.find_last_of('}') + 1));
  return simdjson::SUCCESS;
}

simdjson::error_code at_end(simdjson::ondemand::document& document) {
  const char* next = nullptr;
  auto error = document.current_location().get(next);
  return error == simdjson::OUT_OF_BOUNDS ? simdjson::SUCCESS : simdjson::TRAILING_CONTENT;
}

simdjson::error_code read_string(simdjson::simdjson_result<simdjson::ondemand::value> value,
                                 std::string& text) {
  namespace ondemand = simdjson::ondemand;
  ondemand::value v;
  ondemand::json_type type;
  std::string_view view;
  if (auto error = std::move(value).get(v)) return error;
  if (auto error = v.type().get(type)) return error;
  if (type != ondemand::json_type::string) return simdjson::SUCCESS;
  if (auto error = v.get_string().get(view)) return error;
  text = view;
  return simdjson::SUCCESS;
}

std::string_view member_text(std::string_view json, const char* key) {
  simdjson::ondemand::document document;
  std::string_view text;
  LineReader& reader = LineReader::inner();
  if (reader.open(json, document)) return {};
  if (reader.object_text(document.find_field_unordered(key), text)) return {};
  return text;
}

std::unexpected<Error> corrupt_line(std::string_view line, std::string_view why) {
  Error e;
  e.code = "dialect.line";
  e.message = "a result line is corrupt or cut off";
  e.why = why;
  e.excerpt = clean_text(line, 80);
  return fail(std::move(e));
}

}  // namespace twolane::dialect::batch

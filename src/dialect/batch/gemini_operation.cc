// Reading Gemini's operations in place: with inline results they can be long. See
// gemini_operation.h.
#include "dialect/batch/gemini_operation.h"

#include <simdjson.h>

#include <charconv>

#include "dialect/batch/call.h"
#include "dialect/batch/line_reader.h"

namespace twolane::dialect::batch {
namespace {

namespace ondemand = simdjson::ondemand;
using simdjson::error_code;
using simdjson::SUCCESS;
using Value = simdjson::simdjson_result<ondemand::value>;

class OperationReader {
 public:
  OperationReader(LineReader& reader, Operation& operation, std::string* lines)
      : reader_(reader), operation_(operation), lines_(lines) {}

  error_code read(ondemand::object top) {
    return each(top, [&](ondemand::raw_json_string key, Value value) -> error_code {
      if (key == "name") return read_string(std::move(value), operation_.name);
      if (key == "done") return done(std::move(value));
      if (key == "error") return reader_.object_text(std::move(value), operation_.error);
      if (key == "metadata") return in_object(std::move(value), &OperationReader::metadata);
      if (key == "response") return in_object(std::move(value), &OperationReader::output);
      return metadata_member(key, std::move(value));  // a batch that is no operation
    });
  }

 private:
  template <class Visit>
  static error_code each(ondemand::object object, Visit visit) {
    for (auto field : object) {
      ondemand::raw_json_string key;
      if (auto error = field.key().get(key)) return error;
      if (auto error = visit(key, field.value())) return error;
    }
    return SUCCESS;
  }

  // Calls `read` where the value is an object; anything else is skipped.
  error_code in_object(Value result, error_code (OperationReader::*read)(ondemand::object)) {
    ondemand::value value;
    ondemand::json_type type;
    if (auto error = std::move(result).get(value)) return error;
    if (auto error = value.type().get(type)) return error;
    if (type != ondemand::json_type::object) return SUCCESS;
    ondemand::object object;
    if (auto error = value.get_object().get(object)) return error;
    return (this->*read)(object);
  }

  error_code metadata(ondemand::object object) {
    return each(object, [&](ondemand::raw_json_string key, Value value) {
      return metadata_member(key, std::move(value));
    });
  }

  error_code metadata_member(ondemand::raw_json_string key, Value value) {
    if (key == "displayName") return read_string(std::move(value), operation_.display_name);
    if (key == "state") return state(std::move(value));
    if (key == "batchStats") return in_object(std::move(value), &OperationReader::stats);
    if (key == "output") return in_object(std::move(value), &OperationReader::output);
    return SUCCESS;
  }

  error_code state(Value value) {
    std::string word;
    if (auto error = read_string(std::move(value), word)) return error;
    size_t prefix = word.find("_STATE_");
    operation_.state = prefix == word.npos ? word : word.substr(prefix + 7);
    return SUCCESS;
  }

  error_code done(Value value) {
    bool done = false;
    if (!std::move(value).get_bool().get(done)) operation_.done = done;
    return SUCCESS;
  }

  error_code stats(ondemand::object object) {
    bool any = false;
    int64_t total = 0;
    auto error = each(object, [&](ondemand::raw_json_string key, Value value) -> error_code {
      any = true;
      if (key == "requestCount") return count(std::move(value), total);
      if (key == "successfulRequestCount") return count(std::move(value), operation_.succeeded);
      if (key == "failedRequestCount") return count(std::move(value), operation_.failed);
      return SUCCESS;
    });
    if (any) operation_.total = total;
    return error;
  }

  // int64 is a string in proto3 JSON; a number is taken as well.
  static error_code count(Value result, int64_t& number) {
    ondemand::value value;
    ondemand::json_type type;
    if (auto error = std::move(result).get(value)) return error;
    if (auto error = value.type().get(type)) return error;
    if (type == ondemand::json_type::number) return value.get_int64().get(number);
    std::string text;
    if (auto error = read_string(std::move(value), text)) return error;
    std::from_chars(text.data(), text.data() + text.size(), number);
    return SUCCESS;
  }

  // The same output stands under response, response.output and metadata.output.
  error_code output(ondemand::object object) {
    return each(object, [&](ondemand::raw_json_string key, Value value) -> error_code {
      if (key == "responsesFile") return read_string(std::move(value), operation_.file);
      if (key == "output") return in_object(std::move(value), &OperationReader::output);
      if (key == "inlinedResponses" || key == "inlinedEmbedContentResponses")
        return inlined(std::move(value));
      return SUCCESS;
    });
  }

  // An array, or an object of the same name around it.
  error_code inlined(Value result) {
    ondemand::value value;
    ondemand::json_type type;
    if (auto error = std::move(result).get(value)) return error;
    if (auto error = value.type().get(type)) return error;
    if (type == ondemand::json_type::object)
      return in_object(std::move(value), &OperationReader::output);
    if (type != ondemand::json_type::array) return SUCCESS;
    bool repeated = std::exchange(operation_.has_inline, true);
    if (!lines_ || repeated) return SUCCESS;
    ondemand::array array;
    if (auto error = value.get_array().get(array)) return error;
    for (auto element : array) {
      std::string_view text;
      if (auto error = reader_.object_text(std::move(element), text)) return error;
      append_on_one_line(*lines_, text);
      *lines_ += '\n';
    }
    return SUCCESS;
  }

  LineReader& reader_;
  Operation& operation_;
  std::string* lines_;
};

error_code read_all(std::string_view text, Operation& operation, std::string* lines) {
  LineReader& reader = LineReader::outer();
  ondemand::document document;
  ondemand::object object;
  if (auto error = reader.open(text, document)) return error;
  if (auto error = document.get_object().get(object)) return error;
  return OperationReader(reader, operation, lines).read(object);
}

}  // namespace

Result<Operation> read_operation(std::string_view text, std::string* lines) {
  Operation operation;
  if (auto error = read_all(text, operation, lines))
    return fail("wire.json", simdjson::error_message(error));
  return operation;
}

}  // namespace twolane::dialect::batch

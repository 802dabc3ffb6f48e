// Gemini's results; see gemini_line.h.
#include "dialect/batch/gemini_line.h"

#include <simdjson.h>

#include "dialect/batch/line_reader.h"
#include "dialect/batch/reply.h"
#include "dialect/translate.h"

namespace twolane::dialect::batch {
namespace {

namespace ondemand = simdjson::ondemand;
using wire::Json;

struct Code {
  int number;
  std::string_view name;
  int status;
  Verdict verdict;
};
constexpr Code codes[] = {
    {1, "CANCELLED", 499, Verdict::unavailable},
    {2, "UNKNOWN", 500, Verdict::unavailable},
    {3, "INVALID_ARGUMENT", 400, Verdict::invalid},
    {4, "DEADLINE_EXCEEDED", 504, Verdict::unavailable},
    {5, "NOT_FOUND", 404, Verdict::invalid},
    {6, "ALREADY_EXISTS", 409, Verdict::invalid},
    {7, "PERMISSION_DENIED", 403, Verdict::account},
    {8, "RESOURCE_EXHAUSTED", 429, Verdict::throttled},
    {9, "FAILED_PRECONDITION", 400, Verdict::invalid},
    {10, "ABORTED", 409, Verdict::unavailable},
    {11, "OUT_OF_RANGE", 400, Verdict::invalid},
    {12, "UNIMPLEMENTED", 501, Verdict::invalid},
    {13, "INTERNAL", 500, Verdict::unavailable},
    {14, "UNAVAILABLE", 503, Verdict::unavailable},
    {15, "DATA_LOSS", 500, Verdict::unavailable},
    {16, "UNAUTHENTICATED", 401, Verdict::account},
};

// By gRPC's number; HTTP's are taken as well.
Code code_of(int64_t number) {
  for (const Code& code : codes)
    if (code.number == number) return code;
  if (number < 100 || number > 599) return {0, "", 500, Verdict::unavailable};
  int status = static_cast<int>(number);
  Verdict verdict = verdict_of_status(status);
  return {0, "", status, verdict == Verdict::missing ? Verdict::invalid : verdict};
}

struct Line {
  std::string key;
  std::string_view response, error, metadata;
  bool bare = false;  // the line itself is a status object
};

simdjson::error_code read_fields(LineReader& reader, std::string_view text, Line& line) {
  ondemand::document document;
  ondemand::object object;
  if (auto error = reader.open(text, document)) return error;
  if (auto error = document.get_object().get(object)) return error;
  for (auto field : object) {
    ondemand::raw_json_string key;
    simdjson::error_code error = field.key().get(key);
    if (error) return error;
    if (key == "key") error = read_string(field.value(), line.key);
    if (key == "response") error = reader.object_text(field.value(), line.response);
    if (key == "error") error = reader.object_text(field.value(), line.error);
    if (key == "metadata") error = reader.object_text(field.value(), line.metadata);
    if (key == "code") line.bare = true;
    if (error) return error;
  }
  return at_end(document);
}

// Inline results carry the key in the metadata that went in with the request.
simdjson::error_code read_metadata_key(Line& line) {
  if (!line.key.empty() || line.metadata.empty()) return simdjson::SUCCESS;
  ondemand::document document;
  if (auto error = LineReader::inner().open(line.metadata, document)) return error;
  auto key = document.find_field_unordered("key");
  if (key.error()) return simdjson::SUCCESS;  // there is none
  return read_string(std::move(key), line.key);
}

simdjson::error_code read_line_parts(std::string_view text, Line& line) {
  if (auto error = read_fields(LineReader::outer(), text, line)) return error;
  return read_metadata_key(line);
}

Status read_answer(Endpoint endpoint, std::string_view text, const Line& line, ResultLine& result) {
  result.kind = ResultLine::Kind::answer;
  result.http_status = 200;
  result.body = line.response;
  auto served = read_served(endpoint, line.response);
  if (served) {
    result.charged = true;
    result.usage = served->usage;
    result.response_id = std::move(served->response_id);
  } else if (served.error().code == "wire.json") {
    return corrupt_line(text, served.error().message);
  }
  if (result.response_id.empty()) result.response_id = result.custom_id;
  return {};
}

void read_error(Endpoint endpoint, std::string_view error, ResultLine& result) {
  Json json = parsed_or_null(error);
  Code code = code_of(count_at(json, "code", 0));
  result.body = error;
  result.http_status = code.status;
  result.kind = code.number == 1 ? ResultLine::Kind::cancelled : ResultLine::Kind::error;
  result.refusal = refusal_of_status_object(error);
  if (error.find("\"usageMetadata\"") == error.npos) return;
  if (auto served = read_served(endpoint, error)) {
    result.charged = true;
    result.usage = served->usage;
  }
}

}  // namespace

Refusal refusal_of_status_object(std::string_view text) {
  Json json = parsed_or_null(text);
  Code code = code_of(count_at(json, "code", 0));
  std::string_view name = wire::string_at(json, "status");
  Refusal refusal = refusal_from(json, name.empty() ? code.name : name);
  refusal.verdict = code.verdict;
  if (refusal.message.empty() && !code.name.empty()) refusal.message = clean_text(code.name);
  complete(refusal, json.is_object() ? code.status : 0);
  return refusal;
}

bool is_cancelled(std::string_view text) {
  Json json = parsed_or_null(text);
  return count_at(json, "code", 0) == 1 || mentions(wire::string_at(json, "message"), "cancel");
}

bool has_key(std::string_view text) {
  Line line;
  return !read_line_parts(text, line) && !line.key.empty();
}

Result<ResultLine> read_gemini_line(Endpoint endpoint, std::string_view text) {
  Line line;
  if (auto error = read_line_parts(text, line))
    return corrupt_line(text, simdjson::error_message(error));
  if (line.key.empty()) return corrupt_line(text, "there is no key");
  ResultLine result;
  result.custom_id = std::move(line.key);
  if (!line.error.empty() && line.error != "{}") {
    read_error(endpoint, line.error, result);
  } else if (!line.response.empty()) {
    CHECKED(read_answer(endpoint, text, line, result));
  } else if (line.bare) {
    read_error(endpoint, text, result);
  } else {
    return corrupt_line(text, "there is neither a response nor an error");
  }
  return result;
}

}  // namespace twolane::dialect::batch

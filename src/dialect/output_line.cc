// Lines of a job's output, as the provider of the input's dialect would have written them.
#include <charconv>

#include "dialect/batch/call.h"
#include "dialect/batch/reply.h"
#include "dialect/batch_api.h"

namespace twolane::dialect {
namespace {

using batch::append_on_one_line;
using batch::append_quoted;
using wire::Json;

void append_number(std::string& out, int64_t number) {
  char digits[24];
  auto [end, ec] = std::to_chars(digits, digits + sizeof digits, number);
  out.append(digits, end);
}

// What an output says about a request without an answer.
struct Failure {
  std::string code, type, message;
  Json param;
};

std::string_view default_message(RequestState state) {
  switch (state) {
    case RequestState::expired:
      return "The request was not answered within its window.";
    case RequestState::cancelled:
      return "The request was cancelled before it was answered.";
    case RequestState::failed:
      return "The request failed.";
    default:
      return "The request has no answer yet.";
  }
}

Failure failure_of(const OutputLine& line) {
  Json error = batch::parsed_or_null(line.error_json);
  Failure failure;
  failure.type = wire::string_at(error, "type");
  failure.code = wire::string_at(error, "code");
  if (failure.code.empty()) failure.code = wire::string_at(error, "status");
  if (failure.code.empty()) failure.code = failure.type;
  failure.message = wire::string_at(error, "message");
  if (failure.message.empty()) failure.message = default_message(line.state);
  if (const Json* param = wire::find(error, "param"); param && param->is_string())
    failure.param = *param;
  return failure;
}

// A failed request was answered by a status; everything else never ran.
bool was_answered(const OutputLine& line) {
  return line.state == RequestState::failed && line.http_status >= 300;
}

// --- OpenAI ---

std::string_view openai_code(const OutputLine& line) {
  if (line.state == RequestState::expired) return "batch_expired";
  if (line.state == RequestState::cancelled) return "batch_cancelled";
  return "";
}

void append_openai_error(std::string& out, const Failure& failure) {
  out += "{\"message\":";
  append_quoted(out, failure.message);
  out += ",\"type\":";
  append_quoted(out, failure.type.empty() ? std::string_view("provider_error") : failure.type);
  out += ",\"param\":" + wire::dump(failure.param) + ",\"code\":";
  append_quoted(out, failure.code);
  out += '}';
}

void append_response_head(std::string& out, int status, std::string_view request_id) {
  out += "\"response\":{\"status_code\":";
  append_number(out, status);
  out += ",\"request_id\":";
  append_quoted(out, request_id);
  out += ",\"body\":";
}

void append_openai(std::string& out, const OutputLine& line) {
  out += "{\"id\":";
  append_quoted(out, line.request_id.empty() ? line.custom_id : line.request_id);
  out += ",\"custom_id\":";
  append_quoted(out, line.custom_id);
  out += ',';
  if (line.state == RequestState::succeeded) {
    append_response_head(out, line.http_status > 0 ? line.http_status : 200, line.request_id);
    append_on_one_line(out, line.body);
    out += "},\"error\":null}\n";
    return;
  }
  Failure failure = failure_of(line);
  if (was_answered(line)) {
    append_response_head(out, line.http_status, line.request_id);
    out += "{\"error\":";
    append_openai_error(out, failure);
    out += "}},\"error\":null}\n";
    return;
  }
  std::string_view code = openai_code(line);
  out += "\"response\":null,\"error\":{\"code\":";
  append_quoted(out, !code.empty() ? code : failure.code.empty() ? "failed" : failure.code);
  out += ",\"message\":";
  append_quoted(out, failure.message);
  out += "}}\n";
}

// --- Anthropic ---

std::string_view anthropic_type(const OutputLine& line, const Failure& failure) {
  if (failure.type.ends_with("_error") || failure.type == "request_too_large") return failure.type;
  switch (line.http_status) {
    case 400:
    case 422:
      return "invalid_request_error";
    case 401:
      return "authentication_error";
    case 402:
      return "billing_error";
    case 403:
      return "permission_error";
    case 404:
      return "not_found_error";
    case 413:
      return "request_too_large";
    case 429:
      return "rate_limit_error";
    case 503:
    case 529:
      return "overloaded_error";
    case 504:
      return "timeout_error";
    default:
      return "api_error";
  }
}

void append_anthropic(std::string& out, const OutputLine& line) {
  out += "{\"custom_id\":";
  append_quoted(out, line.custom_id);
  if (line.state == RequestState::succeeded) {
    out += ",\"result\":{\"type\":\"succeeded\",\"message\":";
    append_on_one_line(out, line.body);
    out += "}}\n";
  } else if (line.state == RequestState::expired) {
    out += ",\"result\":{\"type\":\"expired\"}}\n";
  } else if (line.state == RequestState::cancelled) {
    out += ",\"result\":{\"type\":\"canceled\"}}\n";
  } else {
    Failure failure = failure_of(line);
    out += ",\"result\":{\"type\":\"errored\",\"error\":{\"type\":\"error\",\"error\":{\"type\":";
    append_quoted(out, anthropic_type(line, failure));
    out += ",\"message\":";
    append_quoted(out, failure.message);
    out += "},\"request_id\":";
    if (line.request_id.empty())
      out += "null";
    else
      append_quoted(out, line.request_id);
    out += "}}}\n";
  }
}

// --- Gemini ---

int google_code(const OutputLine& line) {
  if (line.state == RequestState::cancelled) return 1;
  if (line.state == RequestState::expired) return 4;
  switch (line.http_status) {
    case 400:
    case 413:
    case 422:
      return 3;
    case 401:
      return 16;
    case 403:
      return 7;
    case 404:
      return 5;
    case 429:
      return 8;
    case 503:
    case 529:
      return 14;
    case 504:
      return 4;
    default:
      return 13;
  }
}

void append_gemini(std::string& out, const OutputLine& line) {
  out += "{\"key\":";
  append_quoted(out, line.custom_id);
  if (line.state == RequestState::succeeded) {
    out += ",\"response\":";
    append_on_one_line(out, line.body);
  } else {
    out += ",\"error\":{\"code\":";
    append_number(out, google_code(line));
    out += ",\"message\":";
    append_quoted(out, failure_of(line).message);
    out += '}';
  }
  out += "}\n";
}

}  // namespace

void append_output_line(std::string& out, Dialect dialect, const OutputLine& line) {
  switch (dialect) {
    case Dialect::openai:
      return append_openai(out, line);
    case Dialect::anthropic:
      return append_anthropic(out, line);
    case Dialect::gemini:
      return append_gemini(out, line);
  }
}

}  // namespace twolane::dialect

// Error envelopes of the three dialects.
#include "gateway/errors.h"

#include "wire/json.h"

namespace twolane::gateway {
namespace {

using wire::Json;

Json or_null(const std::string& text) { return text.empty() ? Json(nullptr) : Json(text); }

std::string_view openai_type(int status) {
  if (status == 429) return "rate_limit_error";
  if (status == 503) return "service_unavailable_error";
  return status >= 500 ? "server_error" : "invalid_request_error";
}

std::string_view anthropic_type(int status) {
  switch (status) {
    case 401: return "authentication_error";
    case 402: return "billing_error";
    case 403: return "permission_error";
    case 404: return "not_found_error";
    case 409: return "conflict_error";
    case 413: return "request_too_large";
    case 429: return "rate_limit_error";
    case 504: return "timeout_error";
    case 529: return "overloaded_error";
    default: return status >= 500 ? "api_error" : "invalid_request_error";
  }
}

std::string_view gemini_status(int status) {
  switch (status) {
    case 401: return "UNAUTHENTICATED";
    case 403: return "PERMISSION_DENIED";
    case 404: return "NOT_FOUND";
    case 409: return "ABORTED";
    case 429: return "RESOURCE_EXHAUSTED";
    case 501: return "UNIMPLEMENTED";
    case 503: return "UNAVAILABLE";
    case 504: return "DEADLINE_EXCEEDED";
    default: return status >= 500 ? "INTERNAL" : "INVALID_ARGUMENT";
  }
}

Json object_of(Dialect door, const Refusal& r, std::string_view request_id) {
  switch (door) {
    case Dialect::anthropic:
      return {{"type", "error"},
              {"error", {{"type", anthropic_type(r.status)}, {"message", r.message}}},
              {"request_id", request_id}};
    case Dialect::gemini:
      return {{"error",
               {{"code", r.status}, {"message", r.message}, {"status", gemini_status(r.status)}}}};
    case Dialect::openai:
      break;
  }
  return {{"error",
           {{"message", r.message},
            {"type", r.type.empty() ? std::string(openai_type(r.status)) : r.type},
            {"param", or_null(r.param)},
            {"code", or_null(r.code)}}}};
}

}  // namespace

std::string_view id_header(Dialect door) {
  return door == Dialect::anthropic ? "request-id" : "x-request-id";
}

std::string error_object(Dialect door, const Refusal& refusal, std::string_view request_id) {
  return wire::dump(object_of(door, refusal, request_id));
}

wire::HttpReply refuse(Dialect door, const Refusal& refusal, std::string_view request_id) {
  wire::HttpReply reply{refusal.status, {{"content-type", "application/json"}}, {}};
  reply.headers.emplace_back(id_header(door), request_id);
  if (refusal.retry_after > 0)
    reply.headers.emplace_back("retry-after", std::to_string(refusal.retry_after));
  if (refusal.never_retry) reply.headers.emplace_back("x-should-retry", "false");
  reply.body = error_object(door, refusal, request_id);
  return reply;
}

}  // namespace twolane::gateway

// Refusals in the words of each door, so that every SDK raises its own class of error.
//
// Pure.
#pragma once

#include <string>
#include <string_view>

#include "model/endpoint.h"
#include "wire/http.h"

namespace twolane::gateway {

struct Refusal {
  Refusal(int s, std::string m, std::string c = {}, std::string p = {})
      : status(s), message(std::move(m)), code(std::move(c)), param(std::move(p)) {}

  int status;
  std::string message;
  std::string code;        // OpenAI's, or empty: null
  std::string param;       // OpenAI's, or empty: null
  std::string type;        // OpenAI's; empty: by status
  int64_t retry_after = 0; // seconds; 0: says nothing
  bool never_retry = false;  // x-should-retry: false
};

// `request_id` goes where the provider has it: a header, and Anthropic's body.
wire::HttpReply refuse(Dialect door, const Refusal& refusal, std::string_view request_id);

// The error object alone, as it stands in a stream.
std::string error_object(Dialect door, const Refusal& refusal, std::string_view request_id);

// The name of the header that carries the request's id at this door.
std::string_view id_header(Dialect door);

}  // namespace twolane::gateway

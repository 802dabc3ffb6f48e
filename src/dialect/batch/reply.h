// What replies of all providers have in common: error objects, waiting times, hostile text.
#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

#include "dialect/batch_api.h"
#include "wire/json.h"

namespace twolane::dialect::batch {

// The JSON object that a successful reply holds. Error provider.reply, retryable, when it holds
// none: the provider may have acted all the same.
Result<wire::Json> reply_object(const wire::HttpReply& reply);
std::unexpected<Error> unreadable_reply(std::string message);
// The error body, or null when it is no JSON or too long to be one.
wire::Json error_body(const wire::HttpReply& reply);
// The first bytes of a body as plain text, for messages.
std::string body_words(const wire::HttpReply& reply);

// Without control characters, at most `most` bytes, cut between characters.
std::string clean_text(std::string_view text, size_t most = 500);
// Blind to ASCII case; `word` is lower case.
bool mentions(std::string_view text, std::string_view word);
bool is_one_of(std::string_view text, std::initializer_list<std::string_view> words);
// A whole number that is written as one, or as a string.
int64_t count_at(const wire::Json& object, std::string_view key, int64_t otherwise);

// Headers retry-after-ms and retry-after: seconds or an HTTP date, which counts from the reply's
// own Date header.
std::optional<Duration> retry_after(const wire::Headers& headers);
// "36s", "3.89s", "6m0s", "20ms", "2s81ms"; nothing for other texts.
std::optional<Duration> spoken_duration(std::string_view text);
// The number behind "Limit:" ("Limit: 2,000,000 enqueued tokens", "limit of 30K for"), or 0.
int64_t stated_limit(std::string_view message);

// A provider's error object with what every provider calls alike; `verdict` is for the caller.
Refusal refusal_from(const wire::Json& error, std::string_view code);
// The verdict that the status alone allows.
Verdict verdict_of_status(int status);
// Fills in code, message and error object where the provider gave none.
void complete(Refusal& refusal, int status);
// The same, with the body's first words as message where they are no JSON, and the time to wait.
void complete(Refusal& refusal, const wire::HttpReply& reply);

wire::Json parsed_or_null(std::string_view text);

}  // namespace twolane::dialect::batch

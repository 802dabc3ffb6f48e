// What replies of all providers have in common; see reply.h.
#include "dialect/batch/reply.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "wire/header_name.h"

namespace twolane::dialect::batch {
namespace {

constexpr int64_t longest_error = 1 << 20;

using wire::lower;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::string error_object_text(const wire::Json& error) {
  constexpr size_t longest_kept = 16 << 10;
  std::string text = wire::dump(error);
  return text.size() <= longest_kept ? text : std::string();
}

// "Wed, 21 Oct 2026 07:28:00 GMT", the one form that servers send.
std::optional<Time> http_date(std::string_view text) {
  constexpr std::array<std::string_view, 12> months = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  size_t comma = text.find(", ");
  if (comma == text.npos || text.size() < comma + 22) return std::nullopt;
  text.remove_prefix(comma + 2);
  auto number = [&](size_t at, size_t digits, int& value) {
    auto [end, ec] = std::from_chars(text.data() + at, text.data() + at + digits, value);
    return ec == std::errc{} && end == text.data() + at + digits;
  };
  auto month = std::find(months.begin(), months.end(), text.substr(3, 3));
  Civil c;
  if (month == months.end() || !number(0, 2, c.day) || !number(7, 4, c.year) ||
      !number(12, 2, c.hour) || !number(15, 2, c.minute) || !number(18, 2, c.second))
    return std::nullopt;
  c.month = static_cast<int>(month - months.begin()) + 1;
  return to_time(c);
}

// Decimal seconds as milliseconds, rounded up.
std::optional<Duration> decimal_seconds(std::string_view text) {
  double value = 0;
  auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (ec != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  if (!(value >= 0 && value < 1e9)) return std::nullopt;
  return milliseconds(static_cast<int64_t>(value * 1000 + 0.999));
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

}  // namespace

std::unexpected<Error> unreadable_reply(std::string message) {
  Error e;
  e.code = "provider.reply";
  e.message = std::move(message);
  e.why = "the provider may have acted on the call all the same";
  e.retryable = true;
  return fail(std::move(e));
}

Result<wire::Json> reply_object(const wire::HttpReply& reply) {
  if (reply.status < 200 || reply.status > 299)
    return unreadable_reply("the provider answered with status " + std::to_string(reply.status));
  std::string text = TRY(reply.body.text());
  auto json = wire::parse_json(text);
  if (!json || !json->is_object())
    return unreadable_reply("the provider's answer is not a JSON object: " + clean_text(text, 100));
  return std::move(*json);
}

wire::Json error_body(const wire::HttpReply& reply) {
  if (reply.body.size() > longest_error) return nullptr;
  auto text = reply.body.text();
  if (!text) return nullptr;
  auto json = wire::parse_json(*text);
  // Google wraps the errors of some calls in an array of one.
  if (json && json->is_array() && json->size() == 1) return std::move((*json)[0]);
  return json ? std::move(*json) : wire::Json(nullptr);
}

std::string body_words(const wire::HttpReply& reply) {
  char head[1024];
  auto length = reply.body.read(0, head, sizeof head);
  return length ? clean_text(std::string_view(head, *length), 200) : std::string();
}

std::string clean_text(std::string_view text, size_t most) {
  std::string clean;
  clean.reserve(std::min(text.size(), most));
  for (size_t i = 0; i < text.size() && clean.size() < most; ++i) {
    auto c = static_cast<unsigned char>(text[i]);
    bool control = c < 0x20 || c == 0x7f;
    if (c == 0xc2 && i + 1 < text.size()) {  // U+0080 to U+009F
      auto next = static_cast<unsigned char>(text[i + 1]);
      if (next >= 0x80 && next <= 0x9f) control = true, ++i;
    }
    clean += control ? ' ' : text[i];
  }
  // A character that is not whole at the end goes.
  size_t start = clean.size();
  while (start > 0 && clean.size() - start < 3 && (clean[start - 1] & 0xc0) == 0x80) --start;
  if (start > 0) {
    auto lead = static_cast<unsigned char>(clean[start - 1]);
    size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc0 ? 2 : 1;
    if (lead >= 0xc0 && clean.size() - (start - 1) < length) clean.resize(start - 1);
  }
  return clean;
}

bool mentions(std::string_view text, std::string_view word) {
  auto at = std::search(text.begin(), text.end(), word.begin(), word.end(),
                        [](char a, char b) { return lower(a) == b; });
  return at != text.end();
}

bool is_one_of(std::string_view text, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), text) != words.end();
}

int64_t count_at(const wire::Json& object, std::string_view key, int64_t otherwise) {
  std::string_view text = wire::string_at(object, key);
  if (text.empty()) return wire::int_at(object, key, otherwise);
  int64_t value = 0;
  auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value);
  return ec == std::errc{} && end == text.data() + text.size() ? value : otherwise;
}

std::optional<Duration> retry_after(const wire::Headers& headers) {
  if (std::string_view ms = trimmed(wire::header(headers, "retry-after-ms")); !ms.empty())
    if (auto value = decimal_seconds(ms)) return milliseconds((value->ms + 999) / 1000);
  std::string_view text = trimmed(wire::header(headers, "retry-after"));
  if (text.empty()) return std::nullopt;
  if (auto value = decimal_seconds(text)) return value;
  auto then = http_date(text), now = http_date(trimmed(wire::header(headers, "date")));
  if (!then || !now) return std::nullopt;
  return std::max(*then - *now, Duration{});
}

std::optional<Duration> spoken_duration(std::string_view text) {
  Duration sum;
  bool any = false;
  while (!text.empty()) {
    size_t digits = 0;
    while (digits < text.size() && (is_digit(text[digits]) || text[digits] == '.')) ++digits;
    auto value = decimal_seconds(text.substr(0, digits));
    if (digits == 0 || !value) return std::nullopt;
    text.remove_prefix(digits);
    if (text.starts_with("ms")) {
      sum = sum + milliseconds((value->ms + 999) / 1000);
      text.remove_prefix(2);
    } else if (text.starts_with("s") || text.starts_with("m") || text.starts_with("h")) {
      sum = sum + *value * (text[0] == 's' ? 1 : text[0] == 'm' ? 60 : 3600);
      text.remove_prefix(1);
    } else {
      return std::nullopt;
    }
    any = true;
  }
  return any ? std::optional(sum) : std::nullopt;
}

int64_t stated_limit(std::string_view message) {
  for (size_t at = 0; at + 5 < message.size(); ++at) {
    if (lower(message[at]) != 'l' || !mentions(message.substr(at, 5), "limit")) continue;
    std::string_view rest = message.substr(at + 5);
    for (std::string_view skipped : {":", " of", " "})
      if (rest.starts_with(skipped)) rest.remove_prefix(skipped.size());
    rest = trimmed(rest.substr(0, 40));
    int64_t value = 0;
    size_t i = 0;
    for (; i < rest.size() && (is_digit(rest[i]) || (i > 0 && rest[i] == ',')); ++i)
      if (rest[i] != ',' && value < 1'000'000'000'000'000) value = value * 10 + (rest[i] - '0');
    if (i == 0) continue;
    char unit = i < rest.size() ? rest[i] : ' ';
    return value * (unit == 'K' || unit == 'k' ? 1'000 : unit == 'M' ? 1'000'000 : 1);
  }
  return 0;
}

Refusal refusal_from(const wire::Json& error, std::string_view code) {
  Refusal refusal;
  refusal.code = clean_text(code, 64);
  std::string_view message = error.is_string()
                                 ? std::string_view(error.get_ref<const std::string&>())
                                 : wire::string_at(error, "message");
  refusal.message = clean_text(message);
  if (error.is_object()) refusal.json = error_object_text(error);
  return refusal;
}

Verdict verdict_of_status(int status) {
  if (status == 401 || status == 403) return Verdict::account;
  if (status == 402) return Verdict::no_credit;
  if (status == 404) return Verdict::missing;
  if (status == 429) return Verdict::throttled;
  if (status == 408 || status == 409 || status == 425 || status == 499) return Verdict::unavailable;
  if (status >= 400 && status < 500) return Verdict::invalid;
  return Verdict::unavailable;
}

void complete(Refusal& refusal, int status) {
  if (refusal.code.empty()) refusal.code = status > 0 ? "http_" + std::to_string(status) : "failed";
  if (refusal.message.empty()) refusal.message = "the provider gave no reason";
  if (refusal.json.empty())
    refusal.json = wire::dump(wire::Json{{"code", refusal.code}, {"message", refusal.message}});
}

void complete(Refusal& refusal, const wire::HttpReply& reply) {
  if (refusal.message.empty()) refusal.message = body_words(reply);
  if (!refusal.retry_after) refusal.retry_after = retry_after(reply.headers);
  complete(refusal, reply.status);
}

wire::Json parsed_or_null(std::string_view text) {
  auto json = wire::parse_json(text);
  return json ? std::move(*json) : wire::Json(nullptr);
}

}  // namespace twolane::dialect::batch

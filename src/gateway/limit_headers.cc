// Headers of limits in two dialects.
#include "gateway/limit_headers.h"

namespace twolane::gateway {
namespace {

struct Kind {
  const char* name;
  const Key::Room::Bucket& bucket;
};

void add_openai(wire::Headers& out, const Kind& kind) {
  const std::string name = kind.name;
  out.emplace_back("x-ratelimit-limit-" + name, std::to_string(kind.bucket.limit));
  out.emplace_back("x-ratelimit-remaining-" + name, std::to_string(kind.bucket.left));
  out.emplace_back("x-ratelimit-reset-" + name, go_duration(kind.bucket.full_in));
}

void add_anthropic(wire::Headers& out, const Kind& kind, Time now) {
  const std::string name = "anthropic-ratelimit-" + std::string(kind.name);
  out.emplace_back(name + "-limit", std::to_string(kind.bucket.limit));
  out.emplace_back(name + "-remaining", std::to_string(kind.bucket.left));
  const Time whole{(now + kind.bucket.full_in).ms / 1000 * 1000};
  out.emplace_back(name + "-reset", rfc3339(whole));
}

}  // namespace

std::string go_duration(Duration span) {
  if (span.ms < 1000) return std::to_string(span.ms) + "ms";
  const int64_t s = (span.ms + 999) / 1000;
  std::string text = std::to_string(s % 60) + 's';
  if (s >= 60) text.insert(0, std::to_string(s / 60 % 60) + 'm');
  if (s >= 3600) text.insert(0, std::to_string(s / 3600) + 'h');
  return text;
}

wire::Headers limit_headers(Dialect door, const Key::Room& room, Time now) {
  wire::Headers out;
  for (const Kind& kind : {Kind{"requests", room.requests}, Kind{"tokens", room.tokens}}) {
    if (kind.bucket.limit <= 0) continue;
    if (door == Dialect::openai) add_openai(out, kind);
    if (door == Dialect::anthropic) add_anthropic(out, kind, now);
  }
  return out;
}

}  // namespace twolane::gateway

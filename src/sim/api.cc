// Odds and ends of a call that every provider needs: pages, ids, JSON replies.

#include "sim/api.h"

#include <algorithm>
#include <charconv>

#include "sim/json_text.h"
#include "sim/streams.h"

namespace twolane::sim {

std::string_view Call::asked(std::string_view name) const {
  for (const auto& [key, value] : query)
    if (key == name) return value;
  return {};
}

wire::HttpReply json_reply(int status, std::string body) {
  return {status, {{"content-type", "application/json"}}, wire::Body(std::move(body))};
}

wire::HttpReply answer_reply(const Ask& ask, std::string body) {
  if (!ask.stream) return json_reply(200, std::move(body));
  const auto answer = wire::parse_json(body);
  if (!answer) return json_reply(500, std::move(body));  // a defect: it would be seen at once
  return {200,
          {{"content-type", "text/event-stream; charset=utf-8"}, {"cache-control", "no-cache"}},
          wire::Body(sse_of(ask.endpoint, *answer, ask.stream_usage))};
}

bool is_listed(const Core& core, const Batch& batch, Time now) {
  return !batch.deleted && now >= batch.created + core.scenario.list_lag;
}

int64_t asked_number(const Call& call, std::string_view name, int64_t otherwise, int64_t most) {
  const std::string_view text = call.asked(name);
  int64_t n = otherwise;
  std::from_chars(text.data(), text.data() + text.size(), n);
  return std::clamp<int64_t>(n, 1, most);
}

Status copy_to(const wire::Body& body, Blob& to) {
  std::string piece(256 << 10, '\0');
  for (int64_t at = 0; at < body.size();) {
    const size_t n = TRY(body.read(at, piece.data(), piece.size()));
    if (n == 0) break;
    CHECKED(to.append(std::string_view(piece.data(), n)));
    at += static_cast<int64_t>(n);
  }
  return {};
}

std::string fresh_hex(const Core& core, const Call& call, size_t length, uint64_t what) {
  std::string id;
  append_hex(id, mix(mix(core.seed, core.state.effects() + 1), mix(call.draw.base, what)), length);
  return id;
}

}  // namespace twolane::sim

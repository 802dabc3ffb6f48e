// The Anthropic API: routing, errors, messages, and message batches.

#include "sim/anthropic.h"

#include <algorithm>
#include <unordered_set>

#include "sim/json_elements.h"
#include "sim/json_text.h"

namespace twolane::sim {

using wire::HttpReply;
using wire::Json;

namespace {

constexpr int64_t most_requests = 100'000;
constexpr int64_t most_bytes = 256ll << 20;

std::string_view tier_word(ServiceTier tier) {
  return tier == ServiceTier::priority ? "priority" : "standard";
}

bool good_custom_id(std::string_view id) {
  return !id.empty() && id.size() <= 64 && std::all_of(id.begin(), id.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
  });
}

// Timestamps have a fraction always.
std::string stamp(Time t) {
  std::string text = rfc3339(t);
  if (text.find('.') == std::string::npos)
    text.insert(text.size() - 1, ".000000");
  else
    text.insert(text.size() - 1, "000");
  return text;
}

}  // namespace

HttpReply Anthropic::refuse(const Call& call, int status, std::string type,
                            std::string message) const {
  std::string body;
  append_anthropic_error({status, std::move(type), std::move(message), "", ""},
                         "req_011" + fresh_hex(core_, call, 21, 1), body);
  return json_reply(status, std::move(body));
}

HttpReply Anthropic::too_many(const Call& call, Duration retry_after) const {
  HttpReply reply = refuse(call, 429, "rate_limit_error",
                           "This request would exceed your organization's rate limit.");
  reply.headers.emplace_back("retry-after",
                             std::to_string(std::max<int64_t>(1, (retry_after.ms + 999) / 1000)));
  return reply;
}

HttpReply Anthropic::server_error(const Call& call, int status) const {
  if (status == 503 || status == 529) return refuse(call, 529, "overloaded_error", "Overloaded");
  return refuse(call, status, "api_error", "Internal server error");
}

void Anthropic::sign(const Call& call, HttpReply& reply) const {
  reply.headers.emplace_back("request-id", "req_011" + fresh_hex(core_, call, 21, 1));
  if (!call.account.empty()) reply.headers.emplace_back("anthropic-organization-id", call.account);
}

Result<HttpReply> Anthropic::handle(Call& call) {
  const std::string_view path = call.path;
  constexpr std::string_view batches_at = "/v1/messages/batches", models_at = "/v1/models";
  if (call.account.empty())
    return refuse(call, 401, "authentication_error", "x-api-key header is required");
  if (call.bad_key) return refuse(call, 401, "authentication_error", "invalid x-api-key");
  if (path == batches_at || path.starts_with("/v1/messages/batches/"))
    return batches(call, path.substr(batches_at.size()));
  if (path == "/v1/messages" && call.method == "POST") return messages(call);
  if (path == "/v1/messages/count_tokens" && call.method == "POST") return count_tokens(call);
  if (path == models_at || path.starts_with("/v1/models/"))
    return list_models(call, path.size() > models_at.size() ? path.substr(models_at.size() + 1)
                                                            : std::string_view());
  return refuse(call, 404, "not_found_error", "Not Found");
}

// --- synchronous calls

Result<HttpReply> Anthropic::messages(Call& call) {
  call.live = true;
  LiveLane& lane = core_.live;
  const LiveLane::Turn turn = lane.take(Provider::anthropic, call.account, call.now);
  HttpReply reply;
  if (!turn.granted) {
    reply = too_many(call, turn.retry_after);
  } else {
    lane.read(Endpoint::messages, TRY(call.http.body.text()), nullptr, call.draw);
    Line& line = lane.line();
    if (const auto& no = line.ask.refusal) {
      reply = refuse(call, no->status, no->type, no->message);
    } else {
      lane.answer(Provider::anthropic, call.account);
      line.response_id = anthropic_message_id(call.draw);
      std::string body;
      append_anthropic_message(line, tier_word(lane.tier()), body);
      CHECKED(lane.charge(Provider::anthropic, call.account, call.now));
      reply = answer_reply(line.ask, std::move(body));
    }
  }
  reply.headers.emplace_back("anthropic-ratelimit-requests-limit", std::to_string(turn.limit));
  reply.headers.emplace_back("anthropic-ratelimit-requests-remaining",
                             std::to_string(turn.remaining));
  reply.headers.emplace_back("anthropic-ratelimit-requests-reset", rfc3339(call.now + turn.reset));
  return reply;
}

// Needs no max_tokens: a missing one is not held against the request.
Result<HttpReply> Anthropic::count_tokens(Call& call) {
  LiveLane& lane = core_.live;
  lane.read(Endpoint::messages, TRY(call.http.body.text()), nullptr, call.draw);
  const Ask& ask = lane.line().ask;
  if (ask.refusal && !ask.refusal->message.starts_with("max_tokens"))
    return refuse(call, ask.refusal->status, ask.refusal->type, ask.refusal->message);
  return json_reply(200, Json{{"input_tokens", ask.input_tokens}});
}

Result<HttpReply> Anthropic::list_models(Call& call, std::string_view id) const {
  Json data = Json::array();
  for (const Model& m : models()) {
    if (m.provider != Provider::anthropic) continue;
    Json one = {{"id", m.name},
                {"type", "model"},
                {"display_name", m.name},
                {"created_at", "2026-01-01T00:00:00Z"},
                {"max_input_tokens", m.context},
                {"max_tokens", m.most_output},
                {"capabilities", {{"batch", {{"supported", true}}}}}};
    if (!id.empty() && (m.name == id || m.snapshot == id)) return json_reply(200, one);
    data.push_back(std::move(one));
  }
  if (!id.empty()) return refuse(call, 404, "not_found_error", "model: " + std::string(id));
  const Json first = data.front()["id"], last = data.back()["id"];
  return json_reply(
      200,
      Json{{"data", std::move(data)}, {"has_more", false}, {"first_id", first}, {"last_id", last}});
}

// --- batches

Result<HttpReply> Anthropic::batches(Call& call, std::string_view rest) {
  CHECKED(core_.batches.bring_up_to(call.now));
  if (rest.empty()) return call.method == "POST" ? create(call) : list(call);
  rest.remove_prefix(1);
  const size_t slash = std::min(rest.find('/'), rest.size());
  const std::string_view id = rest.substr(0, slash), verb = rest.substr(slash);
  Batch* b = core_.state.batch(Provider::anthropic, call.account, id);
  if (!b)
    return refuse(call, 404, "not_found_error",
                  "Message batch " + std::string(id) + " was not found.");
  if (verb == "/cancel" && call.method == "POST") return cancel(call, *b);
  if (verb == "/results") return results(call, *b);
  if (call.method == "DELETE") return remove(call, *b);
  if (!verb.empty()) return refuse(call, 404, "not_found_error", "Not Found");
  return json_reply(200, batch_json(*b, call));
}

namespace {

// The requests of a create call, checked one by one and written a line each.
class Intake {
 public:
  explicit Intake(Blob& to) : to_(to) {}

  Status take(std::string_view element) {
    if (!no.empty()) return {};
    text_.assign(element);
    text_.reserve(text_.size() + simdjson::SIMDJSON_PADDING);
    simdjson::dom::element json;
    const std::string at = "requests." + std::to_string(requests);
    if (parser_.parse(text_.data(), text_.size(), false).get(json))
      return refuse("The request body is not valid JSON");
    if (!json.is_object()) return refuse(at + ": Input should be an object");
    const std::string_view id = text_at(json, "custom_id");
    if (!good_custom_id(id))
      return refuse(at + ".custom_id: String should match pattern '^[a-zA-Z0-9_-]{1,64}$'");
    if (!ids_.insert(hash_text(id)).second)
      return refuse(at + ".custom_id: '" + std::string(id) + "' is not unique");
    auto params = member(json, "params");
    if (!params || !params->is_object()) return refuse(at + ".params: Field required");
    if (++requests > most_requests)
      return refuse("requests: List should have at most 100000 items");
    ask_.clear(Endpoint::messages);
    read_ask(Endpoint::messages, *params, ask_);
    tokens += ask_.input_tokens;
    text_ += '\n';
    return to_.append(text_);
  }

  std::string no;
  int64_t requests = 0, tokens = 0;

 private:
  Status refuse(std::string why) {
    no = std::move(why);
    return {};
  }
  Blob& to_;
  std::string text_;
  simdjson::dom::parser parser_;
  Ask ask_;
  std::unordered_set<uint64_t> ids_;
};

}  // namespace

Result<HttpReply> Anthropic::create(Call& call) {
  if (call.http.body.size() > most_bytes)
    return refuse(call, 413, "request_too_large", "Request exceeds the maximum size");
  Batch b;
  b.number = core_.state.next_number();
  b.id = "msgbatch_01" + fresh_hex(core_, call, 22, 3);
  b.input = b.id + ".input";
  auto blob = TRY(core_.storage.create(b.input));
  Intake intake(*blob);
  JsonElements elements("requests", [&](std::string_view element) { return intake.take(element); });
  std::string piece(256 << 10, '\0');
  for (int64_t at = 0; at < call.http.body.size();) {
    const size_t n = TRY(call.http.body.read(at, piece.data(), piece.size()));
    if (n == 0) break;
    CHECKED(elements.feed(std::string_view(piece.data(), n)));
    at += static_cast<int64_t>(n);
  }
  std::string no = intake.no;
  if (auto whole = elements.finish(); no.empty() && !whole) no = whole.error().message;
  if (no.empty() && intake.requests == 0) no = "requests: List should have at least 1 item";
  if (!no.empty()) {
    core_.storage.remove(b.input);
    return refuse(call, 400, "invalid_request_error", std::move(no));
  }
  b.provider = Provider::anthropic;
  b.account = call.account;
  b.endpoint = Endpoint::messages;
  b.created = call.now;
  b.requests = intake.requests;
  b.tokens = intake.tokens;
  b.plan = core_.batches.plan(b.number, b.created, hours(24));
  const std::string id = b.id;
  CHECKED(core_.state.add(std::move(b)));
  return json_reply(200,
                    batch_json(*core_.state.batch(Provider::anthropic, call.account, id), call));
}

Json Anthropic::batch_json(const Batch& b, const Call& call) const {
  const bool archived = call.now >= b.created + days(29);
  Json out = {{"id", b.id},
              {"type", "message_batch"},
              {"processing_status", b.end                   ? "ended"
                                    : b.cancel_asked.ms > 0 ? "canceling"
                                                            : "in_progress"},
              {"request_counts", nullptr},
              {"created_at", stamp(b.created)},
              {"expires_at", stamp(b.plan.window_ends)},
              {"ended_at", nullptr},
              {"cancel_initiated_at", nullptr},
              {"archived_at", nullptr},
              {"results_url", nullptr}};
  int64_t processing = b.requests, succeeded = 0, errored = 0, canceled = 0, expired = 0;
  if (b.end) {
    processing = 0, succeeded = b.end->answered, errored = b.end->errored;
    canceled = b.end->cancelled, expired = b.end->expired;
    out["ended_at"] = stamp(b.end->at);
    if (archived)
      out["archived_at"] = stamp(b.created + days(29));
    else
      out["results_url"] = call.origin + "/anthropic/v1/messages/batches/" + b.id + "/results";
    if (call.draw.hits(core_.scenario.counts_lie, Chance::poll_counts))
      std::swap(succeeded, errored);
    if (const auto& fixed = core_.scenario.counts_always; fixed.size() == 3) {
      succeeded = fixed[1], errored = fixed[2],
      expired = std::max<int64_t>(0, fixed[0] - fixed[1] - fixed[2]);
      canceled = 0;
    }
  }
  if (call.draw.hits(core_.scenario.unknown_state, Chance::poll_state))
    out["processing_status"] = "paused_for_review";
  out["request_counts"] = {{"processing", processing},
                           {"succeeded", succeeded},
                           {"errored", errored},
                           {"canceled", canceled},
                           {"expired", expired}};
  if (b.cancel_asked.ms > 0) out["cancel_initiated_at"] = stamp(b.cancel_asked);
  return out;
}

Result<HttpReply> Anthropic::list(Call& call) {
  const int64_t limit = asked_number(call, "limit", 20, 1000);
  const std::string_view after = call.asked("after_id"), before = call.asked("before_id");
  std::vector<const Batch*> shown;  // newest first
  const auto& all = core_.state.batches();
  size_t from = 0, to = 0;
  bool saw_before = false;
  for (auto at = all.rbegin(); at != all.rend(); ++at) {
    const Batch& b = **at;
    if (b.provider != Provider::anthropic || b.account != call.account) continue;
    if (b.id == before) to = shown.size(), saw_before = true;
    if (is_listed(core_, b, call.now)) shown.push_back(&b);
    if (b.id == after) from = shown.size();
  }
  if (!saw_before) to = shown.size();
  const bool backwards = !before.empty();
  if (backwards) from = to > static_cast<size_t>(limit) ? to - static_cast<size_t>(limit) : 0;
  const bool more = backwards ? from > 0 : to - from > static_cast<size_t>(limit);
  if (!backwards) to = std::min(to, from + static_cast<size_t>(limit));
  Json data = Json::array();
  for (size_t i = from; i < to; ++i) data.push_back(batch_json(*shown[i], call));
  const Json first = data.empty() ? Json(nullptr) : data.front()["id"],
             last = data.empty() ? Json(nullptr) : data.back()["id"];
  return json_reply(
      200,
      Json{{"data", std::move(data)}, {"has_more", more}, {"first_id", first}, {"last_id", last}});
}

Result<HttpReply> Anthropic::cancel(Call& call, Batch& b) {
  if (b.end)
    return refuse(call, 400, "invalid_request_error",
                  "Batch " + b.id + " has already ended and cannot be canceled.");
  if (b.cancel_asked.ms == 0)
    CHECKED(core_.state.ask_cancel(b, call.now, core_.batches.cancel_effect(b, call.now)));
  return json_reply(200, batch_json(b, call));
}

Result<HttpReply> Anthropic::remove(Call& call, Batch& b) {
  if (!b.end)
    return refuse(call, 400, "invalid_request_error",
                  "Batch " + b.id + " has not ended: cancel it before deleting it.");
  CHECKED(core_.state.remove_batch(b));
  return json_reply(200, Json{{"id", b.id}, {"type", "message_batch_deleted"}});
}

Result<HttpReply> Anthropic::results(Call& call, const Batch& b) {
  if (!b.end)
    return refuse(call, 400, "invalid_request_error",
                  "Batch " + b.id + " has no available results.");
  if (call.now >= b.created + days(29))
    return refuse(call, 404, "not_found_error",
                  "The results of batch " + b.id + " are no longer available.");
  HttpReply reply{200, {{"content-type", "application/x-jsonl"}}, {}};
  if (b.end->output_bytes > 0) reply.body.append(TRY(core_.storage.read(b.output_blob())));
  return reply;
}

}  // namespace twolane::sim

// Calls to providers of another dialect: the body translated, the answer told in the door's words,
// event by event where it streams.
#include "dialect/batch_api.h"
#include "dialect/catalogue.h"
#include "dialect/stream_translation.h"
#include "gateway/stream_framing.h"
#include "gateway/worker.h"
#include "wire/json.h"

namespace twolane::gateway {
namespace {

// Whether and how the answer streams is no part of what is translated.
Result<std::string> without_transport(const std::string& body) {
  wire::Json json = TRY(wire::parse_json(body));
  for (const char* name : {"stream", "stream_options", "background"}) json.erase(name);
  return wire::dump(json);
}

void ask_for_events(std::string& body, Endpoint endpoint) {
  if (endpoint == Endpoint::generate_content) return;  // its path says it
  const bool empty = body == "{}";
  std::string member = "\"stream\":true";
  if (endpoint == Endpoint::chat_completions) member += ",\"stream_options\":{\"include_usage\":true}";
  body.insert(1, member + (empty ? "" : ","));
}

// The translation leaves the tier out: providers name theirs differently.
std::optional<Refusal> ask_for_tier(Call& call) {
  const auto sold = dialect::endpoint_at(call.choice->target.provider, call.choice->endpoint, call.scan.tier);
  if (!sold || call.choice->provider->own) {
    call.error = "provider.no_endpoint";
    return Refusal(400, "service_tier: " + call.choice->target.provider + " has no tier " + std::string(name_of(call.scan.tier)),
                   "unsupported_value", "service_tier");
  }
  const TierWords words = tier_words(call.choice->provider->dialect, call.scan.tier);
  BodyScan bare;
  bare.first_member = 1;
  bare.empty = call.body == "{}";
  call.body = rewritten(call.body, bare, {{}, words.name, words.value});
  return std::nullopt;
}

// In the provider's words. Several texts to embed go to a method of their own at Gemini.
Result<std::string> translated_body(Call& call) {
  call.embeds_several = false;
  if (call.choice->endpoint == Endpoint::embed_content) {
    auto several = TRY(dialect::translate_embedding_list(call.body, call.choice->target.model));
    call.embeds_several = several.has_value();
    if (several) return std::move(*several);
  }
  return dialect::translate_request(call.door.endpoint, call.body, call.choice->endpoint, call.choice->target.model);
}

}  // namespace

std::optional<Refusal> Worker::translate(Call& call) {
  const auto refused = [&call](const Error& e) {
    call.error = e.code;
    const std::string field = e.where.field.empty() ? "" : e.where.field + ": ";
    return Refusal(400, field + e.message + (e.why.empty() ? "" : " (" + e.why + ")"), "unsupported_value",
                   e.where.field);
  };
  if (call.door.want != Want::call) {
    call.error = "dialect.untranslatable";
    return Refusal(400, "This endpoint exists for models of " +
                            std::string(name_of(call.door.dialect)) + " only.", "unsupported_value");
  }
  if (call.scan.stream || call.scan.background || call.scan.has_stream_usage) {
    auto bare = without_transport(call.body);
    if (!bare) return refused(bare.error());
    call.body = std::move(*bare);
  }
  auto body = translated_body(call);
  if (!body) return refused(body.error());
  call.asked = std::exchange(call.body, std::move(*body));
  if (call.streams) ask_for_events(call.body, call.choice->endpoint);
  if (call.scan.tier != ServiceTier::standard) return ask_for_tier(call);
  return std::nullopt;
}

// The provider's refusal in the door's words.
net::Awaitable<void> Worker::say_refusal(net::Exchange& exchange, Call& call, wire::HttpReply reply) {
  const auto said = dialect::batch_api(call.choice->provider->dialect).read_refusal(reply);
  Refusal no(reply.status < 400 ? 502 : reply.status, said.message, said.code);
  call.error = "upstream.refused";
  if (said.retry_after) no.retry_after = (said.retry_after->ms + 999) / 1000;
  co_await say_no(exchange, call, std::move(no));
}

// The answer in the door's words, and what it used.
Result<std::string> Worker::told_answer(Call& call, const std::string& body) {
  const Endpoint from = call.choice->endpoint;
  auto served = dialect::read_served(from, body);
  auto told = dialect::translate_answer(from, body, call.door.endpoint, call.model, call.asked, served ? &*served : nullptr);
  if (served) call.served = std::move(*served);
  else estimate_usage(call, call.door.endpoint, call.asked, dialect::answer_text(from, body));
  return told;
}

// A whole answer, or the provider's refusal. Whether the connection upstream can be used again.
net::Awaitable<bool> Worker::tell_answer(net::Exchange& exchange, Call& call, Connection up,
                                         net::Deadline& limit) {
  net::MessageHead& head = up->channel.parser().head;
  call.upstream_id = wire::header(head.headers, id_header(call.choice->provider->dialect));
  std::string body;
  wire::Sink take = [&body](std::string_view piece) -> Status {
    if (body.size() + piece.size() > Meter::most) return fail("net.body_limit", "the answer is too large");
    body.append(piece);
    return {};
  };
  up->channel.set_taker(std::move(take));
  std::string_view raw;
  net::ErrorCode failed;
  do failed = co_await next_piece(call, up, limit, raw);
  while (!failed && !up->channel.parser().is_done());
  if (failed && call.routed) co_return co_await lost_before_it_began(exchange, call);
  if (failed) {
    if (exchange.left()) {
      call.status = 499;
      co_return false;
    }
    Refusal no(502, "The provider's answer broke off.", "upstream_broken");
    co_await say_no(exchange, call, std::move(no));
    co_return false;
  }
  if (call.routed) answers(call);
  if (head.status >= 300) {
    wire::HttpReply reply{head.status, head.headers, wire::Body(std::move(body))};
    co_await say_refusal(exchange, call, std::move(reply));
    co_return true;
  }
  auto told = told_answer(call, body);
  if (!told) {
    Refusal no(502, "The provider's answer cannot be told here: " + told.error().message + ' ' + told.error().why,
               "upstream_answer");
    co_await say_no(exchange, call, std::move(no));
    co_return true;
  }
  wire::HttpReply good{200, {}, {}};
  good.headers.emplace_back("content-type", "application/json");
  good.headers.emplace_back("twolane-request-id", call.id);
  good.body = wire::Body(std::move(*told));
  co_await say(exchange, call, std::move(good));
  co_return true;
}

// The head of a stream that is written here, not passed on.
std::string Worker::events_head(const Call& call, const net::Exchange& exchange, bool chunked, bool array) {
  std::string out = "HTTP/1.1 200 OK\r\nContent-Type: ";
  out += array ? "application/json\r\n" : "text/event-stream; charset=utf-8\r\nCache-Control: no-cache\r\n";
  out.append(id_header(call.door.dialect)).append(": ").append(call.id);
  out.append("\r\ntwolane-request-id: ").append(call.id).append("\r\n");
  if (call.lane == "patient") out += "twolane-lane: patient\r\n";
  for (const auto& [name, value] : own_limits(call)) out.append(name).append(": ").append(value).append("\r\n");
  out += chunked ? "Transfer-Encoding: chunked\r\n" : "";
  out += exchange.keep() ? "\r\n" : "Connection: close\r\n\r\n";
  return out;
}

net::Awaitable<bool> Worker::tell_events(net::Exchange& exchange, Call& call, Connection up,
                                         net::Deadline& limit) {
  const bool chunked = exchange.head().version >= 11;
  const bool array = call.door.streams && asked(call.door.query, "alt") != "sse";
  if (!chunked) exchange.until_close();
  call.status = 200;
  call.upstream_id =
      wire::header(up->channel.parser().head.headers, id_header(call.choice->provider->dialect));
  std::string out = events_head(call, exchange, chunked, array);
  dialect::StreamTranslation told(call.choice->endpoint, call.door.endpoint, call.model, call.id,
                                  call.scan.has_stream_usage);
  std::string events;
  std::optional<Error> wrong;
  wire::Sink take = [&](std::string_view piece) -> Status {
    if (Status fed = told.feed(piece, events); !fed) {
      wrong = fed.error();
      return fed;
    }
    return {};
  };
  up->channel.set_taker(std::move(take));
  bool begun = false, good = true, over = false;
  while (!over) {
    std::string_view raw;
    const net::ErrorCode failed = co_await next_piece(call, up, limit, raw);
    if (call.routed && call.bytes_out == 0) {
      if (failed) co_return co_await lost_before_it_began(exchange, call);
      answers(call);
    }
    over = failed || up->channel.parser().is_done();
    if (failed && exchange.nobody_there()) {
      (void)told.finish(events).has_value();  // for the usage until here
      call.served = told.served();
      co_return false;
    }
    if (over && !wrong) {
      const Status ended = told.finish(events);
      if (!ended) wrong = ended.error();
      call.served = told.served();
    }
    if (wrong) {
      good = false;
      call.error = wrong->code;
      const Refusal no(502, wrong->why.empty() ? wrong->message : wrong->why, "upstream_broken");
      events += error_event(call.door.endpoint, error_object(call.door.dialect, no, call.id));
    }
    if (array) events = as_array(events, begun);
    if (array && over) events += "]";
    if (chunked) append_chunk(out, events);
    if (!chunked) out += events;
    if (chunked && over) out += "0\r\n\r\n";
    events.clear();
    call.bytes_out += static_cast<int64_t>(out.size());
    if (out.empty()) continue;
    const net::ErrorCode lost = co_await exchange.write(out);
    out.clear();
    if (lost) {
      call.status = 499;
      if (!over) (void)told.finish(events).has_value();  // for the usage until here
      call.served = told.served();
      co_return false;
    }
  }
  exchange.done();
  co_return good;
}

}  // namespace twolane::gateway

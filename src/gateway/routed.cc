// Calls along a route: try after try, until a target answers or none may be asked any more. Only
// what has told the client nothing yet is tried again.
#include <algorithm>

#include "dialect/batch_api.h"
#include "gateway/worker.h"
#include "model/model_name.h"
#include "net/head.h"

namespace twolane::gateway {
namespace {

Outcome outcome_of(Heard heard, bool no_capacity) {
  switch (heard) {
    case Heard::good: return Outcome::answered;
    case Heard::unreached: return Outcome::unreached;
    case Heard::late: return Outcome::late;
    case Heard::broken: return Outcome::broken;
    case Heard::unknown: return Outcome::left;
    case Heard::refused: break;
  }
  return no_capacity ? Outcome::no_capacity : Outcome::refused;
}

// What a refusal that was read before it is told keeps of its headers.
bool is_told(std::string_view name) {
  constexpr std::string_view told[] = {"content-type", "retry-after", "retry-after-ms", "x-should-retry", "x-request-id",
                                       "request-id"};
  constexpr std::string_view families[] = {"x-ratelimit-", "anthropic-"};
  return std::ranges::any_of(told, [name](std::string_view other) { return net::same_name(name, other); }) ||
         std::ranges::any_of(families, [name](std::string_view begin) {
           return net::same_name(name.substr(0, begin.size()), begin);
         });
}

}  // namespace

// Finds the targets that this request and its key may go to, and the tier to ask for.
std::optional<Refusal> Worker::enter(Call& call, std::shared_ptr<Route> route) {
  const RouteRules& rules = route->rules();
  auto routed = std::make_unique<RoutedCall>(std::move(route));
  const bool by_name = !call.key || call.key->allows(model_key(call.model));
  std::optional<Error> why;
  for (size_t i = 0; i < rules.targets.size(); ++i) {
    auto choice = choose(call.door, rules.targets[i]);
    if (!choice) why = std::move(choice).error();
    else if (by_name || call.key->allows(model_key((*choice)->target.model))) routed->choices[i] = std::move(*choice);
  }
  const uint64_t draw = world_.random();
  if (!routed->aim_at(std::nullopt, draw)) {
    call.error = why ? why->code : "gateway.model_not_allowed";
    if (why) return Refusal(404, why->message, "model_not_found", "model");
    return Refusal(403, "This key may not use the model '" + call.model.substr(0, 100) + "'.", "model_not_allowed", "model");
  }
  const bool says_tier = !call.scan.service_tier.empty();
  std::optional<ServiceTier> tier;
  if (call.scan.tier != ServiceTier::standard) tier = call.scan.tier;
  else if (!says_tier) tier = rules.tier;
  if (tier && !routed->aim_at(tier, draw) && says_tier) {
    call.error = "provider.no_endpoint";
    return Refusal(400, "No target of '" + call.model.substr(0, 100) + "' has the tier " + std::string(name_of(*tier)) + '.',
                   "unsupported_value", "service_tier");
  }
  call.scan.tier = routed->tier.value_or(ServiceTier::standard);
  call.choice = routed->choices[routed->order.front()];
  call.routed = std::move(routed);
  return std::nullopt;
}

// A flex call has time to wait for capacity; one to a model that is named itself is a route of its own.
void Worker::enter_flex(Call& call, const LaneChoice& lane) {
  if (!call.routed) {
    auto routed = std::make_unique<RoutedCall>(
        shared_.routes.flex_to(call.choice->target.provider + '/' + call.choice->target.model));
    routed->choices[0] = call.choice;
    if (!routed->aim_at(ServiceTier::flex, 0)) return;  // the provider itself says that it has none
    call.routed = std::move(routed);
  }
  RoutedCall& r = *call.routed;
  r.window = lane.kept ? lane.window : flex_window;
  r.kept = lane.kept;
  r.began = world_.now();
}

std::optional<Refusal> Worker::aim(Call& call) {
  RoutedCall& r = *call.routed;
  call.choice = r.choices[r.step.target];
  call.error.clear();
  call.upstream_id.clear();
  call.served.reset();
  call.estimated = call.timed_out = false;
  call.tier_told.reset();
  call.status = 0;
  call.bytes_out = 0;
  call.scan.tier = r.tier.value_or(ServiceTier::standard);
  if (call.choice->translated) {
    call.body = r.body;
    return translate(call);
  }
  Rewrite to;
  if (call.choice->renamed) to.model = call.choice->target.model;
  if (r.tier) {
    const TierWords words = tier_words(call.choice->provider->dialect, *r.tier);
    to.tier_name = words.name, to.tier = words.value;
  }
  call.body = rewritten(r.body, call.scan, to);
  return std::nullopt;
}

Duration Worker::first_byte_limit(const Call& call) {
  const RoutedCall& r = *call.routed;
  const Duration own = r.route->rules().first_byte;
  Duration limit = own.ms > 0 ? own : shared_.limits.first_byte;
  if (r.window.ms == 0 || !r.kept) return limit;
  // A deadline is kept: flex that takes too long is given up for the standard tier.
  const auto real = static_cast<int64_t>(static_cast<double>(flex_limit(r.window).ms) / shared_.speed);
  return std::clamp(milliseconds(real) - (world_.now() - r.began), milliseconds(1), limit);
}

// Until then, or until the client has left.
net::Awaitable<void> Worker::pause(net::Exchange& exchange, Call& call, Duration span) {
  const auto began = net::Clock::now();
  const auto over = std::make_shared<net::Signal>(world_.loop());
  std::function<void()> end = [over] { over->set(); };
  exchange.on_left(end);
  const auto timer = world_.at(world_.now() + span, std::move(end));
  co_await over->wait();
  world_.forget(timer);
  call.waited += net::Clock::now() - began;
}

void Worker::answers(Call& call) {
  RoutedCall& r = *call.routed;
  if (std::exchange(r.heard, true)) return;
  r.route->answers(r.step.target, world_.now());
}

bool Worker::tries_standard(Call& call) {
  RoutedCall& r = *call.routed;
  r.window = {};
  if (!r.aim_at(ServiceTier::standard, world_.random())) return false;
  r.again = r.step_on(Route::Try::at_no_cost, world_.now(), world_.random());
  return r.again;
}

bool Worker::tries_again(Call& call, const Failed& failed) {
  RoutedCall& r = *call.routed;
  const bool billed = !failed.no_capacity && may_be_billed(failed.heard, failed.status, r.sent);
  r.end(outcome_of(failed.heard, failed.no_capacity), failed.status, billed, world_.now());
  const bool again = allows_another(failed.heard) && finds_another(call, failed);
  // What the last try may cost is seen by the line's own error, but for a refusal's.
  if (billed && (again || failed.heard == Heard::refused)) r.may_cost(most_it_can_cost(sent_of(call)));
  if (again) r.sent = false;
  return again;
}

bool Worker::finds_another(Call& call, const Failed& failed) {
  RoutedCall& r = *call.routed;
  r.progress.wait = failed.wait;
  const bool flex = r.window.ms > 0;
  const auto why = failed.no_capacity ? Route::Try::at_no_cost : Route::Try::another;
  if (!flex) return r.again = r.step_on(why, world_.now(), world_.random());
  const Duration passed = milliseconds(
      static_cast<int64_t>(static_cast<double>((world_.now() - r.began).ms) * shared_.speed));
  const bool round_is_over = (r.progress.position + 1) % r.order.size() == 0;
  if (failed.no_capacity && round_is_over) {
    const auto wait = flex_pause(r.window, passed, ++r.rounds, failed.wait, world_.random());
    if (!wait) return tries_standard(call);
    r.capacity_pause = milliseconds(std::max<int64_t>(1, static_cast<int64_t>(static_cast<double>(wait->ms) / shared_.speed)));
    return r.again = true;
  }
  if (failed.no_capacity) ++r.progress.uncounted;
  r.again = passed < flex_until(r.window) && r.step_on(why, world_.now(), world_.random());
  return r.again || tries_standard(call);
}

bool Worker::tries_again_after_trouble(const net::Exchange& exchange, Call& call) {
  Failed failed;
  if (call.timed_out) failed.heard = Heard::late;
  else if (exchange.nobody_there()) failed.heard = Heard::unknown;
  else if (!call.routed->sent) failed.heard = Heard::unreached;
  return tries_again(call, failed);
}

net::Awaitable<bool> Worker::lost_before_it_began(net::Exchange& exchange, Call& call) {
  if (tries_again_after_trouble(exchange, call)) co_return false;
  const auto trouble = call.timed_out            ? Trouble::timeout
                       : exchange.nobody_there() ? Trouble::left
                                                 : Trouble::broken;
  co_await say_trouble(exchange, call, trouble);
  co_return false;
}

net::Awaitable<bool> Worker::hear_refusal(net::Exchange& exchange, Call& call, Connection up, net::Deadline& limit) {
  constexpr size_t most = 256 << 10;  // bytes; nobody explains a refusal at such length
  net::ClientChannel& channel = up->channel;
  auto reply = std::make_unique<wire::HttpReply>();
  reply->status = channel.parser().head.status;
  reply->headers = channel.parser().head.headers;
  call.upstream_id = wire::header(reply->headers, id_header(call.choice->provider->dialect));
  std::string body;
  wire::Sink take = [&body](std::string_view piece) -> Status {
    if (body.size() + piece.size() > most) return fail("net.body_limit", "the refusal is too large");
    body.append(piece);
    return {};
  };
  channel.set_taker(std::move(take));
  std::string_view raw;
  net::ErrorCode lost;
  do lost = co_await next_piece(call, up, limit, raw);
  while (!lost && !channel.parser().is_done());
  const bool whole = !lost && !channel.parser().need_eof();
  reply->body = wire::Body(std::move(body));
  const auto said = dialect::batch_api(call.choice->provider->dialect).read_refusal(*reply);
  Failed failed{Heard::refused, reply->status, said.retry_after, false};
  if (failed.wait) failed.wait = milliseconds(static_cast<int64_t>(static_cast<double>(failed.wait->ms) / shared_.speed));
  failed.no_capacity = call.scan.tier == ServiceTier::flex && said.verdict == dialect::Verdict::no_capacity;
  if (tries_again(call, failed)) co_return whole;
  if (call.choice->translated || lost) {
    co_await say_refusal(exchange, call, std::move(*reply));
    co_return whole;
  }
  call.error = "upstream.refused";
  const wire::Headers limits = own_limits(call);
  std::erase_if(reply->headers, [&limits](const auto& header) {
    return !is_told(header.first) || !wire::header(limits, header.first).empty();
  });
  co_await say(exchange, call, std::move(*reply));
  co_return whole;
}

// What became of the try whose answer was told.
void Worker::end_last_try(const net::Exchange& exchange, Call& call) {
  RoutedCall& r = *call.routed;
  Outcome outcome = Outcome::answered;
  const bool left = call.status == 499 || exchange.left();
  if (left) outcome = Outcome::left;
  else if (r.broke) outcome = Outcome::cut;
  const bool billed = outcome != Outcome::answered && r.sent && (!call.served || call.estimated);
  r.end(outcome, call.status, billed, world_.now());
}

net::Awaitable<void> Worker::routed_call(net::Exchange& exchange, Call& call) {
  RoutedCall& r = *call.routed;
  r.body = std::move(call.body);
  r.again = r.step_on(Route::Try::first, world_.now(), world_.random());
  bool asked = r.again;
  while (r.again) {
    r.again = false;
    const Duration capacity = std::exchange(r.capacity_pause, {});
    if (capacity.ms > 0) co_await pause(exchange, call, capacity);
    if (capacity.ms > 0 && !exchange.nobody_there()) {
      r.progress = {};
      asked = r.step_on(Route::Try::at_no_cost, world_.now(), world_.random()) || tries_standard(call);
      r.again = false;
      if (!asked) break;
    }
    if (r.step.pause.ms > 0) co_await pause(exchange, call, r.step.pause);
    if (exchange.nobody_there()) {
      call.status = 499;
      call.error = "gateway.client_left";
      break;
    }
    auto refused = aim(call);
    if (!refused) {
      co_await relay(exchange, call);
      continue;
    }
    // What this target cannot be asked at all, another one may.
    r.drop_target(world_.now());
    r.again = !r.order.empty() && r.step_on(Route::Try::at_no_cost, world_.now(), world_.random());
    if (!r.again) co_await say_no(exchange, call, std::move(*refused));
  }
  end_last_try(exchange, call);
  if (asked) co_return;
  const Duration wait = r.route->closed_for(r.order, world_.now());
  Refusal no(503, "Every target of '" + call.model.substr(0, 100) + "' is out of service or busy.", "no_target");
  no.retry_after = std::max<int64_t>(1, (wait.ms + 999) / 1000);
  co_await say_no(exchange, call, std::move(no));
}

}  // namespace twolane::gateway

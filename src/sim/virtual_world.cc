// Events lie in one map by time and order; a call is an event that carries its answer.

#include "sim/virtual_world.h"

#include <string>
#include <utility>

#include "sim/random.h"

namespace twolane::sim {
namespace {

constexpr size_t piece_size = 64 << 10;

// Hands `length` bytes of a body to a sink.
Status pour(const wire::Body& body, int64_t length, const wire::Sink& sink) {
  std::string piece(piece_size, '\0');
  for (int64_t at = 0; at < length;) {
    const size_t most = std::min<size_t>(piece_size, static_cast<size_t>(length - at));
    const size_t n = TRY(body.read(at, piece.data(), most));
    if (n == 0) break;
    CHECKED(sink(std::string_view(piece.data(), n)));
    at += static_cast<int64_t>(n);
  }
  return {};
}

wire::HttpResult failure(bool sent, std::string message) {
  return {wire::NetFailure{sent, std::move(message)}};
}

wire::HttpResult delivered(Answer answer, const wire::Sink& sink) {
  const bool good = answer.reply.status >= 200 && answer.reply.status < 300;
  const bool cut = answer.fault == Answer::Fault::cut;
  if (good && sink) {
    const int64_t length = cut ? answer.cut_at : answer.reply.body.size();
    if (auto poured = pour(answer.reply.body, length, sink); !poured)
      return failure(true, poured.error().message);
    answer.reply.body = {};
  }
  if (cut) return failure(true, "the connection broke in the middle of the answer");
  return {std::move(answer.reply)};
}

}  // namespace

VirtualWorld::VirtualWorld(Providers& providers, uint64_t seed, Time start)
    : providers_(providers), now_(start), random_state_(mix(seed, 0xF0B1D)) {}

net::TimerId VirtualWorld::at(Time when, std::function<void()> then) {
  const Due due{std::max(when, now_), next_order_++};
  events_.emplace(due, std::move(then));
  timers_.emplace(due.order, due.when);
  return due.order;
}

void VirtualWorld::forget(net::TimerId timer) {
  auto at = timers_.find(timer);
  if (at == timers_.end()) return;
  events_.erase(Due{at->second, timer});
  timers_.erase(at);
}

void VirtualWorld::call(wire::HttpCall call, std::function<void(wire::HttpResult)> then) {
  if (before_event) before_event();
  Answer answer = providers_.handle(call, now_);
  Time when = now_ + answer.latency;
  if (answer.fault == Answer::Fault::lost || when >= now_ + call.timeout) {
    when = now_ + call.timeout;
    answer.fault = Answer::Fault::lost;
  }
  events_.emplace(
      Due{when, next_order_++},
      [answer = std::move(answer), sink = std::move(call.sink), then = std::move(then)]() mutable {
        switch (answer.fault) {
          case Answer::Fault::refused:
            return then(failure(false, "connection refused"));
          case Answer::Fault::lost:
            return then(failure(true, "no answer in time"));
          default:
            return then(delivered(std::move(answer), sink));
        }
      });
}

uint64_t VirtualWorld::random() { return mix(++random_state_); }

bool VirtualWorld::step() {
  if (events_.empty()) return false;
  if (before_event) before_event();
  auto next = events_.extract(events_.begin());
  now_ = next.key().when;
  timers_.erase(next.key().order);
  next.mapped()();
  return true;
}

std::optional<Time> VirtualWorld::next_at() const {
  if (events_.empty()) return std::nullopt;
  return events_.begin()->first.when;
}

void VirtualWorld::forget_everything() {
  events_.clear();
  timers_.clear();
}

}  // namespace twolane::sim

// Clock, timers and signals on the event loop; calls go to the HTTP client.
#include "net/loop_world.h"

#include <sys/random.h>

#include <algorithm>
#include <cmath>
#include <csignal>
#include <optional>
#include <queue>
#include <random>
#include <unordered_map>
#include <utility>
#include <vector>

#include "net/event_loop.h"
#include "net/head.h"
#include "net/http_client.h"
#include "net/wall_clock.h"
#include "wire/json.h"

namespace twolane::net {
namespace {

// A virtual clock: a point of both times and the factor between them.
struct RunningClock {
  Time start;
  Clock::time_point real_start;
  double speed;
};

// Wall time may be set, and stands still for steady clocks while the machine sleeps: timers look
// again after this.
constexpr Duration longest_wait = seconds(10);

std::mt19937_64 seeded_by_system() {
  std::array<uint32_t, 8> seed{};
  if (::getrandom(seed.data(), sizeof seed, 0) != sizeof seed) {
    std::random_device device;
    for (uint32_t& word : seed) word = device();
  }
  std::seed_seq sequence(seed.begin(), seed.end());
  return std::mt19937_64(sequence);
}

// {"id": "...", "now": RFC 3339, "now_ms": milliseconds, "speed": factor}; one of the two times is
// enough.
std::optional<FollowedClock> read_clock(const std::string& text) {
  const auto json = wire::parse_json(text);
  if (!json) return std::nullopt;
  const wire::Json* speed = wire::find(*json, "speed");
  const wire::Json* now_ms = wire::find(*json, "now_ms");
  const auto now = parse_rfc3339(wire::string_at(*json, "now"));
  const bool has_ms = now_ms && now_ms->is_number_integer();
  if (!speed || !speed->is_number() || (!has_ms && !now)) return std::nullopt;
  return FollowedClock{std::string(wire::string_at(*json, "id")),
                       has_ms ? Time{now_ms->get<int64_t>()} : *now, speed->get<double>()};
}

}  // namespace

struct LoopWorld::Core {
  explicit Core(const Settings& settings)
      : loop(settings.sweep), client(std::make_unique<HttpClient>(loop, settings)) {
    loop.now = [this] { return now(); };
  }

  struct Due {
    Time when;
    TimerId id;  // ids count up: the order in which timers were asked for
    auto operator<=>(const Due&) const = default;
  };

  EventLoop loop;
  std::unique_ptr<HttpClient> client;
  Alarm alarm{loop.io().get_executor()};
  std::optional<asio::signal_set> signals;
  std::function<void(int)> on_signal;
  std::optional<RunningClock> running;
  std::mt19937_64 random = seeded_by_system();

  std::priority_queue<Due, std::vector<Due>, std::greater<>>
      heap;  // forgotten ones stay for a while
  std::unordered_map<TimerId, std::function<void()>> timers;
  TimerId last_id = 0;
  uint64_t arming = 0;  // earlier alarms are void
  std::optional<Time> armed_for;
  bool stopped = false;

  Time now() const;
  Duration real_until(Time when) const;
  void arm();
  void ring();
  void drop_forgotten();
  void listen_to_signals();
};

Time LoopWorld::Core::now() const {
  if (!running) return wall_time();
  const std::chrono::duration<double, std::milli> passed = Clock::now() - running->real_start;
  return running->start + milliseconds(static_cast<int64_t>(passed.count() * running->speed));
}

// How long to sleep for a timer, rounded up.
Duration LoopWorld::Core::real_until(Time when) const {
  const auto ms = static_cast<double>((when - now()).ms);
  const double wait = std::ceil(running ? ms / running->speed : ms);
  return milliseconds(
      static_cast<int64_t>(std::clamp(wait, 0.0, static_cast<double>(longest_wait.ms))));
}

void LoopWorld::Core::drop_forgotten() {
  while (!heap.empty() && !timers.contains(heap.top().id)) heap.pop();
  if (heap.size() < 1024 || heap.size() < timers.size() * 2) return;
  std::vector<Due> kept;
  for (; !heap.empty(); heap.pop())
    if (timers.contains(heap.top().id)) kept.push_back(heap.top());
  heap = decltype(heap)(std::greater<>(), std::move(kept));
}

// One alarm for all: it is set for the earliest timer only.
void LoopWorld::Core::arm() {
  drop_forgotten();
  if (heap.empty()) return;
  const Time first = heap.top().when;
  if (armed_for && *armed_for <= first) return;
  armed_for = first;
  const uint64_t mine = ++arming;
  const Duration wait = real_until(first);
  if (wait <= Duration{0}) {
    loop.post([this, mine] {
      if (mine == arming) ring();
    });
    return;
  }
  alarm.expires_after(real(wait));
  alarm.async_wait([this, mine](ErrorCode) {
    if (mine == arming && !loop.ending()) ring();
  });
}

// Runs one timer, so that the loop's user can look at the world between two.
void LoopWorld::Core::ring() {
  armed_for.reset();
  drop_forgotten();
  std::function<void()> then;
  if (!heap.empty() && heap.top().when <= now()) {
    auto timer = timers.extract(heap.top().id);
    heap.pop();
    then = std::move(timer.mapped());
  }
  arm();
  if (then) then();
}

void LoopWorld::Core::listen_to_signals() {
  signals->async_wait([this](ErrorCode failed, int number) {
    if (failed || loop.ending()) return;
    listen_to_signals();
    if (const auto f = on_signal) f(number);
  });
}

LoopWorld::LoopWorld() : LoopWorld(Settings{}) {}
LoopWorld::LoopWorld(Settings settings) : core_(std::make_unique<Core>(settings)) {}

LoopWorld::~LoopWorld() {
  core_->client.reset();
  core_->loop.end();
}

Time LoopWorld::now() { return core_->now(); }

TimerId LoopWorld::at(Time when, std::function<void()> then) {
  const TimerId id = ++core_->last_id;
  core_->timers.emplace(id, std::move(then));
  core_->heap.push({when, id});
  core_->arm();
  return id;
}

void LoopWorld::forget(TimerId timer) { core_->timers.erase(timer); }

void LoopWorld::call(wire::HttpCall call, std::function<void(wire::HttpResult)> then) {
  core_->client->call(std::move(call), std::move(then));
}

uint64_t LoopWorld::random() { return core_->random(); }

void LoopWorld::run_clock(Time start, double speed) {
  core_->running = RunningClock{start, Clock::now(), speed};
  core_->armed_for.reset();
  core_->arm();
}

Result<FollowedClock> LoopWorld::follow_clock(std::string_view origin, double expected_speed) {
  const auto none = [](std::string why) {
    return fail("clock.none", "no simulator's clock is there", std::move(why));
  };
  auto url = wire::parse_url(origin);
  if (!url) return none(url.error().why);
  wire::HttpCall ask;
  ask.url = url->scheme + "://" + authority(*url) + "/clock";
  ask.timeout = seconds(10);
  std::optional<wire::HttpResult> heard;
  // Of a few answers, the quickest says best what the time was when.
  std::optional<RunningClock> best;
  auto quickest = Clock::duration::max();
  FollowedClock clock;
  for (int i = 0; i < 3; ++i) {
    heard.reset();
    const auto asked = Clock::now();
    call(ask, [&heard](wire::HttpResult r) { heard = std::move(r); });
    if (!run_until([&heard] { return heard.has_value(); })) return none("interrupted");
    const auto took = Clock::now() - asked;
    if (const auto* failure = heard->failure()) return none(failure->message);
    if (heard->reply()->status != 200)
      return none(authority(*url) + " answers GET /clock with status " +
                  std::to_string(heard->reply()->status));
    auto seen = read_clock(TRY(heard->reply()->body.text()));
    if (!seen) return none(authority(*url) + " does not answer GET /clock with a clock");
    clock = std::move(*seen);
    if (std::abs(clock.speed - expected_speed) > 1e-9 * std::abs(expected_speed))
      return fail("clock.speed", "the simulator's clock runs at another speed",
                  authority(*url) + " runs at " + wire::dump(wire::Json(clock.speed)));
    if (took >= quickest) continue;
    quickest = took;
    best = RunningClock{clock.now, asked + took / 2, clock.speed};
  }
  core_->running = best;
  core_->armed_for.reset();
  core_->arm();
  clock.now = now();
  return clock;
}

bool LoopWorld::run_until(const std::function<bool()>& done) {
  auto guard = asio::make_work_guard(core_->loop.io());
  core_->loop.io().restart();
  while (!done()) {
    if (std::exchange(core_->stopped, false)) return false;
    core_->loop.io().run_one();
  }
  core_->stopped = false;  // it was for this run
  return true;
}

void LoopWorld::stop() {
  core_->stopped = true;
  asio::post(core_->loop.io(), [] {});
}

void LoopWorld::on_signal(std::function<void(int)> then) {
  core_->on_signal = std::move(then);
  if (!core_->on_signal) {
    core_->signals.reset();
  } else if (!core_->signals) {
    core_->signals.emplace(core_->loop.io(), SIGINT, SIGTERM);
    core_->listen_to_signals();
  }
}

EventLoop& LoopWorld::loop() { return core_->loop; }

}  // namespace twolane::net

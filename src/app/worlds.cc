// The worlds in which a command may work.
#include "app/worlds.h"

#include <poll.h>

#include <algorithm>
#include <charconv>

#include "app/accounts.h"
#include "net/loop_world.h"
#include "net/wall_clock.h"
#include "patient/trouble.h"
#include "sim/providers.h"
#include "sim/virtual_world.h"

namespace twolane::app {
namespace {

using Steady = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr std::string_view clock_fact = "sim.now", starts_fact = "sim.starts", simulator_head = "simulator ";

class SocketWorld final : public RunWorld {
 public:
  SocketWorld(std::unique_ptr<net::LoopWorld> world, std::string name, double speed,
              std::vector<patient::Account> accounts)
      : world_(std::move(world)), name_(std::move(name)), speed_(speed), accounts_(std::move(accounts)) {}

  net::World& world() override { return *world_; }
  std::string name() const override { return name_; }
  bool simulated() const override { return false; }
  std::vector<patient::Account> accounts() const override { return accounts_; }
  Time shown_now() override { return world_->now(); }

  Status remember(store::Store& store) override {
    if (!simulators_clock()) return {};
    const auto now = Steady::now();
    if (now < next_remembering_) return {};
    next_remembering_ = now + std::chrono::seconds(1);
    return store.remember(patient::clock_fact(name_), std::to_string(world_->now().ms));
  }

  bool run_for(milliseconds real, const std::function<bool()>& done) override {
    const auto span = static_cast<int64_t>(static_cast<double>(real.count()) * speed_);
    const auto timer = world_->at(world_->now() + twolane::milliseconds(std::max<int64_t>(span, 1)),
                                  [this] { world_->stop(); });
    world_->run_until(done);
    world_->forget(timer);
    return true;
  }

 private:
  bool simulators_clock() const { return name_.starts_with(simulator_head); }

  std::unique_ptr<net::LoopWorld> world_;
  std::string name_;
  double speed_;
  Steady::time_point next_remembering_{};
  std::vector<patient::Account> accounts_;
};

class EmbeddedWorld final : public RunWorld {
 public:
  EmbeddedWorld(std::unique_ptr<sim::Providers> providers, const EmbeddedName& name, uint64_t seed, Time start,
                std::optional<double> speed, std::vector<patient::Account> accounts)
      : providers_(std::move(providers)),
        world_(*providers_, seed, start),
        name_(embedded_name(providers_->id(), name)),
        speed_(speed),
        start_(start),
        accounts_(std::move(accounts)) {}

  net::World& world() override { return world_; }
  std::string name() const override { return name_; }
  bool simulated() const override { return true; }
  std::vector<patient::Account> accounts() const override { return accounts_; }

  Time shown_now() override { return speed_ ? std::max(world_.now(), paced_now()) : world_.now(); }

  bool run_for(milliseconds real, const std::function<bool()>& done) override {
    const auto end = Steady::now() + real;
    for (int n = 0; !done(); ++n) {
      const auto next = world_.next_at();
      if (!next) return false;
      if (speed_ && *next > paced_now()) {
        if (!wait_for(*next, end)) return true;
        continue;
      }
      world_.step();
      if (n % 16 == 0 && Steady::now() >= end) return true;
    }
    return true;
  }

  Status remember(store::Store& store) override {
    if (world_.now() == remembered_) return {};
    CHECKED(store.remember(clock_fact, std::to_string(world_.now().ms)));
    remembered_ = world_.now();
    return {};
  }

 private:
  Time paced_now() const {
    const double real = std::chrono::duration<double, std::milli>(Steady::now() - began_).count();
    return start_ + twolane::milliseconds(static_cast<int64_t>(real * *speed_));
  }

  // Sleeps until `next` is due; false when `end` comes first, or a signal.
  bool wait_for(Time next, Steady::time_point end) {
    const double ms = static_cast<double>((next - paced_now()).ms) / *speed_;
    const double left = std::chrono::duration<double, std::milli>(end - Steady::now()).count();
    if (left <= 0) return false;
    return ::poll(nullptr, 0, static_cast<int>(std::min({ms, left, 1e6})) + 1) == 0;
  }

  std::unique_ptr<sim::Providers> providers_;
  sim::VirtualWorld world_;
  std::string name_;
  std::optional<double> speed_;
  Time start_;
  Time remembered_;
  Steady::time_point began_ = Steady::now();
  std::vector<patient::Account> accounts_;
};

int64_t number_or(const std::string& text, int64_t otherwise) {
  int64_t n = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), n);
  return ec == std::errc{} && !text.empty() ? n : otherwise;
}

// Where embedded time goes on: what was remembered, and never before anything that was committed.
Result<Time> embedded_start(store::Store& store) {
  Time t{number_or(TRY(store.recall(clock_fact)), 0)};
  for (const auto& job : TRY(store.jobs()))
    if (parse_embedded_name(job.world)) t = std::max({t, job.accepted, job.last_answer, job.finished});
  if (t.ms == 0) return Time{net::wall_time().ms / 1000 * 1000};
  for (const auto& batch : TRY(store.unfinished_batches()))
    if (batch.created < t + days(30)) t = std::max({t, batch.created, batch.sent, batch.looked, batch.ended});
  return t;
}

// Ids are drawn from the world: no two processes may draw the same ones.
Result<uint64_t> seed_of_process(store::Store& store, uint64_t seed) {
  const int64_t starts = number_or(TRY(store.recall(starts_fact)), 0) + 1;
  CHECKED(store.remember(starts_fact, std::to_string(starts)));
  return (seed + 1) * 0x9E3779B97F4A7C15ull ^ static_cast<uint64_t>(starts) * 0xD1B54A32D192ED03ull;
}

Result<std::unique_ptr<RunWorld>> open_embedded(const WorldFlags& flags, const Config& config,
                                                const std::string& home, store::Store& store) {
  const EmbeddedName name{*flags.sim, flags.seed};
  auto scenario = TRY(sim::scenario(name.scenario));
  auto providers = TRY(sim::Providers::open(std::move(scenario), flags.seed, home + "/sim"));
  const Time start = TRY(embedded_start(store));
  const uint64_t seed = TRY(seed_of_process(store, flags.seed));
  return std::make_unique<EmbeddedWorld>(std::move(providers), name, seed, start, flags.speed,
                                         simulated_accounts(config));
}

Error clock_error(Error e, const std::string& origin, double speed) {
  e.where.field = "--speed";
  e.where.note = "clock at " + origin + "/clock";
  if (e.why.empty()) e.why = "virtual time has to be the same on both sides";
  if (e.next.empty())
    e.next = {"start it so: twolane sim --speed " + std::to_string(static_cast<int64_t>(speed))};
  return e;
}

}  // namespace

Time known_time(const std::string& world, store::Store& store) {
  const auto text = store.recall(parse_embedded_name(world) ? std::string(clock_fact) : patient::clock_fact(world));
  const int64_t ms = text ? number_or(*text, 0) : 0;
  return ms > 0 ? Time{ms} : net::wall_time();
}

std::string embedded_name(const std::string& simulator_id, const EmbeddedName& name) {
  return "embedded " + simulator_id + ' ' + std::to_string(name.seed) + ' ' + name.scenario;
}

std::optional<EmbeddedName> parse_embedded_name(std::string_view world) {
  constexpr std::string_view head = "embedded ";
  if (!world.starts_with(head)) return std::nullopt;
  world.remove_prefix(head.size());
  const size_t id_end = world.find(' ');
  const size_t seed_end = id_end == std::string_view::npos ? id_end : world.find(' ', id_end + 1);
  if (seed_end == std::string_view::npos) return std::nullopt;
  EmbeddedName name;
  const auto digits = world.substr(id_end + 1, seed_end - id_end - 1);
  const auto [end, ec] = std::from_chars(digits.data(), digits.data() + digits.size(), name.seed);
  if (ec != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
  name.scenario = world.substr(seed_end + 1);
  return name;
}

Result<std::unique_ptr<RunWorld>> open_world(const WorldFlags& flags, const Config& config,
                                             const std::string& home, store::Store& store) {
  if (flags.sim) return open_embedded(flags, config, home, store);
  auto world = std::make_unique<net::LoopWorld>();
  if (!flags.speed)
    return std::make_unique<SocketWorld>(std::move(world), world_of(config), 1.0, accounts(config, ""));
  const std::string origin = TRY(simulator_origin(config));
  auto clock = world->follow_clock(origin, *flags.speed);
  if (!clock) return fail(clock_error(clock.error(), origin, *flags.speed));
  return std::make_unique<SocketWorld>(std::move(world), std::string(simulator_head) + clock->id, *flags.speed,
                                       accounts(config, "simulated"));
}

}  // namespace twolane::app

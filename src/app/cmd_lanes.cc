// twolane lanes: what the planner believes about each lane, on how much evidence, and what is out there now.
#include <algorithm>
#include <map>
#include <set>

#include "app/commands.h"
#include "app/config.h"
#include "app/escape.h"
#include "app/figures.h"
#include "app/find.h"
#include "app/worlds.h"
#include "patient/learning.h"
#include "plan/planner.h"

namespace twolane::app {
namespace {

constexpr std::string_view sizes[] = {"1", "2-100", "101-10,000", "over 10,000"};
constexpr int64_t size_of_class[] = {1, 100, 10'000, 100'000};

struct Belief {
  const patient::KnownLane* lane;
  int size;
  plan::CompletionTimes times;
};

std::string text_of(double share) {
  char text[24];
  std::snprintf(text, sizeof text, "%.1f %%", 100 * share);
  return text;
}

std::string time_text(Duration t) { return t >= hours(26) ? "over 26 h" : spoken(t); }

std::string table(const std::vector<Belief>& beliefs) {
  size_t lane = 6;
  const auto name = [](const Belief& b) { return escaped(b.lane->lane.provider + '/' + b.lane->lane.model, 40); };
  for (const Belief& b : beliefs) lane = std::max(lane, columns_of(name(b)));
  std::string out = left("LANE", lane + 2) + left("ENDPOINT", 24) + right("REQUESTS", 12) + right("BATCHES", 9) + right("DAYS", 7) +
                    right("HALF BY", 11) + right("95 % BY", 13) + right("OVER 24 H", 11) + '\n';
  for (const Belief& b : beliefs)
    out += left(name(b), lane + 2) + left(wire_name(b.lane->lane.endpoint), 24) + right(sizes[b.size], 12) +
           right(grouped(b.times.batches()), 9) + right(std::to_string(static_cast<int64_t>(b.times.days() + 0.5)), 7) +
           right(time_text(b.times.quantile(0.5)), 11) + right(time_text(b.times.upper(0.95)), 13) +
           right(text_of(b.times.beyond(hours(24))), 11) + '\n';
  return out + "HALF BY and OVER 24 H are best guesses, 95 % BY is a bound. DAYS is the evidence: batches of one\n"
               "day share their fate and count little more than one, what is old fades.\n";
}

wire::Json json_of(const Belief& b) {
  return {{"world", b.lane->world}, {"provider", b.lane->lane.provider}, {"model", b.lane->lane.model},
          {"endpoint", wire_name(b.lane->lane.endpoint)}, {"requests", sizes[b.size]}, {"batches", b.times.batches()},
          {"days", b.times.days()}, {"median_s", b.times.quantile(0.5).ms / 1000}, {"p95_bound_s", b.times.upper(0.95).ms / 1000},
          {"over_24h", b.times.beyond(hours(24))}, {"over_1h", b.times.beyond(hours(1))}};
}

// Batches of one lane that their provider works on.
struct Out {
  std::string world;
  plan::Lane lane;
  int64_t batches = 0;
  int64_t requests = 0;  // of the oldest
  Duration oldest;
  double as_slow = 0;    // share of batches of its size that are believed to take as long
};

Result<std::vector<Out>> out_now(store::Store& store, const std::vector<patient::KnownLane>& known) {
  std::map<std::pair<std::string, plan::Lane>, Out> lanes;
  std::set<BatchId> seen;
  for (const Job& job : TRY(store.jobs())) {
    if (job.totals.unfinished() == 0) continue;
    const Time now = known_time(job.world, store);
    for (const Batch& b : TRY(store.batches_of(job.id))) {
      if (b.tier != ServiceTier::batch || b.state != BatchState::submitted || !seen.insert(b.id).second) continue;
      Out& out = lanes[{job.world, {b.provider, b.endpoint, b.model}}];
      ++out.batches;
      if (const Duration age = std::max(now - b.sent, Duration{}); out.batches == 1 || age > out.oldest) {
        out.oldest = age;
        out.requests = b.requests;
      }
    }
  }
  std::vector<Out> all;
  for (auto& [key, out] : lanes) {
    out.world = key.first;
    out.lane = key.second;
    plan::State state;
    const plan::LaneId id = state.number(out.lane);
    for (const patient::KnownLane& k : known)
      if (k.world == out.world && k.lane == out.lane) (void)state.learn(id, k.learned).has_value();  // else the prior
    out.as_slow = state.times(id, out.requests).beyond(out.oldest);
    all.push_back(std::move(out));
  }
  return all;
}

std::string table(const std::vector<Out>& lanes) {
  size_t width = 6;
  const auto name = [](const Out& o) { return escaped(o.lane.provider + '/' + o.lane.model, 40); };
  for (const Out& o : lanes) width = std::max(width, columns_of(name(o)));
  std::string out = '\n' + left("OUT NOW", width + 2) + right("BATCHES", 9) + right("OLDEST", 13) + right("AS SLOW", 11) + '\n';
  for (const Out& o : lanes)
    out += left(name(o), width + 2) + right(grouped(o.batches), 9) + right(spoken(o.oldest - milliseconds(o.oldest.ms % 60'000)), 13) +
           right(text_of(o.as_slow), 11) + '\n';
  return out + "AS SLOW is the share of batches that are believed to take at least as long as the oldest has.\n";
}

wire::Json json_of(const Out& o) {
  return {{"world", o.world}, {"provider", o.lane.provider}, {"model", o.lane.model}, {"endpoint", wire_name(o.lane.endpoint)},
          {"batches", o.batches}, {"oldest_s", o.oldest.ms / 1000}, {"as_slow", o.as_slow}};
}

Result<int> show(const Shell& shell) {
  const auto config = TRY(load_config(shell.in.common.config));
  auto home = store::Home::beside(home_directory(shell.in.common.home, config));
  std::vector<patient::KnownLane> known;
  std::vector<Out> out;
  if (home) {
    known = TRY(patient::known_lanes((*home)->store()));
    out = TRY(out_now((*home)->store(), known));
  } else if (home.error().code != "store.absent") {
    return fail(home.error());
  }
  std::vector<Belief> beliefs;
  for (const patient::KnownLane& k : known) {
    plan::State state;
    const plan::LaneId id = state.number(k.lane);
    if (!state.learn(id, k.learned)) continue;
    for (int size = 0; size < 4; ++size)
      if (const plan::CompletionTimes& times = state.times(id, size_of_class[size]); times.batches() > 0)
        beliefs.push_back({&k, size, times});
  }
  auto object = good_answer();
  object["lanes"] = wire::Json::array();
  for (const Belief& b : beliefs) object["lanes"].push_back(json_of(b));
  object["out"] = wire::Json::array();
  for (const Out& o : out) object["out"].push_back(json_of(o));
  shell.answer(object);
  if (shell.in.common.json) return 0;
  if (beliefs.empty()) shell.print("no batch has ended yet; until one has: half by 10 min, 90 % by 1 h, 3 % never (published figures)\n");
  else shell.print(table(beliefs));
  if (!out.empty()) shell.print(table(out));
  return 0;
}

}  // namespace

int lanes_command(const Shell& shell) {
  const auto shown = show(shell);
  return shown ? *shown : shell.refuse(shown.error());
}

}  // namespace twolane::app

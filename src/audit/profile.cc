// Sums add up, sketches merge; of runs the largest are kept.
#include "audit/profile.h"

#include <algorithm>

namespace twolane::audit {
namespace {

constexpr size_t most_runs = 128;

void keep_run(std::vector<Run>& runs, const Run& run) {
  if (runs.size() < most_runs) {
    runs.push_back(run);
    return;
  }
  const auto smallest = std::ranges::min_element(runs, {}, &Run::calls);
  if (smallest->calls < run.calls) *smallest = run;
}

void merge_cells(std::vector<PriceCell>& to, const std::vector<PriceCell>& more) {
  for (const PriceCell& cell : more) {
    const auto it = std::ranges::find_if(to, [&](const PriceCell& c) { return c.same_price(cell); });
    if (it == to.end()) {
      to.push_back(cell);
      continue;
    }
    it->calls += cell.calls;
    add(it->usage, cell.usage);
    it->read += cell.read, it->written += cell.written;
    it->measured = it->measured || cell.measured;
  }
}

void append(std::string& text, std::string_view what, std::string_view value) {
  if (value.empty()) return;
  if (!text.empty()) text += ", ";
  text.append(what).append(1, ' ').append(value);
}

}  // namespace

void add(Usage& to, const Usage& more) {
  to.fresh += more.fresh, to.cache_read += more.cache_read, to.cache_write_5m += more.cache_write_5m;
  to.cache_write_1h += more.cache_write_1h, to.output += more.output, to.reasoning += more.reasoning;
}

std::string shown(const CallerName& name) {
  std::string text;
  append(text, "key", name.key);
  append(text, "team", name.team);
  append(text, "route", name.route);
  append(text, "user", name.user);
  append(text, "prompt", name.family);
  append(text, "client", name.client);
  if (name.users > 1) text += (text.empty() ? "" : ", ") + std::to_string(name.users) + " users";
  if (text.empty()) text = "unnamed";
  if (name.tier != ServiceTier::standard) text += ", " + std::string(name_of(name.tier));
  return text;
}

std::string brief(const CallerName& name) {
  std::string text;
  if (!name.key.empty()) text = "key " + name.key;
  if (!name.route.empty()) text += (text.empty() ? "route " : " route ") + name.route;
  if (text.empty() && !name.user.empty()) text = "user " + name.user;
  if (text.empty() && !name.family.empty()) text = "prompt " + name.family;
  return text.empty() ? shown(name) : text;
}

void Profile::close_run() {
  if (open_run.calls == 0) return;
  ++run_count;
  calls_in_finished_runs += open_run.calls;
  if (open_run.calls >= 20) calls_in_runs_of_20 += open_run.calls;
  if (open_run.calls >= 100) calls_in_runs_of_100 += open_run.calls;
  run_time = run_time + (open_run.end - open_run.start);
  if (open_run.calls > longest.calls) longest = open_run;
  keep_run(runs, open_run);
  if (open_run.calls >= 5) {
    if (latest_runs.size() == most_runs) latest_runs.erase(latest_runs.begin());
    latest_runs.push_back(open_run);
  }
  open_run = {};
}

void Profile::merge(const Profile& o) {
  calls += o.calls, folded += o.folded, failed += o.failed, disconnected += o.disconnected;
  outcomes += o.outcomes, retried += o.retried, refused += o.refused, free_calls += o.free_calls;
  estimated += o.estimated, without_usage += o.without_usage;
  add(usage, o.usage);
  spend += o.spend, unpriced += o.unpriced, unknown_calls += o.unknown_calls;
  logged += o.logged, logged_calls += o.logged_calls;
  merge_cells(cells, o.cells);
  if (model.empty()) model = o.model;
  if (unknown_model.empty()) unknown_model = o.unknown_model;
  reuse.add(o.reuse);
  if (o.dated && (!dated || o.first < first)) first = o.first;
  if (o.dated && (!dated || last < o.last)) last = o.last;
  dated = dated || o.dated, undated = undated || o.undated;
  for (size_t i = 0; i < calls_at.size(); ++i) calls_at[i] += o.calls_at[i], spend_at[i] += o.spend_at[i];
  arrivals.merge(o.arrivals);
  latency.merge(o.latency), first_token.merge(o.first_token), in_flight.merge(o.in_flight);
  ends_known += o.ends_known, start_at_end += o.start_at_end;
  run_count += o.run_count, calls_in_finished_runs += o.calls_in_finished_runs;
  calls_in_runs_of_20 += o.calls_in_runs_of_20, calls_in_runs_of_100 += o.calls_in_runs_of_100;
  run_time = run_time + o.run_time;
  if (o.longest.calls > longest.calls) longest = o.longest;
  for (const Run& run : o.runs) keep_run(runs, run);
  latest_runs.insert(latest_runs.end(), o.latest_runs.begin(), o.latest_runs.end());
  std::ranges::sort(latest_runs, {}, &Run::start);
  if (latest_runs.size() > most_runs) latest_runs.erase(latest_runs.begin(), latest_runs.end() - most_runs);
  joined += o.joined, chained += o.chained, turns += o.turns, repeated += o.repeated;
  until_used.merge(o.until_used);
  users.merge(o.users), sessions.merge(o.sessions);
  days_active = std::max(days_active, o.days_active);
}

}  // namespace twolane::audit

// What the displays show of a job, read from the store and the engine.
#include "app/snapshot.h"

#include <algorithm>
#include <set>

#include "app/summary.h"

namespace twolane::app {
namespace {

Snapshot::Batch shown_batch(const Batch& b, int number) {
  Snapshot::Batch out;
  out.number = number;
  out.provider = b.provider;
  out.requests = b.requests;
  out.own_count = b.said_done;
  if (b.state < BatchState::submitted) {
    out.stage = Snapshot::Batch::Stage::planned;
  } else if (b.state == BatchState::submitted) {
    out.stage = Snapshot::Batch::Stage::out;
    out.since = b.sent;
  } else {
    out.stage = Snapshot::Batch::Stage::back;
    out.since = b.ended;
  }
  return out;
}

void add_batches(Snapshot& s, const std::vector<Batch>& batches) {
  std::optional<Snapshot::Batch> last;
  for (size_t i = 0; i < batches.size(); ++i) {
    if (batches[i].state == BatchState::dead) continue;
    const auto b = shown_batch(batches[i], static_cast<int>(i) + 1);
    if (b.stage != Snapshot::Batch::Stage::back) s.batches.push_back(b);
    else if (!last || b.since > last->since) last = b;
  }
  if (last) s.batches.push_back(*last);
}

}  // namespace

std::vector<Batch> provider_batches(std::vector<Batch> all) {
  std::erase_if(all, [](const Batch& b) { return b.tier != ServiceTier::batch; });
  std::stable_sort(all.begin(), all.end(), [](const Batch& a, const Batch& b) { return a.created < b.created; });
  return all;
}

std::string models_of(const std::vector<Shape>& shapes) {
  std::set<std::string> names;
  for (const auto& shape : shapes)
    if (!shape.targets.empty()) names.insert(shape.targets[0].provider + '/' + shape.targets[0].model);
  if (names.size() == 1) return *names.begin();
  return std::to_string(names.size()) + " models";
}

Watcher::Watcher(store::Store& store, const Job& job, PicoUsd list_most)
    : store_(store), id_(job.id), list_most_(list_most) {
  if (auto shapes = store.shapes(id_)) models_ = models_of(*shapes);
}

Result<Job> Watcher::job() {
  auto job = TRY(store_.job(id_));
  if (!job) return fail("store.unknown_job", "the job is gone", "another process removed it");
  return std::move(*job);
}

Result<Snapshot> Watcher::look(const patient::Engine* engine, Time now) {
  const Job job = TRY(this->job());
  const Totals& t = job.totals;
  Snapshot s;
  s.job = short_name(id_);
  s.input = job.input_name;
  s.models = models_;
  s.now = now;
  s.deadline = job.deadline;
  s.kept = job.kept;
  s.cap = job.cap;
  s.requests = job.requests;
  s.done = t.of(RequestState::succeeded);
  s.batched = t.of(RequestState::batched);
  s.after_others = t.of(RequestState::waiting);
  s.waiting = t.of(RequestState::open) + s.after_others;
  s.live = t.of(RequestState::live);
  s.failed = s.requests - s.done - s.batched - s.waiting - s.live;
  s.promoted = t.promoted;
  s.cancelled = t.of(RequestState::cancelled);
  s.booked = t.cost;
  s.reserved = t.reserved + t.unconfirmed;
  for (const auto& lane : t.lanes) s.list_kept += lane.list;
  s.list_most = list_most_;
  add_batches(s, provider_batches(TRY(store_.batches_of(id_))));
  if (job.state == JobState::paused) s.held = "paused: twolane resume " + s.job;
  if (!engine) return s;
  const auto forecast = engine->forecast(id_);
  s.finish = forecast.finish;
  s.takeover = forecast.takeover;
  s.miss_foreseen = forecast.miss.has_value();
  s.next = forecast.next;
  if (!s.next.empty() && forecast.next_at > now) s.next += ", in " + spoken(forecast.next_at - now);
  if (const auto held = engine->held(id_)) s.held = held->message;
  return s;
}

}  // namespace twolane::app

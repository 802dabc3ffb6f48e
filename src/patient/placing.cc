// Which requests go into which batch, and what follows in the books when they leave it.
#include <algorithm>

#include "patient/core.h"
#include "patient/filling.h"
#include "patient/trouble.h"
#include "price/price.h"

namespace twolane::patient {

constexpr Duration quota_pause = minutes(10);  // until a full quota is tried again without news
constexpr Duration grace = hours(24);          // after the window of a best-effort job

Error cancelled_by_user() {
  Error why;
  why.code = "job.cancelled";
  why.message = "cancelled by its user";
  return why;
}

void Engine::Core::pack(const plan::Pack& action) {
  const plan::Lane lane = plan.lanes()[action.lane.n].lane;
  Line* line = line_of(lane.provider);
  if (line == nullptr) return;
  const BatchId id{world.random() | 1};
  auto room = token_room(lane);
  if (!room) return broke(room.error());
  Filling filling(*this, *line, action, lane, id, *room);
  if (auto filled = filling.fill(); !filled) return broke(filled.error());
  if (filling.placements().empty()) {
    if (filling.stopped_by() == Filling::Stop::quota)
      hold_lane(action.lane, now() + quota_pause);
    ok(payloads.remove(spool_segment(id)));
    for (const plan::Portion& p : action.portions) look_at_cap(jobs.at(p.job));
    return changed();
  }
  Batch row;
  row.id = id;
  row.provider = lane.provider;
  row.model = lane.model;
  row.endpoint = lane.endpoint;
  row.bytes = filling.bytes();
  row.tokens = filling.tokens();
  row.created = now();
  BatchAtWork* batch = place(std::move(row), filling.placements(), filling.taken());
  if (batch == nullptr) return;
  batch->spooled = filling.spool_is_exact();
  choose_content(*batch, filling.heads());
  filling.took(*this);
  for (const plan::Portion& p : action.portions) look_at_cap(jobs.at(p.job));
  tell_plan(*batch);
  advance(id);
  changed();
}

// Commits the batch with its attempts, then takes it to work.
BatchAtWork* Engine::Core::place(Batch row, const std::vector<store::Placement>& placements,
                                 const GroupCounts& groups) {
  row.requests = static_cast<int64_t>(placements.size());
  if (!ok(store.place(row, placements))) return nullptr;
  BatchAtWork batch;
  const BatchId id = row.id;
  batch.row = std::move(row);
  batch.line = line_of(batch.row.provider);
  batch.spec = {id.hex(), batch.row.endpoint, batch.row.model, batch.row.requests};
  for (const auto& [group, n] : groups) {
    if (n == 0) continue;
    JobAtWork& job = jobs.at(group.first);
    batch.unfinished[stage_of(job, group.second)] += n;
    if (batch.jobs.insert(group.first).second && !ok(refresh(job))) return nullptr;
  }
  return &batches.insert_or_assign(id, std::move(batch)).first->second;
}

// Estimated prompt tokens that the provider still lets us queue for a model: the least of what is
// configured (or assumed) and what its refusals taught.
Result<TokenRoom> Engine::Core::token_room(const plan::Lane& lane) {
  const Line& line = *line_of(lane.provider);
  const std::string name = lane.provider + "/" + lane.model;
  if (!enqueued_limit.contains(name)) {
    const std::string learned = TRY(store.recall("enqueued." + name));
    enqueued_limit[name] = learned.empty() ? std::numeric_limits<int64_t>::max() : std::stoll(learned);
  }
  TokenRoom room{enqueued_limit[name], 0};
  const int64_t set = line.account.enqueued_tokens > 0 ? line.account.enqueued_tokens
                                                       : line.entry->batch.enqueued_tokens;
  if (set > 0) room.limit = std::min(room.limit, set);
  room.left = room.limit;
  if (room.limit == std::numeric_limits<int64_t>::max()) return room;
  for (const auto& [id, b] : batches)
    if (!b.wave() && b.row.provider == lane.provider && b.row.model == lane.model &&
        b.row.state <= BatchState::submitted)
      room.left -= b.row.tokens;
  room.left = std::max<int64_t>(room.left, 0);
  return room;
}

void Engine::Core::look_at_cap(JobAtWork& job) {
  if (!job.capped) return;
  const Totals& t = job.job.totals;
  const int64_t not_bought = t.of(RequestState::open) + t.of(RequestState::waiting);
  if (t.of(RequestState::open) > 0 && not_bought == t.unfinished()) {
    Error cap;
    cap.code = "money.cap";
    cap.message = "stopped by the cap, " + std::to_string(not_bought) + " requests not bought";
    cap.why = "booked " + exact_usd(t.cost) + " of " + exact_usd(*job.job.cap) +
              " USD; the next request could cost more than what is left";
    cap.next = {"run it again with a higher --max-cost"};
    hold(job, std::move(cap));
  }
  tell_plan(job);
}

Circumstances Engine::Core::circumstances(const store::Member& m) {
  const JobAtWork& job = jobs.at(m.job);
  const bool cancelled = job.job.state == JobState::cancelling || job.job.state == JobState::cancelled;
  return {cancelled || job.cut.contains(m.index),
          !job.job.kept && now() >= job.job.deadline + grace, settings.max_tries};
}

void Engine::Core::expire(JobId id) {
  auto found = jobs.find(id);
  if (found == jobs.end()) return;
  Error why;
  why.code = "job.expired";
  why.message = "no answer within a day after the job's window";
  close_open(found->second, std::nullopt, std::nullopt, RequestState::expired, why);
  for (const BatchId batch : [&] {
         std::vector<BatchId> ids;
         for (const auto& [b, at_work] : batches)
           if (at_work.jobs.contains(id)) ids.push_back(b);
         return ids;
       }())
    cancel(batch, "its job's window is over");
  conclude(id);
}

void Engine::Core::close_open(JobAtWork& job, std::optional<int32_t> shape, std::optional<int64_t> index,
                              RequestState state, const Error& why) {
  auto closed = store.close_open(job.job.id, index ? std::nullopt : shape, index, state, trouble_to_json(why));
  if (!closed) return broke(closed.error());
  if (*closed == 0) return;
  for (ShapeAtWork& s : job.shapes) {
    if (shape && s.shape.number != *shape) continue;
    s.open = index ? std::max<int64_t>(s.open - *closed, 0) : 0;
  }
  count_open(job);
  ok(refresh(job));
  tell_plan(job);
  changed();
}

void Engine::Core::close_cancelled(JobAtWork& job) {
  if (job.job.state == JobState::cancelling)
    return close_open(job, std::nullopt, std::nullopt, RequestState::cancelled, cancelled_by_user());
  if (job.cut.empty()) return;
  auto closed = store.close_open_among(job.job.id, job.cut, RequestState::cancelled, trouble_to_json(cancelled_by_user()));
  if (!closed) return broke(closed.error());
  if (*closed == 0) return;
  for (ShapeAtWork& s : job.shapes) {
    auto open = store.open_count(job.job.id, s.shape.number);
    if (!open) return broke(open.error());
    s.open = *open;
  }
  ok(refresh(job));
  tell_plan(job);
  changed();
}

void Engine::Core::left(BatchAtWork& batch, JobId stage, int64_t count) {
  int64_t& n = batch.unfinished[stage];
  n = std::max<int64_t>(n - count, 0);
}

void Engine::Core::count_waiting(BatchAtWork& batch, const std::vector<store::Member>& members) {
  batch.unfinished.clear();
  batch.unwanted.clear();
  for (const store::Member& m : members) {
    if (!m.current || is_final(m.request) || m.request == RequestState::open) continue;
    const JobAtWork& job = jobs.at(m.job);
    if (!batch.wave() && job.cut.contains(m.index)) ++batch.unwanted[m.job];
    else ++batch.unfinished[stage_of(job, m.shape)];
  }
}

void Engine::Core::price(store::Settlement& s, const BatchAtWork& batch, ServiceTier tier,
                         const Usage& usage) {
  const Target target{batch.row.provider, batch.row.model};
  s.served = tier;
  s.usage = usage;
  s.charged = true;
  const price::Conditions when{.at = now()};
  auto cost = price::charge(target, tier, usage, when);
  auto list = price::charge(target, ServiceTier::standard, usage, when);
  if (cost) s.cost = *cost;
  if (list) s.list = *list;
  if (!cost || !list) note({}, "no price for " + target.provider + "/" + target.model + ": its cost is unknown");
}

// One transaction; then the counts that the plan knows follow. `members` and `settlements` go in pairs.
void Engine::Core::settle(BatchAtWork& batch, std::vector<store::Settlement>& settlements,
                          const std::vector<store::Member>& members, const Batch* row) {
  if (!ok(store.settle(settlements, row, now()))) return;
  std::set<JobId> touched, came_back;
  for (size_t i = 0; i < settlements.size(); ++i) {
    const store::Settlement& s = settlements[i];
    const store::Member& m = members[i];
    touched.insert(m.job);
    if (m.current && m.attempt == AttemptState::running) {
      if (!batch.wave() && jobs.at(m.job).cut.contains(m.index)) --batch.unwanted[m.job];
      else left(batch, stage_of(jobs.at(m.job), m.shape), 1);
    }
    if (!s.request) continue;
    ShapeAtWork& shape = jobs.at(m.job).shapes[static_cast<size_t>(m.shape)];
    if (m.request == RequestState::open) --shape.open;
    if (*s.request == RequestState::open && (shape.open++ == 0 || shape.returned.ms == 0)) {
      shape.returned = now();
      came_back.insert(m.job);
    }
  }
  for (const JobId id : touched) {
    JobAtWork& job = jobs.at(id);
    if (!ok(refresh(job))) return;
    count_open(job);
    job.capped = false;
    if (came_back.contains(id)) keep_standing(job);
    tell_plan(job);
  }
  tell_plan(batch);
  changed();
}

bool Engine::Core::settle_rest(BatchAtWork& batch, const Heard& heard, std::string_view error) {
  const bool none_waits = batch.unheard == 0 && heard.what == Heard::What::missing;
  auto all = none_waits ? std::vector<store::Member>() : store.members(batch.row.id);
  if (!all) {
    broke(all.error());
    return false;
  }
  std::vector<store::Settlement> settlements;
  std::vector<store::Member> members;
  for (const store::Member& m : *all) {
    const bool waits = m.attempt == AttemptState::running ||
                       (m.attempt == AttemptState::unconfirmed && heard.what != Heard::What::missing);
    if (!waits) continue;
    store::Settlement s = patient::settle(m, heard, circumstances(m));
    s.key = {batch.row.id, m.position};
    s.error = error;
    settlements.push_back(s);
    members.push_back(m);
  }
  settle(batch, settlements, members, &batch.row);
  return !broken;
}

}  // namespace twolane::patient

// Write-ahead submission: upload, intent, create, and the search for what a lost answer left behind.
//
// The create call is the only step that can cost money. It is committed as `submitting` before it is
// sent; any end of it but a clear yes or no makes the batch `doubtful`, and a doubtful batch is looked
// for in the provider's own list until it is found, or until the provider's settle time has passed
// without it.
#include <algorithm>

#include "patient/core.h"
#include "patient/filling.h"
#include "patient/trouble.h"

namespace twolane::patient {

using dialect::Refusal;
using dialect::Verdict;

constexpr Duration clock_skew = minutes(10);  // between us and a provider, for times in its list
constexpr int most_uploads = 8;               // of one batch, before its model is taken for unknown

const Heard never_ran{Heard::What::never_ran, Verdict::unavailable, false, false};
const Heard suspected{Heard::What::never_ran, Verdict::invalid, false, true};

Refusal withdrawn() {
  Refusal r;
  r.code = "withdrawn";
  return r;
}

void Engine::Core::later(BatchAtWork& batch, Duration wait) {
  if (batch.timer != 0) world.forget(batch.timer);
  batch.next_look = now() + wait;
  batch.timer = world.at(batch.next_look, guarded([this, id = batch.row.id] {
                           if (auto b = batches.find(id); b != batches.end()) b->second.timer = 0;
                           advance(id);
                         }));
}

// 5 s doubling to 5 min, with up to a half more at random.
Duration Engine::Core::backoff(int failures) {
  const int64_t base = std::min<int64_t>(5'000LL << std::min(failures, 6), 300'000);
  return {base + static_cast<int64_t>(world.random() % static_cast<uint64_t>(base / 2 + 1))};
}

bool Engine::Core::save(BatchAtWork& batch, BatchState to) {
  if (batch.row.state != to && !may_step(batch_steps, batch.row.state, to)) {
    broke(Error{"engine.step", "a batch cannot go from " + std::string(name_of(batch.row.state)) + " to " +
                                   std::string(name_of(to)), "", {}, {}, false, 1, {}, -1});
    return false;
  }
  batch.row.state = to;
  return ok(store.update(batch.row));
}

void Engine::Core::advance(BatchId id) {
  auto found = batches.find(id);
  if (found == batches.end() || stopping || broken) return;
  BatchAtWork& batch = found->second;
  if (batch.busy || batch.wave()) return;
  const bool unwanted = batch.row.cancelling();
  switch (batch.row.state) {
    case BatchState::planned:
      if (unwanted) return bury(batch, withdrawn(), never_ran);
      return spool_and_send(batch);
    case BatchState::uploaded:
      if (unwanted) return bury(batch, withdrawn(), never_ran);
      return create(batch);
    case BatchState::submitting:
    case BatchState::doubtful: return reconcile(batch, "", std::make_shared<dialect::Listed>());
    case BatchState::submitted:
      if (unwanted && !batch.cancel_sent) return send_cancel(batch);
      return poll(batch);
    case BatchState::ended: return collect(batch, 0);
    case BatchState::settled: return clean_up(batch);
    case BatchState::closed:
    case BatchState::dead: return forget_batch(id);
  }
}

void Engine::Core::spool_and_send(BatchAtWork& batch) {
  if (batch.head) return create_content(batch);
  const bool inline_form = goes_inline(batch);
  const bool form_differs = inline_form && batch.line->api->upload_call != nullptr;
  if (!batch.spooled || form_differs) {
    if (auto spooled = spool(batch, inline_form); !spooled) return broke(spooled.error());
    batch.spooled = true;
  }
  if (inline_form) return create(batch);
  upload(batch);
}

// Writes the batch's requests again from its members; what it writes depends on nothing else.
Result<SegmentId> Engine::Core::spool(BatchAtWork& batch, bool inline_form) {
  const SegmentId id = spool_segment(batch.row.id);
  auto segment = TRY(payloads.create(id));
  std::string piece;
  int64_t bytes = 0;
  const KeptHead* kept = kept_head(batch.row.id);
  for (const store::Member& m : TRY(store.members(batch.row.id))) {
    const KeptHead* its = kept != nullptr && kept->job == m.job ? kept : nullptr;
    const RequestRow row{m.job, m.index, m.offset, m.length, 0, m.shape, m.request, m.tries, m.input_bound, m.output_bound};
    const std::string body = TRY(render(jobs.at(m.job), row, batch.row.endpoint, batch.row.model, its)).body;
    batch.line->api->append_request(piece, batch.spec, dialect::custom_id_of(batch.spec.token, m.position),
                                    body, inline_form, m.position == 0);
    if (piece.size() < (256u << 10)) continue;
    TRY(segment->append(piece));
    bytes += static_cast<int64_t>(piece.size());
    piece.clear();
  }
  if (!piece.empty()) TRY(segment->append(piece));
  CHECKED(segment->flush());
  return id;
}

void Engine::Core::upload(BatchAtWork& batch) {
  auto lines_source = payloads.source(spool_segment(batch.row.id));
  if (!lines_source) {
    batch.spooled = false;
    return later(batch, backoff(batch.failures++));
  }
  batch.busy = true;
  call(batch.line->api->upload_call(batch.line->account.access, batch.spec, batch.upload,
                                    wire::Body(*lines_source)),
       [this, id = batch.row.id](wire::HttpResult result) {
         BatchAtWork& b = batches.at(id);
         b.busy = false;
         const wire::HttpReply* reply = result.reply();
         if (reply == nullptr) {  // an upload that may have arrived costs nothing: again, from the start
           b.upload = {};
           return later(b, backoff(b.failures++));
         }
         if (reply->status / 100 != 2) {
           b.upload = {};
           return refused(b, b.line->api->read_refusal(*reply), BatchState::planned);
         }
         auto read = b.line->api->read_upload(b.upload, *reply);
         if (!read) {
           b.upload = {};
           return later(b, backoff(b.failures++));
         }
         b.upload = *read;
         if (!b.upload.file_id.empty()) {
           b.row.upload = b.upload.file_id;
           b.failures = 0;
           if (!save(b, BatchState::uploaded)) return;
         }
         advance(id);
       });
}

void Engine::Core::create(BatchAtWork& batch) {
  Line& line = *batch.line;
  const int64_t allowed = line.account.creates_per_hour > 0 ? line.account.creates_per_hour
                                                            : line.entry->batch.creates_per_hour;
  while (!line.creates.empty() && line.creates.front() + hours(1) <= now()) line.creates.pop_front();
  if (allowed > 0 && static_cast<int64_t>(line.creates.size()) >= allowed)
    return later(batch, line.creates.front() + hours(1) - now() + milliseconds(1));
  if (!content_lasts(batch)) {  // rendered again, without it
    end_content(batch.row.id);
    batch.spooled = false;
    batch.upload = {};
    batch.row.upload.clear();
    if (save(batch, BatchState::planned)) later(batch, Duration{0});
    return;
  }

  wire::Body body;
  if (batch.row.upload.empty()) {
    auto requests = payloads.source(spool_segment(batch.row.id));
    if (!requests) {
      batch.spooled = false;
      return later(batch, backoff(batch.failures++));
    }
    body.append(line.api->inline_head(batch.spec));
    body.append(*requests);
    body.append(line.api->inline_tail(batch.spec));
  }
  batch.row.sent = now();
  if (batch.row.account.empty()) batch.row.account = line.account.fingerprint;
  if (!save(batch, BatchState::submitting)) return;
  line.creates.push_back(now());
  batch.busy = true;
  call(line.api->create_call(line.account.access, batch.spec, batch.row.upload, std::move(body)),
       [this, id = batch.row.id](wire::HttpResult result) {
         BatchAtWork& b = batches.at(id);
         b.busy = false;
         created(b, result);
       });
}

void Engine::Core::created(BatchAtWork& batch, const wire::HttpResult& result) {
  const BatchState back = batch.row.upload.empty() ? BatchState::planned : BatchState::uploaded;
  if (const wire::NetFailure* failure = result.failure()) {
    if (failure->sent) {
      if (save(batch, BatchState::doubtful)) later(batch, backoff(0));
      return;
    }
    if (save(batch, back)) later(batch, backoff(batch.failures++));
    return;
  }
  const wire::HttpReply& reply = *result.reply();
  if (reply.status / 100 == 2) {
    auto id = batch.line->api->read_created(reply);
    if (!id || id->empty()) {
      if (save(batch, BatchState::doubtful)) later(batch, backoff(0));
      return;
    }
    batch.row.provider_id = *id;
    batch.failures = 0;
    if (!save(batch, BatchState::submitted)) return;
    note({}, "batch " + std::to_string(++batches_made) + " sent: " + batch.row.provider + ", " +
                 std::to_string(batch.row.requests) + " requests, " + batch.row.provider_id);
    ok(payloads.remove(spool_segment(batch.row.id)));
    batch.spooled = false;
    tell_plan(batch);
    changed();
    return later(batch, poll_pause(batch));
  }
  const Refusal refusal = batch.line->api->read_refusal(reply);
  if (refusal.verdict == Verdict::unavailable) {  // it may have been created all the same
    if (save(batch, BatchState::doubtful)) later(batch, backoff(0));
    return;
  }
  refused(batch, refusal, back);
}

// A clear no. The batch goes back a step and is tried again, or it is buried and its requests go on.
void Engine::Core::refused(BatchAtWork& batch, const Refusal& refusal, BatchState back) {
  batch.row.trouble = refusal.message;
  ++batch.row.tries;
  switch (refusal.verdict) {
    case Verdict::throttled:
    case Verdict::no_capacity:
    case Verdict::unavailable: {
      if (!save(batch, back)) return;
      const Duration wait = std::max(refusal.retry_after.value_or(Duration{0}), backoff(batch.failures++));
      return later(batch, wait);
    }
    case Verdict::quota_full: {
      if (refusal.limit > 0) {
        enqueued_limit[batch.row.provider + "/" + batch.row.model] = refusal.limit;
        ok(store.remember("enqueued." + batch.row.provider + "/" + batch.row.model, std::to_string(refusal.limit)));
      }
      // Its requests go back, so that the next batch is packed to the size that has room.
      throttle_lane(batch, minutes(5));
      return bury(batch, refusal, never_ran);
    }
    case Verdict::account:
    case Verdict::no_credit:
      for (const JobId id : batch.jobs)
        if (auto job = jobs.find(id); job != jobs.end()) hold(job->second, trouble_of(batch.row.provider, refusal));
      if (!save(batch, back)) return;
      return later(batch, minutes(10));
    case Verdict::missing:
      // An uploaded file may be gone: once more from the start; a model that is unknown stays unknown.
      if (back == BatchState::uploaded && batch.row.tries < most_uploads) {
        batch.row.upload.clear();
        batch.upload = {};
        if (save(batch, BatchState::uploaded) && save(batch, BatchState::planned))
          later(batch, backoff(batch.failures++));
        return;
      }
      if (move_to_next_target(batch)) return bury(batch, refusal, never_ran);
      return bury(batch, refusal, {Heard::What::error, Verdict::missing, false, false});
    case Verdict::invalid:
      // One request spoils a batch: the one that is named, or else each of them counts a try.
      return bury(batch, refusal, refusal.line > 0 ? never_ran : suspected, refusal.line - 1);
  }
}

void Engine::Core::throttle_lane(const BatchAtWork& batch, Duration wait) {
  hold_lane(lane_number({batch.row.provider, batch.row.endpoint, batch.row.model}), now() + wait);
}

void Engine::Core::bury(BatchAtWork& batch, const Refusal& why, const Heard& heard, int64_t culprit) {
  batch.row.trouble = why.message;
  batch.row.state = BatchState::dead;
  batch.row.ended = now();
  if (culprit >= 0) {
    auto all = store.members(batch.row.id);
    if (!all) return broke(all.error());
    for (const store::Member& m : *all) {
      if (m.position != culprit || m.attempt != AttemptState::running) continue;
      store::Settlement s = patient::settle(m, {Heard::What::error, Verdict::invalid, false, false},
                                            circumstances(m));
      s.key = {batch.row.id, m.position};
      s.error = why.json;
      std::vector<store::Settlement> one{s};
      settle(batch, one, {m}, nullptr);
    }
  }
  if (broken || !settle_rest(batch, heard, why.json)) return;
  if (why.code != "withdrawn")
    note({}, "batch of " + std::to_string(batch.row.requests) + " requests not taken by " +
                 batch.row.provider + ": " + why.message);
  if (!batch.row.upload.empty())
    for (wire::HttpCall& deletion : batch.line->api->cleanup_calls(batch.line->account.access, batch.spec,
                                                                   batch.row.upload, "", {}))
      call(std::move(deletion), [](const wire::HttpResult&) {});
  forget_batch(batch.row.id);
}

// The model is unknown to its provider: shapes that allow another go on there.
bool Engine::Core::move_to_next_target(BatchAtWork& batch) {
  bool moved = false;
  for (const JobId id : batch.jobs) {
    JobAtWork& job = jobs.at(id);
    for (ShapeAtWork& s : job.shapes) {
      const Target& target = s.shape.targets[s.target];
      if (target.provider != batch.row.provider || target.model != batch.row.model) continue;
      if (s.target + 1 >= s.shape.targets.size()) continue;
      ++s.target;
      s.batch_prices.clear();
      ok(store.remember(target_fact(id, s.shape.number), std::to_string(s.target)));
      moved = true;
    }
  }
  return moved;
}

void Engine::Core::reconcile(BatchAtWork& batch, std::string cursor, std::shared_ptr<dialect::Listed> seen) {
  batch.busy = true;
  call(batch.line->api->list_call(batch.line->account.access, batch.spec, cursor),
       [this, id = batch.row.id, seen](wire::HttpResult result) {
         BatchAtWork& b = batches.at(id);
         b.busy = false;
         const wire::HttpReply* reply = result.reply();
         if (reply == nullptr || reply->status / 100 != 2) return not_heard(b, result);
         auto page = b.line->api->read_listed(*reply);
         if (!page) return later(b, backoff(b.failures++));
         b.failures = 0;
         const bool past = !page->batches.empty() && page->batches.back().created.ms != 0 &&
                           page->batches.back().created < b.row.sent - hours(1);
         seen->batches.insert(seen->batches.end(), page->batches.begin(), page->batches.end());
         if (!page->next.empty() && !past) return reconcile(b, page->next, seen);
         conclude_search(b, *seen);
       });
}

void Engine::Core::conclude_search(BatchAtWork& batch, const dialect::Listed& seen) {
  const bool by_token = batch.line->entry->batch.lists_token;
  auto known = [&](const std::string& provider_id) {
    return std::any_of(batches.begin(), batches.end(), [&](const auto& entry) {
      return entry.second.row.provider_id == provider_id;
    });
  };
  const auto found = std::find_if(seen.batches.begin(), seen.batches.end(), [&](const auto& entry) {
    if (by_token) return entry.token == batch.spec.token;
    return entry.requests == batch.row.requests && entry.created >= batch.row.sent - clock_skew &&
           !known(entry.provider_id) && !batch.not_ours.contains(entry.provider_id);
  });
  if (found != seen.batches.end()) {
    batch.row.provider_id = found->provider_id;
    if (!save(batch, BatchState::submitted)) return;
    note({}, "batch found at " + batch.row.provider + " after a lost answer: " + batch.row.provider_id);
    ok(payloads.remove(spool_segment(batch.row.id)));
    tell_plan(batch);
    changed();
    return later(batch, Duration{0});
  }
  const Time settled = batch.row.sent + batch.line->entry->batch.settle;
  if (now() < settled) return later(batch, std::min(settled - now() + seconds(1), minutes(1)));
  Refusal lost;
  lost.code = "lost";
  lost.message = "its creation was never heard of and it is not in the provider's list";
  // A list that shows our token proves that it does not exist; one that shows counts only makes it
  // likely, so there its charges stay unconfirmed.
  bury(batch, lost, by_token ? never_ran : Heard{Heard::What::missing, Verdict::unavailable, false, false});
}

}  // namespace twolane::patient

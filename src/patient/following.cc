// Following a batch at its provider: poll, cancel, give up waiting, clean up.
#include <algorithm>

#include "patient/core.h"
#include "patient/filling.h"
#include "patient/results_found.h"
#include "patient/trouble.h"

namespace twolane::patient {

using dialect::Polled;
using dialect::Verdict;

constexpr Duration outputs_may_lag = minutes(30);  // a file id may appear this much after the end
constexpr Duration cancel_may_take = hours(2);     // then its requests are placed elsewhere
constexpr Duration follow_at_most = days(3);       // of a batch nobody waits for
constexpr Duration held_pause = minutes(5);

Duration Engine::Core::poll_pause(const BatchAtWork& batch) {
  double pause = static_cast<double>(settings.poll_first.ms);
  for (int i = 0; i < std::min(batch.looks, 20); ++i) pause *= 1.4;
  pause = std::min(pause, static_cast<double>(settings.poll_most.ms));
  if (batch.row.cancelling()) pause = std::min(pause, 60'000.0);
  const auto whole = static_cast<int64_t>(pause);
  return {whole + static_cast<int64_t>(world.random() % static_cast<uint64_t>(whole / 5 + 1))};
}

void Engine::Core::poll(BatchAtWork& batch) {
  batch.busy = true;
  call(batch.line->api->poll_call(batch.line->account.access, batch.spec, batch.row.provider_id),
       [this, id = batch.row.id](wire::HttpResult result) {
         BatchAtWork& b = batches.at(id);
         b.busy = false;
         ++b.looks;
         b.row.looked = now();
         const wire::HttpReply* reply = result.reply();
         if (reply == nullptr || reply->status / 100 != 2) return not_heard(b, result);
         b.failures = 0;
         for (const JobId job : b.jobs)
           if (auto j = jobs.find(job); j != jobs.end()) release(j->second, "provider.account");
         polled(b, *reply);
       });
}

// No answer, or a refusal, to a call that only asks. A 401 or 404 for a batch that we hold never means
// that it is dead: the key may see another account.
void Engine::Core::not_heard(BatchAtWork& batch, const wire::HttpResult& result) {
  const wire::HttpReply* reply = result.reply();
  if (reply == nullptr) return later(batch, backoff(batch.failures++));
  const dialect::Refusal refusal = batch.line->api->read_refusal(*reply);
  const bool account = refusal.verdict == Verdict::account || refusal.verdict == Verdict::missing ||
                       refusal.verdict == Verdict::no_credit;
  if (!account) {
    const Duration wait = std::max(refusal.retry_after.value_or(Duration{0}), backoff(batch.failures++));
    return later(batch, wait);
  }
  Error error = trouble_of(batch.row.provider, refusal);
  if (refusal.verdict == Verdict::missing) {
    error.message = "this key sees another account";
    error.why = batch.row.provider + " does not show batch " + batch.row.provider_id + " to this key (" +
                batch.line->account.fingerprint + "); it was submitted by " + batch.row.account +
                " and is not lost";
  }
  // One 404 may be a slip of a provider; an account is spoken of when it says so again.
  if (++batch.failures >= 3 || refusal.verdict != Verdict::missing)
    for (const JobId id : batch.jobs)
      if (auto job = jobs.find(id); job != jobs.end()) hold(job->second, error);
  later(batch, held_pause);
}

void Engine::Core::polled(BatchAtWork& batch, const wire::HttpReply& reply) {
  auto read = batch.line->api->read_polled(reply);
  if (!read) return later(batch, backoff(batch.failures++));
  const Polled& p = *read;
  const bool news = batch.row.said != p.said;
  batch.row.said = p.said;
  batch.row.said_done = p.done;
  if (p.phase == Polled::Phase::failed) {
    dialect::Refusal refusal = p.refusal;
    if (refusal.verdict == Verdict::account || refusal.verdict == Verdict::no_credit) {
      // It never ran and never will; its requests wait for the account.
      for (const JobId id : batch.jobs)
        if (auto job = jobs.find(id); job != jobs.end())
          hold(job->second, trouble_of(batch.row.provider, refusal));
      return bury(batch, refusal, {Heard::What::never_ran, {}, false, false});
    }
    if (refusal.verdict == Verdict::throttled || refusal.verdict == Verdict::unavailable ||
        refusal.verdict == Verdict::no_capacity) {
      throttle_lane(batch, std::max(refusal.retry_after.value_or(Duration{0}), minutes(5)));
      return bury(batch, refusal, {Heard::What::never_ran, {}, false, false});
    }
    return refused(batch, refusal, BatchState::submitted);
  }
  if (batch.row.state == BatchState::ended) {  // asked again where its results are
    batch.row.outputs = to_json(ResultsFound{p.outputs, p.expired, p.cancelled});
    batch.refresh = false;
    if (ok(store.update(batch.row))) collect(batch, 0);
    return;
  }
  if (p.phase == Polled::Phase::ended) {
    if (batch.row.ended.ms == 0) batch.row.ended = now();
    const bool may_come = p.outputs.empty() && now() - batch.row.ended < outputs_may_lag;
    if (!may_come) {
      batch.row.outputs = to_json(ResultsFound{p.outputs, p.expired, p.cancelled});
      if (!save(batch, BatchState::ended)) return;
      end_content(batch.row.id);
      tell_plan(batch);
      return collect(batch, 0);
    }
  } else if (batch.row.ended.ms == 0) {
    const Duration age = now() - batch.row.sent;
    if (age > batch.line->entry->batch.ceiling && !batch.row.cancelling())
      cancel(batch.row.id, "stuck past its provider's ceiling");
  }
  if (news && !ok(store.update(batch.row))) return;
  if (batch.row.cancelling() && now() - batch.row.cancel_asked > cancel_may_take)
    give_up(batch);
  if (broken) return;
  if (batch.given_up && now() - batch.row.sent > follow_at_most + batch.line->entry->batch.ceiling) {
    batch.row.ended = now();
    if (!save(batch, BatchState::ended)) return;
    return close_collection(batch);
  }
  later(batch, poll_pause(batch));
}

// Committed first: a batch whose cancelling was decided is not waited for after a crash either.
void Engine::Core::cancel(BatchId id, std::string_view why) {
  auto found = batches.find(id);
  if (found == batches.end()) return;
  BatchAtWork& batch = found->second;
  if (batch.row.cancelling() || batch.wave() || batch.row.state >= BatchState::ended) return;
  batch.row.cancel_asked = now();
  batch.looks = 0;
  if (!ok(store.update(batch.row))) return;
  note({}, "batch " + (batch.row.provider_id.empty() ? batch.spec.token : batch.row.provider_id) +
               " cancelled " + std::string(why));
  tell_plan(batch);
  changed();
  if (!batch.busy) later(batch, Duration{0});
}

void Engine::Core::send_cancel(BatchAtWork& batch) {
  batch.busy = true;
  call(batch.line->api->cancel_call(batch.line->account.access, batch.spec, batch.row.provider_id),
       [this, id = batch.row.id](wire::HttpResult result) {
         BatchAtWork& b = batches.at(id);
         b.busy = false;
         const wire::HttpReply* reply = result.reply();
         // Any clear answer will do: a batch that has ended meanwhile refuses, and the poll says so.
         b.cancel_sent = reply != nullptr && (reply->status / 100 == 2 || reply->status / 100 == 4) &&
                         reply->status != 429 && reply->status != 401 && reply->status != 408;
         later(b, b.cancel_sent ? poll_pause(b) : backoff(b.failures++));
       });
}

// Its cancel does not take effect: what it holds is placed elsewhere. Whatever it may still bill stays
// unconfirmed, with its upper bound, until it is heard of.
void Engine::Core::give_up(BatchAtWork& batch) {
  if (batch.given_up) return;
  batch.given_up = true;
  end_content(batch.row.id);
  note({}, "batch " + batch.row.provider_id + " does not end; what it holds goes elsewhere");
  settle_rest(batch, {Heard::What::missing, Verdict::unavailable, false, false});
  tell_plan(batch);
  for (const JobId id : std::set<JobId>(batch.jobs)) conclude(id);
}

void Engine::Core::clean_up(BatchAtWork& batch) {
  const std::vector<dialect::Output> outputs = results_found_from_json(batch.row.outputs).outputs;
  // Each deletion is asked for once: what a provider keeps all the same, it drops by itself in time.
  for (wire::HttpCall& deletion :
       batch.line->api->cleanup_calls(batch.line->account.access, batch.spec, batch.row.upload,
                                      batch.row.provider_id, outputs))
    call(std::move(deletion), [](const wire::HttpResult&) {});
  if (!save(batch, BatchState::closed)) return;
  forget_batch(batch.row.id);
}

void Engine::Core::forget_batch(BatchId id) {
  auto found = batches.find(id);
  if (found == batches.end()) return;
  if (found->second.timer != 0) world.forget(found->second.timer);
  end_content(id);
  ok(payloads.remove(spool_segment(id)));
  const std::set<JobId> touched = std::move(found->second.jobs);
  const plan::LaneId lane = lane_number({found->second.row.provider, found->second.row.endpoint, found->second.row.model});
  if (found->second.row.state == BatchState::closed) free_lane(lane);
  batches.erase(found);
  plan::apply(plan, plan::BatchGone{id});
  for (const JobId job : touched) conclude(job);
  changed();
}

}  // namespace twolane::patient

// Explicit cached contents: made for a batch where they pay, ended when it has ended, their fee booked.
//
// A content is committed before it is asked for. Where the answer is unclear, the batch goes without,
// and the provider's list is searched for what may have come of it. A fee runs until the content ends,
// and the answer to a deletion does not say when that was. So a content is ended by moving its expiry
// to a time that was committed before: the fee is then known to the millisecond, and whether the move
// took effect can be asked until that time. The deletion that follows only clears away.
#include <algorithm>

#include "dialect/cached_content.h"
#include "patient/core.h"
#include "patient/filling.h"
#include "price/price.h"

namespace twolane::patient {

using dialect::ContentSeen;

constexpr Duration time_to_send = hours(1);  // that a content outlives the longest batch
// Between the decision to end a content and its end: after an unclear answer it is still there to be asked.
constexpr Duration least_notice = seconds(20);

// The head of a batch whose keeping saves most, if any does, is kept when the batch is sent.
void Engine::Core::choose_content(BatchAtWork& batch, const std::vector<MarkedHead>& heads) {
  const plan::LaneId lane = lane_number({batch.row.provider, batch.row.endpoint, batch.row.model});
  const Duration kept = plan.times(lane, batch.row.requests).quantile(usual_share);
  const MarkedHead* best = nullptr;
  PicoUsd least;
  for (const MarkedHead& head : heads) {
    if (jobs.at(head.job).contents_gone) continue;
    const auto added = added_by_content({batch.row.provider, batch.row.model}, head.requests,
                                        head.tokens, kept, now());
    if (!added || *added >= least) continue;
    best = &head;
    least = *added;
  }
  if (best == nullptr) return;
  const RequestRow& first = best->first;
  auto rendered = render(jobs.at(best->job), first, batch.row.endpoint, batch.row.model);
  auto split = rendered ? dialect::split_head(rendered->body) : fail(rendered.error());
  if (split && *split) batch.head = KeptHead{best->job, best->hash, std::move((*split)->head), {}};
}

PicoUsd Engine::Core::fee(const ContentAtWork& content, int64_t tokens, Duration kept) const {
  const auto* model = price::book().find(content.target.provider, content.target.model);
  const auto rate = model ? price::storage_fee(*model, ServiceTier::standard) : std::nullopt;
  return rate ? price::storage_charge(*rate, tokens, kept) : PicoUsd{};
}

// Commits what became of it; the job's totals and what the cap leaves follow.
bool Engine::Core::keep(ContentAtWork& content, ContentState to) {
  content.row.state = to;
  if (!ok(store.keep(content.row))) return false;
  JobAtWork& job = jobs.at(content.row.job);
  if (!ok(refresh(job))) return false;
  job.capped = false;
  tell_plan(job);
  changed();
  return true;
}

void Engine::Core::create_content(BatchAtWork& batch) {
  const BatchId id = batch.row.id;
  ContentAtWork content;
  content.line = batch.line;
  content.target = {batch.row.provider, batch.row.model};
  content.head = std::move(*batch.head);
  batch.head.reset();
  const Duration ttl = batch.line->entry->batch.ceiling + time_to_send;
  CachedContent& row = content.row;
  row.batch = id;
  row.job = content.head.job;
  row.account = batch.line->account.fingerprint;
  row.created = now();
  row.expires = now() + ttl;
  row.reserve = fee(content, static_cast<int64_t>(content.head.head.size()), ttl);
  const Job& job = jobs.at(row.job).job;
  const Totals& t = job.totals;
  if (job.cap && t.cost + t.reserved + t.unconfirmed + row.reserve > *job.cap) return advance(id);
  ContentAtWork& at_work = contents.insert_or_assign(id, std::move(content)).first->second;
  if (!keep(at_work, ContentState::creating)) return;
  batch.busy = at_work.busy = true;
  call(dialect::create_content_call(batch.line->account.access, batch.row.model, id.hex(),
                                    at_work.head.head, ttl),
       [this, id](const wire::HttpResult& result) {
         batches.at(id).busy = contents.at(id).busy = false;
         content_created(contents.at(id), result);
         advance(id);
       });
}

void Engine::Core::content_created(ContentAtWork& content, const wire::HttpResult& result) {
  const wire::HttpReply* reply = result.reply();
  bool clear_no = reply == nullptr && !result.failure()->sent;
  if (reply != nullptr && reply->status / 100 == 2) {
    if (auto seen = dialect::read_content(*reply)) {
      if (!content_seen(content, *seen)) return;
      content.head.name = content.row.name;
      batches.at(content.row.batch).spooled = false;
      return note(content.row.job, "cached content kept for a batch: " + content.row.name + ", " +
                                       std::to_string(content.row.tokens) + " tokens");
    }
  } else if (reply != nullptr) {
    const auto refusal = content.line->api->read_refusal(*reply);
    clear_no = refusal.verdict != dialect::Verdict::unavailable;
    if (clear_no) note(content.row.job, "goes without a cached content: " + refusal.message);
  }
  content.wanted = false;  // the batch goes without
  if (clear_no) return content_over(content, ContentState::absent);
  content_later(content, backoff(0));
}

bool Engine::Core::content_seen(ContentAtWork& content, const ContentSeen& seen) {
  content.row.name = seen.name;
  content.row.tokens = seen.tokens;
  content.row.created = seen.created;
  content.row.expires = seen.expires;
  content.row.reserve = fee(content, seen.tokens, seen.expires - seen.created);
  return keep(content, ContentState::kept);
}

// What the requests of a batch are rendered with; null where they are sent whole.
const KeptHead* Engine::Core::kept_head(BatchId id) const {
  const auto c = contents.find(id);
  const bool named = c != contents.end() && c->second.wanted && !c->second.head.name.empty();
  return named ? &c->second.head : nullptr;
}

// False where the batch could outlive the content that its requests name.
bool Engine::Core::content_lasts(const BatchAtWork& batch) const {
  const auto c = contents.find(batch.row.id);
  if (c == contents.end() || !c->second.wanted || c->second.row.state != ContentState::kept) return true;
  return c->second.row.expires >= world.now() + batch.line->entry->batch.ceiling;
}

// Its batch needs it no longer.
void Engine::Core::end_content(BatchId id) {
  const auto found = contents.find(id);
  if (found == contents.end() || !found->second.wanted) return;
  found->second.wanted = false;
  look_after(id);
}

void Engine::Core::content_later(ContentAtWork& content, Duration wait) {
  if (content.timer != 0) world.forget(content.timer);
  content.timer = world.at(now() + wait, guarded([this, id = content.row.batch] {
                             if (auto c = contents.find(id); c != contents.end()) c->second.timer = 0;
                             look_after(id);
                           }));
}

// The next step of a content that is not wanted, whatever its state.
void Engine::Core::look_after(BatchId id) {
  const auto found = contents.find(id);
  if (found == contents.end() || stopping || broken) return;
  ContentAtWork& content = found->second;
  if (content.busy || content.wanted) return;
  if (content.row.state == ContentState::billed) return clear_content(content);
  if (content.row.account != content.line->account.fingerprint)  // this key can neither see nor end it
    return content_over(content, ContentState::unconfirmed);
  if (content.row.state == ContentState::creating) return search_content(content, "");
  if (content.row.state == ContentState::kept) return shorten_content(content);
  ask_content(content);
}

namespace {
bool is_gone(const ContentAtWork& content, const wire::HttpReply& reply) {
  if (reply.status / 100 != 4) return false;
  const auto refusal = content.line->api->read_refusal(reply);
  return refusal.verdict == dialect::Verdict::missing || dialect::says_content_gone(refusal);
}
}  // namespace

void Engine::Core::shorten_content(ContentAtWork& content) {
  const Time ends = now() + Duration{least_notice.ms << std::min(content.failures, 3)};
  if (now() >= content.row.expires) return content_ended(content, content.row.expires);
  if (ends >= content.row.expires) return content_later(content, content.row.expires - now());
  content.row.ends = ends;
  if (!keep(content, ContentState::ending)) return;
  content.busy = true;
  call(dialect::end_content_call(content.line->account.access, content.row.name, ends),
       [this, id = content.row.batch](const wire::HttpResult& result) {
         ContentAtWork& c = contents.at(id);
         c.busy = false;
         const wire::HttpReply* reply = result.reply();
         const bool good = reply != nullptr && reply->status / 100 == 2;
         const auto seen = good ? dialect::read_content(*reply) : fail("", "");
         if (seen && seen->expires != c.row.expires) return content_ended(c, seen->expires);
         if (reply != nullptr && is_gone(c, *reply)) return content_gone(c);
         content_later(c, backoff(c.failures++));
       });
}

// Whether the expiry was moved: asked after an unclear answer, and after a crash.
void Engine::Core::ask_content(ContentAtWork& content) {
  content.busy = true;
  call(dialect::get_content_call(content.line->account.access, content.row.name),
       [this, id = content.row.batch](const wire::HttpResult& result) {
         ContentAtWork& c = contents.at(id);
         c.busy = false;
         const wire::HttpReply* reply = result.reply();
         if (reply != nullptr && reply->status / 100 == 2) {
           const auto seen = dialect::read_content(*reply);
           if (seen && seen->expires != c.row.expires) return content_ended(c, seen->expires);
           if (seen) return shorten_content(c);
         } else if (reply != nullptr) {
           if (is_gone(c, *reply) && now() < c.row.expires) return content_gone(c);
         }
         if (now() >= c.row.expires) return content_over(c, ContentState::unconfirmed);
         content_later(c, backoff(c.failures++));
       });
}

void Engine::Core::search_content(ContentAtWork& content, const std::string& cursor) {
  content.busy = true;
  call(dialect::list_contents_call(content.line->account.access, cursor),
       [this, id = content.row.batch](const wire::HttpResult& result) {
         ContentAtWork& c = contents.at(id);
         c.busy = false;
         const wire::HttpReply* reply = result.reply();
         const bool good = reply != nullptr && reply->status / 100 == 2;
         const auto listed = good ? dialect::read_contents(*reply) : fail("", "");
         if (!listed) return content_later(c, backoff(c.failures++));
         for (const ContentSeen& seen : listed->contents) {
           if (seen.token != id.hex()) continue;
           if (content_seen(c, seen)) shorten_content(c);
           return;
         }
         if (!listed->next.empty()) return search_content(c, listed->next);
         const Duration settle = c.line->entry->batch.settle;
         const Time settled = c.row.created + settle;
         if (now() < settled) return content_later(c, std::min(settled - now() + seconds(1), minutes(1)));
         // A list shows what there is: so late, it may have been there and expired.
         const bool too_late = now() + settle >= c.row.expires;
         content_over(c, too_late ? ContentState::unconfirmed : ContentState::absent);
       });
}

// Its moved expiry has passed unheard, or somebody else ended it: not later than either, nor than now.
void Engine::Core::content_gone(ContentAtWork& content) {
  const Time latest = std::min(now(), content.row.ends);
  content.row.reserve =
      fee(content, content.row.tokens, std::max(latest - content.row.created, Duration{0}));
  content_over(content, ContentState::unconfirmed);
}

void Engine::Core::content_ended(ContentAtWork& content, Time end) {
  content.row.ends = end;
  content.row.cost = fee(content, content.row.tokens, end - content.row.created);
  if (!keep(content, ContentState::billed)) return;
  content_later(content, std::max(end - now(), Duration{0}) + seconds(1));
}

// Asked once: what is not heard has expired all the same.
void Engine::Core::clear_content(ContentAtWork& content) {
  content.busy = true;
  call(dialect::delete_content_call(content.line->account.access, content.row.name),
       [this, id = content.row.batch](const wire::HttpResult&) { forget_content(id); });
}

void Engine::Core::content_over(ContentAtWork& content, ContentState how) {
  if (keep(content, how)) forget_content(content.row.batch);
}

void Engine::Core::forget_content(BatchId id) {
  const auto found = contents.find(id);
  if (found->second.timer != 0) world.forget(found->second.timer);
  const JobId job = found->second.row.job;
  contents.erase(found);
  conclude(job);
  changed();
}

// After a restart nothing is known of a head's text: what was not yet sent goes without.
Status Engine::Core::recover_content(CachedContent row) {
  const std::optional<Batch> batch = TRY(store.batch(row.batch));
  Line* line = batch ? line_of(batch->provider) : nullptr;
  if (line == nullptr) return {};
  if (!jobs.contains(row.job)) {
    JobAtWork* job = TRY(load_job(row.job));
    if (job->job.world != settings.world) {
      forget_stages(row.job);
      jobs.erase(row.job);
      return {};
    }
  }
  ContentAtWork content;
  content.line = line;
  content.target = {batch->provider, batch->model};
  const bool may_be_named = batch->state > BatchState::planned && batch->state < BatchState::ended;
  content.wanted = row.state == ContentState::kept && may_be_named && batches.contains(row.batch);
  content.row = std::move(row);
  ContentAtWork& at_work = contents.insert_or_assign(content.row.batch, std::move(content)).first->second;
  if (!at_work.wanted) content_later(at_work, Duration{0});
  return {};
}

}  // namespace twolane::patient

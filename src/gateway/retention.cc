// What the keeper drops when its time is over: files that expired, uploads that nobody ended, and what is
// left of finished jobs after the retention of the configuration.
//
// Rare and small: one job at a time between other work of the keeper's thread, which no interactive call
// waits for. A batch whose job is gone keeps its counts for as long again, without results.
#include "gateway/job_json.h"
#include "gateway/keeper.h"

namespace twolane::gateway {
namespace {

constexpr Duration gemini_files = hours(48);    // as Gemini drops them
constexpr Duration gemini_uploads = hours(48);  // begun and not ended
constexpr Duration anthropic_results = days(29);  // from the batch's creation

}  // namespace

Time Keeper::file_end(Dialect door, Time created, Duration asked) const {
  Time end{INT64_MAX};
  if (settings_.retention.ms > 0) end = std::min(end, created + settings_.retention);
  if (asked.ms > 0) end = std::min(end, created + asked);
  if (door == Dialect::gemini) end = std::min(end, created + gemini_files);
  return end.ms == INT64_MAX ? Time{} : end;
}

Object* Keeper::find_file(Dialect door, std::string_view owner, std::string_view id) {
  Object* file = shelf_->find(Object::Kind::file, door, owner, id);
  return file && has_expired(*file, now()) ? nullptr : file;
}

std::vector<Object*> Keeper::files(Dialect door, std::string_view owner) {
  auto all = shelf_->list(Object::Kind::file, door, owner);
  std::erase_if(all, [at = now()](const Object* file) { return has_expired(*file, at); });
  return all;
}

Time Keeper::results_end(const Object& batch) {
  if (const int64_t gone = wire::int_at(batch.about, "gone_ms"); gone > 0) return Time{gone};
  if (batch.door == Dialect::anthropic) return batch.created + anthropic_results;
  const auto job = job_of(batch);
  const int64_t asked = wire::int_at(batch.about, "output_expires_s");
  const bool ended = job && job->finished.ms > 0;
  if (!ended) return {};
  return file_end(batch.door, job->finished, seconds(asked));
}

bool Keeper::has_results(const Object& batch) {
  const Time end = results_end(batch);
  return end.ms == 0 || now() < end;
}

// A job of another world lives by another clock.
Status Keeper::sweep() {
  CHECKED(expire_uploads(*this));
  for (const Object* f : shelf_->all(Object::Kind::file))
    if (has_expired(*f, now())) CHECKED(shelf_->remove(std::string(f->id)));
  CHECKED(tickets_->compact());
  for (const Object* u : shelf_->all(Object::Kind::upload))
    if (u->door == Dialect::gemini && u->created + gemini_uploads <= now()) CHECKED(shelf_->remove(std::string(u->id)));
  const Duration retention = settings_.retention;
  if (retention.ms == 0) return {};
  for (const Object* b : shelf_->all(Object::Kind::batch)) {
    const int64_t gone = wire::int_at(b->about, "gone_ms");
    const bool never_ran = wire::string_at(b->about, "job").empty();
    const Time from = gone > 0 ? Time{gone} : b->created;
    if ((gone > 0 || never_ran) && from + retention <= now()) CHECKED(shelf_->remove(std::string(b->id)));
  }
  due_.clear();
  for (const Job& job : TRY(home_->store().jobs()))
    if (job.world == settings_.engine.world && job.totals.unfinished() == 0 && job.finished.ms != 0 &&
        job.finished + retention <= now())
      due_.push_back(job.id);
  return {};
}

// Until the next sweep, one job each time.
Status Keeper::retire_one() {
  if (due_.empty()) return {};
  const JobId id = due_.back();
  due_.pop_back();
  const auto job = TRY(home_->store().job(id));
  if (!job || !engine_->finished(id)) return {};
  const Status forgotten = home_->forget(id);
  // What a provider may still bill keeps the job until that is known.
  if (!forgotten && forgotten.error().code == "store.active") return {};
  CHECKED(forgotten);
  for (const Object* batch : batches_of(id)) {
    Object marked = *batch;
    marked.about["gone"] = job_to_json(*job, now());
    marked.about["gone_ms"] = now().ms;
    CHECKED(shelf_->put(std::move(marked)));
  }
  drop_job(id);
  return {};
}

Status Keeper::forget(JobId id) {
  const auto job = TRY(home_->store().job(id));
  if (!job) return fail("store.unknown_job", "there is no job " + id.hex());
  if (job->totals.unfinished() > 0 || !engine_->finished(id)) {
    Error e;
    e.code = "job.unfinished";
    e.message = "job " + id.hex().substr(0, 6) + " has not ended";
    e.why = "its answers are still to come, and will be billed";
    e.next = {"twolane cancel " + id.hex().substr(0, 6), "wait until it is done"};
    return fail(std::move(e));
  }
  CHECKED(home_->forget(id));  // first: a batch whose job is gone is known for litter by the next process
  for (const Object* batch : batches_of(id)) CHECKED(shelf_->remove(std::string(batch->id)));
  drop_job(id);
  return {};
}

std::vector<Object*> Keeper::batches_of(JobId id) {
  auto all = shelf_->all(Object::Kind::batch);
  std::erase_if(all, [name = id.hex()](const Object* b) { return wire::string_at(b->about, "job") != name; });
  return all;
}

void Keeper::drop_job(JobId id) {
  engine_->let_go(id);
  tickets_->forget(id);
  owners_.erase(id);
}

}  // namespace twolane::gateway

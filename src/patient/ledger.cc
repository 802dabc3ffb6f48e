// Attempts come from the store in pages, by batch; the batch is looked up when it changes.
#include "patient/ledger.h"

#include "patient/cache_marks.h"

namespace twolane::patient {
namespace {

constexpr int64_t page = 4096;

// Nothing for an attempt that cost nothing and no longer can.
std::optional<Booking> booking_of(const Attempt& a) {
  if (a.charged) return a.state == AttemptState::answered ? Booking::kept : Booking::paid_twice;
  if (is_unconfirmed(a.state, a.charged, a.reserve)) return Booking::unconfirmed;
  if (a.state == AttemptState::running) return Booking::reserved;
  return std::nullopt;
}

// Nothing for a content that never was.
std::optional<Booking> booking_of(const CachedContent& c) {
  if (c.state == ContentState::absent) return std::nullopt;
  if (c.state == ContentState::billed) return Booking::storage;
  return c.state == ContentState::unconfirmed ? Booking::unconfirmed : Booking::reserved;
}

Status each_content(store::Store& store, JobId id, const Job* job,
                    const std::function<Status(const LedgerEntry&)>& take) {
  for (const CachedContent& c : TRY(store.contents_of(id))) {
    const auto booking = booking_of(c);
    const auto batch = TRY(store.batch(c.batch));
    if (!booking || !batch) continue;
    Attempt fee;
    fee.key.batch = c.batch;
    fee.job = id;
    fee.index = -1;
    fee.reserve = c.reserve;
    fee.response_id = c.name;
    fee.charged = booking == Booking::storage;
    fee.served = ServiceTier::batch;
    fee.cost = c.cost;
    fee.at = fee.charged ? c.ends : c.created;
    CHECKED(take({id, job, &*batch, &fee, *booking, &c, true}));
  }
  return {};
}

Status each_of_job(store::Store& store, JobId id, const Job* job,
                   const std::function<Status(const LedgerEntry&)>& take) {
  const CacheMarks marks = TRY(recall_marks(store, id));
  std::optional<Batch> batch;
  bool marked = false;
  for (int64_t from = 0;; from += page) {
    const auto attempts = TRY(store.ledger(id, from, page));
    for (const Attempt& attempt : attempts) {
      const auto booking = booking_of(attempt);
      if (!booking) continue;
      if (!batch || batch->id != attempt.key.batch) {
        batch = TRY(store.batch(attempt.key.batch));
        if (!batch) return fail("store.corrupt", "the store is damaged", "an attempt without a batch");
        marked = marks.any_at(batch->provider, batch->model);
      }
      CHECKED(take({id, job, &*batch, &attempt, *booking, nullptr, marked}));
    }
    if (static_cast<int64_t>(attempts.size()) < page) return each_content(store, id, job, take);
  }
}

// What the same tokens would have cost had nothing been cached, less what they did cost.
PicoUsd taken_off(const LedgerEntry& entry) {
  if (entry.content) return PicoUsd{} - entry.attempt->cost;
  const Usage& u = entry.attempt->usage;
  if (u.cache_read + u.cache_write_5m + u.cache_write_1h == 0) return {};
  Usage fresh;
  fresh.fresh = u.input();
  fresh.output = u.output;
  fresh.audio_input = u.audio_input;
  fresh.image_output = u.image_output;
  fresh.searches = u.searches;
  const auto plain = price::charge(entry.target(), entry.tier(), fresh, {.at = entry.attempt->at});
  return plain ? *plain - entry.attempt->cost : PicoUsd{};
}

void add_usage(Usage& to, const Usage& more) {
  to.fresh += more.fresh;
  to.cache_read += more.cache_read;
  to.cache_write_5m += more.cache_write_5m;
  to.cache_write_1h += more.cache_write_1h;
  to.output += more.output;
  to.reasoning += more.reasoning;
  to.audio_input += more.audio_input;
  to.image_output += more.image_output;
  to.searches += more.searches;
}

}  // namespace

std::string_view name_of(Booking booking) {
  switch (booking) {
    case Booking::kept:
      return "kept";
    case Booking::paid_twice:
      return "paid_twice";
    case Booking::unconfirmed:
      return "unconfirmed";
    case Booking::storage:
      return "storage";
    case Booking::reserved:
      break;
  }
  return "reserved";
}

std::string_view LedgerEntry::lane() const { return content ? "storage" : name_of(tier()); }

Status each_entry(store::Store& store, std::optional<JobId> job,
                  const std::function<Status(const LedgerEntry&)>& take) {
  if (job) {
    const auto found = TRY(store.job(*job));
    return each_of_job(store, *job, found ? &*found : nullptr, take);
  }
  for (const Job& one : TRY(store.jobs())) CHECKED(each_of_job(store, one.id, &one, take));
  for (const JobId gone : TRY(store.forgotten_jobs()))
    CHECKED(each_of_job(store, gone, nullptr, take));
  return {};
}

std::string rate_row(const LedgerEntry& entry) {
  const Target target = entry.target();
  const auto& book = price::book();
  const auto* model = book.find(target.provider, target.model);
  if (entry.content) {
    if (!model) return "unknown";
    const auto& source = book.source(model->caching.storage_source);
    return "storage, " + source.key + ' ' + source.date;
  }
  const auto* row =
      model ? book.row(*model, entry.tier(), entry.attempt->usage.input(), entry.attempt->at)
            : nullptr;
  if (!row) return "unknown";
  std::string text(name_of(entry.tier()));
  if (row->above > 0) text += " over " + std::to_string(row->above);
  if (const auto* claim = row->claim_of(price::Kind::output, row->ranked.output)) {
    const auto& source = book.source(claim->source);
    text += ", " + source.key + " " + source.date;
  }
  return text;
}

PicoUsd cost_by(const LedgerEntry& entry, price::Reading reading) {
  const Attempt& a = *entry.attempt;
  if (entry.content || reading == price::Reading::ranked) return a.cost;
  const auto cost = price::charge(entry.target(), a.served, a.usage, {.at = a.at, .reading = reading});
  return cost ? *cost : a.cost;
}

void LedgerSum::add(const LedgerEntry& entry, price::Reading reading) {
  const Attempt& a = *entry.attempt;
  if (entry.booking == Booking::reserved) {
    reserved += a.reserve;
    return;
  }
  if (entry.booking == Booking::unconfirmed) {
    ++unconfirmed_entries;
    unconfirmed += a.reserve;
    return;
  }
  ++entries;
  add_usage(usage, a.usage);
  if (entry.marked) add_usage(marked, a.usage);
  unknown_extras += price::has_unknown_extras(entry.target(), a.served, a.usage) ? 1 : 0;
  const PicoUsd booked = cost_by(entry, reading);
  cost += booked;
  cached += taken_off(entry);
  other += cost_by(entry, reading == price::Reading::ranked ? price::Reading::other : price::Reading::ranked);
  if (entry.content) {
    storage += booked;
  } else if (entry.booking == Booking::paid_twice) {
    paid_twice += booked;
  } else {
    ++kept;
    list += a.list;
  }
}

std::optional<SumBy> sum_by_of(std::string_view name) {
  for (const SumBy by : {SumBy::key, SumBy::job, SumBy::model, SumBy::lane, SumBy::day})
    if (name == name_of(by)) return by;
  return std::nullopt;
}

std::string_view name_of(SumBy by) {
  switch (by) {
    case SumBy::key:
      return "key";
    case SumBy::job:
      return "job";
    case SumBy::model:
      return "model";
    case SumBy::lane:
      return "lane";
    case SumBy::day:
      break;
  }
  return "day";
}

std::string group_of(SumBy by, const LedgerEntry& entry) {
  switch (by) {
    case SumBy::key:
      return entry.batch->provider + ' ' +
             (entry.batch->account.empty() ? "unknown" : entry.batch->account);
    case SumBy::job:
      return entry.job.hex();
    case SumBy::model:
      return entry.batch->provider + '/' + entry.batch->model;
    case SumBy::lane:
      return std::string(entry.lane());
    case SumBy::day:
      break;
  }
  const Time at = entry.attempt->at.ms != 0 ? entry.attempt->at : entry.batch->created;
  return rfc3339(at).substr(0, 10);
}

}  // namespace twolane::patient

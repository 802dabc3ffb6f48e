// Attempts come from the store in pages, by batch; the batch is looked up when it changes.
#include "patient/ledger.h"

#include "price/price.h"

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

Status each_of_job(store::Store& store, JobId id, const Job* job,
                   const std::function<Status(const LedgerEntry&)>& take) {
  std::optional<Batch> batch;
  for (int64_t from = 0;; from += page) {
    const auto attempts = TRY(store.ledger(id, from, page));
    for (const Attempt& attempt : attempts) {
      const auto booking = booking_of(attempt);
      if (!booking) continue;
      if (!batch || batch->id != attempt.key.batch) batch = TRY(store.batch(attempt.key.batch));
      if (!batch)
        return fail("store.corrupt", "the store is damaged", "an attempt without a batch");
      CHECKED(take({id, job, &*batch, &attempt, *booking}));
    }
    if (static_cast<int64_t>(attempts.size()) < page) return {};
  }
}

// What the same tokens would have cost had nothing been cached, less what they did cost.
PicoUsd taken_off(const LedgerEntry& entry) {
  const Usage& u = entry.attempt->usage;
  if (u.cache_read + u.cache_write_5m + u.cache_write_1h == 0) return {};
  Usage fresh;
  fresh.fresh = u.input();
  fresh.output = u.output;
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
    case Booking::reserved:
      break;
  }
  return "reserved";
}

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

void LedgerSum::add(const LedgerEntry& entry) {
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
  cost += a.cost;
  cached += taken_off(entry);
  if (entry.booking == Booking::paid_twice) {
    paid_twice += a.cost;
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
      return std::string(name_of(entry.tier()));
    case SumBy::day:
      break;
  }
  const Time at = entry.attempt->at.ms != 0 ? entry.attempt->at : entry.batch->created;
  return rfc3339(at).substr(0, 10);
}

}  // namespace twolane::patient

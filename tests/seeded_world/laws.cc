#include "laws.h"

#include <algorithm>
#include <array>
#include <map>

#include "base/money.h"
#include "dialect/batch_api.h"

namespace twolane::seeded {
namespace {

using Charges = std::map<std::string, sim::LedgerLine>;  // by provider and response id

class Audit {
 public:
  Audit(const Laws& laws, Tally& tally) : laws_(laws), tally_(tally) {}

  void requests_of(const Job& job);
  void read_charges();
  void ledger_of(const Job& job);
  void order_of(const Job& job, const std::map<int64_t, Time>& bought, const std::map<int64_t, Time>& answered);
  void fees();
  void unheard();
  std::vector<std::string> take() { return std::move(broken_); }

 private:
  void broken(std::string law) { broken_.push_back(std::move(law)); }
  void booked(const Batch& batch, const Attempt& attempt, const std::string& custom_id);
  void contents_of(const Job& job, Totals& sums);
  void compare(const Job& job, const Totals& sums);
  void fee(const CachedContent& content);
  void cover(const CachedContent& content);

  const Laws& laws_;
  Tally& tally_;
  Charges charges_;
  std::set<std::string> uncovered_;  // charges that no line of the ledger accounts for so far
  std::map<std::string, PicoUsd> unconfirmed_;  // of attempts in batches, by provider and custom_id
  PicoUsd unconfirmed_live_;
  std::vector<CachedContent> contents_;
  std::vector<std::string> broken_;
};

void Audit::requests_of(const Job& job) {
  std::array<int64_t, request_state_count> counts{};
  int64_t expected = 0, from = 0;
  for (;;) {
    auto rows = laws_.store.outcomes(job.id, from, 1000);
    if (!rows) return broken("outcomes cannot be read: " + rows.error().message);
    if (rows->empty()) break;
    for (const store::OutcomeRow& row : *rows) {
      if (row.index != expected++) broken("request " + std::to_string(expected - 1) + " has no row");
      ++counts[static_cast<size_t>(row.state)];
      if (row.state == RequestState::succeeded && row.result.length == 0) broken("an answer without bytes");
    }
    from = rows->back().index + 1;
  }
  if (expected != job.requests) broken("requests are missing: " + std::to_string(expected));
  if (counts != job.totals.requests) broken("counts shown are not the counts of the rows");
  tally_.requests += static_cast<int>(expected);
  tally_.answered += static_cast<int>(job.totals.of(RequestState::succeeded));
  tally_.failed += static_cast<int>(job.totals.of(RequestState::failed));
  const bool capped = job.trouble.find("money.cap") != std::string::npos;
  if (job.totals.unfinished() > 0) {
    ++tally_.unfinished_jobs;
    if (laws_.all_done && !capped) broken("a finished job has unfinished requests");
    if (!laws_.all_done && !capped) broken("a job was not finished within seven days: " + job.id.hex());
  }
  if (job.cap && job.totals.cost + job.totals.unconfirmed > *job.cap) broken("the cap was exceeded");
}

void Audit::read_charges() {
  std::map<std::string, std::string> batch_of;  // custom_id -> provider batch
  // Later than any cached content can last: what was left behind has its fee by then.
  const Time at = laws_.all_done ? laws_.now + hours(40) : laws_.now;
  laws_.providers.each_charge(at, [&](const sim::LedgerLine& line) {
    ++tally_.charges;
    const std::string id = line.provider + " " + line.response_id;
    if (!charges_.emplace(id, line).second) broken("the simulator charged " + line.response_id + " twice");
    uncovered_.insert(id);
    if (line.custom_id.empty()) return;
    auto [other, fresh] = batch_of.emplace(line.provider + " " + line.custom_id, line.batch);
    if (!fresh && other->second != line.batch)
      broken("request " + line.custom_id + " was submitted twice: " + other->second + " and " + line.batch);
  });
}

// Every booked entry is one charge of the provider, with its amount.
void Audit::booked(const Batch& batch, const Attempt& attempt, const std::string& custom_id) {
  const std::string id = batch.provider + " " + attempt.response_id;
  const auto charge = charges_.find(id);
  if (charge == charges_.end()) return broken("booked, but never charged: " + id);
  const sim::LedgerLine& line = charge->second;
  if (uncovered_.erase(id) == 0) broken("booked twice: " + id);
  if (PicoUsd{line.pico_usd} != attempt.cost)
    broken("booked " + exact_usd(attempt.cost) + ", charged " + line.usd + " for " + id + " " + line.model + " " +
           line.tier + " " + line.usage);
  if (batch.tier == ServiceTier::batch && line.custom_id != custom_id)
    broken("a stranger's result was taken: " + line.custom_id + " for " + custom_id);
}

void Audit::ledger_of(const Job& job) {
  Totals sums;
  std::map<int64_t, int> kept;
  std::map<int64_t, Time> bought, answered;  // first, and when its answer came
  std::map<BatchId, Batch> batches;
  auto theirs = laws_.store.batches_of(job.id);
  if (!theirs) return broken("batches cannot be read");
  for (Batch& b : *theirs) batches.emplace(b.id, std::move(b));
  tally_.batches += static_cast<int>(batches.size());
  for (int64_t from = 0;;) {
    auto some = laws_.store.ledger(job.id, from, 1000);
    if (!some) return broken("the ledger cannot be read: " + some.error().message);
    if (some->empty()) break;
    from += static_cast<int64_t>(some->size());
    for (const Attempt& a : *some) {
      const Batch& batch = batches.at(a.key.batch);
      const std::string custom_id = dialect::custom_id_of(batch.id.hex(), a.key.position);
      if (a.state == AttemptState::answered) ++kept[a.index], answered[a.index] = a.at;
      if (batch.tier == ServiceTier::flex && batch.promotion) {
        tally_.flex += a.state == AttemptState::answered;
        tally_.shed += a.state == AttemptState::refused;
      }
      const auto [first, fresh] = bought.try_emplace(a.index, batch.created);
      if (!fresh) first->second = std::min(first->second, batch.created);
      const auto cut = laws_.cut.find({job.id, a.index});
      if (cut != laws_.cut.end() && batch.created > cut->second)
        broken("request " + std::to_string(a.index) + " was bought after it was cancelled");
      if (a.charged) {
        sums.cost += a.cost;
        if (a.state != AttemptState::answered) sums.paid_twice += a.cost, ++tally_.paid_twice;
        booked(batch, a, custom_id);
      } else if (a.state == AttemptState::unconfirmed || a.state == AttemptState::running) {
        (a.state == AttemptState::running ? sums.reserved : sums.unconfirmed) += a.reserve;
        if (batch.tier == ServiceTier::batch) unconfirmed_[batch.provider + " " + custom_id] = a.reserve;
        else unconfirmed_live_ += a.reserve;
      }
    }
  }
  for (const auto& [index, n] : kept)
    if (n != 1) broken("request " + std::to_string(index) + " has " + std::to_string(n) + " kept answers");
  if (static_cast<int64_t>(kept.size()) != job.totals.of(RequestState::succeeded))
    broken("answers kept are not the requests that succeeded");
  order_of(job, bought, answered);
  contents_of(job, sums);
  compare(job, sums);
}

// Nothing is bought before the answers that it comes after, and nothing waits for what will never come.
void Audit::order_of(const Job& job, const std::map<int64_t, Time>& bought, const std::map<int64_t, Time>& answered) {
  auto needs = laws_.store.needs(job.id, 0, job.requests);
  if (!needs) return broken("what requests come after cannot be read");
  for (const store::NeededAnswer& n : *needs) {
    const std::string who = "request " + std::to_string(n.need.index) + " after " + std::to_string(n.need.needed);
    const auto waiting = laws_.store.request(job.id, n.need.index);
    if (waiting && *waiting && (*waiting)->state == RequestState::waiting && is_final(n.state) && n.state != RequestState::succeeded)
      broken(who + " waits in vain");
    const auto its = bought.find(n.need.index);
    if (its == bought.end()) continue;
    const auto answer = answered.find(n.need.needed);
    if (answer == answered.end() || answer->second > its->second) broken(who + " was bought before that answer");
    else ++tally_.followed;
  }
}

void Audit::contents_of(const Job& job, Totals& sums) {
  auto kept = laws_.store.contents_of(job.id);
  if (!kept) return broken("cached contents cannot be read");
  for (CachedContent& c : *kept) {
    sums.cost += c.cost;
    sums.storage += c.cost;
    if (!is_final(c.state)) sums.reserved += c.reserve;
    if (c.state == ContentState::unconfirmed) sums.unconfirmed += c.reserve;
    contents_.push_back(std::move(c));
  }
}

void Audit::compare(const Job& job, const Totals& sums) {
  if (sums.cost != job.totals.cost) broken("the cost shown is not the sum of the ledger");
  if (sums.storage != job.totals.storage) broken("the storage shown is not the sum of its contents");
  if (sums.paid_twice != job.totals.paid_twice) broken("what was paid twice is not the sum of its lines");
  if (sums.unconfirmed != job.totals.unconfirmed) broken("what is unconfirmed is not the sum of its lines");
  if (sums.reserved != job.totals.reserved) broken("what is reserved is not the sum of its lines");
}

// Every fee is booked under its content's name with its amount, or below what a content whose end nobody
// heard may cost.
void Audit::fees() {
  for (const CachedContent& c : contents_) {
    ++tally_.contents;
    if (laws_.all_done && !is_final(c.state)) broken("a content is kept for nobody: " + c.name);
    if (c.state == ContentState::billed) fee(c);
  }
  for (const CachedContent& c : contents_)
    if (c.state != ContentState::billed && c.state != ContentState::absent) cover(c);
}

void Audit::fee(const CachedContent& content) {
  const auto charge = charges_.find("gemini " + content.name);
  if (charge == charges_.end() || uncovered_.erase(charge->first) == 0)
    return broken("a fee was booked, but never charged: " + content.name);
  const PicoUsd charged{charge->second.pico_usd};
  // Between the move of a deleted content's expiry and that expiry lies what nobody could hear.
  if (charged == content.cost || (laws_.deleted.contains(content.name) && charged < content.cost)) return;
  broken("booked " + exact_usd(content.cost) + ", charged " + charge->second.usd + " for " + content.name);
}

void Audit::cover(const CachedContent& content) {
  const auto found = std::find_if(uncovered_.begin(), uncovered_.end(), [&](const std::string& id) {
    const sim::LedgerLine& line = charges_.at(id);
    return line.tier == "storage" && (content.name.empty() || line.response_id == content.name) &&
           PicoUsd{line.pico_usd} <= content.reserve;
  });
  if (found != uncovered_.end()) uncovered_.erase(found);
}

// What was charged and never booked is covered by attempts that are shown as unconfirmed.
void Audit::unheard() {
  PicoUsd live;
  for (const std::string& id : uncovered_) {
    ++tally_.unheard;
    const sim::LedgerLine& line = charges_.at(id);
    if (line.tier == "storage") {
      broken("a content was kept, its fee never booked, and not shown as unconfirmed: " + id);
    } else if (line.custom_id.empty()) {
      live += PicoUsd{line.pico_usd};
    } else if (const auto cover = unconfirmed_.find(line.provider + " " + line.custom_id); cover == unconfirmed_.end()) {
      broken("charged, never booked, and not shown as unconfirmed: " + id + " for " + line.custom_id);
    } else if (cover->second < PicoUsd{line.pico_usd}) {
      broken("an unconfirmed attempt is bounded below its charge: " + id);
    }
  }
  if (live > unconfirmed_live_) broken("live charges that were never heard exceed what is unconfirmed");
}

}  // namespace

std::vector<std::string> Laws::broken_by(const std::vector<Job>& jobs, Tally& tally) const {
  Audit audit(*this, tally);
  audit.read_charges();
  for (const Job& job : jobs) {
    audit.requests_of(job);
    audit.ledger_of(job);
  }
  audit.fees();
  audit.unheard();
  return audit.take();
}

}  // namespace twolane::seeded

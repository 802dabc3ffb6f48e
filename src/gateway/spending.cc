// What keys have spent, over restarts.
#include "gateway/spending.h"

#include "wire/json.h"

namespace twolane::gateway {
namespace {

using wire::Json;

PicoUsd usd_at(const Json& json, const char* key) {
  const auto usd = parse_usd(wire::string_at(json, key));
  return usd ? *usd : PicoUsd{};
}

}  // namespace

std::map<std::string, Key::Spent> spent_by_key(std::string_view fact) {
  std::map<std::string, Key::Spent> spent;
  const auto saved = wire::parse_json(fact);
  const Json* keys = saved ? wire::find(*saved, "keys") : nullptr;
  if (!keys || !keys->is_object()) return spent;
  for (const auto& [hash, s] : keys->items())
    spent[hash] = {wire::int_at(s, "day"), wire::int_at(s, "month"), usd_at(s, "today_usd"), usd_at(s, "month_usd")};
  return spent;
}

Status Spending::load(Time now) {
  const std::string text = TRY(store_.recall(fact));
  if (text.empty()) {  // never written: what there is from before is nobody's spending
    written_at_ = now;
    return store_.remember(fact, wire::dump(Json{{"at_ms", now.ms}}));
  }
  const Json saved = TRY(wire::parse_json(text));
  written_at_.ms = wire::int_at(saved, "at_ms");
  if (const Json* jobs = wire::find(saved, "jobs"); jobs && jobs->is_object())
    for (const auto& [name, counted] : jobs->items())
      if (const auto id = JobId::from_hex(name); id && counted.is_string())
        counted_[*id] = parse_usd(counted.get<std::string>()).value_or(PicoUsd{});
  const auto spent = spent_by_key(text);
  for (const auto& key : keys_.all())
    if (const auto found = spent.find(key->rules.hash); found != spent.end()) key->restore(found->second);
  return {};
}

// A job that is not in what was written was either accepted later, and nothing of it is counted, or had
// cost all that it would and was counted whole.
Status Spending::watch(JobId id, std::string_view owner) {
  if (owner.empty()) return {};
  const auto job = TRY(store_.job(id));
  if (!job) return {};
  const auto known = counted_.find(id);
  const bool counted_whole = known == counted_.end() && job->accepted < written_at_;
  if (counted_whole && job->finished.ms != 0) return {};
  const PicoUsd counted = counted_whole ? job->totals.cost : known != counted_.end() ? known->second : PicoUsd{};
  jobs_.insert_or_assign(id, Watched{std::string(owner), counted, {}});
  return {};
}

Status Spending::watch_again(JobId id, std::string_view owner) {
  if (owner.empty() || jobs_.contains(id)) return {};
  if (const auto job = TRY(store_.job(id))) jobs_.emplace(id, Watched{std::string(owner), job->totals.cost, {}});
  return {};
}

std::shared_ptr<Key> Spending::key_of(std::string_view owner) {
  for (auto& key : keys_.all())
    if (key->rules.name == owner) return key;
  return nullptr;
}

Json Spending::state() const {
  Json keys = Json::object(), jobs = Json::object();
  for (const auto& key : keys_.all()) {
    const Key::Spent s = key->spent();
    if (s.month_usd.n == 0) continue;
    keys[key->rules.hash] = {{"day", s.day},
                             {"month", s.month},
                             {"today_usd", exact_usd(s.today_usd)},
                             {"month_usd", exact_usd(s.month_usd)}};
  }
  for (const auto& [id, watched] : jobs_) jobs[id.hex()] = exact_usd(watched.counted);
  return {{"keys", std::move(keys)}, {"jobs", std::move(jobs)}};
}

Status Spending::look(Time now, Time real) {
  for (auto it = jobs_.begin(); it != jobs_.end();) {
    auto& [id, watched] = *it;
    const auto job = TRY(store_.job(id));
    const PicoUsd cost = job ? job->totals.cost : watched.counted;
    if (cost != watched.counted)
      if (const auto key = key_of(watched.owner)) key->used(real, 0, cost - watched.counted);
    watched.counted = cost;
    watched.reserved = job ? job->totals.reserved + job->totals.unconfirmed : PicoUsd{};
    // An attempt that is running may still be billed when the job has all its answers.
    const bool over = !job || (job->finished.ms != 0 && job->totals.reserved.n == 0);
    it = over ? jobs_.erase(it) : std::next(it);
  }
  Json out = state();
  std::string text = wire::dump(out);
  if (text == written_) return {};
  out["at_ms"] = now.ms;
  CHECKED(store_.remember(fact, wire::dump(out)));
  written_ = std::move(text);
  return {};
}

std::optional<PicoUsd> Spending::left(std::string_view owner, Time real) {
  const auto key = key_of(owner);
  auto left = key ? key->left(real) : std::nullopt;
  if (!left) return std::nullopt;
  for (const auto& [id, watched] : jobs_)
    if (watched.owner == owner) *left = *left - watched.reserved;
  return left->n > 0 ? *left : PicoUsd{};
}

}  // namespace twolane::gateway

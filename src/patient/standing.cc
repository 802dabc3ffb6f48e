#include "patient/standing.h"

#include "wire/json.h"

namespace twolane::patient {
namespace {

using wire::Json;

std::string terms_fact(JobId job) { return "terms." + job.hex(); }
std::string cut_fact(JobId job) { return "cut." + job.hex(); }
std::string standing_fact(JobId job) { return "standing." + job.hex(); }

double number_at(const Json& json, const char* key, double otherwise) {
  const Json* n = wire::find(json, key);
  return n && n->is_number() ? n->get<double>() : otherwise;
}

bool truth_at(const Json& json, const char* key) {
  const Json* b = wire::find(json, key);
  return b && b->is_boolean() && b->get<bool>();
}

Time time_at(const Json& json, const char* key) { return {wire::int_at(json, key)}; }

std::vector<Time> times_at(const Json& json, const char* key) {
  std::vector<Time> times;
  if (const Json* all = wire::find(json, key); all && all->is_array())
    for (const Json& at : *all)
      if (at.is_number_integer()) times.push_back({at.get<int64_t>()});
  return times;
}

Json shown(Time at) { return at.ms == 0 ? Json(nullptr) : Json(rfc3339(at)); }

std::optional<plan::Verdict::Kind> kind_of(std::string_view name) {
  using Kind = plan::Verdict::Kind;
  for (const Kind kind : {Kind::accepted, Kind::at_risk, Kind::cannot})
    if (name_of(kind) == name) return kind;
  return std::nullopt;
}

Json json_of(const Standing& s) {
  Json out = {{"rush", s.rush}, {"restarts", s.restarts}, {"deadline", s.deadline.ms}, {"kept", s.kept},
              {"takeover", s.takeover.ms}};
  Json returned = Json::array();
  for (const Time at : s.returned) returned.push_back(at.ms);
  out["returned"] = std::move(returned);
  for (const Time at : s.opened) out["opened"].push_back(at.ms);
  if (s.promise)
    out["promise"] = {{"kind", name_of(s.promise->kind)}, {"on_time", s.promise->on_time}, {"earliest", s.promise->earliest.ms}};
  if (s.miss) out["miss"] = {{"at", s.miss->at.ms}, {"finish", s.miss->finish.ms}, {"probability", s.miss->probability}};
  return out;
}

}  // namespace

Status remember(store::Store& store, JobId job, const Terms& t) {
  return store.remember(terms_fact(job), wire::dump({{"owner", t.owner}, {"weight", t.weight}, {"on_time", t.on_time}, {"steps_after", t.steps_after}}));
}

Result<Terms> recall_terms(store::Store& store, JobId job) {
  const std::string text = TRY(store.recall(terms_fact(job)));
  const auto json = wire::parse_json(text);
  Terms t;
  if (!json) return t;
  t.owner = wire::string_at(*json, "owner");
  t.weight = number_at(*json, "weight", t.weight);
  t.on_time = number_at(*json, "on_time", t.on_time);
  t.steps_after = static_cast<int32_t>(wire::int_at(*json, "steps_after"));
  return t;
}

Status remember(store::Store& store, JobId job, const Standing& standing) {
  return store.remember(standing_fact(job), wire::dump(json_of(standing)));
}

Result<Standing> recall_standing(store::Store& store, JobId job) {
  const std::string text = TRY(store.recall(standing_fact(job)));
  const auto json = wire::parse_json(text);
  Standing s;
  if (!json) return s;
  s.rush = truth_at(*json, "rush");
  s.restarts = static_cast<int32_t>(wire::int_at(*json, "restarts"));
  s.deadline = time_at(*json, "deadline");
  s.kept = truth_at(*json, "kept");
  s.takeover = time_at(*json, "takeover");
  s.returned = times_at(*json, "returned");
  s.opened = times_at(*json, "opened");
  if (const Json* promise = wire::find(*json, "promise"))
    if (const auto kind = kind_of(wire::string_at(*promise, "kind")))
      s.promise = {*kind, number_at(*promise, "on_time", 1), time_at(*promise, "earliest")};
  if (const Json* miss = wire::find(*json, "miss"))
    s.miss = {time_at(*miss, "at"), time_at(*miss, "finish"), number_at(*miss, "probability", 1)};
  return s;
}

Status remember_cut(store::Store& store, JobId job, const IndexRanges& cut) {
  return store.remember(cut_fact(job), cut.text());
}

Result<IndexRanges> recall_cut(store::Store& store, JobId job) {
  auto cut = IndexRanges::parse(TRY(store.recall(cut_fact(job))));
  if (!cut) return fail("store.corrupt", "what was cancelled of job " + job.hex() + " cannot be read");
  return std::move(*cut);
}

Json promise_json(const std::optional<plan::Verdict>& promise) {
  if (!promise) return nullptr;
  return {{"verdict", name_of(promise->kind)}, {"on_time", promise->on_time}, {"earliest", shown(promise->earliest)}};
}

Json miss_json(const std::optional<Miss>& miss) {
  if (!miss) return nullptr;
  return {{"at", shown(miss->at)}, {"finish", shown(miss->finish)}, {"probability", miss->probability}};
}

std::optional<plan::Verdict> promise_of(const Json& json) {
  const auto kind = kind_of(wire::string_at(json, "verdict"));
  if (!kind) return std::nullopt;
  return plan::Verdict{*kind, number_at(json, "on_time", 1), parse_rfc3339(wire::string_at(json, "earliest")).value_or(Time{})};
}

std::optional<Miss> miss_of(const Json& json) {
  const auto at = parse_rfc3339(wire::string_at(json, "at"));
  if (!at) return std::nullopt;
  return Miss{*at, parse_rfc3339(wire::string_at(json, "finish")).value_or(Time{}), number_at(json, "probability", 1)};
}

uint32_t tenant_of(const std::string& owner) {
  uint32_t hash = 0x811C9DC5u;  // FNV-1a
  for (const char c : owner) hash = (hash ^ static_cast<unsigned char>(c)) * 0x01000193u;
  return hash;
}

}  // namespace twolane::patient

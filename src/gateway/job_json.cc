// Jobs as /twolane/v1/jobs tells of them.
#include "gateway/job_json.h"

#include <algorithm>
#include <array>

#include "patient/trouble.h"

namespace twolane::gateway {
namespace {

using wire::Json;

constexpr std::array<std::string_view, 5> job_states = {"running", "paused", "done", "cancelling", "cancelled"};

Json time_json(Time t) { return t.ms == 0 ? Json(nullptr) : Json(rfc3339(t)); }

Time time_at(const Json& json, const char* key) { return parse_rfc3339(wire::string_at(json, key)).value_or(Time{}); }

PicoUsd usd_at(const Json& json, const char* key) {
  const auto usd = parse_usd(wire::string_at(json, key));
  return usd ? *usd : PicoUsd{};
}

bool true_at(const Json& json, const char* key) {
  const Json* member = wire::find(json, key);
  return member && *member == true;
}

// The value of an enumeration of `count` values that is called so.
template <class Enum>
Enum named(std::string_view name, int count, Enum otherwise) {
  for (int i = 0; i < count; ++i)
    if (name_of(static_cast<Enum>(i)) == name) return static_cast<Enum>(i);
  return otherwise;
}

Json totals_json(const Totals& t) {
  Json counts = Json::object(), lanes = Json::object();
  for (int i = 0; i < request_state_count; ++i)
    counts[std::string(name_of(static_cast<RequestState>(i)))] = t.requests[static_cast<size_t>(i)];
  for (size_t i = 0; i < t.lanes.size(); ++i)
    if (t.lanes[i].requests > 0)
      lanes[std::string(name_of(static_cast<ServiceTier>(i)))] = {{"requests", t.lanes[i].requests},
                                                                  {"cost_usd", exact_usd(t.lanes[i].cost)},
                                                                  {"list_cost_usd", exact_usd(t.lanes[i].list)}};
  return {{"counts", std::move(counts)},
          {"lanes", std::move(lanes)},
          {"promoted", t.promoted},
          {"late", t.late},
          {"input_tokens", t.input_tokens},
          {"cached_tokens", t.cached_tokens},
          {"output_tokens", t.output_tokens},
          {"cost_usd", exact_usd(t.cost)},
          {"paid_twice_usd", exact_usd(t.paid_twice)},
          {"storage_usd", exact_usd(t.storage)},
          {"reserved_usd", exact_usd(t.reserved)},
          {"unconfirmed_usd", exact_usd(t.unconfirmed)}};
}

Totals totals_of(const Json& json) {
  Totals t;
  if (const Json* counts = wire::find(json, "counts"))
    for (int i = 0; i < request_state_count; ++i)
      t.requests[static_cast<size_t>(i)] = wire::int_at(*counts, name_of(static_cast<RequestState>(i)));
  if (const Json* lanes = wire::find(json, "lanes"))
    for (size_t i = 0; i < t.lanes.size(); ++i)
      if (const Json* lane = wire::find(*lanes, name_of(static_cast<ServiceTier>(i))))
        t.lanes[i] = {wire::int_at(*lane, "requests"), usd_at(*lane, "cost_usd"), usd_at(*lane, "list_cost_usd")};
  t.promoted = wire::int_at(json, "promoted");
  t.late = wire::int_at(json, "late");
  t.input_tokens = wire::int_at(json, "input_tokens");
  t.cached_tokens = wire::int_at(json, "cached_tokens");
  t.output_tokens = wire::int_at(json, "output_tokens");
  t.cost = usd_at(json, "cost_usd");
  t.paid_twice = usd_at(json, "paid_twice_usd");
  t.storage = usd_at(json, "storage_usd");
  t.reserved = usd_at(json, "reserved_usd");
  t.unconfirmed = usd_at(json, "unconfirmed_usd");
  return t;
}

Json batch_json(const Batch& b) {
  return {{"provider", b.provider},
          {"id", b.provider_id},
          {"model", b.model},
          {"tier", name_of(b.tier)},
          {"state", name_of(b.state)},
          {"cancel_asked_at", time_json(b.cancel_asked)},
          {"requests", b.requests},
          {"created_at", time_json(b.created)},
          {"sent_at", time_json(b.sent)},
          {"ended_at", time_json(b.ended)},
          {"provider_state", b.said},
          {"provider_done", b.said_done}};
}

Batch batch_of(const Json& json) {
  Batch b;
  b.provider = wire::string_at(json, "provider");
  b.provider_id = wire::string_at(json, "id");
  b.model = wire::string_at(json, "model");
  b.tier = named(wire::string_at(json, "tier"), 5, ServiceTier::batch);
  b.state = named(wire::string_at(json, "state"), batch_state_count, BatchState::planned);
  b.cancel_asked = time_at(json, "cancel_asked_at");
  b.requests = wire::int_at(json, "requests");
  b.created = time_at(json, "created_at");
  b.sent = time_at(json, "sent_at");
  b.ended = time_at(json, "ended_at");
  b.said = wire::string_at(json, "provider_state");
  b.said_done = wire::int_at(json, "provider_done", -1);
  return b;
}

Json cause_json(const patient::Cause& c) {
  return {{"code", c.code},
          {"message", c.message},
          {"count", c.count},
          {"first_line", c.first_line},
          {"retry_may_help", c.retry_may_help}};
}

patient::Cause cause_of(const Json& json) {
  return {std::string(wire::string_at(json, "code")), std::string(wire::string_at(json, "message")),
          wire::int_at(json, "count"), wire::int_at(json, "first_line"), true_at(json, "retry_may_help")};
}

Job job_of(const Json& json, JobId id) {
  Job job;
  job.id = id;
  job.input_name = wire::string_at(json, "input");
  job.accepted = time_at(json, "accepted_at");
  job.deadline = time_at(json, "deadline");
  job.kept = true_at(json, "kept");
  if (!wire::string_at(json, "cap_usd").empty()) job.cap = usd_at(json, "cap_usd");
  const auto state = std::ranges::find(job_states, wire::string_at(json, "state"));
  if (state != job_states.end()) job.state = static_cast<JobState>(state - job_states.begin());
  job.finished = time_at(json, "finished_at");
  job.last_answer = time_at(json, "last_answer_at");
  job.requests = wire::int_at(json, "requests");
  if (const Json* held = wire::find(json, "held"); held && held->is_object()) job.trouble = wire::dump(*held);
  job.totals = totals_of(json);
  return job;
}

}  // namespace

Json job_to_json(const Job& job, Time now) {
  Json out = {{"object", "twolane.job"},
              {"id", job.id.hex()},
              {"input", job.input_name},
              {"state", job_states[static_cast<size_t>(job.state)]},
              {"accepted_at", rfc3339(job.accepted)},
              {"deadline", rfc3339(job.deadline)},
              {"kept", job.kept},
              {"cap_usd", job.cap ? Json(exact_usd(*job.cap)) : Json(nullptr)},
              {"finished_at", time_json(job.finished)},
              {"last_answer_at", time_json(job.last_answer)},
              {"requests", job.requests}};
  out.update(totals_json(job.totals));
  out["held"] = job.trouble.empty() ? Json(nullptr) : wire::parse_json(job.trouble).value_or(Json(nullptr));
  out["now"] = rfc3339(now);
  return out;
}

Json summary_to_json(const JobView& view) {
  Json out = job_to_json(view.job, view.now);
  out["promise"] = patient::promise_json(view.promise);
  out["miss_foreseen"] = patient::miss_json(view.miss);
  out["takeover_at"] = time_json(view.takeover);
  out["cut"] = view.cut;
  return out;
}

Json view_to_json(const JobView& view) {
  Json out = summary_to_json(view);
  Json batches = Json::array(), causes = Json::array();
  for (const Batch& b : view.batches) batches.push_back(batch_json(b));
  for (const auto& c : view.causes) causes.push_back(cause_json(c));
  out["batches"] = std::move(batches);
  out["failures"] = std::move(causes);
  return out;
}

Result<JobView> view_from_json(const Json& json) {
  const auto id = JobId::from_hex(wire::string_at(json, "id"));
  if (!id || wire::string_at(json, "object") != "twolane.job")
    return fail("server.answer", "the server's answer is no job", "another version, or not twolane serve");
  JobView view;
  view.job = job_of(json, *id);
  view.now = time_at(json, "now");
  view.takeover = time_at(json, "takeover_at");
  view.cut = wire::int_at(json, "cut");
  if (const Json* promise = wire::find(json, "promise")) view.promise = patient::promise_of(*promise);
  if (const Json* miss = wire::find(json, "miss_foreseen")) view.miss = patient::miss_of(*miss);
  if (const Json* batches = wire::find(json, "batches"); batches && batches->is_array())
    for (const Json& one : *batches) view.batches.push_back(batch_of(one));
  if (const Json* causes = wire::find(json, "failures"); causes && causes->is_array())
    for (const Json& one : *causes) view.causes.push_back(cause_of(one));
  return view;
}

wire::HttpReply job_refusal(int status, const Error& error) {
  Json inner = wire::parse_json(patient::trouble_to_json(error)).value_or(Json::object());
  inner["type"] = status < 500 ? "invalid_request_error" : "server_error";
  inner["param"] = error.where.field.empty() ? Json(nullptr) : Json(error.where.field);
  Json out;
  out["error"] = std::move(inner);
  return {status, {{"content-type", "application/json"}}, wire::Body(wire::dump(out))};
}

std::optional<Error> error_from_json(const Json& json) {
  const Json* inner = wire::find(json, "error");
  if (!inner || wire::string_at(*inner, "message").empty()) return std::nullopt;
  auto error = patient::trouble_from_json(wire::dump(*inner));
  if (error) error->where.field = wire::string_at(*inner, "param");
  return error;
}

}  // namespace twolane::gateway

// What no provider's API has: progress with lanes and costs, results with resume, and words to a
// running batch. /twolane/v1/batches/ID[/results|/cancel|/promote|/deadline].
#include <charconv>

#include "gateway/keeper.h"

namespace twolane::gateway {
namespace {

using wire::HttpReply;
using wire::Json;

Json progress_json(Keeper& keeper, const Object& b, const Job& job) {
  const Totals& t = job.totals;
  Json lanes = Json::object();
  for (const ServiceTier tier : {ServiceTier::standard, ServiceTier::batch, ServiceTier::flex, ServiceTier::priority}) {
    const auto& lane = t.lanes[static_cast<size_t>(tier)];
    if (lane.requests > 0)
      lanes[std::string(name_of(tier))] = {
          {"requests", lane.requests}, {"cost_usd", exact_usd(lane.cost)}, {"list_cost_usd", exact_usd(lane.list)}};
  }
  const auto forecast = keeper.engine().forecast(job.id);
  const auto time = [](Time at) { return at.ms > 0 ? Json(rfc3339(at)) : Json(nullptr); };
  Json out = {{"id", b.id},
              {"job", job.id.hex()},
              {"requests", job.requests},
              {"succeeded", t.of(RequestState::succeeded)},
              {"failed", t.of(RequestState::failed)},
              {"expired", t.of(RequestState::expired)},
              {"cancelled", t.of(RequestState::cancelled)},
              {"open", t.unfinished()},
              {"waiting", t.of(RequestState::waiting)},
              {"promoted", t.promoted},
              {"late", t.late},
              {"deadline", rfc3339(job.deadline)},
              {"kept", job.kept},
              {"finished_at", time(job.finished)},
              {"expected_at", time(forecast.finish)},
              {"takeover_at", time(forecast.takeover)},
              {"promise", patient::promise_json(forecast.promise)},
              {"miss_foreseen", forecast.miss.has_value()},
              {"miss", patient::miss_json(forecast.miss)},
              {"lanes", std::move(lanes)},
              {"cost_usd", exact_usd(t.cost)},
              {"paid_twice_usd", exact_usd(t.paid_twice)},
              {"reserved_usd", exact_usd(t.reserved)},
              {"unconfirmed_usd", exact_usd(t.unconfirmed)}};
  if (const auto held = keeper.engine().held(job.id)) out["held"] = held->message;
  return out;
}

Object* batch_of(Keeper& keeper, const Ask& ask, std::string_view id) {
  for (const Dialect door : {Dialect::openai, Dialect::anthropic, Dialect::gemini})
    if (Object* b = keeper.shelf().find(Object::Kind::batch, door, ask.owner(), id)) return b;
  return nullptr;
}

HttpReply results(Keeper& keeper, const Ask& ask, const Object& batch) {
  int64_t skip = 0;
  const auto text = asked(ask.door.query, "offset");
  std::from_chars(text.data(), text.data() + text.size(), skip);
  auto lines = keeper.results(batch, true, true, std::max<int64_t>(0, skip));
  if (!lines) return defect(ask, lines.error());
  return {200, {{"content-type", "application/x-jsonl"}}, std::move(*lines)};
}

}  // namespace

HttpReply own_objects(Keeper& keeper, Ask& ask) {
  std::string_view rest = ask.door.rest;
  if (rest.starts_with("/tickets/")) return ticket_objects(keeper, ask, rest.substr(9));
  if (rest == "/jobs" || rest.starts_with("/jobs/")) return job_objects(keeper, ask, rest.substr(5));
  if (rest == "/findings") return findings_object(keeper, ask);
  if (!rest.starts_with("/batches/")) return no_such(ask, "There is nothing here.");
  rest.remove_prefix(9);
  const size_t slash = std::min(rest.find('/'), rest.size());
  const std::string_view verb = rest.substr(slash);
  Object* batch = batch_of(keeper, ask, rest.substr(0, slash));
  const auto job = batch ? keeper.job_of(*batch) : std::nullopt;
  if (!job) return no_such(ask, "There is no such batch.");
  if (verb == "/results" && ask.method == "GET") {
    if (!keeper.has_results(*batch)) return no_such(ask, "The results of this batch are not kept any more.");
    return results(keeper, ask, *batch);
  }
  if (ask.method == "POST" && (verb == "/cancel" || verb == "/promote" || verb == "/deadline")) {
    const auto word = word_of(keeper, ask, *job, verb.substr(1));
    if (!word) return job_refused(ask, word.error());
    if (const Status done = keeper.obey(*word); !done) return job_refused(ask, done.error());
  } else if (!verb.empty() || ask.method != "GET") {
    return no_such(ask, "There is nothing here.");
  }
  const auto now = keeper.job_of(*batch);
  return json_reply(progress_json(keeper, *batch, now ? *now : *job));
}

}  // namespace twolane::gateway

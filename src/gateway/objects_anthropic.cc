// Message batches as Anthropic has them.
#include <algorithm>
#include <charconv>

#include "gateway/keeper.h"

namespace twolane::gateway {
namespace {

using wire::HttpReply;
using wire::Json;

// Timestamps have a fraction always.
std::string stamp(Time t) {
  std::string text = rfc3339(t);
  text.insert(text.size() - 1, text.find('.') == text.npos ? ".000000" : "000");
  return text;
}

HttpReply wrong(const Ask& ask, std::string message) {
  return refuse(Dialect::anthropic, Refusal(400, std::move(message)), ask.id);
}

Json batch_json(Keeper& keeper, const Ask& ask, const Object& b) {
  const auto job = keeper.job_of(b);
  const Totals t = job ? job->totals : Totals{};
  const bool ended = t.unfinished() == 0;
  const bool cancelled = b.about.contains("cancelled_ms");
  Json out = {{"id", b.id},
              {"type", "message_batch"},
              {"processing_status", ended ? "ended" : cancelled ? "canceling" : "in_progress"},
              {"request_counts",
               {{"processing", t.unfinished()},
                {"succeeded", t.of(RequestState::succeeded)},
                {"errored", t.of(RequestState::failed)},
                {"canceled", t.of(RequestState::cancelled)},
                {"expired", t.of(RequestState::expired)}}},
              {"created_at", stamp(b.created)},
              {"expires_at", stamp(job ? job->deadline : b.created)},
              {"ended_at", nullptr},
              {"cancel_initiated_at", nullptr},
              {"archived_at", nullptr},
              {"results_url", nullptr}};
  if (cancelled) out["cancel_initiated_at"] = stamp(Time{wire::int_at(b.about, "cancelled_ms")});
  if (ended && job) out["ended_at"] = stamp(job->finished.ms > 0 ? job->finished : job->last_answer);
  if (ended && job && !keeper.has_results(b)) {
    out["archived_at"] = stamp(keeper.results_end(b));
  } else if (ended && job) {
    out["results_url"] = ask.origin + "/v1/messages/batches/" + b.id + "/results";
  }
  return out;
}

HttpReply create(Keeper& keeper, Ask& ask) {
  const std::string again(wire::header(ask.headers, "idempotency-key"));
  if (!again.empty())
    for (const Object* b : keeper.shelf().list(Object::Kind::batch, Dialect::anthropic, ask.owner()))
      if (wire::string_at(b->about, "idempotency_key") == again) return json_reply(batch_json(keeper, ask, *b));
  if (ask.body->size() > 256ll << 20)
    return refuse(Dialect::anthropic, Refusal(413, "A batch may have 256 MB."), ask.id);
  const auto deadline = asked_deadline(ask.headers, keeper.now());
  if (!deadline) return wrong(ask, deadline.error().message);
  Keeper::Order order;
  order.window = deadline->value_or(hours(24));
  order.kept = deadline->has_value();
  const auto path = ask.body->path();
  if (!path) return defect(ask, path.error());
  order.path = *path;
  order.options.format_fixed = true;
  order.options.input.format = InputFormat::anthropic_json;
  if (const Status ids = keeper.check_ids(order); !ids)
    return wrong(ask, "requests: " + ids.error().message + (ids.error().why.empty() ? "" : " (" + ids.error().why + ")"));
  order.options.skip_invalid = true;  // bad params are errored results, not a refused batch
  Object batch;
  batch.kind = Object::Kind::batch;
  batch.door = Dialect::anthropic;
  batch.id = "msgbatch_01" + keeper.fresh_id(22);
  batch.owner = ask.owner();
  batch.created = keeper.now();
  batch.about = Json::object();
  if (!again.empty()) batch.about["idempotency_key"] = again;
  const std::string id = batch.id;
  const auto accepted = keeper.accept(ask, std::move(batch), order);
  if (!accepted) {
    const Error& e = accepted.error();
    if (auto refused = refused_at_any_door(ask, e)) return std::move(*refused);
    return wrong(ask, (e.where.field.empty() ? "requests" : e.where.field) + ": " + e.message +
                          (e.why.empty() ? "" : " (" + e.why + ")"));
  }
  return json_reply(
      batch_json(keeper, ask, *keeper.shelf().find(Object::Kind::batch, Dialect::anthropic, ask.owner(), id)));
}

HttpReply list(Keeper& keeper, const Ask& ask) {
  int64_t limit = 20;
  const auto text = asked(ask.door.query, "limit");
  std::from_chars(text.data(), text.data() + text.size(), limit);
  limit = std::clamp<int64_t>(limit, 1, 1000);
  auto all = keeper.shelf().list(Object::Kind::batch, Dialect::anthropic, ask.owner());
  const auto after = asked(ask.door.query, "after_id"), before = asked(ask.door.query, "before_id");
  const auto at = [&](std::string_view id) { return std::ranges::find(all, id, [](const Object* o) { return std::string_view(o->id); }); };
  if (!before.empty()) {
    all.erase(at(before), all.end());
    if (static_cast<int64_t>(all.size()) > limit) all.erase(all.begin(), all.end() - limit);
  } else if (!after.empty()) {
    const auto it = at(after);
    all.erase(all.begin(), it == all.end() ? it : it + 1);
  }
  const bool more = static_cast<int64_t>(all.size()) > limit;
  if (more) all.resize(static_cast<size_t>(limit));
  Json data = Json::array();
  for (const Object* b : all) data.push_back(batch_json(keeper, ask, *b));
  const Json first = data.empty() ? Json(nullptr) : data.front()["id"];
  const Json last = data.empty() ? Json(nullptr) : data.back()["id"];
  return json_reply({{"data", std::move(data)}, {"has_more", more}, {"first_id", first}, {"last_id", last}});
}

}  // namespace

HttpReply anthropic_batches(Keeper& keeper, Ask& ask) {
  std::string_view rest = ask.door.rest;
  if (rest.empty()) return ask.method == "POST" ? create(keeper, ask) : list(keeper, ask);
  rest.remove_prefix(1);
  const size_t slash = std::min(rest.find('/'), rest.size());
  const std::string_view verb = rest.substr(slash);
  Object* batch = keeper.shelf().find(Object::Kind::batch, Dialect::anthropic, ask.owner(), rest.substr(0, slash));
  if (!batch) return no_such(ask, "Batch '" + std::string(rest.substr(0, std::min<size_t>(slash, 100))) + "' was not found.");
  const auto job = keeper.job_of(*batch);
  const bool ended = !job || job->totals.unfinished() == 0;
  if (verb == "/results" && ask.method == "GET") {
    if (!keeper.has_results(*batch)) return no_such(ask, "The batch is archived: its results are not available any more.");
    auto lines = keeper.results(*batch, true, true, 0);  // those that are there, also before the end
    if (!lines) return defect(ask, lines.error());
    return {200, {{"content-type", "application/x-jsonl"}}, std::move(*lines)};
  }
  if (verb == "/cancel" && ask.method == "POST") {
    if (!ended)
      if (const Status done = keeper.cancel(*batch); !done) return defect(ask, done.error());
    return json_reply(batch_json(keeper, ask, *batch));
  }
  if (!verb.empty()) return no_such(ask, "Not Found");
  if (ask.method == "DELETE") {
    if (!ended) return wrong(ask, "The batch is still in progress: cancel it first.");
    const std::string id = batch->id;
    if (const Status gone = keeper.shelf().remove(id); !gone) return defect(ask, gone.error());
    return json_reply({{"id", id}, {"type", "message_batch_deleted"}});
  }
  return json_reply(batch_json(keeper, ask, *batch));
}

}  // namespace twolane::gateway

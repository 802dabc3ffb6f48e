// Jobs of the engine by name, whichever door they came through: what `twolane jobs --server` speaks.
//
//   GET  /twolane/v1/jobs?limit=N&after=ID   newest first
//   GET  /twolane/v1/jobs/JOB                with its batches and the causes of failures
//   GET  /twolane/v1/jobs/JOB/results        lines so far, as `twolane results` writes them
//   POST /twolane/v1/jobs/JOB/VERB           cancel, retry, promote (?request=), pause, resume,
//                                            deadline (?by=), forget; cancel of some requests with a body
// JOB is any unique beginning of a name. A key sees its own jobs only.
#include <algorithm>
#include <charconv>

#include "gateway/job_json.h"
#include "gateway/keeper.h"
#include "patient/asking.h"
#include "patient/find.h"

namespace twolane::gateway {
namespace {

using wire::HttpReply;
using wire::Json;

int status_of(const Error& e) {
  if (e.code == "usage.job" || e.code == "usage.request" || e.code == "store.unknown_job") return 404;
  if (e.code == "usage.job_ambiguous" || e.code == "store.active" || e.code.starts_with("job.")) return 409;
  if (e.code.starts_with("usage.") || e.code.starts_with("time.")) return 400;
  return 500;
}

Result<std::vector<Job>> jobs_of(Keeper& keeper, std::string_view owner) {
  auto jobs = TRY(keeper.home().store().jobs());
  std::erase_if(jobs, [&](const Job& job) { return keeper.owner_of(job.id) != owner; });
  return jobs;
}

// What was promised of it, and what is foreseen.
Result<JobView> outlook_of(Keeper& keeper, const Job& job) {
  JobView view;
  view.job = job;
  view.now = keeper.now();
  const auto standing = TRY(patient::recall_standing(keeper.home().store(), job.id));
  view.promise = standing.promise;
  view.miss = standing.miss;
  view.cut = TRY(patient::recall_cut(keeper.home().store(), job.id)).count();
  if (job.totals.unfinished() > 0) view.takeover = keeper.engine().forecast(job.id).takeover;
  return view;
}

Result<HttpReply> list(Keeper& keeper, const Ask& ask) {
  int64_t limit = 100;
  const auto text = asked(ask.door.query, "limit");
  std::from_chars(text.data(), text.data() + text.size(), limit);
  limit = std::clamp<int64_t>(limit, 1, 1000);
  const auto jobs = TRY(jobs_of(keeper, ask.owner()));
  const std::string_view after = asked(ask.door.query, "after");
  auto at = after.empty() ? jobs.begin()
                          : std::ranges::find(jobs, after, [](const Job& job) { return job.id.hex(); });
  if (!after.empty() && at != jobs.end()) ++at;
  Json data = Json::array();
  for (; at != jobs.end() && static_cast<int64_t>(data.size()) < limit; ++at)
    data.push_back(summary_to_json(TRY(outlook_of(keeper, *at))));
  return json_reply({{"object", "list"}, {"data", std::move(data)}, {"has_more", at != jobs.end()}, {"now", rfc3339(keeper.now())}});
}

Result<HttpReply> show(Keeper& keeper, const Job& job) {
  JobView view = TRY(outlook_of(keeper, job));
  view.batches = TRY(keeper.home().store().batches_of(job.id));
  view.causes = TRY(patient::causes_of(keeper.home().store(), job));
  return json_reply(view_to_json(view));
}

Result<HttpReply> results(Keeper& keeper, const Job& job) {
  auto lines = TRY(keeper.lines_of(job, [](std::string_view) { return true; }));
  return HttpReply{200, {{"content-type", "application/octet-stream"}}, std::move(lines)};
}

Error unclear_body(std::string why) {
  Error e;
  e.code = "usage.body";
  e.message = "the body does not say which requests are to be cancelled";
  e.where.field = "body";
  e.why = std::move(why);
  e.next = {R"({"rows":"5001-10000,12000"})", R"({"custom_ids":["a","b"]})", "no body: the whole job"};
  return e;
}

// {"rows":"5001-10000"}, {"custom_ids":[...]}, or both. No body means the whole job; one that says anything else
// is refused, so that a slip does not cancel everything.
Result<IndexRanges> some_requests(Keeper& keeper, const Ask& ask, const Job& job) {
  const std::string text = ask.body ? TRY(ask.body->text()) : std::string();
  if (text.empty()) return IndexRanges();
  const auto body = wire::parse_json(text);
  if (!body || !body->is_object()) return fail(unclear_body("it is no JSON object"));
  auto& home = keeper.home();
  IndexRanges some;
  for (const auto& [name, value] : body->items()) {
    IndexRanges found;
    if (name == "rows" && value.is_string()) {
      found = TRY(patient::requests_on(home.store(), job, value.get<std::string>()));
    } else if (name == "custom_ids" && value.is_array() && !value.empty() &&
               std::ranges::all_of(value, [](const Json& id) { return id.is_string(); })) {
      found = TRY(patient::find_requests(home.store(), home.payloads(), job, value.get<std::vector<std::string>>()));
    } else {
      return fail(unclear_body("\"rows\" is a text, \"custom_ids\" a list of texts, and there is nothing else: " + name));
    }
    for (const IndexRange& range : found.all()) some.add(range);
  }
  if (some.empty()) return fail(unclear_body("it is empty"));
  return some;
}

}  // namespace

Result<store::Word> word_of(Keeper& keeper, const Ask& ask, const Job& job, std::string_view verb) {
  store::Word word;
  word.job = job.id;
  word.verb = verb;
  CHECKED(patient::may_be_asked(job, verb));
  const std::string request = wire::percent_decoded(asked(ask.door.query, "request"));
  if (verb == "deadline") {
    word.argument = wire::percent_decoded(asked(ask.door.query, "by"));
    CHECKED(patient::may_be_due(TRY(parse_rfc3339(word.argument)), keeper.now()));
    if (asked(ask.door.query, "best_effort") == "true") word.argument += patient::best_effort_mark;
  } else if (!request.empty()) {
    auto& home = keeper.home();
    word.argument = std::to_string(TRY(patient::find_request(home.store(), home.payloads(), job, request)));
  } else if (verb == "cancel") {
    word.argument = TRY(some_requests(keeper, ask, job)).text();
  }
  return word;
}

namespace {

Result<HttpReply> obey(Keeper& keeper, const Ask& ask, const Job& job, std::string_view verb) {
  CHECKED(keeper.obey(TRY(word_of(keeper, ask, job, verb))));
  const auto after = TRY(keeper.home().store().job(job.id));
  return after ? show(keeper, *after) : Result<HttpReply>(json_reply(job_to_json(job, keeper.now())));
}

Result<HttpReply> answer(Keeper& keeper, const Ask& ask, std::string_view rest) {
  if (rest.empty() && ask.method == "GET") return list(keeper, ask);
  rest.remove_prefix(std::min<size_t>(1, rest.size()));
  const size_t slash = std::min(rest.find('/'), rest.size());
  const std::string name(rest.substr(0, slash));
  const std::string_view verb = slash < rest.size() ? rest.substr(slash + 1) : std::string_view();
  std::vector<Job> theirs = TRY(jobs_of(keeper, ask.owner()));
  const Job job = TRY(patient::pick_job(std::move(theirs), name));
  if (ask.method == "GET" && verb.empty()) return show(keeper, job);
  if (ask.method == "GET" && verb == "results") return results(keeper, job);
  constexpr std::string_view verbs[] = {"cancel", "retry", "promote", "pause", "resume", "deadline", "forget"};
  if (ask.method == "POST" && std::ranges::find(verbs, verb) != std::end(verbs)) return obey(keeper, ask, job, verb);
  return no_such(ask, "There is nothing here.");
}

}  // namespace

HttpReply job_refused(const Ask& ask, const Error& error) {
  const int status = status_of(error);
  return status < 500 ? job_refusal(status, error) : defect(ask, error);
}

HttpReply job_objects(Keeper& keeper, Ask& ask, std::string_view rest) {
  auto reply = answer(keeper, ask, rest);
  return reply ? std::move(*reply) : job_refused(ask, reply.error());
}

}  // namespace twolane::gateway

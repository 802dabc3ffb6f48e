// Files and batches as OpenAI has them.
#include <algorithm>
#include <charconv>

#include "gateway/keeper.h"

namespace twolane::gateway {
namespace {

using wire::HttpReply;
using wire::Json;

HttpReply wrong(const Ask& ask, std::string message, std::string param = {}, std::string code = {}) {
  return refuse(Dialect::openai, Refusal(400, std::move(message), std::move(code), std::move(param)), ask.id);
}

int64_t number(std::string_view text, int64_t otherwise, int64_t most) {
  int64_t n = otherwise;
  std::from_chars(text.data(), text.data() + text.size(), n);
  return std::clamp<int64_t>(n, 1, most);
}

struct Page {
  Json data = Json::array();
  bool more = false;

  Json json() && {
    const Json first = data.empty() ? Json(nullptr) : data.front()["id"];
    const Json last = data.empty() ? Json(nullptr) : data.back()["id"];
    return {{"object", "list"}, {"data", std::move(data)}, {"first_id", first}, {"last_id", last}, {"has_more", more}};
  }
};

template <class Show>
Json page_of(const std::vector<Object*>& all, std::string_view query, int64_t otherwise, int64_t most, Show show) {
  const auto limit = static_cast<size_t>(number(asked(query, "limit"), otherwise, most));
  const std::string_view after = asked(query, "after");
  Page page;
  bool begun = after.empty();
  for (const Object* o : all) {
    if (begun && page.data.size() == limit) {
      page.more = true;
      break;
    }
    if (begun) page.data.push_back(show(*o));
    if (o->id == after) begun = true;
  }
  return std::move(page).json();
}

// --- files

HttpReply upload(Keeper& keeper, Ask& ask) {
  if (!ask.body->is_form()) return wrong(ask, "Could not parse multipart form.");
  if (!ask.body->has_file())
    return wrong(ask, "Missing required parameter: 'file'.", "file", "missing_required_parameter");
  const std::string purpose = ask.body->field("purpose");
  if (purpose.empty())
    return wrong(ask, "Missing required parameter: 'purpose'.", "purpose", "missing_required_parameter");
  if (purpose == "batch" && !ask.body->filename().ends_with(".jsonl"))
    return wrong(ask, "Invalid file format for Batch API. Must be .jsonl");
  Object file;
  file.kind = Object::Kind::file;
  file.id = "file-" + keeper.fresh_id(24);
  file.owner = ask.owner();
  file.created = keeper.now();
  file.about = {{"filename", ask.body->filename()}, {"purpose", purpose}, {"bytes", ask.body->size()}};
  Duration lives_for;
  if (const std::string lives = ask.body->field("expires_after[seconds]"); !lives.empty()) {
    int64_t n = 0;
    std::from_chars(lives.data(), lives.data() + lives.size(), n);
    if (ask.body->field("expires_after[anchor]") != "created_at" || n < 3600 || n > 2'592'000)
      return wrong(ask, "Invalid 'expires_after': anchor created_at and 3600 to 2592000 seconds are expected.",
                   "expires_after", "invalid_value");
    lives_for = seconds(n);
  }
  if (const Time end = keeper.file_end(file.door, file.created, lives_for); end.ms > 0) file.about["expires_ms"] = end.ms;
  const auto path = ask.body->release();
  if (!path) return defect(ask, path.error());
  if (const Status taken = keeper.shelf().adopt(*path, file.id); !taken) return defect(ask, taken.error());
  const Json shown = openai_file_json(file);
  if (const Status put = keeper.shelf().put(std::move(file)); !put) return defect(ask, put.error());
  return json_reply(shown);
}

// The two files of results are made when they are asked for: "file-out-BATCH", "file-err-BATCH".
struct ResultFile {
  Object* batch = nullptr;
  bool good = false;
};
ResultFile result_file(Keeper& keeper, const Ask& ask, std::string_view id) {
  for (const auto& [prefix, good] : {std::pair("file-out-", true), std::pair("file-err-", false)})
    if (id.starts_with(prefix))
      return {keeper.shelf().find(Object::Kind::batch, Dialect::openai, ask.owner(), id.substr(9)), good};
  return {};
}

HttpReply one_file(Keeper& keeper, Ask& ask, const std::string& id, std::string_view rest) {
  const bool content = rest == "/content";
  if (const ResultFile r = result_file(keeper, ask, id); r.batch && keeper.has_results(*r.batch)) {
    auto lines = keeper.results(*r.batch, r.good, !r.good, 0);
    if (!lines) return defect(ask, lines.error());
    if (content) return {200, {{"content-type", "application/octet-stream"}}, std::move(*lines)};
    Object shown;
    shown.id = id;
    shown.created = r.batch->created;
    shown.about = {{"filename", r.batch->id + (r.good ? "_output.jsonl" : "_error.jsonl")},
                   {"purpose", "batch_output"},
                   {"bytes", lines->size()}};
    if (const Time end = keeper.results_end(*r.batch); end.ms > 0) shown.about["expires_ms"] = end.ms;
    return json_reply(openai_file_json(shown));
  }
  const Object* file = keeper.find_file(Dialect::openai, ask.owner(), id);
  if (!file) return no_such(ask, "No such File object: " + id.substr(0, 100));
  if (content && ask.method == "GET") {
    auto bytes = keeper.shelf().bytes(id);
    if (!bytes) return defect(ask, bytes.error());
    return {200, {{"content-type", "application/octet-stream"}}, wire::Body(std::move(*bytes))};
  }
  if (!rest.empty()) return no_such(ask, "Invalid URL");
  if (ask.method == "DELETE") {
    if (const Status gone = keeper.shelf().remove(id); !gone) return defect(ask, gone.error());
    return json_reply({{"id", id}, {"object", "file"}, {"deleted", true}});
  }
  return json_reply(openai_file_json(*file));
}

HttpReply files(Keeper& keeper, Ask& ask) {
  std::string_view rest = ask.door.rest;
  if (rest.empty() && ask.method == "POST") return upload(keeper, ask);
  if (rest.empty()) {
    auto all = keeper.files(Dialect::openai, ask.owner());
    const std::string_view purpose = asked(ask.door.query, "purpose");
    std::erase_if(all, [&](const Object* f) {
      return !purpose.empty() && wire::string_at(f->about, "purpose") != purpose;
    });
    if (asked(ask.door.query, "order") == "asc") std::ranges::reverse(all);
    return json_reply(page_of(all, ask.door.query, 10'000, 10'000, openai_file_json));
  }
  rest.remove_prefix(1);
  const size_t slash = std::min(rest.find('/'), rest.size());
  return one_file(keeper, ask, std::string(rest.substr(0, slash)), rest.substr(slash));
}

// --- batches

Json usage_json(const Totals& t) {
  return {{"input_tokens", t.input_tokens},
          {"input_tokens_details", {{"cached_tokens", t.cached_tokens}}},
          {"output_tokens", t.output_tokens},
          {"output_tokens_details", {{"reasoning_tokens", 0}}},
          {"total_tokens", t.input_tokens + t.output_tokens}};
}

std::string_view status_of(const Object& batch, const Job& job) {
  const bool cancelled = batch.about.contains("cancelled_ms");
  if (job.totals.unfinished() > 0) return cancelled ? "cancelling" : "in_progress";
  if (cancelled) return "cancelled";
  return job.totals.of(RequestState::expired) > 0 ? "expired" : "completed";
}

Json batch_json(Keeper& keeper, const Object& b) {
  Json out = {{"id", b.id},
              {"object", "batch"},
              {"endpoint", wire::string_at(b.about, "endpoint")},
              {"errors", nullptr},
              {"input_file_id", wire::string_at(b.about, "input_file_id")},
              {"completion_window", wire::string_at(b.about, "completion_window")},
              {"status", "failed"},
              {"output_file_id", nullptr},
              {"error_file_id", nullptr},
              {"created_at", b.created.unix_seconds()},
              {"in_progress_at", nullptr},
              {"expires_at", nullptr},
              {"finalizing_at", nullptr},
              {"completed_at", nullptr},
              {"failed_at", nullptr},
              {"expired_at", nullptr},
              {"cancelling_at", nullptr},
              {"cancelled_at", nullptr},
              {"request_counts", {{"total", 0}, {"completed", 0}, {"failed", 0}}},
              {"metadata", nullptr}};
  if (const Json* metadata = wire::find(b.about, "metadata")) out["metadata"] = *metadata;
  const auto job = keeper.job_of(b);
  if (!job) {
    out["failed_at"] = b.created.unix_seconds();
    if (const Json* errors = wire::find(b.about, "errors")) out["errors"] = {{"object", "list"}, {"data", *errors}};
    return out;
  }
  const Totals& t = job->totals;
  const auto status = status_of(b, *job);
  out["status"] = status;
  out["in_progress_at"] = job->accepted.unix_seconds();
  out["expires_at"] = job->deadline.unix_seconds();
  const int64_t failed = t.of(RequestState::failed) + t.of(RequestState::expired) + t.of(RequestState::cancelled);
  out["request_counts"] = {{"total", job->requests}, {"completed", t.of(RequestState::succeeded)}, {"failed", failed}};
  if (t.of(RequestState::succeeded) > 0) out["output_file_id"] = "file-out-" + b.id;
  if (failed > 0) out["error_file_id"] = "file-err-" + b.id;
  if (const int64_t at = wire::int_at(b.about, "cancelled_ms"); at > 0) out["cancelling_at"] = at / 1000;
  if (t.unfinished() == 0) {
    const Time end = job->finished.ms > 0 ? job->finished : job->last_answer;
    out["finalizing_at"] = end.unix_seconds();
    out[std::string(status) + "_at"] = end.unix_seconds();
    out["usage"] = usage_json(t);
  }
  return out;
}

Json fault_json(const Error& e) {
  return {{"code", e.code},
          {"message", e.message + (e.why.empty() ? "" : ": " + e.why)},
          {"param", e.where.field.empty() ? Json(nullptr) : Json(e.where.field)},
          {"line", e.where.line > 0 ? Json(e.where.line) : Json(nullptr)}};
}

HttpReply create(Keeper& keeper, Ask& ask) {
  const auto text = ask.body->text();
  const auto body = text ? wire::parse_json(*text) : Result<Json>(fail(text.error()));
  if (!body || !body->is_object()) return wrong(ask, "We could not parse the JSON body of your request.");
  for (const char* name : {"input_file_id", "endpoint", "completion_window"})
    if (wire::string_at(*body, name).empty())
      return wrong(ask, "Missing required parameter: '" + std::string(name) + "'.", name, "missing_required_parameter");
  const std::string again(wire::header(ask.headers, "idempotency-key"));
  if (!again.empty())
    for (const Object* b : keeper.shelf().list(Object::Kind::batch, Dialect::openai, ask.owner()))
      if (wire::string_at(b->about, "idempotency_key") == again) return json_reply(batch_json(keeper, *b));
  const std::string file_id(wire::string_at(*body, "input_file_id"));
  if (!keeper.find_file(Dialect::openai, ask.owner(), file_id))
    return wrong(ask, "Invalid 'input_file_id': no such file: " + file_id.substr(0, 100), "input_file_id", "invalid_value");
  const std::string endpoint(wire::string_at(*body, "endpoint"));
  if (!endpoint_of_url(endpoint))
    return wrong(ask, "Invalid value: '" + endpoint.substr(0, 100) + "'.", "endpoint", "invalid_value");
  Keeper::Order order;
  const std::string window(wire::string_at(*body, "completion_window"));
  const auto span = parse_duration(window);
  if (!span || span->ms <= 0)
    return wrong(ask, "Invalid value: '" + window.substr(0, 50) + "'. It is a span such as 24h or 90m.",
                 "completion_window", "invalid_value");
  const auto deadline = asked_deadline(ask.headers, keeper.now());
  if (!deadline) return wrong(ask, deadline.error().message, "Twolane-Deadline", "invalid_value");
  order.window = deadline->value_or(*span);
  order.kept = deadline->has_value() || window != "24h";  // the plain window is best effort
  order.path = keeper.shelf().bytes_path(file_id);
  order.options.format_fixed = true;
  Object batch;
  batch.kind = Object::Kind::batch;
  batch.id = "batch_" + keeper.fresh_id(32);
  batch.owner = ask.owner();
  batch.created = keeper.now();
  batch.about = {{"endpoint", endpoint}, {"input_file_id", file_id}, {"completion_window", window}};
  if (const Json* metadata = wire::find(*body, "metadata")) batch.about["metadata"] = *metadata;
  if (const Json* after = wire::find(*body, "output_expires_after")) {
    const int64_t n = wire::int_at(*after, "seconds");
    if (wire::string_at(*after, "anchor") != "created_at" || n < 3600 || n > 2'592'000)
      return wrong(ask, "Invalid 'output_expires_after': anchor created_at and 3600 to 2592000 seconds are expected.",
                   "output_expires_after", "invalid_value");
    batch.about["output_expires_s"] = n;
  }
  if (!again.empty()) batch.about["idempotency_key"] = again;
  const auto accepted = keeper.accept(ask, batch, order);
  if (!accepted) {
    if (auto refused = refused_at_any_door(ask, accepted.error())) return std::move(*refused);
    batch.about["errors"] = Json::array({fault_json(accepted.error())});
    if (const Status put = keeper.shelf().put(batch); !put) return defect(ask, put.error());
  }
  return json_reply(batch_json(keeper, *keeper.shelf().find(Object::Kind::batch, Dialect::openai, ask.owner(), batch.id)));
}

HttpReply batches(Keeper& keeper, Ask& ask) {
  std::string_view rest = ask.door.rest;
  if (rest.empty() && ask.method == "POST") return create(keeper, ask);
  if (rest.empty())
    return json_reply(page_of(keeper.shelf().list(Object::Kind::batch, Dialect::openai, ask.owner()), ask.door.query,
                              20, 100, [&](const Object& b) { return batch_json(keeper, b); }));
  rest.remove_prefix(1);
  const bool cancels = rest.ends_with("/cancel") && ask.method == "POST";
  if (cancels) rest.remove_suffix(7);
  Object* batch = keeper.shelf().find(Object::Kind::batch, Dialect::openai, ask.owner(), rest);
  if (!batch) return no_such(ask, "No batch found with id '" + std::string(rest.substr(0, 100)) + "'.");
  if (cancels) {
    const auto job = keeper.job_of(*batch);
    if (!job || job->totals.unfinished() == 0) {
      Refusal no(409, "Cannot cancel a batch that has ended.", "invalid_request");
      no.never_retry = true;
      return refuse(Dialect::openai, no, ask.id);
    }
    if (const Status done = keeper.cancel(*batch); !done) return defect(ask, done.error());
  }
  return json_reply(batch_json(keeper, *batch));
}

}  // namespace

Json openai_file_json(const Object& f) {
  const Time until = expiry_of(f);
  return {{"id", f.id},
          {"object", "file"},
          {"bytes", wire::int_at(f.about, "bytes")},
          {"created_at", f.created.unix_seconds()},
          {"expires_at", until.ms > 0 ? Json(until.unix_seconds()) : Json(nullptr)},
          {"filename", wire::string_at(f.about, "filename")},
          {"purpose", wire::string_at(f.about, "purpose")},
          {"status", "processed"},
          {"status_details", nullptr}};
}

HttpReply openai_objects(Keeper& keeper, Ask& ask) {
  switch (ask.door.want) {
    case Want::files: return files(keeper, ask);
    case Want::batches: return batches(keeper, ask);
    case Want::uploads: return openai_uploads(keeper, ask);
    default: return no_such(ask, "Invalid URL (" + ask.method + ' ' + std::string(ask.door.path.substr(0, 200)) + ')');
  }
}

}  // namespace twolane::gateway

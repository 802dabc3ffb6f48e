// Files, resumable uploads and batches as Gemini has them.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>

#include "dialect/catalogue.h"
#include "gateway/keeper.h"
#include "model/model_name.h"
#include "wire/jsonl.h"

namespace twolane::gateway {
namespace {

using wire::HttpReply;
using wire::Json;

constexpr std::string_view type_root = "type.googleapis.com/google.ai.generativelanguage.v1main.";

HttpReply wrong(const Ask& ask, std::string message) {
  return refuse(Dialect::gemini, Refusal(400, std::move(message)), ask.id);
}

// Both spellings are taken.
const Json* either(const Json& in, const char* camel, const char* snake) {
  const Json* found = wire::find(in, camel);
  return found ? found : wire::find(in, snake);
}

std::string text_either(const Json& in, const char* camel, const char* snake) {
  const Json* found = either(in, camel, snake);
  return found && found->is_string() ? found->get<std::string>() : std::string();
}

template <class Show>
Json page_of(const std::vector<Object*>& all, std::string_view query, int64_t otherwise, int64_t most,
             const char* name, Show show) {
  int64_t size = otherwise;
  const auto text = asked(query, "pageSize");
  std::from_chars(text.data(), text.data() + text.size(), size);
  const auto limit = static_cast<size_t>(std::clamp<int64_t>(size, 1, most));
  const auto token = asked(query, "pageToken");
  Json shown = Json::array();
  Json out = Json::object();
  bool begun = token.empty();
  for (const Object* o : all) {
    if (o->id == token) begun = true;
    if (begun && shown.size() == limit) {
      out["nextPageToken"] = o->id;
      break;
    }
    if (begun) shown.push_back(show(*o));
  }
  if (!shown.empty()) out[name] = std::move(shown);
  return out;
}

// --- files

Json file_json(const Ask& ask, const Object& f) {
  return {{"name", "files/" + f.id},
          {"displayName", wire::string_at(f.about, "display_name")},
          {"mimeType", wire::string_at(f.about, "mime")},
          {"sizeBytes", std::to_string(wire::int_at(f.about, "bytes"))},
          {"createTime", rfc3339(f.created)},
          {"updateTime", rfc3339(f.created)},
          {"expirationTime", rfc3339(Time{wire::int_at(f.about, "expires_ms", (f.created + hours(48)).ms)})},
          {"uri", ask.origin + "/v1beta/files/" + f.id},
          {"state", "ACTIVE"},
          {"source", "UPLOADED"}};
}

HttpReply start_upload(Keeper& keeper, Ask& ask) {
  Json about = Json::object();
  if (const auto text = ask.body->text(); text && !text->empty())
    about = wire::parse_json(*text).value_or(Json::object());
  Object upload;
  upload.kind = Object::Kind::upload;
  upload.door = Dialect::gemini;
  upload.id = "upload-" + keeper.fresh_id(32);
  upload.owner = ask.owner();
  upload.created = keeper.now();
  std::string mime(wire::header(ask.headers, "x-goog-upload-header-content-type")), name;
  if (const Json* file = wire::find(about, "file")) {
    name = text_either(*file, "displayName", "display_name");
    if (mime.empty()) mime = text_either(*file, "mimeType", "mime_type");
  }
  upload.about = {{"mime", mime.empty() ? "application/octet-stream" : mime}, {"display_name", name}, {"bytes", 0}};
  const std::string id = upload.id;
  if (const Status put = keeper.shelf().put(std::move(upload)); !put) return defect(ask, put.error());
  HttpReply reply = json_reply(Json::object());
  reply.headers.emplace_back("x-goog-upload-url", ask.origin + "/upload/v1beta/files?upload_id=" + id +
                                                      "&upload_protocol=resumable");
  reply.headers.emplace_back("x-goog-upload-status", "active");
  return reply;
}

// Appends one file to another; returns the size then.
Result<int64_t> append_file(const std::string& from, const std::string& to) {
  const int in = ::open(from.c_str(), O_RDONLY | O_CLOEXEC);
  const int out = ::open(to.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  bool good = in >= 0 && out >= 0;
  std::vector<char> block(1 << 20);
  while (good) {
    const ssize_t n = ::read(in, block.data(), block.size());
    good = n >= 0;
    if (n <= 0) break;
    good = ::write(out, block.data(), static_cast<size_t>(n)) == n;
  }
  good = good && ::fsync(out) == 0;
  struct stat there{};
  good = good && ::fstat(out, &there) == 0;
  if (in >= 0) ::close(in);
  if (out >= 0) ::close(out);
  if (!good) return fail("shelf.io", "the upload cannot be written");
  return there.st_size;
}

HttpReply with_status(HttpReply reply, const char* status) {
  reply.headers.emplace_back("x-goog-upload-status", status);
  return reply;
}

HttpReply take_chunk(Keeper& keeper, Ask& ask, Object upload, std::string_view commands) {
  const int64_t have = wire::int_at(upload.about, "bytes");
  if (commands.find("query") != commands.npos) {
    HttpReply reply = with_status(json_reply(Json::object()), "active");
    reply.headers.emplace_back("x-goog-upload-size-received", std::to_string(have));
    return reply;
  }
  if (const auto at = wire::header(ask.headers, "x-goog-upload-offset");
      !at.empty() && std::atoll(std::string(at).c_str()) != have)
    return wrong(ask, "The upload offset is not where the upload stands.");
  const auto piece = ask.body->path();
  if (!piece) return defect(ask, piece.error());
  const std::string path = keeper.shelf().bytes_path(upload.id);
  if (have == 0) ::unlink(path.c_str());  // what an interrupted first piece left
  const auto size = append_file(*piece, path);
  if (!size) return defect(ask, size.error());
  upload.about["bytes"] = *size;
  if (commands.find("finalize") == commands.npos) {
    if (const Status put = keeper.shelf().put(upload); !put) return defect(ask, put.error());
    return with_status(json_reply(Json::object()), "active");
  }
  Object file = upload;
  file.kind = Object::Kind::file;
  file.id = upload.id.substr(7, 12);
  file.number = 0;
  file.created = keeper.now();
  file.about["expires_ms"] = keeper.file_end(file.door, file.created, {}).ms;
  if (const Status taken = keeper.shelf().adopt(path, file.id); !taken) return defect(ask, taken.error());
  const Json shown = {{"file", file_json(ask, file)}};
  if (const Status put = keeper.shelf().put(std::move(file)); !put) return defect(ask, put.error());
  if (const Status gone = keeper.shelf().remove(upload.id); !gone) return defect(ask, gone.error());
  return with_status(json_reply(shown), "final");
}

HttpReply uploads(Keeper& keeper, Ask& ask) {
  const std::string_view commands = wire::header(ask.headers, "x-goog-upload-command");
  const std::string_view id = asked(ask.door.query, "upload_id");
  if (id.empty()) {
    if (commands.find("start") == commands.npos)
      return wrong(ask, "Only resumable uploads are offered: X-Goog-Upload-Command: start is expected.");
    return start_upload(keeper, ask);
  }
  const Object* upload = keeper.shelf().find(Object::Kind::upload, Dialect::gemini, ask.owner(), id);
  if (!upload) return no_such(ask, "Upload " + std::string(id.substr(0, 100)) + " was not found.");
  return take_chunk(keeper, ask, *upload, commands);
}

HttpReply files(Keeper& keeper, Ask& ask) {
  std::string_view rest = ask.door.rest;
  if (rest.empty()) {
    const auto all = keeper.files(Dialect::gemini, ask.owner());
    return json_reply(page_of(all, ask.door.query, 10, 100, "files", [&](const Object& f) { return file_json(ask, f); }));
  }
  rest.remove_prefix(1);
  const bool download = rest.ends_with(":download");
  if (download) rest.remove_suffix(9);
  if (rest.starts_with("batch-")) {
    Object* batch = keeper.shelf().find(Object::Kind::batch, Dialect::gemini, ask.owner(), rest.substr(6));
    if (!batch || !keeper.has_results(*batch))
      return no_such(ask, "File " + std::string(rest.substr(0, 100)) + " was not found.");
    auto lines = keeper.results(*batch, true, true, 0);
    if (!lines) return defect(ask, lines.error());
    return {200, {{"content-type", "application/octet-stream"}}, std::move(*lines)};
  }
  const Object* file = keeper.find_file(Dialect::gemini, ask.owner(), rest);
  if (!file)
    return refuse(Dialect::gemini,
                  Refusal(403, "You do not have permission to access the File " + std::string(rest.substr(0, 100)) +
                                   " or it may not exist."),
                  ask.id);
  if (download) return wrong(ask, "Only generated files can be downloaded.");
  if (ask.method == "DELETE") {
    if (const Status gone = keeper.shelf().remove(file->id); !gone) return defect(ask, gone.error());
    return json_reply(Json::object());
  }
  return json_reply(file_json(ask, *file));
}

// --- batches

Json state_json(Keeper& keeper, const Object& b, const std::optional<Job>& job) {
  const Totals t = job ? job->totals : Totals{};
  const bool cancelled = b.about.contains("cancelled_ms");
  const bool ended = t.unfinished() == 0;
  const bool embeds = wire::string_at(b.about, "endpoint") == "embedContent";
  const int64_t bad = t.of(RequestState::failed) + t.of(RequestState::expired) + t.of(RequestState::cancelled);
  Json stats = {{"requestCount", std::to_string(job ? job->requests : 0)}};
  if (const int64_t n = t.of(RequestState::succeeded); n > 0) stats["successfulRequestCount"] = std::to_string(n);
  if (bad > 0) stats["failedRequestCount"] = std::to_string(bad);
  if (t.unfinished() > 0) stats["pendingRequestCount"] = std::to_string(t.unfinished());
  Json out = {{"@type", std::string(type_root) + (embeds ? "EmbedContentBatch" : "GenerateContentBatch")},
              {"model", "models/" + std::string(wire::string_at(b.about, "model"))},
              {"displayName", wire::string_at(b.about, "display_name")},
              {"inputConfig", Json::object()},
              {"createTime", rfc3339(b.created)},
              {"updateTime", rfc3339(keeper.now())},
              {"batchStats", std::move(stats)},
              {"state", !ended      ? "BATCH_STATE_RUNNING"
                        : cancelled ? "BATCH_STATE_CANCELLED"
                                    : "BATCH_STATE_SUCCEEDED"},
              {"name", "batches/" + b.id}};
  if (const auto file = wire::string_at(b.about, "file"); !file.empty()) out["inputConfig"]["fileName"] = file;
  if (ended && job) out["endTime"] = rfc3339(job->finished.ms > 0 ? job->finished : job->last_answer);
  return out;
}

Result<Json> inlined(Keeper& keeper, const Object& b) {
  const auto results = TRY(keeper.results(b, true, true, 0));
  const std::string text = TRY(results.text());
  Json all = Json::array();
  size_t at = 0;
  while (at < text.size()) {
    const size_t end = std::min(text.find('\n', at), text.size());
    Json line = TRY(wire::parse_json(std::string_view(text).substr(at, end - at)));
    at = end + 1;
    Json one = {{"metadata", {{"key", line["key"]}}}};
    for (const char* name : {"response", "error"})
      if (line.contains(name)) one[name] = std::move(line[name]);
    all.push_back(std::move(one));
  }
  return Json{{"inlinedResponses", std::move(all)}};
}

Result<Json> operation_json(Keeper& keeper, const Object& b, bool with_results) {
  const auto job = keeper.job_of(b);
  Json out = {{"name", "batches/" + b.id}, {"metadata", state_json(keeper, b, job)}};
  if (job && job->totals.unfinished() > 0) return out;
  out["done"] = true;
  if (b.about.contains("cancelled_ms")) {
    out["error"] = {{"code", 13}, {"message", "The batch was cancelled."}};
    return out;
  }
  const bool embeds = wire::string_at(b.about, "endpoint") == "embedContent";
  Json response = {{"@type", std::string(type_root) + (embeds ? "EmbedContentBatchOutput" : "GenerateContentBatchOutput")}};
  if (!wire::string_at(b.about, "file").empty()) {
    response["responsesFile"] = "files/batch-" + b.id;
    out["metadata"]["output"] = {{"responsesFile", "files/batch-" + b.id}};
  } else if (with_results && keeper.has_results(b)) {
    const Json results = TRY(inlined(keeper, b));
    response["inlinedResponses"] = results;
    out["metadata"]["output"] = {{"inlinedResponses", results}};
  }
  out["response"] = std::move(response);
  return out;
}

// The requests of an inline batch as lines of a file.
Result<std::string> lines_of(const Json& requests) {
  std::string lines;
  int64_t number = 0;
  for (const Json& one : requests) {
    const Json* request = wire::find(one, "request");
    if (!request) return fail("gateway.inline", "Request " + std::to_string(number) + " of the batch has no request.");
    const Json* metadata = wire::find(one, "metadata");
    std::string key = metadata ? std::string(wire::string_at(*metadata, "key")) : std::string();
    if (key.empty()) key = "request-" + std::to_string(number);
    lines += wire::dump(Json{{"key", key}, {"request", *request}}) + '\n';
    ++number;
  }
  return lines;
}

HttpReply create(Keeper& keeper, Ask& ask) {
  const auto text = ask.body->text();
  const auto body = text ? wire::parse_json(*text) : Result<Json>(fail(text.error()));
  const Json* wanted = body ? wire::find(*body, "batch") : nullptr;
  const Json* config = wanted ? either(*wanted, "inputConfig", "input_config") : nullptr;
  if (!config) return wrong(ask, "* BatchGenerateContentRequest.batch.input_config: is not specified");
  const auto deadline = asked_deadline(ask.headers, keeper.now());
  if (!deadline) return wrong(ask, deadline.error().message);
  Object batch;
  batch.kind = Object::Kind::batch;
  batch.door = Dialect::gemini;
  batch.id = keeper.fresh_id(40);
  batch.owner = ask.owner();
  batch.created = keeper.now();
  const std::string model = wire::percent_decoded(ask.door.model);
  batch.about = {{"model", std::string(bare_model_name(model))},
                 {"display_name", text_either(*wanted, "displayName", "display_name")},
                 {"endpoint", wire_name(ask.door.endpoint)}};
  Keeper::Order order;
  order.window = deadline->value_or(hours(24));
  order.kept = deadline->has_value();
  order.options.format_fixed = true;
  order.options.input.format = InputFormat::gemini_jsonl;
  const auto target = dialect::parse_target(model);
  order.options.input.models = {target ? *target : Target{"gemini", std::string(bare_model_name(model))}};
  Incoming lines(keeper.incoming_directory(), "");
  std::string file = text_either(*config, "fileName", "file_name");
  if (!file.empty()) {
    batch.about["file"] = file;
    if (file.starts_with("files/")) file.erase(0, 6);
    if (!keeper.find_file(Dialect::gemini, ask.owner(), file))
      return wrong(ask, "The file " + file.substr(0, 100) + " was not found.");
    order.path = keeper.shelf().bytes_path(file);
  } else {
    const Json* outer = wire::find(*config, "requests");
    const Json* requests = outer ? wire::find(*outer, "requests") : nullptr;
    if (!requests || !requests->is_array() || requests->empty())
      return wrong(ask, "* BatchGenerateContentRequest.batch.input_config.requests: requests is not specified");
    const auto rows = lines_of(*requests);
    if (!rows) return wrong(ask, rows.error().message);
    if (const Status taken = lines.take(*rows, 1ll << 31); !taken) return defect(ask, taken.error());
    const auto path = lines.path();
    if (!path) return defect(ask, path.error());
    order.path = *path;
  }
  const std::string id = batch.id;
  const auto accepted = keeper.accept(ask, std::move(batch), order);
  if (!accepted) {
    const Error& e = accepted.error();
    if (auto refused = refused_at_any_door(ask, e)) return std::move(*refused);
    return wrong(ask, e.message + (e.where.field.empty() ? "" : " (" + e.where.field + ")") +
                          (e.why.empty() ? "" : ": " + e.why));
  }
  const auto shown = operation_json(keeper, *keeper.shelf().find(Object::Kind::batch, Dialect::gemini, ask.owner(), id), false);
  return shown ? json_reply(*shown) : defect(ask, shown.error());
}

HttpReply batches(Keeper& keeper, Ask& ask) {
  std::string_view rest = ask.door.rest;
  if (rest.empty()) {
    const auto all = keeper.shelf().list(Object::Kind::batch, Dialect::gemini, ask.owner());
    return json_reply(page_of(all, ask.door.query, 50, 1000, "operations", [&](const Object& b) {
      return operation_json(keeper, b, false).value_or(Json::object());
    }));
  }
  rest.remove_prefix(1);
  const bool cancels = rest.ends_with(":cancel") && ask.method == "POST";
  if (cancels) rest.remove_suffix(7);
  Object* batch = keeper.shelf().find(Object::Kind::batch, Dialect::gemini, ask.owner(), rest);
  if (!batch) return no_such(ask, "Batch " + std::string(rest.substr(0, 100)) + " was not found.");
  const auto job = keeper.job_of(*batch);
  if (cancels) {
    if (!job || job->totals.unfinished() == 0) return wrong(ask, "The batch has already ended.");
    if (const Status done = keeper.cancel(*batch); !done) return defect(ask, done.error());
    return json_reply(Json::object());
  }
  if (ask.method == "DELETE") {
    if (job && job->totals.unfinished() > 0)
      if (const Status done = keeper.cancel(*batch); !done) return defect(ask, done.error());
    if (const Status gone = keeper.shelf().remove(std::string(batch->id)); !gone) return defect(ask, gone.error());
    return json_reply(Json::object());
  }
  const auto shown = operation_json(keeper, *batch, true);
  return shown ? json_reply(*shown) : defect(ask, shown.error());
}

}  // namespace

HttpReply gemini_objects(Keeper& keeper, Ask& ask) {
  switch (ask.door.want) {
    case Want::files: return files(keeper, ask);
    case Want::uploads: return uploads(keeper, ask);
    case Want::create_batch: return create(keeper, ask);
    case Want::batches: return batches(keeper, ask);
    default: return no_such(ask, "Not Found");
  }
}

}  // namespace twolane::gateway

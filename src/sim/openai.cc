// The OpenAI API: routing, errors, files, models and synchronous calls. Batches: openai_batches.cc.

#include "sim/openai.h"

#include "sim/json_text.h"
#include "wire/multipart.h"

namespace twolane::sim {

using wire::HttpReply;
using wire::Json;

namespace {

constexpr std::string_view invalid = "invalid_request_error";

std::string_view take_prefix(std::string_view path, std::string_view prefix) {
  return path.substr(std::min(prefix.size(), path.size()));
}

std::string go_duration(Duration d) {
  if (d.ms < 1000) return std::to_string(d.ms) + "ms";
  const int64_t s = (d.ms + 999) / 1000;
  return s < 60 ? std::to_string(s) + "s"
                : std::to_string(s / 60) + "m" + std::to_string(s % 60) + "s";
}

std::string_view tier_word(ServiceTier tier) {
  return tier == ServiceTier::flex       ? "flex"
         : tier == ServiceTier::priority ? "priority"
                                         : "default";
}

}  // namespace

HttpReply OpenAi::refuse(const Refusal& refusal) const {
  std::string body;
  append_openai_error(refusal, body);
  return json_reply(refusal.status, std::move(body));
}

HttpReply OpenAi::refuse(int status, std::string message, std::string param,
                         std::string code) const {
  return refuse(
      {status, std::string(invalid), std::move(message), std::move(param), std::move(code)});
}

HttpReply OpenAi::too_many(const Call& call, Duration retry_after) const {
  HttpReply reply = refuse({429, "requests",
                            "Rate limit reached in organization org-" + call.account +
                                " on requests per min (RPM). Please try again in " +
                                go_duration(retry_after) + ".",
                            "", "rate_limit_exceeded"});
  reply.headers.emplace_back("retry-after",
                             std::to_string(std::max<int64_t>(1, (retry_after.ms + 999) / 1000)));
  return reply;
}

HttpReply OpenAi::server_error(const Call&, int status) const {
  if (status == 503)
    return refuse({503, "service_unavailable_error", "The server is overloaded or not ready yet.",
                   "", "server_is_overloaded"});
  return refuse({status, "server_error",
                 "The server had an error while processing your request. Sorry about that!", "",
                 ""});
}

Result<HttpReply> OpenAi::handle(Call& call) {
  const std::string_view path = call.path;
  if (call.bad_key || call.account.empty())
    return refuse(
        401,
        call.account.empty() ? "You didn't provide an API key." : "Incorrect API key provided.", "",
        "invalid_api_key");
  if (path == "/v1/files" || path.starts_with("/v1/files/"))
    return files(call, take_prefix(path, "/v1/files"));
  if (path == "/v1/batches" || path.starts_with("/v1/batches/"))
    return batches(call, take_prefix(path, "/v1/batches"));
  if (path == "/v1/models") return list_models({});
  if (path.starts_with("/v1/models/")) return list_models(take_prefix(path, "/v1/models/"));
  if (auto endpoint = endpoint_of_url(path); endpoint && call.method == "POST")
    return live(call, *endpoint);
  return refuse(404, "Invalid URL (" + std::string(call.method) + " " + call.path + ")");
}

void OpenAi::sign(const Call& call, HttpReply& reply) const {
  if (wire::header(reply.headers, "x-request-id").empty())
    reply.headers.emplace_back("x-request-id", "req_" + fresh_hex(core_, call, 32, 1));
  if (!call.account.empty())
    reply.headers.emplace_back("openai-organization", "org-" + call.account);
  reply.headers.emplace_back("openai-version", "2020-10-01");
}

// --- files

Json OpenAi::file_json(const File& f) const {
  Json out = {{"id", f.id},
              {"object", "file"},
              {"bytes", f.bytes},
              {"created_at", f.created.unix_seconds()},
              {"expires_at", nullptr},
              {"filename", f.name},
              {"purpose", f.purpose},
              {"status", "processed"},
              {"status_details", nullptr}};
  if (f.expires.ms > 0) out["expires_at"] = f.expires.unix_seconds();
  return out;
}

Result<HttpReply> OpenAi::files(Call& call, std::string_view rest) {
  if (rest.empty() && call.method == "POST") return upload(call);
  if (rest.empty()) return list_files(call);
  rest.remove_prefix(1);
  const size_t slash = std::min(rest.find('/'), rest.size());
  return one_file(call, rest.substr(0, slash), rest.substr(slash));
}

namespace {

// The parts of an upload: the file goes straight into a blob.
struct UploadForm {
  std::unique_ptr<Blob> blob;
  std::string start;  // the first bytes of the file
  std::string purpose, filename, expires_seconds;
  bool has_file = false;

  Status read(const wire::HttpCall& http) {
    const std::string boundary =
        TRY(wire::multipart_boundary(wire::header(http.headers, "content-type")));
    std::string field, value;
    wire::MultipartParser parser(boundary, {.begin =
                                                [&](const wire::Part& part) {
                                                  field = part.name;
                                                  value.clear();
                                                  if (field == "file")
                                                    has_file = true,
                                                    filename = part.filename.value_or("");
                                                  return Status();
                                                },
                                            .data = [&](std::string_view bytes) -> Status {
                                              if (field != "file") {
                                                value.append(bytes.substr(0, 1000));
                                                return {};
                                              }
                                              if (start.size() < 65536)
                                                start.append(bytes.substr(0, 65536 - start.size()));
                                              return blob->append(bytes);
                                            },
                                            .end =
                                                [&] {
                                                  if (field == "purpose") purpose = value;
                                                  if (field == "expires_after[seconds]")
                                                    expires_seconds = value;
                                                  return Status();
                                                }});
    std::string piece(256 << 10, '\0');
    for (int64_t at = 0; at < http.body.size();) {
      const size_t n = TRY(http.body.read(at, piece.data(), piece.size()));
      if (n == 0) break;
      CHECKED(parser.feed(std::string_view(piece.data(), n)));
      at += static_cast<int64_t>(n);
    }
    return parser.finish();
  }

  // The provider looks at the name and the first line only.
  bool looks_like_jsonl() const {
    if (!filename.ends_with(".jsonl")) return false;
    std::string_view line = std::string_view(start).substr(0, start.find('\n'));
    if (line.size() == start.size() && start.size() >= 65536)
      return line.starts_with("{");  // not seen to its end
    simdjson::dom::parser json;
    return !line.empty() && !json.parse(line.data(), line.size(), true).error();
  }
};

}  // namespace

Result<HttpReply> OpenAi::upload(Call& call) {
  File f;
  f.id = "file-" + fresh_hex(core_, call, 24, 2);
  f.blob = f.id;
  UploadForm form;
  form.blob = TRY(core_.storage.create(f.blob));
  const Status read = form.read(call.http);
  auto fails = [&](int status, std::string message, std::string param = {}, std::string code = {}) {
    core_.storage.remove(f.blob);
    return refuse(status, std::move(message), std::move(param), std::move(code));
  };
  if (!read) {
    if (read.error().code == "sim.storage") return fail(read.error());
    return fails(400, "Could not parse multipart form.");
  }
  if (!form.has_file)
    return fails(400, "Missing required parameter: 'file'.", "file", "missing_required_parameter");
  if (form.purpose.empty())
    return fails(400, "Missing required parameter: 'purpose'.", "purpose",
                 "missing_required_parameter");
  if (form.blob->size() > 512ll << 20) return fails(413, "File is larger than 512 MB.");
  if (form.purpose == "batch" && !form.looks_like_jsonl())
    return fails(400, "Invalid file format for Batch API. Must be .jsonl");
  f.provider = Provider::openai;
  f.account = call.account;
  f.name = form.filename;
  f.purpose = form.purpose;
  f.bytes = form.blob->size();
  f.created = call.now;
  if (form.purpose == "batch") f.expires = call.now + days(30);
  if (!form.expires_seconds.empty())
    f.expires = call.now + seconds(std::atoll(form.expires_seconds.c_str()));
  const HttpReply reply = json_reply(200, file_json(f));
  CHECKED(core_.state.add(std::move(f)));
  return reply;
}

Result<HttpReply> OpenAi::list_files(Call& call) {
  CHECKED(core_.batches.bring_up_to(call.now));
  const int64_t limit = asked_number(call, "limit", 10000, 10000);
  const std::string_view after = call.asked("after"), purpose = call.asked("purpose");
  std::vector<const File*> shown;
  for (const auto& f : core_.state.files())
    if (f->provider == Provider::openai && f->account == call.account && !f->gone(call.now) &&
        (purpose.empty() || f->purpose == purpose))
      shown.push_back(f.get());
  if (call.asked("order") != "asc") std::reverse(shown.begin(), shown.end());
  Json data = Json::array();
  bool begun = after.empty(), more = false;
  for (const File* f : shown) {
    if (begun && static_cast<int64_t>(data.size()) == limit)
      more = true;
    else if (begun)
      data.push_back(file_json(*f));
    if (f->id == after) begun = true;
  }
  const Json first = data.empty() ? Json(nullptr) : data.front()["id"],
             last = data.empty() ? Json(nullptr) : data.back()["id"];
  return json_reply(200, Json{{"object", "list"},
                              {"data", std::move(data)},
                              {"first_id", first},
                              {"last_id", last},
                              {"has_more", more}});
}

Result<HttpReply> OpenAi::one_file(Call& call, std::string_view id, std::string_view rest) {
  CHECKED(core_.batches.bring_up_to(call.now));
  const File* f = core_.state.file(Provider::openai, call.account, id, call.now);
  if (!f) return refuse(404, "No such File object: " + std::string(id), "id");
  if (rest == "/content" && call.method == "GET") {
    HttpReply reply{200, {{"content-type", "application/octet-stream"}}, {}};
    reply.body.append(TRY(core_.storage.read(f->blob)));
    return reply;
  }
  if (call.method == "DELETE") {
    const Json gone = {{"id", f->id}, {"object", "file"}, {"deleted", true}};
    CHECKED(core_.state.remove_file(id));
    return json_reply(200, gone);
  }
  return json_reply(200, file_json(*f));
}

// --- models and synchronous calls

Result<HttpReply> OpenAi::list_models(std::string_view id) const {
  Json data = Json::array();
  for (const Model& m : models()) {
    if (m.provider != Provider::openai) continue;
    Json one = {
        {"id", m.name}, {"object", "model"}, {"created", 1'760'000'000}, {"owned_by", "system"}};
    if (!id.empty() && (m.name == id || m.snapshot == id)) return json_reply(200, one);
    data.push_back(std::move(one));
  }
  if (!id.empty())
    return refuse(404, "The model '" + std::string(id) + "' does not exist", "model",
                  "model_not_found");
  return json_reply(200, Json{{"object", "list"}, {"data", std::move(data)}});
}

Result<HttpReply> OpenAi::live(Call& call, Endpoint endpoint) {
  call.live = true;
  LiveLane& lane = core_.live;
  const LiveLane::Turn turn = lane.take(Provider::openai, call.account, call.now);
  HttpReply reply;
  if (!turn.granted) {
    reply = too_many(call, turn.retry_after);
  } else {
    lane.read(endpoint, TRY(call.http.body.text()), nullptr, call.draw);
    Line& line = lane.line();
    if (line.ask.refusal) {
      reply = refuse(*line.ask.refusal);
    } else if (lane.shed()) {
      reply = refuse({429, "rate_limit_error",
                      "The flex processing tier is currently unavailable. Please try again later.",
                      "", "resource_unavailable"});
    } else {
      call.flex = lane.tier() == ServiceTier::flex;
      lane.answer(Provider::openai, call.account);
      line.response_id = openai_object_id(line.ask, call.draw);
      std::string body;
      append_openai_body(line, tier_word(lane.tier()), call.now, body);
      reply = answer_reply(line.ask, std::move(body));
      // An embedding has no id of its own: its request's id stands in the ledger.
      const std::string request_id = "req_" + fresh_hex(core_, call, 32, 1);
      if (line.response_id.empty()) line.response_id = request_id;
      CHECKED(lane.charge(Provider::openai, call.account, call.now));
      reply.headers.emplace_back("x-request-id", request_id);
    }
  }
  reply.headers.emplace_back("x-ratelimit-limit-requests", std::to_string(turn.limit));
  reply.headers.emplace_back("x-ratelimit-remaining-requests", std::to_string(turn.remaining));
  reply.headers.emplace_back("x-ratelimit-reset-requests", go_duration(turn.reset));
  return reply;
}

}  // namespace twolane::sim

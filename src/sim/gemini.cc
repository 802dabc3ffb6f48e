// The Gemini API: routing, errors, models and synchronous calls. Files: gemini_files.cc. Batches:
// gemini_batches.cc. Explicit caches: gemini_cached.cc.

#include "sim/gemini.h"

#include "sim/json_text.h"
#include "sim/streams.h"

namespace twolane::sim {

using wire::HttpReply;
using wire::Json;

HttpReply Gemini::refuse(int status, std::string message) const {
  return json_reply(
      status,
      Json{{"error",
            {{"code", status}, {"message", std::move(message)}, {"status", gemini_word(status)}}}});
}

HttpReply Gemini::too_many(const Call&, Duration retry_after) const {
  const int64_t wait = std::max<int64_t>(1, (retry_after.ms + 999) / 1000);
  HttpReply reply = json_reply(
      429, Json{{"error",
                 {{"code", 429},
                  {"message",
                   "You exceeded your current quota, please check your plan and billing details."},
                  {"status", "RESOURCE_EXHAUSTED"},
                  {"details", Json::array({{{"@type", "type.googleapis.com/google.rpc.RetryInfo"},
                                            {"retryDelay", std::to_string(wait) + "s"}}})}}}});
  reply.headers.emplace_back("retry-after", std::to_string(wait));
  return reply;
}

HttpReply Gemini::server_error(const Call&, int status) const {
  if (status == 503) return refuse(503, "The model is overloaded. Please try again later.");
  return refuse(status,
                "An internal error has occurred. Please retry or report in the developer forum.");
}

Result<HttpReply> Gemini::handle(Call& call) {
  // The newest SDKs say v1 where older ones said v1beta.
  for (std::string_view root : {"/v1/", "/upload/v1/", "/download/v1/"})
    if (call.path.starts_with(root)) call.path.insert(root.size() - 1, "beta");
  const std::string_view path = call.path;
  const bool knows_upload = path == "/upload/v1beta/files" && !call.asked("upload_id").empty();
  if (call.account.empty() && !knows_upload)  // the address of an upload under way is its key
    return refuse(403,
                  "Method doesn't allow unregistered callers. Please use API Key or other form of "
                  "API consumer identity.");
  if (call.bad_key)
    return json_reply(
        400, Json{{"error",
                   {{"code", 400},
                    {"message", "API key not valid. Please pass a valid API key."},
                    {"status", "INVALID_ARGUMENT"},
                    {"details", Json::array({{{"@type", "type.googleapis.com/google.rpc.ErrorInfo"},
                                              {"reason", "API_KEY_INVALID"},
                                              {"domain", "googleapis.com"}}})}}}});
  if (path == "/upload/v1beta/files") return uploads(call);
  for (std::string_view root : {"/download/v1beta/files/", "/v1beta/files/"}) {
    if (path.starts_with(root) && path.ends_with(":download"))
      return download(call, path.substr(root.size(), path.size() - root.size() - 9));
  }
  if (path == "/v1beta/files" || path.starts_with("/v1beta/files/"))
    return files(call, path.substr(13));
  if (path == "/v1beta/batches" || path.starts_with("/v1beta/batches/"))
    return batches(call, path.substr(15));
  if (path == "/v1beta/cachedContents" || path.starts_with("/v1beta/cachedContents/"))
    return cached_contents(call, path.substr(22));
  if (path == "/v1beta/models") return list_models({});
  if (path.starts_with("/v1beta/models/")) return model_call(call, path.substr(15));
  return refuse(404, "Not Found");
}

void Gemini::sign(const Call&, HttpReply& reply) const {
  reply.headers.emplace_back("server", "scaffolding on HTTPServer2");
}

namespace {

std::optional<Model::Kind> kind_for(std::string_view method) {
  if (method == "generateContent" || method == "streamGenerateContent" ||
      method == "batchGenerateContent" || method == "countTokens")
    return Model::Kind::chat;
  if (method == "embedContent" || method == "batchEmbedContents" ||
      method == "asyncBatchEmbedContent")
    return Model::Kind::embedding;
  return std::nullopt;
}

Json model_json(const Model& m) {
  const bool chat = m.kind == Model::Kind::chat;
  return {{"name", "models/" + std::string(m.name)},
          {"version", "001"},
          {"displayName", m.name},
          {"inputTokenLimit", m.context},
          {"outputTokenLimit", std::max<int64_t>(1, m.most_output)},
          {"supportedGenerationMethods",
           chat ? Json{"generateContent", "countTokens", "batchGenerateContent"}
                : Json{"embedContent", "batchEmbedContents", "asyncBatchEmbedContent"}}};
}

std::string_view tier_word(ServiceTier tier) {
  return tier == ServiceTier::flex       ? "flex"
         : tier == ServiceTier::priority ? "priority"
                                         : "standard";
}

}  // namespace

Result<HttpReply> Gemini::list_models(std::string_view name) const {
  Json all = Json::array();
  for (const Model& m : models()) {
    if (m.provider != Provider::gemini) continue;
    if (m.name == name) return json_reply(200, model_json(m));
    all.push_back(model_json(m));
  }
  if (!name.empty())
    return refuse(404, "models/" + std::string(name) + " is not found for API version v1beta.");
  return json_reply(200, Json{{"models", std::move(all)}});
}

Result<HttpReply> Gemini::model_call(Call& call, std::string_view rest) {
  const size_t colon = std::min(rest.find(':'), rest.size());
  const std::string_view name = rest.substr(0, colon);
  const std::string_view method = colon < rest.size() ? rest.substr(colon + 1) : std::string_view();
  if (method.empty()) return list_models(name);
  const auto kind = kind_for(method);
  const Model* model = find_model(Provider::gemini, name);
  const bool counts = method == "countTokens";
  if (!kind || !model || (model->kind != *kind && !counts))
    return refuse(
        404,
        "models/" + std::string(name) +
            " is not found for API version v1beta, or is not supported for " + std::string(method) +
            ". Call ListModels to see the list of available models and their supported methods.");
  if (call.method != "POST") return refuse(404, "Not Found");
  if (counts) return count_tokens(call, *model);
  if (method == "streamGenerateContent") return stream(call, *model);
  if (method == "generateContent") return live(call, Endpoint::generate_content, *model);
  if (method == "embedContent") return live(call, Endpoint::embed_content, *model);
  if (method == "batchEmbedContents") return embed_many(call, *model);
  return create(
      call, method == "batchGenerateContent" ? Endpoint::generate_content : Endpoint::embed_content,
      *model);
}

Result<HttpReply> Gemini::live(Call& call, Endpoint endpoint, const Model& model) {
  call.live = true;
  LiveLane& lane = core_.live;
  const LiveLane::Turn turn = lane.take(Provider::gemini, call.account, call.now);
  if (!turn.granted) return too_many(call, turn.retry_after);
  lane.read(endpoint, TRY(call.http.body.text()), &model, call.draw,
            {&core_.state, call.account, call.now});
  Line& line = lane.line();
  if (line.ask.refusal) return refuse(line.ask.refusal->status, line.ask.refusal->message);
  if (lane.shed()) return server_error(call, 503);
  call.flex = lane.tier() == ServiceTier::flex;
  lane.answer(Provider::gemini, call.account);
  line.response_id = gemini_response_id(call.draw);
  std::string body;
  append_gemini_body(line, tier_word(lane.tier()), body);
  CHECKED(lane.charge(Provider::gemini, call.account, call.now));
  HttpReply reply = json_reply(200, std::move(body));
  reply.headers.emplace_back("x-gemini-service-tier", tier_word(lane.tier()));
  return reply;
}

Result<HttpReply> Gemini::stream(Call& call, const Model& model) {
  HttpReply reply = TRY(live(call, Endpoint::generate_content, model));
  if (reply.status != 200) return reply;
  const std::string said = TRY(reply.body.text());
  const auto answer = TRY(wire::parse_json(said));
  if (call.asked("alt") == "sse") {
    reply.headers.front().second = "text/event-stream";
    reply.body = sse_of(Endpoint::generate_content, answer, false);
  } else {
    reply.body = array_of_chunks(answer);
  }
  return reply;
}

// Many embeddings in one call: one charge for all.
Result<HttpReply> Gemini::embed_many(Call& call, const Model& model) {
  call.live = true;
  LiveLane& lane = core_.live;
  const LiveLane::Turn turn = lane.take(Provider::gemini, call.account, call.now);
  if (!turn.granted) return too_many(call, turn.retry_after);
  const std::string text = TRY(call.http.body.text());
  simdjson::dom::parser parser;
  simdjson::dom::element body;
  simdjson::dom::array requests;
  if (parser.parse(text).get(body) || body["requests"].get(requests))
    return refuse(400, "* BatchEmbedContentsRequest.requests: requests is not specified");
  std::string out = "{\"embeddings\":[";
  int64_t tokens = 0;
  for (simdjson::dom::element request : requests) {
    lane.read(Endpoint::embed_content, simdjson::minify(request), &model, call.draw);
    const Ask& ask = lane.line().ask;
    if (ask.refusal) return refuse(ask.refusal->status, ask.refusal->message);
    tokens += ask.input_tokens;
    out += out.back() == '[' ? "{\"values\":" : ",{\"values\":";
    append_embedding(out, ask.inputs.front(), ask.dimensions > 0 ? ask.dimensions : 8, false);
    out += '}';
  }
  out += "]}";
  lane.line().said.usage = Usage{.fresh = tokens};
  lane.line().response_id = gemini_response_id(call.draw);
  CHECKED(lane.charge(Provider::gemini, call.account, call.now));
  return json_reply(200, std::move(out));
}

Result<HttpReply> Gemini::count_tokens(Call& call, const Model& model) {
  std::string text = TRY(call.http.body.text());
  auto body = wire::parse_json(text);
  if (!body) return refuse(400, "Invalid JSON payload received.");
  if (const Json* inner = wire::find(*body, "generateContentRequest")) text = wire::dump(*inner);
  core_.live.read(Endpoint::generate_content, text, &model, call.draw,
                  {&core_.state, call.account, call.now});
  const Ask& ask = core_.live.line().ask;
  if (ask.refusal) return refuse(ask.refusal->status, ask.refusal->message);
  Json counted = {{"totalTokens", ask.input_tokens},
                  {"promptTokensDetails",
                   Json::array({{{"modality", "TEXT"}, {"tokenCount", ask.input_tokens}}})}};
  if (ask.cached) counted["cachedContentTokenCount"] = ask.cached_tokens;
  return json_reply(200, counted);
}

}  // namespace twolane::sim

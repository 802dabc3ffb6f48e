// The OpenAI batch API: creating, the checks that happen afterwards, and what a batch looks like.

#include <algorithm>
#include <array>
#include <unordered_set>

#include "sim/json_text.h"
#include "sim/lines.h"
#include "sim/openai.h"

namespace twolane::sim {

using wire::HttpReply;
using wire::Json;

namespace {

constexpr int64_t most_lines = 50'000;
constexpr int64_t most_bytes = 200ll << 20;
constexpr size_t most_faults = 100;  // listed; the first decides anyway

std::string with_commas(int64_t n) {
  std::string digits = std::to_string(n);
  for (int at = static_cast<int>(digits.size()) - 3; at > 0; at -= 3)
    digits.insert(static_cast<size_t>(at), ",");
  return digits;
}

Json fault(std::string_view code, std::string message, const Json& param = nullptr,
           const Json& line = nullptr) {
  return {{"code", code}, {"message", std::move(message)}, {"param", param}, {"line", line}};
}

// The provider's reading of an input file, in one pass.
class InputCheck {
 public:
  InputCheck(Endpoint endpoint) : endpoint_(endpoint) {}

  Status run(Source source) {
    Lines lines(std::move(source));
    std::string_view text;
    for (int64_t number = 1; TRY(lines.next(text)); ++number) {
      if (text.empty() || text == "\r") continue;
      if (++requests == most_lines + 1)
        add("too_many_tasks", "The input file has more than 50,000 requests.", nullptr, nullptr);
      if (requests > most_lines) continue;
      line_ = number;
      check(text);
    }
    if (requests == 0)
      add("empty_file",
          "The input file is empty. Please ensure that the batch contains at least one request.",
          nullptr, nullptr);
    return {};
  }

  Json faults = Json::array();
  int64_t requests = 0, tokens = 0, inputs = 0;
  const Model* model = nullptr;

 private:
  void add(std::string_view code, std::string message, const Json& param, const Json& line) {
    if (faults.size() < most_faults) faults.push_back(fault(code, std::move(message), param, line));
  }
  void bad(std::string_view code, std::string_view param, std::string message) {
    add(code, std::move(message), Json(param), Json(line_));
  }

  void check(std::string_view text) {
    simdjson::dom::element json;
    if (parser_.parse(text.data(), text.size(), false).get(json) || !json.is_object())
      return add("invalid_json_line", "This line is not parseable as valid JSON.", nullptr,
                 Json(line_));
    for (std::string_view key : {"custom_id", "method", "url", "body"})
      if (!member(json, key))
        return bad("missing_required_parameter", key,
                   "Missing required parameter: '" + std::string(key) + "'.");
    const std::string_view id = text_at(json, "custom_id");
    if (!ids_.insert(hash_text(id)).second)
      bad("duplicate_custom_id", "custom_id",
          "The custom_id for this request is a duplicate of another request. The "
          "custom_id parameter must be unique for each request in a batch.");
    if (text_at(json, "method") != "POST")
      bad("invalid_method", "method", "The method must be POST.");
    if (text_at(json, "url") != wire_name(endpoint_))
      bad("invalid_url", "url",
          "The URL provided for this request does not match the batch endpoint.");
    check_body(*member(json, "body"));
  }

  void check_body(simdjson::dom::element body) {
    ask_.clear(endpoint_);
    read_ask(endpoint_, body, ask_);
    tokens += ask_.input_tokens;
    inputs += static_cast<int64_t>(ask_.inputs.size());
    if (ask_.stream)
      bad("streaming_unsupported", "body.stream",
          "Chat Completions: Streaming is not supported in the Batch API.");
    if (ask_.model_name.empty())
      return bad("invalid_request", "body.model", "Model parameter is required.");
    if (endpoint_ == Endpoint::chat_completions && !member(body, "messages"))
      bad("invalid_request", "body.messages", "Messages parameter is required.");
    if (!ask_.model)
      return bad("model_not_found", "body.model",
                 "The provided model '" + std::string(ask_.model_name) +
                     "' is not supported by the Batch API.");
    if (!model) model = ask_.model;
    if (model != ask_.model)
      bad("mismatched_model", "body.model",
          "The model '" + std::string(ask_.model_name) +
              "' for this request does not match the rest of the batch. Each batch must contain "
              "requests for a single model.");
  }

  Endpoint endpoint_;
  int64_t line_ = 0;
  simdjson::dom::parser parser_;
  Ask ask_;
  std::unordered_set<uint64_t> ids_;
};

// What is refused at once: everything but the file.
std::optional<Refusal> refusal_of(const Json& body) {
  auto bad = [](std::string message, std::string param, std::string code) {
    return Refusal{400, "invalid_request_error", std::move(message), std::move(param),
                   std::move(code)};
  };
  for (const char* key : {"input_file_id", "endpoint", "completion_window"})
    if (wire::string_at(body, key).empty())
      return bad("Missing required parameter: '" + std::string(key) + "'.", key,
                 "missing_required_parameter");
  if (!endpoint_of_url(wire::string_at(body, "endpoint")))
    return bad("Invalid value: '" + std::string(wire::string_at(body, "endpoint")) +
                   "'. Supported values are: '/v1/responses', '/v1/chat/completions', "
                   "'/v1/embeddings', and '/v1/moderations'.",
               "endpoint", "invalid_value");
  if (wire::string_at(body, "completion_window") != "24h")
    return bad("Invalid value: '" + std::string(wire::string_at(body, "completion_window")) +
                   "'. Value must be '24h'.",
               "completion_window", "invalid_value");
  const Json* metadata = wire::find(body, "metadata");
  if (!metadata || metadata->is_null()) return std::nullopt;
  if (!metadata->is_object() || metadata->size() > 16)
    return bad("Invalid 'metadata': expected an object with at most 16 properties.", "metadata",
               "invalid_type");
  for (const auto& [key, value] : metadata->items())
    if (!value.is_string() || key.size() > 64 || value.get_ref<const std::string&>().size() > 512)
      return bad("Invalid type for 'metadata." + key + "': expected a string.", "metadata." + key,
                 "invalid_type");
  return std::nullopt;
}

}  // namespace

Result<HttpReply> OpenAi::batches(Call& call, std::string_view rest) {
  CHECKED(core_.batches.bring_up_to(call.now));
  if (rest.empty()) return call.method == "POST" ? create_batch(call) : list_batches(call);
  rest.remove_prefix(1);
  const bool cancels = rest.ends_with("/cancel") && call.method == "POST";
  if (cancels) rest.remove_suffix(7);
  Batch* b = core_.state.batch(Provider::openai, call.account, rest);
  if (!b) return refuse(404, "No batch found with id '" + std::string(rest) + "'.");
  return cancels ? cancel(call, *b) : Reply(json_reply(200, batch_json(*b, call)));
}

Result<HttpReply> OpenAi::create_batch(Call& call) {
  auto body = wire::parse_json(TRY(call.http.body.text()));
  if (!body) return refuse(400, "We could not parse the JSON body of your request.");
  if (auto no = refusal_of(*body)) return refuse(*no);
  Batch b;
  b.number = core_.state.next_number();
  b.id = "batch_" + fresh_hex(core_, call, 32, 3);
  b.provider = Provider::openai;
  b.account = call.account;
  b.endpoint = *endpoint_of_url(wire::string_at(*body, "endpoint"));
  b.created = call.now;
  b.input_file = wire::string_at(*body, "input_file_id");
  if (const Json* metadata = wire::find(*body, "metadata"); metadata && !metadata->is_null())
    b.label = wire::dump(*metadata);
  b.plan = core_.batches.plan(b.number, b.created, hours(24));
  CHECKED(check_input(b, call));
  const std::string id = b.id;
  CHECKED(core_.state.add(std::move(b)));
  return json_reply(200, batch_json(*core_.state.batch(Provider::openai, call.account, id), call));
}

// What is wrong with the file shows only once the batch has been validated.
Status OpenAi::check_input(Batch& b, const Call& call) {
  const File* f = core_.state.file(Provider::openai, call.account, b.input_file, call.now);
  if (!f || f->purpose != "batch") {
    b.faults = wire::dump(
        Json::array({fault("invalid_request",
                           "Cannot find file " + b.input_file + ", or organization org-" +
                               b.account + " does not have access to it.",
                           "file_id")}));
    return {};
  }
  b.input = f->blob;
  InputCheck check(b.endpoint);
  CHECKED(check.run(TRY(core_.storage.read(f->blob))));
  b.requests = check.requests;
  b.tokens = check.tokens;
  if (check.model) b.model = check.model->name;
  if (f->bytes > most_bytes)
    check.faults.push_back(fault(
        "file_too_large",
        "The batch input file is larger than the 209715200 maximum for the " + b.model + " model"));
  if (b.endpoint == Endpoint::embeddings && check.inputs > most_lines)
    check.faults.push_back(
        fault("too_many_tasks", "A batch may hold at most 50,000 embedding inputs."));
  const int64_t quota = core_.scenario.enqueued_tokens;
  if (check.faults.empty() && quota > 0 &&
      core_.batches.enqueued(Provider::openai, b.account, b.model, call.now) + b.tokens > quota)
    check.faults.push_back(
        fault("token_limit_exceeded", "Enqueued token limit reached for " + b.model +
                                          " in organization org-" + b.account +
                                          ". Limit: " + with_commas(quota) +
                                          " enqueued tokens. Please try again once some "
                                          "in_progress batches have been completed."));
  if (!check.faults.empty()) b.faults = wire::dump(check.faults);
  return {};
}

Result<HttpReply> OpenAi::list_batches(Call& call) {
  const int64_t limit = asked_number(call, "limit", 20, 100);
  const std::string_view after = call.asked("after");
  Json data = Json::array();
  bool begun = after.empty(), more = false;
  const auto& all = core_.state.batches();
  for (auto at = all.rbegin(); at != all.rend() && !more; ++at) {
    const Batch& b = **at;
    if (b.provider != Provider::openai || b.account != call.account) continue;
    if (begun && is_listed(core_, b, call.now)) {
      if (static_cast<int64_t>(data.size()) == limit)
        more = true;
      else
        data.push_back(batch_json(b, call));
    }
    if (b.id == after) begun = true;
  }
  const Json first = data.empty() ? Json(nullptr) : data.front()["id"],
             last = data.empty() ? Json(nullptr) : data.back()["id"];
  return json_reply(200, Json{{"object", "list"},
                              {"data", std::move(data)},
                              {"first_id", first},
                              {"last_id", last},
                              {"has_more", more}});
}

Result<HttpReply> OpenAi::cancel(Call& call, Batch& b) {
  if (b.end && b.end->how != BatchEnd::How::cancelled) {
    HttpReply reply =
        refuse(409, "Cannot cancel a batch with status '" + status_of(b, call) + "'.");
    reply.headers.emplace_back("x-should-retry", "false");
    return reply;
  }
  if (!b.end && b.cancel_asked.ms == 0)
    CHECKED(core_.state.ask_cancel(b, call.now, core_.batches.cancel_effect(b, call.now)));
  return json_reply(200, batch_json(b, call));
}

std::string OpenAi::status_of(const Batch& b, const Call& call) const {
  if (b.end) {
    constexpr std::array names = {"failed", "completed", "expired", "cancelled"};
    return names[static_cast<size_t>(b.end->how)];
  }
  if (b.cancel_asked.ms > 0) return "cancelling";
  if (call.now < b.plan.validated) return "validating";
  if (!b.plan.stuck && call.now >= b.plan.validated + b.plan.takes) return "finalizing";
  return "in_progress";
}

void OpenAi::put_counts(const Batch& b, const Call& call, Json& out) const {
  int64_t total = b.requests, done = 0, failed = 0;
  if (b.end) {
    done = b.end->answered;
    failed = b.end->errored;
  } else {
    done = core_.batches.done_by(b, call.now);
  }
  if (call.now < b.plan.validated || !b.faults.empty()) total = 0;
  if (total > 0 && call.draw.hits(core_.scenario.counts_lie, Chance::poll_counts)) {
    done = static_cast<int64_t>(call.draw.bits(Chance::poll_counts) %
                                static_cast<uint64_t>(total + 1));
    failed = (total - done) / 2;
  }
  if (const auto& fixed = core_.scenario.counts_always; fixed.size() == 3)
    total = fixed[0], done = fixed[1], failed = fixed[2];
  out["request_counts"] = {{"total", total}, {"completed", done}, {"failed", failed}};
}

// The times that have been reached, and the files that are there.
void OpenAi::put_progress(const Batch& b, const Call& call, Json& out) const {
  using How = BatchEnd::How;
  const bool failed = !b.faults.empty();
  if (!failed && call.now >= b.plan.validated &&
      (b.cancel_asked.ms == 0 || b.cancel_asked >= b.plan.validated))
    out["in_progress_at"] = b.plan.validated.unix_seconds();
  if (b.cancel_asked.ms > 0) out["cancelling_at"] = b.cancel_asked.unix_seconds();
  const bool answered = !failed && !b.plan.stuck && call.now >= b.plan.validated + b.plan.takes;
  if (answered && (!b.end || b.end->how == How::completed))
    out["finalizing_at"] = (b.plan.validated + b.plan.takes).unix_seconds();
  const Json none = core_.scenario.empty_string_ids ? Json("") : Json(nullptr);
  out["output_file_id"] = none;
  out["error_file_id"] = none;
  if (!b.end) return;
  constexpr std::array stamps = {"failed_at", "completed_at", "expired_at", "cancelled_at"};
  out[stamps[static_cast<size_t>(b.end->how)]] = b.end->at.unix_seconds();
  if (failed) {
    out["errors"] = {{"object", "list"},
                     {"data", wire::parse_json(b.faults).value_or(Json::array())}};
    return;
  }
  if (call.now < b.end->at + core_.scenario.late_output) return;
  if (b.end->output_bytes > 0) out["output_file_id"] = b.output_file();
  if (b.end->error_bytes > 0) out["error_file_id"] = b.error_file();
}

Json OpenAi::batch_json(const Batch& b, const Call& call) const {
  Json out = {{"id", b.id},
              {"object", "batch"},
              {"endpoint", wire_name(b.endpoint)},
              {"model", nullptr},
              {"errors", nullptr},
              {"input_file_id", b.input_file},
              {"completion_window", "24h"},
              {"status", status_of(b, call)},
              {"output_file_id", nullptr},
              {"error_file_id", nullptr},
              {"created_at", b.created.unix_seconds()},
              {"in_progress_at", nullptr},
              {"expires_at", b.plan.window_ends.unix_seconds()},
              {"finalizing_at", nullptr},
              {"completed_at", nullptr},
              {"failed_at", nullptr},
              {"expired_at", nullptr},
              {"cancelling_at", nullptr},
              {"cancelled_at", nullptr},
              {"request_counts", nullptr},
              {"usage", nullptr},
              {"metadata", nullptr}};
  if (call.now >= b.plan.validated && b.faults.empty())
    if (const Model* m = find_model(Provider::openai, b.model)) out["model"] = m->snapshot;
  if (call.draw.hits(core_.scenario.unknown_state, Chance::poll_state))
    out["status"] = "paused_for_review";
  put_counts(b, call, out);
  put_progress(b, call, out);
  if (b.end && b.faults.empty()) {
    const Usage& u = b.end->usage;
    out["usage"] = {{"input_tokens", u.input()},
                    {"input_tokens_details", {{"cached_tokens", u.cache_read}}},
                    {"output_tokens", u.output},
                    {"output_tokens_details", {{"reasoning_tokens", u.reasoning}}},
                    {"total_tokens", u.input() + u.output}};
  }
  if (!b.label.empty()) out["metadata"] = wire::parse_json(b.label).value_or(Json(nullptr));
  return out;
}

}  // namespace twolane::sim

// OpenAI's batch API: files in, files out; the token lies in the batch's metadata.
#include <algorithm>
#include <array>

#include "dialect/batch/apis.h"
#include "dialect/batch/call.h"
#include "dialect/batch/line_reader.h"
#include "dialect/batch/reply.h"
#include "dialect/translate.h"
#include "wire/multipart.h"

namespace twolane::dialect::batch {
namespace {

namespace ondemand = simdjson::ondemand;
using wire::Json;

wire::Headers auth(const Access& access) {
  return {{"authorization", "Bearer " + access.key}, {"accept", "application/json"}};
}

std::string batch_url(const Access& access, std::string_view provider_id) {
  return access.base_url + "/batches/" + wire::percent_encoded(provider_id);
}

std::string file_url(const Access& access, std::string_view file_id) {
  return access.base_url + "/files/" + wire::percent_encoded(file_id);
}

// --- requests ---

void append_request(std::string& out, const BatchSpec& spec, std::string_view custom_id,
                    std::string_view body, bool, bool) {
  out += "{\"custom_id\":\"";
  out += custom_id;  // ours: needs no escapes
  out += "\",\"method\":\"POST\",\"url\":\"";
  out += wire_name(spec.endpoint);
  out += "\",\"body\":";
  append_on_one_line(out, body);
  out += "}\n";
}

std::string nothing(const BatchSpec&) { return {}; }

wire::HttpCall upload_call(const Access& access, const BatchSpec& spec, const Upload&,
                           wire::Body lines) {
  // Lines never hold CR LF, so no line can look like the boundary.
  wire::MultipartForm form("twolane-boundary-" + spec.token);
  form.field("purpose", "batch");
  form.field("expires_after[anchor]", "created_at");
  form.field("expires_after[seconds]", std::to_string(days(30).ms / 1000));
  form.file("file", spec.token + ".jsonl", "application/jsonl", std::move(lines));
  wire::HttpCall made = call("POST", access.base_url + "/files", auth(access));
  made.headers.emplace_back("content-type", form.content_type());
  made.body = std::move(form).finish();
  made.timeout = upload_timeout(made.body.size());
  return made;
}

Result<std::string> read_id(const wire::HttpReply& reply) {
  Json json = TRY(reply_object(reply));
  std::string id(wire::string_at(json, "id"));
  if (id.empty()) return unreadable_reply("the provider's answer names no id");
  return id;
}

Result<Upload> read_upload(const Upload&, const wire::HttpReply& reply) {
  return Upload{{}, TRY(read_id(reply))};
}

wire::HttpCall create_call(const Access& access, const BatchSpec& spec, std::string_view file_id,
                           wire::Body) {
  Json body = {{"input_file_id", file_id},
               {"endpoint", wire_name(spec.endpoint)},
               {"completion_window", "24h"},
               {"metadata", {{"twolane", spec.token}}}};
  return json_call("POST", access.base_url + "/batches", auth(access), wire::dump(body));
}

// --- refusals ---

bool is_money(std::string_view code) {
  return is_one_of(code, {"insufficient_quota", "credit_balance_exhausted", "billing_not_active",
                          "organization_spend_limit_exceeded", "project_spend_limit_exceeded",
                          "organization_usage_limit_exceeded", "billing_hard_limit_reached"});
}

// `status` is 0 for errors that came without one.
Verdict verdict_of(int status, std::string_view type, std::string_view code,
                   std::string_view message) {
  if (is_money(code) || is_money(type)) return Verdict::no_credit;
  if (code == "token_limit_exceeded" || mentions(message, "enqueued token"))
    return Verdict::quota_full;
  if (code == "resource_unavailable" || mentions(message, "resource unavailable") ||
      (status == 429 && mentions(message, "flex")))
    return Verdict::no_capacity;
  // Larger than the whole rate limit: waiting does not help.
  if (mentions(message, "request too large")) return Verdict::invalid;
  if (is_one_of(code, {"rate_limit_exceeded", "slow_down"}) || type == "rate_limit_error")
    return Verdict::throttled;
  if (is_one_of(code, {"invalid_api_key", "account_deactivated"})) return Verdict::account;
  if (code == "model_not_found") return Verdict::invalid;
  if (status > 0) return verdict_of_status(status);
  bool invalid = type == "invalid_request_error" || code.starts_with("invalid_") ||
                 is_one_of(code, {"context_length_exceeded", "content_policy_violation",
                                  "missing_required_parameter", "unsupported_value"});
  return invalid ? Verdict::invalid : Verdict::unavailable;
}

Refusal classify(int status, const Json& error) {
  std::string_view type = wire::string_at(error, "type"), code = wire::string_at(error, "code");
  Refusal refusal = refusal_from(error, code.empty() ? type : code);
  refusal.verdict = verdict_of(status, type, code, refusal.message);
  if (refusal.verdict == Verdict::quota_full) refusal.limit = stated_limit(refusal.message);
  return refusal;
}

// "... Please try again in 3.89s. Visit ..."
std::optional<Duration> wait_in(std::string_view message) {
  constexpr std::string_view before = "try again in ";
  size_t at = message.find(before);
  if (at == message.npos) return std::nullopt;
  std::string_view text = message.substr(at + before.size());
  text = text.substr(0, text.find_first_not_of("0123456789.hms"));
  if (text.ends_with('.')) text.remove_suffix(1);
  return spoken_duration(text);
}

Refusal read_refusal(const wire::HttpReply& reply) {
  Json body = error_body(reply);
  const Json* error = wire::find(body, "error");
  Refusal refusal = classify(reply.status, error ? *error : body);
  complete(refusal, reply);
  if (!refusal.retry_after && refusal.verdict == Verdict::throttled)
    refusal.retry_after = wait_in(refusal.message);
  return refusal;
}

// One of the errors for which a batch failed as a whole.
Refusal validation_refusal(const Json& error) {
  std::string_view code = wire::string_at(error, "code"), param = wire::string_at(error, "param");
  Refusal refusal = refusal_from(error, code);
  refusal.line = wire::int_at(error, "line");
  if (code == "token_limit_exceeded" || mentions(refusal.message, "enqueued token")) {
    refusal.verdict = Verdict::quota_full;
    refusal.limit = stated_limit(refusal.message);
  } else if (mentions(refusal.message, "cannot find file")) {
    refusal.verdict = Verdict::unavailable;  // seen while the file was there: upload again
  } else if (is_money(code)) {
    refusal.verdict = Verdict::no_credit;
  } else if (is_one_of(code, {"server_error", "internal_error", "service_unavailable"})) {
    refusal.verdict = Verdict::unavailable;
  } else {
    refusal.verdict = Verdict::invalid;
  }
  std::string place = refusal.line > 0 ? "line " + std::to_string(refusal.line) : "";
  if (!param.empty()) place += (place.empty() ? "" : ", ") + clean_text(param, 100);
  if (!place.empty()) refusal.message = clean_text(place + ": " + refusal.message);
  return refusal;
}

Refusal failed_refusal(const Json& batch) {
  const Json* errors = wire::find(batch, "errors");
  if (errors && errors->is_object()) errors = wire::find(*errors, "data");
  Refusal worst;
  worst.code = "failed";
  worst.message = "the batch failed and the provider gives no reason";
  if (!errors || !errors->is_array() || errors->empty()) return worst;
  worst = validation_refusal((*errors)[0]);
  // A fault of ours anywhere outweighs a full quota or a lost file: the next try would meet it.
  for (const Json& error : *errors) {
    if (worst.verdict == Verdict::invalid) break;
    if (Refusal other = validation_refusal(error); other.verdict == Verdict::invalid)
      worst = std::move(other);
  }
  if (errors->size() > 1)
    worst.message =
        clean_text(worst.message + " (and " + std::to_string(errors->size() - 1) + " more)");
  return worst;
}

// --- state ---

wire::HttpCall poll_call(const Access& access, const BatchSpec&, std::string_view provider_id) {
  return call("GET", batch_url(access, provider_id), auth(access));
}

Polled::Phase phase_of(std::string_view status) {
  using enum Polled::Phase;
  if (is_one_of(status, {"validating", "queued", "pending"})) return waiting;
  if (status == "in_progress") return running;
  if (is_one_of(status, {"finalizing", "cancelling", "canceling"})) return finishing;
  if (is_one_of(status, {"completed", "expired", "cancelled", "canceled"})) return ended;
  if (status == "failed") return failed;
  return unknown;
}

Result<Polled> read_polled(const wire::HttpReply& reply) {
  Json json = TRY(reply_object(reply));
  Polled polled;
  polled.said = clean_text(wire::string_at(json, "status"), 40);
  std::string status = polled.said;
  std::transform(status.begin(), status.end(), status.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  polled.phase = phase_of(status);
  if (const Json* counts = wire::find(json, "request_counts"); counts && counts->is_object()) {
    polled.total = wire::int_at(*counts, "total", -1);
    polled.done = wire::int_at(*counts, "completed") + wire::int_at(*counts, "failed");
  }
  std::string_view output = wire::string_at(json, "output_file_id");
  std::string_view errors = wire::string_at(json, "error_file_id");
  bool terminal = polled.phase == Polled::Phase::ended || polled.phase == Polled::Phase::failed;
  if (terminal && !output.empty())
    polled.outputs.push_back({Output::Kind::file, std::string(output)});
  if (terminal && !errors.empty())
    polled.outputs.push_back({Output::Kind::error_file, std::string(errors)});
  if (polled.phase == Polled::Phase::failed) {
    polled.refusal = failed_refusal(json);
    if (!polled.outputs.empty()) polled.phase = Polled::Phase::ended;  // something ran
  }
  polled.cancelled = status == "cancelled" || status == "canceled";
  polled.expired = status == "expired";
  return polled;
}

wire::HttpCall list_call(const Access& access, const BatchSpec&, std::string_view cursor) {
  std::string url = access.base_url + "/batches?limit=100";
  if (!cursor.empty()) url += "&after=" + wire::percent_encoded(cursor);
  return call("GET", std::move(url), auth(access));
}

Result<Listed> read_listed(const wire::HttpReply& reply) {
  Json json = TRY(reply_object(reply));
  const Json* data = wire::find(json, "data");
  if (!data || !data->is_array())
    return unreadable_reply("the provider's list of batches has no data");
  Listed listed;
  for (const Json& batch : *data) {
    Listed::Entry entry;
    entry.provider_id = wire::string_at(batch, "id");
    if (const Json* metadata = wire::find(batch, "metadata"))
      entry.token = wire::string_at(*metadata, "twolane");
    if (const Json* counts = wire::find(batch, "request_counts"))
      if (int64_t total = wire::int_at(*counts, "total"); total > 0) entry.requests = total;
    entry.created = Time{wire::int_at(batch, "created_at") * 1000};
    if (!entry.provider_id.empty()) listed.batches.push_back(std::move(entry));
  }
  const Json* more = wire::find(json, "has_more");
  if (more && more->is_boolean() && more->get<bool>() && !data->empty())
    listed.next = wire::string_at(data->back(), "id");
  return listed;
}

wire::HttpCall cancel_call(const Access& access, const BatchSpec&, std::string_view provider_id) {
  return call("POST", batch_url(access, provider_id) + "/cancel", auth(access));
}

// --- results ---

wire::HttpCall collect_call(const Access& access, const BatchSpec&, std::string_view,
                            const Output& output) {
  return call("GET", file_url(access, output.where) + "/content",
              {{"authorization", "Bearer " + access.key}, {"accept", "application/binary"}});
}

Result<std::string> split_inline(std::string_view) {
  return fail("dialect.inline", "this provider's results never come with its state");
}

// What stands in one line, before it is judged.
struct Line {
  std::string custom_id, id, request_id;
  bool has_response = false;
  int64_t status = 0;
  std::string_view body, error;
};

simdjson::error_code read_response(const LineReader& reader, ondemand::object response,
                                   Line& line) {
  line.has_response = true;
  for (auto field : response) {
    ondemand::raw_json_string key;
    simdjson::error_code error = field.key().get(key);
    if (error) return error;
    if (key == "status_code") error = field.value().get_int64().get(line.status);
    if (key == "request_id") error = read_string(field.value(), line.request_id);
    if (key == "body") error = reader.object_text(field.value(), line.body);
    if (error) return error;
  }
  return simdjson::SUCCESS;
}

simdjson::error_code read_fields(LineReader& reader, std::string_view text, Line& line) {
  ondemand::document document;
  ondemand::object object;
  if (auto error = reader.open(text, document)) return error;
  if (auto error = document.get_object().get(object)) return error;
  for (auto field : object) {
    ondemand::raw_json_string key;
    simdjson::error_code error = field.key().get(key);
    if (error) return error;
    if (key == "custom_id") error = read_string(field.value(), line.custom_id);
    if (key == "id") error = read_string(field.value(), line.id);
    if (key == "error") error = reader.object_text(field.value(), line.error);
    if (key == "response") {
      ondemand::value value;
      ondemand::json_type type;
      if (field.value().get(value) || value.type().get(type)) return simdjson::TAPE_ERROR;
      if (type == ondemand::json_type::object) {
        ondemand::object response;
        if ((error = value.get_object().get(response))) return error;
        error = read_response(reader, response, line);
      }
    }
    if (error) return error;
  }
  return at_end(document);
}

// A Responses object can say inside a good reply that it failed.
bool failed_inside(Endpoint endpoint, std::string_view body) {
  if (endpoint != Endpoint::responses || body.find("failed") == body.npos) return false;
  ondemand::document document;
  std::string_view status;
  if (LineReader::inner().open(body, document)) return false;
  return !document.find_field_unordered("status").get_string().get(status) && status == "failed";
}

void read_error_response(Endpoint endpoint, const Line& line, ResultLine& result) {
  std::string_view error = member_text(line.body, "error");
  result.kind = ResultLine::Kind::error;
  result.body = error.empty() ? line.body : error;
  int status = result.http_status / 100 == 2 ? 0 : result.http_status;
  result.refusal = classify(status, parsed_or_null(result.body));
  complete(result.refusal, status);
  if (line.body.find("\"usage\"") == line.body.npos) return;
  if (auto served = read_served(endpoint, line.body); served && served->usage != Usage{}) {
    result.charged = true;
    result.usage = served->usage;
    result.response_id = served->response_id;
  }
}

Status read_answer(Endpoint endpoint, std::string_view text, const Line& line, ResultLine& result) {
  result.kind = ResultLine::Kind::answer;
  result.body = line.body;
  auto served = read_served(endpoint, line.body);
  if (served) {
    result.charged = true;
    result.usage = served->usage;
    result.response_id = std::move(served->response_id);
  } else if (served.error().code == "wire.json") {
    return corrupt_line(text, served.error().message);
  } else {
    result.charged = endpoint == Endpoint::moderations;  // free, and without usage
  }
  return {};
}

// No reply of the model at all.
void read_bare_error(const Line& line, ResultLine& result) {
  result.body = line.error;
  result.refusal = classify(0, parsed_or_null(line.error));
  complete(result.refusal, 0);
  if (result.refusal.code == "batch_expired") {
    result.kind = ResultLine::Kind::expired;
  } else if (is_one_of(result.refusal.code, {"batch_cancelled", "batch_canceled"})) {
    result.kind = ResultLine::Kind::cancelled;
  } else {
    result.kind = ResultLine::Kind::error;
  }
}

Result<ResultLine> read_line(Endpoint endpoint, std::string_view text) {
  Line line;
  if (auto error = read_fields(LineReader::outer(), text, line))
    return corrupt_line(text, simdjson::error_message(error));
  if (line.custom_id.empty()) return corrupt_line(text, "there is no custom_id");
  ResultLine result;
  result.custom_id = std::move(line.custom_id);
  result.http_status = static_cast<int>(std::clamp<int64_t>(line.status, 0, 999));
  bool good = result.http_status >= 200 && result.http_status <= 299;
  if (line.has_response && !line.body.empty() && good && !failed_inside(endpoint, line.body)) {
    CHECKED(read_answer(endpoint, text, line, result));
  } else if (line.has_response && (!good || !line.body.empty())) {
    if (line.status == 0) return corrupt_line(text, "the response has no status_code");
    read_error_response(endpoint, line, result);
  } else if (!line.error.empty()) {
    read_bare_error(line, result);
  } else {
    return corrupt_line(text, "there is neither a response nor an error");
  }
  // Embeddings have no id of their own.
  if (result.response_id.empty())
    result.response_id = line.request_id.empty() ? line.id : line.request_id;
  return result;
}

std::vector<wire::HttpCall> cleanup_calls(const Access& access, const BatchSpec&,
                                          std::string_view file_id, std::string_view,
                                          const std::vector<Output>& outputs) {
  std::vector<wire::HttpCall> calls;
  auto drop = [&](std::string_view id) {
    if (!id.empty()) calls.push_back(call("DELETE", file_url(access, id), auth(access)));
  };
  drop(file_id);
  for (const Output& output : outputs) drop(output.where);
  return calls;
}

// --- synchronous calls ---

std::string tier_word(ServiceTier tier) {
  if (tier == ServiceTier::flex || tier == ServiceTier::priority || tier == ServiceTier::scale)
    return std::string(name_of(tier));
  return "default";
}

wire::HttpCall live_call(const Access& access, Endpoint endpoint, std::string_view,
                         std::string_view body, ServiceTier tier) {
  constexpr std::string_view version = "/v1";  // part of base_url
  std::string word = tier_word(tier);
  std::string text = with_member(body, "service_tier", "service_tier", word, word == "default");
  wire::HttpCall made =
      json_call("POST", access.base_url + std::string(wire_name(endpoint).substr(version.size())),
                auth(access), std::move(text));
  made.timeout = tier == ServiceTier::flex ? seconds(900) : seconds(600);
  return made;
}

Result<ServiceTier> read_tier(Endpoint endpoint, const wire::HttpReply&, std::string_view body) {
  Served served = TRY(read_served(endpoint, body));
  if (!served.tier_said) return fail("dialect.no_tier", "the answer names no service tier");
  return served.tier;
}

std::string read_account(const wire::HttpReply& reply) {
  return std::string(wire::header(reply.headers, "openai-organization"));
}

}  // namespace

const BatchApi openai_api = {
    .append_request = append_request,
    .inline_head = nothing,
    .inline_tail = nothing,
    .upload_call = upload_call,
    .read_upload = read_upload,
    .create_call = create_call,
    .read_created = read_id,
    .poll_call = poll_call,
    .read_polled = read_polled,
    .list_call = list_call,
    .read_listed = read_listed,
    .cancel_call = cancel_call,
    .collect_call = collect_call,
    .split_inline = split_inline,
    .read_line = read_line,
    .cleanup_calls = cleanup_calls,
    .live_call = live_call,
    .read_tier = read_tier,
    .read_refusal = read_refusal,
    .read_account = read_account,
};

}  // namespace twolane::dialect::batch

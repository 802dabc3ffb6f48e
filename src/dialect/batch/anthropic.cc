// Anthropic's batch API: requests travel in the create call, nothing on the batch can be named by
// us, so the custom_ids carry the token.
#include "dialect/batch/apis.h"
#include "dialect/batch/call.h"
#include "dialect/batch/line_reader.h"
#include "dialect/batch/reply.h"
#include "dialect/translate.h"

namespace twolane::dialect::batch {
namespace {

namespace ondemand = simdjson::ondemand;
using wire::Json;

wire::Headers auth(const Access& access, const char* accept = "application/json") {
  return {{"x-api-key", access.key}, {"anthropic-version", "2023-06-01"}, {"accept", accept}};
}

std::string batches_url(const Access& access) { return access.base_url + "/v1/messages/batches"; }

std::string batch_url(const Access& access, std::string_view provider_id) {
  return batches_url(access) + '/' + wire::percent_encoded(provider_id);
}

// --- requests ---

void append_request(std::string& out, const BatchSpec&, std::string_view custom_id,
                    std::string_view body, bool, bool first) {
  out += first ? "{\"custom_id\":\"" : ",{\"custom_id\":\"";
  out += custom_id;  // ours: needs no escapes
  out += "\",\"params\":";
  out += body;
  out += '}';
}

std::string inline_head(const BatchSpec&) { return "{\"requests\":["; }
std::string inline_tail(const BatchSpec&) { return "]}"; }

Result<Upload> read_upload(const Upload&, const wire::HttpReply&) {
  return fail("dialect.upload", "this provider takes its requests without an upload");
}

wire::HttpCall create_call(const Access& access, const BatchSpec&, std::string_view,
                           wire::Body requests) {
  return json_call("POST", batches_url(access), auth(access), std::move(requests));
}

Result<std::string> read_created(const wire::HttpReply& reply) {
  Json json = TRY(reply_object(reply));
  std::string id(wire::string_at(json, "id"));
  if (id.empty()) return unreadable_reply("the provider's answer names no batch");
  return id;
}

// --- refusals ---

int status_of(std::string_view type) {
  struct Row {
    std::string_view type;
    int status;
  };
  constexpr Row rows[] = {
      {"invalid_request_error", 400}, {"authentication_error", 401}, {"billing_error", 402},
      {"permission_error", 403},      {"not_found_error", 404},      {"conflict_error", 409},
      {"request_too_large", 413},     {"rate_limit_error", 429},     {"api_error", 500},
      {"timeout_error", 504},         {"overloaded_error", 529}};
  for (const Row& row : rows)
    if (row.type == type) return row.status;
  return 0;
}

bool is_money(std::string_view message) {
  return mentions(message, "credit balance is too low") ||
         mentions(message, "specified api usage limits") || mentions(message, "spend limit");
}

Verdict verdict_of(int status, const Json& error, std::string_view type, std::string_view message) {
  // Its place in the body is not documented: as a member it may stand anywhere.
  bool spent = error.is_object() && mentions(wire::dump(error), "enforced_spend_limit_reached");
  if (spent || type == "billing_error" || is_money(message)) return Verdict::no_credit;
  if (type == "rate_limit_error" || status == 429) {
    bool queue = mentions(message, "batch") &&
                 (mentions(message, "queue") || mentions(message, "processing"));
    return queue ? Verdict::quota_full : Verdict::throttled;
  }
  if (type == "not_found_error" && message.starts_with("model:")) return Verdict::invalid;
  if (int meant = status_of(type); meant > 0) return verdict_of_status(meant);
  return verdict_of_status(status);
}

// `reply` is the whole error envelope, `error` what is inside.
Refusal classify(int status, const Json& reply, const Json& error) {
  std::string_view type = wire::string_at(error, "type");
  std::string_view code = wire::string_at(error, "error_code");
  if (code.empty()) code = wire::string_at(reply, "error_code");
  Refusal refusal = refusal_from(error, code.empty() ? type : code);
  refusal.verdict = verdict_of(status, reply, type, refusal.message);
  if (refusal.verdict == Verdict::quota_full) refusal.limit = 0;  // counts requests, not tokens
  return refusal;
}

const Json& inside(const Json& envelope) {
  const Json* error = wire::find(envelope, "error");
  return error ? *error : envelope;
}

Refusal read_refusal(const wire::HttpReply& reply) {
  Json body = error_body(reply);
  Refusal refusal = classify(reply.status, body, inside(body));
  complete(refusal, reply);
  return refusal;
}

// --- state ---

wire::HttpCall poll_call(const Access& access, const BatchSpec&, std::string_view provider_id) {
  return call("GET", batch_url(access, provider_id), auth(access));
}

struct Counts {
  int64_t processing = 0, succeeded = 0, errored = 0, canceled = 0, expired = 0;
  int64_t total() const { return processing + succeeded + errored + canceled + expired; }
};

std::optional<Counts> counts_of(const Json& batch) {
  const Json* counts = wire::find(batch, "request_counts");
  if (!counts || !counts->is_object()) return std::nullopt;
  return Counts{wire::int_at(*counts, "processing"), wire::int_at(*counts, "succeeded"),
                wire::int_at(*counts, "errored"), wire::int_at(*counts, "canceled"),
                wire::int_at(*counts, "expired")};
}

Result<Polled> read_polled(const wire::HttpReply& reply) {
  Json json = TRY(reply_object(reply));
  Polled polled;
  polled.said = clean_text(wire::string_at(json, "processing_status"), 40);
  if (polled.said == "in_progress") polled.phase = Polled::Phase::running;
  if (is_one_of(polled.said, {"canceling", "cancelling"})) polled.phase = Polled::Phase::finishing;
  if (polled.said == "ended") polled.phase = Polled::Phase::ended;
  if (auto counts = counts_of(json)) {
    polled.total = counts->total();
    polled.done = counts->total() - counts->processing;
    polled.cancelled = polled.phase == Polled::Phase::ended && counts->canceled > 0;
    polled.expired = polled.phase == Polled::Phase::ended && counts->expired > 0;
  }
  std::string_view url = wire::string_at(json, "results_url");
  if (polled.phase == Polled::Phase::ended && !url.empty())
    polled.outputs.push_back({Output::Kind::results_url, std::string(url)});
  return polled;
}

wire::HttpCall list_call(const Access& access, const BatchSpec&, std::string_view cursor) {
  std::string url = batches_url(access) + "?limit=100";
  if (!cursor.empty()) url += "&after_id=" + wire::percent_encoded(cursor);
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
    if (auto counts = counts_of(batch)) entry.requests = counts->total();
    if (auto created = parse_rfc3339(wire::string_at(batch, "created_at")))
      entry.created = *created;
    if (!entry.provider_id.empty()) listed.batches.push_back(std::move(entry));
  }
  const Json* more = wire::find(json, "has_more");
  if (more && more->is_boolean() && more->get<bool>()) {
    listed.next = wire::string_at(json, "last_id");
    if (listed.next.empty() && !listed.batches.empty())
      listed.next = listed.batches.back().provider_id;
  }
  return listed;
}

wire::HttpCall cancel_call(const Access& access, const BatchSpec&, std::string_view provider_id) {
  return call("POST", batch_url(access, provider_id) + "/cancel", auth(access));
}

// --- results ---

// The documented place of the results rather than results_url: behind a proxy that url names a host
// that this key does not belong to.
wire::HttpCall collect_call(const Access& access, const BatchSpec&, std::string_view provider_id,
                            const Output&) {
  return call("GET", batch_url(access, provider_id) + "/results",
              auth(access, "application/binary"));
}

Result<std::string> split_inline(std::string_view) {
  return fail("dialect.inline", "this provider's results never come with its state");
}

struct Line {
  std::string custom_id, type;
  std::string_view message, error;
};

simdjson::error_code read_result(const LineReader& reader, ondemand::object result, Line& line) {
  for (auto field : result) {
    ondemand::raw_json_string key;
    simdjson::error_code error = field.key().get(key);
    if (error) return error;
    if (key == "type") error = read_string(field.value(), line.type);
    if (key == "message") error = reader.object_text(field.value(), line.message);
    if (key == "error") error = reader.object_text(field.value(), line.error);
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
    if (key == "result") {
      ondemand::object result;
      if ((error = field.value().get_object().get(result))) return error;
      error = read_result(reader, result, line);
    }
    if (error) return error;
  }
  return at_end(document);
}

void read_errored(Endpoint endpoint, const Line& line, ResultLine& result) {
  std::string_view error = member_text(line.error, "error");  // an envelope in the envelope
  result.body = error.empty() ? line.error : error;
  Json envelope = parsed_or_null(line.error);
  result.refusal = classify(0, envelope, inside(envelope));
  complete(result.refusal, 0);
  result.http_status = status_of(wire::string_at(inside(envelope), "type"));
  result.response_id = wire::string_at(envelope, "request_id");
  if (line.error.find("\"usage\"") == line.error.npos) return;
  if (auto served = read_served(endpoint, line.error)) {
    result.charged = true;
    result.usage = served->usage;
  }
}

Result<ResultLine> read_line(Endpoint endpoint, std::string_view text) {
  Line line;
  if (auto error = read_fields(LineReader::outer(), text, line))
    return corrupt_line(text, simdjson::error_message(error));
  if (line.custom_id.empty()) return corrupt_line(text, "there is no custom_id");
  ResultLine result;
  result.custom_id = std::move(line.custom_id);
  if (line.type == "succeeded" && !line.message.empty()) {
    result.kind = ResultLine::Kind::answer;
    result.http_status = 200;
    result.body = line.message;
    auto served = read_served(endpoint, line.message);
    if (!served && served.error().code == "wire.json")
      return corrupt_line(text, served.error().message);
    if (served) {
      result.charged = true;
      result.usage = served->usage;
      result.response_id = std::move(served->response_id);
    }
    if (result.response_id.empty()) result.response_id = result.custom_id;
  } else if (line.type == "expired") {
    result.kind = ResultLine::Kind::expired;
  } else if (is_one_of(line.type, {"canceled", "cancelled"})) {
    result.kind = ResultLine::Kind::cancelled;
  } else if (line.type == "succeeded" || line.type.empty()) {
    return corrupt_line(text, "the result is not complete");
  } else {
    read_errored(endpoint, line, result);  // "errored", and words that we do not know
    if (line.error.empty()) result.refusal.code = clean_text(line.type, 64);
  }
  return result;
}

std::vector<wire::HttpCall> cleanup_calls(const Access& access, const BatchSpec&, std::string_view,
                                          std::string_view provider_id,
                                          const std::vector<Output>&) {
  if (provider_id.empty()) return {};
  return {call("DELETE", batch_url(access, provider_id), auth(access))};
}

// --- synchronous calls ---

wire::HttpCall live_call(const Access& access, Endpoint, std::string_view, std::string_view body,
                         ServiceTier) {
  wire::HttpCall made =
      json_call("POST", access.base_url + "/v1/messages", auth(access), std::string(body));
  made.timeout = seconds(600);
  return made;
}

Result<ServiceTier> read_tier(Endpoint endpoint, const wire::HttpReply&, std::string_view body) {
  Served served = TRY(read_served(endpoint, body));
  if (!served.tier_said) return fail("dialect.no_tier", "the answer names no service tier");
  return served.tier;
}

std::string read_account(const wire::HttpReply& reply) {
  return std::string(wire::header(reply.headers, "anthropic-organization-id"));
}

}  // namespace

const BatchApi anthropic_api = {
    .append_request = append_request,
    .inline_head = inline_head,
    .inline_tail = inline_tail,
    .upload_call = nullptr,
    .read_upload = read_upload,
    .create_call = create_call,
    .read_created = read_created,
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

// Gemini's batch API: inline requests or a file, a long-running operation, results in it or in a
// file; the token lies in the display name.
#include "dialect/batch/apis.h"
#include "dialect/batch/call.h"
#include "dialect/batch/gemini_call.h"
#include "dialect/batch/gemini_line.h"
#include "dialect/batch/gemini_operation.h"
#include "dialect/batch/reply.h"
#include "dialect/translate.h"

namespace twolane::dialect::batch {
namespace {

using wire::Json;

constexpr std::string_view name_prefix = gemini_name_prefix;

wire::Headers auth(const Access& access) { return gemini_auth(access); }
std::string resource(std::string_view name) { return gemini_resource(name); }
std::string api(const Access& access) { return gemini_api_url(access); }

std::string model_url(const Access& access, std::string_view model, std::string_view method) {
  return api(access) + resource(gemini_model_name(model)) + ':' + std::string(method);
}

// --- requests ---

void append_request(std::string& out, const BatchSpec&, std::string_view custom_id,
                    std::string_view body, bool inline_form, bool first) {
  if (inline_form) {
    out += first ? "{\"request\":" : ",{\"request\":";
    out += body;
    out += ",\"metadata\":{\"key\":\"";
    out += custom_id;  // ours: needs no escapes
    out += "\"}}";
  } else {
    out += "{\"key\":\"";
    out += custom_id;
    out += "\",\"request\":";
    append_on_one_line(out, body);
    out += "}\n";
  }
}

std::string inline_head(const BatchSpec& spec) {
  return "{\"batch\":{\"displayName\":\"" + std::string(name_prefix) + spec.token +
         "\",\"inputConfig\":{\"requests\":{\"requests\":[";
}
std::string inline_tail(const BatchSpec&) { return "]}}}}"; }

wire::HttpCall upload_call(const Access& access, const BatchSpec& spec, const Upload& upload,
                           wire::Body lines) {
  int64_t size = lines.size();
  if (upload.session.empty()) {
    Json file = {{"file", {{"displayName", std::string(name_prefix) + spec.token}}}};
    wire::HttpCall made =
        json_call("POST", access.base_url + "/upload/v1beta/files", auth(access), wire::dump(file));
    made.headers.emplace_back("x-goog-upload-protocol", "resumable");
    made.headers.emplace_back("x-goog-upload-command", "start");
    made.headers.emplace_back("x-goog-upload-header-content-length", std::to_string(size));
    made.headers.emplace_back("x-goog-upload-header-content-type", "application/jsonl");
    return made;
  }
  wire::HttpCall made = call("POST", on_origin_of(access.base_url, upload.session), auth(access));
  made.headers.emplace_back("x-goog-upload-offset", "0");
  made.headers.emplace_back("x-goog-upload-command", "upload, finalize");
  made.body = std::move(lines);
  made.timeout = upload_timeout(size);
  return made;
}

Result<Upload> read_upload(const Upload& before, const wire::HttpReply& reply) {
  if (reply.status < 200 || reply.status > 299)
    return unreadable_reply("the upload was not accepted");
  if (before.session.empty()) {
    std::string session(wire::header(reply.headers, "x-goog-upload-url"));
    if (session.empty()) return unreadable_reply("the provider's answer names no upload url");
    return Upload{std::move(session), {}};
  }
  std::string_view status = wire::header(reply.headers, "x-goog-upload-status");
  if (status == "cancelled") return Upload{};  // begin again
  if (status == "active") return unreadable_reply("the provider took only a part of the upload");
  Json json = TRY(reply_object(reply));
  const Json* file = wire::find(json, "file");
  const Json& named = file ? *file : json;
  std::string name(wire::string_at(named, "name"));
  if (name.empty()) return unreadable_reply("the provider's answer names no file");
  if (wire::string_at(named, "state").ends_with("FAILED"))
    return unreadable_reply("the provider could not process the file");
  return Upload{before.session, std::move(name)};
}

wire::HttpCall create_call(const Access& access, const BatchSpec& spec, std::string_view file_id,
                           wire::Body requests) {
  if (!file_id.empty())
    requests = wire::dump({{"batch",
                            {{"displayName", std::string(name_prefix) + spec.token},
                             {"inputConfig", {{"fileName", file_id}}}}}});
  bool embed = spec.endpoint == Endpoint::embed_content;
  return json_call(
      "POST",
      model_url(access, spec.model, embed ? "asyncBatchEmbedContent" : "batchGenerateContent"),
      auth(access), std::move(requests));
}

Result<std::string> read_created(const wire::HttpReply& reply) {
  Json json = TRY(reply_object(reply));
  std::string_view name = wire::string_at(json, "name");
  if (name.empty())
    if (const Json* metadata = wire::find(json, "metadata"))
      name = wire::string_at(*metadata, "name");
  if (name.empty()) return unreadable_reply("the provider's answer names no batch");
  return std::string(name);
}

// --- refusals ---

// The member of the first detail whose type ends in `type`.
const Json* detail(const Json& error, std::string_view type) {
  const Json* details = wire::find(error, "details");
  if (!details || !details->is_array()) return nullptr;
  for (const Json& entry : *details)
    if (wire::string_at(entry, "@type").ends_with(type)) return &entry;
  return nullptr;
}

// Whether a 429 is about work in the queue rather than about speed. Google uses one status for both
// and often says no more; what names a delay or a quota per time is about speed.
bool is_queue_quota(const wire::HttpReply& reply, const Json& error, std::string_view message,
                    int64_t& limit) {
  if (const Json* quota = detail(error, "QuotaFailure")) {
    std::string text = wire::dump(*quota);
    if (!mentions(text, "batch") && !mentions(text, "enqueued")) return false;
    if (const Json* violations = wire::find(*quota, "violations");
        violations && violations->is_array() && !violations->empty())
      limit = count_at((*violations)[0], "quotaValue", 0);
    return true;
  }
  if (mentions(message, "enqueued") || mentions(message, "batch")) return true;
  return !detail(error, "RetryInfo") && wire::header(reply.headers, "retry-after").empty();
}

Verdict verdict_of_400(const Json& error, std::string_view status, std::string_view message) {
  const Json* info = detail(error, "ErrorInfo");
  if ((info && wire::string_at(*info, "reason").starts_with("API_KEY")) ||
      mentions(message, "api key not valid") || mentions(message, "api key expired"))
    return Verdict::account;
  if (status == "FAILED_PRECONDITION" && mentions(message, "billing")) return Verdict::no_credit;
  if (status == "FAILED_PRECONDITION" && mentions(message, "location")) return Verdict::account;
  return Verdict::invalid;
}

Verdict verdict_of(const wire::HttpReply& reply, const Json& error, Refusal& refusal) {
  const std::string& message = refusal.message;
  if (mentions(message, "credits are depleted") || mentions(message, "spending cap"))
    return Verdict::no_credit;
  switch (reply.status) {
    case 400:
      return verdict_of_400(error, refusal.code, message);
    case 403:
      return mentions(message, "may not exist") ? Verdict::missing : Verdict::account;
    case 404:
      return message.starts_with("models/") ? Verdict::invalid : Verdict::missing;
    case 429:
      if (mentions(message, "flex")) return Verdict::no_capacity;
      return is_queue_quota(reply, error, message, refusal.limit) ? Verdict::quota_full
                                                                  : Verdict::throttled;
    case 503:
      return mentions(message, "flex") ? Verdict::no_capacity : Verdict::unavailable;
    default:
      return verdict_of_status(reply.status);
  }
}

Refusal read_refusal(const wire::HttpReply& reply) {
  Json body = error_body(reply);
  const Json* inner = wire::find(body, "error");
  const Json& error = inner ? *inner : body;
  Refusal refusal = refusal_from(error, wire::string_at(error, "status"));
  refusal.verdict = verdict_of(reply, error, refusal);
  if (refusal.verdict == Verdict::quota_full && refusal.limit == 0)
    refusal.limit = stated_limit(refusal.message);
  complete(refusal, reply);
  if (const Json* info = detail(error, "RetryInfo"); info && !refusal.retry_after)
    refusal.retry_after = spoken_duration(wire::string_at(*info, "retryDelay"));
  return refusal;
}

// --- state ---

wire::HttpCall poll_call(const Access& access, const BatchSpec&, std::string_view provider_id) {
  return call("GET", api(access) + resource(provider_id), auth(access));
}

Polled::Phase phase_of(std::string_view state) {
  using enum Polled::Phase;
  if (is_one_of(state, {"PENDING", "QUEUED"})) return waiting;
  if (is_one_of(state, {"RUNNING", "PAUSED", "UPDATING"})) return running;
  if (is_one_of(state, {"CANCELLING", "CANCELING"})) return finishing;
  if (is_one_of(state, {"SUCCEEDED", "PARTIALLY_SUCCEEDED", "CANCELLED", "CANCELED", "EXPIRED"}))
    return ended;
  return state == "FAILED" ? failed : unknown;
}

// A batch that is done without a state that we know: by what it carries.
void end_without_state(const Operation& operation, Polled& polled) {
  if (operation.error.empty()) {
    polled.phase = Polled::Phase::ended;
    return;
  }
  polled.cancelled = is_cancelled(operation.error);
  polled.phase = polled.cancelled ? Polled::Phase::ended : Polled::Phase::failed;
}

Result<Polled> read_polled(const wire::HttpReply& reply) {
  if (reply.status < 200 || reply.status > 299)
    return unreadable_reply("the provider answered with status " + std::to_string(reply.status));
  std::string text = TRY(reply.body.text());
  auto operation = read_operation(text);
  if (!operation)
    return unreadable_reply("the provider's answer is not a JSON object: " + clean_text(text, 100));
  Polled polled;
  polled.said = clean_text(operation->state, 40);
  polled.phase = phase_of(operation->state);
  polled.cancelled = operation->state.starts_with("CANCEL") && polled.phase == Polled::Phase::ended;
  polled.expired = operation->state == "EXPIRED";
  if (operation->done && polled.phase != Polled::Phase::ended &&
      polled.phase != Polled::Phase::failed)
    end_without_state(*operation, polled);
  polled.total = operation->total;
  if (operation->total >= 0) polled.done = operation->succeeded + operation->failed;
  bool terminal = polled.phase == Polled::Phase::ended || polled.phase == Polled::Phase::failed;
  if (terminal && !operation->file.empty())
    polled.outputs.push_back({Output::Kind::file, operation->file});
  if (terminal && operation->has_inline) polled.outputs.push_back({Output::Kind::in_poll, {}});
  if (polled.phase == Polled::Phase::failed) {
    polled.refusal = refusal_of_status_object(operation->error);
    if (!polled.outputs.empty()) polled.phase = Polled::Phase::ended;  // something ran
  }
  return polled;
}

wire::HttpCall list_call(const Access& access, const BatchSpec&, std::string_view cursor) {
  std::string url = api(access) + "batches?pageSize=100";
  if (!cursor.empty()) url += "&pageToken=" + wire::percent_encoded(cursor);
  return call("GET", std::move(url), auth(access));
}

Result<Listed> read_listed(const wire::HttpReply& reply) {
  Json json = TRY(reply_object(reply));
  Listed listed;
  listed.next = wire::string_at(json, "nextPageToken");
  const Json* operations = wire::find(json, "operations");
  if (!operations) return listed;  // an empty list is left out
  if (!operations->is_array()) return unreadable_reply("the provider's list of batches is none");
  for (const Json& operation : *operations) {
    const Json* metadata = wire::find(operation, "metadata");
    const Json& batch = metadata ? *metadata : operation;
    Listed::Entry entry;
    entry.provider_id = wire::string_at(operation, "name");
    std::string_view display = wire::string_at(batch, "displayName");
    if (display.starts_with(name_prefix)) entry.token = display.substr(name_prefix.size());
    if (const Json* stats = wire::find(batch, "batchStats"))
      entry.requests = count_at(*stats, "requestCount", -1);
    if (auto created = parse_rfc3339(wire::string_at(batch, "createTime")))
      entry.created = *created;
    if (!entry.provider_id.empty()) listed.batches.push_back(std::move(entry));
  }
  return listed;
}

wire::HttpCall cancel_call(const Access& access, const BatchSpec&, std::string_view provider_id) {
  return json_call("POST", api(access) + resource(provider_id) + ":cancel", auth(access), "{}");
}

// --- results ---

wire::HttpCall collect_call(const Access& access, const BatchSpec& spec,
                            std::string_view provider_id, const Output& output) {
  if (output.kind == Output::Kind::in_poll) return poll_call(access, spec, provider_id);
  return call(
      "GET", access.base_url + "/download/v1beta/" + resource(output.where) + ":download?alt=media",
      {{"x-goog-api-key", access.key}});
}

// Where no result carries its key, position is what is left: taken only when nothing is missing and
// the batch is ours by name.
std::string keyed_by_position(std::string_view token, std::string_view lines) {
  std::string keyed;
  int32_t position = 0;
  while (!lines.empty()) {
    std::string_view line = lines.substr(0, lines.find('\n'));
    lines.remove_prefix(line.size() + 1);
    keyed += "{\"key\":\"" + custom_id_of(token, position++) + '"';
    std::string_view rest = line.substr(1);
    if (rest.find_first_not_of(" }") != rest.npos) keyed += ',';
    keyed.append(rest) += '\n';
  }
  return keyed;
}

Result<std::string> split_inline(std::string_view poll_reply) {
  std::string lines;
  Operation operation = TRY(read_operation(poll_reply, &lines));
  if (!operation.display_name.starts_with(name_prefix)) return lines;
  int64_t count = 0;
  for (std::string_view rest = lines; !rest.empty(); ++count) {
    std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(line.size() + 1);
    if (has_key(line)) return lines;
  }
  if (count != operation.total) return lines;
  return keyed_by_position(std::string_view(operation.display_name).substr(name_prefix.size()),
                           lines);
}

std::vector<wire::HttpCall> cleanup_calls(const Access& access, const BatchSpec&,
                                          std::string_view file_id, std::string_view provider_id,
                                          const std::vector<Output>&) {
  std::vector<wire::HttpCall> calls;
  // The batch goes first: its results file goes with it and cannot be deleted otherwise.
  for (std::string_view name : {provider_id, file_id})
    if (!name.empty()) calls.push_back(call("DELETE", api(access) + resource(name), auth(access)));
  return calls;
}

// --- synchronous calls ---

wire::HttpCall live_call(const Access& access, Endpoint endpoint, std::string_view model,
                         std::string_view body, ServiceTier tier) {
  bool named = tier == ServiceTier::flex || tier == ServiceTier::priority;
  std::string text = with_member(body, "serviceTier", "service_tier",
                                 named ? name_of(tier) : std::string_view("standard"), !named);
  wire::HttpCall made = json_call("POST", model_url(access, model, wire_name(endpoint)),
                                  auth(access), std::move(text));
  made.timeout = tier == ServiceTier::flex ? seconds(900) : seconds(600);
  return made;
}

Result<ServiceTier> read_tier(Endpoint endpoint, const wire::HttpReply& reply,
                              std::string_view body) {
  std::string_view said = wire::header(reply.headers, "x-gemini-service-tier");
  for (ServiceTier tier : {ServiceTier::standard, ServiceTier::flex, ServiceTier::priority})
    if (said == name_of(tier)) return tier;
  Served served = TRY(read_served(endpoint, body));
  if (!served.tier_said) return fail("dialect.no_tier", "the answer names no service tier");
  return served.tier;
}

std::string read_account(const wire::HttpReply&) { return {}; }

}  // namespace

const BatchApi gemini_api = {
    .append_request = append_request,
    .inline_head = inline_head,
    .inline_tail = inline_tail,
    .upload_call = upload_call,
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
    .read_line = read_gemini_line,
    .cleanup_calls = cleanup_calls,
    .live_call = live_call,
    .read_tier = read_tier,
    .read_refusal = read_refusal,
    .read_account = read_account,
};

}  // namespace twolane::dialect::batch

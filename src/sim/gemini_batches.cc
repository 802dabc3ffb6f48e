// The Gemini batch API: what is refused at creation, and what the long-running operation says.

#include <algorithm>

#include "sim/gemini.h"
#include "sim/json_text.h"
#include "sim/lines.h"

namespace twolane::sim {

using simdjson::dom::element;
using wire::HttpReply;
using wire::Json;

namespace {

constexpr int64_t most_inline = 20'971'520;
constexpr int64_t most_jobs = 100;

std::optional<element> either(element object, std::string_view camel, std::string_view snake) {
  auto found = member(object, camel);
  return found ? found : member(object, snake);
}

constexpr std::string_view type_root = "type.googleapis.com/google.ai.generativelanguage.v1main.";

}  // namespace

Result<HttpReply> Gemini::create(Call& call, Endpoint endpoint, const Model& model) {
  CHECKED(core_.batches.bring_up_to(call.now));
  if (call.http.body.size() > most_inline)
    return refuse(400, "Request payload size exceeds the limit: 20971520 bytes.");
  const std::string text = TRY(call.http.body.text());
  simdjson::dom::parser parser;
  element body;
  if (parser.parse(text).get(body)) return refuse(400, "Invalid JSON payload received.");
  auto batch = member(body, "batch");
  auto config = batch ? either(*batch, "inputConfig", "input_config") : std::nullopt;
  if (!config)
    return refuse(
        400, "* BatchGenerateContentRequest.batch.input_config: input_config is not specified");
  Batch b;
  b.number = core_.state.next_number();
  b.id.clear();
  append_lower_id(b.id, mix(mix(core_.seed, core_.state.effects() + 1), mix(call.draw.base, 3)),
                  36);
  b.provider = Provider::gemini;
  b.account = call.account;
  b.endpoint = endpoint;
  b.model = model.name;
  b.created = call.now;
  auto name = either(*batch, "displayName", "display_name");
  if (name && name->is_string()) b.label = std::string_view(*name);
  b.plan = core_.batches.plan(b.number, b.created, hours(48));
  HttpReply checked = TRY(check(call, b, *config));
  if (checked.status != 200) {
    if (b.is_inline()) core_.storage.remove(b.input);
    return checked;
  }
  const std::string id = b.id;
  CHECKED(core_.state.add(std::move(b)));
  return operation(*core_.state.batch(Provider::gemini, call.account, id), call);
}

Result<HttpReply> Gemini::check(Call& call, Batch& b, const element& config) {
  HttpReply checked;
  if (auto name = either(config, "fileName", "file_name"); name && name->is_string())
    checked = TRY(check_file(call, b, std::string_view(*name)));
  else
    checked = TRY(check_inline(call, b, config));
  if (checked.status != 200) return checked;
  return check_quota(call, b);
}

// One bad row, and nothing is created.
Result<HttpReply> Gemini::check_file(Call& call, Batch& b, std::string_view name) {
  b.input_file = name;
  if (name.starts_with("files/")) name.remove_prefix(6);
  const File* f = core_.state.file(Provider::gemini, call.account, name, call.now);
  if (!f)
    return refuse(403, "You do not have permission to access the File " + std::string(name) +
                           " or it may not exist.");
  b.input = f->blob;
  Lines lines(TRY(core_.storage.read(f->blob)));
  simdjson::dom::parser parser;
  Line line;
  line.at = call.now;
  std::string_view text;
  for (int64_t number = 1; TRY(lines.next(text)); ++number) {
    if (text.empty() || text == "\r") continue;
    if (parser.parse(text.data(), text.size(), false).get(line.json) ||
        !member(line.json, "request"))
      return refuse(400,
                    "Row " + std::to_string(number) + " of the input file is not a valid request.");
    format_.read(b, line);
    ++b.requests;
    b.tokens += line.ask.input_tokens;
  }
  if (b.requests == 0) return refuse(400, "The input file holds no requests.");
  return HttpReply{200, {}, {}};
}

Result<HttpReply> Gemini::check_inline(Call& call, Batch& b, const element& config) {
  b.input = b.id + ".input";
  auto outer = member(config, "requests");
  auto inner = outer ? member(*outer, "requests") : std::nullopt;
  simdjson::dom::array requests;
  if (!inner || inner->get(requests) || requests.size() == 0)
    return refuse(
        400,
        "* BatchGenerateContentRequest.batch.input_config.requests: requests is not specified");
  auto blob = TRY(core_.storage.create(b.input));
  Line line;
  line.at = call.now;
  std::string rows;
  for (element item : requests) {
    if (!member(item, "request"))
      return refuse(
          400, "Request " + std::to_string(b.requests) + " of the batch is not a valid request.");
    line.json = item;
    format_.read(b, line);
    ++b.requests;
    b.tokens += line.ask.input_tokens;
    rows += simdjson::minify(item);
    rows += '\n';
  }
  CHECKED(blob->append(rows));
  return HttpReply{200, {}, {}};
}

Result<HttpReply> Gemini::check_quota(const Call& call, const Batch& b) const {
  int64_t jobs = 0;
  for (const Batch* other : core_.state.unfinished())
    jobs += other->provider == Provider::gemini && other->account == b.account;
  const int64_t quota = core_.scenario.enqueued_tokens;
  if (jobs >= most_jobs ||
      (quota > 0 &&
       core_.batches.enqueued(Provider::gemini, b.account, b.model, call.now) + b.tokens > quota))
    return too_many(call, seconds(60));
  return HttpReply{200, {}, {}};
}

Result<HttpReply> Gemini::batches(Call& call, std::string_view rest) {
  CHECKED(core_.batches.bring_up_to(call.now));
  if (rest.empty()) return list_batches(call);
  rest.remove_prefix(1);
  const bool cancels = rest.ends_with(":cancel") && call.method == "POST";
  if (cancels) rest.remove_suffix(7);
  Batch* b = core_.state.batch(Provider::gemini, call.account, rest);
  if (!b) return refuse(404, "Batch " + std::string(rest) + " was not found.");
  if (cancels) return cancel(call, *b);
  if (call.method == "DELETE") {
    CHECKED(core_.state.remove_batch(*b));
    return json_reply(200, std::string("{}"));
  }
  return operation(*b, call);
}

Result<HttpReply> Gemini::cancel(Call& call, Batch& b) {
  if (b.end)
    return json_reply(400, Json{{"error",
                                 {{"code", 400},
                                  {"message", "The batch has already ended."},
                                  {"status", "FAILED_PRECONDITION"}}}});
  if (b.cancel_asked.ms == 0)
    CHECKED(core_.state.ask_cancel(b, call.now, core_.batches.cancel_effect(b, call.now)));
  return json_reply(200, std::string("{}"));
}

Result<HttpReply> Gemini::list_batches(Call& call) {
  const int64_t size = asked_number(call, "pageSize", 50, 1000);
  const std::string_view token = call.asked("pageToken");
  Json shown = Json::array();
  std::string next;
  bool begun = token.empty();
  const auto& all = core_.state.batches();
  for (auto at = all.rbegin(); at != all.rend() && next.empty(); ++at) {
    const Batch& b = **at;
    if (b.provider != Provider::gemini || b.account != call.account) continue;
    if (b.id == token) begun = true;
    if (!begun || !is_listed(core_, b, call.now)) continue;
    if (static_cast<int64_t>(shown.size()) == size)
      next = b.id;
    else
      shown.push_back(operation_json(b, call));
  }
  Json out = Json::object();
  if (!shown.empty()) out["operations"] = std::move(shown);
  if (!next.empty()) out["nextPageToken"] = next;
  return json_reply(200, out);
}

// Counters of zero are left out, as protobuf does; numbers are texts.
Json Gemini::metadata(const Batch& b, const Call& call) const {
  using How = BatchEnd::How;
  const bool embeds = b.endpoint == Endpoint::embed_content;
  Json input = b.is_inline() ? Json::object() : Json{{"fileName", b.input_file}};
  std::string_view state = call.now < b.plan.validated || b.plan.stuck_waiting
                               ? "BATCH_STATE_PENDING"
                               : "BATCH_STATE_RUNNING";
  int64_t pending = b.requests, good = 0, bad = 0;
  if (b.end) {
    constexpr std::string_view names[] = {"BATCH_STATE_FAILED", "BATCH_STATE_SUCCEEDED",
                                          "BATCH_STATE_EXPIRED", "BATCH_STATE_CANCELLED"};
    state = names[static_cast<size_t>(b.end->how)];
    good = b.end->answered;
    bad = b.end->errored + b.end->cancelled;
    pending = b.end->how == How::completed ? 0 : b.requests;
    if (call.draw.hits(core_.scenario.counts_lie, Chance::poll_counts)) std::swap(good, bad);
  }
  int64_t total = b.requests;
  if (const auto& fixed = core_.scenario.counts_always; fixed.size() == 3)
    total = fixed[0], good = fixed[1], bad = fixed[2];
  if (call.draw.hits(core_.scenario.unknown_state, Chance::poll_state))
    state = "BATCH_STATE_UNDER_REVIEW";
  Json stats = {{"requestCount", std::to_string(total)}};
  if (good > 0) stats["successfulRequestCount"] = std::to_string(good);
  if (bad > 0) stats["failedRequestCount"] = std::to_string(bad);
  if (pending > 0) stats["pendingRequestCount"] = std::to_string(pending);
  Json out = {
      {"@type", std::string(type_root) + (embeds ? "EmbedContentBatch" : "GenerateContentBatch")},
      {"model", "models/" + b.model},
      {"displayName", b.label},
      {"inputConfig", std::move(input)},
      {"createTime", rfc3339(b.created)},
      {"updateTime", rfc3339(b.end ? b.end->at : b.created)},
      {"batchStats", std::move(stats)},
      {"state", state},
      {"name", "batches/" + b.id}};
  if (b.end) out["endTime"] = rfc3339(b.end->at);
  return out;
}

Json Gemini::operation_json(const Batch& b, const Call& call) const {
  using How = BatchEnd::How;
  Json out = {{"name", "batches/" + b.id}, {"metadata", metadata(b, call)}};
  if (!b.end) return out;
  out["done"] = true;
  if (b.end->how == How::completed) {
    const bool embeds = b.endpoint == Endpoint::embed_content;
    Json response = {{"@type", std::string(type_root) + (embeds ? "EmbedContentBatchOutput"
                                                                : "GenerateContentBatchOutput")}};
    if (b.end->output_bytes > 0 && !b.is_inline()) {
      response["responsesFile"] = "files/batch-" + b.id;
      out["metadata"]["output"] = {{"responsesFile", "files/batch-" + b.id}};
    }
    out["response"] = std::move(response);
  } else if (b.end->how == How::cancelled) {
    out["error"] = {{"code", 13}, {"message", "The batch was cancelled."}};
  } else if (b.end->how == How::expired) {
    out["error"] = {{"code", 4}, {"message", "The batch expired before it was completed."}};
  }
  return out;
}

namespace {

// The lines of a result blob as members of a JSON array: every line end but the last becomes a
// comma.
class JoinedLines final : public wire::ByteSource {
 public:
  explicit JoinedLines(Source lines) : lines_(std::move(lines)) {}
  int64_t size() const override { return std::max<int64_t>(0, lines_->size() - 1); }
  Result<size_t> read(int64_t offset, char* to, size_t length) const override {
    if (offset >= size()) return size_t{0};
    const size_t most = std::min<size_t>(length, static_cast<size_t>(size() - offset));
    const size_t n = TRY(lines_->read(offset, to, most));
    std::replace(to, to + n, '\n', ',');  // inside of a line there is none: strings hold it escaped
    return n;
  }

 private:
  Source lines_;
};

}  // namespace

Result<HttpReply> Gemini::operation(const Batch& b, const Call& call) const {
  Json out = operation_json(b, call);
  if (!b.end || b.end->how != BatchEnd::How::completed || !b.is_inline() ||
      b.end->output_bytes == 0)
    return json_reply(200, out);
  // Results stand twice, in the answer and in its metadata; they are spliced in rather than built.
  constexpr std::string_view mark = "\"@results@\"";
  const Json place = {{"inlinedResponses", "@results@"}};
  out["metadata"]["output"] = {{"inlinedResponses", place}};
  out["response"]["inlinedResponses"] = place;
  std::string text = wire::dump(out);
  HttpReply reply{200, {{"content-type", "application/json; charset=UTF-8"}}, {}};
  auto lines = std::make_shared<JoinedLines>(TRY(core_.storage.read(b.output_blob())));
  size_t from = 0;
  for (size_t at; (at = text.find(mark, from)) != std::string::npos; from = at + mark.size()) {
    reply.body.append(text.substr(from, at - from) + "[");
    reply.body.append(lines);
    reply.body.append(std::string("]"));
  }
  reply.body.append(text.substr(from));
  return reply;
}

}  // namespace twolane::sim

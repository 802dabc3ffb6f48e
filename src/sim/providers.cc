// The simulator's front: which provider a call is for, what goes wrong on its way, the clock, the
// ledger.

#include "sim/providers.h"

#include <openssl/sha.h>

#include <algorithm>
#include <array>
#include <random>

#include "sim/anthropic.h"
#include "sim/api.h"
#include "sim/gemini.h"
#include "sim/json_text.h"
#include "sim/lines.h"
#include "sim/openai.h"
#include "wire/hex.h"

namespace twolane::sim {

using wire::HttpReply;

namespace {

std::string account_of(std::string_view key) {
  unsigned char digest[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char*>(key.data()), key.size(), digest);
  return wire::hex_of({digest, 6});
}

std::string_view key_of(const Call& call, Provider provider) {
  const wire::Headers& headers = call.http.headers;
  std::string_view bearer = wire::header(headers, "authorization");
  bearer = bearer.starts_with("Bearer ") ? bearer.substr(7) : std::string_view();
  std::string_view key;
  if (provider == Provider::anthropic) key = wire::header(headers, "x-api-key");
  if (provider == Provider::gemini) {
    key = wire::header(headers, "x-goog-api-key");
    if (key.empty()) key = call.asked("key");
  }
  return key.empty() ? bearer : key;
}

void read_query(std::string_view query, Call& call) {
  while (!query.empty()) {
    const size_t end = std::min(query.find('&'), query.size());
    const std::string_view pair = query.substr(0, end);
    const size_t equals = std::min(pair.find('='), pair.size());
    call.query.emplace_back(wire::percent_decoded(pair.substr(0, equals)),
                            wire::percent_decoded(pair.substr(std::min(equals + 1, pair.size()))));
    query.remove_prefix(std::min(end + 1, query.size()));
  }
}

bool is_json(const HttpReply& reply) {
  return wire::header(reply.headers, "content-type").starts_with("application/json");
}

}  // namespace

class Simulated final : public Providers {
 public:
  Simulated(Scenario scenario, uint64_t seed, std::unique_ptr<Storage> storage)
      : scenario_(std::move(scenario)),
        seed_(seed),
        storage_(std::move(storage)),
        state_(*storage_),
        batches_(scenario_, seed, state_, *storage_),
        live_(scenario_, state_, *storage_),
        core_{scenario_, mix(seed, 0x1D5), state_, *storage_, batches_, live_} {
    apis_ = {make_openai(core_), make_anthropic(core_), make_gemini(core_)};
    for (size_t i = 0; i < apis_.size(); ++i) batches_.formats[i] = &apis_[i]->format();
  }

  Status start(bool in_memory) {
    CHECKED(state_.replay(storage_->take_records()));
    // A state of its own is another world than the next one with the same seed; one in memory is
    // gone with its process and depends on the seed alone.
    uint64_t name = mix(seed_, hash_text(scenario_.name));
    if (!in_memory)
      name =
          mix(name, std::random_device()() | static_cast<uint64_t>(std::random_device()()) << 32);
    std::string id = "sim-";
    append_hex(id, name, 12);
    return state_.opened(id);
  }

  std::string id() const override { return state_.id; }
  Answer handle(const wire::HttpCall& http, Time now) override;
  void each_charge(Time now, const std::function<void(const LedgerLine&)>& see) override;

 private:
  Answer served(Call& call, Provider provider);
  Answer defect(const Error& error);
  Result<HttpReply> ledger_reply(Time now);
  HttpReply batches_reply() const;
  HttpReply clock_reply(Time now) const;
  bool is_blackout(Time now) const;
  Duration latency(const Call& call) const;
  void spoil(const Call& call, const Api& api, Answer& answer) const;

  Scenario scenario_;
  uint64_t seed_;
  std::unique_ptr<Storage> storage_;
  State state_;
  Batches batches_;
  LiveLane live_;
  Core core_;
  std::array<std::unique_ptr<Api>, 3> apis_;
  uint64_t calls_ = 0;  // since it was opened
  std::optional<Error> broken_;
};

// Its own storage failed. Memory and files may differ now, so nothing is answered any more.
Answer Simulated::defect(const Error& error) {
  if (!broken_) broken_ = error;
  std::string body = "{\"error\":{\"message\":";
  append_quoted(body, "the simulator's storage failed: " + error.message + ": " + error.why);
  body += ",\"type\":\"server_error\",\"param\":null,\"code\":null}}";
  return {json_reply(500, std::move(body)), {}, Answer::Fault::none, 0};
}

HttpReply Simulated::clock_reply(Time now) const {
  std::string body = "{\"id\":\"" + state_.id + "\",\"now\":\"" + rfc3339(now) + "\",\"now_ms\":";
  append_number(body, now.ms);
  body += '}';
  return json_reply(200, std::move(body));
}

Result<HttpReply> Simulated::ledger_reply(Time now) {
  CHECKED(batches_.bring_up_to(now));
  HttpReply reply{200, {{"content-type", "application/jsonl"}}, {}};
  reply.body.append(TRY(storage_->ledger()));
  return reply;
}

// When each batch ends, or would have ended, if nobody cancels it: what a clairvoyant knows.
HttpReply Simulated::batches_reply() const {
  HttpReply reply{200, {{"content-type", "application/jsonl"}}, {}};
  std::string lines;
  for (const auto& b : state_.batches()) {
    Batch left_alone = *b;
    left_alone.end.reset();
    left_alone.cancel_asked = {};
    const Time ends = batches_.ends_at(left_alone);
    lines += wire::dump({{"provider", name_of(b->provider)},
                         {"id", b->id},
                         {"requests", b->requests},
                         {"created", rfc3339(b->created)},
                         {"would_end", rfc3339(ends)},
                         {"would_complete", b->faults.empty() && ends < b->plan.window_ends},
                         {"cancelled", b->cancel_asked.ms > 0}}) + '\n';
  }
  reply.body.append(std::move(lines));
  return reply;
}

bool Simulated::is_blackout(Time now) const {
  return std::any_of(
      scenario_.blackout_at.begin(), scenario_.blackout_at.end(), [&](Duration from) {
        return now >= state_.began + from && now < state_.began + from + scenario_.blackout;
      });
}

Duration Simulated::latency(const Call& call) const {
  constexpr double flex_sigma = 1.264;  // p95 is eight times the median
  if (call.flex)
    return milliseconds(static_cast<int64_t>(static_cast<double>(scenario_.flex_latency.ms) *
                                             std::exp(flex_sigma * call.draw.normal(Chance::latency))));
  if (call.live)
    return milliseconds(static_cast<int64_t>(static_cast<double>(scenario_.live_latency.ms) *
                                             std::exp(0.5 * call.draw.normal(Chance::latency))));
  return milliseconds(static_cast<int64_t>(static_cast<double>(scenario_.latency.ms) *
                                           (0.5 + call.draw.uniform(Chance::latency))));
}

// What happens to an answer after the call took effect.
void Simulated::spoil(const Call& call, const Api& api, Answer& answer) const {
  const Scenario& s = scenario_;
  const Draw& draw = call.draw;
  if (answer.reply.status >= 300) return;
  if (draw.hits(s.server_error_after, Chance::call_after)) {
    // A flex call that is shed has not run: one that has run says 500.
    answer.reply = api.server_error(call, !call.flex && draw.hits(0.5, Chance::error_kind) ? 503 : 500);
  } else if (draw.hits(s.lost_after, Chance::call_lost_after)) {
    answer.fault = Answer::Fault::lost;
  } else if (is_json(answer.reply)) {
    if (draw.hits(s.unreadable, Chance::call_unreadable))
      answer.reply = {answer.reply.status,
                      {{"content-type", "text/html"}},
                      wire::Body("<html><body>upstream connect e")};
  } else if (draw.hits(s.truncated_download, Chance::download) && answer.reply.body.size() > 1) {
    answer.fault = Answer::Fault::cut;
    answer.cut_at = static_cast<int64_t>(draw.uniform(Chance::download_at) *
                                         static_cast<double>(answer.reply.body.size()));
  }
}

Answer Simulated::served(Call& call, Provider provider) {
  const Scenario& s = scenario_;
  const Draw& draw = call.draw;
  Api& api = *apis_[static_cast<size_t>(provider)];
  const std::string_view key = key_of(call, provider);
  if (!key.empty()) call.account = account_of(key);
  call.bad_key = key.starts_with("bad");
  Answer answer;
  answer.latency = latency(call);
  if (draw.hits(s.refused, Chance::call_refused))
    answer.fault = Answer::Fault::refused;
  else if (draw.hits(s.lost, Chance::call_lost))
    answer.fault = Answer::Fault::lost;
  if (answer.fault != Answer::Fault::none) return answer;
  if (is_blackout(call.now)) {
    answer.reply = api.server_error(call, 503);
  } else if (draw.hits(s.too_many, Chance::call_too_many)) {
    answer.reply =
        api.too_many(call, seconds(1 + static_cast<int64_t>(draw.bits(Chance::retry_after) % 30)));
  } else if (draw.hits(s.server_error, Chance::call_server_error)) {
    answer.reply = api.server_error(call, draw.hits(0.5, Chance::error_kind) ? 503 : 500);
  } else {
    auto reply = api.handle(call);
    if (!reply) return defect(reply.error());
    answer.reply = std::move(*reply);
    answer.latency = latency(call);
    spoil(call, api, answer);
  }
  api.sign(call, answer.reply);
  return answer;
}

Answer Simulated::handle(const wire::HttpCall& http, Time now) {
  if (broken_) return defect(*broken_);
  const auto url = wire::parse_url(http.url);
  if (!url)
    return {json_reply(400, std::string("{\"error\":{\"message\":\"not a URL\"}}")),
            {},
            Answer::Fault::none,
            0};
  Call call{.http = http,
            .method = http.method,
            .path = {},
            .query = {},
            .origin = {},
            .account = {},
            .now = now,
            .draw = Draw{mix(mix(seed_, state_.starts), ++calls_)}};
  const size_t question = std::min(url->target.find('?'), url->target.size());
  const std::string path = wire::percent_decoded(std::string_view(url->target).substr(0, question));
  read_query(std::string_view(url->target).substr(std::min(question + 1, url->target.size())),
             call);
  call.origin = http.url.substr(
      0, http.url.find('/', http.url.find("://") + 3));  // with the port as it was said
  if (path == "/clock") return {clock_reply(now), {}, Answer::Fault::none, 0};
  if (path == "/ledger") {
    auto reply = ledger_reply(now);
    return reply ? Answer{std::move(*reply), {}, Answer::Fault::none, 0} : defect(reply.error());
  }
  if (path == "/batches") return {batches_reply(), {}, Answer::Fault::none, 0};
  if (auto began = state_.begin(now); !began) return defect(began.error());
  constexpr std::array roots = {std::string_view("/openai"), std::string_view("/anthropic"),
                                std::string_view("/gemini")};
  for (size_t i = 0; i < roots.size(); ++i) {
    if (!path.starts_with(roots[i]) ||
        (path.size() > roots[i].size() && path[roots[i].size()] != '/'))
      continue;
    call.path = path.substr(roots[i].size());
    return served(call, static_cast<Provider>(i));
  }
  return {
      json_reply(
          404,
          std::string(
              "{\"error\":{\"message\":\"simulated are /openai/v1, /anthropic and /gemini\"}}")),
      {},
      Answer::Fault::none,
      0};
}

void Simulated::each_charge(Time now, const std::function<void(const LedgerLine&)>& see) {
  if (auto done = batches_.bring_up_to(now); !done) return void(broken_ = done.error());
  auto source = storage_->ledger();
  if (!source) return;
  Lines lines(*source);
  simdjson::dom::parser parser;
  std::string_view text;
  for (auto more = lines.next(text); more && *more; more = lines.next(text)) {
    simdjson::dom::element json;
    if (parser.parse(text.data(), text.size(), false).get(json)) continue;
    LedgerLine l;
    for (auto [to, key] : {std::pair{&l.provider, "provider"},
                           {&l.account, "account"},
                           {&l.response_id, "response_id"},
                           {&l.custom_id, "custom_id"},
                           {&l.batch, "batch"},
                           {&l.model, "model"},
                           {&l.tier, "tier"},
                           {&l.usd, "usd"}})
      *to = text_at(json, key);
    if (auto usage = member(json, "usage")) l.usage = simdjson::minify(*usage);
    if (auto usd = parse_usd(l.usd)) l.pico_usd = static_cast<int64_t>(usd->n);
    if (auto at = parse_rfc3339(text_at(json, "at"))) l.at = *at;
    see(l);
  }
}

Result<std::unique_ptr<Providers>> Providers::open(Scenario scenario, uint64_t seed,
                                                   std::string directory) {
  auto storage = TRY(Storage::open(directory));
  auto made = std::make_unique<Simulated>(std::move(scenario), seed, std::move(storage));
  CHECKED(made->start(directory.empty()));
  return made;
}

std::unique_ptr<Api> make_openai(Core& core) { return std::make_unique<OpenAi>(core); }
std::unique_ptr<Api> make_anthropic(Core& core) { return std::make_unique<Anthropic>(core); }
std::unique_ptr<Api> make_gemini(Core& core) { return std::make_unique<Gemini>(core); }

}  // namespace twolane::sim

// A content that is gone stays known: batches are worked out late, and ask what was there then.
#include "sim/cached_contents.h"

#include <cstdlib>

#include "sim/batches.h"
#include "sim/state.h"
#include "sim/storage.h"

namespace twolane::sim {

using wire::Json;

const simdjson::dom::element& CachedContent::prompt() {
  if (!parsed_) {
    parsed_ = std::make_unique<Parsed>();
    // It was dumped from a tree when it was made, so that it can be parsed.
    if (parsed_->parser.parse(body).get(parsed_->root)) std::abort();
  }
  return parsed_->root;
}

Json record_of(const CachedContent& c) {
  return {{"do", "content"},
          {"id", c.id},
          {"account", c.account},
          {"model", c.model},
          {"label", c.label},
          {"body", c.body},
          {"tokens", c.tokens},
          {"created", c.created.ms},
          {"expires", c.expires.ms}};
}

CachedContent cached_content_of(const Json& j) {
  CachedContent c;
  c.id = wire::string_at(j, "id");
  c.account = wire::string_at(j, "account");
  c.model = wire::string_at(j, "model");
  c.label = wire::string_at(j, "label");
  c.body = wire::string_at(j, "body");
  c.tokens = wire::int_at(j, "tokens");
  c.created = c.updated = {wire::int_at(j, "created")};
  c.expires = {wire::int_at(j, "expires")};
  return c;
}

void find_cached(const CacheReader& reader, simdjson::dom::element request, Ask& ask) {
  std::string_view name = text_at(request, "cachedContent");
  if (name.empty()) name = text_at(request, "cached_content");
  if (name.empty() || reader.state == nullptr) return;
  CachedContent* content = name.starts_with("cachedContents/")
                               ? reader.state->cached_content(reader.account, name.substr(15))
                               : nullptr;
  if (content == nullptr || !content->is_there(reader.at))
    return ask.refuse(403, "PERMISSION_DENIED", "CachedContent not found (or permission denied)");
  if (ask.model == nullptr || content->model != ask.model->name)
    return ask.refuse(400, "INVALID_ARGUMENT",
                      "Model used by GenerateContent request (models/" +
                          std::string(ask.model ? ask.model->name : "") +
                          ") and CachedContent (models/" + content->model +
                          ") has to be the same.");
  ask.cached = content->prompt();
  ask.cached_tokens = content->tokens;
}

PicoUsd storage_charge(const Model& model, const CachedContent& content, Time end) {
  const int64_t rate = content.created < model.half_until ? model.storage / 2 : model.storage;
  const __int128 token_ms = static_cast<__int128>(content.tokens) * (end - content.created).ms;
  return {(token_ms * rate + 3'599'999) / 3'600'000};
}

Status end_and_bill(State& state, Storage& storage, CachedContent& content, Time end) {
  const Model* model = find_model(Provider::gemini, content.model);
  if (model == nullptr) return fail("sim.storage", "a cached content of an unknown model");
  std::string line;
  append_storage_charge(line, *model, content.account, content.name(),
                        content.tokens * (end - content.created).ms,
                        storage_charge(*model, content, end), end);
  CHECKED(storage.charge(line));
  return state.end(content, end);
}

Status bill_expired(State& state, Storage& storage, Time now) {
  std::vector<CachedContent*> due;
  for (CachedContent* content : state.kept_contents())
    if (content->expires <= now) due.push_back(content);
  for (CachedContent* content : due)
    CHECKED(end_and_bill(state, storage, *content, content->expires));
  return {};
}

}  // namespace twolane::sim

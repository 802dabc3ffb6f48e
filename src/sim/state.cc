// Each effect is one journal record; replaying the records makes the same changes again.

#include "sim/state.h"

#include "wire/json.h"

namespace twolane::sim {

using wire::Json;

namespace {

Json json_of(const Usage& u) {
  return Json::array(
      {u.fresh, u.cache_read, u.cache_write_5m, u.cache_write_1h, u.output, u.reasoning});
}

Usage usage_of(const Json& j) {
  if (!j.is_array() || j.size() != 6) return {};
  auto n = [&](size_t i) { return j[i].is_number_integer() ? j[i].get<int64_t>() : 0; };
  return {n(0), n(1), n(2), n(3), n(4), n(5)};
}

Json json_of(const File& f) {
  return {{"do", "file"},
          {"id", f.id},
          {"provider", static_cast<int>(f.provider)},
          {"account", f.account},
          {"name", f.name},
          {"purpose", f.purpose},
          {"blob", f.blob},
          {"bytes", f.bytes},
          {"created", f.created.ms},
          {"expires", f.expires.ms},
          {"generated", f.generated ? 1 : 0}};
}

std::string text(const Json& j, std::string_view key) {
  return std::string(wire::string_at(j, key));
}

File file_of(const Json& j) {
  File f;
  f.id = text(j, "id");
  f.provider = static_cast<Provider>(wire::int_at(j, "provider"));
  f.account = text(j, "account");
  f.name = text(j, "name");
  f.purpose = text(j, "purpose");
  f.blob = text(j, "blob");
  f.bytes = wire::int_at(j, "bytes");
  f.created = {wire::int_at(j, "created")};
  f.expires = {wire::int_at(j, "expires")};
  f.generated = wire::int_at(j, "generated") != 0;
  return f;
}

Json json_of(const Upload& u) {
  return {{"do", "upload"}, {"id", u.id},     {"account", u.account}, {"name", u.name},
          {"mime", u.mime}, {"blob", u.blob}, {"bytes", u.bytes}};
}

Json json_of(const Batch& b) {
  return {{"do", "batch"},
          {"number", b.number},
          {"id", b.id},
          {"provider", static_cast<int>(b.provider)},
          {"account", b.account},
          {"endpoint", static_cast<int>(b.endpoint)},
          {"model", b.model},
          {"created", b.created.ms},
          {"input", b.input},
          {"input_file", b.input_file},
          {"requests", b.requests},
          {"tokens", b.tokens},
          {"label", b.label},
          {"faults", b.faults},
          {"validated", b.plan.validated.ms},
          {"takes", b.plan.takes.ms},
          {"stuck", b.plan.stuck ? 1 : 0},
          {"stuck_waiting", b.plan.stuck_waiting ? 1 : 0},
          {"window_ends", b.plan.window_ends.ms},
          {"draw", std::to_string(b.plan.draw)}};
}

Batch batch_of(const Json& j) {
  Batch b;
  b.number = static_cast<uint64_t>(wire::int_at(j, "number"));
  b.id = text(j, "id");
  b.provider = static_cast<Provider>(wire::int_at(j, "provider"));
  b.account = text(j, "account");
  b.endpoint = static_cast<Endpoint>(wire::int_at(j, "endpoint"));
  b.model = text(j, "model");
  b.created = {wire::int_at(j, "created")};
  b.input = text(j, "input");
  b.input_file = text(j, "input_file");
  b.requests = wire::int_at(j, "requests");
  b.tokens = wire::int_at(j, "tokens");
  b.label = text(j, "label");
  b.faults = text(j, "faults");
  b.plan.validated = {wire::int_at(j, "validated")};
  b.plan.takes = {wire::int_at(j, "takes")};
  b.plan.stuck = wire::int_at(j, "stuck") != 0;
  b.plan.stuck_waiting = wire::int_at(j, "stuck_waiting") != 0;
  b.plan.window_ends = {wire::int_at(j, "window_ends")};
  b.plan.draw = std::strtoull(text(j, "draw").c_str(), nullptr, 10);
  return b;
}

Json json_of(std::string_view id, const BatchEnd& e) {
  return {{"do", "end"},
          {"id", id},
          {"how", static_cast<int>(e.how)},
          {"at", e.at.ms},
          {"answered", e.answered},
          {"errored", e.errored},
          {"cancelled", e.cancelled},
          {"expired", e.expired},
          {"output_bytes", e.output_bytes},
          {"error_bytes", e.error_bytes},
          {"usage", json_of(e.usage)}};
}

BatchEnd end_of(const Json& j) {
  BatchEnd e;
  e.how = static_cast<BatchEnd::How>(wire::int_at(j, "how"));
  e.at = {wire::int_at(j, "at")};
  e.answered = wire::int_at(j, "answered");
  e.errored = wire::int_at(j, "errored");
  e.cancelled = wire::int_at(j, "cancelled");
  e.expired = wire::int_at(j, "expired");
  e.output_bytes = wire::int_at(j, "output_bytes");
  e.error_bytes = wire::int_at(j, "error_bytes");
  if (const Json* usage = wire::find(j, "usage")) e.usage = usage_of(*usage);
  return e;
}

}  // namespace

Status State::commit(const std::string& record) {
  CHECKED(storage_.commit(record));
  ++effects_;
  return {};
}

Status State::opened(std::string_view name) {
  if (id.empty()) id = name;
  ++starts;
  return commit(wire::dump(Json{{"do", "open"}, {"id", id}}));
}

Status State::begin(Time now) {
  if (began.ms > 0) return {};
  CHECKED(commit(wire::dump(Json{{"do", "begin"}, {"at", now.ms}})));
  began = now;
  return {};
}

void State::insert(File f) {
  files_.push_back(std::make_unique<File>(std::move(f)));
  file_by_id_[files_.back()->id] = files_.back().get();
}

void State::insert(Batch b) {
  batches_.push_back(std::make_unique<Batch>(std::move(b)));
  batch_by_id_[batches_.back()->id] = batches_.back().get();
  if (!batches_.back()->end) unfinished_.push_back(batches_.back().get());
}

void State::insert(CachedContent c) {
  cached_contents_.push_back(std::make_unique<CachedContent>(std::move(c)));
  content_by_id_[cached_contents_.back()->id] = cached_contents_.back().get();
  kept_contents_.push_back(cached_contents_.back().get());
}

void State::take_end(CachedContent& c, Time at) {
  c.ended = at;
  std::erase(kept_contents_, &c);
}

Status State::add(File f) {
  CHECKED(commit(wire::dump(json_of(f))));
  insert(std::move(f));
  return {};
}

// A batch that still runs goes on reading its input: the bytes stay until it has ended.
void State::drop_file(File& f) {
  f.deleted = true;
  for (const Batch* b : unfinished_)
    if (b->input == f.blob) return;
  storage_.remove(f.blob);
}

Status State::remove_file(std::string_view file_id) {
  auto at = file_by_id_.find(file_id);
  if (at == file_by_id_.end()) return {};
  CHECKED(commit(wire::dump(Json{{"do", "file_gone"}, {"id", file_id}})));
  drop_file(*at->second);
  return {};
}

Status State::keep(Upload u) {
  CHECKED(commit(wire::dump(json_of(u))));
  uploads_[u.id] = std::move(u);
  return {};
}

Status State::finish(std::string_view upload, File f) {
  Json record = json_of(f);
  record["upload"] = upload;
  CHECKED(commit(wire::dump(record)));
  if (auto at = uploads_.find(upload); at != uploads_.end()) uploads_.erase(at);
  insert(std::move(f));
  return {};
}

Status State::add(Batch b) {
  CHECKED(commit(wire::dump(json_of(b))));
  insert(std::move(b));
  return {};
}

Status State::ask_cancel(Batch& b, Time asked, Time effect) {
  CHECKED(commit(wire::dump(
      Json{{"do", "cancel"}, {"id", b.id}, {"asked", asked.ms}, {"effect", effect.ms}})));
  b.cancel_asked = asked;
  b.cancel_takes_effect = effect;
  return {};
}

void State::take_end(Batch& b, BatchEnd e) {
  b.end = e;
  std::erase(unfinished_, &b);
  if (b.provider != Provider::openai) return;
  auto leave = [&](std::string file_id, std::string blob, int64_t bytes, const char* name) {
    if (bytes > 0)
      insert(File{.id = std::move(file_id),
                  .provider = b.provider,
                  .account = b.account,
                  .name = b.id + name,
                  .purpose = "batch_output",
                  .blob = std::move(blob),
                  .bytes = bytes,
                  .created = e.at,
                  .expires = e.at + days(30),
                  .generated = true});
  };
  leave(b.output_file(), b.output_blob(), e.output_bytes, "_output.jsonl");
  leave(b.error_file(), b.error_blob(), e.error_bytes, "_error.jsonl");
}

Status State::end(Batch& b, BatchEnd e) {
  CHECKED(commit(wire::dump(json_of(b.id, e))));
  take_end(b, e);
  for (const auto& f : files_)  // an input that was deleted meanwhile
    if (f->deleted && f->blob == b.input) drop_file(*f);
  if (b.is_inline() || b.provider == Provider::anthropic) storage_.remove(b.input);
  return {};
}

Status State::remove_batch(Batch& b) {
  CHECKED(commit(wire::dump(Json{{"do", "batch_gone"}, {"id", b.id}})));
  b.deleted = true;
  if (b.end) {
    storage_.remove(b.output_blob());
    storage_.remove(b.error_blob());
  }
  return {};
}

Status State::add(CachedContent c) {
  CHECKED(commit(wire::dump(record_of(c))));
  insert(std::move(c));
  return {};
}

Status State::move_expiry(CachedContent& c, Time expires, Time now) {
  CHECKED(commit(wire::dump(Json{
      {"do", "content_expiry"}, {"id", c.id}, {"expires", expires.ms}, {"at", now.ms}})));
  c.expires = expires;
  c.updated = now;
  return {};
}

Status State::end(CachedContent& c, Time at) {
  CHECKED(commit(wire::dump(Json{{"do", "content_gone"}, {"id", c.id}, {"at", at.ms}})));
  take_end(c, at);
  return {};
}

Status State::charged() { return commit("{\"do\":\"charged\"}"); }

Status State::replay(const std::vector<std::string>& records) {
  for (const std::string& record : records) {
    CHECKED(replay_one(record));
    ++effects_;
  }
  return {};
}

Status State::replay_content(std::string_view what, const Json& j) {
  if (what == "content") {
    insert(cached_content_of(j));
    return {};
  }
  const std::string key = text(j, "id");
  auto known = content_by_id_.find(key);
  if (known == content_by_id_.end())
    return fail("sim.storage", "the simulator's journal names an unknown cached content", key);
  CachedContent& content = *known->second;
  const Time at{wire::int_at(j, "at")};
  if (what == "content_gone") {
    take_end(content, at);
  } else {
    content.expires = {wire::int_at(j, "expires")};
    content.updated = at;
  }
  return {};
}

Status State::replay_one(std::string_view record) {
  if (record == "{\"do\":\"charged\"}") return {};
  const Json j = TRY(wire::parse_json(record));
  const std::string_view what = wire::string_at(j, "do");
  const std::string key = text(j, "id");
  if (what.starts_with("content")) return replay_content(what, j);
  auto known = batch_by_id_.find(key);
  if (what == "open") {
    id = key;
    ++starts;
  } else if (what == "begin") {
    began = {wire::int_at(j, "at")};
  } else if (what == "file") {
    if (auto at = uploads_.find(wire::string_at(j, "upload")); at != uploads_.end())
      uploads_.erase(at);
    insert(file_of(j));
  } else if (what == "file_gone") {
    if (auto at = file_by_id_.find(key); at != file_by_id_.end()) drop_file(*at->second);
  } else if (what == "upload") {
    uploads_[key] = Upload{key,
                           text(j, "account"),
                           text(j, "name"),
                           text(j, "mime"),
                           text(j, "blob"),
                           wire::int_at(j, "bytes")};
  } else if (what == "batch") {
    insert(batch_of(j));
  } else if (known == batch_by_id_.end()) {
    return fail("sim.storage", "the simulator's journal names an unknown batch", key);
  } else if (what == "cancel") {
    known->second->cancel_asked = {wire::int_at(j, "asked")};
    known->second->cancel_takes_effect = {wire::int_at(j, "effect")};
  } else if (what == "end") {
    take_end(*known->second, end_of(j));
  } else if (what == "batch_gone") {
    known->second->deleted = true;
  }
  return {};
}

File* State::file(Provider provider, std::string_view account, std::string_view file_id, Time now) {
  auto at = file_by_id_.find(file_id);
  if (at == file_by_id_.end()) return nullptr;
  File* f = at->second;
  return f->provider == provider && f->account == account && !f->gone(now) ? f : nullptr;
}

Upload* State::upload(std::string_view upload_id) {
  auto at = uploads_.find(upload_id);
  return at == uploads_.end() ? nullptr : &at->second;
}

Batch* State::batch(Provider provider, std::string_view account, std::string_view batch_id) {
  auto at = batch_by_id_.find(batch_id);
  if (at == batch_by_id_.end()) return nullptr;
  Batch* b = at->second;
  return b->provider == provider && b->account == account && !b->deleted ? b : nullptr;
}

CachedContent* State::cached_content(std::string_view account, std::string_view content_id) const {
  auto at = content_by_id_.find(content_id);
  return at != content_by_id_.end() && at->second->account == account ? at->second : nullptr;
}

}  // namespace twolane::sim

// OpenAI's uploads: a large file in parts, in any order and in parallel, put together when it is
// complete. Source: shared contract of files and the API reference of /v1/uploads.
//
// A part's bytes lie on the shelf, durable, before its id is told; the upload's object lists them. The
// file of an upload has an id that follows from the upload's, so that a completion that a crash or a
// lost answer cut off can be repeated.
#include <fcntl.h>
#include <openssl/evp.h>

#include <algorithm>
#include <array>

#include "gateway/keeper.h"
#include "wire/hex.h"

namespace twolane::gateway {
namespace {

using wire::HttpReply;
using wire::Json;

constexpr Duration lives = hours(1), lives_really = seconds(5);  // a simulated hour may be shorter than a call
constexpr int64_t largest_upload = 2ll << 30;  // bytes: as one file here (the vendor takes 8 GB)
constexpr int64_t largest_part = 64ll << 20;   // bytes
constexpr size_t most_parts = 2000;            // the object that lists them is written anew for each

HttpReply wrong(const Ask& ask, std::string message, std::string param = {}, std::string code = "invalid_value") {
  return refuse(Dialect::openai, Refusal(400, std::move(message), std::move(code), std::move(param)), ask.id);
}

std::string_view status_of(const Object& upload) { return wire::string_at(upload.about, "status"); }

Json upload_json(Keeper& keeper, const Object& u) {
  Json out = {{"id", u.id},
              {"object", "upload"},
              {"bytes", wire::int_at(u.about, "bytes")},
              {"created_at", u.created.unix_seconds()},
              {"expires_at", expiry_of(u).unix_seconds()},
              {"filename", wire::string_at(u.about, "filename")},
              {"purpose", wire::string_at(u.about, "purpose")},
              {"status", status_of(u)},
              {"file", nullptr}};
  const auto file = wire::string_at(u.about, "file_id");
  if (const Object* f = keeper.find_file(Dialect::openai, u.owner, file)) out["file"] = openai_file_json(*f);
  return out;
}

// Ends it without a file, and drops its parts.
Status end(Keeper& keeper, Object upload, std::string_view status) {
  const Json parts = std::exchange(upload.about["parts"], Json::array());
  upload.about["status"] = status;
  CHECKED(keeper.shelf().put(std::move(upload)));
  for (const Json& part : parts) keeper.shelf().drop_bytes(std::string(wire::string_at(part, "id")));
  return {};
}

Status end_if_late(Keeper& keeper, const Object& upload) {
  const bool is_late = upload.door == Dialect::openai && status_of(upload) == "pending" && has_expired(upload, keeper.now());
  return is_late ? end(keeper, upload, "expired") : Status();
}

std::optional<HttpReply> refused_creation(const Ask& ask, const Json& body) {
  for (const char* name : {"filename", "purpose", "mime_type"})
    if (wire::string_at(body, name).empty())
      return wrong(ask, "Missing required parameter: '" + std::string(name) + "'.", name, "missing_required_parameter");
  const int64_t bytes = wire::int_at(body, "bytes", -1);
  if (bytes < 1 || bytes > largest_upload)
    return wrong(ask, "Invalid 'bytes': a whole number from 1 to " + std::to_string(largest_upload) + " is expected.", "bytes");
  if (wire::string_at(body, "purpose") == "batch" && !wire::string_at(body, "filename").ends_with(".jsonl"))
    return wrong(ask, "Invalid file format for Batch API. Must be .jsonl", "filename");
  if (const Json* after = wire::find(body, "expires_after")) {
    const int64_t seconds = wire::int_at(*after, "seconds", -1);
    if (wire::string_at(*after, "anchor") != "created_at" || seconds < 3600 || seconds > 2'592'000)
      return wrong(ask, "Invalid 'expires_after': anchor created_at and 3600 to 2592000 seconds are expected.", "expires_after");
  }
  return std::nullopt;
}

HttpReply create(Keeper& keeper, Ask& ask) {
  const auto text = ask.body->text();
  const auto body = text ? wire::parse_json(*text) : Result<Json>(fail(text.error()));
  if (!body || !body->is_object()) return wrong(ask, "We could not parse the JSON body of your request.", {}, {});
  if (auto refused = refused_creation(ask, *body)) return std::move(*refused);
  Object upload;
  upload.kind = Object::Kind::upload;
  upload.id = "upload_" + keeper.fresh_id(24);
  upload.owner = ask.owner();
  upload.created = keeper.now();
  const Time until = upload.created + std::max(lives, keeper.real(lives_really));
  upload.about = {{"status", "pending"}, {"expires_ms", until.ms}, {"parts", Json::array()}};
  for (const char* name : {"filename", "purpose", "mime_type", "bytes"}) upload.about[name] = (*body)[name];
  if (const Json* after = wire::find(*body, "expires_after")) upload.about["file_lives_s"] = wire::int_at(*after, "seconds");
  const Json shown = upload_json(keeper, upload);
  if (const Status put = keeper.shelf().put(std::move(upload)); !put) return defect(ask, put.error());
  return json_reply(shown);
}

HttpReply add_part(Keeper& keeper, Ask& ask, const Object& upload) {
  if (status_of(upload) != "pending")
    return wrong(ask, "The upload is " + std::string(status_of(upload)) + ": no part can be added.");
  if (!ask.body->is_form() || !ask.body->has_file())
    return wrong(ask, "Missing required parameter: 'data'.", "data", "missing_required_parameter");
  const int64_t size = ask.body->size();
  if (size < 1 || size > largest_part) return wrong(ask, "A part has from 1 byte to 64 MB.", "data");
  Object changed = upload;
  Json& parts = changed.about["parts"];
  int64_t held = size;
  for (const Json& part : parts) held += wire::int_at(part, "bytes");
  // Parts that were sent again because an answer was lost have room; a disk to be filled has not.
  if (held > 2 * wire::int_at(upload.about, "bytes") + largest_part)
    return wrong(ask, "The parts are more than twice as large as the upload was announced.", "data");
  if (parts.size() >= most_parts)
    return wrong(ask, "An upload has at most " + std::to_string(most_parts) + " parts: make them larger.", "data");
  const std::string id = "part_" + keeper.fresh_id(24);
  const auto path = ask.body->release();
  if (!path) return defect(ask, path.error());
  if (const Status taken = keeper.shelf().adopt(*path, id); !taken) return defect(ask, taken.error());
  parts.push_back({{"id", id}, {"bytes", size}});
  if (const Status put = keeper.shelf().put(std::move(changed)); !put) return defect(ask, put.error());
  return json_reply({{"id", id},
                     {"object", "upload.part"},
                     {"created_at", keeper.now().unix_seconds()},
                     {"upload_id", upload.id}});
}

class Md5 {
 public:
  Md5() : context_(EVP_MD_CTX_new(), EVP_MD_CTX_free) { EVP_DigestInit_ex(context_.get(), EVP_md5(), nullptr); }
  void add(std::string_view bytes) { EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()); }
  std::string hex() {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned length = 0;
    EVP_DigestFinal_ex(context_.get(), digest.data(), &length);
    return wire::hex_of({digest.data(), length});
  }

 private:
  std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)> context_;
};

// The parts one after the other; the MD5 of the whole.
Result<std::string> put_together(Keeper& keeper, const std::vector<std::string>& parts, Incoming& file) {
  Md5 md5;
  std::string piece(1 << 20, '\0');
  for (const auto& part : parts) {
    const auto bytes = TRY(keeper.shelf().bytes(part));
    for (int64_t at = 0; at < bytes->size();) {
      const size_t n = TRY(bytes->read(at, piece.data(), piece.size()));
      if (n == 0) break;
      md5.add(std::string_view(piece).substr(0, n));
      CHECKED(file.take(std::string_view(piece).substr(0, n), largest_upload));
      at += static_cast<int64_t>(n);
    }
  }
  return md5.hex();
}

// The parts asked for, in their order; the place in part_ids of one that there is not, or its bytes.
struct Order {
  std::vector<std::string> parts;
  int64_t bytes = 0;
  std::string unknown;
};
Order order_of(const Object& upload, const Json& ids) {
  std::map<std::string_view, int64_t> known;
  for (const Json& part : upload.about["parts"]) known[wire::string_at(part, "id")] = wire::int_at(part, "bytes");
  Order order;
  for (size_t i = 0; i < ids.size(); ++i) {
    const auto it = ids[i].is_string() ? known.find(ids[i].get_ref<const std::string&>()) : known.end();
    if (it == known.end()) {
      order.unknown = "part_ids[" + std::to_string(i) + "]";
      return order;
    }
    order.parts.emplace_back(it->first);
    order.bytes += it->second;
    known.erase(it);  // a part is used once
  }
  return order;
}

Status finish(Keeper& keeper, Object upload, Incoming& bytes) {
  Object file;
  file.kind = Object::Kind::file;
  file.id = "file-" + upload.id.substr(upload.id.find('_') + 1);
  file.owner = upload.owner;
  file.created = keeper.now();
  file.about = {{"filename", upload.about["filename"]}, {"purpose", upload.about["purpose"]}, {"bytes", upload.about["bytes"]}};
  const Duration lives_for = seconds(wire::int_at(upload.about, "file_lives_s"));
  if (const Time until = keeper.file_end(file.door, file.created, lives_for); until.ms > 0)
    file.about["expires_ms"] = until.ms;
  CHECKED(keeper.shelf().adopt(TRY(bytes.release()), file.id));
  upload.about["file_id"] = file.id;
  CHECKED(keeper.shelf().put(std::move(file)));
  return end(keeper, std::move(upload), "completed");
}

HttpReply complete(Keeper& keeper, Ask& ask, Object& upload) {
  if (status_of(upload) == "completed") return json_reply(upload_json(keeper, upload));  // the answer was lost
  if (status_of(upload) != "pending") return wrong(ask, "The upload is " + std::string(status_of(upload)) + '.');
  const auto text = ask.body->text();
  const auto body = text ? wire::parse_json(*text) : Result<Json>(fail(text.error()));
  const Json* ids = body ? wire::find(*body, "part_ids") : nullptr;
  if (!ids || !ids->is_array())
    return wrong(ask, "Missing required parameter: 'part_ids'.", "part_ids", "missing_required_parameter");
  const Order order = order_of(upload, *ids);
  if (!order.unknown.empty()) return wrong(ask, "The upload has no such part, or it is named twice.", order.unknown);
  const int64_t announced = wire::int_at(upload.about, "bytes");
  if (order.bytes != announced)
    return wrong(ask, "The parts have " + std::to_string(order.bytes) + " bytes, and the upload was announced with " +
                          std::to_string(announced) + '.', "part_ids");
  Incoming file(keeper.incoming_directory(), "");
  const auto md5 = put_together(keeper, order.parts, file);
  if (!md5) return defect(ask, md5.error());
  std::string wanted(wire::string_at(*body, "md5"));
  std::ranges::transform(wanted, wanted.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  if (!wanted.empty() && wanted != *md5) return wrong(ask, "The MD5 of the parts in this order is " + *md5 + '.', "md5");
  if (const Status done = finish(keeper, upload, file); !done) return defect(ask, done.error());
  return json_reply(upload_json(keeper, upload));
}

HttpReply cancel(Keeper& keeper, Ask& ask, Object& upload) {
  if (status_of(upload) == "completed" || status_of(upload) == "expired")
    return wrong(ask, "The upload is " + std::string(status_of(upload)) + " and cannot be cancelled.");
  if (const Status done = end(keeper, upload, "cancelled"); !done) return defect(ask, done.error());
  return json_reply(upload_json(keeper, upload));
}

}  // namespace

Status expire_uploads(Keeper& keeper) {
  for (const Object* u : keeper.shelf().all(Object::Kind::upload)) CHECKED(end_if_late(keeper, *u));
  return {};
}

HttpReply openai_uploads(Keeper& keeper, Ask& ask) {
  std::string_view rest = ask.door.rest;
  if (rest.empty() && ask.method == "POST") return create(keeper, ask);
  if (!rest.empty()) rest.remove_prefix(1);
  const size_t slash = std::min(rest.find('/'), rest.size());
  const std::string_view id = rest.substr(0, slash), verb = rest.substr(slash);
  Object* upload = keeper.shelf().find(Object::Kind::upload, Dialect::openai, ask.owner(), id);
  if (!upload) return no_such(ask, "No such Upload object: " + std::string(id.substr(0, 100)));
  if (const Status ended = end_if_late(keeper, *upload); !ended) return defect(ask, ended.error());
  if (verb.empty() && ask.method == "GET") return json_reply(upload_json(keeper, *upload));
  if (ask.method == "POST" && verb == "/parts") return add_part(keeper, ask, *upload);
  if (ask.method == "POST" && verb == "/complete") return complete(keeper, ask, *upload);
  if (ask.method == "POST" && verb == "/cancel") return cancel(keeper, ask, *upload);
  return no_such(ask, "Invalid URL (" + ask.method + ' ' + std::string(ask.door.path.substr(0, 200)) + ')');
}

}  // namespace twolane::gateway

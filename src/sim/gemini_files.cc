// Gemini files: resumable uploads, listing, deleting, and the download of results.

#include <algorithm>

#include "sim/gemini.h"

namespace twolane::sim {

using wire::HttpReply;
using wire::Json;

Json Gemini::file_json(const File& f, const Call& call) const {
  return {{"name", "files/" + f.id},
          {"displayName", f.name},
          {"mimeType", f.purpose},
          {"sizeBytes", std::to_string(f.bytes)},
          {"createTime", rfc3339(f.created)},
          {"updateTime", rfc3339(f.created)},
          {"expirationTime", rfc3339(f.expires)},
          {"uri", call.origin + "/gemini/v1beta/files/" + f.id},
          {"state", "ACTIVE"},
          {"source", "UPLOADED"}};
}

Result<HttpReply> Gemini::uploads(Call& call) {
  const std::string_view commands = wire::header(call.http.headers, "x-goog-upload-command");
  const std::string_view id = call.asked("upload_id");
  if (id.empty()) {
    if (commands.find("start") == std::string_view::npos)
      return refuse(
          400, "Only resumable uploads are offered: X-Goog-Upload-Command: start is expected.");
    return start_upload(call);
  }
  const Upload* known = core_.state.upload(id);
  if (!known || (!call.account.empty() && known->account != call.account))
    return refuse(404, "Upload " + std::string(id) + " was not found.");
  return take_chunk(call, *known, commands);
}

Result<HttpReply> Gemini::start_upload(Call& call) {
  Json about = Json::object();
  if (call.http.body.size() > 0)
    about = wire::parse_json(TRY(call.http.body.text())).value_or(Json::object());
  const Json* file = wire::find(about, "file");
  Upload u;
  u.id = fresh_hex(core_, call, 32, 4);
  u.account = call.account;
  u.blob = "gemini-" + u.id;
  u.mime = wire::header(call.http.headers, "x-goog-upload-header-content-type");
  if (file) {
    u.name = wire::string_at(*file, "displayName");
    if (u.name.empty()) u.name = wire::string_at(*file, "display_name");
    if (u.mime.empty()) u.mime = wire::string_at(*file, "mimeType");
  }
  if (u.mime.empty()) u.mime = "application/octet-stream";
  const std::string target =
      call.origin + "/gemini/upload/v1beta/files?upload_id=" + u.id + "&upload_protocol=resumable";
  TRY(core_.storage.create(u.blob));
  CHECKED(core_.state.keep(std::move(u)));
  HttpReply reply = json_reply(200, std::string("{}"));
  reply.headers.emplace_back("x-goog-upload-url", target);
  reply.headers.emplace_back("x-goog-upload-status", "active");
  return reply;
}

Result<HttpReply> Gemini::take_chunk(Call& call, Upload u, std::string_view commands) {
  const bool finalize = commands.find("finalize") != std::string_view::npos;
  auto answer = [](std::string body, const char* status) {
    HttpReply reply = json_reply(200, std::move(body));
    reply.headers.emplace_back("x-goog-upload-status", status);
    return reply;
  };
  if (commands.find("query") != std::string_view::npos) {
    HttpReply reply = answer("{}", "active");
    reply.headers.emplace_back("x-goog-upload-size-received", std::to_string(u.bytes));
    return reply;
  }
  if (const std::string_view at = wire::header(call.http.headers, "x-goog-upload-offset");
      !at.empty() && std::atoll(std::string(at).c_str()) != u.bytes)
    return refuse(400, "The upload offset is not where the upload stands.");
  if (call.http.body.size() > 0) {
    auto blob = TRY(core_.storage.extend(u.blob, u.bytes));
    CHECKED(copy_to(call.http.body, *blob));
    u.bytes = blob->size();
  }
  if (u.bytes > 2ll << 30) return refuse(400, "The file is larger than 2 GB.");
  if (!finalize) {
    CHECKED(core_.state.keep(u));
    return answer("{}", "active");
  }
  File f{.id = u.id.substr(0, 12),
         .provider = Provider::gemini,
         .account = u.account,
         .name = u.name,
         .purpose = u.mime,
         .blob = u.blob,
         .bytes = u.bytes,
         .created = call.now,
         .expires = call.now + hours(48)};
  const std::string body = wire::dump(Json{{"file", file_json(f, call)}});
  CHECKED(core_.state.finish(u.id, std::move(f)));
  return answer(body, "final");
}

Result<HttpReply> Gemini::list_files(Call& call) {
  const int64_t size = asked_number(call, "pageSize", 10, 100);
  const std::string_view token = call.asked("pageToken");
  Json shown = Json::array();
  std::string next;
  bool begun = token.empty();
  const auto& all = core_.state.files();
  for (auto at = all.rbegin(); at != all.rend() && next.empty(); ++at) {
    const File& f = **at;
    if (f.provider != Provider::gemini || f.account != call.account || f.gone(call.now)) continue;
    if (f.id == token) begun = true;
    if (!begun) continue;
    if (static_cast<int64_t>(shown.size()) == size)
      next = f.id;
    else
      shown.push_back(file_json(f, call));
  }
  Json out = Json::object();
  if (!shown.empty()) out["files"] = std::move(shown);
  if (!next.empty()) out["nextPageToken"] = next;
  return json_reply(200, out);
}

Result<HttpReply> Gemini::files(Call& call, std::string_view rest) {
  if (rest.empty() && call.method == "GET") return list_files(call);
  if (rest.empty()) return refuse(404, "Not Found");
  rest.remove_prefix(1);
  if (rest.size() > 40)
    return refuse(400, "Invalid file name: the id is longer than 40 characters.");
  const File* f = core_.state.file(Provider::gemini, call.account, rest, call.now);
  if (!f)
    return refuse(403, "You do not have permission to access the File " + std::string(rest) +
                           " or it may not exist.");
  if (call.method == "DELETE") {
    CHECKED(core_.state.remove_file(rest));
    return json_reply(200, std::string("{}"));
  }
  return json_reply(200, file_json(*f, call));
}

// Only results can be had back.
Result<HttpReply> Gemini::download(Call& call, std::string_view id) {
  CHECKED(core_.batches.bring_up_to(call.now));
  if (!id.starts_with("batch-")) {
    if (core_.state.file(Provider::gemini, call.account, id, call.now))
      return refuse(400, "Only generated files can be downloaded.");
    return refuse(404, "File " + std::string(id) + " was not found.");
  }
  const Batch* b = core_.state.batch(Provider::gemini, call.account, id.substr(6));
  if (!b || !b->end || b->is_inline() || b->end->output_bytes == 0)
    return refuse(404, "File " + std::string(id) + " was not found.");
  HttpReply reply{200, {{"content-type", "application/octet-stream"}}, {}};
  reply.body.append(TRY(core_.storage.read(b->output_blob())));
  return reply;
}

}  // namespace twolane::sim

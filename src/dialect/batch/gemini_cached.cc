// Calls and replies of cachedContents; see dialect/cached_content.h.
#include "dialect/batch/call.h"
#include "dialect/batch/gemini_call.h"
#include "dialect/batch/reply.h"
#include "dialect/cached_content.h"

namespace twolane::dialect {

using namespace batch;
using wire::Json;

namespace {

std::string content_url(const Access& access, std::string_view name) {
  return gemini_api_url(access) + gemini_resource(name);
}

Result<ContentSeen> content_in(const Json& json) {
  ContentSeen seen;
  seen.name = wire::string_at(json, "name");
  const std::string_view display = wire::string_at(json, "displayName");
  if (display.starts_with(gemini_name_prefix)) seen.token = display.substr(gemini_name_prefix.size());
  if (const Json* usage = wire::find(json, "usageMetadata"))
    seen.tokens = count_at(*usage, "totalTokenCount", 0);
  const auto created = parse_rfc3339(wire::string_at(json, "createTime"));
  const auto expires = parse_rfc3339(wire::string_at(json, "expireTime"));
  if (seen.name.empty() || seen.tokens <= 0 || !created || !expires)
    return unreadable_reply("the provider's answer describes no cached content");
  seen.created = *created;
  seen.expires = *expires;
  return seen;
}

}  // namespace

Result<std::optional<SplitHead>> split_head(std::string_view body) {
  Json root = TRY(wire::parse_json(body));
  Json head = Json::object();
  for (const char* own : {"cachedContent", "cached_content", "toolConfig", "tool_config"})
    if (root.contains(own)) return std::optional<SplitHead>();
  for (const auto& [name, part] : {std::pair("systemInstruction", "systemInstruction"),
                                   std::pair("system_instruction", "systemInstruction"),
                                   std::pair("tools", "tools")}) {
    const auto found = root.find(name);
    if (found == root.end()) continue;
    head[part] = std::move(*found);
    root.erase(name);
  }
  if (head.empty()) return std::optional<SplitHead>();
  return std::optional(SplitHead{wire::dump(head), wire::dump(root)});
}

std::string naming_content(std::string_view rest, std::string_view name) {
  return with_member(rest, "cachedContent", "cached_content", name, false);
}

wire::HttpCall create_content_call(const Access& access, std::string_view model,
                                   std::string_view token, std::string_view head, Duration ttl) {
  std::string body = "{\"model\":";
  append_quoted(body, gemini_model_name(model));
  body += ",\"displayName\":\"" + std::string(gemini_name_prefix) + std::string(token) + "\",\"ttl\":\"" +
          std::to_string(ttl.ms / 1000) + "s\",";
  body.append(head.substr(1));  // an object that is not empty, see split_head
  return json_call("POST", gemini_api_url(access) + "cachedContents", gemini_auth(access),
                   std::move(body));
}

wire::HttpCall get_content_call(const Access& access, std::string_view name) {
  return call("GET", content_url(access, name), gemini_auth(access));
}

wire::HttpCall end_content_call(const Access& access, std::string_view name, Time at) {
  return json_call("PATCH", content_url(access, name) + "?updateMask=expireTime", gemini_auth(access),
                   wire::dump({{"expireTime", rfc3339(at)}}));
}

wire::HttpCall delete_content_call(const Access& access, std::string_view name) {
  return call("DELETE", content_url(access, name), gemini_auth(access));
}

wire::HttpCall list_contents_call(const Access& access, std::string_view cursor) {
  std::string url = gemini_api_url(access) + "cachedContents?pageSize=100";
  if (!cursor.empty()) url += "&pageToken=" + wire::percent_encoded(cursor);
  return call("GET", std::move(url), gemini_auth(access));
}

Result<ContentSeen> read_content(const wire::HttpReply& reply) {
  return content_in(TRY(reply_object(reply)));
}

Result<ContentsListed> read_contents(const wire::HttpReply& reply) {
  const Json json = TRY(reply_object(reply));
  ContentsListed listed;
  listed.next = wire::string_at(json, "nextPageToken");
  const Json* contents = wire::find(json, "cachedContents");
  if (!contents) return listed;  // an empty list is left out
  if (!contents->is_array()) return unreadable_reply("the provider's list of cached contents is none");
  for (const Json& one : *contents)
    if (auto seen = content_in(one)) listed.contents.push_back(std::move(*seen));
  return listed;
}

bool says_content_gone(const Refusal& refusal) {
  return mentions(refusal.message, "cachedcontent not found");
}

}  // namespace twolane::dialect

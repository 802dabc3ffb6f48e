// Paths of three providers and our own.
#include "gateway/doors.h"

#include <algorithm>
#include <utility>

namespace twolane::gateway {
namespace {

bool below(std::string_view path, std::string_view root, std::string_view& rest) {
  if (!path.starts_with(root)) return false;
  rest = path.substr(root.size());
  return rest.empty() || rest.front() == '/';
}

bool speaks_anthropic(const wire::Headers& headers) {
  return !wire::header(headers, "anthropic-version").empty() ||
         !wire::header(headers, "x-api-key").empty();
}

bool speaks_gemini(const wire::Headers& headers, std::string_view query) {
  return !wire::header(headers, "x-goog-api-key").empty() || !asked(query, "key").empty() ||
         wire::header(headers, "x-goog-api-client").size() > 0;
}

void gemini_method(std::string_view method, Door& door) {
  door.want = Want::call;
  if (method == "generateContent" || method == "streamGenerateContent") {
    door.endpoint = Endpoint::generate_content;
    door.streams = method.front() == 's';
  } else if (method == "embedContent") {
    door.endpoint = Endpoint::embed_content;
  } else if (method == "batchEmbedContents") {
    door.want = Want::embed_many;
    door.endpoint = Endpoint::embed_content;
  } else if (method == "countTokens") {
    door.want = Want::count_tokens;
    door.endpoint = Endpoint::generate_content;
  } else if (method == "batchGenerateContent" || method == "asyncBatchEmbedContent") {
    door.want = Want::create_batch;
    door.endpoint = method.front() == 'b' ? Endpoint::generate_content : Endpoint::embed_content;
  } else {
    door.want = Want::nothing;
  }
}

// Below /v1beta, or /v1 in the mouth of a Gemini client.
void gemini_door(std::string_view path, bool get, Door& door) {
  door.dialect = Dialect::gemini;
  std::string_view rest;
  if (below(path, "/models", rest)) {
    if (rest.size() <= 1) {
      if (get) door.want = Want::models;
      return;
    }
    rest.remove_prefix(1);
    const size_t colon = rest.find(':');
    door.model = door.id = rest.substr(0, colon);
    if (colon == rest.npos) {
      if (get) door.want = Want::model;
    } else if (!get) {
      gemini_method(rest.substr(colon + 1), door);
    }
  } else if (below(path, "/batches", door.rest)) {
    door.want = Want::batches;
  } else if (below(path, "/files", door.rest)) {
    door.want = Want::files;
  }
}

void anthropic_door(std::string_view path, std::string_view method, Door& door) {
  door.dialect = Dialect::anthropic;
  door.endpoint = Endpoint::messages;
  if (path == "/messages") {
    if (method == "POST") door.want = Want::call;
  } else if (path == "/messages/count_tokens") {
    if (method == "POST") door.want = Want::count_tokens;
  } else if (below(path, "/messages/batches", door.rest)) {
    door.want = Want::batches;
  }
}

void openai_door(std::string_view path, std::string_view method, Door& door) {
  constexpr std::pair<std::string_view, Endpoint> calls[] = {
      {"/chat/completions", Endpoint::chat_completions},
      {"/responses", Endpoint::responses},
      {"/embeddings", Endpoint::embeddings},
      {"/moderations", Endpoint::moderations}};
  for (const auto& [name, endpoint] : calls)
    if (path == name) {
      door.endpoint = endpoint;
      if (method == "POST") door.want = Want::call;
      return;
    }
  if (below(path, "/responses", door.rest)) door.want = Want::responses;
  else if (below(path, "/files", door.rest)) door.want = Want::files;
  else if (below(path, "/batches", door.rest)) door.want = Want::batches;
  else if (below(path, "/uploads", door.rest)) door.want = Want::uploads;
}

}  // namespace

std::string_view asked(std::string_view query, std::string_view name) {
  while (!query.empty()) {
    const std::string_view pair = query.substr(0, query.find('&'));
    if (pair.starts_with(name) && pair.size() > name.size() && pair[name.size()] == '=')
      return pair.substr(name.size() + 1);
    query.remove_prefix(std::min(pair.size() + 1, query.size()));
  }
  return {};
}

Door find_door(std::string_view method, std::string_view target, const wire::Headers& headers) {
  Door door;
  const size_t question = std::min(target.find('?'), target.size());
  door.path = target.substr(0, question);
  if (question < target.size()) door.query = target.substr(question + 1);
  const std::string_view path = door.path;
  const bool get = method == "GET" || method == "HEAD";
  std::string_view rest;
  if (path.starts_with("/v1/")) {
    rest = path.substr(3);
    if (rest.starts_with("/messages")) {
      anthropic_door(rest, method, door);
    } else if (below(rest, "/models", door.rest)) {
      const bool call = rest.find(':') != rest.npos;
      if (call || (speaks_gemini(headers, door.query) && !speaks_anthropic(headers))) {
        gemini_door(rest, get, door);
      } else if (get) {
        door.dialect = speaks_anthropic(headers) ? Dialect::anthropic : Dialect::openai;
        door.want = door.rest.size() > 1 ? Want::model : Want::models;
        if (door.rest.size() > 1) door.id = door.rest.substr(1);
      }
    } else if (speaks_gemini(headers, door.query)) {
      gemini_door(rest, get, door);
    } else {
      openai_door(rest, method, door);
    }
  } else if (path.starts_with("/v1beta/")) {
    gemini_door(path.substr(7), get, door);
  } else if (below(path, "/upload/v1beta/files", door.rest) ||
             below(path, "/upload/v1/files", door.rest)) {
    door.dialect = Dialect::gemini;
    door.want = Want::uploads;
  } else if (below(path, "/download/v1beta/files", door.rest)) {
    door.dialect = Dialect::gemini;
    door.want = Want::files;
  } else if (below(path, "/twolane/v1", door.rest)) {
    door.want = Want::tickets;
  } else if (get && path == "/healthz") {
    door.want = Want::healthz;
  } else if (get && path == "/readyz") {
    door.want = Want::readyz;
  } else if (get && path == "/metrics") {
    door.want = Want::metrics;
  } else if (get && path == "/") {
    door.want = Want::page;
  }
  return door;
}

}  // namespace twolane::gateway

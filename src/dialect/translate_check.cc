// check_body: one pass over the top-level members of a body, rule by rule.
#include "dialect/translate_check.h"

#include <algorithm>
#include <array>
#include <limits>
#include <set>

#include "dialect/translate_scan.h"

namespace twolane::dialect {
namespace {

using simdjson::dom::element;

std::unexpected<Error> missing(std::string_view field, std::string why) {
  return bad_field(std::string(field), "the request has no " + std::string(field), std::move(why),
                   "add " + std::string(field));
}

// A whole number of at least `least`.
Result<int64_t> whole(element value, const std::string& field, int64_t least) {
  int64_t n = 0;
  double d = 0;
  if (value.get(n)) {
    if (value.get(d) || d != static_cast<double>(static_cast<int64_t>(std::clamp(d, -1e15, 1e15))))
      return bad_field(field, field + " is not a whole number", "the provider refuses it",
                       "correct it");
    n = static_cast<int64_t>(d);
  }
  if (n < least)
    return bad_field(field, field + " is " + std::to_string(n),
                     "it must be at least " + std::to_string(least), "correct it");
  return n;
}

// Refuses `true`; false and null say nothing. Anything else is no answer to a yes-or-no question.
Status never_true(element value, const std::string& field, std::string message, std::string why) {
  bool on = false;
  if (value.is_null()) return {};
  if (value.get(on))
    return bad_field(field, field + " is neither true nor false", "the provider refuses it",
                     "remove the field");
  if (!on) return {};
  auto refusal = bad_field(field, std::move(message), std::move(why), "remove the field");
  refusal.error().where.note = "is true";
  return refusal;
}

// The name where the body has it, byte for byte. A name that was written with escapes ("a\/b")
// stands nowhere in the body: it is kept, once each, for as long as the thread lives.
std::string_view name_in(std::string_view body, std::string_view name) {
  if (const size_t at = body.find(name); at != body.npos) return body.substr(at, name.size());
  thread_local std::set<std::string, std::less<>> kept;
  return *kept.emplace(name).first;
}

class BodyCheck {
 public:
  BodyCheck(Endpoint endpoint, std::string_view body) : endpoint_(endpoint), body_(body) {
    facts_.fingerprint = hash_bytes(wire_name(endpoint), 1);
  }

  Result<BodyFacts> run(element root) {
    simdjson::dom::object members;
    if (root.get(members))
      return bad_field("", "the body is not an object", "a request is a JSON object", "correct it");
    for (const auto field : members) CHECKED(take(field.key, field.value));
    CHECKED(required());
    return finish();
  }

 private:
  Status take(std::string_view key, element value);
  Status take_chat(std::string_view key, element value);
  Status take_responses(std::string_view key, element value);
  Status take_messages(std::string_view key, element value);
  Status take_gemini(std::string_view key, element value);
  Status take_embedding(std::string_view key, element value);
  Status take_generation_config(element config);
  Status take_limit(element value, const std::string& field, int64_t least);
  Status take_choices(element value, const std::string& field);
  Status required() const;
  BodyFacts finish();
  bool without_shape(std::string_view key) const;
  void count_hosted_tools(element tools);

  Endpoint endpoint_;
  std::string_view body_;
  BodyFacts facts_;
  Content content_;
  int64_t choices_ = 1;
  int64_t limit_ = -1;
  bool has_content_ = false;  // messages, input, contents, content
  bool has_limit_ = false;
};

// Content, names of people and sessions, and what steers only randomness: no part of a shape.
bool BodyCheck::without_shape(std::string_view key) const {
  static constexpr std::array<std::string_view, 24> plain = {"messages",
                                                             "input",
                                                             "contents",
                                                             "content",
                                                             "system",
                                                             "instructions",
                                                             "systemInstruction",
                                                             "system_instruction",
                                                             "seed",
                                                             "user",
                                                             "metadata",
                                                             "safety_identifier",
                                                             "prompt_cache_key",
                                                             "labels",
                                                             "title",
                                                             "previous_response_id",
                                                             "conversation",
                                                             "container",
                                                             "cachedContent",
                                                             "cached_content",
                                                             "prediction",
                                                             "custom_id",
                                                             "prompt",
                                                             "diagnostics"};
  return std::ranges::find(plain, key) != plain.end();
}

Status BodyCheck::take(std::string_view key, element value) {
  if (key == "model") {
    std::string_view name;
    if (value.is_null()) return {};
    if (value.get(name))
      return bad_field("model", "model is not text", "a model is called by its name", "correct it");
    if (name.empty())
      return bad_field("model", "model is empty", "no model has no name", "name one");
    facts_.model = name_in(body_, name);
  }
  if (key == "stream")
    CHECKED(never_true(value, "stream", "a batch cannot stream", "batch results come as one file"));
  if (key == "speed" && !value.is_null())
    return bad_field("speed", "a batch has no fast mode", "speed is sold on the live lane only",
                     "remove the field");
  if (!value.is_null() && !without_shape(key) && key != "generationConfig" &&
      key != "generation_config")
    facts_.fingerprint += hash_json(value, hash_bytes(key, 2));
  switch (endpoint_) {
    case Endpoint::chat_completions:
      return take_chat(key, value);
    case Endpoint::responses:
      return take_responses(key, value);
    case Endpoint::messages:
      return take_messages(key, value);
    case Endpoint::generate_content:
      return take_gemini(key, value);
    default:
      return take_embedding(key, value);
  }
}

Status BodyCheck::take_limit(element value, const std::string& field, int64_t least) {
  if (value.is_null()) return {};
  limit_ = std::max(limit_, TRY(whole(value, field, least)));
  has_limit_ = true;
  return {};
}

Status BodyCheck::take_choices(element value, const std::string& field) {
  if (!value.is_null()) choices_ = TRY(whole(value, field, 1));
  return {};
}

// Tools that the provider runs itself read as much as they like.
void BodyCheck::count_hosted_tools(element tools) {
  simdjson::dom::array list;
  if (tools.get(list)) return;
  for (const element tool : list) {
    const auto type = text_member(tool, "type");
    const bool hosted = endpoint_ == Endpoint::generate_content
                            ? !member(tool, "functionDeclarations", "function_declarations")
                            : !type.empty() && type != "function" && type != "custom";
    if (hosted) content_.extra_tokens += most_tokens::window;
  }
}

Status BodyCheck::take_chat(std::string_view key, element value) {
  if (key == "messages") {
    has_content_ = true;
    return walk_messages(endpoint_, value, content_);
  }
  if (key == "max_tokens" || key == "max_completion_tokens")
    return take_limit(value, std::string(key), 1);
  if (key == "n") return take_choices(value, "n");
  if (key == "tools") count_hosted_tools(value);
  return {};
}

Status BodyCheck::take_responses(std::string_view key, element value) {
  if (value.is_null()) return {};
  if (key == "input") {
    has_content_ = true;
    return walk_responses_input(value, content_);
  }
  if (key == "background")
    return never_true(value, "background", "a batch has no background",
                      "every request of a batch runs in the background already");
  if (key == "reasoning" && text_member(value, "mode") == "pro")
    content_.extra_tokens += most_tokens::window;  // the prompt is read several times over
  if (key == "max_output_tokens") return take_limit(value, "max_output_tokens", 1);
  if (key == "tools") count_hosted_tools(value);
  if (key == "previous_response_id" || key == "conversation" || key == "prompt") {
    has_content_ = true;  // the rest of the input lies at the provider
    if (key == "prompt") facts_.fingerprint += hash_bytes(text_member(value, "id"), 4);
    content_.extra_tokens += most_tokens::window;
  }
  return {};
}

Status BodyCheck::take_messages(std::string_view key, element value) {
  if (key == "messages") {
    has_content_ = true;
    return walk_messages(endpoint_, value, content_);
  }
  if (key == "max_tokens") {
    if (int64_t n = 1; !value.get(n) && n == 0)
      return bad_field("max_tokens", "a batch cannot warm a cache",
                       "max_tokens 0 only fills the cache and answers nothing", "set max_tokens");
    return take_limit(value, "max_tokens", 1);
  }
  if (key == "tools") count_hosted_tools(value);
  if (key == "container" && !value.is_null()) content_.extra_tokens += most_tokens::window;
  return {};
}

Status BodyCheck::take_generation_config(element config) {
  simdjson::dom::object members;
  if (config.is_null()) return {};
  if (config.get(members))
    return bad_field("generationConfig", "generationConfig is not an object", "it holds parameters",
                     "correct it");
  for (const auto field : members) {
    const std::string path = "generationConfig." + std::string(field.key);
    if (field.key == "maxOutputTokens" || field.key == "max_output_tokens")
      CHECKED(take_limit(field.value, path, 1));
    if (field.key == "candidateCount" || field.key == "candidate_count")
      CHECKED(take_choices(field.value, path));
    if (field.key != "seed" && !field.value.is_null())
      facts_.fingerprint += hash_json(field.value, hash_bytes(field.key, 3));
  }
  return {};
}

Status BodyCheck::take_gemini(std::string_view key, element value) {
  if (key == "contents") {
    has_content_ = true;
    return walk_contents(value, content_);
  }
  if (value.is_null()) return {};
  if (key == "systemInstruction" || key == "system_instruction")
    return value.is_string() ? Status() : walk_content(value, "systemInstruction", content_);
  if (key == "generationConfig" || key == "generation_config") return take_generation_config(value);
  if (key == "tools") count_hosted_tools(value);
  if (key == "cachedContent" || key == "cached_content")
    content_.extra_tokens += most_tokens::window;
  return {};
}

Status BodyCheck::take_embedding(std::string_view key, element value) {
  const bool gemini = endpoint_ == Endpoint::embed_content;
  if (key != (gemini ? "content" : "input")) return {};
  has_content_ = true;
  if (gemini) return walk_content(value, "content", content_);
  return endpoint_ == Endpoint::embeddings ? walk_embedding_input(value, content_)
                                           : walk_moderation_input(value, content_);
}

Status BodyCheck::required() const {
  if (!has_content_) {
    switch (endpoint_) {
      case Endpoint::chat_completions:
      case Endpoint::messages:
        return missing("messages", "there is nothing to answer");
      case Endpoint::generate_content:
        return missing("contents", "there is nothing to answer");
      case Endpoint::embed_content:
        return missing("content", "there is nothing to embed");
      default:
        return missing("input", "there is nothing to work on");
    }
  }
  if (endpoint_ == Endpoint::messages && !has_limit_)
    return missing("max_tokens", "anthropic refuses a request without it");
  return {};
}

BodyFacts BodyCheck::finish() {
  constexpr int64_t most = std::numeric_limits<int64_t>::max() / 4;
  facts_.fingerprint += hash_bytes("media", content_.media);
  facts_.choices = choices_;
  if (operation_of(endpoint_) != Operation::chat)
    facts_.output_limit = 0;
  else if (limit_ >= 0)
    facts_.output_limit = limit_ > most / choices_ ? most : limit_ * choices_;
  facts_.input_bound = static_cast<int64_t>(body_.size()) - content_.media_bytes +
                       most_tokens::per_request + most_tokens::per_message * content_.messages +
                       content_.extra_tokens;
  return facts_;
}

}  // namespace

std::unexpected<Error> bad_field(std::string field, std::string message, std::string why,
                                 std::string next) {
  Error e;
  e.code = "input.field";
  e.message = std::move(message);
  e.why = std::move(why);
  e.where.field = std::move(field);
  e.next.push_back(std::move(next));
  return std::unexpected<Error>(std::move(e));
}

Result<BodyFacts> check_body(Endpoint endpoint, std::string_view body) {
  return BodyCheck(endpoint, body).run(TRY(scan(body)));
}

}  // namespace twolane::dialect

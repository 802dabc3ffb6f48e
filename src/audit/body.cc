// Bodies of requests and answers.
#include "audit/body.h"

#include <algorithm>

#include "audit/hash.h"
#include "audit/values.h"

namespace twolane::audit {
namespace {

constexpr size_t family_bytes = 32;  // of a prompt without instructions

std::string_view text_of(ondemand::value& value) {
  std::string_view text;
  ondemand::json_type type;
  if (value.type().get(type) != simdjson::SUCCESS || type != ondemand::json_type::string) return {};
  return value.get_string().get(text) == simdjson::SUCCESS ? text : std::string_view{};
}

std::optional<int64_t> count_of(ondemand::value& value) {
  ondemand::json_type type;
  if (value.type().get(type) != simdjson::SUCCESS || type != ondemand::json_type::number) return {};
  return read_count(token_of(value));
}

bool is_object(ondemand::value& value) {
  ondemand::json_type type;
  return value.type().get(type) == simdjson::SUCCESS && type == ondemand::json_type::object;
}

bool is_array(ondemand::value& value) {
  ondemand::json_type type;
  return value.type().get(type) == simdjson::SUCCESS && type == ondemand::json_type::array;
}

std::string_view trimmed(std::string_view t) {
  const size_t from = t.find_first_not_of(" \t\r\n");
  if (from == t.npos) return {};
  return t.substr(from, t.find_last_not_of(" \t\r\n") + 1 - from);
}

void cut(std::string_view text, uint64_t& chain, std::vector<BodyReader::Piece>& pieces) {
  for (; !text.empty(); text.remove_prefix(std::min(piece_bytes, text.size()))) {
    const auto piece = text.substr(0, piece_bytes);
    chain = hash_text(piece, chain);
    pieces.push_back({chain, static_cast<int32_t>(piece.size())});
  }
}

// Joins the texts of an answer's content, whatever its shape; thoughts are not part of it.
void join_texts(ondemand::value& value, std::string& out, std::string& call_id, int depth) {
  if (depth > 6) return;
  if (is_array(value)) {
    ondemand::array array;
    if (value.get_array().get(array) != simdjson::SUCCESS) return;
    each_element(array, [&](ondemand::value& v) {
      join_texts(v, out, call_id, depth + 1);
      return true;
    });
    return;
  }
  if (!is_object(value)) {
    out += text_of(value);
    return;
  }
  ondemand::object object;
  if (value.get_object().get(object) != simdjson::SUCCESS) return;
  each_member(object, [&](std::string_view name, ondemand::value& v) {
    if (name == "content" || name == "parts" || name == "message" || name == "tool_calls")
      join_texts(v, out, call_id, depth + 1);
    else if (name == "text" || name == "refusal")
      out += text_of(v);
    else if (name == "call_id" || (name == "id" && call_id.empty()))  // an item's own id is not its call's
      call_id = text_of(v);
    return true;
  });
}

constexpr std::array usage_fields = {
    Field{"prompt_tokens", Slot::input},
    Field{"input_tokens", Slot::input},
    Field{"inputTokens", Slot::input},
    Field{"promptTokenCount", Slot::input},
    Field{"completion_tokens", Slot::output},
    Field{"output_tokens", Slot::output},
    Field{"outputTokens", Slot::output},
    Field{"candidatesTokenCount", Slot::output},
    Field{"thoughtsTokenCount", Slot::thoughts},
    Field{"total_tokens", Slot::total},
    Field{"totalTokens", Slot::total},
    Field{"prompt_tokens_details/cached_tokens", Slot::cache_read},
    Field{"input_tokens_details/cached_tokens", Slot::cache_read},
    Field{"cachedContentTokenCount", Slot::cache_read},
    Field{"cache_read_input_tokens", Slot::cache_read},
    Field{"cacheReadInputTokens", Slot::cache_read},
    Field{"cacheReadInputTokenCount", Slot::cache_read},
    Field{"prompt_tokens_details/cache_write_tokens", Slot::cache_write},
    Field{"input_tokens_details/cache_write_tokens", Slot::cache_write},
    Field{"cache_creation_input_tokens", Slot::cache_write},
    Field{"cacheWriteInputTokens", Slot::cache_write},
    Field{"cacheWriteInputTokenCount", Slot::cache_write},
    Field{"cache_creation/ephemeral_5m_input_tokens", Slot::cache_write_5m},
    Field{"cache_creation/ephemeral_1h_input_tokens", Slot::cache_write_1h},
    Field{"completion_tokens_details/reasoning_tokens", Slot::reasoning},
    Field{"output_tokens_details/reasoning_tokens", Slot::reasoning},
};

const FieldTree& usage_tree() {
  static const FieldTree tree(usage_fields);
  return tree;
}

void read_counts(ondemand::object object, int node, TokenCounts& counts) {
  each_member(object, [&](std::string_view name, ondemand::value& value) {
    const auto* entry = usage_tree().find(node, name);
    if (entry == nullptr) return true;
    if (entry->child >= 0 && is_object(value)) {
      ondemand::object inner;
      if (value.get_object().get(inner) == simdjson::SUCCESS) read_counts(inner, entry->child, counts);
    } else if (entry->leaf) {
      if (const auto n = count_of(value)) counts.raise(entry->slot, *n);
    }
    return true;
  });
}

}  // namespace

void BodyReader::Facts::clear() {
  family = prompt = answer = answer_before = 0;
  streaming.reset(), output_limit.reset(), tier.reset(), endpoint.reset();
  counts.clear();
  rule = Cached::inside;
  for (auto* text : {&model_asked, &model, &user, &response_id, &previous_response, &created}) text->clear();
  failed = false;
  pieces.clear();
}

// --- requests

void BodyReader::request_member(std::string_view name, ondemand::value& value, Facts& f, Prompt& prompt) {
  if (name == "messages" || name == "contents") {
    f.endpoint = name == "contents" ? Endpoint::generate_content : f.endpoint;
    prompt.items = raw_of(value);
  } else if (name == "input" || name == "prompt") {
    prompt.items = raw_of(value);
  } else if (name == "system" || name == "instructions" || name == "systemInstruction" ||
             name == "system_instruction") {
    prompt.instructions = raw_of(value);
  } else if (name == "tools") {
    prompt.tools = raw_of(value);
  } else if (name == "stream") {
    const auto token = token_of(value);
    if (token == "true" || token == "false") f.streaming = token == "true";
  } else if (name == "max_tokens" || name == "max_completion_tokens" || name == "max_output_tokens" ||
             name == "maxOutputTokens") {
    if (const auto n = count_of(value)) f.output_limit = n;
  } else if (name == "service_tier") {
    f.tier = read_tier(text_of(value));
  } else if (name == "model") {
    f.model_asked = text_of(value);
  } else if (name == "user" || name == "safety_identifier") {
    f.user = text_of(value);
  } else if (name == "previous_response_id") {
    f.previous_response = text_of(value);
  } else if ((name == "generationConfig" || name == "inferenceConfig") && is_object(value)) {
    ondemand::object inner;
    if (value.get_object().get(inner) != simdjson::SUCCESS) return;
    each_member(inner, [&](std::string_view n, ondemand::value& v) {
      if (n == "maxOutputTokens" || n == "maxTokens")
        if (const auto limit = count_of(v)) f.output_limit = limit;
      return true;
    });
  }
}

void BodyReader::request(std::string_view json, Facts& facts) {
  ondemand::document document;
  Prompt prompt;
  const size_t begin = json.find_first_not_of(" \t\r\n");
  if (begin == json.npos) return;
  if (json[begin] == '[') {
    prompt.items = json;
  } else {
    ondemand::object object;
    if (!open_json(body_, json, document) || document.get_object().get(object) != simdjson::SUCCESS) return;
    std::string_view inner;  // LiteLLM keeps the request of its own caller around the body
    each_member(object, [&](std::string_view name, ondemand::value& value) {
      if (name == "body" && is_object(value)) inner = raw_of(value);
      else request_member(name, value, facts, prompt);
      return true;
    });
    if (!inner.empty() && prompt.items.empty()) return request(inner, facts);
  }
  read_prompt(prompt, facts);
}

void BodyReader::read_items(std::string_view items, std::string_view& first, std::string_view& last_answer,
                            bool& first_instructs) {
  ondemand::document document;
  ondemand::array array;
  if (!open_json(items_, items, document) || document.get_array().get(array) != simdjson::SUCCESS) return;
  bool at_first = true;
  each_element(array, [&](ondemand::value& item) {
    if (!is_object(item)) return false;  // texts to embed
    ondemand::object object;
    if (item.get_object().get(object) != simdjson::SUCCESS) return false;
    std::string_view role, content, whole;
    bool call = false;
    each_member(object, [&](std::string_view name, ondemand::value& v) {
      if (name == "role") role = text_of(v);
      else if (name == "type") call = call || text_of(v) == "function_call";
      else if (name == "content" || name == "parts") content = raw_of(v);
      else if (name == "tool_calls" || name == "call_id") whole = raw_of(v);
      return true;
    });
    if (at_first) {
      first = content;
      first_instructs = role == "system" || role == "developer";
    }
    at_first = false;
    if (role == "assistant" || role == "model") last_answer = content.size() > 2 && content != "null" ? content : whole;
    else if (call) last_answer = whole;
    return true;
  });
}

void BodyReader::read_prompt(const Prompt& prompt, Facts& f) {
  if (f.prompt != 0 || (prompt.items.empty() && prompt.instructions.empty())) return;
  std::string_view first, last_answer;
  bool first_instructs = false;
  if (looks_like_json(prompt.items)) read_items(prompt.items, first, last_answer, first_instructs);
  else first = prompt.items;
  const std::string_view instructions =
      prompt.instructions.size() > 2 ? prompt.instructions : first_instructs ? first : first.substr(0, family_bytes);
  if (!instructions.empty()) f.family = hash_text(instructions);
  uint64_t chain = 0;
  for (const auto part : {prompt.tools, prompt.instructions, prompt.items}) cut(part, chain, f.pieces);
  f.prompt = chain;
  if (!last_answer.empty()) f.answer_before = hash_of_answer(last_answer);
}

void BodyReader::request_text(std::string_view text, Facts& f) {
  if (text.empty()) return;
  f.family = hash_text(text.substr(0, family_bytes));
  uint64_t chain = 0;
  cut(text, chain, f.pieces);
  f.prompt = chain;
}

// --- answers

uint64_t BodyReader::hash_of_answer(std::string_view raw) {
  joined_.clear();
  std::string call_id;
  ondemand::document document;
  if (!open_json(text_, raw, document)) return 0;
  if (raw.front() == '"') {
    std::string_view text;
    if (document.get_string().get(text) == simdjson::SUCCESS) joined_ = text;
  } else {
    ondemand::value value;
    if (document.get_value().get(value) == simdjson::SUCCESS) join_texts(value, joined_, call_id, 0);
  }
  const auto text = trimmed(joined_);
  if (!text.empty()) return hash_text(text);
  return call_id.empty() ? 0 : hash_text(call_id);
}

void BodyReader::read_usage(ondemand::object object, Facts& f) {
  const std::string_view raw = [&] {
    std::string_view text;
    return object.raw_json().get(text) == simdjson::SUCCESS ? text : std::string_view{};
  }();
  usage(raw, f);
}

void BodyReader::usage(std::string_view json, Facts& f) {
  ondemand::document document;
  ondemand::object object;
  if (json.empty() || !open_json(text_, json, document) || document.get_object().get(object) != simdjson::SUCCESS)
    return;
  read_counts(object, FieldTree::root, f.counts);
  // Only Anthropic and Bedrock report cached tokens beside the input; their objects have no details inside.
  const bool details = json.find("tokens_details") != json.npos;
  const bool beside = json.find("\"prompt_tokens\"") == json.npos && !details &&
                      (json.find("cache_read_input_tokens") != json.npos || json.find("cacheRead") != json.npos ||
                       json.find("cache_creation") != json.npos || json.find("cacheWrite") != json.npos);
  f.rule = beside ? Cached::beside : Cached::inside;
}

void BodyReader::response_member(std::string_view name, ondemand::value& value, Facts& f) {
  if (name == "usage" || name == "usageMetadata") {
    ondemand::object object;
    if (is_object(value) && value.get_object().get(object) == simdjson::SUCCESS) read_usage(object, f);
  } else if (name == "choices" || name == "candidates") {
    ondemand::array array;
    if (!is_array(value) || value.get_array().get(array) != simdjson::SUCCESS) return;
    each_element(array, [&](ondemand::value& choice) {  // the first is the one that goes on
      if (const auto raw = raw_of(choice); raw.starts_with('{')) f.answer = hash_of_answer(raw);
      return false;
    });
  } else if (name == "content" || name == "output") {
    if (const auto raw = raw_of(value); raw.size() > 2 && raw != "null") f.answer = hash_of_answer(raw);
  } else if (name == "id" || name == "responseId") {
    f.response_id = text_of(value);
  } else if (name == "model" || name == "modelVersion") {
    f.model = text_of(value);
  } else if (name == "service_tier") {
    f.tier = read_tier(text_of(value));
  } else if (name == "created" || name == "created_at") {
    f.created = token_of(value);
  } else if (name == "error") {
    f.failed = f.failed || is_object(value) || !text_of(value).empty();
  }
}

// A chunk of a stream: {"type":"message_start","message":{...,"usage":{}}}, {"usage":{}}, {"metadata":{"usage":{}}}.
void BodyReader::read_chunk(ondemand::value& chunk, Facts& f) {
  ondemand::object object;
  if (!is_object(chunk) || chunk.get_object().get(object) != simdjson::SUCCESS) return;
  each_member(object, [&](std::string_view name, ondemand::value& v) {
    if (name == "message" || name == "metadata") read_chunk(v, f);
    else if (name == "usage" || name == "id" || name == "model") response_member(name, v, f);
    return true;
  });
}

void BodyReader::response(std::string_view json, Facts& f) {
  ondemand::document document;
  if (json.empty() || !open_json(body_, json, document)) return;
  ondemand::json_type type;
  if (document.type().get(type) != simdjson::SUCCESS) return;
  if (type == ondemand::json_type::array) {
    ondemand::array array;
    if (document.get_array().get(array) != simdjson::SUCCESS) return;
    each_element(array, [&](ondemand::value& chunk) {
      read_chunk(chunk, f);
      return true;
    });
    return;
  }
  ondemand::object object;
  if (document.get_object().get(object) != simdjson::SUCCESS) return;
  each_member(object, [&](std::string_view name, ondemand::value& value) {
    response_member(name, value, f);
    return true;
  });
}

void BodyReader::response_text(std::string_view text, Facts& f) {
  text = trimmed(text);
  if (!text.empty()) f.answer = hash_text(text);
}

}  // namespace twolane::audit

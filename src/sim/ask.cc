// Reading OpenAI requests, and what all readers share. The others: ask_anthropic.cc, ask_gemini.cc.

#include "sim/ask.h"

#include "sim/ask_parts.h"

namespace twolane::sim {

using simdjson::dom::element;

void Ask::clear(Endpoint e) {
  endpoint = e;
  model_name = {};
  model = nullptr;
  refusal.reset();
  texts.clear();
  system = user = {};
  text_bytes = messages = other_tokens = input_tokens = 0;
  cached.reset();
  cached_tokens = 0;
  marked_texts = -1;
  mark_for_an_hour = cache_key = false;
  limit = -1;
  choices = 1;
  stream = stream_usage = json_object = false;
  schema.reset();
  schema_name = {};
  tool_schema.reset();
  tool = {};
  think = -1;
  tier = ServiceTier::standard;
  tier_given = false;
  inputs.clear();
  input_token_counts.clear();
  dimensions = 0;
  base64 = false;
}

void Ask::refuse(int status, std::string type, std::string message, std::string param,
                 std::string code) {
  if (refusal) return;  // the first reason stands
  refusal = Refusal{status, std::move(type), std::move(message), std::move(param), std::move(code)};
}

std::optional<element> member(element object, std::string_view key) {
  simdjson::dom::object fields;
  element found;
  if (object.get(fields) || fields.at_key(key).get(found)) return std::nullopt;
  return found;
}

std::string_view text_at(element object, std::string_view key) {
  auto found = member(object, key);
  return found ? text_of(*found) : std::string_view();
}

std::optional<int64_t> int_at(element object, std::string_view key) {
  auto found = member(object, key);
  return found ? int_of(*found) : std::nullopt;
}

int64_t weight_of(element value) {
  switch (value.type()) {
    case simdjson::dom::element_type::STRING:
      return static_cast<int64_t>(text_of(value).size()) + 1;
    case simdjson::dom::element_type::ARRAY: {
      int64_t sum = 0;
      for (element item : simdjson::dom::array(value)) sum += weight_of(item);
      return sum;
    }
    case simdjson::dom::element_type::OBJECT: {
      int64_t sum = 0;
      for (auto [key, item] : simdjson::dom::object(value))
        sum += static_cast<int64_t>(key.size()) + 2 + weight_of(item);
      return sum;
    }
    default:
      return 1;
  }
}

void add_text(Ask& ask, std::string_view text) {
  ask.texts.push_back(text);
  ask.text_bytes += static_cast<int64_t>(text.size());
}

void close_prompt(Ask& ask) {
  ask.input_tokens = tokens_of(ask.text_bytes) + 4 * ask.messages + 3 + ask.other_tokens;
}

namespace {

constexpr std::string_view invalid = "invalid_request_error";

void refuse_bad(Ask& ask, std::string message, std::string param, std::string code = {}) {
  ask.refuse(400, std::string(invalid), std::move(message), std::move(param), std::move(code));
}

void find_openai_model(Ask& ask) {
  if (ask.model_name.empty())
    return refuse_bad(ask, "you must provide a model parameter", "model",
                      "missing_required_parameter");
  ask.model = find_model(Provider::openai, ask.model_name);
  if (!ask.model)
    ask.refuse(404, std::string(invalid),
               "The model `" + std::string(ask.model_name) +
                   "` does not exist or you do not have access to it.",
               "model", "model_not_found");
}

bool model_fits(Ask& ask, Model::Kind kind, const char* what) {
  find_openai_model(ask);
  if (!ask.model) return false;
  if (ask.model->kind != kind)
    refuse_bad(ask, std::string("This model does not serve ") + what + ".", "model",
               "model_not_found");
  return ask.model->kind == kind;
}

// A message's content: a text, or parts of texts, images, audio and files.
void take_content(Ask& ask, element content, std::string_view role) {
  std::string_view last;
  if (content.is_string()) {
    last = text_of(content);
    add_text(ask, last);
  } else if (simdjson::dom::array parts; !content.get(parts)) {
    for (element part : parts) {
      const std::string_view type = text_at(part, "type");
      if (auto text = member(part, "text")) {
        last = text_of(*text);
        add_text(ask, last);
      } else if (type != "refusal") {
        ask.other_tokens += std::min<int64_t>(1100, 8 + weight_of(part) / 4);
      }
    }
  }
  if ((role == "system" || role == "developer") && ask.system.empty()) ask.system = last;
  if (role == "user") ask.user = last;
}

void take_messages(Ask& ask, element messages) {
  simdjson::dom::array list;
  if (messages.get(list) || list.size() == 0)
    return refuse_bad(ask,
                      "Invalid 'messages': empty array. Expected an array with minimum length 1.",
                      "messages", "empty_array");
  for (element message : list) {
    ++ask.messages;
    const std::string_view role = text_at(message, "role");
    if (role != "user" && role != "assistant" && role != "system" && role != "developer" &&
        role != "tool" && role != "function")
      refuse_bad(ask,
                 "Invalid value: '" + std::string(role) +
                     "'. Supported values are: 'system', 'assistant', "
                     "'user', 'function', 'tool', and 'developer'.",
                 "messages[" + std::to_string(ask.messages - 1) + "].role", "invalid_value");
    if (auto content = member(message, "content")) take_content(ask, *content, role);
    if (auto calls = member(message, "tool_calls")) ask.other_tokens += weight_of(*calls) / 4;
  }
}

void take_range(Ask& ask, element value, const char* name, double least, double most) {
  double n = 0;
  if (value.is_null()) return;
  if (value.get(n))
    return refuse_bad(ask, std::string("Invalid type for '") + name + "'.", name, "invalid_type");
  if (n < least)
    refuse_bad(ask, std::string("Invalid '") + name + "': decimal below minimum value.", name,
               "decimal_below_min_value");
  if (n > most)
    refuse_bad(ask, std::string("Invalid '") + name + "': decimal above maximum value.", name,
               "decimal_above_max_value");
}

void take_limit(Ask& ask, element value, const char* name) {
  if (value.is_null()) return;
  auto n = int_of(value);
  if (!n)
    return refuse_bad(ask, std::string("Invalid type for '") + name + "': expected an integer.",
                      name, "invalid_type");
  if (*n < 1)
    return refuse_bad(
        ask,
        std::string("Invalid '") + name + "': integer below minimum value. Expected a value >= 1.",
        name, "integer_below_min_value");
  ask.limit = *n;
}

void take_tier(Ask& ask, element value) {
  const std::string_view tier = text_of(value);
  ask.tier_given = !tier.empty() && tier != "auto";
  if (tier == "flex")
    ask.tier = ServiceTier::flex;
  else if (tier == "priority" || tier == "fast")
    ask.tier = ServiceTier::priority;
  else if (tier != "auto" && tier != "default" && tier != "scale" && !value.is_null())
    refuse_bad(ask, "Invalid value: '" + std::string(tier) + "'.", "service_tier", "invalid_value");
}

void take_format(Ask& ask, element format, const char* wrapper) {
  const std::string_view type = text_at(format, "type");
  if (type == "json_object") ask.json_object = true;
  if (type != "json_schema") return;
  element holder = format;
  if (*wrapper != 0) {
    auto inner = member(format, wrapper);
    if (!inner)
      return refuse_bad(ask, "Missing required parameter: 'response_format.json_schema'.",
                        "response_format.json_schema", "missing_required_parameter");
    holder = *inner;
  }
  ask.schema_name = text_at(holder, "name");
  ask.schema = member(holder, "schema");
  if (ask.schema_name.empty())
    refuse_bad(ask, "Missing required parameter: 'response_format.json_schema.name'.",
               "response_format.json_schema.name", "missing_required_parameter");
  if (ask.schema) ask.other_tokens += weight_of(*ask.schema) / 4;
}

// The forced tool: named, or the first when any must be called.
void take_tool_choice(Ask& ask, std::optional<element> tools, std::optional<element> choice) {
  simdjson::dom::array list;
  if (!tools || tools->get(list)) return;
  ask.other_tokens += weight_of(*tools) / 4;
  if (!choice) return;
  const std::string_view word = text_of(*choice);
  std::string_view wanted = text_at(*choice, "name");
  if (auto function = member(*choice, "function")) wanted = text_at(*function, "name");
  if (word != "required" && wanted.empty()) return;
  for (element tool : list) {
    element holder = tool;
    if (auto function = member(tool, "function")) holder = *function;
    if (!wanted.empty() && text_at(holder, "name") != wanted) continue;
    ask.tool = text_at(holder, "name");
    ask.tool_schema = member(holder, "parameters");
    return;
  }
}

void check_openai_chat(Ask& ask, bool old_limit) {
  if (!model_fits(ask, Model::Kind::chat, "chat")) return;
  const Model& m = *ask.model;
  if (old_limit && m.no_max_tokens)
    refuse_bad(ask,
               "Unsupported parameter: 'max_tokens' is not supported with this model. Use "
               "'max_completion_tokens' instead.",
               "max_tokens", "unsupported_parameter");
  if (ask.limit > m.most_output)
    refuse_bad(ask,
               "max_tokens is too large: " + std::to_string(ask.limit) +
                   ". This model supports at most " + std::to_string(m.most_output) +
                   " completion tokens.",
               "max_tokens", "invalid_value");
  if (ask.input_tokens > m.context)
    refuse_bad(ask, "Your input exceeds the context window of this model.", "messages",
               "context_length_exceeded");
  if (ask.tier == ServiceTier::flex && !m.flex)
    refuse_bad(ask, "Flex processing is not available for this model.", "service_tier",
               "unsupported_value");
  if (ask.think == 1 && !m.may_reason)
    refuse_bad(ask, "Unsupported parameter: 'reasoning_effort' is not supported with this model.",
               "reasoning_effort", "unsupported_parameter");
}

int64_t effort(element value) {
  const std::string_view word = text_of(value);
  if (word.empty()) return -1;
  return word == "none" || word == "minimal" ? 0 : 1;
}

void read_chat(element body, Ask& ask) {
  bool has_messages = false, old_limit = false;
  std::optional<element> tools, choice;
  simdjson::dom::object fields;
  if (body.get(fields))
    return refuse_bad(ask, "The body is not an object.", "body", "invalid_type");
  for (auto [key, value] : fields) {
    if (key == "model")
      ask.model_name = text_of(value);
    else if (key == "messages")
      has_messages = true, take_messages(ask, value);
    else if (key == "max_completion_tokens")
      take_limit(ask, value, "max_completion_tokens");
    else if (key == "max_tokens")
      old_limit = !value.is_null(), take_limit(ask, value, "max_tokens");
    else if (key == "temperature")
      take_range(ask, value, "temperature", 0, 2);
    else if (key == "top_p")
      take_range(ask, value, "top_p", 0, 1);
    else if (key == "frequency_penalty")
      take_range(ask, value, "frequency_penalty", -2, 2);
    else if (key == "presence_penalty")
      take_range(ask, value, "presence_penalty", -2, 2);
    else if (key == "n")
      ask.choices = std::clamp<int64_t>(int_of(value).value_or(1), 1, 128);
    else if (key == "stream")
      ask.stream = is_true(value);
    else if (key == "stream_options") {
      if (auto usage = member(value, "include_usage")) ask.stream_usage = is_true(*usage);
    }
    else if (key == "service_tier")
      take_tier(ask, value);
    else if (key == "response_format")
      take_format(ask, value, "json_schema");
    else if (key == "reasoning_effort")
      ask.think = effort(value);
    else if (key == "tools")
      tools = value;
    else if (key == "tool_choice")
      choice = value;
  }
  if (!has_messages)
    refuse_bad(ask, "Missing required parameter: 'messages'.", "messages",
               "missing_required_parameter");
  take_tool_choice(ask, tools, choice);
  close_prompt(ask);
  check_openai_chat(ask, old_limit);
}

void take_input(Ask& ask, element input) {
  simdjson::dom::array items;
  if (input.is_string()) {
    ++ask.messages;
    ask.user = text_of(input);
    return add_text(ask, ask.user);
  }
  if (input.get(items))
    return refuse_bad(ask, "Invalid type for 'input'.", "input", "invalid_type");
  for (element item : items) {
    ++ask.messages;
    if (auto content = member(item, "content"))
      take_content(ask, *content, text_at(item, "role"));
    else
      ask.other_tokens += weight_of(item) / 4;
  }
}

void read_responses(element body, Ask& ask) {
  bool has_input = false;
  std::optional<element> tools, choice;
  simdjson::dom::object fields;
  if (body.get(fields))
    return refuse_bad(ask, "The body is not an object.", "body", "invalid_type");
  if (auto instructions = member(body, "instructions"); instructions && instructions->is_string()) {
    ++ask.messages;
    ask.system = text_of(*instructions);
    add_text(ask, ask.system);
  }
  for (auto [key, value] : fields) {
    if (key == "model")
      ask.model_name = text_of(value);
    else if (key == "input")
      has_input = true, take_input(ask, value);
    else if (key == "max_output_tokens")
      take_limit(ask, value, "max_output_tokens");
    else if (key == "temperature")
      take_range(ask, value, "temperature", 0, 2);
    else if (key == "top_p")
      take_range(ask, value, "top_p", 0, 1);
    else if (key == "stream")
      ask.stream = is_true(value);
    else if (key == "service_tier")
      take_tier(ask, value);
    else if (key == "text") {
      if (auto format = member(value, "format")) take_format(ask, *format, "");
    } else if (key == "reasoning") {
      if (auto e = member(value, "effort")) ask.think = effort(*e);
    } else if (key == "tools")
      tools = value;
    else if (key == "tool_choice")
      choice = value;
  }
  if (!has_input)
    refuse_bad(ask, "Missing required parameter: 'input'.", "input", "missing_required_parameter");
  take_tool_choice(ask, tools, choice);
  close_prompt(ask);
  check_openai_chat(ask, false);
}

void take_embedding_input(Ask& ask, element item) {
  if (item.is_string()) {
    ask.inputs.push_back(text_of(item));
    ask.input_token_counts.push_back(
        std::max<int64_t>(1, tokens_of(static_cast<int64_t>(ask.inputs.back().size()))));
    if (ask.inputs.back().empty())
      refuse_bad(ask, "'input' cannot be an empty string.", "input", "invalid_value");
  } else if (simdjson::dom::array tokens; !item.get(tokens)) {
    ask.inputs.emplace_back();
    ask.input_token_counts.push_back(static_cast<int64_t>(tokens.size()));
  } else {
    refuse_bad(ask, "Invalid 'input': expected texts or tokens.", "input", "invalid_type");
  }
}

void read_embeddings(element body, Ask& ask) {
  ask.model_name = text_at(body, "model");
  auto input = member(body, "input");
  simdjson::dom::array items;
  if (!input)
    refuse_bad(ask, "Missing required parameter: 'input'.", "input", "missing_required_parameter");
  else if (input->get(items))
    take_embedding_input(ask, *input);
  else if (items.size() == 0)
    refuse_bad(ask, "Invalid 'input': empty array.", "input", "empty_array");
  else if (items.size() > 0 && items.at(0).value().is_int64())
    take_embedding_input(ask, *input);
  else
    for (element item : items) take_embedding_input(ask, item);
  if (ask.inputs.size() > 2048)
    refuse_bad(ask, "Invalid 'input': array too long. Expected at most 2048.", "input",
               "array_above_max_length");
  if (auto d = int_at(body, "dimensions")) {
    ask.dimensions = *d;
    if (*d < 1 || *d > 3072)
      refuse_bad(ask, "Invalid 'dimensions'.", "dimensions", "invalid_value");
  }
  ask.base64 = text_at(body, "encoding_format") == "base64";
  for (int64_t n : ask.input_token_counts) {
    ask.input_tokens += n;
    if (n > 8192)
      refuse_bad(ask, "This model's maximum context length is 8192 tokens.", "input",
                 "context_length_exceeded");
  }
  if (ask.input_tokens > 300'000)
    refuse_bad(ask, "Invalid 'input': at most 300000 tokens in one request.", "input",
               "max_tokens_per_request");
  model_fits(ask, Model::Kind::embedding, "embeddings");
}

void read_moderations(element body, Ask& ask) {
  ask.model_name = text_at(body, "model");
  if (ask.model_name.empty()) ask.model_name = "omni-moderation-latest";
  auto input = member(body, "input");
  simdjson::dom::array items;
  if (!input)
    refuse_bad(ask, "Missing required parameter: 'input'.", "input", "missing_required_parameter");
  else if (input->is_string())
    ask.inputs.push_back(text_of(*input));
  else if (!input->get(items))
    for (element item : items)
      ask.inputs.push_back(item.is_string() ? text_of(item) : text_at(item, "text"));
  for (std::string_view text : ask.inputs)
    ask.input_tokens += tokens_of(static_cast<int64_t>(text.size()));
  model_fits(ask, Model::Kind::moderation, "moderations");
}

}  // namespace

void read_ask(Endpoint endpoint, element body, Ask& ask) {
  ask.cache_key = !text_at(body, "prompt_cache_key").empty();
  switch (endpoint) {
    case Endpoint::chat_completions:
      return read_chat(body, ask);
    case Endpoint::responses:
      return read_responses(body, ask);
    case Endpoint::embeddings:
      return read_embeddings(body, ask);
    case Endpoint::moderations:
      return read_moderations(body, ask);
    case Endpoint::messages:
      return read_messages(body, ask);
    case Endpoint::generate_content:
      return read_generate_content(body, ask);
    case Endpoint::embed_content:
      return read_embed_content(body, ask);
  }
}

}  // namespace twolane::sim

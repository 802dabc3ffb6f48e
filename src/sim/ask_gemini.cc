// Reading Gemini generateContent and embedContent requests. Both spellings of a field are taken.

#include "sim/ask_parts.h"

namespace twolane::sim {

using simdjson::dom::element;

namespace {

constexpr const char* invalid = "INVALID_ARGUMENT";

void bad(Ask& ask, std::string message) { ask.refuse(400, invalid, std::move(message)); }

std::optional<element> either(element object, std::string_view camel, std::string_view snake) {
  auto found = member(object, camel);
  return found ? found : member(object, snake);
}

std::string_view take_parts(Ask& ask, element content) {
  std::string_view last;
  auto parts = member(content, "parts");
  simdjson::dom::array list;
  if (content.is_string()) {  // a bare text
    last = text_of(content);
    add_text(ask, last);
    return last;
  }
  if (!parts || parts->get(list)) return last;
  for (element part : list) {
    if (auto text = member(part, "text")) {
      last = text_of(*text);
      add_text(ask, last);
    } else {
      ask.other_tokens += std::min<int64_t>(258, 8 + weight_of(part) / 4);
    }
  }
  return last;
}

void take_contents(Ask& ask, element contents) {
  simdjson::dom::array list;
  if (contents.get(list)) {
    ++ask.messages;
    ask.user = take_parts(ask, contents);
    return;
  }
  if (list.size() == 0) bad(ask, "* GenerateContentRequest.contents: contents is not specified");
  for (element content : list) {
    ++ask.messages;
    const std::string_view role = text_at(content, "role");
    if (!role.empty() && role != "user" && role != "model" && role != "function")
      bad(ask, "Please use a valid role: user, model.");
    const std::string_view last = take_parts(ask, content);
    if (role != "model") ask.user = last;
  }
}

void take_generation_config(Ask& ask, element config) {
  simdjson::dom::object fields;
  if (config.get(fields)) return bad(ask, "Invalid value at 'generation_config'");
  for (auto [key, value] : fields) {
    if (key == "maxOutputTokens" || key == "max_output_tokens") {
      ask.limit = int_of(value).value_or(-1);
      if (ask.limit < 1) bad(ask, "max_output_tokens must be positive.");
    } else if (key == "candidateCount" || key == "candidate_count") {
      ask.choices = std::clamp<int64_t>(int_of(value).value_or(1), 1, 8);
    } else if (key == "temperature") {
      double t = 0;
      if (value.get(t) || t < 0 || t > 2) bad(ask, "temperature must be in the range [0.0, 2.0].");
    } else if (key == "responseSchema" || key == "response_schema" || key == "responseJsonSchema" ||
               key == "response_json_schema") {
      ask.schema = value;
      ask.other_tokens += weight_of(value) / 4;
    } else if (key == "responseMimeType" || key == "response_mime_type") {
      ask.json_object = text_of(value) == "application/json";
    } else if (key == "thinkingConfig" || key == "thinking_config") {
      if (auto budget = either(value, "thinkingBudget", "thinking_budget"))
        ask.think = int_of(*budget).value_or(1) != 0;
      if (auto level = either(value, "thinkingLevel", "thinking_level"))
        ask.think = text_of(*level) != "MINIMAL" && text_of(*level) != "minimal";
    }
  }
}

void take_tools(Ask& ask, element tools, std::optional<element> config) {
  simdjson::dom::array list, functions, allowed;
  if (tools.get(list)) return;
  ask.other_tokens += weight_of(tools) / 4;
  auto calling =
      config ? either(*config, "functionCallingConfig", "function_calling_config") : std::nullopt;
  if (!calling || text_at(*calling, "mode") != "ANY") return;
  std::string_view wanted;
  if (auto names = either(*calling, "allowedFunctionNames", "allowed_function_names");
      names && !names->get(allowed) && allowed.size() > 0)
    wanted = text_of(allowed.at(0).value());
  for (element tool : list) {
    auto declared = either(tool, "functionDeclarations", "function_declarations");
    if (!declared || declared->get(functions)) continue;
    for (element function : functions) {
      if (!wanted.empty() && text_at(function, "name") != wanted) continue;
      ask.tool = text_at(function, "name");
      ask.tool_schema = either(function, "parametersJsonSchema", "parameters_json_schema");
      if (!ask.tool_schema) ask.tool_schema = member(function, "parameters");
      return;
    }
  }
}

void take_tier(Ask& ask, std::string_view tier) {
  ask.tier_given = !tier.empty();
  if (tier == "flex")
    ask.tier = ServiceTier::flex;
  else if (tier == "priority")
    ask.tier = ServiceTier::priority;
  else if (!tier.empty() && tier != "standard" && tier != "unspecified")
    bad(ask, "Invalid value at 'service_tier'");
}

void take_system(Ask& ask, element body) {
  auto system = either(body, "systemInstruction", "system_instruction");
  if (!system) return;
  ++ask.messages;
  ask.system = take_parts(ask, *system);
}

void take_kept(Ask& ask, element kept) {
  take_system(ask, kept);
  if (auto contents = member(kept, "contents")) take_contents(ask, *contents);
  if (auto tools = member(kept, "tools")) take_tools(ask, *tools, member(kept, "toolConfig"));
}

// What the cache holds comes first, and may not be said again.
void take_cached(Ask& ask, element body) {
  for (const char* key : {"systemInstruction", "system_instruction", "tools", "toolConfig",
                          "tool_config"})
    if (member(body, key))
      bad(ask,
          "CachedContent can not be used with GenerateContent request setting system_instruction, "
          "tools or tool_config.");
  take_kept(ask, *ask.cached);
}

}  // namespace

void read_cached_prompt(element body, Ask& ask) {
  take_kept(ask, body);
  close_prompt(ask);
}

void read_generate_content(element body, Ask& ask) {
  std::optional<element> tools, config;
  bool has_contents = false;
  simdjson::dom::object fields;
  if (body.get(fields))
    return bad(ask, "Invalid JSON payload received. The request is not an object.");
  if (ask.cached)
    take_cached(ask, body);
  else
    take_system(ask, body);
  for (auto [key, value] : fields) {
    if (key == "contents")
      has_contents = true, take_contents(ask, value);
    else if (key == "generationConfig" || key == "generation_config")
      take_generation_config(ask, value);
    else if (key == "tools")
      tools = value;
    else if (key == "toolConfig" || key == "tool_config")
      config = value;
    else if (key == "serviceTier" || key == "service_tier")
      take_tier(ask, text_of(value));
    else if (key != "systemInstruction" && key != "system_instruction" && key != "safetySettings" &&
             key != "safety_settings" && key != "cachedContent" && key != "cached_content" &&
             key != "model" && key != "labels" && key != "store")
      bad(ask, "Invalid JSON payload received. Unknown name \"" + std::string(key) +
                   "\": Cannot find field.");
  }
  if (!has_contents) bad(ask, "* GenerateContentRequest.contents: contents is not specified");
  if (tools) take_tools(ask, *tools, config);
  close_prompt(ask);
  if (!ask.model) return;
  if (ask.limit > ask.model->most_output)
    bad(ask, "Unable to submit request because it has a maxOutputTokens value of " +
                 std::to_string(ask.limit) + " but the supported range is from 1 to " +
                 std::to_string(ask.model->most_output) + ".");
  if (ask.input_tokens > ask.model->context)
    bad(ask, "The input token count (" + std::to_string(ask.input_tokens) +
                 ") exceeds the maximum number of tokens allowed (" +
                 std::to_string(ask.model->context) + ").");
}

void read_embed_content(element body, Ask& ask) {
  auto content = member(body, "content");
  if (!content) return bad(ask, "* EmbedContentRequest.content: content is not specified");
  simdjson::dom::array several;
  if (!content->get(several))
    return bad(ask, "Invalid value at 'content': one content is expected.");
  take_parts(ask, *content);
  ask.inputs.assign(ask.texts.begin(), ask.texts.end());
  if (auto d = either(body, "outputDimensionality", "output_dimensionality")) {
    ask.dimensions = int_of(*d).value_or(0);
    if (ask.dimensions < 1 || ask.dimensions > 3072)
      bad(ask, "outputDimensionality must be from 1 to 3072.");
  }
  ask.input_tokens = std::max<int64_t>(1, tokens_of(ask.text_bytes));
  if (ask.text_bytes == 0) bad(ask, "* EmbedContentRequest.content: content contains no text");
  if (ask.model && ask.input_tokens > ask.model->context)
    bad(ask, "The input token count exceeds the maximum number of tokens allowed.");
}

}  // namespace twolane::sim

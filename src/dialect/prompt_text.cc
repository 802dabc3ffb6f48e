// One walk for all dialects: strings are text, what is known for media is counted, and everything
// else that a model is shown (tool calls, schemas) is text as JSON.
#include "dialect/prompt_text.h"

#include <string>

#include "dialect/translate_scan.h"

namespace twolane::dialect {
namespace {

using simdjson::dom::element;

class Walk {
 public:
  Walk(PromptParts& parts, const std::function<void(std::string_view)>& take)
      : parts_(parts), take_(take) {}

  void json(element value) { take(simdjson::minify(value)); }

  void json_member(element body, std::string_view key) {
    if (const auto value = member(body, key)) json(*value);
  }

  // A message, or a list of them. What the system says first belongs to the head.
  void messages(element value) {
    simdjson::dom::array list;
    if (value.get(list)) {
      ++parts_.messages;
      return content(value);
    }
    bool leading = true, first = true;
    for (const element one : list) {
      const std::string_view role = text_member(one, "role");
      leading = leading && (role == "system" || role == "developer");
      ++parts_.messages;
      const auto blocks = first && !leading && role == "user" ? member(one, "content") : std::nullopt;
      if (!blocks || !texts(*blocks)) content(one);
      if (leading) end_head();
      first = first && leading;
    }
  }

  // A list of two texts and more, with a note of where its last one begins. False: anything else.
  bool texts(element value) {
    simdjson::dom::array list;
    if (value.get(list) || list.size() < 2) return false;
    for (const element block : list)
      if (!member(block, "text") || is_media(block, text_member(block, "type"))) return false;
    size_t left = list.size();
    for (const element block : list) {
      if (--left == 0) parts_.block_bytes = bytes_;
      content(block);
    }
    return true;
  }

  void end_head() { parts_.head_bytes = bytes_; }

  void content(element value) {
    std::string_view text;
    if (!value.get(text)) return take(text);
    simdjson::dom::array list;
    if (!value.get(list)) {
      for (const element one : list) content(one);
      return;
    }
    simdjson::dom::object object;
    if (!value.get(object)) this->object(value);
  }

  void input(element value) {  // of embeddings: texts, token numbers, or lists of either
    simdjson::dom::array list;
    int64_t number = 0;
    if (!value.get(number)) {
      ++parts_.token_ids;
    } else if (!value.get(list)) {
      for (const element one : list) input(one);
    } else {
      content(value);
    }
  }

 private:
  static bool is_media(element value, std::string_view type) {
    static constexpr std::string_view types[] = {"image",       "image_url",  "input_image",
                                                 "input_audio", "input_file", "file",
                                                 "document",    "audio"};
    for (const auto known : types)
      if (type == known) return true;
    return member(value, "inlineData", "inline_data") || member(value, "fileData", "file_data");
  }

  void object(element value) {
    if (is_media(value, text_member(value, "type"))) {
      ++parts_.media;
      return;
    }
    bool inner = false;
    for (const std::string_view key : {"text", "content", "parts", "refusal", "output"}) {
      const auto found = member(value, key);
      if (!found) continue;
      content(*found);
      inner = true;
    }
    for (const std::string_view key :
         {"tool_calls", "functionCall", "function_call", "functionResponse", "function_response"})
      if (const auto found = member(value, key)) json(*found), inner = true;
    if (text_member(value, "type") == "tool_use" || !inner) json(value);
  }

  void take(std::string_view text) {
    bytes_ += static_cast<int64_t>(text.size());
    take_(text);
  }

  PromptParts& parts_;
  const std::function<void(std::string_view)>& take_;
  int64_t bytes_ = 0;
};

void chat(Walk& walk, element body) {
  walk.json_member(body, "tools");
  if (const auto format = member(body, "response_format")) walk.json_member(*format, "json_schema");
  walk.end_head();
  if (const auto messages = member(body, "messages")) walk.messages(*messages);
}

void responses(Walk& walk, element body) {
  walk.json_member(body, "tools");
  if (const auto text = member(body, "text"))
    if (const auto format = member(*text, "format")) walk.json_member(*format, "schema");
  if (const auto instructions = member(body, "instructions")) walk.messages(*instructions);
  walk.end_head();
  if (const auto input = member(body, "input")) walk.messages(*input);
}

void anthropic(Walk& walk, element body) {
  walk.json_member(body, "tools");
  if (const auto config = member(body, "output_config")) walk.json_member(*config, "format");
  if (const auto system = member(body, "system")) walk.content(*system);
  walk.end_head();
  if (const auto messages = member(body, "messages")) walk.messages(*messages);
}

void gemini(Walk& walk, element body) {
  walk.json_member(body, "tools");
  if (const auto config = member(body, "generationConfig", "generation_config"))
    for (const std::string_view key : {"responseSchema", "response_schema", "responseJsonSchema"})
      walk.json_member(*config, key);
  if (const auto system = member(body, "systemInstruction", "system_instruction"))
    walk.messages(*system);
  walk.end_head();
  if (const auto contents = member(body, "contents")) walk.messages(*contents);
}

}  // namespace

Result<PromptParts> each_prompt_text(Endpoint endpoint, std::string_view body,
                                     const std::function<void(std::string_view)>& take) {
  const element root = TRY(scan(body));
  PromptParts parts;
  parts.marked =
      body.find("\"cache_control\"") != body.npos || body.find("\"cachedContent\"") != body.npos;
  Walk walk(parts, take);
  switch (endpoint) {
    case Endpoint::chat_completions:
      chat(walk, root);
      break;
    case Endpoint::responses:
      responses(walk, root);
      break;
    case Endpoint::messages:
      anthropic(walk, root);
      break;
    case Endpoint::generate_content:
      gemini(walk, root);
      break;
    case Endpoint::embed_content:
      if (const auto content = member(root, "content")) walk.content(*content);
      break;
    case Endpoint::embeddings:
    case Endpoint::moderations:
      if (const auto input = member(root, "input")) walk.input(*input);
      break;
  }
  return parts;
}

}  // namespace twolane::dialect

// A chat request and a chat answer in no provider's words: what all dialects are translated
// through.
//
// Plain values. Everything a dialect says has a place here or is kept as a Native, so that decoding
// and encoding in the same endpoint loses nothing; encoders for other endpoints refuse natives that
// matter and drop those that do not. A path is where something stood in the source body
// ("messages[2].content[0].input_audio"), for refusals.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "model/endpoint.h"

namespace twolane {

using ChatJson = nlohmann::ordered_json;

// A member that only its own endpoint knows, as written.
struct Native {
  std::string path;
  std::string key;
  ChatJson value;
  std::string within;   // the member of the body that holds it ("generationConfig"), or empty
  bool matters = true;  // false: no effect on the answer
};

// A parameter as written; null where the request does not set it.
struct Setting {
  ChatJson value;
  std::string path;
  explicit operator bool() const { return !value.is_null(); }
};

struct Media {
  enum class Kind : uint8_t { image, document, audio };
  enum class Source : uint8_t { base64, url, file_id, text };
  Kind kind = Kind::image;
  Source source = Source::base64;
  std::string mime;  // empty where the request does not say
  std::string data;  // by source: base64, the url, the provider's id, or plain text
  std::string name;  // file name or title, may be empty
  Setting detail;    // OpenAI's resolution of an image
};

struct Part {
  enum class Kind : uint8_t { text, refusal, media, tool_call, tool_result, reasoning, native };
  Kind kind = Kind::text;
  std::string path;
  std::string text;  // text, refusal, reasoning that can be read
  Media media;
  std::string call_id, name;  // tool_call, tool_result
  std::string arguments;      // tool_call: JSON, usually of an object
  std::vector<Part> content;  // tool_result
  Setting failed;             // tool_result: the tool reported an error
  ChatJson raw;               // native, and reasoning of a request: as written
  std::string slot;           // native: the member of the message that lists it ("tool_calls")
  std::vector<Native> extra;
};

enum class Role : uint8_t { system, developer, user, assistant, native };

// Tool results stand in user messages, as Anthropic and Gemini have them.
struct Message {
  Role role = Role::user;
  std::string path;
  std::vector<Part> parts;
  ChatJson raw;  // native: the whole item
  std::vector<Native> extra;
};

struct Tool {
  std::string path;
  std::string name;
  Setting description;
  ChatJson schema;      // JSON Schema of the arguments, null for none
  ChatJson as_written;  // where the source writes schemas otherwise: its own form
  Setting strict;
  ChatJson raw;  // a tool that is no function: as written
  std::vector<Native> extra;
};

struct ToolChoice {
  enum class Kind : uint8_t { unset, automatic, required, none, named, allowed, native };
  Kind kind = Kind::unset;
  std::string path;
  std::vector<std::string> names;  // named: one; allowed: those that may be called
  bool must_call = false;          // allowed: one of them has to be called
  ChatJson raw;
};

struct AnswerFormat {
  enum class Kind : uint8_t { unset, text, json_object, json_schema };
  Kind kind = Kind::unset;
  std::string path;
  std::string name;
  Setting description;
  ChatJson schema;
  ChatJson as_written;  // as in Tool
  Setting strict;
};

struct Reasoning {
  enum class Mode : uint8_t { unset, off, adaptive, budget };
  Mode mode = Mode::unset;
  std::string mode_path;
  Setting budget;  // tokens, with Mode::budget
  Setting effort;  // none, minimal, low, medium, high, xhigh, max
  Setting shown;   // reasoning text in the answer: true, false, or OpenAI's kind of summary
};

struct ChatRequest {
  Endpoint from = Endpoint::chat_completions;
  std::string model;
  std::vector<Message> messages;
  std::vector<Tool> tools;
  ToolChoice tool_choice;
  Setting parallel_tools;
  AnswerFormat format;
  Reasoning reasoning;
  Setting output_limit;
  Setting temperature, top_p, top_k, frequency_penalty, presence_penalty, seed, choices;
  Setting stop;  // array of strings
  Setting logprobs, top_logprobs;
  Setting verbosity;
  std::vector<Native> extra;
};

enum class Finish : uint8_t {
  stop,
  stop_sequence,
  length,
  tool_calls,
  refusal,  // the model declined
  filtered  // the provider cut the answer off or let nothing through
};

struct ChatChoice {
  std::vector<Part> parts;  // text, refusal, reasoning, tool_call
  Finish finish = Finish::stop;
  std::string why;  // the provider's words for refusal and filtered
  std::string stop_sequence;
  ChatJson logprobs;  // null or an array of {token, logprob, bytes, top_logprobs}
};

struct ChatAnswer {
  std::string id, model;
  int64_t created = 0;  // unix seconds, 0 where the answer does not say
  std::vector<ChatChoice> choices;
};

// Neighbouring messages of one role as one message (natives stay apart).
std::vector<Message> merged(std::vector<Message> messages, bool assistants_only);

}  // namespace twolane

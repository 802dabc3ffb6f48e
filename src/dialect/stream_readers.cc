// Events of four chat endpoints as steps of one answer.
#include <algorithm>
#include <map>
#include <optional>

#include "dialect/anthropic/anthropic.h"
#include "dialect/gemini/gemini.h"
#include "dialect/openai/openai.h"
#include "dialect/stream_steps.h"
#include "dialect/translate_answers.h"

namespace twolane::dialect {
namespace {

using Kind = StreamStep::Kind;
using Steps = std::vector<StreamStep>;

void say(Steps& out, Kind kind, size_t choice, std::string_view text) {
  if (text.empty()) return;
  StreamStep step;
  step.kind = kind;
  step.choice = choice;
  step.text = text;
  out.push_back(std::move(step));
}

void begin_call(Steps& out, size_t choice, std::string_view id, std::string_view name) {
  StreamStep step;
  step.kind = Kind::call;
  step.choice = choice;
  step.call_id = id;
  step.name = name;
  out.push_back(std::move(step));
}

// The end of a choice, as the decoder of whole answers understands it.
void end_choice(Steps& out, size_t choice, const ChatChoice& as) {
  StreamStep step;
  step.kind = Kind::finish;
  step.choice = choice;
  step.finish = as.finish;
  step.text = as.why;
  step.name = as.stop_sequence;
  out.push_back(std::move(step));
}

void learn(StreamHead& head, const Json& from, const char* id, const char* model, const char* created) {
  if (const auto text = wire::string_at(from, id); !text.empty()) head.id = text;
  if (const auto text = wire::string_at(from, model); !text.empty()) head.model = text;
  if (created) head.created = wire::int_at(from, created, head.created);
}

size_t index_of(const Json& of) {
  return static_cast<size_t>(std::clamp<int64_t>(wire::int_at(of, "index"), 0, 127));
}

// --- /v1/chat/completions

class ChatReader final : public StreamReader {
 public:
  Status take(const Json& chunk, Steps& out) override {
    learn(head, chunk, "id", "model", "created");
    if (const Json* usage = wire::find(chunk, "usage"); usage && usage->is_object())
      usage_ = wire::dump(chunk);
    const Json* choices = wire::find(chunk, "choices");
    if (!choices || !choices->is_array()) return {};
    for (const Json& choice : *choices) take_choice(choice, out);
    return {};
  }
  bool complete() const override { return finished_; }
  std::string usage_body() const override { return usage_; }

 private:
  struct Choice {
    std::map<int64_t, bool> calls;  // begun
    std::string refusal;
  };

  void take_choice(const Json& choice, Steps& out) {
    const size_t index = index_of(choice);
    if (const Json* delta = wire::find(choice, "delta"); delta && delta->is_object())
      take_delta(*delta, index, out);
    const auto reason = wire::string_at(choice, "finish_reason");
    if (reason.empty()) return;
    finished_ = true;
    Json whole = {{"finish_reason", reason}, {"message", Json::object()}};
    if (const auto& refusal = choices_[index].refusal; !refusal.empty())
      whole["message"]["refusal"] = refusal;
    const auto answer = openai::decode_chat_answer({{"choices", Json::array({whole})}});
    if (answer) end_choice(out, index, answer->choices.front());
  }

  void take_delta(const Json& delta, size_t index, Steps& out) {
    auto thoughts = wire::string_at(delta, "reasoning_content");
    if (thoughts.empty()) thoughts = wire::string_at(delta, "reasoning");
    say(out, Kind::reasoning, index, thoughts);
    if (const Json* content = wire::find(delta, "content")) take_content(*content, index, out);
    const auto refusal = wire::string_at(delta, "refusal");
    choices_[index].refusal += refusal;
    say(out, Kind::refusal, index, refusal);
    const Json* calls = wire::find(delta, "tool_calls");
    if (!calls || !calls->is_array()) return;
    int64_t position = 0;
    for (const Json& call : *calls) take_call(call, position++, index, out);
  }

  // Neighbours of OpenAI give parts, some of them thoughts.
  static void take_content(const Json& content, size_t index, Steps& out) {
    if (content.is_string()) return say(out, Kind::text, index, content.get_ref<const std::string&>());
    if (!content.is_array()) return;
    for (const Json& part : content) {
      const Json* thinking = wire::find(part, "thinking");
      if (thinking && thinking->is_array())
        for (const Json& t : *thinking) say(out, Kind::reasoning, index, wire::string_at(t, "text"));
      else
        say(out, Kind::text, index, wire::string_at(part, "text"));
    }
  }

  void take_call(const Json& call, int64_t position, size_t index, Steps& out) {
    const int64_t number = wire::int_at(call, "index", position);
    const Json* function = wire::find(call, "function");
    if (!function) return;
    if (!choices_[index].calls[number]) {
      choices_[index].calls[number] = true;
      begin_call(out, index, wire::string_at(call, "id"), wire::string_at(*function, "name"));
    }
    say(out, Kind::arguments, index, wire::string_at(*function, "arguments"));
  }

  std::map<size_t, Choice> choices_;
  std::string usage_;
  bool finished_ = false;
};

// --- /v1/responses

class ResponsesReader final : public StreamReader {
 public:
  Status take(const Json& event, Steps& out) override {
    const auto type = wire::string_at(event, "type");
    if (const Json* response = wire::find(event, "response")) {
      learn(head, *response, "id", "model", "created_at");
      if (type == "response.completed" || type == "response.incomplete" || type == "response.failed")
        return end(*response, out);
    }
    const auto delta = wire::string_at(event, "delta");
    if (type == "response.output_text.delta") {
      say(out, Kind::text, 0, delta);
    } else if (type == "response.refusal.delta") {
      say(out, Kind::refusal, 0, delta);
    } else if (type == "response.reasoning_summary_text.delta" ||
               type == "response.reasoning_text.delta") {
      say(out, Kind::reasoning, 0, delta);
    } else if (type == "response.function_call_arguments.delta") {
      say(out, Kind::arguments, 0, delta);
      said_arguments_ = true;
    } else if (type == "response.output_item.added" || type == "response.output_item.done") {
      take_item(event, type.ends_with("done"), out);
    }
    return {};
  }
  bool complete() const override { return !usage_.empty(); }
  std::string usage_body() const override { return usage_; }

 private:
  void take_item(const Json& event, bool done, Steps& out) {
    const Json* item = wire::find(event, "item");
    if (!item || wire::string_at(*item, "type") != "function_call") return;
    if (!done) {
      begin_call(out, 0, wire::string_at(*item, "call_id"), wire::string_at(*item, "name"));
      said_arguments_ = false;
    } else if (!said_arguments_) {  // arguments that were not streamed
      say(out, Kind::arguments, 0, wire::string_at(*item, "arguments"));
    }
  }

  Status end(const Json& response, Steps& out) {
    usage_ = wire::dump(response);
    const ChatAnswer answer = TRY(openai::decode_responses_answer(response));
    if (!answer.choices.empty()) end_choice(out, 0, answer.choices.front());
    return {};
  }

  std::string usage_;
  bool said_arguments_ = false;
};

// --- /v1/messages

class MessagesReader final : public StreamReader {
 public:
  Status take(const Json& event, Steps& out) override {
    const auto type = wire::string_at(event, "type");
    const Json* delta = wire::find(event, "delta");
    if (type == "message_start") {
      if (const Json* message = wire::find(event, "message"); message && message->is_object()) {
        message_ = *message;
        learn(head, *message, "id", "model", nullptr);
      }
    } else if (type == "content_block_start") {
      if (const Json* block = wire::find(event, "content_block")) begin_block(*block, out);
    } else if (type == "content_block_delta" && delta) {
      say(out, Kind::text, 0, wire::string_at(*delta, "text"));
      say(out, Kind::reasoning, 0, wire::string_at(*delta, "thinking"));
      if (in_call_) say(out, Kind::arguments, 0, wire::string_at(*delta, "partial_json"));
    } else if (type == "message_delta") {
      if (delta && delta->is_object()) message_.update(*delta);
      if (const Json* usage = wire::find(event, "usage"); usage && usage->is_object()) {
        if (!message_["usage"].is_object()) message_["usage"] = Json::object();
        message_["usage"].update(*usage);  // cumulative
      }
    } else if (type == "message_stop") {
      stopped_ = true;
      message_["content"] = Json::array();
      const auto answer = anthropic::decode_answer(message_);
      if (answer) end_choice(out, 0, answer->choices.front());
    }
    return {};
  }
  bool complete() const override { return stopped_; }
  std::string usage_body() const override { return message_.is_object() ? wire::dump(message_) : ""; }

 private:
  void begin_block(const Json& block, Steps& out) {
    in_call_ = wire::string_at(block, "type") == "tool_use";
    say(out, Kind::text, 0, wire::string_at(block, "text"));
    say(out, Kind::reasoning, 0, wire::string_at(block, "thinking"));
    if (!in_call_) return;
    begin_call(out, 0, wire::string_at(block, "id"), wire::string_at(block, "name"));
    if (const Json* input = wire::find(block, "input"); input && input->is_object() && !input->empty())
      say(out, Kind::arguments, 0, wire::dump(*input));
  }

  Json message_;
  bool in_call_ = false, stopped_ = false;
};

// --- streamGenerateContent

class GenerateReader final : public StreamReader {
 public:
  Status take(const Json& chunk, Steps& out) override {
    learn(head, chunk, "responseId", "modelVersion", nullptr);
    if (wire::find(chunk, "usageMetadata")) usage_ = wire::dump(chunk);
    const Json* candidates = wire::find(chunk, "candidates");
    if (candidates && candidates->is_array())
      for (const Json& candidate : *candidates) take_candidate(candidate, out);
    if (const Json* feedback = wire::find(chunk, "promptFeedback"); feedback && !complete_) {
      complete_ = true;
      const auto answer = gemini::decode_answer({{"promptFeedback", *feedback}});
      if (answer) end_choice(out, 0, answer->choices.front());
    }
    return {};
  }
  bool complete() const override { return complete_; }
  std::string usage_body() const override { return usage_; }

 private:
  void take_candidate(const Json& candidate, Steps& out) {
    const size_t index = index_of(candidate);
    if (const Json* content = wire::find(candidate, "content"))
      if (const Json* parts = wire::find(*content, "parts"); parts && parts->is_array())
        for (const Json& part : *parts) take_part(part, index, out);
    if (wire::string_at(candidate, "finishReason").empty()) return;
    complete_ = true;
    Json bare = candidate;
    bare["content"] = {{"parts", Json::array()}};
    const auto answer = gemini::decode_answer({{"candidates", Json::array({bare})}});
    if (!answer) return;
    ChatChoice choice = answer->choices.front();
    if (choice.finish == Finish::stop && calls_ > 0) choice.finish = Finish::tool_calls;
    end_choice(out, index, choice);
  }

  void take_part(const Json& part, size_t index, Steps& out) {
    if (const Json* call = wire::find(part, "functionCall")) {
      std::string id(wire::string_at(*call, "id"));
      if (id.empty()) id = derived_call_id(head.id, calls_);
      ++calls_;
      begin_call(out, index, id, wire::string_at(*call, "name"));
      const Json* args = wire::find(*call, "args");
      return say(out, Kind::arguments, index, args ? wire::dump(*args) : "{}");
    }
    const Json* thought = wire::find(part, "thought");
    say(out, thought && *thought == true ? Kind::reasoning : Kind::text, index,
        wire::string_at(part, "text"));
  }

  std::string usage_;
  size_t calls_ = 0;
  bool complete_ = false;
};

}  // namespace

std::unique_ptr<StreamReader> stream_reader(Endpoint from) {
  switch (from) {
    case Endpoint::responses: return std::make_unique<ResponsesReader>();
    case Endpoint::messages: return std::make_unique<MessagesReader>();
    case Endpoint::generate_content: return std::make_unique<GenerateReader>();
    default: return std::make_unique<ChatReader>();
  }
}

}  // namespace twolane::dialect

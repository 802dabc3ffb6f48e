// Steps of an answer as the events of four chat endpoints.
#include <map>

#include "dialect/anthropic/anthropic.h"
#include "dialect/gemini/gemini.h"
#include "dialect/openai/openai.h"
#include "dialect/stream_steps.h"
#include "dialect/translate_answers.h"

namespace twolane::dialect {
namespace {

using Kind = StreamStep::Kind;

void append_data(std::string& out, Json data) {
  const wire::Tree tree(std::move(data));
  out += "data: ";
  wire::append(out, tree.json);
  out += "\n\n";
}

void append_named(std::string& out, Json data) {
  out.append("event: ").append(wire::string_at(data, "type")).append("\n");
  append_data(out, std::move(data));
}

// The members of `from` behind those of `to`, which has none of them.
void add_members(Json& to, Json from) {
  Json::object_t::Container& members = to.get_ref<Json::object_t&>();
  for (auto& [name, value] : from.get_ref<Json::object_t&>())
    members.emplace_back(name, std::move(value));
}

// The answer so far, where the end of a stream repeats it or depends on it.
class Collected {
 public:
  void add(const StreamStep& step) {
    while (answer.choices.size() <= step.choice) answer.choices.emplace_back();
    ChatChoice& choice = answer.choices[step.choice];
    switch (step.kind) {
      case Kind::text: return add_text(choice, Part::Kind::text, step.text);
      case Kind::refusal: return add_text(choice, Part::Kind::refusal, step.text);
      case Kind::reasoning: return add_text(choice, Part::Kind::reasoning, step.text);
      case Kind::call: {
        Part& part = choice.parts.emplace_back();
        part.kind = Part::Kind::tool_call;
        part.call_id = step.call_id;
        part.name = step.name;
        return;
      }
      case Kind::arguments:
        for (auto part = choice.parts.rbegin(); part != choice.parts.rend(); ++part)
          if (part->kind == Part::Kind::tool_call) return void(part->arguments += step.text);
        return;
      case Kind::finish:
        choice.finish = step.finish;
        choice.why = step.text;
        choice.stop_sequence = step.name;
        return;
    }
  }
  ChatAnswer answer;

 private:
  static void add_text(ChatChoice& choice, Part::Kind kind, const std::string& text) {
    if (choice.parts.empty() || choice.parts.back().kind != kind) {
      choice.parts.emplace_back().kind = kind;
    }
    choice.parts.back().text += text;
  }
};

// A whole answer of no parts that ends as `step` says: what its encoder makes of the end.
ChatAnswer ending_of(const StreamStep& step, const StreamHead& head) {
  ChatAnswer answer;
  answer.id = head.id;
  answer.model = head.model;
  answer.created = head.created;
  ChatChoice& choice = answer.choices.emplace_back();
  choice.finish = step.finish;
  choice.why = step.text;
  choice.stop_sequence = step.name;
  return answer;
}

// --- /v1/chat/completions

class ChatWriter final : public StreamWriter {
 public:
  explicit ChatWriter(bool with_usage) : with_usage_(with_usage) {}

  void put(const StreamStep& step, const StreamHead& head, std::string& out) override {
    Choice& choice = choices_[step.choice];
    if (!choice.begun) {
      choice.begun = true;
      const Json content = step.kind == Kind::text ? Json("") : Json();
      chunk(step.choice, object_of({{"role", "assistant"}, {"content", content}}), nullptr, head,
            out);
    }
    switch (step.kind) {
      case Kind::text:
        return chunk(step.choice, object_of({{"content", step.text}}), nullptr, head, out);
      case Kind::refusal:
        choice.refused = true;
        return chunk(step.choice, object_of({{"refusal", step.text}}), nullptr, head, out);
      case Kind::reasoning:
        return chunk(step.choice, object_of({{"reasoning_content", step.text}}), nullptr, head,
                     out);
      case Kind::call:
        return call(step,
                    object_of({{"index", choice.calls++},
                               {"id", step.call_id},
                               {"type", "function"},
                               {"function", object_of({{"name", step.name}, {"arguments", ""}})}}),
                    head, out);
      case Kind::arguments:
        return call(step,
                    object_of({{"index", choice.calls - 1},
                               {"function", object_of({{"arguments", step.text}})}}),
                    head, out);
      case Kind::finish: {
        if (!choice.refused && !step.text.empty())
          chunk(step.choice, object_of({{"refusal", step.text}}), nullptr, head, out);
        const Json whole = openai::encode_chat_answer(ending_of(step, head), nullptr);
        chunk(step.choice, Json::object(), whole["choices"][0]["finish_reason"], head, out);
      }
    }
  }

  void end(const StreamHead& head, const Served* served, std::string& out) override {
    if (with_usage_ && served) {
      const Json whole = openai::encode_chat_answer(ChatAnswer{}, served);
      Json last = head_of(head);
      last["choices"] = Json::array();
      last["usage"] = whole["usage"];
      if (whole.contains("service_tier")) last["service_tier"] = whole["service_tier"];
      append_data(out, std::move(last));
    }
    out += "data: [DONE]\n\n";
  }

 private:
  struct Choice {
    bool begun = false, refused = false;
    int64_t calls = 0;
  };

  static Json head_of(const StreamHead& head) {
    return object_of({{"id", head.id},
                      {"object", "chat.completion.chunk"},
                      {"created", head.created},
                      {"model", head.model}});
  }
  void chunk(size_t index, Json delta, const Json& finish, const StreamHead& head, std::string& out) {
    Json choice = object_of({{"index", index}, {"delta", std::move(delta)}, {"logprobs", nullptr}});
    choice["finish_reason"] = finish;
    Json all = head_of(head);
    all["choices"] = Json::array({std::move(choice)});
    if (with_usage_) all["usage"] = nullptr;
    append_data(out, std::move(all));
  }
  void call(const StreamStep& step, Json fragment, const StreamHead& head, std::string& out) {
    chunk(step.choice, object_of({{"tool_calls", Json::array({std::move(fragment)})}}), nullptr,
          head, out);
  }

  std::map<size_t, Choice> choices_;
  bool with_usage_;
};

// --- /v1/responses

class ResponsesWriter final : public StreamWriter {
 public:
  void put(const StreamStep& step, const StreamHead& head, std::string& out) override {
    begin(head, out);
    if (step.choice > 0) return;  // it has one answer only
    switch (step.kind) {
      case Kind::text:
      case Kind::refusal: put_text(step, head, out); break;
      case Kind::reasoning: put_reasoning(step, head, out); break;
      case Kind::call: put_call(step, head, out); break;
      case Kind::arguments:
        if (open_ != Open::call) return;
        say("response.function_call_arguments.delta", object_of({{"delta", step.text}}), out);
        break;
      case Kind::finish:
        if (!refused_ && !step.text.empty()) {
          StreamStep why = step;
          why.kind = Kind::refusal;
          put_text(why, head, out);
          collected_.add(why);
        }
        break;
    }
    collected_.add(step);
  }

  void end(const StreamHead& head, const Served* served, std::string& out) override {
    begin(head, out);
    close(head, out);
    const Json response = whole(head, served);
    event("response." + std::string(wire::string_at(response, "status")),
          object_of({{"response", response}}), out);
  }

 private:
  enum class Open : uint8_t { nothing, message, reasoning, call };

  // The answer as far as it is known, by the encoder of whole ones: items have their ids from it.
  Json whole(const StreamHead& head, const Served* served) {
    collected_.answer.id = head.id;
    collected_.answer.model = head.model;
    collected_.answer.created = head.created;
    return openai::encode_responses_answer(collected_.answer, served);
  }

  void event(const std::string& type, Json members, std::string& out) {
    Json all = object_of({{"type", type}}, members.size() + 1);
    add_members(all, std::move(members));
    all["sequence_number"] = number_++;
    append_named(out, std::move(all));
  }
  // An event about the open item.
  void say(const std::string& type, Json members, std::string& out) {
    Json all = object_of({{"item_id", item_id_}, {"output_index", item_}}, members.size());
    add_members(all, std::move(members));
    event(type, std::move(all), out);
  }

  void begin(const StreamHead& head, std::string& out) {
    if (begun_) return;
    begun_ = true;
    Json response = whole(head, nullptr);
    response["status"] = "in_progress";
    response["usage"] = nullptr;
    event("response.created", object_of({{"response", response}}), out);
    event("response.in_progress", object_of({{"response", response}}), out);
  }

  void open(Open kind, const char* prefix, Json item, const StreamHead& head, std::string& out) {
    close(head, out);
    open_ = kind;
    item_id_ = prefix + head.id + "_" + std::to_string(item_);
    Json named = object_of({{"id", item_id_}}, item.size());
    add_members(named, std::move(item));
    event("response.output_item.added", object_of({{"output_index", item_}, {"item", named}}), out);
  }

  void put_text(const StreamStep& step, const StreamHead& head, std::string& out) {
    const bool refusal = step.kind == Kind::refusal;
    refused_ |= refusal;
    if (open_ != Open::message) {
      open(Open::message, "msg_",
           object_of({{"type", "message"},
                      {"status", "in_progress"},
                      {"role", "assistant"},
                      {"content", Json::array()}}),
           head, out);
      content_ = -1;
    }
    if (content_ < 0 || refusal != in_refusal_) {
      end_content(head, out);
      ++content_;
      in_refusal_ = refusal;
      say("response.content_part.added",
          object_of({{"content_index", content_}, {"part", part_of(refusal, "")}}), out);
    }
    Json delta = object_of({{"content_index", content_}, {"delta", step.text}});
    if (!refusal) delta["logprobs"] = Json::array();
    say(refusal ? "response.refusal.delta" : "response.output_text.delta", std::move(delta), out);
  }

  static Json part_of(bool refusal, const std::string& text) {
    if (refusal) return object_of({{"type", "refusal"}, {"refusal", text}});
    return object_of({{"type", "output_text"},
                      {"text", text},
                      {"annotations", Json::array()},
                      {"logprobs", Json::array()}});
  }

  void end_content(const StreamHead& head, std::string& out) {
    if (content_ < 0) return;
    const Json part = item_of(head)["content"][static_cast<size_t>(content_)];
    if (in_refusal_) {
      say("response.refusal.done",
          object_of({{"content_index", content_}, {"refusal", part["refusal"]}}), out);
    } else {
      say("response.output_text.done",
          object_of(
              {{"content_index", content_}, {"text", part["text"]}, {"logprobs", Json::array()}}),
          out);
    }
    say("response.content_part.done", object_of({{"content_index", content_}, {"part", part}}),
        out);
  }

  void put_reasoning(const StreamStep& step, const StreamHead& head, std::string& out) {
    if (open_ != Open::reasoning) {
      open(Open::reasoning, "rs_", object_of({{"type", "reasoning"}, {"summary", Json::array()}}),
           head, out);
      say("response.reasoning_summary_part.added",
          object_of({{"summary_index", 0},
                     {"part", object_of({{"type", "summary_text"}, {"text", ""}})}}),
          out);
    }
    say("response.reasoning_summary_text.delta",
        object_of({{"summary_index", 0}, {"delta", step.text}}), out);
  }

  void put_call(const StreamStep& step, const StreamHead& head, std::string& out) {
    open(Open::call, "fc_",
         object_of({{"type", "function_call"},
                    {"status", "in_progress"},
                    {"call_id", step.call_id},
                    {"name", step.name},
                    {"arguments", ""}}),
         head, out);
  }

  Json item_of(const StreamHead& head) {
    const Json response = whole(head, nullptr);
    const Json& output = response["output"];
    return static_cast<size_t>(item_) < output.size() ? output[static_cast<size_t>(item_)] : Json::object();
  }

  void close(const StreamHead& head, std::string& out) {
    if (open_ == Open::nothing) return;
    const Json item = item_of(head);
    if (open_ == Open::message) end_content(head, out);
    if (open_ == Open::reasoning) {
      const Json part = item["summary"][0];
      say("response.reasoning_summary_text.done",
          object_of({{"summary_index", 0}, {"text", part["text"]}}), out);
      say("response.reasoning_summary_part.done", object_of({{"summary_index", 0}, {"part", part}}),
          out);
    }
    if (open_ == Open::call)
      say("response.function_call_arguments.done",
          object_of({{"name", item["name"]}, {"arguments", item["arguments"]}}), out);
    event("response.output_item.done", object_of({{"output_index", item_}, {"item", item}}), out);
    open_ = Open::nothing;
    ++item_;
  }

  Collected collected_;
  Open open_ = Open::nothing;
  std::string item_id_;
  int64_t item_ = 0, content_ = -1, number_ = 0;
  bool begun_ = false, refused_ = false, in_refusal_ = false;
};

// --- /v1/messages

class MessagesWriter final : public StreamWriter {
 public:
  void put(const StreamStep& step, const StreamHead& head, std::string& out) override {
    begin(head, out);
    if (step.choice > 0) return;
    switch (step.kind) {
      case Kind::text:
      case Kind::refusal:
        open(Open::text, object_of({{"type", "text"}, {"text", ""}}), out);
        return delta(object_of({{"type", "text_delta"}, {"text", step.text}}), out);
      case Kind::reasoning:
        open(Open::thinking, object_of({{"type", "thinking"}, {"thinking", ""}, {"signature", ""}}),
             out);
        return delta(object_of({{"type", "thinking_delta"}, {"thinking", step.text}}), out);
      case Kind::call:
        close(out);
        return open(Open::call,
                    object_of({{"type", "tool_use"},
                               {"id", step.call_id},
                               {"name", step.name},
                               {"input", Json::object()}}),
                    out);
      case Kind::arguments:
        if (open_ == Open::call)
          delta(object_of({{"type", "input_json_delta"}, {"partial_json", step.text}}), out);
        return;
      case Kind::finish: finish_ = step;
    }
  }

  void end(const StreamHead& head, const Served* served, std::string& out) override {
    begin(head, out);
    close(out);
    const Json whole = anthropic::encode_answer(ending_of(finish_, head), served);
    Json end = object_of(
        {{"stop_reason", whole["stop_reason"]}, {"stop_sequence", whole["stop_sequence"]}});
    if (whole.contains("stop_details")) end["stop_details"] = whole["stop_details"];
    append_named(out,
                 object_of({{"type", "message_delta"}, {"delta", end}, {"usage", whole["usage"]}}));
    append_named(out, object_of({{"type", "message_stop"}}));
  }

 private:
  enum class Open : uint8_t { nothing, text, thinking, call };

  void begin(const StreamHead& head, std::string& out) {
    if (begun_) return;
    begun_ = true;
    Json message = anthropic::encode_answer(ending_of({}, head), nullptr);
    message["stop_reason"] = nullptr;
    append_named(out, object_of({{"type", "message_start"}, {"message", message}}));
  }
  void open(Open kind, const Json& block, std::string& out) {
    if (open_ == kind) return;
    close(out);
    open_ = kind;
    append_named(
        out,
        object_of({{"type", "content_block_start"}, {"index", block_}, {"content_block", block}}));
  }
  void delta(const Json& delta, std::string& out) {
    append_named(out,
                 object_of({{"type", "content_block_delta"}, {"index", block_}, {"delta", delta}}));
  }
  void close(std::string& out) {
    if (open_ == Open::nothing) return;
    append_named(out, object_of({{"type", "content_block_stop"}, {"index", block_++}}));
    open_ = Open::nothing;
  }

  StreamStep finish_;
  Open open_ = Open::nothing;
  int64_t block_ = 0;
  bool begun_ = false;
};

// --- streamGenerateContent

class GenerateWriter final : public StreamWriter {
 public:
  void put(const StreamStep& step, const StreamHead& head, std::string& out) override {
    switch (step.kind) {
      case Kind::text:
      case Kind::refusal:
      case Kind::reasoning:
      case Kind::call:
        flush(head, out);
        pending_.push_back(step);
        if (step.kind != Kind::call) flush(head, out);
        return;
      case Kind::arguments:  // calls are told whole
        if (!pending_.empty()) pending_.back().text += step.text;
        return;
      case Kind::finish:
        flush(head, out);
        finishes_.push_back(step);
    }
  }

  void end(const StreamHead& head, const Served* served, std::string& out) override {
    flush(head, out);
    Json candidates = Json::array();
    Json whole;
    for (const StreamStep& step : finishes_) {
      whole = gemini::encode_answer(ending_of(step, head), served);
      Json candidate = whole["candidates"][0];
      candidate["index"] = step.choice;
      candidates.push_back(std::move(candidate));
    }
    if (whole.is_null()) whole = gemini::encode_answer(ending_of({}, head), served);
    whole["candidates"] = std::move(candidates);
    append_data(out, std::move(whole));
  }

 private:
  void flush(const StreamHead& head, std::string& out) {
    for (const StreamStep& step : pending_) {
      ChatAnswer answer = ending_of({}, head);
      Collected one;
      StreamStep first = step;
      first.choice = 0;
      one.add(first);
      answer.choices.front().parts = one.answer.choices.front().parts;
      if (step.kind == Kind::call) answer.choices.front().parts.front().arguments = step.text;
      Json chunk = gemini::encode_answer(answer, nullptr);
      chunk["candidates"][0].erase("finishReason");
      chunk["candidates"][0]["index"] = step.choice;
      append_data(out, std::move(chunk));
    }
    pending_.clear();
  }

  std::vector<StreamStep> pending_, finishes_;
};

}  // namespace

std::unique_ptr<StreamWriter> stream_writer(Endpoint to, bool with_usage) {
  switch (to) {
    case Endpoint::responses: return std::make_unique<ResponsesWriter>();
    case Endpoint::messages: return std::make_unique<MessagesWriter>();
    case Endpoint::generate_content: return std::make_unique<GenerateWriter>();
    default: return std::make_unique<ChatWriter>(with_usage);
  }
}

}  // namespace twolane::dialect

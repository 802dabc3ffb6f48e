// A recorded stream of /v1/messages as the message it adds up to.
#include "dialect/anthropic/anthropic.h"
#include "dialect/translate_answers.h"

namespace twolane::dialect::anthropic {
namespace {

void append_text(Json& block, const char* key, const Json& delta, const char* from) {
  std::string text(wire::string_at(block, key));
  block[key] = text.append(wire::string_at(delta, from));
}

// `partial` collects the JSON text of a block's input until the block stops.
void apply_delta(Json& block, std::string& partial, const Json& delta) {
  const auto type = wire::string_at(delta, "type");
  if (type == "text_delta")
    append_text(block, "text", delta, "text");
  else if (type == "thinking_delta")
    append_text(block, "thinking", delta, "thinking");
  else if (type == "signature_delta")
    block["signature"] = wire::string_at(delta, "signature");
  else if (type == "input_json_delta")
    partial += wire::string_at(delta, "partial_json");
  else if (const Json* citation = wire::find(delta, "citation")) {
    if (!block["citations"].is_array()) block["citations"] = Json::array();
    block["citations"].push_back(*citation);
  }
}

struct Assembly {
  Json message;
  std::vector<Json> blocks;
  std::vector<std::string> partial;
  bool stopped = false;

  bool start_block(const Json& event);
  void stop_block(size_t index) {
    if (!partial[index].empty()) blocks[index]["input"] = arguments_or_text(partial[index]);
  }
  void take(const Json& event);
};

bool Assembly::start_block(const Json& event) {
  const Json* block = wire::find(event, "content_block");
  if (!block || !block->is_object()) return false;
  blocks.push_back(*block);
  partial.emplace_back();
  return true;
}

void Assembly::take(const Json& event) {
  const auto type = wire::string_at(event, "type");
  const auto index = static_cast<size_t>(wire::int_at(event, "index"));
  const Json* delta = wire::find(event, "delta");
  if (type == "message_start") {
    if (const Json* start = wire::find(event, "message")) message = *start;
  } else if (type == "content_block_start") {
    start_block(event);
  } else if (type == "content_block_delta" && index < blocks.size() && delta) {
    apply_delta(blocks[index], partial[index], *delta);
  } else if (type == "content_block_stop" && index < blocks.size()) {
    stop_block(index);
  } else if (type == "message_delta" && message.is_object()) {
    if (delta && delta->is_object()) message.update(*delta);
    if (const Json* usage = wire::find(event, "usage"); usage && usage->is_object()) {
      Json& have = message["usage"];
      if (!have.is_object()) have = Json::object();
      have.update(*usage);  // cumulative
    }
  } else if (type == "message_stop") {
    stopped = true;
  }
}

}  // namespace

Result<Json> assemble(std::string_view sse) {
  Assembly a;
  for (const Json& event : TRY(stream_events(sse))) a.take(event);
  if (!a.message.is_object() || !a.stopped) return stream_cut("message_stop");
  a.message["content"] = Json::array();
  for (Json& block : a.blocks) a.message["content"].push_back(std::move(block));
  return std::move(a.message);
}

}  // namespace twolane::dialect::anthropic

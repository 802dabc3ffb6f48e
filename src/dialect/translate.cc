// Which decoder meets which encoder, and the short way where a body stays in its own endpoint.
#include "dialect/translate.h"

#include <optional>

#include "dialect/anthropic/anthropic.h"
#include "dialect/gemini/gemini.h"
#include "dialect/openai/openai.h"
#include "dialect/translate_embeddings.h"
#include "dialect/translate_fields.h"
#include "dialect/translate_scan.h"

namespace twolane::dialect {
namespace {

Result<ChatRequest> decode_request(Endpoint from, const Json& body) {
  switch (from) {
    case Endpoint::responses:
      return openai::decode_responses_request(body);
    case Endpoint::messages:
      return anthropic::decode_request(body);
    case Endpoint::generate_content:
      return gemini::decode_request(body);
    default:
      return openai::decode_chat_request(body);
  }
}

Result<Json> encode_request(ChatRequest&& request, Endpoint to, std::string_view model) {
  switch (to) {
    case Endpoint::responses:
      return openai::encode_responses_request(std::move(request), model);
    case Endpoint::messages:
      return anthropic::encode_request(std::move(request), model);
    case Endpoint::generate_content:
      return gemini::encode_request(std::move(request), model);
    default:
      return openai::encode_chat_request(std::move(request), model);
  }
}

Result<ChatAnswer> decode_answer(Endpoint from, const Json& body) {
  switch (from) {
    case Endpoint::responses:
      return openai::decode_responses_answer(body);
    case Endpoint::messages:
      return anthropic::decode_answer(body);
    case Endpoint::generate_content:
      return gemini::decode_answer(body);
    default:
      return openai::decode_chat_answer(body);
  }
}

Json encode_answer(const ChatAnswer& answer, Endpoint to, const Served* served) {
  switch (to) {
    case Endpoint::responses:
      return openai::encode_responses_answer(answer, served);
    case Endpoint::messages:
      return anthropic::encode_answer(answer, served);
    case Endpoint::generate_content:
      return gemini::encode_answer(answer, served);
    default:
      return openai::encode_chat_answer(answer, served);
  }
}

std::unexpected<Error> other_operation(Endpoint from, Endpoint to) {
  Error e;
  e.code = "dialect.untranslatable";
  e.message = std::string(wire_name(from)) + " is not the work of " + std::string(wire_name(to));
  e.why = "chat, embeddings and moderations do not translate into one another";
  return std::unexpected<Error>(std::move(e));
}

std::string json_text(std::string_view text) { return wire::dump(Json(text)); }

bool carries_model(Endpoint e) { return dialect_of(e) != Dialect::gemini; }

// Every top-level value of "model" is replaced where it stands; none: one is put first.
Result<std::string> splice_model(Endpoint endpoint, std::string_view body, std::string_view model) {
  thread_local simdjson::ondemand::parser parser;
  simdjson::padded_string text(body);
  simdjson::ondemand::document document;
  simdjson::ondemand::object members;
  if (parser.iterate(text).get(document) || document.get_object().get(members)) {
    CHECKED(scan(body));  // the slow way knows what is wrong
    return malformed("", "an object");
  }
  std::string out;
  size_t done = 0;
  bool empty = true;
  for (auto field : members) {
    simdjson::ondemand::raw_json_string key;
    simdjson::ondemand::value value;
    if (field.key().get(key) || field.value().get(value)) {
      CHECKED(scan(body));
      return malformed("", "JSON");
    }
    empty = false;
    if (!key.unsafe_is_equal("model")) continue;
    simdjson::ondemand::json_type type;
    if (value.type().get(type) || (type != simdjson::ondemand::json_type::string &&
                                   type != simdjson::ondemand::json_type::null))
      return malformed("model", "text");
    std::string_view token = value.raw_json_token();
    while (!token.empty() && static_cast<unsigned char>(token.back()) <= ' ')
      token.remove_suffix(1);
    const auto at = static_cast<size_t>(token.data() - text.data());
    const bool prefixed = token.starts_with("\"models/") && !model.starts_with("models/");
    out.append(body.substr(done, at - done));
    out += json_text(prefixed ? "models/" + std::string(model) : std::string(model));
    done = at + token.size();
  }
  if (done == 0 && carries_model(endpoint)) {
    const size_t brace = body.find('{') + 1;
    out.append(body.substr(0, brace)).append("\"model\":").append(json_text(model));
    if (!empty) out += ',';
    done = brace;
  }
  return out.append(body.substr(done));
}

Result<std::string> translate_embedding(Endpoint to, const Json& body, std::string_view model) {
  const Json out = to == Endpoint::embed_content ? TRY(embedding_request_to_gemini(body))
                                                 : TRY(embedding_request_to_openai(body, model));
  return wire::dump(out);
}

// An answer's id where it has none: the same for the same bytes.
std::string derived_id(std::string_view body) {
  char text[32];
  std::snprintf(text, sizeof text, "twolane-%016llx",
                static_cast<unsigned long long>(hash_bytes(body, 0)));
  return text;
}

bool wants_base64(std::string_view asked) {
  if (asked.empty()) return false;
  const auto request = scan(asked);
  return request && text_member(*request, "encoding_format") == "base64";
}

// The JSON library throws where a value has another type than was looked for. Decoders look first,
// so this is for the place where one of them did not: the body is refused, the process goes on.
template <class Work>
Result<std::string> without_throwing(Work work) {
  try {
    return work();
  } catch (const Json::exception& e) {
    return fail("dialect.shape", "the body has a shape that nobody expected", e.what());
  }
}

Result<std::string> translate_chat_request(Endpoint from, const Json& body, Endpoint to,
                                           std::string_view model) {
  auto request = decode_request(from, body);
  if (!request) return fail(std::move(request).error());
  const wire::Tree encoded(TRY(encode_request(*std::move(request), to, model)));
  return wire::dump(encoded.json);
}

Result<std::string> translate_chat_answer(Endpoint from, const Json& body, std::string_view text,
                                          Endpoint to, std::string_view model,
                                          const Served* served) {
  ChatAnswer answer = TRY(decode_answer(from, body));
  if (answer.id.empty()) answer.id = derived_id(text);
  if (answer.model.empty()) answer.model = model;
  const wire::Tree encoded(encode_answer(answer, to, served));
  return wire::dump(encoded.json);
}

Result<std::string> assembled(Endpoint endpoint, std::string_view sse) {
  switch (endpoint) {
    case Endpoint::chat_completions:
      return wire::dump(TRY(openai::assemble_chat(sse)));
    case Endpoint::responses:
      return wire::dump(TRY(openai::assemble_responses(sse)));
    case Endpoint::messages:
      return wire::dump(TRY(anthropic::assemble(sse)));
    case Endpoint::generate_content:
      return wire::dump(TRY(gemini::assemble(sse)));
    default:
      return fail("dialect.stream_error", std::string(wire_name(endpoint)) + " does not stream");
  }
}

}  // namespace

Result<std::string> translate_request(Endpoint from, std::string_view body, Endpoint to,
                                      std::string_view model) {
  if (operation_of(from) != operation_of(to)) return other_operation(from, to);
  if (from == to) return splice_model(from, body, model);
  const wire::Tree parsed(TRY(wire::parse_json(body)));
  if (!parsed.json.is_object()) return malformed("", "an object");
  return without_throwing([&] {
    return operation_of(from) == Operation::embedding
               ? translate_embedding(to, parsed.json, model)
               : translate_chat_request(from, parsed.json, to, model);
  });
}

Result<std::optional<std::string>> translate_embedding_list(std::string_view body, std::string_view model) {
  const Json parsed = TRY(wire::parse_json(body));
  const Json* input = wire::find(parsed, "input");
  const bool several = input && input->is_array() && input->size() > 1 && input->front().is_string();
  if (!several) return std::optional<std::string>();
  const auto translated = [&]() -> Result<std::string> {
    return wire::dump(TRY(embedding_list_to_gemini(parsed, model)));
  };
  return std::optional(TRY(without_throwing(translated)));
}

Result<std::string> translate_answer(Endpoint from, std::string_view body, Endpoint to,
                                     std::string_view model, std::string_view asked,
                                     const Served* served) {
  if (operation_of(from) != operation_of(to)) return other_operation(from, to);
  if (from == to) return std::string(body);
  const wire::Tree tree(TRY(wire::parse_json(body)));
  const Json& parsed = tree.json;
  Result<Served> read;
  if (!served && (read = read_served(from, body))) served = &*read;
  return without_throwing([&]() -> Result<std::string> {
    if (to == Endpoint::embed_content)
      return wire::dump(TRY(embedding_answer_to_gemini(parsed, served)));
    if (to == Endpoint::embeddings)
      return wire::dump(
          TRY(embedding_answer_to_openai(parsed, served, model, wants_base64(asked))));
    return translate_chat_answer(from, parsed, body, to, model, served);
  });
}

Result<std::string> assemble_stream(Endpoint endpoint, std::string_view sse) {
  return without_throwing([&] { return assembled(endpoint, sse); });
}

}  // namespace twolane::dialect

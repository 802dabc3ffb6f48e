// Embeddings between OpenAI and Gemini: a vector for each text.
#include "dialect/translate_embeddings.h"

#include <array>
#include <bit>
#include <charconv>
#include <cstring>

#include "dialect/translate_answers.h"
#include "model/model_name.h"
#include "wire/base64.h"

namespace twolane::dialect {
namespace {

uint32_t little_endian(const char* at) {
  uint32_t word = 0;
  for (int i = 3; i >= 0; --i) word = word << 8 | static_cast<unsigned char>(at[i]);
  return word;
}

// A double that prints as the float does in its shortest form.
double as_double(float value) {
  std::array<char, 32> text;
  const auto [end, ec] = std::to_chars(text.data(), text.data() + text.size(), value);
  double out = value;
  if (ec == std::errc{}) std::from_chars(text.data(), end, out);
  return out;
}

std::string base64_of_floats(const Json& values) {
  std::string bytes;
  for (const Json& v : values) {
    const auto word = std::bit_cast<uint32_t>(static_cast<float>(number_of(v)));
    for (int shift = 0; shift < 32; shift += 8) bytes += static_cast<char>(word >> shift & 0xff);
  }
  return wire::base64_encoded(bytes);
}

// What an OpenAI request says beside its texts, in Gemini's words.
Result<Json> settings_for_gemini(Fields& f) {
  constexpr auto to = Endpoint::embed_content;
  Json out = Json::object();
  if (const Setting size = f.setting("dimensions")) out["outputDimensionality"] = size.value;
  // How the vector is written down is settled when the answer is translated back.
  if (const Setting format = f.setting("encoding_format");
      format && format.value != "float" && format.value != "base64")
    return untranslatable(format.path, to);
  CHECKED(put_extra(out, f.rest({"user"}), false, to));
  return out;
}

Json content_of(const Json& text) { return {{"parts", Json::array({{{"text", text}}})}}; }

Json openai_vector(size_t index, const Json& values, bool base64) {
  Json one = {{"object", "embedding"}, {"index", index}};
  one["embedding"] = base64 ? Json(base64_of_floats(values)) : values;
  return one;
}

}  // namespace

Result<Json> floats_of_base64(std::string_view text) {
  const std::string bytes = TRY(wire::base64_decoded(text));
  if (bytes.size() % 4 != 0)
    return fail("wire.base64", "the vector is cut off", "a float32 has four bytes");
  Json out = Json::array();
  for (size_t i = 0; i < bytes.size(); i += 4)
    out.push_back(as_double(std::bit_cast<float>(little_endian(bytes.data() + i))));
  return out;
}

Result<Json> embedding_request_to_gemini(const Json& body) {
  constexpr auto to = Endpoint::embed_content;
  Fields f(body, "");
  (void)f.take("model");
  const auto input = f.take("input");
  if (!input) return malformed("input", "there");
  const Json* text = input.value;
  if (text->is_array() && text->size() == 1)
    text = &text->front();
  else if (text->is_array() && !text->empty() && text->front().is_string())
    return untranslatable(input.path, to,
                          "embedContent takes one text; write one request for each");
  if (!text->is_string())
    return untranslatable(input.path, to,
                          "tokens mean nothing to another provider's tokenizer; send text");
  Json out = {{"content", content_of(*text)}};
  out.update(TRY(settings_for_gemini(f)));
  return out;
}

Result<Json> embedding_list_to_gemini(const Json& body, std::string_view model) {
  constexpr auto to = Endpoint::embed_content;
  constexpr size_t most = 100;  // requests of one batchEmbedContents
  Fields f(body, "");
  (void)f.take("model");
  const auto input = f.take("input");
  if (input.value->size() > most)
    return untranslatable(input.path, to, "batchEmbedContents takes at most 100 texts; send them in several requests");
  const Json settings = TRY(settings_for_gemini(f));
  Json requests = Json::array();
  for (const Json& text : *input.value) {
    if (!text.is_string()) return untranslatable(indexed_path(input.path, requests.size()), to, "it embeds text only");
    Json one = {{"model", "models/" + std::string(bare_model_name(model))}, {"content", content_of(text)}};
    one.update(settings);
    requests.push_back(std::move(one));
  }
  return Json{{"requests", std::move(requests)}};
}

Result<Json> embedding_request_to_openai(const Json& body, std::string_view model) {
  constexpr auto to = Endpoint::embeddings;
  Fields f(body, "");
  (void)f.take("model");
  const auto content = f.take("content");
  if (!content) return malformed("content", "there");
  Fields c(*content.value, content.path);
  (void)c.take("role");
  const auto parts = c.take("parts");
  if (!parts) return malformed(content.path + ".parts", "there");
  const Json* part = parts.value;
  if (part->is_array() && part->size() != 1)
    return untranslatable(parts.path, to, "how several parts become one text is not said");
  std::string path = parts.path;
  if (part->is_array()) {
    part = &part->front();
    path = indexed_path(path, 0);
  }
  Fields p(*part, path);
  const auto text = p.take("text");
  if (!text || !text.value->is_string()) return untranslatable(path, to, "it embeds text only");
  Json out = {{"model", model}, {"input", *text.value}};
  CHECKED(put_extra(out, p.rest(), false, to));
  CHECKED(put_extra(out, c.rest(), false, to));
  if (const Setting size = f.setting("outputDimensionality", "output_dimensionality"))
    out["dimensions"] = size.value;
  CHECKED(put_extra(out, f.rest(), false, to));
  return out;
}

Result<Json> embedding_answer_to_gemini(const Json& body, const Served* served) {
  const Json* data = wire::find(body, "data");
  if (!data || !data->is_array() || data->empty()) return no_answer(body, "data");
  const Json* vector = wire::find(data->front(), "embedding");
  if (!vector) return no_answer(body, "embedding");
  Json values = *vector;
  if (vector->is_string()) values = TRY(floats_of_base64(vector->get_ref<const std::string&>()));
  Json out = {{"embedding", {{"values", std::move(values)}}}};
  if (served)
    out["usageMetadata"] = {{"promptTokenCount", served->usage.input()},
                            {"totalTokenCount", served->usage.input()}};
  return out;
}

Result<Json> embedding_answer_to_openai(const Json& body, const Served* served,
                                        std::string_view model, bool base64) {
  Json data = Json::array();
  const auto add = [&](const Json* embedding) {
    const Json* values = embedding ? wire::find(*embedding, "values") : nullptr;
    if (!values || !values->is_array()) return false;
    data.push_back(openai_vector(data.size(), *values, base64));
    return true;
  };
  const Json* several = wire::find(body, "embeddings");
  if (several && several->is_array()) {
    for (const Json& one : *several)
      if (!add(&one)) return no_answer(body, "embeddings.values");
  } else if (!add(wire::find(body, "embedding"))) {
    return no_answer(body, "embedding.values");
  }
  Json out = {{"object", "list"}, {"data", std::move(data)}, {"model", model}};
  const int64_t tokens = served ? served->usage.input() : 0;
  out["usage"] = {{"prompt_tokens", tokens}, {"total_tokens", tokens}};
  return out;
}

}  // namespace twolane::dialect

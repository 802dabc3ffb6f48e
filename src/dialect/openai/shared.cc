// What chat completions and responses have in common: media, names, reasoning, formats.
#include "dialect/catalogue.h"
#include "dialect/openai/openai.h"
#include "dialect/translate_rules.h"

namespace twolane::dialect::openai {
namespace {

bool same_provider(Endpoint a, Endpoint b) { return dialect_of(a) == dialect_of(b); }

}  // namespace

Result<Part> decode_image(const Fields::Member& url, Setting detail, std::string path) {
  if (!url || !url.value->is_string()) return malformed(url ? url.path : path, "text");
  Part part;
  part.kind = Part::Kind::media;
  part.path = std::move(path);
  part.media.kind = Media::Kind::image;
  part.media.detail = std::move(detail);
  const auto& text = url.value->get_ref<const std::string&>();
  if (split_data_uri(text, part.media.mime, part.media.data)) return part;
  part.media.source = Media::Source::url;
  part.media.data = text;
  return part;
}

Result<Part> decode_file(Fields& file, std::string path) {
  Part part;
  part.kind = Part::Kind::media;
  part.path = std::move(path);
  part.media.kind = Media::Kind::document;
  part.media.name = TRY(file.text("filename"));
  if (part.media.name == default_file_name || part.media.name == default_text_name)
    part.media.name.clear();
  const std::string data = TRY(file.text("file_data"));
  const std::string id = TRY(file.text("file_id"));
  const std::string url = TRY(file.text("file_url"));
  if (!data.empty()) {
    if (!split_data_uri(data, part.media.mime, part.media.data)) {
      part.media.data = data;  // bare base64 is taken for a PDF
    }
  } else if (!id.empty()) {
    part.media.source = Media::Source::file_id;
    part.media.data = id;
  } else {
    part.media.source = Media::Source::url;
    part.media.data = url;
  }
  return part;
}

Result<std::string> image_url(const Part& part, Endpoint from, Endpoint to) {
  const Media& m = part.media;
  if (m.source == Media::Source::url) return m.data;
  if (m.source != Media::Source::base64) return untranslatable(part.path, to);
  if (!same_provider(from, to) &&
      !is_one_of(m.mime, {"image/png", "image/jpeg", "image/webp", "image/gif"}))
    return untranslatable(part.path, to, "it reads PNG, JPEG, WebP and GIF, not " + m.mime);
  return data_uri(m.mime, m.data);
}

Status check_reasoning_model(const ChatRequest& request, std::string_view model, Endpoint to) {
  const ModelEntry* entry = find_model("openai", model);
  if (!entry || !entry->reasoning || same_provider(request.from, to)) return {};
  if (request.reasoning.mode == Reasoning::Mode::off) return {};
  for (const Setting* s : {&request.temperature, &request.top_p})
    if (*s && number_of(s->value) != 1)
      return untranslatable(s->path, to,
                            std::string(model) + " reasons and takes no sampling parameters");
  return {};
}

Result<Json> effort_of(const ChatRequest& request, std::string_view model, Endpoint to) {
  const Reasoning& r = request.reasoning;
  if (r.mode == Reasoning::Mode::budget)
    return untranslatable(r.budget.path, to, "it takes an effort, not a budget in tokens");
  if (r.mode == Reasoning::Mode::off) return Json("none");
  if (r.effort) return r.effort.value;
  if (r.mode == Reasoning::Mode::adaptive) {
    const ModelEntry* entry = find_model("openai", model);
    if (!entry || !entry->reasoning)
      return untranslatable(r.mode_path, to, std::string(model) + " is not known to reason");
  }
  return Json();
}

Result<Json> schema_format(const ChatRequest& request) {
  const AnswerFormat& f = request.format;
  Json out = object_of({{"name", f.name.empty() ? "answer" : f.name}});
  if (f.description) out["description"] = f.description.value;
  out["schema"] = f.schema;
  if (f.strict)
    out["strict"] = f.strict.value;
  else if (!same_provider(request.from, Endpoint::chat_completions))
    out["strict"] = true;
  return out;
}

}  // namespace twolane::dialect::openai

// On-demand reading of batch lines: the top level and two members of the body, nothing else.
#include "patient/batch_line.h"

#include <algorithm>

namespace twolane::patient {
namespace {

namespace od = simdjson::ondemand;

// A line beyond this is rare; its buffers are not kept.
constexpr size_t large_line = 4 << 20;

std::string_view trimmed(std::string_view text) {
  while (!text.empty() &&
         (text.back() == ' ' || text.back() == '\n' || text.back() == '\r' || text.back() == '\t'))
    text.remove_suffix(1);
  return text;
}

// Walks over the head of a usual line; false as soon as anything is unusual.
class Head {
 public:
  explicit Head(std::string_view text) : text_(text) {}
  bool eat(char c) {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t')) ++at_;
    if (at_ == text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  bool string(std::string_view& to) {
    if (!eat('"')) return false;
    const size_t begin = at_;
    for (; at_ < text_.size(); ++at_) {
      const char c = text_[at_];
      if (c == '"') {
        to = text_.substr(begin, at_++ - begin);
        return true;
      }
      if (c < 0x20 || c == '\\') return false;  // also bytes beyond ASCII, where char has a sign
    }
    return false;
  }
  std::string_view rest() const { return text_.substr(at_); }

 private:
  std::string_view text_;
  size_t at_ = 0;
};

}  // namespace

std::string_view id_member(InputFormat format) {
  return format == InputFormat::gemini_jsonl ? "key" : "custom_id";
}

std::string_view body_member(InputFormat format) {
  switch (format) {
    case InputFormat::openai_jsonl:
      return "body";
    case InputFormat::gemini_jsonl:
      return "request";
    default:
      return "params";
  }
}

bool BatchLineReader::read_usual(InputFormat format, std::string_view line, BatchLine& to) {
  to = BatchLine{};
  const std::string_view id_name = id_member(format), body_name = body_member(format);
  const bool openai = format == InputFormat::openai_jsonl;
  Head head(line);
  if (!head.eat('{')) return false;
  for (;;) {
    std::string_view key, value;
    if (!head.string(key) || !head.eat(':')) return false;
    if (key == body_name) break;
    BatchLine::Member* const member = key == id_name              ? &to.custom_id
                                      : openai && key == "method" ? &to.method
                                      : openai && key == "url"    ? &to.url
                                                                  : nullptr;
    if (!member || member->is != BatchLine::Is::absent || !head.string(value) || !head.eat(','))
      return false;
    *member = {BatchLine::Is::text, value};
  }
  std::string_view body = trimmed(head.rest());
  if (!body.ends_with('}')) return false;
  body.remove_suffix(1);
  body = trimmed(body);
  body.remove_prefix(std::min(body.find_first_not_of(" \t"), body.size()));
  if (!body.starts_with('{') || !body.ends_with('}')) return false;
  to.body = {BatchLine::Is::object, body};
  return true;
}

simdjson::error_code BatchLineReader::take(od::value value, BatchLine::Member& to,
                                           std::string& owned) {
  od::json_type type;
  if (auto e = value.type().get(type)) return e;
  if (type == od::json_type::string) {
    to.is = BatchLine::Is::text;
    std::string_view token = trimmed(value.raw_json_token());
    if (token.size() >= 2 && token.find('\\') == token.npos) {
      to.text = token.substr(1, token.size() - 2);
      return value.get_string().error();
    }
    std::string_view text;
    if (auto e = value.get_string().get(text)) return e;
    owned.assign(text);
    to.text = owned;
    return simdjson::SUCCESS;
  }
  to.is = type == od::json_type::object ? BatchLine::Is::object : BatchLine::Is::other;
  std::string_view raw;
  if (auto e = simdjson::to_json_string(value).get(raw)) return e;
  to.text = trimmed(raw);
  return simdjson::SUCCESS;
}

simdjson::error_code BatchLineReader::take_body(InputFormat format, od::value value,
                                                BatchLine& to) {
  od::json_type type;
  if (auto e = value.type().get(type)) return e;
  if (type != od::json_type::object) {
    std::string unused;
    auto e = take(value, to.body, unused);
    to.body.is = BatchLine::Is::other;
    to.body.text = {};
    return e;
  }
  od::object body;
  if (auto e = value.get_object().get(body)) return e;
  std::string_view raw;
  if (auto e = body.raw_json().get(raw)) return e;
  to.body = {BatchLine::Is::object, trimmed(raw)};
  bool any = false;
  if (auto e = body.reset().get(any)) return e;
  if (!any) return simdjson::SUCCESS;
  const bool gemini = format == InputFormat::gemini_jsonl;
  for (auto field : body) {
    od::raw_json_string key;
    if (auto e = field.key().get(key)) return e;
    od::value member;
    if (auto e = field.value().get(member)) return e;
    if (key.unsafe_is_equal("model")) {
      if (auto e = take(member, to.model, model_)) return e;
      if (!gemini) break;  // usually the first member: the rest need not be walked
    } else if (gemini && key.unsafe_is_equal("contents")) {
      to.contents.is = BatchLine::Is::other;
    } else if (gemini && key.unsafe_is_equal("content")) {
      to.content.is = BatchLine::Is::other;
    }
  }
  return simdjson::SUCCESS;
}

simdjson::error_code BatchLineReader::read(InputFormat format, std::string_view line,
                                           BatchLine& to) {
  to = BatchLine{};
  if (parser_.capacity() > large_line && line.size() < large_line) parser_ = od::parser();
  od::document document;
  const simdjson::padded_string_view padded(line.data(), line.size(),
                                            line.size() + simdjson::SIMDJSON_PADDING);
  if (auto e = parser_.iterate(padded).get(document)) return e;
  od::object top;
  if (auto e = document.get_object().get(top)) return e;
  const std::string_view id_name = id_member(format), body_name = body_member(format);
  for (auto field : top) {
    std::string_view key;
    if (auto e = field.unescaped_key().get(key)) return e;
    od::value value;
    if (auto e = field.value().get(value)) return e;
    simdjson::error_code e = simdjson::SUCCESS;
    if (key == id_name) {
      e = take(value, to.custom_id, id_);
    } else if (key == body_name) {
      e = take_body(format, value, to);
    } else if (key == "method" && format == InputFormat::openai_jsonl) {
      e = take(value, to.method, method_);
    } else if (key == "url" && format == InputFormat::openai_jsonl) {
      e = take(value, to.url, url_);
    } else if (key == "after") {
      e = take(value, to.after, after_);
    } else {
      to.strange = true;
    }
    if (e) return e;
  }
  const bool at_end = document.current_location().error() == simdjson::OUT_OF_BOUNDS;
  return at_end ? simdjson::SUCCESS : simdjson::TAPE_ERROR;
}

std::string_view PaddedLine::hold(std::string_view line) {
  if (bytes_.capacity() > large_line && line.size() < large_line) bytes_ = std::string();
  bytes_.reserve(line.size() + simdjson::SIMDJSON_PADDING);
  bytes_.assign(line);
  bytes_.append(simdjson::SIMDJSON_PADDING, ' ');
  return std::string_view(bytes_).substr(0, line.size());
}

}  // namespace twolane::patient

// Looks at the names of the first object's members, whether or not it is sound.
#include "patient/input_format.h"

#include <algorithm>
#include <array>
#include <vector>

namespace twolane::patient {
namespace {

struct Named {
  InputFormat format;
  std::string_view name, spoken;
};
constexpr std::array formats = {
    Named{InputFormat::openai_jsonl, "openai_jsonl", "OpenAI batch lines"},
    Named{InputFormat::anthropic_jsonl, "anthropic_jsonl", "Anthropic batch lines"},
    Named{InputFormat::anthropic_json, "anthropic_json", "an Anthropic batch"},
    Named{InputFormat::gemini_jsonl, "gemini_jsonl", "Gemini batch lines"},
    Named{InputFormat::csv_rows, "csv_rows", "CSV rows"},
    Named{InputFormat::jsonl_rows, "jsonl_rows", "JSON rows"},
};

std::unexpected<Error> no_format(std::string message, std::string why, std::string next) {
  Error e;
  e.code = "input.format";
  e.message = std::move(message);
  e.why = std::move(why);
  e.next = {std::move(next)};
  return fail(std::move(e));
}

// Names of the members of the object that `text` begins with, as far as they can be seen.
std::vector<std::string_view> member_names(std::string_view text) {
  std::vector<std::string_view> names;
  int depth = 0;
  bool names_next = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '"') {
      const size_t begin = i + 1;
      for (++i; i < text.size() && text[i] != '"'; ++i)
        if (text[i] == '\\') ++i;
      if (depth == 1 && names_next)
        names.push_back(text.substr(begin, std::min(i, text.size()) - begin));
      names_next = false;
    } else if (c == '{' || c == '[') {
      names_next = ++depth == 1;
    } else if (c == '}' || c == ']') {
      if (--depth <= 0) break;
    } else if (c == ',' && depth == 1) {
      names_next = true;
    }
  }
  return names;
}

bool ends_with_any(std::string_view path, std::initializer_list<std::string_view> ends) {
  return std::ranges::any_of(ends, [&](std::string_view e) { return path.ends_with(e); });
}

InputFormat format_of_object(std::string_view text, bool with_prompt) {
  const auto names = member_names(text);
  const auto has = [&](std::string_view name) {
    return std::ranges::find(names, name) != names.end();
  };
  const bool id = has("custom_id");
  if (has("requests") && !id) return InputFormat::anthropic_json;
  if (id && (has("body") || has("url") || has("method"))) return InputFormat::openai_jsonl;
  if (id && has("params")) return InputFormat::anthropic_jsonl;
  if (has("key") && has("request")) return InputFormat::gemini_jsonl;
  if (with_prompt) return InputFormat::jsonl_rows;
  // Lines that lack their id are told by the rest, so that what is missing can be named.
  if (id || (has("body") && (has("url") || has("method")))) return InputFormat::openai_jsonl;
  if (has("params")) return InputFormat::anthropic_jsonl;
  if (has("request")) return InputFormat::gemini_jsonl;
  return InputFormat::jsonl_rows;
}

Status refuse_other_files(std::string_view text) {
  if (text.starts_with("\xFF\xFE") || text.starts_with("\xFE\xFF")) {
    Error e;
    e.code = "input.utf8";
    e.message = "the input is UTF-16, not UTF-8";
    e.why = "it begins with the byte order mark of UTF-16";
    e.next = {"iconv -f UTF-16 -t UTF-8 FILE > FILE.utf8"};
    return fail(std::move(e));
  }
  struct Known {
    std::string_view magic, what;
  };
  for (const Known& k :
       {Known{"PK\x03\x04", "a spreadsheet or zip archive"},
        Known{"\x1F\x8B", "compressed by gzip"}, Known{"\x28\xB5\x2F\xFD", "compressed by zstd"},
        Known{"PAR1", "a Parquet file"}, Known{"%PDF-", "a PDF"},
        Known{"SQLite format 3", "a SQLite database"}})
    if (text.starts_with(k.magic))
      return no_format("the input is " + std::string(k.what), "jobs are made of JSONL, JSON or CSV",
                       "unpack it or export it as CSV");
  return {};
}

}  // namespace

std::string_view name_of(InputFormat format) {
  for (const Named& n : formats)
    if (n.format == format) return n.name;
  return {};
}

std::optional<InputFormat> input_format(std::string_view name) {
  for (const Named& n : formats)
    if (n.name == name) return n.format;
  return std::nullopt;
}

std::string_view spoken(InputFormat format) {
  for (const Named& n : formats)
    if (n.format == format) return n.spoken;
  return {};
}

Result<InputFormat> detect_format(std::string_view beginning, std::string_view path,
                                  bool with_prompt) {
  CHECKED(refuse_other_files(beginning));
  if (beginning.starts_with("\xEF\xBB\xBF")) beginning.remove_prefix(3);
  const size_t first = beginning.find_first_not_of(" \t\r\n");
  if (first == beginning.npos) {
    Error e;
    e.code = "input.empty";
    e.message = "the input is empty";
    e.why = "it holds no request";
    e.next = {"check the path, and whatever writes the file"};
    return fail(std::move(e));
  }
  const std::string_view text = beginning.substr(first);
  const bool json_name = ends_with_any(path, {".jsonl", ".ndjson", ".json"});
  if (text.front() == '[' && (json_name || text.find_first_of("{]\"", 1) != text.npos) &&
      !path.ends_with(".csv"))
    return no_format("the input is one JSON array", "requests and rows are read one line at a time",
                     "jq -c '.[]' FILE > FILE.jsonl");
  if (text.front() == '{') return format_of_object(text, with_prompt);
  if (json_name)  // the first line is broken: the later ones say what they are meant to be
    if (const size_t brace = text.find("\n{"); brace != text.npos)
      return format_of_object(text.substr(brace + 1), with_prompt);
  if (json_name)
    return path.ends_with(".json") ? InputFormat::anthropic_json : InputFormat::jsonl_rows;
  return InputFormat::csv_rows;
}

Result<Endpoint> endpoint_of(InputFormat format, const BatchLine& line) {
  switch (format) {
    case InputFormat::anthropic_jsonl:
    case InputFormat::anthropic_json:
      return Endpoint::messages;
    case InputFormat::gemini_jsonl:
      return line.content.is != BatchLine::Is::absent && line.contents.is == BatchLine::Is::absent
                 ? Endpoint::embed_content
                 : Endpoint::generate_content;
    default:
      break;
  }
  if (const auto endpoint = endpoint_of_url(line.url.text);
      endpoint && line.url.is == BatchLine::Is::text)
    return *endpoint;
  Error e;
  e.code = "input.field";
  e.where.field = "url";
  e.message = line.url.is == BatchLine::Is::absent
                  ? "a line has no url"
                  : "url " + std::string(line.url.text.substr(0, 80)) + " is not known";
  e.why = "the url says which endpoint the body is for";
  e.next = {"use /v1/chat/completions, /v1/responses, /v1/embeddings or /v1/moderations, exactly"};
  return fail(std::move(e));
}

}  // namespace twolane::patient

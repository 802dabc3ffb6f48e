// Building the providers' calls; see call.h.
#include "dialect/batch/call.h"

#include <simdjson.h>

#include "dialect/batch/line_reader.h"

namespace twolane::dialect::batch {

void append_quoted(std::string& out, std::string_view text) {
  out += '"';
  size_t plain = 0;  // begin of what needs no escape
  for (size_t i = 0; i < text.size(); ++i) {
    auto c = static_cast<unsigned char>(text[i]);
    if (c >= 0x20 && c != '"' && c != '\\') continue;
    out.append(text, plain, i - plain);
    plain = i + 1;
    if (c == '"' || c == '\\') {
      out += '\\';
      out += text[i];
    } else {
      constexpr char digits[] = "0123456789abcdef";
      out += "\\u00";
      out += digits[c >> 4];
      out += digits[c & 15];
    }
  }
  out.append(text, plain);
  out += '"';
}

void append_on_one_line(std::string& out, std::string_view json) {
  size_t begin = out.size();
  out += json;
  if (json.find('\n') == json.npos && json.find('\r') == json.npos) return;
  // Inside strings JSON has no raw control characters, so these stand between tokens.
  for (size_t i = begin; i < out.size(); ++i)
    if (out[i] == '\n' || out[i] == '\r') out[i] = ' ';
}

wire::HttpCall call(std::string method, std::string url, wire::Headers headers) {
  wire::HttpCall made;
  made.method = std::move(method);
  made.url = std::move(url);
  made.headers = std::move(headers);
  return made;
}

wire::HttpCall json_call(std::string method, std::string url, wire::Headers headers,
                         wire::Body body) {
  wire::HttpCall made = call(std::move(method), std::move(url), std::move(headers));
  made.headers.emplace_back("content-type", "application/json");
  made.body = std::move(body);
  made.timeout = upload_timeout(made.body.size());
  return made;
}

Duration upload_timeout(int64_t bytes) {
  constexpr int64_t slowest_line = 500'000;  // bytes a second
  return seconds(120 + bytes / slowest_line);
}

std::string on_origin_of(std::string_view base_url, std::string_view url) {
  auto path_at = [](std::string_view absolute) {
    size_t host = absolute.find("://");
    size_t path = host == absolute.npos ? 0 : absolute.find('/', host + 3);
    return path == absolute.npos ? absolute.size() : path;
  };
  return std::string(base_url.substr(0, path_at(base_url))) + std::string(url.substr(path_at(url)));
}

std::string with_member(std::string_view body, std::string_view name, std::string_view other_name,
                        std::string_view value, bool only_replace) {
  namespace ondemand = simdjson::ondemand;
  LineReader& reader = LineReader::outer();
  ondemand::document document;
  ondemand::object object;
  bool empty = true;
  if (!reader.open(body, document) && !document.get_object().get(object)) {
    for (auto field : object) {
      empty = false;
      std::string_view key, token;
      if (field.unescaped_key().get(key)) break;
      if (key != name && key != other_name) continue;
      ondemand::value member;
      ondemand::json_type type;
      if (field.value().get(member) || member.type().get(type)) break;
      if (type != ondemand::json_type::string && type != ondemand::json_type::null) break;
      token = reader.in_line(member.raw_json_token());
      token = token.substr(0, token.find_last_not_of(" \t\r\n") + 1);
      size_t at = static_cast<size_t>(token.data() - body.data());
      std::string text(body.substr(0, at));
      append_quoted(text, value);
      return text.append(body, at + token.size());
    }
  }
  size_t brace = body.find('{');
  if (only_replace || brace == body.npos) return std::string(body);
  std::string text(body.substr(0, brace + 1));
  append_quoted(text, name);
  text += ':';
  append_quoted(text, value);
  if (!empty) text += ',';
  return text.append(body, brace + 1);
}

}  // namespace twolane::dialect::batch

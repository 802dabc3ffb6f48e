// Walks over the content of a body: roles and types, and the media that bytes do not bound.
#include <algorithm>
#include <array>

#include "dialect/translate_check.h"
#include "dialect/translate_scan.h"

namespace twolane::dialect {
namespace {

using simdjson::dom::element;

std::unexpected<Error> wrong_type(std::string field, std::string_view expected) {
  std::string message = field + " is not " + std::string(expected);
  return bad_field(std::move(field), std::move(message), "the provider refuses it", "correct it");
}

bool is_pdf(std::string_view mime) { return mime == "application/pdf"; }

// "data:application/pdf;base64,...": only the bytes of images and PDFs mislead about tokens.
bool is_data_uri(std::string_view url) { return url.starts_with("data:"); }

void add_file(std::string_view data, std::string_view mime, Content& to) {
  if (!data.empty() && !is_pdf(mime) && mime.starts_with("text/"))
    to.add(Medium::file, 0);  // text: its bytes bound it
  else
    to.add(Medium::file, most_tokens::window, data);
}

std::string_view mime_of_data_uri(std::string_view url) {
  if (!is_data_uri(url)) return {};
  url.remove_prefix(5);
  return url.substr(0, url.find_first_of(";,"));
}

void add_data_uri_or_url(Medium medium, int64_t tokens, std::string_view url, Content& to) {
  to.add(medium, tokens, is_data_uri(url) ? url : std::string_view());
}

// image_url is an object at chat completions and a string at responses.
std::string_view url_in(element part, std::string_view key) {
  const auto value = member(part, key);
  if (!value) return {};
  if (value->is_object()) return text_member(*value, "url");
  std::string_view url;
  return value->get(url) ? std::string_view() : url;
}

// A part of any of OpenAI's endpoints or of a neighbour that speaks the dialect.
void count_openai_part(std::string_view type, element part, Content& to) {
  if (type == "image_url" || type == "input_image") {
    add_data_uri_or_url(Medium::image, most_tokens::image, url_in(part, "image_url"), to);
  } else if (type == "file" || type == "input_file" || type == "document_url") {
    const element file = type == "file" ? member(part, "file").value_or(part) : part;
    const auto data = text_member(file, "file_data");
    add_file(data, mime_of_data_uri(data), to);
  } else if (type == "input_audio") {
    to.add(Medium::audio, 0);  // 100 tokens a second at most: fewer than its bytes
  } else if (type == "video_url" || type == "input_video") {
    add_data_uri_or_url(Medium::video, most_tokens::window, url_in(part, "video_url"), to);
  }
}

Status walk_anthropic_content(element content, const std::string& field, Content& to);

Status count_anthropic_block(std::string_view type, element block, const std::string& field,
                             Content& to) {
  if (type == "image" || type == "document") {
    const auto source = member(block, "source");
    if (!source) return wrong_type(field + ".source", "there");
    const auto kind = text_member(*source, "type");
    const auto data = kind == "base64" ? text_member(*source, "data") : std::string_view();
    if (type == "image") {
      to.add(Medium::image, most_tokens::image, data);
    } else if (kind == "text" || kind == "content") {
      to.add(Medium::file, 0);  // text: its bytes bound it
    } else {
      add_file(data, text_member(*source, "media_type"), to);
    }
  } else if (type == "container_upload") {
    to.add(Medium::file, most_tokens::window);
  } else if (type == "tool_result") {
    if (const auto inner = member(block, "content"))
      return walk_anthropic_content(*inner, field + ".content", to);
  }
  return {};
}

// Parts with a "type", as OpenAI and Anthropic have them.
template <class Count>
Status walk_parts(element content, const std::string& field, Count count) {
  simdjson::dom::array parts;
  if (content.is_string()) return {};
  if (content.get(parts)) return wrong_type(field, "text or an array of parts");
  size_t at = 0;
  for (const element part : parts) {
    if (!part.is_object()) return wrong_type(indexed(field, at), "an object");
    CHECKED(count(text_member(part, "type"), part, at));
    ++at;
  }
  return {};
}

Status walk_openai_content(element content, const std::string& field, Content& to) {
  return walk_parts(content, field, [&](std::string_view type, element part, size_t) -> Status {
    count_openai_part(type, part, to);
    return {};
  });
}

Status walk_anthropic_content(element content, const std::string& field, Content& to) {
  return walk_parts(content, field, [&](std::string_view type, element part, size_t at) -> Status {
    if (type.empty()) return wrong_type(indexed(field, at) + ".type", "there");
    return count_anthropic_block(type, part, indexed(field, at), to);
  });
}

Status check_role(element message, const std::string& field,
                  std::span<const std::string_view> known, bool required) {
  simdjson::dom::object object;
  element role;
  if (message.get(object)) return wrong_type(field, "an object");
  if (object.at_key("role").get(role)) {
    if (!required) return {};
    return bad_field(field + ".role", field + " has no role", "every message needs one",
                     "add the role");
  }
  std::string_view name;
  if (role.get(name)) return wrong_type(field + ".role", "text");
  if (std::ranges::find(known, name) != known.end()) return {};
  std::string list;
  for (const auto k : known) list += (list.empty() ? "" : ", ") + std::string(k);
  return bad_field(field + ".role", "\"" + std::string(name.substr(0, 40)) + "\" is no role here",
                   "roles are " + list, "use one of them");
}

constexpr std::array<std::string_view, 6> chat_roles = {"developer", "system", "user",
                                                        "assistant", "tool",   "function"};
constexpr std::array<std::string_view, 4> responses_roles = {"user", "assistant", "system",
                                                             "developer"};
constexpr std::array<std::string_view, 3> messages_roles = {"user", "assistant", "system"};
constexpr std::array<std::string_view, 3> gemini_roles = {"user", "model", "function"};

// inlineData, fileData and functionResponse.parts of a Gemini part.
void count_gemini_part(element part, Content& to) {
  const auto count = [&](std::string_view mime, std::string_view data) {
    if (mime.starts_with("image/"))
      to.add(Medium::image, most_tokens::image, data);
    else if (mime.starts_with("audio/") && !data.empty())
      to.add(Medium::audio, 0);  // 32 a second
    else if (mime.starts_with("audio/"))
      to.add(Medium::audio, most_tokens::window);
    else if (mime.starts_with("video/"))
      to.add(Medium::video, most_tokens::window, data);
    else
      add_file(data, mime, to);
  };
  const auto mime_in = [](element blob) {
    const auto mime = text_member(blob, "mimeType");
    return mime.empty() ? text_member(blob, "mime_type") : mime;
  };
  if (const auto blob = member(part, "inlineData", "inline_data"))
    count(mime_in(*blob), text_member(*blob, "data"));
  if (const auto file = member(part, "fileData", "file_data")) count(mime_in(*file), {});
  if (const auto answer = member(part, "functionResponse", "function_response"))
    if (const auto parts = member(*answer, "parts"); parts && parts->is_array())
      for (const element inner : simdjson::dom::array(*parts)) count_gemini_part(inner, to);
}

}  // namespace

std::string indexed(std::string_view name, size_t index) {
  return std::string(name) + "[" + std::to_string(index) + "]";
}

Status walk_messages(Endpoint endpoint, element messages, Content& to) {
  simdjson::dom::array list;
  if (messages.get(list)) return wrong_type("messages", "an array");
  const bool chat = endpoint == Endpoint::chat_completions;
  const std::span<const std::string_view> roles =
      chat ? std::span<const std::string_view>(chat_roles) : messages_roles;
  size_t at = 0;
  for (const element message : list) {
    // The path is only spelled out where something is wrong or holds parts.
    if (!message.is_object() || !member(message, "role") ||
        std::ranges::find(roles, text_member(message, "role")) == roles.end())
      CHECKED(check_role(message, indexed("messages", at), roles, true));
    const auto content = member(message, "content");
    if (content && !content->is_string()) {
      const std::string field = indexed("messages", at) + ".content";
      CHECKED(chat ? walk_openai_content(*content, field, to)
                   : walk_anthropic_content(*content, field, to));
    }
    if (!content && !chat)
      return bad_field(indexed("messages", at) + ".content",
                       indexed("messages", at) + " has no content", "every message needs one",
                       "add the content");
    ++at;
  }
  to.messages += static_cast<int64_t>(at);
  if (at == 0)
    return bad_field("messages", "messages is empty", "there is nothing to answer",
                     "add a message");
  return {};
}

Status walk_responses_input(element input, Content& to) {
  to.messages += 1;
  if (input.is_string()) return {};
  simdjson::dom::array list;
  if (input.get(list)) return wrong_type("input", "text or an array of items");
  size_t at = 0;
  for (const element item : list) {
    const std::string field = indexed("input", at++);
    if (!item.is_object()) return wrong_type(field, "an object");
    const auto type = text_member(item, "type");
    if (type.empty() || type == "message") CHECKED(check_role(item, field, responses_roles, true));
    if (const auto content = member(item, "content"))
      CHECKED(walk_openai_content(*content, field + ".content", to));
    if (const auto output = member(item, "output"); output && output->is_array())
      CHECKED(walk_openai_content(*output, field + ".output", to));
  }
  to.messages += static_cast<int64_t>(at);
  if (at == 0)
    return bad_field("input", "input is empty", "there is nothing to answer", "add an item");
  return {};
}

Status walk_content(element content, const std::string& field, Content& to) {
  to.messages += 1;
  if (!content.is_object()) return wrong_type(field, "an object");
  const auto parts = member(content, "parts");
  if (!parts) return {};
  if (parts->is_object()) {  // one part without its array is understood there
    count_gemini_part(*parts, to);
    return {};
  }
  simdjson::dom::array list;
  if (parts->get(list)) return wrong_type(field + ".parts", "an array");
  size_t at = 0;
  for (const element part : list) {
    if (!part.is_object()) return wrong_type(indexed(field + ".parts", at), "an object");
    count_gemini_part(part, to);
    ++at;
  }
  return {};
}

Status walk_contents(element contents, Content& to) {
  if (contents.is_object()) {
    CHECKED(check_role(contents, "contents", gemini_roles, false));
    return walk_content(contents, "contents", to);
  }
  simdjson::dom::array list;
  if (contents.get(list)) return wrong_type("contents", "an array");
  size_t at = 0;
  for (const element content : list) {
    const std::string field = indexed("contents", at++);
    CHECKED(check_role(content, field, gemini_roles, false));
    CHECKED(walk_content(content, field, to));
  }
  if (at == 0)
    return bad_field("contents", "contents is empty", "there is nothing to answer",
                     "add a content");
  return {};
}

Status walk_embedding_input(element input, Content& to) {
  constexpr size_t most_inputs = 2048;
  const auto empty = [](std::string field) {
    std::string message = field + " is empty";
    return bad_field(std::move(field), std::move(message), "empty text has no embedding",
                     "leave it out");
  };
  to.messages = 1;
  if (std::string_view text; !input.get(text))
    return text.empty() ? Status(empty("input")) : Status();
  simdjson::dom::array list;
  if (input.get(list)) return wrong_type("input", "text or an array");
  size_t at = 0, numbers = 0;
  for (const element one : list) {
    std::string_view text;
    if (one.is_int64() || one.is_uint64()) {
      ++numbers;
    } else if (!one.get(text)) {
      if (text.empty()) return empty(indexed("input", at));
    } else if (simdjson::dom::array tokens; !one.get(tokens)) {
      if (tokens.begin() == tokens.end()) return empty(indexed("input", at));
      for (const element token : tokens)
        if (!token.is_int64() && !token.is_uint64())
          return wrong_type(indexed("input", at), "all tokens");
    } else {
      return wrong_type(indexed("input", at), "text or tokens");
    }
    ++at;
  }
  if (at == 0) return empty("input");
  if (numbers == at) return {};  // one input, as tokens
  if (numbers > 0) return wrong_type("input", "either texts or tokens");
  to.messages = static_cast<int64_t>(at);
  if (at > most_inputs)
    return bad_field("input", "input has " + std::to_string(at) + " texts",
                     "a request holds at most 2,048", "spread them over more requests");
  return {};
}

Status walk_moderation_input(element input, Content& to) {
  to.messages = 1;
  if (input.is_string()) return {};
  simdjson::dom::array list;
  if (input.get(list)) return wrong_type("input", "text or an array");
  size_t at = 0;
  for (const element one : list) {
    if (one.is_object())
      count_openai_part(text_member(one, "type"), one, to);
    else if (!one.is_string())
      return wrong_type(indexed("input", at), "text or a part");
    ++at;
  }
  to.messages = static_cast<int64_t>(at);
  if (at == 0)
    return bad_field("input", "input is empty", "there is nothing to check", "add a text");
  return {};
}

}  // namespace twolane::dialect

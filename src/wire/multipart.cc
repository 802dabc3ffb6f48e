// The parser matches the delimiter byte by byte and holds nothing back: bytes that turn out not to
// be the delimiter are equal to its beginning, so they are given from there.
#include "wire/multipart.h"

#include <algorithm>
#include <cstring>

#include "wire/header_name.h"

namespace twolane::wire {
namespace {

std::unexpected<Error> bad_multipart(std::string why) {
  return fail("wire.multipart", "this is not a usable multipart body", std::move(why));
}

std::string lowered(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), lower);
  return out;
}

std::string_view trimmed(std::string_view s) {
  const size_t from = s.find_first_not_of(" \t");
  if (from == s.npos) return {};
  return s.substr(from, s.find_last_not_of(" \t") - from + 1);
}

// Form data names: browsers and SDKs escape exactly these three.
std::string escaped_name(std::string_view text) {
  std::string out;
  for (char c : text) {
    if (c == '"')
      out += "%22";
    else if (c == '\r')
      out += "%0D";
    else if (c == '\n')
      out += "%0A";
    else
      out.push_back(c);
  }
  return out;
}

// Eats one "; name=value" from the front of header parameters; false when none is left.
bool take_parameter(std::string_view& rest, std::string& name, std::string& value) {
  const size_t start = rest.find_first_not_of("; \t");
  if (start == rest.npos) return false;
  rest.remove_prefix(start);
  const size_t equals = rest.find('=');
  if (equals == rest.npos) return false;
  name = lowered(trimmed(rest.substr(0, equals)));
  rest.remove_prefix(equals + 1);
  value.clear();
  if (!rest.starts_with('"')) {
    const size_t end = std::min(rest.find(';'), rest.size());
    value = trimmed(rest.substr(0, end));
    rest.remove_prefix(end);
    return true;
  }
  size_t i = 1;
  for (; i < rest.size() && rest[i] != '"'; ++i) {
    if (rest[i] == '\\' && i + 1 < rest.size() && (rest[i + 1] == '"' || rest[i + 1] == '\\')) ++i;
    value.push_back(rest[i]);
  }
  rest.remove_prefix(std::min(i + 1, rest.size()));
  return true;
}

// "value; name=..." from the first parameter on.
std::string_view parameters_of(std::string_view header_value) {
  return header_value.substr(std::min(header_value.find(';'), header_value.size()));
}

void read_disposition(std::string_view value, Part& part) {
  std::string_view rest = parameters_of(value);
  std::string name, text;
  bool extended = false;
  while (take_parameter(rest, name, text)) {
    if (name == "name") part.name = text;
    if (name == "filename" && !extended) part.filename = text;
    if (name == "filename*") {  // RFC 8187: charset'language'percent-encoded
      const size_t second = text.find('\'', text.find('\'') + 1);
      if (lowered(text).starts_with("utf-8'") && second != text.npos) {
        part.filename = percent_decoded(text.substr(second + 1));
        extended = true;
      }
    }
  }
}

Result<Part> read_part_headers(std::string_view text) {
  Part part;
  while (!text.empty()) {
    const size_t end = std::min(text.find("\r\n"), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 2, text.size()));
    if (line.empty()) continue;
    const size_t colon = line.find(':');
    if (colon == line.npos || colon == 0) return bad_multipart("a header of a part has no name");
    part.headers.emplace_back(trimmed(line.substr(0, colon)), trimmed(line.substr(colon + 1)));
  }
  read_disposition(header(part.headers, "content-disposition"), part);
  return part;
}

}  // namespace

void MultipartForm::head(std::string_view name, const std::string_view* filename,
                         std::string_view content_type) {
  text_ +=
      "--" + boundary_ + "\r\nContent-Disposition: form-data; name=\"" + escaped_name(name) + '"';
  if (filename) text_ += "; filename=\"" + escaped_name(*filename) + '"';
  text_ += "\r\n";
  if (!content_type.empty()) text_.append("Content-Type: ").append(content_type).append("\r\n");
  text_ += "\r\n";
}

void MultipartForm::field(std::string_view name, std::string_view value) {
  head(name, nullptr, {});
  text_.append(value).append("\r\n");
}

void MultipartForm::file(std::string_view name, std::string_view filename,
                         std::string_view content_type, Body content) {
  head(name, &filename, content_type);
  body_.append(std::exchange(text_, {}));
  for (auto& piece : content.pieces) body_.pieces.push_back(std::move(piece));
  text_ += "\r\n";
}

Body MultipartForm::finish() && {
  body_.append(text_ + "--" + boundary_ + "--\r\n");
  return std::move(body_);
}

Result<std::string> multipart_boundary(std::string_view content_type) {
  if (!lowered(content_type).starts_with("multipart/"))
    return bad_multipart("the content type is not multipart");
  std::string_view rest = parameters_of(content_type);
  std::string name, value;
  while (take_parameter(rest, name, value)) {
    if (name != "boundary") continue;
    const bool plain = std::ranges::all_of(value, [](char c) { return c >= ' ' && c <= '~'; });
    if (value.empty() || value.size() > 70 || !plain)
      return bad_multipart("the boundary is malformed");
    return value;
  }
  return bad_multipart("the content type names no boundary");
}

MultipartParser::MultipartParser(std::string_view boundary, PartSink sink)
    : delimiter_("\r\n--" + std::string(boundary)), sink_(std::move(sink)) {}

Status MultipartParser::feed(std::string_view piece) {
  while (!piece.empty()) {
    switch (state_) {
      case State::preamble:
      case State::body:
        piece.remove_prefix(TRY(scan_content(piece)));
        break;
      case State::after_delimiter:
        CHECKED(after_delimiter(piece[0]));
        piece.remove_prefix(1);
        break;
      case State::headers:
        CHECKED(header_byte(piece[0]));
        piece.remove_prefix(1);
        break;
      case State::epilogue:
        return {};
    }
  }
  return {};
}

Status MultipartParser::finish() {
  if (state_ == State::epilogue || (state_ == State::after_delimiter && tail_.starts_with("--")))
    return {};
  return bad_multipart("it ends before its closing boundary");
}

// Reads content up to the end of a delimiter or of the piece; returns how much was read.
Result<size_t> MultipartParser::scan_content(std::string_view piece) {
  size_t before = matched_;  // bytes of the match that lie before this piece
  for (size_t i = 0; i < piece.size(); ++i) {
    if (matched_ == 0) {
      const void* cr = std::memchr(piece.data() + i, '\r', piece.size() - i);
      if (!cr) break;
      i = static_cast<size_t>(static_cast<const char*>(cr) - piece.data());
      before = 0;
      matched_ = 1;
      continue;
    }
    if (piece[i] == delimiter_[matched_]) {
      if (++matched_ < delimiter_.size()) continue;
      const size_t in_piece = matched_ - before;  // the delimiter's share of piece[.., i]
      CHECKED(content(piece.substr(0, i + 1 - in_piece)));
      if (state_ == State::body) CHECKED(sink_.end());
      state_ = State::after_delimiter;
      tail_.clear();
      matched_ = 0;
      return i + 1;
    }
    // No delimiter after all. Only its first byte is \r, so a new match can begin here and nowhere
    // before.
    CHECKED(content(std::string_view(delimiter_).substr(0, before)));
    before = 0;
    matched_ = piece[i] == '\r' ? 1 : 0;
  }
  const size_t in_piece = matched_ - before;
  CHECKED(content(piece.substr(0, piece.size() - in_piece)));
  return piece.size();
}

Status MultipartParser::content(std::string_view bytes) {
  if (state_ == State::preamble || bytes.empty()) return {};
  return sink_.data(bytes);
}

// After a delimiter: "--" ends the body, otherwise only blanks and the line end may follow.
Status MultipartParser::after_delimiter(char c) {
  tail_.push_back(c);
  if (tail_ == "-" || tail_ == "\r") return {};
  if (tail_ == "--") {
    state_ = State::epilogue;
    return {};
  }
  if (tail_ == "\r\n") {
    if (++parts_ > max_parts) return bad_multipart("it has too many parts");
    state_ = State::headers;
    headers_.clear();
    return {};
  }
  if (c == ' ' || c == '\t') {
    tail_.pop_back();
    if (tail_.empty()) return {};
  }
  return bad_multipart("something follows a boundary on its line");
}

Status MultipartParser::header_byte(char c) {
  if (headers_.size() == max_header_bytes)
    return bad_multipart("the headers of a part are too long");
  headers_.push_back(c);
  if (c != '\n' || (headers_ != "\r\n" && !headers_.ends_with("\r\n\r\n"))) return {};
  const Part part = TRY(read_part_headers(headers_));
  state_ = State::body;
  matched_ = 0;
  return sink_.begin(part);
}

}  // namespace twolane::wire

// Bodies in pieces, header lookup, and URLs.
#include "wire/http.h"

#include <algorithm>
#include <cstring>

#include "wire/header_name.h"

namespace twolane::wire {
namespace {

// The reason never holds the URL: queries and userinfo carry keys.
std::unexpected<Error> bad_url(std::string why) {
  return fail("wire.url", "this is not a usable URL", std::move(why));
}

bool is_unreserved(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '.' || c == '_' || c == '~';
}

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  c = lower(c);
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

// host, host:port, [v6], [v6]:port
Status split_authority(std::string_view authority, Url& url) {
  std::string_view rest;
  if (authority.starts_with('[')) {
    const size_t close = authority.find(']');
    if (close == authority.npos) return bad_url("the bracket of the address is not closed");
    url.host = authority.substr(1, close - 1);
    rest = authority.substr(close + 1);
  } else {
    const size_t colon = authority.find(':');
    url.host = authority.substr(0, colon);
    rest = colon == authority.npos ? std::string_view{} : authority.substr(colon);
  }
  if (url.host.empty()) return bad_url("it has no host");
  if (rest.empty()) return {};
  if (rest[0] != ':') return bad_url("after the address comes a port or a path");
  url.port = rest.substr(1);
  const bool digits = std::ranges::all_of(url.port, [](char c) { return c >= '0' && c <= '9'; });
  if (url.port.empty() || url.port.size() > 5 || !digits || std::stoi(url.port) > 65535 ||
      std::stoi(url.port) == 0)
    return bad_url("its port is not a number from 1 to 65535");
  return {};
}

}  // namespace

int64_t Body::size() const {
  int64_t sum = 0;
  for (const Piece& p : pieces) sum += p.size();
  return sum;
}

Result<size_t> Body::read(int64_t offset, char* to, size_t length) const {
  size_t done = 0;
  for (const Piece& p : pieces) {
    if (done == length) break;
    const int64_t size = p.size();
    if (offset >= size) {
      offset -= size;
      continue;
    }
    const size_t want = std::min(length - done, static_cast<size_t>(size - offset));
    if (!p.source) {
      std::memcpy(to + done, p.text.data() + offset, want);
      done += want;
    } else {
      const size_t got = TRY(p.source->read(offset, to + done, want));
      done += got;
      if (got < want) break;  // the caller asks again from there
    }
    offset = 0;
  }
  return done;
}

Result<std::string> Body::text() const {
  std::string all(static_cast<size_t>(size()), '\0');
  size_t done = 0;
  while (done < all.size()) {
    const size_t got = TRY(read(static_cast<int64_t>(done), all.data() + done, all.size() - done));
    if (got == 0) return fail("wire.body", "a body is shorter than it said");
    done += got;
  }
  return all;
}

std::string_view header(const Headers& headers, std::string_view name) {
  for (const auto& [key, value] : headers)
    if (same_name(key, name)) return value;
  return {};
}

Result<Url> parse_url(std::string_view text) {
  if (std::ranges::any_of(text,
                          [](char c) { return static_cast<unsigned char>(c) <= ' ' || c == 0x7f; }))
    return bad_url("it holds a space or a control character");
  const size_t colon = text.find("://");
  if (colon == text.npos) return bad_url("it does not begin with http:// or https://");
  Url url;
  for (char c : text.substr(0, colon)) url.scheme.push_back(lower(c));
  if (url.scheme != "http" && url.scheme != "https")
    return bad_url("it does not begin with http:// or https://");
  url.port = url.scheme == "http" ? "80" : "443";
  text.remove_prefix(colon + 3);
  text = text.substr(0, text.find('#'));
  const size_t path = text.find_first_of("/?");
  const std::string_view authority = text.substr(0, path);
  if (authority.find('@') != authority.npos) return bad_url("it holds a user name or password");
  CHECKED(split_authority(authority, url));
  if (path != text.npos) url.target = text.substr(path);
  if (!url.target.starts_with('/')) url.target.insert(0, 1, '/');
  return url;
}

std::string percent_encoded(std::string_view text) {
  constexpr char hex[] = "0123456789ABCDEF";
  std::string out;
  out.reserve(text.size());
  for (char c : text) {
    if (is_unreserved(c)) {
      out.push_back(c);
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out.push_back('%');
      out.push_back(hex[byte >> 4]);
      out.push_back(hex[byte & 15]);
    }
  }
  return out;
}

std::string percent_decoded(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    const bool pair = text[i] == '%' && i + 2 < text.size();
    const int high = pair ? hex_value(text[i + 1]) : -1, low = pair ? hex_value(text[i + 2]) : -1;
    if (high < 0 || low < 0) {
      out.push_back(text[i]);
    } else {
      out.push_back(static_cast<char>(high * 16 + low));
      i += 2;
    }
  }
  return out;
}

}  // namespace twolane::wire

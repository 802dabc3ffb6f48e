// Small rules of HTTP heads.
#include "net/head.h"

#include <algorithm>
#include <boost/beast/http/status.hpp>
#include <cstdio>

namespace twolane::net {
namespace {

bool is_token_char(char c) {
  constexpr std::string_view others = "!#$%&'*+-.^_`|~";
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         others.contains(c);
}

}  // namespace

Status check_headers(const wire::Headers& headers) {
  for (const auto& [name, value] : headers) {
    if (name.empty() || !std::ranges::all_of(name, is_token_char))
      return fail("net.header", "a header has a name that HTTP does not allow");
    if (value.find_first_of(std::string_view("\r\n\0", 3)) != value.npos)
      return fail("net.header", "the header " + name + " holds a line end");
  }
  return {};
}

std::string_view reason_phrase(int status) {
  const auto text = boost::beast::http::obsolete_reason(
      boost::beast::http::int_to_status(static_cast<unsigned>(status)));
  return {text.data(), text.size()};
}

std::string http_date(Time t) {
  constexpr const char* days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr const char* months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                    "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const Civil c = to_civil(t);
  char text[64];
  std::snprintf(text, sizeof text, "%s, %02d %s %04d %02d:%02d:%02d GMT", days[c.weekday], c.day,
                months[c.month - 1], c.year, c.hour, c.minute, c.second);
  return text;
}

std::string reply_head(const wire::HttpReply& reply, bool keep, int version,
                       std::string_view date) {
  std::string head = "HTTP/1.1 " + std::to_string(reply.status) + ' ';
  head += reason_phrase(reply.status);
  head += "\r\n";
  bool has_date = false;
  for (const auto& [name, value] : reply.headers) {
    has_date = has_date || same_name(name, "Date");
    if (same_name(name, "Content-Length") || same_name(name, "Connection") ||
        same_name(name, "Transfer-Encoding"))
      continue;
    head.append(name).append(": ").append(value).append("\r\n");
  }
  if (!has_date) head.append("Date: ").append(date).append("\r\n");
  if (reply.status >= 200 && reply.status != 204 && reply.status != 304)
    head.append("Content-Length: ").append(std::to_string(reply.body.size())).append("\r\n");
  if (!keep) head += "Connection: close\r\n";
  if (keep && version == 10) head += "Connection: keep-alive\r\n";
  head += "\r\n";
  return head;
}

std::string host_and_port(const std::string& host, const std::string& port) {
  std::string text;
  if (host.contains(':')) {
    text.append("[").append(host).append("]:");
  } else {
    text.append(host).append(":");
  }
  return text.append(port);
}

std::string authority(const wire::Url& url) {
  std::string text = host_and_port(url.host, url.port);
  if (url.port == (url.scheme == "https" ? "443" : "80"))
    text.resize(text.size() - url.port.size() - 1);
  return text;
}

}  // namespace twolane::net

// Heads of HTTP/1.1 messages as text, and what may not stand in them.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "wire/header_name.h"
#include "wire/http.h"

namespace twolane::net {

// Names must be tokens, values free of line ends and NUL (RFC 9110, 5.1 and 5.5). Error:
// net.header, with the name at most, never the value.
Status check_headers(const wire::Headers& headers);
using wire::same_name;
std::string_view reason_phrase(int status);
std::string http_date(Time t);  // "Sun, 06 Nov 1994 08:49:37 GMT"

// The head of a reply, up to the empty line: Content-Length, Date and Connection are made here,
// whatever the headers say of them. `version`: of the request, 10 or 11.
std::string reply_head(const wire::HttpReply& reply, bool keep, int version, std::string_view date);

std::string host_and_port(const std::string& host, const std::string& port);  // IPv6 in brackets

// `host` as it stands in a URL or a Host header: the scheme's own port left out.
std::string authority(const wire::Url& url);

}  // namespace twolane::net

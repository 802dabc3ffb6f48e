// HTTP messages as values, for those who build and read them. Who sends them is net/.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace twolane::wire {

// Bytes that may be too many for memory. Threads: one reader at a time.
class ByteSource {
 public:
  virtual ~ByteSource() = default;
  virtual int64_t size() const = 0;
  // Reads up to `length` bytes at `offset` into `to`; returns how many (0 only at the end).
  virtual Result<size_t> read(int64_t offset, char* to, size_t length) const = 0;
};

// A body in pieces: text, and slices of sources.
class Body {
 public:
  struct Piece {
    std::string text;                          // used when `source` is null
    std::shared_ptr<const ByteSource> source;  // the whole of it
    int64_t size() const { return source ? source->size() : static_cast<int64_t>(text.size()); }
  };

  Body() = default;
  Body(std::string text) { if (!text.empty()) pieces.push_back({std::move(text), nullptr}); }  // NOLINT
  Body(const char* text) : Body(std::string(text)) {}                                          // NOLINT
  explicit Body(std::shared_ptr<const ByteSource> source) { pieces.push_back({{}, std::move(source)}); }

  void append(std::string text) { pieces.push_back({std::move(text), nullptr}); }
  void append(std::shared_ptr<const ByteSource> source) { pieces.push_back({{}, std::move(source)}); }
  int64_t size() const;
  // Copies up to `length` bytes at `offset`, across pieces.
  Result<size_t> read(int64_t offset, char* to, size_t length) const;
  // All of it. Only for bodies known to be small.
  Result<std::string> text() const;

  std::vector<Piece> pieces;
};

using Headers = std::vector<std::pair<std::string, std::string>>;
// First value with that name (ASCII case ignored), or empty.
std::string_view header(const Headers& headers, std::string_view name);

// Receives a reply's body piece by piece. Returning an error ends the call with that error.
using Sink = std::function<Status(std::string_view piece)>;

struct HttpCall {
  std::string method = "GET";
  std::string url;  // absolute: scheme://host[:port]/path?query
  Headers headers;  // without Host, Content-Length; may hold secrets: never logged
  Body body;
  Sink sink;        // set: a 2xx body goes there and HttpReply::body stays empty
  Duration timeout = seconds(120);  // of the whole call, in real time; idle time where `sink` is set
};

struct HttpReply {
  int status = 0;
  Headers headers;
  Body body;
};

// A call that got no whole reply. `sent` tells whether the provider may have acted on it.
struct NetFailure {
  bool sent = true;     // false only if nothing of the request can have been processed
  std::string message;  // for people; no secrets
};

struct HttpResult {  // exactly one of the two
  std::variant<HttpReply, NetFailure> is;
  const HttpReply* reply() const { return std::get_if<HttpReply>(&is); }
  const NetFailure* failure() const { return std::get_if<NetFailure>(&is); }
};

// Pieces of a URL. `target` is path and query, never empty; `port` is the scheme's own where none is
// given; `host` comes without the brackets of an IPv6 address. Only http and https, no user names.
struct Url {
  std::string scheme, host, port, target;
};
Result<Url> parse_url(std::string_view url);  // error: wire.url
std::string percent_encoded(std::string_view text);
std::string percent_decoded(std::string_view text);

}  // namespace twolane::wire

// Chunks, arrays and errors of streams.
#include "gateway/stream_framing.h"

#include <algorithm>
#include <charconv>

namespace twolane::gateway {

void append_chunk(std::string& out, std::string_view bytes) {
  if (bytes.empty()) return;
  char length[24];
  out.append(length, std::to_chars(length, length + sizeof length, bytes.size(), 16).ptr);
  out.append("\r\n").append(bytes).append("\r\n");
}

std::string as_array(std::string_view events, bool& begun) {
  std::string out;
  while (!events.empty()) {
    const size_t end = events.find("\n\n");
    std::string_view data = events.substr(0, end);
    data.remove_prefix(std::min<size_t>(6, data.size()));
    out.append(begun ? ",\r\n" : "[").append(data);
    begun = true;
    events.remove_prefix(end == events.npos ? events.size() : end + 2);
  }
  return out;
}

std::string error_event(Endpoint endpoint, std::string_view object) {
  const bool named = endpoint == Endpoint::messages || endpoint == Endpoint::responses;
  return (named ? "event: error\ndata: " : "data: ") + std::string(object) + "\n\n";
}

}  // namespace twolane::gateway

// Lines are gathered first, then read as fields; an empty line ends an event.
#include "wire/sse.h"

#include <algorithm>
#include <charconv>

namespace twolane::wire {

Status SseDecoder::feed(std::string_view piece, std::vector<SseEvent>& out) {
  while (!piece.empty()) {
    if (after_cr_ && piece[0] == '\n') piece.remove_prefix(1);
    after_cr_ = false;
    const size_t end = piece.find_first_of("\r\n");
    CHECKED(take(piece.substr(0, end)));
    if (end == piece.npos) break;
    after_cr_ = piece[end] == '\r';
    piece.remove_prefix(end + 1);
    end_line(out);
  }
  return {};
}

Status SseDecoder::finish(std::vector<SseEvent>& out) {
  if (!line_.empty()) end_line(out);
  dispatch(out, false);
  return {};
}

Status SseDecoder::take(std::string_view bytes) {
  if (line_.size() + event_.data.size() + bytes.size() > limit_)
    return fail("wire.sse", "an event of the stream is too long",
                "longer than " + std::to_string(limit_) + " bytes");
  line_ += bytes;
  return {};
}

void SseDecoder::end_line(std::vector<SseEvent>& out) {
  std::string_view line = line_;
  if (first_line_ && line.starts_with("\xEF\xBB\xBF")) line.remove_prefix(3);
  first_line_ = false;
  if (line.empty()) {
    dispatch(out, true);
  } else if (line[0] != ':') {
    const size_t colon = std::min(line.find(':'), line.size());
    std::string_view value = line.substr(std::min(colon + 1, line.size()));
    if (value.starts_with(' ')) value.remove_prefix(1);
    field(line.substr(0, colon), value);
  }
  line_.clear();
}

void SseDecoder::field(std::string_view name, std::string_view value) {
  if (name == "data") {
    if (has_data_) event_.data.push_back('\n');
    event_.data += value;
    has_data_ = true;
  } else if (name == "event") {
    event_.event = value;
  } else if (name == "id") {
    if (value.find('\0') == value.npos) event_.id = value;
  } else if (name == "retry") {
    int64_t ms = 0;
    const auto [end, ec] = std::from_chars(value.data(), value.data() + value.size(), ms);
    if (ec == std::errc{} && end == value.data() + value.size() && ms >= 0) retry_ms_ = ms;
  }
}

void SseDecoder::dispatch(std::vector<SseEvent>& out, bool whole) {
  if (has_data_) {
    SseEvent& given = out.emplace_back(event_);
    if (given.event.empty()) given.event = "message";
    given.whole = whole;
  }
  event_.event.clear();  // the id stays
  event_.data.clear();
  has_data_ = false;
}

}  // namespace twolane::wire

// Usage from bodies and streams.
#include "gateway/meter.h"

#include <algorithm>

#include "wire/json.h"

namespace twolane::gateway {
namespace {

// The data of an event as the HTML standard joins it, for events of one line without a copy.
std::string_view data_of(std::string_view event, std::string& joined) {
  joined.clear();
  std::string_view single;
  int lines = 0;
  while (!event.empty()) {
    std::string_view line = event.substr(0, event.find('\n'));
    event.remove_prefix(std::min(line.size() + 1, event.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (!line.starts_with("data:")) continue;
    line.remove_prefix(line.starts_with("data: ") ? 6 : 5);
    if (++lines == 1) single = line;
    if (lines == 2) joined.append(single);
    if (lines > 1) joined.append("\n").append(line);
  }
  return lines > 1 ? std::string_view(joined) : single;
}

// Whether it has a usage that is an object: chunks with "usage":null are many.
bool speaks_of_usage(std::string_view event) {
  for (size_t at = event.find("\"usage"); at != event.npos; at = event.find("\"usage", at + 1)) {
    size_t end = event.find('"', at + 1);
    if (end == event.npos) return false;
    end = event.find_first_not_of(" :", end + 1);
    if (end != event.npos && event[end] == '{') return true;
  }
  return false;
}

std::string member_text(std::string_view object, std::string_view key) {
  const auto json = wire::parse_json(object);
  const wire::Json* inner = json ? wire::find(*json, key) : nullptr;
  return inner ? wire::dump(*inner) : std::string();
}

// message_start has the input, the last message_delta the output, cumulative.
std::string merged_message(std::string_view first, std::string_view last) {
  const auto start = wire::parse_json(first);
  const wire::Json* message = start ? wire::find(*start, "message") : nullptr;
  if (!message || !message->is_object()) return {};
  wire::Json merged = *message;
  const auto end = wire::parse_json(last);
  const wire::Json* usage = end ? wire::find(*end, "usage") : nullptr;
  if (usage && usage->is_object()) {
    if (!merged["usage"].is_object()) merged["usage"] = wire::Json::object();
    merged["usage"].update(*usage);
  }
  return wire::dump(merged);
}

}  // namespace

void Meter::start(Endpoint endpoint, bool events) {
  endpoint_ = endpoint;
  events_ = events;
  lost_ = false;
  kept_.clear();
  first_.clear();
  last_.clear();
}

void Meter::take(std::string_view piece) {
  if (lost_) return;
  if (kept_.size() + piece.size() > most) {
    lost_ = true;
    kept_.clear();
    return;
  }
  if (!events_) {
    kept_.append(piece);
    return;
  }
  // Servers end events with \n\n or \r\n\r\n; the latter is one event of several here, which is
  // split below all the same, because its data lines are looked at one by one.
  size_t searched = 0;  // an end of an event lies in the new bytes, or on their border
  if (!kept_.empty()) {
    searched = kept_.size() - std::min<size_t>(3, kept_.size());
    kept_.append(piece);
    piece = kept_;
  }
  const std::string_view fresh = piece.substr(searched);
  const size_t lf = fresh.rfind("\n\n"), crlf = fresh.rfind("\r\n\r\n");
  size_t end = 0;
  if (lf != fresh.npos) end = searched + lf + 2;
  if (crlf != fresh.npos) end = std::max(end, searched + crlf + 4);
  if (end == 0) {
    if (kept_.empty()) kept_ = piece;
    return;
  }
  std::string_view whole = piece.substr(0, end);
  if (whole.find("\"usage") != whole.npos)
    while (!whole.empty()) {
      const size_t next_lf = whole.find("\n\n"), next_crlf = whole.find("\r\n\r\n");
      const bool crlf_first = next_crlf < next_lf;
      const size_t n = std::min(next_lf, next_crlf);
      take_event(whole.substr(0, n));
      whole.remove_prefix(std::min(whole.size(), n == whole.npos ? n : n + (crlf_first ? 4 : 2)));
    }
  std::string rest(piece.substr(end));
  kept_ = std::move(rest);
}

void Meter::take_event(std::string_view event) {
  if (!speaks_of_usage(event)) return;
  std::string joined;
  const std::string_view data = data_of(event, joined);
  if (endpoint_ == Endpoint::messages && first_.empty()) {
    first_ = data;
  } else {
    last_ = data;
  }
}

std::optional<dialect::Served> Meter::served() {
  if (lost_) return std::nullopt;
  std::string body;
  if (!events_) {
    body = std::move(kept_);
  } else if (endpoint_ == Endpoint::messages) {
    body = merged_message(first_, last_);
  } else if (endpoint_ == Endpoint::responses) {
    body = member_text(last_, "response");
  } else {
    body = std::move(last_);
  }
  if (body.empty()) return std::nullopt;
  auto served = dialect::read_served(endpoint_, body);
  if (!served) return std::nullopt;
  return std::move(*served);
}

}  // namespace twolane::gateway

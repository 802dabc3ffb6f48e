// Usage from bodies and streams.
#include "gateway/meter.h"

#include <algorithm>
#include <cstring>

#include "dialect/translate_scan.h"
#include "wire/json.h"

namespace twolane::gateway {
namespace {

// string_view::find stops at every first byte of the needle, and JSON is full of quotes.
size_t find_in(std::string_view text, std::string_view needle, size_t from = 0) {
  if (from >= text.size()) return text.npos;
  const void* at = ::memmem(text.data() + from, text.size() - from, needle.data(), needle.size());
  return at ? static_cast<size_t>(static_cast<const char*>(at) - text.data()) : text.npos;
}

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

bool is_of_the_model(std::string_view key) {
  return key == "content" || key == "arguments" || key == "reasoning_content" || key == "reasoning" ||
         key == "refusal" || key == "name";
}

}  // namespace

void Meter::start(Endpoint endpoint, bool events, bool gather) {
  gathers_ = gather && events;
  told_.clear();
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
  size_t end = piece.ends_with("\n\n") ? piece.size() : 0;  // most pieces are whole events
  if (end == 0) {
    const std::string_view fresh = piece.substr(searched);
    const size_t lf = fresh.rfind("\n\n"), crlf = fresh.rfind("\r\n\r\n");
    if (lf != fresh.npos) end = searched + lf + 2;
    if (crlf != fresh.npos) end = std::max(end, searched + crlf + 4);
  }
  if (end == 0) {
    if (kept_.empty()) kept_ = piece;
    return;
  }
  std::string_view whole = piece.substr(0, end);
  if (gathers_) gather(whole);
  if (find_in(whole, "\"usage") != whole.npos)
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

// Strings of what follows "delta", but for those that are no text of the model. No tree is built: this
// is done for every event of a stream.
void Meter::gather(std::string_view events) {
  if (first_.empty()) {
    std::string joined;
    first_ = data_of(events.substr(0, events.find("\n\n")), joined);
  }
  for (size_t at = find_in(events, "\"delta\""); at != events.npos; at = find_in(events, "\"delta\"", at)) {
    const size_t line_end = std::min(events.find('\n', at), events.size());
    std::string_view rest = events.substr(at + 7, line_end - at - 7);
    at = line_end;
    std::string_view key;
    while (!rest.empty()) {
      const size_t open = rest.find('"');
      if (open == rest.npos) break;
      rest.remove_prefix(open + 1);
      size_t close = 0;
      while (close < rest.size() && rest[close] != '"') close += rest[close] == '\\' ? 2 : 1;
      if (close >= rest.size()) break;
      const std::string_view text = rest.substr(0, close);
      rest.remove_prefix(close + 1);
      const size_t next = rest.find_first_not_of(' ');
      if (next != rest.npos && rest[next] == ':') key = text;
      else if (is_of_the_model(key)) told_.append(text);
    }
    if (told_.size() > most) gathers_ = false;
  }
}

std::string Meter::text() const {
  if (!events_) return dialect::answer_text(endpoint_, kept_);
  const auto json = wire::parse_json('"' + told_ + '"');
  return json && json->is_string() ? json->get<std::string>() : told_;
}

std::string Meter::response_id() const {
  const auto event = dialect::scan(first_);
  return event ? std::string(dialect::text_member(*event, "id")) : std::string();
}

std::optional<dialect::Served> Meter::served() const {
  if (lost_) return std::nullopt;
  std::string made;
  std::string_view body = events_ ? last_ : kept_;
  if (events_ && endpoint_ == Endpoint::messages) body = made = merged_message(first_, last_);
  if (events_ && endpoint_ == Endpoint::responses) body = made = member_text(last_, "response");
  if (body.empty()) return std::nullopt;
  auto served = dialect::read_served(endpoint_, body);
  if (!served) return std::nullopt;
  return std::move(*served);
}

}  // namespace twolane::gateway

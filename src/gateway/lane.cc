// Headers and members that say that a request can wait.
#include "gateway/lane.h"

#include <charconv>
#include <string>

namespace twolane::gateway {
namespace {

constexpr int32_t most_steps = 1000;

struct Preference {
  bool respond_async = false;
  std::optional<Duration> wait;
};

// "respond-async, wait=20": tokens and their values, in any order.
Preference read_preference(const wire::Headers& headers) {
  Preference p;
  std::string_view text = wire::header(headers, "prefer");
  while (!text.empty()) {
    std::string_view item = text.substr(0, text.find_first_of(",;"));
    text.remove_prefix(std::min(item.size() + 1, text.size()));
    while (item.starts_with(' ')) item.remove_prefix(1);
    while (item.ends_with(' ')) item.remove_suffix(1);
    if (item == "respond-async") p.respond_async = true;
    if (item.starts_with("wait=")) {
      int64_t s = 0;
      std::from_chars(item.data() + 5, item.data() + item.size(), s);
      p.wait = seconds(std::clamp<int64_t>(s, 0, 3600));
    }
  }
  return p;
}

}  // namespace

Result<std::optional<Duration>> asked_deadline(const wire::Headers& headers, Time now) {
  const std::string_view text = wire::header(headers, "twolane-deadline");
  if (text.empty()) return std::optional<Duration>();
  if (const auto span = parse_duration(text); span && span->ms > 0) return std::optional(*span);
  if (const auto at = parse_rfc3339(text); at && *at > now) return std::optional(*at - now);
  return fail("gateway.deadline", "Twolane-Deadline is neither a span (6h) nor a time to come (RFC 3339)");
}

Result<std::optional<double>> asked_on_time(const wire::Headers& headers) {
  const std::string_view text = wire::header(headers, "twolane-on-time");
  if (text.empty()) return std::optional<double>();
  double share = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), share);
  if (ec == std::errc{} && end == text.data() + text.size() && share >= 0.5 && share < 1) return std::optional(share);
  return fail("gateway.on_time", "Twolane-On-Time is a probability from 0.5 to below 1, such as 0.999");
}

Result<int32_t> asked_steps_after(const wire::Headers& headers) {
  const std::string_view text = wire::header(headers, "twolane-steps-after");
  if (text.empty()) return 0;
  int32_t steps = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), steps);
  if (ec == std::errc{} && end == text.data() + text.size() && steps >= 0 && steps <= most_steps) return steps;
  return fail("gateway.steps_after", "Twolane-Steps-After is a number of steps from 0 to " + std::to_string(most_steps));
}

Result<LaneChoice> choose_lane(const wire::Headers& headers, std::string_view tier, const LaneDefaults& otherwise,
                               Time now) {
  LaneChoice choice;
  const Preference prefer = read_preference(headers);
  choice.respond_async = prefer.respond_async;
  choice.wait = prefer.wait;
  const std::string_view lane = wire::header(headers, "twolane-lane");
  if (!lane.empty() && lane != "patient" && lane != "interactive")
    return fail("gateway.lane", "Twolane-Lane is patient or interactive");
  const bool flex_alone = tier == "flex" && lane.empty() && !prefer.respond_async;
  if (const auto deadline = TRY(asked_deadline(headers, now))) {
    choice.patient = choice.overrides_stream = !flex_alone;
    choice.kept = true;
    choice.window = *deadline;
    return choice;
  }
  if (otherwise.deadline.ms > 0) {
    choice.window = otherwise.deadline;
    choice.kept = true;
  }
  choice.overrides_stream = !lane.empty() || prefer.respond_async;
  if (!lane.empty()) choice.patient = lane == "patient";
  else if (prefer.respond_async || tier == "batch") choice.patient = true;
  else choice.patient = tier != "flex" && otherwise.lane == "patient";
  return choice;
}

}  // namespace twolane::gateway

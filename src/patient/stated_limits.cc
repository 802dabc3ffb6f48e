#include "patient/stated_limits.h"

#include <algorithm>
#include <charconv>
#include <string>

namespace twolane::patient {
namespace {

constexpr double eased_below = 0.2;  // of a limit
constexpr double slowest = 0.1;      // of the pace
constexpr int64_t remembered = 32;   // calls that a mean is over

double number_in(const wire::Headers& headers, const std::string& name, double otherwise) {
  const std::string_view text = wire::header(headers, name);
  double n = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), n);
  return ec == std::errc{} && end == text.data() + text.size() && !text.empty() && n >= 0 ? n : otherwise;
}

StatedLimit stated(const wire::Headers& headers, const std::string& kind) {
  const std::string ours = "anthropic-ratelimit-" + kind;
  const double limit = number_in(headers, "x-ratelimit-limit-" + kind, number_in(headers, ours + "-limit", 0));
  return {limit, number_in(headers, "x-ratelimit-remaining-" + kind, number_in(headers, ours + "-remaining", -1))};
}

}  // namespace

StatedLimits stated_limits(const wire::Headers& headers) {
  return {stated(headers, "requests"), stated(headers, "tokens"), stated(headers, "input-tokens"),
          stated(headers, "output-tokens")};
}

void TokensOfCalls::take(const Usage& usage) {
  calls = std::min(calls + 1, remembered);
  const auto n = static_cast<double>(calls);
  input += (static_cast<double>(usage.input() - usage.cache_read) - input) / n;
  output += (static_cast<double>(usage.output) - output) / n;
}

double calls_per_minute(const StatedLimits& limits, const TokensOfCalls& each) {
  double rate = limits.requests.limit;
  const auto limited_by = [&](const StatedLimit& tokens, double a_call) {
    if (tokens.limit <= 0 || a_call <= 0) return;
    const double calls = tokens.limit / a_call;
    rate = rate > 0 ? std::min(rate, calls) : calls;
  };
  limited_by(limits.tokens, each.input + each.output);
  limited_by(limits.input_tokens, each.input);
  limited_by(limits.output_tokens, each.output);
  return rate;
}

double ease(const StatedLimits& limits) {
  double share = 1;
  for (const StatedLimit& l : {limits.requests, limits.tokens, limits.input_tokens, limits.output_tokens})
    if (l.limit > 0 && l.left >= 0) share = std::min(share, l.left / l.limit / eased_below);
  return std::clamp(share, slowest, 1.0);
}

}  // namespace twolane::patient

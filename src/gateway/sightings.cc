// A fixed part and the texts behind it.
#include "gateway/sightings.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "gateway/books.h"

namespace twolane::gateway {
namespace {

constexpr size_t longest_text = 200;
enum Text : size_t { key, route, model, provider, user_agent, texts };

struct Fixed {
  Time at;
  int64_t total_us = 0, first_us = 0;
  Usage usage;
  PicoUsd cost;
  int status = 0;
  ServiceTier tier = ServiceTier::standard;
  bool metered = false, priced = false, failed = false, estimated = false, streaming = false;
  std::array<uint8_t, texts> lengths{};
};

audit::Outcome outcome_of(const Fixed& f) {
  if (f.status == 499) return audit::Outcome::disconnected;
  if (f.failed || f.status >= 400) return audit::Outcome::failed;
  return f.status >= 100 ? audit::Outcome::succeeded : audit::Outcome::unknown;
}

audit::Call call_of(const Fixed& f, const std::array<std::string_view, texts>& said) {
  audit::Call c;
  c.format = audit::Format::twolane_access;
  c.latency = Duration{f.total_us / 1000};
  c.start = f.at - *c.latency;
  if (f.first_us > 0) c.first_token = Duration{f.first_us / 1000};
  c.key = said[key], c.route = said[route], c.model = said[model], c.provider = said[provider], c.user_agent = said[user_agent];
  c.streaming = f.streaming;
  c.outcome = outcome_of(f);
  if (f.status >= 100) c.http_status = f.status;
  if (f.metered) c.tier = f.tier, c.usage = f.usage, c.cache_known = true;
  c.usage_estimated = f.estimated;
  if (f.priced) c.cost = f.cost;
  return c;
}

}  // namespace

void Sightings::add(const Record& r) {
  if (!r.model_call || r.model.empty() || r.lane != "interactive" || bytes_.size() > most_bytes) return;
  Fixed f{.at = r.at, .total_us = r.total_us, .first_us = r.first_us, .usage = r.usage, .cost = r.cost, .status = r.status,
          .tier = r.tier, .metered = r.metered, .priced = r.priced, .failed = !r.error.empty(), .estimated = r.estimated,
          .streaming = r.streaming};
  f.usage.reasoning = 0;  // the log does not tell it apart either
  const std::array<std::string_view, texts> said{r.key, r.route, r.model, r.provider, r.user_agent};
  for (size_t i = 0; i < texts; ++i) f.lengths[i] = static_cast<uint8_t>(std::min(said[i].size(), longest_text));
  bytes_.append(reinterpret_cast<const char*>(&f), sizeof f);
  for (size_t i = 0; i < texts; ++i) bytes_.append(said[i].substr(0, f.lengths[i]));
}

void Sightings::take(std::string& into) {
  into.clear();
  into.swap(bytes_);
}

bool SightingReader::next() {
  if (rest_.size() < sizeof(Fixed)) return false;
  Fixed f;
  std::memcpy(&f, rest_.data(), sizeof f);
  rest_.remove_prefix(sizeof f);
  std::array<std::string_view, texts> said;
  for (size_t i = 0; i < texts; ++i) {
    said[i] = rest_.substr(0, f.lengths[i]);
    rest_.remove_prefix(said[i].size());
  }
  call_ = call_of(f, said);
  end_ = f.at;
  return true;
}

}  // namespace twolane::gateway

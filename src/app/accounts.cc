// Which providers a process may call and as whom.
#include "app/accounts.h"

#include <openssl/sha.h>

#include <array>
#include <set>

#include "wire/hex.h"
#include "wire/http.h"

namespace twolane::app {
namespace {

patient::Account account_of(const ProviderConfig& p, std::string base_url, const std::string& key) {
  patient::Account a;
  a.provider = p.name;
  a.access = {std::move(base_url), key};
  a.fingerprint = fingerprint(key);
  if (p.limits.live_per_minute > 0) a.live_per_minute = static_cast<double>(p.limits.live_per_minute);
  if (p.limits.live_in_flight > 0) a.live_in_flight = static_cast<int>(p.limits.live_in_flight);
  a.live_reserve = static_cast<double>(p.limits.live_reserve.value_or(0)) / 100;
  a.enqueued_tokens = p.limits.enqueued_tokens;
  a.creates_per_hour = p.limits.creates_per_hour;
  return a;
}

std::string origin_of(const std::string& base_url) {
  const auto url = wire::parse_url(base_url);
  if (!url) return {};
  return url->scheme + "://" + url->host + (url->port.empty() ? "" : ":" + url->port);
}

}  // namespace

std::string fingerprint(std::string_view key) {
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest;
  SHA256(reinterpret_cast<const unsigned char*>(key.data()), key.size(), digest.data());
  return wire::hex_of({digest.data(), 6});
}

std::vector<patient::Account> accounts(const Config& config, const std::string& key_otherwise) {
  std::vector<patient::Account> out;
  for (const auto& p : config.providers) {
    const std::string& key = p.key.empty() ? key_otherwise : p.key;
    if (!key.empty()) out.push_back(account_of(p, p.base_url, key));
  }
  return out;
}

std::vector<patient::Account> simulated_accounts(const Config& config) {
  struct Played {
    std::string_view provider, base_url;
  };
  constexpr std::array<Played, 3> played = {{{"openai", "http://sim/openai/v1"},
                                             {"anthropic", "http://sim/anthropic"},
                                             {"gemini", "http://sim/gemini"}}};
  std::vector<patient::Account> out;
  for (const auto& [provider, base_url] : played)
    if (const auto* p = config.provider(provider))
      out.push_back(account_of(*p, std::string(base_url), "simulated-" + p->name));
  return out;
}

std::string world_of(const Config& config) {
  std::string world = "real";
  for (const auto& p : config.providers)
    if (p.base_url_from != "default") world += ' ' + p.name + '=' + p.base_url;
  return world;
}

Result<std::string> simulator_origin(const Config& config) {
  std::set<std::string> origins;
  for (const auto& p : config.providers)
    if (p.base_url_from != "default") origins.insert(origin_of(p.base_url));
  if (origins.size() == 1) return *origins.begin();
  Error e;
  e.where.field = "--speed";
  if (origins.empty()) {
    e.code = "clock.none";
    e.message = "there is no simulator whose clock could be followed";
    e.why = "no base URL leads away from the real providers, and their time is real";
    e.next = {"export OPENAI_BASE_URL=http://127.0.0.1:8090/openai/v1, or use --sim"};
  } else {
    e.code = "clock.several";
    e.message = "the base URLs lead to several servers";
    e.why = "one clock has to be followed";
    e.next = {"point all of them at one twolane sim"};
  }
  return fail(std::move(e));
}

}  // namespace twolane::app

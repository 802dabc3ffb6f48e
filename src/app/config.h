// What the user has configured: twolane.toml and the environment, which wins.
//
// Pure: text, environment and files come in as arguments. Every key of the file but routes and
// servers of the user's own can be set by TWOLANE_<PATH> ("limits.live_per_minute" is TWOLANE_LIMITS_LIVE_PER_MINUTE). A provider's key comes
// from its usual variable or from `key_file`, never from the file itself, and is shown nowhere.
// Errors: config.syntax, config.key (unknown, with the nearest known one), config.value, config.file.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "gateway/route_policy.h"

namespace twolane::app {

// 0 means "not set": the built-in assumption holds.
struct Limits {
  int64_t live_per_minute = 0;   // calls of the live lane
  int64_t live_in_flight = 0;    // at the same time
  std::optional<int64_t> live_reserve;  // per cent of live_per_minute that interactive calls keep
  int64_t enqueued_tokens = 0;   // per model, in batches
  int64_t creates_per_hour = 0;  // batches
};

struct ProviderConfig {
  std::string name;
  std::string base_url;   // without trailing slash
  std::string base_url_from;  // "default", "OPENAI_BASE_URL", "twolane.toml:3"
  std::string key;
  std::string key_from;   // "OPENAI_API_KEY", "key_file"; empty: there is no key
  Limits limits;
};

struct Config {
  std::string file;       // empty: there is none
  std::string home;       // empty: the default
  std::string token_tables;  // directory of OpenAI's token tables; empty: the usual ones
  std::string price_book; // file that replaces the built-in price book; empty: none
  Duration retention = days(30);  // finished jobs are forgotten after this; 0: never
  std::vector<ProviderConfig> providers;  // all that this build can run batches with
  std::vector<ProviderConfig> servers;    // OpenAI-compatible ones of the user's own: live calls of serve
  std::vector<gateway::RouteRules> routes;  // names of models that lead to several targets

  const ProviderConfig* provider(std::string_view name) const;
};

struct ConfigSources {
  std::string file;  // name for messages
  std::optional<std::string> text;
  std::function<std::optional<std::string>(const std::string&)> environment;
  std::function<Result<std::string>(const std::string& path)> read_file;
};
Result<Config> read_config(const ConfigSources& sources);

// The same from this process's environment. `file` as given by --config; empty: TWOLANE_CONFIG, else
// ./twolane.toml, else $XDG_CONFIG_HOME/twolane/twolane.toml, if there. Puts its price book into use.
Result<Config> load_config(const std::string& file);

// --home, then the configuration, then $XDG_STATE_HOME/twolane or ~/.local/state/twolane.
std::string home_directory(const std::string& flag, const Config& config);

// A small text file whole. Error config.file.
Result<std::string> read_text_file(const std::string& path, std::string_view flag);

}  // namespace twolane::app

// The parts of twolane.toml that say where calls of the gateway may go: [routes.NAME], and servers
// with an OpenAI-compatible API under the name that the user gives them, [providers.NAME].
//
//   [providers.local]
//   base_url = "http://127.0.0.1:8000/v1"
//   dialect = "openai"
//   key_file = "/run/secrets/local"      # or LOCAL_API_KEY; neither: no key is sent
//
//   [routes.fast]
//   targets = ["local/llama-3", "openai/gpt-5.4-mini"]
//   weights = [3, 1]                     # none: in the order written
//   attempts = 3
//
//   [routes.nightly]
//   targets = ["openai/gpt-5.4-mini"]
//   lane = "patient"                     # or tier = "flex": for requests that say nothing themselves
//   deadline = "6h"
//
// Pure. Errors: config.key, config.value, each with file, line, section and what to do.
#pragma once

#ifndef TOML_EXCEPTIONS
#define TOML_EXCEPTIONS 0
#endif
#include <toml++/toml.h>

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "gateway/route_policy.h"

namespace twolane::app {

// What the file says of one such server. The dialect is OpenAI's, the only one there can be so far.
struct ServerEntry {
  std::string name, base_url, key_file;
  int64_t line = 0;
};
Result<ServerEntry> read_server(const toml::table& table, const std::string& name, const std::string& file);

// [routes]: every target's provider is one of `providers`.
Result<std::vector<gateway::RouteRules>> read_routes(const toml::table& table, const std::string& file,
                                                     std::span<const std::string> providers);

// An error at a line of the file; an unknown key with the nearest known one.
Error at_line(std::string code, std::string message, const std::string& file, int64_t line,
              const std::string& section);
Error unknown_key(const std::string& file, int64_t line, const std::string& section, std::string_view key,
                  std::span<const std::string_view> known);

}  // namespace twolane::app

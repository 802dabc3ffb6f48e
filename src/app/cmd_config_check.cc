// twolane config check: what is set and from where (never a key), and which provider sells what.
#include "app/commands.h"
#include "app/config.h"
#include "app/escape.h"
#include "app/figures.h"
#include "dialect/catalogue.h"

namespace twolane::app {
namespace {

std::string targets_of(const gateway::RouteRules& r) {
  std::string text;
  for (size_t i = 0; i < r.targets.size(); ++i) {
    text += (i == 0 ? "" : r.weights.empty() ? ", then " : ", ") + escaped(r.targets[i]);
    if (!r.weights.empty()) text += " (" + std::to_string(r.weights[i]) + ')';
  }
  text += "; at most " + std::to_string(r.most_attempts()) + (r.most_attempts() == 1 ? " call" : " calls");
  if (!r.lane.empty()) text += ", " + r.lane;
  if (r.tier) text += ", " + std::string(name_of(*r.tier));
  return r.deadline.ms > 0 ? text + " within " + spoken(r.deadline) : text;
}

std::string text_of(const Config& config, const std::string& home) {
  std::string out = "file       " + (config.file.empty() ? "none" : escaped(config.file)) + '\n';
  out += "home       " + escaped(home) + '\n';
  out += "retention  " + (config.retention.ms == 0 ? "forever" : spoken(config.retention)) + "\n\n";
  out += left("PROVIDER", 12) + left("KEY", 22) + "BASE URL\n";
  for (const auto& p : config.providers) {
    const std::string key = p.key_from.empty() ? "not set" : "set by " + p.key_from;
    out += left(p.name, 12) + left(key, 22) + escaped(p.base_url);
    out += p.base_url_from == "default" ? "\n" : "  (" + escaped(p.base_url_from) + ")\n";
  }
  for (const auto& p : config.servers)
    out += left(p.name, 12) + left(p.key_from.empty() ? "none is sent" : "set by " + p.key_from, 22) + escaped(p.base_url) +
           "  (" + escaped(p.base_url_from) + ")\n";
  if (!config.routes.empty()) out += '\n' + left("ROUTE", 22) + "TARGETS\n";
  for (const auto& r : config.routes) out += left(escaped(r.name), 22) + targets_of(r) + '\n';
  return out + '\n' + dialect::endpoint_table();
}

wire::Json json_of(const gateway::RouteRules& r) {
  wire::Json targets = wire::Json::array();
  for (size_t i = 0; i < r.targets.size(); ++i) {
    wire::Json target = {{"target", r.targets[i]}};
    if (!r.weights.empty()) target["weight"] = r.weights[i];
    targets.push_back(std::move(target));
  }
  wire::Json route = {{"name", r.name},
                      {"attempts", r.most_attempts()},
                      {"failures", r.failures},
                      {"window_s", r.window.seconds()},
                      {"cooldown_s", r.cooldown.seconds()},
                      {"connect_s", r.connect.seconds()}};
  if (r.concurrency > 0) route["concurrency"] = r.concurrency;
  if (r.first_byte.ms > 0) route["first_byte_s"] = r.first_byte.seconds();
  if (r.idle.ms > 0) route["idle_s"] = r.idle.seconds();
  if (!r.lane.empty()) route["lane"] = r.lane;
  if (r.deadline.ms > 0) route["deadline_s"] = r.deadline.seconds();
  if (r.tier) route["tier"] = name_of(*r.tier);
  route["targets"] = std::move(targets);
  return route;
}

wire::Json json_of(const Config& config, const std::string& home) {
  auto object = good_answer();
  object["file"] = config.file.empty() ? wire::Json(nullptr) : wire::Json(config.file);
  object["home"] = home;
  object["retention_s"] = config.retention.ms / 1000;
  wire::Json providers = wire::Json::array();
  for (const auto* list : {&config.providers, &config.servers})
    for (const auto& p : *list) providers.push_back({{"name", p.name},
                         {"base_url", p.base_url},
                         {"base_url_from", p.base_url_from},
                         {"key_set", !p.key_from.empty()},
                         {"key_from", p.key_from.empty() ? wire::Json(nullptr) : wire::Json(p.key_from)}});
  object["providers"] = std::move(providers);
  wire::Json routes = wire::Json::array();
  for (const auto& r : config.routes) routes.push_back(json_of(r));
  object["routes"] = std::move(routes);
  return object;
}

}  // namespace

int config_check_command(const Shell& shell) {
  const auto config = load_config(shell.in.common.config);
  if (!config) return shell.refuse(config.error());
  const std::string home = home_directory(shell.in.common.home, *config);
  if (!shell.in.common.json) shell.print(text_of(*config, home));
  shell.answer(json_of(*config, home));
  return 0;
}

}  // namespace twolane::app

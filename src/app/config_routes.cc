// [routes.NAME], and [providers.NAME] of servers that only the user knows.
#include "app/config_routes.h"

#include <algorithm>
#include <array>

#include "app/nearest.h"
#include "dialect/catalogue.h"
#include "wire/http.h"

namespace twolane::app {
namespace {

using gateway::RouteRules;

constexpr std::array<std::string_view, 13> route_keys = {"targets",  "weights", "attempts",   "concurrency", "failures",
                                                         "window",   "cooldown", "connect",   "first_byte",  "idle",
                                                         "lane",     "deadline", "tier"};
constexpr Duration longest_connect = seconds(10);  // the gateway's own limit for each address
constexpr std::array<std::string_view, 3> server_keys = {"base_url", "dialect", "key_file"};

int64_t line_of(const toml::node& node) { return static_cast<int64_t>(node.source().begin.line); }

// Values of one section, with errors that name their place.
class Section {
 public:
  Section(const toml::table& table, std::string name, const std::string& file)
      : table_(table), name_(std::move(name)), file_(file) {}

  Status only(std::span<const std::string_view> known) const {
    for (const auto& [key, node] : table_)
      if (std::find(known.begin(), known.end(), key.str()) == known.end())
        return fail(unknown_key(file_, line_of(node), name_, key.str(), known));
    return {};
  }

  std::unexpected<Error> wrong(std::string_view key, std::string message, std::string why, std::string next) const {
    const auto* node = table_.get(key);
    Error e = at_line("config.value", std::string(key) + ' ' + std::move(message), file_,
                      line_of(node ? *node : static_cast<const toml::node&>(table_)), name_);
    e.why = std::move(why);
    e.next = {std::move(next)};
    return fail(std::move(e));
  }

  // Empty where it is absent.
  Result<std::string> text(std::string_view key) const {
    const auto* node = table_.get(key);
    if (!node) return std::string();
    if (const auto* s = node->as_string()) return s->get();
    return wrong(key, "is no text", "it stands in quotes", "write " + std::string(key) + " = \"...\"");
  }

  Status whole(std::string_view key, int64_t least, int64_t most, int& to) const {
    const auto* node = table_.get(key);
    if (!node) return {};
    const auto* n = node->as_integer();
    if (n && n->get() >= least && n->get() <= most) {
      to = static_cast<int>(n->get());
      return {};
    }
    return wrong(key, "is out of range", "it is a whole number from " + std::to_string(least) + " to " + std::to_string(most),
                 "correct or remove it");
  }

  Status span(std::string_view key, Duration& to, Duration most = hours(24)) const {
    if (!table_.contains(key)) return {};
    const std::string written = TRY(text(key));
    const auto read = parse_duration(written);
    if (read && read->ms > 0 && *read <= most) {
      to = *read;
      return {};
    }
    return wrong(key, "is no span", "it is above 0 and at most " + spoken(most), "write " + std::string(key) + " = \"10s\"");
  }

  const toml::array* array(std::string_view key) const {
    const auto* node = table_.get(key);
    return node ? node->as_array() : nullptr;
  }
  bool has(std::string_view key) const { return table_.contains(key); }

 private:
  const toml::table& table_;
  std::string name_;
  const std::string& file_;
};

Status read_targets(const Section& section, std::span<const std::string> providers, RouteRules& rules) {
  const auto* list = section.array("targets");
  constexpr size_t most = 32;
  if (!list || list->empty() || list->size() > most)
    return section.wrong("targets", list ? "has none, or more than 32" : "is missing or no list",
                         "a route leads to at least one target", "write targets = [\"openai/gpt-5.4-mini\"]");
  for (const auto& node : *list) {
    const auto* text = node.as_string();
    const std::string target = text ? text->get() : std::string();
    const size_t slash = target.find('/');
    if (slash == target.npos || slash == 0 || slash + 1 == target.size())
      return section.wrong("targets", "holds \"" + target + '"', "a target is \"provider/model\"",
                           "write targets = [\"openai/gpt-5.4-mini\"]");
    const std::string provider = target.substr(0, slash);
    if (std::find(providers.begin(), providers.end(), provider) == providers.end()) {
      const std::vector<std::string_view> names(providers.begin(), providers.end());
      const auto meant = nearest(provider, names);
      return section.wrong("targets", "holds \"" + target + '"', "no provider \"" + provider + "\" is configured",
                           meant.empty() ? "add [providers." + provider + "] with base_url and dialect"
                                         : "did you mean \"" + std::string(meant) + "\"?");
    }
    if (std::find(rules.targets.begin(), rules.targets.end(), target) != rules.targets.end())
      return section.wrong("targets", "holds \"" + target + "\" twice", "each target stands once",
                           "give it weights = [...], or more attempts");
    rules.targets.push_back(target);
  }
  return {};
}

Status read_weights(const Section& section, RouteRules& rules) {
  if (!section.has("weights")) return {};
  const auto* list = section.array("weights");
  int64_t sum = 0;
  bool good = list && list->size() == rules.targets.size();
  for (size_t i = 0; good && i < list->size(); ++i) {
    const auto* n = list->get(i)->as_integer();
    good = n && n->get() >= 0 && n->get() <= 1'000'000;
    if (good) sum += n->get();
    if (good) rules.weights.push_back(static_cast<int>(n->get()));
  }
  if (good && sum > 0) return {};
  return section.wrong("weights", "do not fit the targets", "there is a whole number for each of the " +
                       std::to_string(rules.targets.size()) + ", not all 0", "correct or remove it");
}

// Which of the catalogue's providers among the targets sells `tier`; servers of the user's own sell the
// standard one only.
bool sold_by_one(const RouteRules& rules, ServiceTier tier) {
  return std::ranges::any_of(rules.targets, [tier](const std::string& target) {
    const std::string_view provider = std::string_view(target).substr(0, target.find('/'));
    return std::ranges::any_of(dialect::offers(), [&](const dialect::Offer& o) { return o.provider == provider && o.on(tier); });
  });
}

Status read_waiting(const Section& section, RouteRules& rules) {
  rules.lane = TRY(section.text("lane"));
  if (!rules.lane.empty() && rules.lane != "patient" && rules.lane != "interactive")
    return section.wrong("lane", "is not known", "it is patient or interactive", "write lane = \"patient\"");
  if (rules.lane == "patient" && !sold_by_one(rules, ServiceTier::batch))
    return section.wrong("lane", "cannot be patient", "no target sells batches", "add a target at a provider that does");
  CHECKED(section.span("deadline", rules.deadline, days(30)));
  const std::string tier = TRY(section.text("tier"));
  if (tier.empty()) return {};
  for (const ServiceTier t : {ServiceTier::standard, ServiceTier::flex, ServiceTier::priority})
    if (tier == name_of(t)) rules.tier = t;
  if (!rules.tier) return section.wrong("tier", "is not known", "it is standard, flex or priority", "write tier = \"flex\"");
  if (*rules.tier == ServiceTier::standard || sold_by_one(rules, *rules.tier)) return {};
  return section.wrong("tier", "is sold by no target", "of the table below twolane config check", "add a target at a provider that has it");
}

Result<RouteRules> read_route(const toml::table& table, const std::string& name, const std::string& file,
                              std::span<const std::string> providers) {
  const Section section(table, "routes." + name, file);
  CHECKED(section.only(route_keys));
  RouteRules rules;
  rules.name = name;
  CHECKED(read_targets(section, providers, rules));
  CHECKED(read_weights(section, rules));
  CHECKED(section.whole("attempts", 1, 20, rules.attempts));
  CHECKED(section.whole("concurrency", 1, 100'000, rules.concurrency));
  CHECKED(section.whole("failures", 1, 1'000, rules.failures));
  CHECKED(section.span("window", rules.window));
  CHECKED(section.span("cooldown", rules.cooldown));
  CHECKED(section.span("connect", rules.connect, longest_connect));
  CHECKED(section.span("first_byte", rules.first_byte));
  CHECKED(section.span("idle", rules.idle));
  CHECKED(read_waiting(section, rules));
  return rules;
}

}  // namespace

Error at_line(std::string code, std::string message, const std::string& file, int64_t line,
              const std::string& section) {
  Error e;
  e.code = std::move(code);
  e.message = std::move(message);
  e.where.file = file;
  e.where.line = line;
  if (!section.empty()) e.where.field = '[' + section + ']';
  return e;
}

Error unknown_key(const std::string& file, int64_t line, const std::string& section, std::string_view key,
                  std::span<const std::string_view> known) {
  Error e = at_line("config.key", "unknown key \"" + std::string(key) + '"', file, line, section);
  e.why = "a misspelt key would mean its default, unnoticed";
  if (key == "key" || key == "api_key") {
    e.why = "a provider's key never lies in this file";
    e.next = {"export it, or name a file: key_file = \"/path\""};
  } else if (const auto meant = nearest(key, known); !meant.empty()) {
    e.next = {"did you mean \"" + std::string(meant) + "\"?"};
  } else {
    std::string all;
    for (const auto k : known) all += (all.empty() ? "" : ", ") + std::string(k);
    e.next = {"known here: " + all};
  }
  return e;
}

Result<ServerEntry> read_server(const toml::table& table, const std::string& name, const std::string& file) {
  const Section section(table, "providers." + name, file);
  CHECKED(section.only(server_keys));
  const bool plain = std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  });
  if (!plain || name.empty() || dialect::find_provider(name))
    return section.wrong("dialect", "cannot be given to \"" + name + '"',
                         plain ? "this provider's dialect is known and its calls are not driven from here yet"
                               : "a name has small letters, digits, - and _",
                         "choose another name");
  ServerEntry entry;
  entry.name = name;
  entry.line = line_of(table);
  if (TRY(section.text("dialect")) != "openai")
    return section.wrong("dialect", "is not known for a server of your own", "only OpenAI-compatible ones can be named",
                         "write dialect = \"openai\"");
  entry.base_url = TRY(section.text("base_url"));
  while (entry.base_url.ends_with('/')) entry.base_url.pop_back();
  const auto url = wire::parse_url(entry.base_url);
  if (!url || (url->scheme != "http" && url->scheme != "https"))
    return section.wrong("base_url", "is missing or no address", "it is http://... or https://..., with /v1 where the server has it",
                         "write base_url = \"http://127.0.0.1:8000/v1\"");
  entry.key_file = TRY(section.text("key_file"));
  return entry;
}

Result<std::vector<RouteRules>> read_routes(const toml::table& table, const std::string& file,
                                            std::span<const std::string> providers) {
  std::vector<RouteRules> routes;
  for (const auto& [key, node] : table) {
    const std::string name(key.str());
    if (const auto* inner = node.as_table()) {
      routes.push_back(TRY(read_route(*inner, name, file, providers)));
      continue;
    }
    Error e = at_line("config.value", "routes." + name + " is a section", file, line_of(node), "routes");
    e.why = "its keys stand below [routes." + name + ']';
    e.next = {"write [routes." + name + "] on a line of its own"};
    return fail(std::move(e));
  }
  return routes;
}

}  // namespace twolane::app

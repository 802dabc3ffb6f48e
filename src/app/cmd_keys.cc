// twolane keys: who may use the gateway. Keys are shown once, when they are made; kept is a hash.
#include <algorithm>
#include <filesystem>
#include <map>

#include "app/commands.h"
#include "app/config.h"
#include "app/escape.h"
#include "app/figures.h"
#include "app/usage_error.h"
#include "gateway/keys.h"
#include "gateway/spending.h"
#include "model/model_name.h"
#include "net/wall_clock.h"
#include "store/home.h"

namespace twolane::app {
namespace {

using gateway::KeyRules;

Result<std::optional<PicoUsd>> budget(const std::string& text, const char* flag) {
  if (text.empty()) return std::optional<PicoUsd>();
  const auto usd = parse_usd(text);
  if (usd && usd->n >= 0) return std::optional(*usd);
  return fail(usage_error(flag, '"' + text + "\" is no amount", "it is an amount of USD", std::string(flag) + " 5.00"));
}

Result<KeyRules> rules_of(const KeyFlags& flags) {
  KeyRules r;
  r.name = flags.name;
  r.created = net::wall_time();
  for (const auto& model : flags.models) r.models.push_back(model_key(model));
  if (!flags.lane.empty() && flags.lane != "patient" && flags.lane != "interactive")
    return fail(usage_error("--lane", '"' + flags.lane + "\" is no lane", "there are two", "--lane patient"));
  r.lane = flags.lane;
  if (!flags.deadline.empty()) {
    const auto span = parse_duration(flags.deadline);
    if (!span || span->ms <= 0)
      return fail(usage_error("--deadline", '"' + flags.deadline + "\" is no span", "it is a span from the request on",
                              "--deadline 6h"));
    r.deadline = *span;
  }
  r.requests_per_minute = flags.requests_per_minute;
  r.tokens_per_minute = flags.tokens_per_minute;
  if (!(flags.weight >= 0.01 && flags.weight <= 1000))
    return fail(usage_error("--weight", "that is no weight", "it is a number from 0.01 to 1000; a key without one has 1", "--weight 3"));
  r.weight = flags.weight;
  r.budget_per_day = TRY(budget(flags.budget_per_day, "--budget-per-day"));
  r.budget_per_month = TRY(budget(flags.budget_per_month, "--budget-per-month"));
  return r;
}

KeyRules* find(std::vector<KeyRules>& keys, const std::string& name) {
  const auto it = std::ranges::find_if(keys, [&](const auto& k) { return k.name == name && k.revoked.ms == 0; });
  return it == keys.end() ? nullptr : &*it;
}

Status create(const Shell& shell, const std::string& path) {
  auto keys = TRY(gateway::read_keys(path));
  KeyRules rules = TRY(rules_of(shell.in.keys));
  if (find(keys, rules.name))
    return fail(usage_error("keys create", "there is a key named \"" + rules.name + '"', "names are unique",
                            "twolane keys revoke " + rules.name));
  const auto fresh = gateway::fresh_key();
  rules.hash = fresh.hash;
  rules.shown = fresh.shown;
  keys.push_back(rules);
  CHECKED(gateway::write_keys(path, keys));
  auto object = good_answer();
  object["name"] = rules.name;
  object["key"] = fresh.secret;
  object["error"] = nullptr;
  shell.answer(object);
  if (!shell.in.common.json) shell.print(fresh.secret + "\nIt is not shown again. Clients send it as their provider's key.\n");
  return {};
}

// What a server on this home wrote down, at most a second ago. None without a server that ever was.
std::map<std::string, gateway::Key::Spent> spending(const std::string& home) {
  const auto there = store::Home::beside(home);
  const auto fact = there ? (*there)->store().recall(gateway::Spending::fact) : Result<std::string>("");
  return fact ? gateway::spent_by_key(*fact) : std::map<std::string, gateway::Key::Spent>();
}

wire::Json budget_json(const std::optional<PicoUsd>& budget) {
  return budget ? wire::Json(exact_usd(*budget)) : wire::Json(nullptr);
}

Status list(const Shell& shell, const std::string& home, const std::string& path) {
  const auto keys = TRY(gateway::read_keys(path));
  auto spent = spending(home);
  auto object = good_answer();
  wire::Json shown = wire::Json::array();
  std::string text = left("NAME", 20) + left("KEY", 12) + left("CREATED", 22) + left("STATE", 9) +
                     right("TODAY USD", 11) + right("MONTH USD", 11) + '\n';
  for (const auto& k : keys) {
    const auto used = spent[k.hash].at(net::wall_time());
    shown.push_back({{"name", k.name},
                     {"begins", k.shown},
                     {"created", rfc3339(k.created)},
                     {"weight", k.weight},
                     {"spent_today_usd", exact_usd(used.today_usd)},
                     {"spent_this_month_usd", exact_usd(used.month_usd)},
                     {"budget_per_day_usd", budget_json(k.budget_per_day)},
                     {"budget_per_month_usd", budget_json(k.budget_per_month)},
                     {"revoked", k.revoked.ms > 0 ? wire::Json(rfc3339(k.revoked)) : wire::Json(nullptr)}});
    text += left(escaped(k.name), 20) + left(k.shown + "...", 12) + left(rfc3339(k.created), 22) +
            left(k.revoked.ms > 0 ? "revoked" : "good", 9) + right(spoken_usd(used.today_usd), 11) +
            right(spoken_usd(used.month_usd), 11) + '\n';
  }
  object["keys"] = std::move(shown);
  object["error"] = nullptr;
  shell.answer(object);
  if (!shell.in.common.json) shell.print(keys.empty() ? "no keys: only this machine is served\n" : text);
  return {};
}

Status revoke(const Shell& shell, const std::string& path) {
  auto keys = TRY(gateway::read_keys(path));
  KeyRules* key = find(keys, shell.in.keys.name);
  if (!key)
    return fail(usage_error("keys revoke", "there is no key named \"" + shell.in.keys.name + '"', "nothing was changed",
                            "twolane keys list"));
  key->revoked = net::wall_time();
  CHECKED(gateway::write_keys(path, keys));
  auto object = good_answer();
  object["name"] = shell.in.keys.name;
  object["error"] = nullptr;
  shell.answer(object);
  if (!shell.in.common.json) shell.print("revoked; a running server notices within a few seconds\n");
  return {};
}

Status obey(const Shell& shell) {
  const Config config = TRY(load_config(shell.in.common.config));
  const std::string home = home_directory(shell.in.common.home, config);
  std::error_code failed;
  std::filesystem::create_directories(home, failed);
  std::filesystem::permissions(home, std::filesystem::perms::owner_all, failed);
  const std::string path = home + "/keys.json";
  switch (shell.in.verb) {
    case Verb::keys_create: return create(shell, path);
    case Verb::keys_revoke: return revoke(shell, path);
    default: return list(shell, home, path);
  }
}

}  // namespace

int keys_command(const Shell& shell) {
  const Status done = obey(shell);
  return done ? 0 : shell.refuse(done.error());
}

}  // namespace twolane::app

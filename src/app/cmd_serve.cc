// twolane serve: the gateway, against real providers or simulated ones.
#include <algorithm>
#include <atomic>
#include <filesystem>
#include <future>
#include <thread>

#include "app/accounts.h"
#include "app/address.h"
#include "app/allocator.h"
#include "app/commands.h"
#include "app/config.h"
#include "app/escape.h"
#include "app/figures.h"
#include "dialect/catalogue.h"
#include "gateway/gateway.h"
#include "sim/server.h"

namespace twolane::app {
namespace {

// Simulated providers on a port of their own, as long as the object lives.
class EmbeddedProviders {
 public:
  static Result<std::unique_ptr<EmbeddedProviders>> start(const WorldFlags& flags, const std::string& home) {
    auto embedded = std::make_unique<EmbeddedProviders>();
    sim::ServeSettings settings;
    settings.scenario = TRY(sim::scenario(*flags.sim));
    settings.seed = flags.seed;
    settings.speed = flags.speed.value_or(1.0);
    settings.directory = home + "/sim-server";
    settings.clock_stands = true;
    std::promise<Result<uint16_t>> listening;
    auto port = listening.get_future();
    embedded->thread_ = std::thread([e = embedded.get(), settings, &listening] {
      bool said = false;
      const Status served = sim::serve(
          settings,
          [&](uint16_t p) {
            said = true;
            listening.set_value(p);
          },
          [e] { return e->stop_.load(); });
      if (!said) listening.set_value(fail(served ? Error{} : served.error()));
    });
    embedded->origin_ = "http://127.0.0.1:" + std::to_string(TRY(port.get()));
    return embedded;
  }
  ~EmbeddedProviders() {
    stop_ = true;
    if (thread_.joinable()) thread_.join();
  }
  const std::string& origin() const { return origin_; }

 private:
  std::atomic<bool> stop_ = false;
  std::thread thread_;
  std::string origin_;
};

std::string simulated_base(const std::string& origin, const std::string& provider) {
  return origin + '/' + provider + (provider == "openai" ? "/v1" : "");
}

// The configuration with the embedded simulator in place of the real providers.
Config redirected(Config config, const EmbeddedProviders& embedded) {
  for (auto& p : config.providers) {
    p.base_url = simulated_base(embedded.origin(), p.name);
    p.base_url_from = "--sim";
    p.key = "simulated-" + p.name;
  }
  return config;
}

Result<std::vector<gateway::Provider>> providers_of(const Config& config, bool follows_a_clock) {
  std::vector<gateway::Provider> out;
  for (const auto& p : config.providers) {
    std::string key = p.key;
    if (key.empty() && follows_a_clock) key = "simulated";
    if (!key.empty()) out.push_back(TRY(gateway::make_provider(p.name, p.base_url, std::move(key))));
  }
  for (const auto& p : config.servers) out.push_back(TRY(gateway::make_provider(p.name, p.base_url, p.key)));
  if (!out.empty()) return out;
  Error e;
  e.code = "provider.no_key";
  e.message = "there is no provider to serve from";
  e.why = "none has a key";
  e.next = {"export OPENAI_API_KEY=...", "or try with simulated providers: twolane serve --sim"};
  return fail(std::move(e));
}

// A target without a key would be a hole in its route, noticed by the first call.
Status check_targets(const Config& config, const std::vector<gateway::Provider>& providers) {
  for (const auto& route : config.routes)
    for (const auto& target : route.targets) {
      const std::string name = target.substr(0, target.find('/'));
      if (std::ranges::find(providers, name, &gateway::Provider::name) != providers.end()) continue;
      Error e;
      e.code = "provider.no_key";
      e.message = "the route \"" + route.name + "\" leads to " + target + ", and there is no key for " + name;
      e.where.file = config.file;
      e.where.field = "[routes." + route.name + ']';
      e.why = "calls could not go there";
      if (const auto* entry = dialect::find_provider(name)) e.next.push_back("export " + std::string(entry->key_env) + "=...");
      e.next.push_back("take it out of targets");
      return fail(std::move(e));
    }
  return {};
}

constexpr int64_t usual_reserve = 20;  // per cent of the live rate that interactive calls keep

// Who the patient lane buys from, on whose clock.
Result<gateway::Keeper::Settings> patient_settings(Config config, const std::string& home, std::optional<double> speed) {
  for (ProviderConfig& p : config.providers)
    if (!p.limits.live_reserve) p.limits.live_reserve = usual_reserve;
  gateway::Keeper::Settings patient;
  patient.home = home;
  patient.retention = config.retention;
  patient.engine.accounts = accounts(config, speed ? "simulated" : "");
  patient.engine.world = world_of(config);
  if (speed) {
    patient.clock_origin = TRY(simulator_origin(config));
    patient.speed = *speed;
  }
  return patient;
}

std::string log_of(const Shell& shell) {
  const std::string& flag = shell.in.serve.access_log;
  if (flag == "off") return "";
  if (!flag.empty()) return flag;
  return shell.in.common.json || shell.in.common.quiet ? "" : "-";
}

// What the process before this one, which was killed, left without an end.
void say_left(const Shell& shell, const gateway::Unconfirmed& left) {
  if (left.calls == 0) return;
  shell.remark(counted(left.calls, "interactive call") + " under way when the process before this one was killed: nobody" +
               " heard what they cost, at most " + spoken_usd(left.up_to) + " USD" +
               (left.unpriced > 0 ? " and " + std::to_string(left.unpriced) + " whose bound is not known" : "") +
               " (twolane ledger)\n");
}

void announce(const Shell& shell, const std::string& origin, const gateway::Gateway& gateway,
              const std::vector<gateway::Provider>& providers, const EmbeddedProviders* embedded) {
  auto object = good_answer();
  object["listening"] = origin;
  object["keys"] = gateway.has_keys();
  object["simulated"] = embedded != nullptr;
  wire::Json names = wire::Json::array();
  std::string list;
  for (const auto& p : providers) {
    names.push_back(p.name);
    list += (list.empty() ? "" : ", ") + p.name;
  }
  object["providers"] = std::move(names);
  const gateway::Unconfirmed left = gateway.left();
  object["unconfirmed"] = {{"calls", left.calls}, {"up_to_usd", exact_usd(left.up_to)}, {"unpriced", left.unpriced}};
  object["error"] = nullptr;
  shell.answer(object);
  say_left(shell, left);
  if (shell.in.common.json) return;
  shell.print((embedded ? "SIMULATED providers, scenario " + escaped(*shell.in.world.sim) + "\n" : std::string()) +
              "serving " + list + " at " + origin + "\nexport OPENAI_BASE_URL=" + origin +
              "/v1\nexport ANTHROPIC_BASE_URL=" + origin + "\nexport GOOGLE_GEMINI_BASE_URL=" + origin + '\n');
  if (!gateway.has_keys())
    shell.remark("no keys are set: everybody on this machine is served, nobody else (twolane keys create NAME)\n");
}

Result<int> serve(const Shell& shell) {
  const auto& flags = shell.in.serve;
  const Address address = TRY(parse_address(flags.listen, "127.0.0.1:8080"));
  Config config = TRY(load_config(shell.in.common.config));
  const std::string home = home_directory(shell.in.common.home, config);
  std::error_code ignored;
  std::filesystem::create_directories(home, ignored);
  std::unique_ptr<EmbeddedProviders> embedded;
  std::optional<double> speed = shell.in.world.speed;
  if (shell.in.world.sim) {
    embedded = TRY(EmbeddedProviders::start(shell.in.world, home));
    config = redirected(std::move(config), *embedded);
    speed = speed.value_or(1.0);
  }
  gateway::Settings settings;
  settings.address = address.host;
  settings.port = address.port;
  settings.threads = static_cast<int>(flags.threads);
  settings.providers = TRY(providers_of(config, speed.has_value()));
  CHECKED(check_targets(config, settings.providers));
  settings.routes = config.routes;
  settings.patient = TRY(patient_settings(config, home, speed));
  settings.keys_file = home + "/keys.json";
  settings.patient->findings_file = home + (embedded ? "/sim-server" : "/doors") + "/findings.json";
  settings.patient->zone_minutes = static_cast<int>(shell.zone.offset(Time{std::time(nullptr) * 1000}) / 60);
  settings.patient->zone = offset_name(settings.patient->zone_minutes);
  settings.in_flight_directory = home + (embedded ? "/sim-server" : "/doors");
  settings.access_log = log_of(shell);
  settings.certificate_file = flags.certificate;
  settings.key_file = flags.key;
  settings.at_rest = give_back_now;
  give_back_soon();
  const auto providers = settings.providers;
  auto gateway = TRY(gateway::Gateway::make(std::move(settings)));
  const uint16_t port = TRY(gateway->listen());
  const std::string host = address.host.find(':') == std::string::npos ? address.host : '[' + address.host + ']';
  const std::string scheme = flags.certificate.empty() ? "http://" : "https://";
  announce(shell, scheme + host + ':' + std::to_string(port), *gateway, providers, embedded.get());
  gateway->run();
  return 0;
}

}  // namespace

int serve_command(const Shell& shell) {
  const auto served = serve(shell);
  return served ? *served : shell.refuse(served.error());
}

}  // namespace twolane::app

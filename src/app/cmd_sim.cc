// twolane sim: the simulated providers behind a socket.
#include <cstdio>

#include "app/address.h"
#include "app/commands.h"
#include "app/escape.h"
#include "app/usage_error.h"
#include "sim/server.h"

namespace twolane::app {
namespace {

Result<sim::Billing> parse_billing(const std::string& text) {
  if (const auto billing = sim::billing_of(text)) return *billing;
  return fail(no_value("--billing", text, "it is ranked or other", "--billing other"));
}

void announce(const Shell& shell, const std::string& origin, double speed) {
  auto object = good_answer();
  object["listening"] = origin;
  object["speed"] = speed;
  object["error"] = nullptr;
  shell.answer(object);
  if (shell.in.common.json) return;
  char factor[32];
  std::snprintf(factor, sizeof factor, "%g", speed);
  shell.print("SIMULATED providers at " + origin + ", scenario " + escaped(shell.in.sim.scenario) + ", seed " +
              std::to_string(shell.in.world.seed) + "\nexport OPENAI_BASE_URL=" + origin + "/openai/v1" +
              "\nexport ANTHROPIC_BASE_URL=" + origin + "/anthropic\nexport GOOGLE_GEMINI_BASE_URL=" + origin +
              "/gemini\ntwolane run INPUT --speed " + factor + '\n');
}

Result<int> serve(const Shell& shell) {
  const Address address = TRY(parse_address(shell.in.sim.listen, "127.0.0.1:8090"));
  sim::ServeSettings settings;
  settings.address = address.host;
  settings.port = address.port;
  settings.speed = shell.in.world.speed.value_or(1.0);
  settings.seed = shell.in.world.seed;
  settings.scenario = TRY(sim::scenario(shell.in.sim.scenario));
  if (!shell.in.sim.billing.empty()) settings.scenario.billing = TRY(parse_billing(shell.in.sim.billing));
  // Beside HOME/sim, which belongs to the embedded providers of `run --sim`.
  if (!shell.in.common.home.empty()) settings.directory = shell.in.common.home + "/sim-server";
  CHECKED(sim::serve(
      settings,
      [&](uint16_t port) { announce(shell, "http://" + address.host + ':' + std::to_string(port), settings.speed); },
      [] { return false; }));
  return 0;
}

}  // namespace

int sim_command(const Shell& shell) {
  const auto served = serve(shell);
  return served ? *served : shell.refuse(served.error());
}

}  // namespace twolane::app

// The simulated providers as an HTTP server, on virtual time: `twolane sim`.
//
// GET /clock tells {"id","now","now_ms","speed"}, GET /ledger all charges. With a state directory
// the clock goes on where an earlier process left it, never behind what that one showed: it has run on
// meanwhile, or stood still (after kill -9 it is at most a real second ahead). Lost calls end with a closed connection after a
// virtual minute, refused ones at once: over a socket that is all a client can see of them.
// Threads: one; the caller's.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "base/result.h"
#include "sim/scenario.h"

namespace twolane::sim {

struct ServeSettings {
  std::string address = "127.0.0.1";
  uint16_t port = 0;  // 0: a free one
  double speed = 1;   // virtual seconds in a real one; > 0
  uint64_t seed = 1;
  Scenario scenario;
  std::string directory;  // of the state; empty: a temporary one, gone at the end
  bool clock_stands = false;  // while no process serves it
};

// Serves until `stop` says so (asked ten times a second) or SIGINT or SIGTERM comes. `listening` is
// called once, with the port. Errors: net.listen, sim.storage.
Status serve(const ServeSettings& settings, const std::function<void(uint16_t port)>& listening,
             const std::function<bool()>& stop);

}  // namespace twolane::sim

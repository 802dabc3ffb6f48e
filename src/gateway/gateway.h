// The gateway: doors of every vendor on one port, interactive calls relayed by a few threads.
//
// Threads: run() uses the caller's and its own. Everything else before run(), or from any thread
// where it says so.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "gateway/in_flight.h"
#include "gateway/keeper.h"
#include "gateway/route_policy.h"
#include "gateway/router.h"

namespace twolane::gateway {

struct Settings {
  std::string address = "127.0.0.1";
  uint16_t port = 8080;
  int threads = 0;  // 0: as many as there are processors
  std::vector<Provider> providers;
  std::vector<RouteRules> routes;
  std::string keys_file;          // empty: no keys
  std::string access_log;         // see AccessLog::open
  std::string in_flight_directory;  // see InFlightFile; empty: calls under way are not written down
  std::string certificate_file, key_file;  // TLS; looked at again every few seconds
  Duration grace = seconds(30);   // for requests under way when it is to stop
  int64_t body_limit = 64 << 20;  // of a model call
  std::optional<Keeper::Settings> patient;  // none: interactive calls only
  // Called on a thread that serves calls when none came for a second, once: the memory that its allocator
  // holds for calls to come can go back to the system. May be empty.
  std::function<void()> at_rest;
};

class Gateway {
 public:
  // Errors: keys.file, serve.log, serve.open (no keys, and not only loopback is served), net.tls,
  // config.file, gateway.in_flight, and those of Keeper::open.
  static Result<std::unique_ptr<Gateway>> make(Settings settings);
  ~Gateway();

  // Begins to accept. Returns the port. Error net.listen.
  Result<uint16_t> listen();
  bool has_keys() const;
  // Interactive calls that were under way when the process before this one was killed.
  Unconfirmed left() const;
  // Serves until stop(), then lets requests under way end. The caller's thread is one of its.
  void run();
  void stop();  // any thread, or a signal's handler in a World

  struct Core;

 private:
  explicit Gateway(std::unique_ptr<Core> core);
  std::unique_ptr<Core> core_;
};

}  // namespace twolane::gateway

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
#include "gateway/keeper.h"
#include "gateway/router.h"

namespace twolane::gateway {

struct Settings {
  std::string address = "127.0.0.1";
  uint16_t port = 8080;
  int threads = 0;  // 0: as many as there are processors
  std::vector<Provider> providers;
  std::string keys_file;          // empty: no keys
  std::string access_log;         // see AccessLog::open
  std::string certificate_file, key_file;  // TLS; looked at again every few seconds
  Duration grace = seconds(30);   // for requests under way when it is to stop
  int64_t body_limit = 64 << 20;  // of a model call
  std::optional<Keeper::Settings> patient;  // none: interactive calls only
};

class Gateway {
 public:
  // Errors: keys.file, serve.log, serve.open (no keys, and not only loopback is served), net.tls,
  // config.file, and those of Keeper::open.
  static Result<std::unique_ptr<Gateway>> make(Settings settings);
  ~Gateway();

  // Begins to accept. Returns the port. Error net.listen.
  Result<uint16_t> listen();
  bool has_keys() const;
  // Serves until stop(), then lets requests under way end. The caller's thread is one of its.
  void run();
  void stop();  // any thread, or a signal's handler in a World

  struct Core;

 private:
  explicit Gateway(std::unique_ptr<Core> core);
  std::unique_ptr<Core> core_;
};

}  // namespace twolane::gateway

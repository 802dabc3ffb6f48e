// The flags of `twolane audit`.
#pragma once

#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace twolane::app {

// As written; cmd_audit.cc reads them.
struct AuditFlags {
  std::vector<std::string> logs;
  std::string columns, overrides, html, zone;
  std::string model;  // as which calls are priced whose log names none
  std::vector<std::string> before, after;  // exports of two periods, instead of logs
  std::string promised;                    // what an earlier audit said: its --json
  std::string replay;  // the simulated lanes; empty: no replay
  bool bad_lines = false;
};

void declare_audit(CLI::App* audit, AuditFlags& flags);

}  // namespace twolane::app

// The command line as a value.
//
// Pure. A command line that cannot be understood is an Error (usage.*), shown and counted like any
// other; nothing here prints or exits.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "app/cli_audit.h"
#include "app/cli_simulate.h"
#include "app/cli_price.h"
#include "base/money.h"
#include "base/result.h"

namespace twolane::app {

enum class Verb {
  help, version, config_check, run, sim, serve, keys_create, keys_list,
  keys_revoke, jobs, show, results, cancel, pause, resume, promote, deadline,
  retry, forget, price, price_import, ledger, reconcile, quote, audit,
  simulate, lanes
};

enum class ProgressStyle { automatic, plain, none };

// Given on any command.
struct CommonFlags {
  std::string home, config;
  bool json = false, quiet = false;
  ProgressStyle progress = ProgressStyle::automatic;
};

// --sim[=NAME|FILE], --seed, --speed: which world the job runs in.
struct WorldFlags {
  std::optional<std::string> sim;  // scenario; set: embedded simulated providers
  uint64_t seed = 1;
  std::optional<double> speed;
};

struct CapFlag {
  bool given = false;
  std::optional<PicoUsd> cap;  // --max-cost none: no cap
  bool quote = false;          // --max-cost quote: the quote's high figure
};

struct RunFlags {
  std::string input, output;
  std::string prompt, prompt_file, system, system_file, schema_file;
  std::vector<std::string> models;
  std::string by, within;
  bool best_effort = false;
  int32_t steps_after = -1;  // of its chain; -1: not said
  double on_time = 0;        // wanted probability of keeping the deadline; 0: not said
  CapFlag max_cost;
  int64_t output_tokens = 0;
  int64_t limit = -1, sample = 0;
  bool dry_run = false, skip_invalid = false, no_probe = false, again = false;
  bool cache = false;  // marks for caching may be set on prefixes that requests share
};

// Beside what quote shares with run.
struct QuoteFlags {
  bool critical = false;
  PicoUsd worth;
};

struct JobFlags {
  std::string job;      // any unique prefix of its name
  std::vector<std::string> requests;  // custom_ids, or numbers of lines; of retry and promote one at most
  std::string rows;     // cancel: lines of the input, "5001-10000,12000"
  std::string by, within;
  bool best_effort = false;
  std::string output;
  std::string server;   // a running twolane serve; empty: the home
};

struct LedgerFlags {
  std::string job;   // any unique prefix of its name; empty: all
  std::string by;    // key, job, model, lane, day
  std::string csv;   // entries to this file, "-" for stdout
  bool sim = false;  // simulated money instead of real money
  std::string billing;  // ranked (as it is booked) or other
  std::string file;  // reconcile: the provider's report
};

struct SimFlags {
  std::string listen = "127.0.0.1:8090";
  std::string scenario = "calm";
  std::string billing;  // which reading of open price rules; empty: the scenario's
};

struct ServeFlags {
  std::string listen = "127.0.0.1:8080";
  int64_t threads = 0;  // 0: one for each processor
  std::string access_log;
  std::string certificate, key;  // files, PEM
};

struct KeyFlags {
  std::string name;
  std::vector<std::string> models;
  std::string lane, deadline;
  int64_t requests_per_minute = 0, tokens_per_minute = 0;
  std::string budget_per_day, budget_per_month;  // USD
  double weight = 1;
};

struct Invocation {
  Verb verb = Verb::help;
  std::string text;  // of help
  CommonFlags common;
  WorldFlags world;
  RunFlags run;  // of quote, too
  QuoteFlags quote;
  JobFlags job;
  LedgerFlags ledger;
  SimFlags sim;
  PriceFlags price;
  AuditFlags audit;
  SimulateFlags simulate;
  ServeFlags serve;
  KeyFlags keys;
};

Result<Invocation> parse_command_line(std::span<const char* const> arguments);

// Whether --json stands on it, also when the rest makes no sense.
bool wants_json(std::span<const char* const> arguments);

}  // namespace twolane::app

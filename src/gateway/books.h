// What a thread of the gateway has relayed: sums for /metrics and lines for the access log.
//
// Threads: record() from its own thread, everything else from any. A line is one JSON object; it
// holds no secret and nothing of prompts or answers.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/money.h"
#include "base/result.h"
#include "base/time.h"
#include "model/endpoint.h"
#include "gateway/sightings.h"
#include "model/usage.h"

namespace twolane::gateway {

// One finished request. Views live as long as the call of record().
struct Record {
  Time at;  // when it ended
  std::string_view id, upstream_id, key, path, model, provider, lane = "interactive", error;
  std::string_view method, trace, response_id;
  Dialect door = Dialect::openai;
  int status = 0;  // as the client saw it; 499: it left before; 0: this process was killed before
  bool metered = false;
  ServiceTier tier = ServiceTier::standard;
  Usage usage;
  bool estimated = false;  // the usage is ours, from the text: the provider said none
  bool priced = false;
  PicoUsd cost;
  std::optional<PicoUsd> up_to;  // of a call whose end nobody heard
  int64_t bytes_in = 0, bytes_out = 0;
  int64_t total_us = 0, overhead_us = 0;
  bool model_call = false, streaming = false;  // streaming: the client asked for events
  std::string_view user_agent;
  int64_t first_us = 0;  // until the first of the answer came from the provider; 0: nothing came
  std::string_view route, tries;  // of a routed call: its name, and its tries as JSON objects with commas
};

// Where lines of all threads go, each whole. Threads: any.
class AccessLog {
 public:
  // "": off. "-": standard output. Otherwise a file, appended to, mode 0600.
  static Result<std::unique_ptr<AccessLog>> open(const std::string& where);
  ~AccessLog();
  bool on() const { return file_ >= 0; }
  void write(std::string_view lines);

 private:
  explicit AccessLog(int file) : file_(file) {}
  int file_;
};

class Books {
 public:
  static constexpr std::array<int64_t, 12> bounds_us = {50,     100,     250,       1'000,
                                                        5'000,  25'000,  100'000,   500'000,
                                                        1'000'000, 5'000'000, 30'000'000, 120'000'000};
  struct Histogram {
    std::array<int64_t, bounds_us.size() + 1> count{};
    int64_t sum_us = 0;
    void add(int64_t us);
    void add(const Histogram& other);
  };
  struct Sums {
    int64_t requests = 0, errors = 0, unmetered = 0, estimated = 0, unpriced = 0;
    int64_t input = 0, cached = 0, output = 0;
    PicoUsd cost;
  };

  explicit Books(AccessLog& log) : log_(log) {}
  void record(const Record& record);
  void flush();  // the access log's lines
  // Notes of the calls since the last time, for the findings. Any thread; `into` is memory to go on with.
  void take_sightings(std::string& into);
  bool all_written() const { return lines_.empty(); }
  static std::string line_of(const Record& record);  // as it stands in the access log

  // The text of /metrics over several threads' books.
  static std::string metrics(std::span<Books* const> books, int64_t connections);

 private:
  // provider, model, tier, key, door: only of requests that a provider answered well, so that
  // strangers cannot make up names.
  using Labels = std::array<std::string, 5>;

  AccessLog& log_;
  std::mutex mutex_;
  std::map<Labels, Sums> sums_;
  std::map<int, int64_t> by_status_;
  Histogram duration_, overhead_;
  Sightings sightings_;
  std::string lines_;  // its own thread only
};

}  // namespace twolane::gateway

// How a running job looks: a block that is redrawn in place on a terminal, whole lines elsewhere.
//
// Pure: a Snapshot goes in, text comes out; who reads the store and moves the cursor is not here. The
// five counts always sum to the requests, and only outcomes move the bar. ASCII, at most 80 columns.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/when.h"
#include "base/money.h"
#include "base/time.h"

namespace twolane::app {

struct Snapshot {
  std::string job;     // six digits
  std::string input;   // as the user wrote it
  std::string models;  // "openai/gpt-5.4-mini", "3 models"
  Time now, deadline;
  bool kept = false;
  std::optional<PicoUsd> cap;

  int64_t requests = 0;
  int64_t done = 0, batched = 0, waiting = 0, live = 0, failed = 0;  // these sum to `requests`
  int64_t after_others = 0;  // of the waiting: for answers of other requests of the job
  int64_t promoted = 0;  // a remark: these are among the done
  int64_t cancelled = 0;  // likewise, among the failed

  PicoUsd booked, reserved;
  PicoUsd list_kept;        // the answers so far at the standard tier
  PicoUsd list_most;        // no list price of the whole job is higher; 0: unknown

  struct Batch {
    int number = 0;  // of the job, from 1, in the order in which they were planned
    std::string provider;
    int64_t requests = 0;
    enum class Stage { planned, out, back } stage = Stage::planned;
    Time since;      // sent; when back: ended
    int64_t own_count = -1;  // the provider's, -1: it gives none
  };
  std::vector<Batch> batches;  // planned and out, and the one that came back last

  Time finish;    // 0: unknown
  Time takeover;  // 0: never
  bool miss_foreseen = false;
  std::string next;
  std::string held;  // message of what holds the job, empty if nothing does
};

// Twelve lines, always; none is longer than `columns`.
std::vector<std::string> block(const Snapshot& snapshot, const Zone& zone, size_t columns = 80);

// The bar of the block: one cell for each 70th of the requests, at least one for any that are.
std::string bar(const Snapshot& snapshot, size_t cells = 70);

// Lines for logs: state changes as they come, and a sign of life after half an hour without any.
// Times are those of the job's clock.
class PlainLines {
 public:
  explicit PlainLines(Zone zone) : zone_(std::move(zone)) {}

  std::vector<std::string> begin(const Snapshot& snapshot);
  std::vector<std::string> change(Time at, std::string_view text);
  std::vector<std::string> tick(const Snapshot& snapshot);

 private:
  void stamp(std::vector<std::string>& lines, Time at, std::string text);

  Zone zone_;
  std::string date_;  // of the last line
  Time last_;
};

}  // namespace twolane::app

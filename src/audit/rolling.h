// Findings of traffic as it passes, over the last seven days: the audit without a log.
//
// Pure; whoever calls gives the calls, roughly by time. Days are kept apart as profiles, so that the eighth can
// be forgotten; what is asked for is put together from them. Memory: `most_callers` profiles of a day, some
// 10 KB each. Not for two threads at a time.
#pragma once

#include <deque>
#include <string_view>

#include "audit/collector.h"
#include "wire/json.h"

namespace twolane::audit {

class Rolling {
 public:
  static constexpr int kept_days = 7;  // today and the six before it, by `zone_minutes`
  static constexpr size_t most_callers = 256;

  explicit Rolling(int zone_minutes = 0, std::string zone = "UTC");
  void take(const Call& call);
  // The days up to `now`, of one key where one is named. For make_report.
  Collected week(Time now, std::optional<std::string_view> key = {});

  // All of it, and back; days that cannot be read are left out, and the first reason is returned.
  wire::Json saved() const;
  Status load(const wire::Json& saved);
  int64_t taken() const { return taken_; }  // calls, since it was made

 private:
  struct Day {
    int64_t number = 0;  // local, since 1970
    std::vector<Profile> callers;
    std::optional<Profile> others;
  };
  int64_t day_of(Time t) const;
  void turn_to(int64_t day);
  static Day closed(int64_t number, Collected collected);
  void forget_before(int64_t day);
  std::vector<Day> days_until(Time now) const;

  Settings settings_;
  int64_t today_ = INT64_MIN;
  int64_t taken_ = 0;
  Collector collector_;
  std::deque<Day> past_;  // the oldest first; may hold today's earlier part, from before a restart
};

}  // namespace twolane::audit
